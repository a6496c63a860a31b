//! The process that started ratecert.

use std::sync::Mutex;
use std::time::Duration;

use super::line::Talk;
use super::peer::{Broken, Launch, Peer};
use crate::case::Trouble;
use crate::error::{Error, Result};

/// How long the last line may take to be read.
const GRACE: Duration = Duration::from_millis(500);

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
        let talk = Talk::new(std::io::stdin(), std::io::stdout());
        Ok(Box::new(Parent { talk }))
    }

    fn command(&self) -> String {
        String::new()
    }

    fn restarts(&self) -> bool {
        false
    }
}

struct Parent {
    talk: Talk,
}

impl Peer for Parent {
    fn ask(&mut self, line: &str, patience: Duration) -> std::result::Result<String, Broken> {
        let gone = || Broken {
            trouble: Trouble::Crash,
            why: "it closed its side before it answered".into(),
        };
        { self.talk.exchange(line, patience) }.unwrap_or_else(|| Err(gone()))
    }

    fn stop(&mut self, line: &str) {
        self.talk.close(line, GRACE);
    }
}
