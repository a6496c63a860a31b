//! The process that started ratecert.

use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::line::{Came, lines};
use super::peer::{Broken, Launch, Peer};
use crate::case::Trouble;
use crate::error::{Error, Result};

/// The other end of our own stdin and stdout. There is one, and it cannot be started anew.
#[derive(Debug, Default)]
pub struct Stdio {
    taken: Mutex<bool>,
}

impl Launch for Stdio {
    fn start(&self) -> Result<Box<dyn Peer + '_>> {
        let mut taken = self
            .taken
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if std::mem::replace(&mut *taken, true) {
            return Err(Error::usage(
                "the process that started ratecert cannot be started anew",
            ));
        }
        Ok(Box::new(Parent {
            input: lines(std::io::stdin()),
        }))
    }

    fn command(&self) -> String {
        String::new()
    }

    fn restarts(&self) -> bool {
        false
    }
}

struct Parent {
    input: Receiver<Came>,
}

impl Peer for Parent {
    fn ask(&mut self, line: &str, patience: Duration) -> std::result::Result<String, Broken> {
        let broken = |trouble, why: String| Err(Broken { trouble, why });
        let mut out = std::io::stdout().lock();
        let sent = writeln!(out, "{line}").and_then(|()| out.flush());
        drop(out);
        if sent.is_err() {
            return broken(Trouble::Crash, "it no longer listens".into());
        }
        match self.input.recv_timeout(patience) {
            Ok(Came::Line(line)) => Ok(line),
            Ok(Came::NotText) => broken(Trouble::Malformed, "its answer is not UTF-8".into()),
            Ok(Came::TooLong) => broken(
                Trouble::Malformed,
                "its answer is longer than a message may be".into(),
            ),
            Err(RecvTimeoutError::Timeout) => {
                let seconds = patience.as_secs_f64();
                broken(Trouble::Hang, format!("no answer within {seconds} s"))
            }
            Err(RecvTimeoutError::Disconnected) => broken(
                Trouble::Crash,
                "it closed its side before it answered".into(),
            ),
        }
    }

    fn stop(&mut self, line: &str) {
        // It may be gone already.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}
