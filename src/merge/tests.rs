use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;

use super::Shards;
use crate::claims::{Catalogue, Profile};
use crate::methods::Ours;
use crate::report::{ClaimInfo, FamilyInfo, Run, RunInfo, write};
use crate::runner::Plan;

const CLAIMS: [&str; 3] = ["itd-bound", "itd-tight", "nsid-limit"];

fn run(shard: Option<(usize, usize)>, seed: u64) -> Run {
    let catalogue = Catalogue::builtin().unwrap();
    let plan = Plan {
        claims: catalogue.select(&CLAIMS.map(String::from)).unwrap(),
        profile: Profile::Test,
        times: 1,
        seed,
        jobs: Some(2),
        shard,
        alpha: 1e-9,
        factory: &Ours,
    };
    let out = plan.run(None, &AtomicBool::new(false), &|_, _| {}).unwrap();
    let claim = |c: &crate::claims::Claim| ClaimInfo {
        name: c.name.clone(),
        digest: format!("{:016x}", c.digest),
        families: plan.families(c).into_iter().map(FamilyInfo::from).collect(),
        ..ClaimInfo::default()
    };
    Run {
        info: RunInfo {
            version: "1".into(),
            build: "b".into(),
            profile: "test".into(),
            times: 1,
            seed,
            started: String::new(),
            seconds: 0.0,
            instances: out.instances,
            shard,
            verdicts: None,
            records: None,
            alpha: 1e-9,
            statistical_checks: plan.statistical_checks(),
            claims: plan.claims.iter().map(claim).collect(),
            claims_from: None,
            replaced: Vec::new(),
            subject: None,
        },
        verdicts: out.verdicts,
        records: out.records,
        counted: None,
        place: None,
    }
}

fn shards(dir: &Path, n: usize) -> Vec<PathBuf> {
    let one = |i: usize| {
        let dir = dir.join(format!("{i}"));
        fs::create_dir_all(&dir).unwrap();
        write(&run(Some((i, n)), 7), &dir).unwrap();
        dir
    };
    (1..=n).map(one).collect()
}

fn refusal(dirs: &[PathBuf], out: &Path) -> String {
    let shards = match Shards::read(dirs, out) {
        Ok(shards) => shards,
        Err(e) => return e.to_string(),
    };
    fs::create_dir_all(out).unwrap();
    shards.join(out, &|_| {}).unwrap_err().to_string()
}

/// Whatever the order in which they are named, and one alone.
#[test]
fn shards_are_the_whole_byte_by_byte() {
    let t = TempDir::new().unwrap();
    let whole = t.path().join("whole");
    fs::create_dir(&whole).unwrap();
    write(&run(None, 7), &whole).unwrap();
    for n in [1, 3, 4] {
        let out = t.path().join(format!("out{n}"));
        fs::create_dir(&out).unwrap();
        // The directory that holds them says the same.
        let mut dirs = shards(&t.path().join(format!("of{n}")), n);
        let all = vec![t.path().join(format!("of{n}"))];
        assert_eq!(
            Shards::read(&all, &out).unwrap().info(),
            Shards::read(&dirs, &out).unwrap().info()
        );
        dirs.reverse();
        Shards::read(&dirs, &out)
            .unwrap()
            .join(&out, &|_| {})
            .unwrap();
        for name in ["run.json", "verdicts.jsonl", "records.jsonl"] {
            let [a, b] = [&whole, &out].map(|d| fs::read_to_string(d.join(name)).unwrap());
            assert!(a == b, "{n}: {name}");
        }
    }
}

