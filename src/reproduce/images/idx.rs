//! IDX, the format of MNIST: two zero bytes, the type (8: unsigned bytes), the number of
//! dimensions, each dimension as four bytes, the highest first, then the numbers; possibly
//! compressed by gzip.
//!
//! Nothing is believed: a file is refused before more is read or allocated than its header and the
//! bound below allow, and it must end where its header says.

use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use crate::error::{Error, Result};

/// Most numbers in a file: MNIST's training set has 47 million, EMNIST's largest 547 million.
const MOST: usize = 600_000_000;

/// Most numbers of one item: an image of a million pixels would make a w of ten million.
const MOST_PER_ITEM: usize = 1 << 20;

/// Unsigned bytes with their dimensions.
#[derive(Debug, PartialEq)]
pub(super) struct Idx {
    pub(super) dims: Vec<usize>,
    pub(super) bytes: Vec<u8>,
}

/// Reads a file, plain or gzip by its first two bytes.
///
/// # Errors
/// A file that cannot be read, has another number of dimensions, or holds fewer items than are
/// `wanted`; the error names it.
pub(super) fn read(path: &Path, dimensions: usize, wanted: usize) -> Result<Idx> {
    let io = |e: std::io::Error| Error::io(path, &e);
    // A fifo would never end.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(Error::input("is not a file").in_file(path.display().to_string()));
    }
    let file = std::fs::File::open(path).map_err(io)?;
    parse(BufReader::new(file), dimensions, wanted)
        .map_err(|e| e.in_file(path.display().to_string()))
}

/// The same of bytes at hand.
///
/// # Errors
/// What is wrong with them.
pub(super) fn parse(
    mut source: impl std::io::BufRead,
    dimensions: usize,
    wanted: usize,
) -> Result<Idx> {
    let start = source.fill_buf().map_err(|e| broken(&e))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        let mut packed = GzDecoder::new(source);
        let found = unpacked(&mut packed, dimensions, wanted)?;
        // What stands behind the compressed stream.
        let rest = packed.get_mut().fill_buf().map_err(|e| broken(&e))?;
        if rest.is_empty() {
            return Ok(found);
        }
        Err(Error::input("goes on after its compressed stream"))
    } else {
        unpacked(source, dimensions, wanted)
    }
}

fn broken(e: &std::io::Error) -> Error {
    Error::input(match e.kind() {
        std::io::ErrorKind::UnexpectedEof => "ends before its header says".to_string(),
        _ => format!("cannot be read: {e}"),
    })
}

