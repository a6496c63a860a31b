//! Readers of files and messages against what nobody should send: the committed corpus as it
//! stands, and bounded mutations of it. `just fuzz` runs many more.
//!
//! Whatever comes, a reader ends with a value that can be used or with an error of bounded length.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use ratecert::baseline::Baselines;
use ratecert::claims::{Claim, Profile};
use ratecert::error::{Error, Result};
use ratecert::instances::InstanceFile;
use ratecert::report::{RunInfo, parse_records, parse_verdicts, record_lines, verdict_lines};
use ratecert::vectors::VectorFile;
use ratecert::wire::{parse_from_subject, parse_to_subject};

/// Mutations of each target in `cargo test`; `RATECERT_FUZZ` is another number.
const MUTATIONS: usize = 400;

/// No input of the size of these takes longer than that, by a factor of a hundred.
const PATIENCE: Duration = Duration::from_secs(60);

/// A reader by the folder of its corpus. What it accepts is used as the program uses it.
type Target = (&'static str, fn(&str) -> Result<()>);

const TARGETS: [Target; 9] = [
    ("claim", |text| {
        let claim = Claim::parse(text, "fuzz.toml")?;
        // Names become parts of file names and of terminals' lines.
        let names = claim.checks.iter().map(|c| &c.name).chain([&claim.name]);
        for name in names {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(plain) && name.len() <= 100, "{name:?}");
        }
        let all = [Profile::Test, Profile::Quick, Profile::Full];
        let largest = { claim.families.iter() }.map(|f| all.map(|p| f.count(p)));
        assert!(largest.flatten().all(|n| n <= 100_000));
        Ok(())
    }),
    ("instance", |text| {
        let instance = InstanceFile::parse(text)?;
        let again = serde_json::to_string(&InstanceFile::to_json(&instance)).unwrap();
        InstanceFile::parse(&again).map(|_| ())
    }),
    ("verdicts", |text| {
        let found = parse_verdicts(text)?;
        assert_eq!(parse_verdicts(&verdict_lines(&found))?.len(), found.len());
        Ok(())
    }),
    ("records", |text| {
        let found = parse_records(text)?;
        assert_eq!(parse_records(&record_lines(&found))?.len(), found.len());
        Ok(())
    }),
    ("run", |text| {
        RunInfo::parse(text).and_then(|info| RunInfo::parse(&info.to_json()).map(|_| ()))
    }),
    ("message", |text| {
        for line in text.lines() {
            let (to, from) = (parse_to_subject(line), parse_from_subject(line));
            to.map(|_| ()).or_else(|_| from.map(|_| ()))?;
        }
        Ok(())
    }),
    ("recording", |text| {
        let claims = ratecert::claims::subject_claims()?;
        let judged = ratecert::conformance::check(&claims, text)?;
        for v in &judged.verdicts {
            assert!(
                v.id.len() < 1000 && !v.id.chars().any(char::is_control),
                "{:?}",
                v.id
            );
        }
        Ok(())
    }),
    ("vector", |text| VectorFile::parse(text).map(|_| ())),
    ("baseline", |text| {
        let dir = tempfile::tempdir().unwrap();
        let name = "aid-fp-below-itd.json";
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("rates/baselines/samples");
        fs::create_dir(dir.path().join("samples")).unwrap();
        fs::copy(samples.join(name), dir.path().join("samples").join(name)).unwrap();
        fs::write(dir.path().join(name), text).unwrap();
        Baselines::at(dir.path()).read().map(|_| ())
    }),
];

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(target);
    let entries = fs::read_dir(&dir).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no corpus");
    { paths.into_iter() }
        .map(|p| (p.clone(), fs::read(p).unwrap()))
        .collect()
}

/// Not longer than a screen, whatever it quotes; who prints it makes control characters visible.
fn check_error(error: &Error, input: &str) {
    let text = error.to_string();
    assert!(
        text.chars().count() < 3500,
        "{input}: an error of {} characters",
        text.len()
    );
    assert!(!text.is_empty(), "{input}: an error without a word");
}

