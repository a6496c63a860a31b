//! An implementation of this crate's interface behind the protocol, without a process: for tests,
//! and to see what the protocol itself lets through.

use std::time::Duration;

use super::peer::{Broken, Launch, Peer};
use crate::case::Trouble;
use crate::error::Result;
use crate::wire::Server;

/// Makes servers in this process.
pub struct Local<'s>(Box<dyn Fn() -> Server<'s> + Sync + 's>);

impl<'s> Local<'s> {
    /// A fresh server for every conversation.
    pub fn new(make: impl Fn() -> Server<'s> + Sync + 's) -> Self {
        Self(Box::new(make))
    }
}

impl Launch for Local<'_> {
    fn start(&self) -> Result<Box<dyn Peer + '_>> {
        Ok(Box::new(Here(self.0())))
    }

    fn command(&self) -> String {
        String::new()
    }
}

struct Here<'s>(Server<'s>);

impl Peer for Here<'_> {
    fn ask(&mut self, line: &str, _: Duration) -> std::result::Result<String, Broken> {
        self.0.answer(line).ok_or_else(|| Broken {
            trouble: Trouble::Crash,
            why: "it has stopped".into(),
        })
    }

    fn stop(&mut self, _: &str) {}
}
