//! Arguments, help and manual pages.

use std::fs;

use super::{Sandbox, stdout};

#[test]
fn bad_usage_is_refused_with_one_message() {
    let s = Sandbox::new();
    assert!(
        s.refused(&["certify", "no-such-claim"])
            .contains("no claim matches \"no-such-claim\"")
    );
    for bad in [
        vec!["certify", "--profile", "huge"],
        vec!["certify", "--shard", "3/2"],
        vec!["certify", "--shard", "0/2"],
        vec!["certify", "--alpha", "1.5"],
        vec!["certify", "--jobs", "0"],
        vec!["certify", "--seed", "-1"],
        vec!["nonsense"],
    ] {
        s.refused(&bad);
    }
    assert!(
        s.refused(&["certify", "--resume"])
            .contains("nothing to resume")
    );
    assert!(
        s.refused(&["generate", "affine-normal", "--dim", "1000000000"])
            .contains("field `dim`: the dimension d must be between 1 and 1000, got 1000000000")
    );
    assert!(
        s.refused(&["generate", "affine-normal", "--q", "1"])
            .contains("field `q`")
    );
    assert!(
        s.refused(&["generate", "nothing"])
            .contains("unknown kind \"nothing\"")
    );
    assert!(
        s.refused(&["generate", "diabetes", "--q", "0.5"])
            .contains("--q changes nothing of diabetes, whose fields are lambda")
    );
    assert!(
        s.refused(&["generate", "--spec", "{}"])
            .contains("--spec: missing field")
    );
    assert!(
        s.refused(&["certify", "itd-tight", "--alpha", "1e-320"])
            .contains("alpha")
    );
    assert!(
        !s.path().join("reports/latest").exists(),
        "bad input leaves nothing behind"
    );
}

#[test]
fn completions_and_help_exist() {
    let s = Sandbox::new();
    assert!(stdout(&s.run(&["completions", "bash"])).contains("ratecert"));
    let help = stdout(&s.run(&["--help"]));
    for command in ["certify", "report", "explain", "generate", "replay"] {
        assert!(help.contains(command));
    }
}

/// Every page, its exit codes, and no example that the program would refuse to read.
#[test]
fn manual_pages_are_complete() {
    let s = Sandbox::new();
    s.run(&["man", "--dir", "man"]);
    let pages: Vec<_> = fs::read_dir(s.path().join("man")).unwrap().collect();
    assert!(pages.len() >= 20, "{}", pages.len());
    let read = |name: &str| fs::read_to_string(s.path().join("man").join(name)).unwrap();
    for page in [
        "ratecert.1",
        "ratecert-baseline-check.1",
        "ratecert-certify.1",
    ] {
        let text = read(page);
        assert!(text.contains(".SH \"EXIT STATUS\""), "{page}: {text}");
        assert!(text.contains("found drift"), "{page}");
    }
    assert!(read("ratecert-certify.1").contains("CHECKS THAT A CLAIM CAN NAME"));
    assert!(read("ratecert-certify.1").contains("ratecert certify \\*(Aqitd"));
    let listed = stdout(&s.run(&["explain", "--list"]));
    assert!(listed.contains("itd-bound") && listed.lines().all(|l| l.chars().count() <= 80));
    let refused = s.refused(&["explain"]);
    assert!(refused.contains("<CLAIM>"), "{refused}");
    // What a completion offers.
    let completions = stdout(&s.run(&["completions", "bash"]));
    assert!(completions.contains("test quick full"), "profiles by name");
}

#[test]
fn negative_numbers_are_refused_as_numbers() {
    let s = Sandbox::new();
    for (arguments, want) in [
        (
            vec!["certify", "--seed", "-1"],
            "invalid value '-1' for '--seed <SEED>'",
        ),
        (
            vec!["certify", "--jobs", "-2"],
            "invalid value '-2' for '--jobs <JOBS>'",
        ),
        (
            vec!["generate", "elastic-net", "--q", "-1"],
            "the contraction factor q must be",
        ),
        (
            vec!["generate", "elastic-net", "--margin", "0.1"],
            "--margin changes nothing of elastic-net",
        ),
        (
            vec!["generate", "diabetes", "--dim", "3"],
            "--dim changes nothing of diabetes",
        ),
    ] {
        let said = s.refused(&arguments);
        assert!(said.contains(want) && !said.contains("tip:"), "{said}");
    }
    let said = s.refused(&["certify", "a\u{1b}[31mb"]);
    assert!(!said.contains('\u{1b}'), "{said}");
}
