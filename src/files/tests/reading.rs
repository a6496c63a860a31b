use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::super::*;
use super::names;
use crate::tol::MOST_TEXT;

/// What is no file is written to, and not replaced by one.
#[cfg(target_os = "linux")]
#[test]
fn a_device_stays_a_device() {
    assert!(put(Path::new("/dev/full"), "text").is_err());
    put(Path::new("/dev/null"), "text").unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn writing_is_whole_and_through_links() {
    let t = TempDir::new().unwrap();
    let path = t.path().join("a");
    put(&path, "one").unwrap();
    put(&path, "two").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = t.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        put(&link, "three").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
    assert_eq!(
        names(t.path())
            .iter()
            .filter(|n| n.ends_with(".tmp"))
            .count(),
        0
    );
    assert!(
        put(&t.path().join("no/where"), "x")
            .unwrap_err()
            .to_string()
            .contains("no/where")
    );
}

#[test]
fn reading_is_bounded() {
    let t = TempDir::new().unwrap();
    let path = t.path().join("a.toml");
    fs::write(&path, [b'x'; 1001]).unwrap();
    let said = |most| read(&path, most).map(|_| ()).unwrap_err().to_string();
    assert!(said(1000).contains("a.toml: is longer than"));
    assert_eq!(read(&path, 1001).unwrap().len(), 1001);
    fs::write(&path, b"a\nb\xff").unwrap();
    assert!(said(MOST_TEXT).contains("a.toml:2: is not UTF-8"));
    assert!(
        read(t.path(), 10)
            .unwrap_err()
            .to_string()
            .contains("is a directory")
    );
    #[cfg(unix)]
    {
        let fifo = t.path().join("fifo.toml");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        if made.is_ok_and(|s| s.success()) {
            let e = read_regular(&fifo, 10).unwrap_err();
            assert!(e.to_string().contains("is no regular file"), "{e}");
        }
    }
}

#[test]
fn lines_come_one_by_one_at_any_size_of_pieces() {
    let t = TempDir::new().unwrap();
    let path = t.path().join("lines");
    let text = "first\n\n  \nζwei\nthe third one is long\nlast";
    fs::write(&path, text).unwrap();
    for piece in 1..text.len() + 2 {
        let mut lines = Lines::open(&path, piece).unwrap();
        let mut found = Vec::new();
        while lines.advance().unwrap() {
            let at = lines.blame(crate::error::Error::input("")).line().unwrap();
            found.push((at, lines.line().unwrap().to_owned()));
        }
        let want = [
            (1, "first"),
            (4, "ζwei"),
            (5, "the third one is long"),
            (6, "last"),
        ];
        let want: Vec<_> = want.iter().map(|(n, l)| (*n, (*l).to_owned())).collect();
        assert_eq!(found, want, "{piece}");
        assert!(!lines.advance().unwrap());
        assert_eq!(lines.extent(), Extent::of(text));
    }
    fs::write(&path, b"good\n\xff\xfe\n").unwrap();
    let mut lines = Lines::open(&path, 4).unwrap();
    assert!(lines.advance().unwrap() && lines.line().is_ok());
    assert!(lines.advance().unwrap());
    assert!(
        lines
            .line()
            .unwrap_err()
            .to_string()
            .ends_with("lines:2: is not UTF-8")
    );
}

/// Pieces of two files would be lines of neither.
#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let t = TempDir::new().unwrap();
    let path = t.path().join("lines");
    fs::write(&path, "one\ntwo\nthree\n").unwrap();
    let mut lines = Lines::open(&path, 4).unwrap();
    assert!(lines.advance().unwrap());
    fs::write(&path, "another file of another length\n").unwrap();
    let said = lines.advance().unwrap_err().to_string();
    assert!(said.contains("was changed while it was read"), "{said}");
}

/// The published check value of the CRC, and what differs.
#[test]
fn a_file_that_is_not_as_it_was_written_is_refused() {
    let extent = Extent::of("123456789");
    assert_eq!((extent.lines, extent.crc32.as_str()), (1, "cbf43926"));
    assert_eq!(Extent::of("").crc32, "00000000");
    assert!(extent.check(&extent).is_ok());
    let said = |text: &str| extent.check(&Extent::of(text)).unwrap_err().to_string();
    assert!(said("12345\n6789").contains("holds 2 lines, and run.json counts 1"));
    for text in ["123456780", "123456789\n", "\n123456789"] {
        let said = said(text);
        assert!(said.contains("is not as its run wrote it"), "{said}");
        assert!(said.contains("run.json says cbf43926"), "{said}");
    }
}
