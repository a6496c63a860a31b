//! An implementation in another process.
//!
//! Owns the conversation: how a program is started and with which environment, what is bounded
//! (time, length of a line, what is kept of its stderr), the handshake, and what can go wrong with
//! an answer ([`Trouble`](crate::case::Trouble)). Judges nothing, and knows no ground truth.
#![forbid(unsafe_code)]

mod environment;
mod line;
mod local;
mod peer;
mod process;
mod session;
mod stdio;

pub use environment::{KEPT, kept};
pub use local::Local;
pub use peer::{Broken, Launch, Peer};
pub use process::{Program, end_all, quoted};
pub use session::{Declaration, Own, Session, read_answer};
pub use stdio::Stdio;
