//! Tables of numbers as they were recorded, for tests.
//!
//! A bound that is too large by a little satisfies every inequality that a smaller one does. So
//! what is certified of a few instances is written down and compared. To the bit where
//! `RATECERT_TO_THE_BIT=1`, as it is where mutants are run; elsewhere to one part in a million and
//! to 1e-11, for platforms differ in the last bits of a logarithm or an eigenvalue, so that what is
//! rounding itself is not compared there. A table proves nothing by itself. `just recorded` writes
//! those that are meant to change.

#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

/// Differences of two numbers that are none: relative, and absolute for what is rounding itself.
const NEAR: [f64; 2] = [1e-6, 1e-11];

/// Compares with the table of this name.
#[track_caller]
pub(crate) fn check(table: &str, lines: &[String]) {
    let name = format!("tests/data/recorded/{table}.txt");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
    let found = lines.join("\n") + "\n";
    if is_on("RATECERT_RECORD") {
        return fs::write(path, found).expect("the table can be written");
    }
    let wanted = fs::read_to_string(path).expect("a table");
    let exactly = is_on("RATECERT_TO_THE_BIT");
    if let Some((found, wanted)) = difference(&found, &wanted, exactly) {
        panic!(
            "{name}:\n  found {found}\n wanted {wanted}\nwhere it is meant to change, `just recorded` writes it"
        );
    }
}

fn is_on(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

/// The first two lines that differ.
fn difference<'a>(found: &'a str, wanted: &'a str, exactly: bool) -> Option<(&'a str, &'a str)> {
    let same = |a: &str, b: &str| a == b || !exactly && near(a, b);
    let count = found.lines().count().max(wanted.lines().count());
    let line = |text: &'a str, i: usize| text.lines().nth(i).unwrap_or("nothing");
    let pairs = (0..count).map(|i| (line(found, i), line(wanted, i)));
    pairs.into_iter().find(|(a, b)| !same(a, b))
}

/// Whether two lines have the same words, and numbers that are close.
fn near(a: &str, b: &str) -> bool {
    let words = |line: &str| -> Vec<String> {
        let split = line.split([' ', ',', '[', ']', '(', ')']);
        split.map(String::from).collect()
    };
    let (a, b) = (words(a), words(b));
    let close = |(a, b): (&String, &String)| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b || b.is_finite() && (a - b).abs() <= NEAR[0] * b.abs() + NEAR[1],
        _ => a == b,
    };
    a.len() == b.len() && a.iter().zip(&b).all(close)
}

#[test]
fn numbers_that_differ_are_seen() {
    let table = "size 1.0, [2e-15, inf]\nnone\n";
    assert_eq!(difference(table, table, true), None);
    let moved = "size 1.0000001, [3e-15, inf]\nnone\n";
    assert_eq!(difference(moved, table, false), None);
    assert!(difference(moved, table, true).is_some());
    for other in [
        "size 1.00001, [2e-15, inf]\nnone\n",
        "size 1.0, [2e-15, 1.0]\nnone\n",
        "size 1.0, [NaN, inf]\nnone\n",
        "size 1.0, [2e-15, inf]\nsome\n",
        "size 1.0, [2e-15, inf]\n",
        "size 1.0, [2e-15, inf]\nnone\nmore\n",
    ] {
        assert!(difference(other, table, false).is_some(), "{other}");
    }
}