fn feed((name, target): Target, bytes: &[u8], from: &str) -> bool {
    // Bytes that are no text are refused before, when the file is read.
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let begun = Instant::now();
    let ended = target(text);
    let shown = || format!("{name}, {from}");
    assert!(
        begun.elapsed() < PATIENCE,
        "{} took {:?}",
        shown(),
        begun.elapsed()
    );
    match ended {
        Ok(()) => true,
        Err(e) => {
            check_error(&e, &shown());
            false
        }
    }
}

/// Numbers that have broken readers.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1e308",
    "-1e999",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "0.1e-400",
    "\"NaN\"",
    "\"Infinity\"",
    "null",
    "[]",
];

fn mutated(bytes: &[u8], other: &[u8], random: &mut Pcg64Mcg) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..random.random_range(1..4) {
        let len = out.len().max(1);
        let at = random.random_range(0..len).min(out.len());
        match random.random_range(0..7) {
            0 => out.truncate(at),
            1 if !out.is_empty() => {
                let at = at.min(out.len() - 1);
                out[at] ^= 1 << random.random_range(0..7);
            }
            2 => {
                // A piece again.
                let to = (at + random.random_range(1..64)).min(out.len());
                let piece = out[at..to].to_vec();
                out.splice(at..at, piece);
            }
            3 => {
                let to = (at + random.random_range(1..64)).min(out.len());
                out.drain(at..to);
            }
            4 if !other.is_empty() => {
                let from = random.random_range(0..other.len());
                out.truncate(at);
                out.extend(&other[from..]);
            }
            5 => {
                // A number in place of a number.
                let digit = |b: &u8| b.is_ascii_digit();
                if let Some(start) = out[at..].iter().position(digit).map(|p| at + p) {
                    let more = |b: &u8| !b.is_ascii_digit() && !b"+-.eE".contains(b);
                    let end = out[start..].iter().position(more);
                    let end = end.map_or(out.len(), |p| start + p);
                    let new = NUMBERS[random.random_range(0..NUMBERS.len())];
                    out.splice(start..end, new.bytes());
                }
            }
            _ => {
                let depth = random.random_range(1..300);
                out.splice(at..at, std::iter::repeat_n(b'[', depth));
            }
        }
    }
    out
}

#[test]
fn the_corpus_is_read_or_refused() {
    for target in TARGETS {
        let mut accepted = 0;
        for (path, bytes) in corpus(target.0) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let good = feed(target, &bytes, &name);
            accepted += usize::from(good);
            assert!(
                good || !name.starts_with("valid"),
                "{}/{name} is refused",
                target.0
            );
        }
        assert!(accepted > 0, "{} accepts nothing of its corpus", target.0);
    }
}

/// Every beginning of what is valid, as a write that was cut short leaves it.
#[test]
fn whatever_is_cut_short_is_refused_or_whole() {
    for target in TARGETS {
        for (path, bytes) in corpus(target.0) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("valid") {
                continue;
            }
            let step = (bytes.len() / 200).max(1);
            for cut in (0..bytes.len()).step_by(step) {
                feed(target, &bytes[..cut], &format!("{name} cut at {cut}"));
            }
        }
    }
}

#[test]
fn mutations_are_read_or_refused() {
    let wanted = std::env::var("RATECERT_FUZZ")
        .ok()
        .and_then(|n| n.parse().ok());
    let count = wanted.unwrap_or(MUTATIONS);
    // Other numbers come with another count.
    let seed = 20_261_127 + count as u64;
    for target in TARGETS {
        let corpus = corpus(target.0);
        // Long ones are mostly made of the same.
        let short: Vec<&Vec<u8>> = corpus
            .iter()
            .map(|c| &c.1)
            .filter(|b| b.len() < 30_000)
            .collect();
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        // What is judged takes its time.
        let count = if target.0 == "recording" {
            count / 4
        } else {
            count
        };
        for n in 0..count {
            let pick = |random: &mut Pcg64Mcg| short[random.random_range(0..short.len())];
            let (base, other) = (pick(&mut random), pick(&mut random));
            let bytes = mutated(base, other, &mut random);
            feed(target, &bytes, &format!("mutation {n} of seed {seed}"));
        }
    }
}