#[test]
fn shards_of_different_runs_are_refused_with_what_differs() {
    let t = TempDir::new().unwrap();
    let dirs = shards(t.path(), 3);
    let out = t.path().join("out");
    let said = refusal(&dirs[..2], &out);
    assert_eq!(said, "shard 3 of 3 is missing");
    let said = refusal(&dirs[2..], &out);
    assert_eq!(said, "shards 1 to 2 of 3 are missing");
    let said = refusal(&[&dirs[..], &dirs[1..2]].concat(), &out);
    assert!(said.ends_with("are both shard 2 of 3"), "{said}");
    assert!(refusal(&[], &out).contains("name the directories"));
    assert!(refusal(&dirs, &dirs[1]).contains("cannot be a shard and the whole"));
    let path = dirs[1].join("run.json");
    let good = fs::read_to_string(&path).unwrap();
    for (from, to, what) in [
        (
            "\"version\": \"1\"",
            "\"version\": \"2\"",
            "version 1 and 2",
        ),
        ("\"build\": \"b\"", "\"build\": \"c\"", "build b and c"),
        (
            "\"profile\": \"test\"",
            "\"profile\": \"quick\"",
            "profile test and quick",
        ),
        ("\"seed\": 7", "\"seed\": 8", "seed 7 and 8"),
        ("\"alpha\": 1e-9", "\"alpha\": 1e-8", "alpha 1e-9 and 1e-8"),
        (
            "\"profile\": \"test\"",
            "\"profile\": \"test\",\n  \"times\": 2",
            "--times 1 and 2",
        ),
        (
            "\"statistical_checks\": ",
            "\"statistical_checks\": 9",
            "statistical checks",
        ),
        ("\"digest\": \"", "\"digest\": \"0", "claims itd-bound"),
        (
            "\"name\": \"itd-tight\"",
            "\"name\": \"x\"",
            "claims itd-tight and x",
        ),
        (
            "\"seed\": 7",
            "\"seed\": 7, \"replaced\": [\"a\"]",
            "place of built-in ones",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let said = refusal(&dirs, &out);
        assert!(
            said.contains("are not of one run") && said.contains(what),
            "{said}"
        );
    }
    for (from, to, what) in [
        (
            "\"verdicts\": ",
            "\"verdict_s\": ",
            "does not say what it holds",
        ),
        (
            "    2,\n    3\n",
            "    4,\n    3\n",
            "says that it is shard 4 of 3",
        ),
        (
            "    2,\n    3\n",
            "    2,\n    0\n",
            "says that it is shard 2 of 0",
        ),
        ("\"schema\": 2", "\"schema\": 9", "format version 9"),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let said = refusal(&dirs, &out);
        assert!(said.contains(what), "{said}");
    }
    fs::write(&path, "{").unwrap();
    let said = refusal(&dirs, &out);
    assert!(said.contains("2/run.json"), "{said}");
    write(&run(None, 7), &dirs[1]).unwrap();
    assert!(refusal(&dirs, &out).contains("is no shard"));
}

/// Files of another run with as many lines, and one that was edited.
#[test]
fn files_that_are_not_as_their_shard_wrote_them_are_refused() {
    let t = TempDir::new().unwrap();
    let dirs = shards(t.path(), 2);
    let other = t.path().join("other");
    fs::create_dir(&other).unwrap();
    write(&run(Some((2, 2)), 8), &other).unwrap();
    let out = t.path().join("out");
    for name in ["verdicts.jsonl", "records.jsonl"] {
        let path = dirs[1].join(name);
        let good = fs::read_to_string(&path).unwrap();
        let theirs = fs::read_to_string(other.join(name)).unwrap();
        let seed = good.find("\"seed\":").unwrap() + 7;
        let digit = if &good[seed..=seed] == "1" { "2" } else { "1" };
        let edited = [&good[..seed], digit, &good[seed + 1..]].concat();
        for text in [theirs, edited, good.replacen('\n', "\n\n", 1)] {
            assert!(text != good, "{name}");
            fs::write(&path, text).unwrap();
            let said = refusal(&dirs, &out);
            // Another seed may leave out other records.
            let counted = name == "records.jsonl" && said.contains("run.json counts");
            let known = said.contains("is not as its run wrote it") || counted;
            assert!(said.contains(name) && known, "{name}: {said}");
        }
        fs::write(&path, good).unwrap();
    }
    assert!(
        Shards::read(&dirs, &out)
            .unwrap()
            .join(&out, &|_| {})
            .is_ok()
    );
}

/// A line that is missing, doubled, moved, changed or added, in either file.
#[test]
fn lines_that_are_not_those_of_the_shard_are_refused_by_place() {
    let t = TempDir::new().unwrap();
    let dirs = shards(t.path(), 2);
    let out = t.path().join("out");
    let other = fs::read_to_string(dirs[0].join("verdicts.jsonl")).unwrap();
    let stranger = other.lines().next().unwrap();
    let path = dirs[1].join("verdicts.jsonl");
    let good = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let n = lines.len();
    let instance = |line: &str| {
        let v: serde_json::Value = serde_json::from_str(line).unwrap();
        (v["claim"].clone(), v["instance"]["id"].clone())
    };
    let edits: Vec<(&str, Vec<&str>)> = vec![
        ("ends before", lines[..n - 1].to_vec()),
        ("stands there twice", [&lines[..], &lines[n - 1..]].concat()),
        ("stands there twice", [&lines[..1], &lines[..]].concat()),
        (
            "is of no job of this shard",
            [&lines[..], &[stranger]].concat(),
        ),
        ("expected verdicts of", [&[stranger], &lines[..]].concat()),
        ("expected verdicts of", {
            let mut moved = lines.clone();
            let last = moved.pop().unwrap();
            moved.insert(0, last);
            moved
        }),
        ("expected verdicts of", {
            let mut gap = lines.clone();
            let first = instance(lines[0]);
            gap.retain(|l| instance(l) != first);
            gap
        }),
        ("verdicts.jsonl:1:", [&["{}"], &lines[..]].concat()),
        ("verdicts.jsonl:1:", [&["[1,"], &lines[..]].concat()),
        ("ends before", Vec::new()),
    ];
    for (what, edited) in edits {
        fs::write(&path, edited.join("\n")).unwrap();
        let said = refusal(&dirs, &out);
        // The last job may have several verdicts: then only the count tells.
        let counted = what == "ends before" && said.contains("run.json count");
        assert!(said.contains(what) || counted, "{what}: {said}");
    }
    fs::write(&path, &good).unwrap();
    let path = dirs[1].join("records.jsonl");
    let good = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    for edited in [
        lines[1..].to_vec(),
        [&lines[..], &lines[..1]].concat(),
        vec!["{}"],
    ] {
        fs::write(&path, edited.join("\n")).unwrap();
        let said = refusal(&dirs, &out);
        let known = ["records.jsonl", "run.json count"];
        assert!(known.iter().any(|k| said.contains(k)), "{said}");
    }
    fs::remove_file(&path).unwrap();
    assert!(refusal(&dirs, &out).contains("records.jsonl"));
}
