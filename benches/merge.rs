//! Shards joined and reported: time a verdict at growing sizes, side by side, and memory.
//!
//!     cargo bench --bench merge              # up to a million verdicts
//!     cargo bench --bench merge -- 10000000  # and ten million (14 GB on disk for a while)

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ratecert::files::{Extent, Lines};
use ratecert::merge::Shards;
use ratecert::report::{ClaimInfo, Extras, FamilyInfo, Run, RunInfo, draw};

const CLAIMS: usize = 10;

fn main() {
    // `cargo bench` adds arguments of its own.
    let asked = std::env::args().filter_map(|a| a.parse().ok()).max();
    let sizes = [10_000, 100_000, 1_000_000].into_iter().chain(asked);
    println!(
        "{:>12} {:>8} {:>10} {:>10} {:>12} {:>10}",
        "verdicts", "shards", "merge s", "report s", "µs/verdict", "peak MB"
    );
    let mut each = Vec::new();
    for n in sizes {
        let shards = 100;
        let dir = tempfile::tempdir().expect("a directory");
        let dirs = generate(dir.path(), n, shards);
        let out = dir.path().join("whole");
        fs::create_dir(&out).expect("a directory");
        let begun = Instant::now();
        let read = Shards::read(&dirs, &out).expect("shards of one run");
        read.join(&out, &|_| {}).expect("all lines");
        let joined = begun.elapsed().as_secs_f64();
        let run = Run::gathered(&out).expect("a run");
        draw(&run, &out, &Extras::default()).expect("a report");
        let drawn = begun.elapsed().as_secs_f64() - joined;
        let micros = 1e6 * (joined + drawn) / n as f64;
        println!(
            "{n:>12} {shards:>8} {joined:>10.2} {drawn:>10.2} {micros:>12.2} {:>10}",
            peak()
        );
        each.push(micros);
    }
    // Fixed costs weigh on the first.
    let growth = each[each.len() - 1] / each[1];
    println!("time a verdict, the largest over 100,000: {growth:.2} (linear: 1)");
    assert!(growth < 1.5, "more than linear");
}

/// Shards of n verdicts and as many records, as long as real ones.
fn generate(dir: &Path, n: usize, shards: usize) -> Vec<PathBuf> {
    let dirs: Vec<PathBuf> = (1..=shards).map(|i| dir.join(format!("{i}"))).collect();
    let mut files: Vec<[BufWriter<File>; 2]> = { dirs.iter() }
        .map(|dir| {
            fs::create_dir(dir).expect("a directory");
            ["verdicts.jsonl", "records.jsonl"]
                .map(|name| BufWriter::new(File::create(dir.join(name)).expect("a file")))
        })
        .collect();
    let mut line = String::new();
    for k in 0..n {
        let (claim, index) = (k / (n / CLAIMS), k % (n / CLAIMS));
        let (instance, seed) = (format!("affine-normal.0.{index}"), k as u64 * 0x9e37_79b9);
        let id = format!("claim-{claim}/{instance}/bound-paper");
        let headroom = 1.0 + ((k * 7919) % n) as f64 / 7.0;
        line.clear();
        let _ = writeln!(
            line,
            r#"{{"schema":1,"id":"{id}","claim":"claim-{claim}","theorem":"Theorem 4.1","method":"itd","instance":{{"kind":"affine-normal","id":"{instance}","seed":{seed},"spec":{{"kind":"affine-normal","dim":12,"params":2,"rows":32,"q":0.7993315071212308}}}},"status":"pass","check":"bound","measured":3.1401849173675503e-16,"bound":7.08345590075597e-13,"slack":{headroom},"detail":"below the bound at every step, tightest at t = 40; an error 2.1 times as large would have failed there, and one of 1.5 at the end","replay":"ratecert replay {id}","unit":"bound","headroom":{headroom},"step":40}}"#
        );
        let [verdicts, records] = &mut files[k % shards];
        verdicts
            .write_all(line.as_bytes())
            .expect("room on the disk");
        line.clear();
        let _ = writeln!(
            line,
            r#"{{"origin":{{"claim":"claim-{claim}","check":"slacks","method":"itd","kind":"affine-normal","family":0,"index":{index},"seed":{seed}}},"data":{{"slack":{{"level":"paper","q":0.8000602593477834,"r":"Infinity","step":40,"slack":{headroom}}}}}}}"#
        );
        records
            .write_all(line.as_bytes())
            .expect("room on the disk");
    }
    drop(files);
    let claims = (0..CLAIMS).map(|c| ClaimInfo {
        name: format!("claim-{c}"),
        theorem: "Theorem 4.1".into(),
        method: "itd".into(),
        families: vec![FamilyInfo::from(("affine-normal", (n / CLAIMS) as u64))],
        ..ClaimInfo::default()
    });
    let claims: Vec<ClaimInfo> = claims.collect();
    for (i, dir) in dirs.iter().enumerate() {
        let own = (n + shards - 1 - i) / shards;
        let info = RunInfo {
            version: "0".into(),
            build: String::new(),
            profile: "quick".into(),
            times: 1,
            seed: 0,
            started: String::new(),
            seconds: 1.0,
            instances: own,
            shard: Some((i + 1, shards)),
            verdicts: Some(extent(&dir.join("verdicts.jsonl"))),
            records: Some(extent(&dir.join("records.jsonl"))),
            alpha: 1e-9,
            statistical_checks: 0,
            claims: claims.clone(),
            claims_from: None,
            replaced: Vec::new(),
            subject: None,
        };
        fs::write(dir.join("run.json"), info.to_json()).expect("room on the disk");
    }
    dirs
}

/// What a file holds, in memory for a piece of it.
fn extent(path: &Path) -> Extent {
    let mut lines = Lines::open(path, 1 << 20).expect("written above");
    while lines.advance().expect("written above") {}
    lines.extent()
}

/// The most memory this process has had, in MB; 0 where the system does not say.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    let kilobytes = line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok());
    kilobytes.unwrap_or(0usize) / 1000
}
