//! Claims of users.

use std::fs;
use std::path::Path;

use super::{CLAIM, Sandbox, stdout};

#[test]
fn a_users_claim_runs_and_bad_claims_name_file_line_and_field() {
    let s = Sandbox::new();
    let dir = s.path().join("claims");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("mine.toml"), CLAIM).unwrap();
    let out = s.run(&["certify", "mine", "--claims", "claims"]);
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(stdout(&out).contains("mine"));
    let before = fs::read(s.path().join("reports/latest/run.json")).unwrap();
    let swaps = [
        (
            "level = \"paper\"",
            "level = \"papier\"",
            "mine.toml:18: field `checks[0].level`: unknown level \"papier\"",
        ),
        (
            "level = \"paper\"",
            "levle = \"paper\"",
            "mine.toml:16: field `checks[0].level`: is missing, while there is `levle`",
        ),
        (
            "dim = [1, 4]",
            "dim = [4, 1]",
            "mine.toml:13: field `instances[0].dim`: the range must not decrease",
        ),
        (
            "dim = [1, 4]",
            "q = 1.0",
            "mine.toml:13: field `instances[0].q`: the contraction factor q must be",
        ),
        (
            "dim = [1, 4]",
            "dim = 1000000000",
            "mine.toml:13: field `instances[0].dim`: the dimension d must be",
        ),
        (
            "method = \"aid-fp\"",
            "method = \"aid\"",
            "mine.toml:8: field `method`: unknown method \"aid\"",
        ),
        (
            "schema = 1",
            "schema = 7",
            "mine.toml:1: field `schema`: only schema 1 is known",
        ),
        (
            "reason = \"the theorem\"",
            "reason = \"\"",
            "mine.toml:20: field `checks[0].reason`: a slack needs a reason",
        ),
        ("[[checks]]", "[[checks", "mine.toml:16"),
    ];
    for (from, to, want) in swaps {
        assert!(CLAIM.contains(from));
        fs::write(dir.join("mine.toml"), CLAIM.replacen(from, to, 1)).unwrap();
        let message = s.refused(&["certify", "--claims", "claims"]);
        assert!(message.contains(want), "{message}\nwants {want}");
    }
    assert_eq!(
        before,
        fs::read(s.path().join("reports/latest/run.json")).unwrap(),
        "nothing overwritten"
    );
}

/// The recipe of the README, literally: copy a claim, change it, run it.
#[test]
fn a_copied_claim_takes_the_place_of_the_one_it_was_copied_from() {
    let s = Sandbox::new();
    fs::create_dir(s.path().join("mine")).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("rates/claims/itd-tight.toml");
    fs::copy(source, s.path().join("mine/itd-tight.toml")).unwrap();
    let out = s.run(&[
        "certify",
        "itd-tight",
        "--claims",
        "mine",
        "--profile",
        "test",
    ]);
    assert_eq!(out.status.code(), Some(0));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(
        said.contains("take the place of those built in: itd-tight"),
        "{said}"
    );
    assert!(stdout(&out).contains("\n1 claim, "));
}
