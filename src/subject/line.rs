//! Reading lines of bounded length on a thread of its own.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::wire::MOST_BYTES;

/// What came from a stream.
#[derive(Debug)]
pub(super) enum Came {
    /// A line without its newline.
    Line(String),
    /// Bytes that are no text.
    NotText,
    /// More bytes without a newline than a message may have.
    TooLong,
}

/// Reads lines until the stream ends; the receiver then sees a closed channel. At most two lines
/// are held: a side that talks without being asked fills a pipe, not memory.
pub(super) fn lines(stream: impl Read + Send + 'static) -> Receiver<Came> {
    let (sender, receiver) = sync_channel(1);
    thread::spawn(move || read(stream, &sender));
    receiver
}

fn read(stream: impl Read, sender: &SyncSender<Came>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut bytes = Vec::new();
        let read = { &mut stream }
            .take(MOST_BYTES as u64)
            .read_until(b'\n', &mut bytes);
        match read {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let ended = bytes.last() == Some(&b'\n');
        if !ended && bytes.len() >= MOST_BYTES {
            let _ = sender.send(Came::TooLong);
            return;
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        let came = String::from_utf8(bytes).map_or(Came::NotText, Came::Line);
        if sender.send(came).is_err() {
            return;
        }
    }
}
