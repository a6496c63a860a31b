//! The experiments at a small scale: what they say, that they can be interrupted, what they refuse.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn ratecert(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ratecert"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every file of a directory with its bytes, by name.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap());
    // The list of what is there is another matter.
    let entries = entries.filter(|e| e.file_name() != ".ratecert.json");
    let mut all: Vec<_> = entries
        .map(|e| {
            (
                e.file_name().into_string().unwrap(),
                fs::read(e.path()).unwrap(),
            )
        })
        .collect();
    all.sort();
    all
}

/// With the options that keep them short.
const EXPERIMENTS: [(&str, &[&str]); 3] = [
    ("figure-1", &[]),
    ("figure-2-elastic-net", &[]),
    ("figure-2-poisoning", &["--seeds", "3"]),
];

#[test]
fn the_paper_s_statements_are_seen_and_the_same_seeds_give_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    for (name, options) in EXPERIMENTS {
        let run = |jobs: &str, options: &[&str]| {
            let out = dir
                .path()
                .join(format!("{name}-{jobs}-{}", options.concat()));
            let to = out.to_str().unwrap();
            let own = [
                "reproduce",
                name,
                "--scale",
                "small",
                "--jobs",
                jobs,
                "--out",
                to,
            ];
            (ratecert(&[&own[..], options].concat()), files(&out))
        };
        let (done, all) = run("2", options);
        let said = text(&done.stdout);
        assert_eq!(done.status.code(), Some(0), "{said}{}", text(&done.stderr));
        assert!(
            said.contains("seen") && !said.contains("NOT SEEN"),
            "{said}"
        );
        let names: Vec<&str> = all.iter().map(|f| f.0.as_str()).collect();
        let figure = format!("{name}.svg");
        assert_eq!(names, ["experiment.json", &figure, "summary.md"]);
        let json: serde_json::Value = serde_json::from_slice(&all[0].1).unwrap();
        assert_eq!(json["experiment"], name);
        assert!(json["results"][0]["curves"][0]["y"].is_array());
        assert!(text(&all[1].1).contains("AID-FP"));
        // Of few seeds, which need not show what the paper says.
        let [one, two] = ["1", "2"].map(|jobs| run(jobs, &["--seeds", "2"]).1);
        assert_eq!(one.len(), 3);
        assert!(one == two, "{name}: not the same bytes at two threads");
    }
}

