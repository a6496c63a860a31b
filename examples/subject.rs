//! This crate's own methods behind the protocol: what `ratecert subject` talks to.
//!
//! `cargo build --release --example subject`, then
//! `ratecert subject -- target/release/examples/subject`.

use std::io::{stdin, stdout};

use ratecert::methods::Ours;
use ratecert::wire::Server;

fn main() -> ratecert::Result<()> {
    let mut server = Server::new(&Ours, "ratecert", env!("CARGO_PKG_VERSION"));
    server.serve(stdin().lock(), stdout().lock())
}
