//! What a conversation needs of the other side.

use std::time::Duration;

use crate::case::Trouble;
use crate::error::Result;

/// Why no line came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// In which way.
    pub trouble: Trouble,
    /// In words, with the last lines of its stderr where there are any.
    pub why: String,
}

/// The other side of one conversation, in lock-step.
pub trait Peer {
    /// Sends a line and waits for one.
    ///
    /// # Errors
    /// The other side ended, did not answer in time, or sent what is no line of text.
    fn ask(&mut self, line: &str, patience: Duration) -> std::result::Result<String, Broken>;

    /// Says goodbye.
    fn stop(&mut self, line: &str);
}

/// Starts fresh peers.
pub trait Launch: Sync {
    /// A fresh one.
    ///
    /// # Errors
    /// When it cannot be started, or there is no other one.
    fn start(&self) -> Result<Box<dyn Peer + '_>>;

    /// How it is started, for replay commands; empty where ratecert cannot start it.
    fn command(&self) -> String;

    /// Whether there can be a second one.
    fn restarts(&self) -> bool {
        true
    }
}