/// A journal of some of the jobs, as an interrupt or a crash leaves it.
#[test]
fn what_was_interrupted_goes_on_and_ends_in_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let arguments = |out: &Path, more: &[&str]| -> Vec<String> {
        let own = [
            "reproduce",
            "figure-1",
            "--scale",
            "small",
            "--out",
            out.to_str().unwrap(),
        ];
        own.iter().chain(more).map(|a| a.to_string()).collect()
    };
    let run = |out: &Path, more: &[&str]| {
        let all = arguments(out, more);
        ratecert(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(run(&whole, &[]).status.code(), Some(0));
    // Private directories of unfinished reproductions.
    let left = || {
        let names = fs::read_dir(dir.path()).unwrap();
        let names = names.map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|n| n.starts_with('.')).count()
    };
    assert_eq!(left(), 0);
    // Nothing to go on with, and nothing is lost by asking. A slash at the end changes nothing.
    let other = dir.path().join("other");
    let slashed = dir.path().join("other/");
    let none = run(&other, &["--resume"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains("nothing to resume"));
    // What a crash leaves: the owner, a journal of two jobs, and a part of the third.
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(whole.join("experiment.json")).unwrap()).unwrap();
    let results = json["results"].as_array().unwrap();
    let private = dir.path().join(".ratecert-left");
    fs::create_dir(&private).unwrap();
    #[cfg(unix)]
    {
        // Others cannot have laid it out.
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let said = format!(
        "{} build {}",
        json["run"].as_str().unwrap(),
        env!("RATECERT_BUILD")
    );
    let owner = serde_json::json!({
        "holds": "reproduction of figure-1", "directory": "other", "fingerprint": said
    });
    fs::write(private.join("owner.json"), owner.to_string()).unwrap();
    let lines: Vec<String> = { results.iter().take(3).map(ToString::to_string) }
        .map(|json| format!("{:08x} {json}\n", crc32(json.as_bytes())))
        .collect();
    let journal = lines[..2].concat() + &lines[2][..100];
    fs::write(private.join("journal"), journal).unwrap();
    let foreign = run(&other, &["--resume", "--seeds", "2"]);
    assert_eq!(foreign.status.code(), Some(2));
    let resumed = run(&slashed, &["--resume"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert!(files(&whole) == files(&other));
    assert_eq!(left(), 0);
}

/// CRC-32 of IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

#[test]
fn what_cannot_be_reproduced_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let unknown = ratecert(&["reproduce", "figure-7"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("figure-2-elastic-net"));
    let data = dir.path().to_str().unwrap();
    let damaged = dir.path().join("train-images-idx3-ubyte");
    let poisoning = |more: &[&str]| {
        let own = [
            "reproduce",
            "figure-2-poisoning",
            "--data",
            data,
            "--out",
            "nowhere",
        ];
        let refused = ratecert(&[&own[..], more].concat());
        assert_eq!(refused.status.code(), Some(2));
        text(&refused.stderr)
    };
    assert!(poisoning(&[]).contains("has no train-images-idx3-ubyte"));
    assert!(poisoning(&["--scale", "small"]).contains("small digits"));
    fs::write(&damaged, [0, 0, 8, 3, 0, 0, 0, 1]).unwrap();
    fs::write(dir.path().join("train-labels-idx1-ubyte"), []).unwrap();
    let said = poisoning(&[]);
    assert!(
        said.contains("train-labels-idx1-ubyte") && said.contains("ends before"),
        "{said}"
    );
    // Readable, and nothing to see: no journal is left that asks to be resumed.
    let mut images = vec![0, 0, 8, 3, 0, 0, 19, 136, 0, 0, 0, 2, 0, 0, 0, 2];
    images.extend([0; 5000 * 4]);
    fs::write(&damaged, images).unwrap();
    let mut labels = vec![0, 0, 8, 1, 0, 0, 19, 136];
    labels.extend((0..5000).map(|i| (i % 2) as u8));
    fs::write(dir.path().join("train-labels-idx1-ubyte"), &labels).unwrap();
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("dark");
    let own = ["reproduce", "figure-2-poisoning", "--data", data];
    let more = ["--seeds", "1", "--out", to.to_str().unwrap()];
    let dark = ratecert(&[&own[..], &more[..]].concat());
    assert_eq!(dark.status.code(), Some(2));
    let said = text(&dark.stderr);
    assert!(said.contains("no problem could be run"), "{said}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    let drawn = ratecert(&["reproduce", "figure-1", "--data", data]);
    assert_eq!(drawn.status.code(), Some(2));
    assert!(text(&drawn.stderr).contains("draws its own data"));
    fs::remove_file(damaged).unwrap();
    fs::remove_file(dir.path().join("train-labels-idx1-ubyte")).unwrap();
    fs::write(dir.path().join("thesis.tex"), "mine").unwrap();
    let out = dir.path().to_str().unwrap();
    let taken = ratecert(&["reproduce", "figure-1", "--scale", "small", "--out", out]);
    assert_eq!(taken.status.code(), Some(2));
    assert!(text(&taken.stderr).contains("is not the output of a reproduction"));
    // What an older version left, and a figure of somebody.
    let older = dir.path().join("older");
    fs::create_dir(&older).unwrap();
    fs::write(
        older.join("experiment.json"),
        r#"{"experiment":"figure-1"}"#,
    )
    .unwrap();
    fs::write(older.join("my-own.svg"), "mine").unwrap();
    let to = older.to_str().unwrap();
    let taken = ratecert(&["reproduce", "figure-1", "--scale", "small", "--out", to]);
    assert_eq!(taken.status.code(), Some(2));
    assert!(text(&taken.stderr).contains("holds my-own.svg"));
    fs::remove_dir_all(older).unwrap();
    for (name, contents) in [("summary.md", "mine"), ("experiment.json", "{}")] {
        let other = dir.path().join(name.replace('.', "-"));
        fs::create_dir(&other).unwrap();
        fs::write(other.join(name), contents).unwrap();
        let out = other.to_str().unwrap();
        let taken = ratecert(&["reproduce", "figure-1", "--scale", "small", "--out", out]);
        assert_eq!(taken.status.code(), Some(2), "{name}");
        assert_eq!(files(&other), [(name.to_string(), contents.into())]);
        fs::remove_dir_all(other).unwrap();
    }
    assert_eq!(
        files(dir.path()),
        [("thesis.tex".to_string(), b"mine".to_vec())]
    );
}
