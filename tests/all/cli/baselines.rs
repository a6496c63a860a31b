//! Baselines.

use std::fs;

use super::{Sandbox, stdout};

/// A run against itself, against one that was tampered with, and against nothing.
#[test]
fn baselines_tell_drift_from_violation() {
    let s = Sandbox::new();
    let certify = [
        "certify",
        "itd-tight",
        "aid-fp-tight",
        "--profile",
        "test",
        "--out",
        "r",
    ];
    assert_eq!(s.run(&certify).status.code(), Some(0));
    let check = ["baseline", "check", "--run", "r", "--baselines", "b"];
    assert!(s.refused(&check).contains("b holds no baselines"));
    let update = ["baseline", "update", "--run", "r", "--baselines", "b"];
    let out = s.run(&update);
    assert_eq!(out.status.code(), Some(0));
    assert!(stdout(&out).contains("- Baseline of `itd-tight`: new."));
    let out = s.run(&check);
    assert_eq!(out.status.code(), Some(0), "{}", stdout(&out));
    assert!(stdout(&out).starts_with("no drift: "));
    let path = s.path().join("r/verdicts.jsonl");
    let good = fs::read_to_string(&path).unwrap();
    // Edited by hand, it is refused; a run that does not say what it holds is read all the same.
    let info = s.path().join("r/run.json");
    let mut unsaid: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&info).unwrap()).unwrap();
    unsaid.as_object_mut().unwrap().remove("verdicts");
    // The bound of one claim twice as loose.
    let loose = |l: &str| {
        let mut v: serde_json::Value = serde_json::from_str(l).unwrap();
        if v["claim"] == "itd-tight" && v["headroom"].is_f64() {
            v["headroom"] = (2.0 * v["headroom"].as_f64().unwrap()).into();
        }
        v.to_string() + "\n"
    };
    fs::write(&path, good.lines().map(loose).collect::<String>()).unwrap();
    assert!(s.refused(&check).contains("is not as its run wrote it"));
    fs::write(&info, unsaid.to_string()).unwrap();
    let out = s.run(&check);
    assert_eq!(out.status.code(), Some(4), "{}", stdout(&out));
    assert!(
        stdout(&out).contains("drifted       itd-tight tight.0"),
        "{}",
        stdout(&out)
    );
    let json: serde_json::Value =
        serde_json::from_slice(&s.run(&[&check[..], &["--format", "json"]].concat()).stdout)
            .unwrap();
    assert_eq!(json["changes"][0]["standing"], "drifted");
    fs::write(
        &path,
        good.replacen("\"status\":\"pass\"", "\"status\":\"fail\"", 1),
    )
    .unwrap();
    assert_eq!(s.run(&check).status.code(), Some(1));
    assert_eq!(
        s.run(&update).status.code(),
        Some(1),
        "nothing is recorded of it"
    );
    fs::write(&path, good).unwrap();
    assert_eq!(s.run(&check).status.code(), Some(0));
    s.run(&[
        "certify",
        "itd-tight",
        "--profile",
        "test",
        "--out",
        "r",
        "--shard",
        "1/2",
    ]);
    assert!(s.refused(&check).contains("one shard of a run"));
}

/// Claims of a user that a run leaves out are there all the same, whichever command compares.
#[test]
fn own_claims_that_were_not_run_are_not_gone() {
    let s = Sandbox::new();
    fs::create_dir(s.path().join("own")).unwrap();
    let text = include_str!("../../../rates/claims/itd-tight.toml");
    for name in ["mine", "other"] {
        let own = text.replacen("name = \"itd-tight\"", &format!("name = {name:?}"), 1);
        fs::write(s.path().join(format!("own/{name}.toml")), own).unwrap();
    }
    let certify = |claims: &[&str], options: &[&str]| {
        let all = ["--claims", "own", "--profile", "test", "--baselines", "b"];
        let out = s.run(&[&["certify"], claims, &all, options].concat());
        assert_eq!(out.status.code(), Some(0));
        String::from_utf8(out.stderr).unwrap()
    };
    certify(&["mine", "other"], &["--out", "r"]);
    let update = ["baseline", "update", "--run", "r", "--baselines", "b"];
    assert_eq!(s.run(&update).status.code(), Some(0));
    let said = certify(&["mine"], &["--out", "r"]);
    let headline = said.lines().find(|l| l.starts_with("baseline: ")).unwrap();
    assert!(
        headline.contains("no drift") && !headline.contains("gone"),
        "{headline}"
    );
    for i in ["1/2", "2/2"] {
        certify(
            &["mine"],
            &["--shard", i, "--out", &format!("shards/{}", &i[..1])],
        );
    }
    let merge = ["merge", "shards", "--out", "whole", "--baselines", "b"];
    let report = ["report", "--run", "whole", "--baselines", "b"];
    for command in [&merge[..], &report] {
        let out = s.run(command);
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(said.contains(headline), "{said}");
    }
    // A claim that cannot be read is not gone, and its baseline stays.
    let file = s.path().join("own/other.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, "schema = ").unwrap();
    let prune = [
        "baseline",
        "update",
        "--run",
        "whole",
        "--baselines",
        "b",
        "--prune",
    ];
    assert!(s.refused(&prune).contains("other.toml"));
    assert!(
        s.path().join("b/other.json").exists(),
        "{:?}",
        fs::read_dir(s.path().join("b"))
            .unwrap()
            .collect::<Vec<_>>()
    );
    let said = String::from_utf8(s.run(&report).stderr).unwrap();
    assert!(
        said.contains("the report is without a comparison"),
        "{said}"
    );
    fs::write(&file, text).unwrap();
    // Where the file of a claim is gone, so is the claim.
    fs::remove_file(s.path().join("own/other.toml")).unwrap();
    let out = s.run(&report);
    assert_eq!(out.status.code(), Some(0));
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        said.contains("baseline: ") && said.contains("gone"),
        "{said}"
    );
}