fn unpacked(mut source: impl Read, dimensions: usize, wanted: usize) -> Result<Idx> {
    let mut word = || -> Result<[u8; 4]> {
        let mut word = [0; 4];
        source.read_exact(&mut word).map_err(|e| broken(&e))?;
        Ok(word)
    };
    let magic = word()?;
    if magic[..2] != [0, 0] {
        return Err(Error::input(format!(
            "is not IDX: begins with {magic:02x?}"
        )));
    }
    if magic[2] != 8 {
        let text = format!(
            "holds numbers of type {:#04x}, expected 0x08 (unsigned bytes)",
            magic[2]
        );
        return Err(Error::input(text));
    }
    if usize::from(magic[3]) != dimensions {
        let text = format!("has {} dimensions, expected {dimensions}", magic[3]);
        return Err(Error::input(text));
    }
    let mut dims = Vec::with_capacity(dimensions);
    for _ in 0..dimensions {
        dims.push(u32::from_be_bytes(word()?) as usize);
    }
    if dims[0] < wanted {
        let text = format!("holds {}, {wanted} are needed", dims[0]);
        return Err(Error::input(text));
    }
    let product = dims.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
    let count = match product {
        Some(n) if n > 0 && n <= MOST && n / dims[0] <= MOST_PER_ITEM => n,
        _ => {
            let text = format!(
                "dimensions {dims:?}: expected 1 to {MOST} numbers, {MOST_PER_ITEM} an item"
            );
            return Err(Error::input(text));
        }
    };
    // Grows with what is there, not with what the header promises; one byte more shows that it goes
    // on.
    let mut bytes = Vec::new();
    let mut limited = source.take(count as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(|e| broken(&e))?;
    if bytes.len() != count {
        let what = if bytes.len() < count {
            "ends before"
        } else {
            "goes on after"
        };
        return Err(Error::input(format!(
            "{what} the {count} numbers of its header"
        )));
    }
    Ok(Idx { dims, bytes })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(dims: &[u32], bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![0, 0, 8, dims.len() as u8];
        dims.iter().for_each(|d| out.extend(d.to_be_bytes()));
        out.extend(bytes);
        out
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn refused(bytes: &[u8], dimensions: usize) -> String {
        parse(bytes, dimensions, 0).unwrap_err().to_string()
    }

    #[test]
    fn plain_and_compressed_files_are_the_same() {
        let plain = file(&[2, 1, 3], &[1, 2, 3, 4, 5, 255]);
        let read = parse(&plain[..], 3, 2).unwrap();
        assert_eq!(read.dims, [2, 1, 3]);
        assert_eq!(read.bytes, [1, 2, 3, 4, 5, 255]);
        assert_eq!(parse(&packed(&plain)[..], 3, 0).unwrap(), read);
    }

    #[test]
    fn whatever_is_cut_off_or_added_is_refused() {
        for whole in [file(&[2, 3], &[7; 6]), packed(&file(&[2, 3], &[7; 6]))] {
            for cut in 0..whole.len() {
                assert!(
                    parse(&whole[..cut], 2, 0).is_err(),
                    "{cut} of {}",
                    whole.len()
                );
            }
        }
        let mut more = file(&[2, 3], &[7; 7]);
        assert!(refused(&more, 2).contains("goes on after"));
        more = packed(&more);
        assert!(refused(&more, 2).contains("goes on after"));
        more = packed(&file(&[2, 3], &[7; 6]));
        more.push(0);
        assert!(refused(&more, 2).contains("goes on after"));
        // A checksum that does not fit.
        let mut wrong = packed(&file(&[2, 3], &[7; 6]));
        let at = wrong.len() - 6;
        wrong[at] ^= 1;
        assert!(parse(&wrong[..], 2, 0).is_err());
    }

    /// Any byte of a plain and of a compressed file: a value or a refusal, never a panic, and never
    /// more numbers than the header says.
    #[test]
    fn changed_bytes_are_read_or_refused() {
        for whole in [file(&[2, 3], &[7; 6]), packed(&file(&[2, 3], &[7; 6]))] {
            for at in 0..whole.len() {
                for byte in [0, 1, 127, 128, 255, !whole[at]] {
                    let mut bytes = whole.clone();
                    bytes[at] = byte;
                    if let Ok(found) = parse(&bytes[..], 2, 0) {
                        let count: usize = found.dims.iter().product();
                        assert_eq!(found.bytes.len(), count);
                    }
                }
            }
        }
    }

    #[test]
    fn headers_that_promise_too_much_or_something_else_are_refused() {
        assert!(refused(b"", 1).contains("ends before"));
        assert!(refused(b"P5 28 28 255", 3).contains("not IDX"));
        assert!(refused(&[0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0], 1).contains("0x0d"));
        assert!(refused(&file(&[3], &[1, 2, 3]), 3).contains("has 1 dimensions, expected 3"));
        assert!(refused(&file(&[0, 5], &[]), 2).contains("expected 1 to"));
        assert!(refused(&file(&[u32::MAX, u32::MAX, u32::MAX], &[]), 3).contains("expected 1 to"));
        let few = parse(&file(&[2, 1], &[1, 2])[..], 2, 3)
            .unwrap_err()
            .to_string();
        assert!(few.contains("holds 2, 3 are needed"), "{few}");
        assert!(refused(&file(&[2, 1 << 21], &[]), 2).contains("an item"));
        // Half a gigabyte that is not there is not allocated either.
        assert!(refused(&file(&[1 << 10, 1 << 19], &[1]), 2).contains("ends before"));
        let dir = tempfile::tempdir().unwrap();
        assert!(
            read(dir.path(), 1, 0)
                .unwrap_err()
                .to_string()
                .contains("is not a file")
        );
    }
}
