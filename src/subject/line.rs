//! Lines of bounded length that go out and come in, each way on a thread of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::peer::Broken;
use crate::case::Trouble;
use crate::wire::MOST_BYTES;

/// Two streams: a side that does not read, or does not write, must not hold us up.
pub(super) struct Talk {
    output: Option<Sender<String>>,
    written: Receiver<std::io::Result<()>>,
    input: Receiver<Came>,
}

impl Talk {
    pub(super) fn new(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> Self {
        let (done, written) = channel();
        let (sender, to_write) = channel();
        thread::spawn(move || write(output, &to_write, &done));
        Self {
            output: Some(sender),
            written,
            input: lines(input),
        }
    }

    /// Sends a line and waits for the next; `None` where the other side is gone.
    pub(super) fn exchange(
        &self,
        line: &str,
        patience: Duration,
    ) -> Option<std::result::Result<String, Broken>> {
        let until = Instant::now() + patience;
        let broken = |trouble, why: String| Some(Err(Broken { trouble, why }));
        let late = || format!("no answer within {} s", patience.as_secs_f64());
        self.output.as_ref()?.send(line.to_string()).ok()?;
        match self.written.recv_timeout(patience) {
            Ok(written) => written.ok()?,
            Err(RecvTimeoutError::Timeout) => {
                return broken(Trouble::Hang, format!("{}: it does not read", late()));
            }
            Err(RecvTimeoutError::Disconnected) => return None,
        }
        let left = until.saturating_duration_since(Instant::now());
        match self.input.recv_timeout(left) {
            Ok(Came::Line(line)) => Some(Ok(line)),
            Ok(Came::NotText) => broken(Trouble::Malformed, "its answer is not UTF-8".into()),
            Ok(Came::TooLong) => {
                let text = "its answer is longer than a message may be";
                broken(Trouble::Malformed, text.into())
            }
            Err(RecvTimeoutError::Timeout) => broken(Trouble::Hang, late()),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Sends a last line and closes the way out; waits until it is written, not longer.
    pub(super) fn close(&mut self, line: &str, patience: Duration) {
        if let Some(output) = self.output.take() {
            let sent = output.send(line.to_string());
            drop(output);
            if sent.is_ok() {
                let _ = self.written.recv_timeout(patience);
            }
        }
    }
}

/// Writes lines as they come; says of each whether it went through.
fn write(mut output: impl Write, lines: &Receiver<String>, done: &Sender<std::io::Result<()>>) {
    for mut line in lines {
        line.push('\n');
        let written = { output.write_all(line.as_bytes()) }.and_then(|()| output.flush());
        let broken = written.is_err();
        if done.send(written).is_err() || broken {
            return;
        }
    }
}

/// What came from a stream.
#[derive(Debug)]
enum Came {
    /// A line without its newline.
    Line(String),
    /// Bytes that are no text.
    NotText,
    /// More bytes without a newline than a message may have.
    TooLong,
}

/// Reads lines until the stream ends; the receiver then sees a closed channel. At most two lines
/// are held: a side that talks without being asked fills a pipe, not memory.
fn lines(stream: impl Read + Send + 'static) -> Receiver<Came> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A way out that nobody reads.
    struct Stuck;

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            thread::sleep(Duration::from_secs(3600));
            Ok(0)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_side_that_does_not_read_is_a_hang_and_one_that_is_gone_is_gone() {
        let patience = Duration::from_millis(20);
        let mut talk = Talk::new(&b"answer\n"[..], Stuck);
        let broken = talk.exchange("ask", patience).unwrap().unwrap_err();
        assert_eq!(broken.trouble, Trouble::Hang);
        assert!(broken.why.ends_with("it does not read"), "{}", broken.why);
        talk.close("stop", patience);
        assert!(talk.exchange("ask", patience).is_none());

        let talk = Talk::new(&b"answer\n\xff\n"[..], Vec::new());
        let patience = Duration::from_secs(5);
        assert_eq!(talk.exchange("ask", patience).unwrap().unwrap(), "answer");
        let broken = talk.exchange("ask", patience).unwrap().unwrap_err();
        assert_eq!(broken.trouble, Trouble::Malformed);
        assert!(talk.exchange("ask", patience).is_none());
    }
}
