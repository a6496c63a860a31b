//! The bytes of a small run that is committed: the same from any build, at any number of threads,
//! in any locale, on any machine. `.ci/run` compares those of the release build as well.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Sandbox;

/// A claim of each kind of evidence: exact trajectories, rates, ties, samples, hypergradients.
const CLAIMS: [&str; 7] = [
    "itd-tight",
    "itd-local-rate",
    "aid-cg-termination",
    "kink-itd-bound",
    "nsid-limit",
    "lemma-b1",
    "bitd-bound",
];

#[test]
fn the_committed_run_comes_out_to_the_byte() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/run");
    let s = Sandbox::new();
    for (jobs, (name, value)) in [
        ("1", ("LC_ALL", "C")),
        ("2", ("LC_ALL", "tr_TR.UTF-8")),
        ("5", ("TZ", "Asia/Kolkata")),
    ] {
        let out = Command::new(env!("CARGO_BIN_EXE_ratecert"))
            .arg("certify")
            .args(CLAIMS)
            .args([
                "--profile",
                "test",
                "--seed",
                "3",
                "--out",
                "r",
                "--jobs",
                jobs,
            ])
            .env(name, value)
            .current_dir(s.path())
            .output()
            .unwrap();
        assert_eq!(
            out.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        for file in ["verdicts.jsonl", "records.jsonl"] {
            let [found, wanted] = [&s.path().join("r"), &committed].map(|dir| {
                let text = fs::read_to_string(dir.join(file)).unwrap();
                text.lines().map(String::from).collect::<Vec<_>>()
            });
            let differ = found.iter().zip(&wanted).find(|(a, b)| a != b);
            assert!(
                differ.is_none() && found.len() == wanted.len(),
                "{file}, {name}={value}, {jobs} threads: {differ:#?}\n{} and {} lines; where it is meant to change, `just small-run` writes it",
                found.len(),
                wanted.len()
            );
        }
    }
}
