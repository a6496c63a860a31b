//! A program that ratecert starts.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::environment::kept;
use super::line::Talk;
use super::peer::{Broken, Launch, Peer};
use crate::case::Trouble;
use crate::error::{Error, Result};

/// Lines of stderr that are kept, and bytes of each.
const LOG_LINES: usize = 12;
const LOG_BYTES: usize = 400;

/// How long a program may take to end after it closed its output or was told to stop.
const GRACE: Duration = Duration::from_millis(500);

/// A word as a shell takes it for one.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A command that is started anew for every conversation.
#[derive(Clone, Debug)]
pub struct Program {
    command: Vec<String>,
    inherit: bool,
}

impl Program {
    /// The command and its arguments; `inherit` passes on the whole environment.
    ///
    /// # Errors
    /// When there is no command.
    pub fn new(command: Vec<String>, inherit: bool) -> Result<Self> {
        if command.is_empty() {
            return Err(Error::usage("there is no command after --"));
        }
        Ok(Self { command, inherit })
    }
}

impl Launch for Program {
    fn start(&self) -> Result<Box<dyn Peer + '_>> {
        let mut command = Command::new(&self.command[0]);
        command
            .args(&self.command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if !self.inherit {
            command.env_clear().envs(kept());
        }
        group::own(&mut command);
        let mut child = command
            .spawn()
            .map_err(|e| Error::usage(format!("{} cannot be started: {e}", self.command[0])))?;
        RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(child.id());
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::usage("the program has no standard streams"));
        };
        let kept = Arc::clone(&log);
        thread::spawn(move || follow(errors, &kept));
        Ok(Box::new(Running {
            child,
            talk: Talk::new(output, input),
            log,
        }))
    }

    fn command(&self) -> String {
        self.command
            .iter()
            .map(|part| quoted(part))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The programs that run, for an end that skips their destructors.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Kills every program that is running, with all that it started.
pub fn end_all() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.iter().for_each(|id| group::kill_group(*id));
}

/// A program that runs; killed with all it started when it goes out of scope.
struct Running {
    child: Child,
    talk: Talk,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl Running {
    /// Why it ended, with the last of its stderr.
    fn ended(&mut self) -> Broken {
        let until = Instant::now() + GRACE;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
                _ => break None,
            }
        };
        // The rest of stderr may still be on its way.
        thread::sleep(Duration::from_millis(20));
        let how = match status {
            Some(status) => format!("ended before it answered ({status})"),
            None => "closed its output before it answered".into(),
        };
        self.broken(Trouble::Crash, how)
    }

    fn broken(&self, trouble: Trouble, why: String) -> Broken {
        let log = self.log();
        let why = if log.is_empty() {
            why
        } else {
            format!("{why}; its stderr ends with: {log}")
        };
        Broken { trouble, why }
    }

    /// What it logged last.
    fn log(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().cloned().collect::<Vec<_>>().join(" | ")
    }
}

impl Peer for Running {
    fn ask(&mut self, line: &str, patience: Duration) -> std::result::Result<String, Broken> {
        match self.talk.exchange(line, patience) {
            Some(Ok(line)) => Ok(line),
            Some(Err(Broken { trouble, why })) => Err(self.broken(trouble, why)),
            None => Err(self.ended()),
        }
    }

    fn stop(&mut self, line: &str) {
        let until = Instant::now() + GRACE;
        self.talk.close(line, GRACE);
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        group::kill(&mut self.child);
        let _ = self.child.wait();
        let id = self.child.id();
        RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|other| *other != id);
    }
}

/// Keeps the last lines of a log, and reads on so that the program never waits for us.
fn follow(stream: impl Read, log: &Mutex<VecDeque<String>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut bytes = Vec::new();
        let read = { &mut stream }
            .take(LOG_BYTES as u64)
            .read_until(b'\n', &mut bytes);
        if !matches!(read, Ok(n) if n > 0) {
            return;
        }
        let text = String::from_utf8_lossy(&bytes);
        let plain: String = text
            .trim()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if plain.is_empty() {
            continue;
        }
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LOG_LINES {
            log.pop_front();
        }
        log.push_back(plain);
    }
}

/// The program and what it started, as one.
#[cfg(unix)]
mod group {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;

    pub(super) fn own(command: &mut Command) {
        command.process_group(0);
    }

    pub(super) fn kill(child: &mut Child) {
        kill_group(child.id());
        let _ = child.kill();
    }

    pub(super) fn kill_group(id: u32) {
        if let Ok(id) = i32::try_from(id) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

#[cfg(not(unix))]
mod group {
    use std::process::{Child, Command};

    pub(super) fn own(_: &mut Command) {}

    pub(super) fn kill(child: &mut Child) {
        let _ = child.kill();
    }

    pub(super) fn kill_group(_: u32) {}
}
