use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::checks::{Data, Reason, Ruling};
use crate::claims::{Catalogue, Profile, Record, Verdict};
use crate::methods::Ours;
use crate::runner::{Output, Plan};

/// Fast ones that have everything: rates, constants, bounds that are attained and loose ones,
/// samples that the method draws.
const CLAIMS: [&str; 6] = [
    "aid-fp-local-rate",
    "itd-bound",
    "itd-exact",
    "itd-tight",
    "nsid-limit",
    "nsid-simulation",
];

fn run(seed: u64) -> Output {
    let names = CLAIMS.map(String::from);
    let claims = Catalogue::builtin().unwrap().select(&names).unwrap();
    let plan = Plan {
        claims,
        profile: Profile::Test,
        seed,
        jobs: None,
        shard: None,
        alpha: 1e-9,
        factory: &Ours,
    };
    plan.run(None, &AtomicBool::new(false), &|_, _| {}).unwrap()
}

static RUN: LazyLock<Output> = LazyLock::new(|| run(0));

type ByClaim = BTreeMap<String, Measured>;

fn measured(run: &Output, seed: u64) -> ByClaim {
    let one = |claim: &&str| {
        let verdicts = run.verdicts.iter().filter(|v| v.claim == *claim);
        let records = run.records.iter().filter(|r| r.origin.claim == *claim);
        let origin = Origin::new("0", "test", seed, "d");
        ((*claim).into(), Measured::of(origin, verdicts, records))
    };
    CLAIMS.iter().map(one).collect()
}

/// The run of seed 0 with its verdicts and records changed, against itself as it was.
fn after(edit: impl Fn(&mut Vec<Verdict>, &mut Vec<Record>)) -> Comparison {
    let mut changed = RUN.clone();
    edit(&mut changed.verdicts, &mut changed.records);
    compare(&measured(&RUN, 0), &measured(&changed, 0), |_| true)
}

fn standings(c: &Comparison) -> Vec<(Standing, String, String)> {
    let each = c.changes.iter();
    let mut all: Vec<_> = each
        .map(|c| (c.standing, c.claim.clone(), c.quantity.clone()))
        .collect();
    all.dedup();
    all
}

fn drifted(claim: &str, quantity: &str) -> (Standing, String, String) {
    (Standing::Drifted, claim.into(), quantity.into())
}

#[test]
fn a_run_does_not_drift_from_itself_nor_from_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let baselines = Baselines::at(dir.path());
    assert!(!baselines.exist());
    let now = measured(&RUN, 0);
    for (claim, measured) in &now {
        baselines.write(claim, measured).unwrap();
    }
    let read = baselines.read().unwrap();
    let found = compare(&read, &now, |_| true);
    assert_eq!(found.changes, []);
    assert_eq!((found.claims, found.same_instances), (6, 6));
    assert!(found.compared > 100, "{}", found.compared);
    // What was read is written in the same bytes.
    let file = dir.path().join("itd-bound.json");
    let before = std::fs::read(&file).unwrap();
    baselines.write("itd-bound", &read["itd-bound"]).unwrap();
    assert_eq!(before, std::fs::read(&file).unwrap());
}

/// Unchanged code on other seeds: ten of them, one false alarm in ten thousand runs allowed.
#[test]
fn other_seeds_do_not_drift() {
    let old = measured(&RUN, 0);
    for seed in 1..=10 {
        let found = compare(&old, &measured(&run(seed), seed), |_| true);
        assert_eq!(found.changes, [], "seed {seed}");
        assert_eq!(found.same_instances, 0);
    }
}

fn fits(records: &mut [Record], growth: &str, change: impl Fn(&mut f64)) {
    for r in records {
        if let Data::Fit(fit) = &mut r.data
            && fit.growth == growth
        {
            change(&mut fit.fitted);
        }
    }
}

#[test]
fn a_wrong_exponent_drifts() {
    let found = after(|_, records| fits(records, "1/k", |slope| *slope *= 0.5));
    assert_eq!(standings(&found), [drifted("nsid-simulation", "rate")]);
}

/// Also where the claim itself would still pass, and by far less than it permits.
#[test]
fn a_rate_that_moves_drifts() {
    for by in [1.05, 1.0 / 1.05, 1.001] {
        let found = after(|_, records| fits(records, "pure", |rate| *rate *= by));
        assert_eq!(standings(&found), [drifted("aid-fp-local-rate", "rate")]);
        let change = &found.changes[0];
        assert!((change.new.unwrap() - by).abs() < 1e-3, "{change:?}");
        assert!(matches!(change.significance, Some(Significance::Exact(n, of)) if n == of));
    }
}

#[test]
fn a_doubled_constant_drifts() {
    let found = after(|verdicts, _| {
        for v in verdicts.iter_mut().filter(|v| v.claim == "nsid-limit") {
            v.measured *= 2.0;
        }
    });
    assert_eq!(standings(&found), [drifted("nsid-limit", "constant")]);
}

fn loosen(verdicts: &mut [Verdict], records: &mut [Record]) {
    for v in verdicts
        .iter_mut()
        .filter(|v| v.check == "bound" || v.check == "tight")
    {
        (v.bound, v.slack, v.headroom) = (2.0 * v.bound, 2.0 * v.slack, 2.0 * v.headroom);
    }
    for r in records {
        if let Data::Slack(slack) = &mut r.data {
            slack.slack *= 2.0;
        }
    }
}

#[test]
fn a_bound_loosened_by_two_drifts() {
    let found = after(|v, r| loosen(v, r));
    let names = standings(&found);
    assert!(names.contains(&drifted("itd-bound", "slack")), "{names:?}");
    assert!(names.iter().all(|n| n.0 == Standing::Drifted));
}

/// Undecided as it is, or given up before any method ran.
#[test]
fn a_family_that_decides_less_is_named() {
    let of =
        |v: &Verdict| v.claim == "aid-fp-local-rate" && v.instance.id.starts_with("elastic-net.");
    let undecided = after(|verdicts, records| {
        let ids: Vec<String> = { verdicts.iter_mut() }
            .filter(|v| of(v))
            .take(1)
            .map(|v| {
                v.status = Ruling::Inconclusive;
                v.reason = Some(Reason::TooFewPoints);
                v.instance.id.clone()
            })
            .collect();
        records.retain(|r| !ids.contains(&r.origin.instance()));
    });
    let redrawn = after(|verdicts, _| {
        let v = verdicts.iter_mut().find(|v| of(v)).unwrap();
        v.instance.redrawn += 1;
    });
    for found in [undecided, redrawn] {
        let [change] = found.changes.as_slice() else {
            panic!("{:?}", found.changes);
        };
        assert_eq!(change.standing, Standing::LessDecided);
        assert!(change.family.starts_with("elastic-net."), "{change:?}");
        assert_eq!(change.quantity, "decided");
    }
}

#[test]
fn a_violation_is_more_than_a_drift_and_what_is_gone_or_new_is_said() {
    let violated = after(|verdicts, _| {
        let first = verdicts
            .iter_mut()
            .find(|v| v.claim == "itd-exact")
            .unwrap();
        first.status = Ruling::Fail;
    });
    assert!(violated.is_violated() && !violated.has_drift());
    let one_family = after(|verdicts, records| {
        verdicts.retain(|v| !(v.claim == "itd-exact" && v.instance.kind == "elastic-net"));
        records.retain(|r| r.origin.claim != "itd-exact");
    });
    assert!(one_family.has_drift());
    assert!(
        one_family
            .changes
            .iter()
            .all(|c| c.standing == Standing::Gone)
    );
    let (all, mut fewer) = (measured(&RUN, 0), measured(&RUN, 0));
    fewer.remove("itd-exact");
    let new = compare(&fewer, &all, |_| true);
    assert!(new.count(Standing::New) == 1 && !new.has_drift());
    let not_run = compare(&all, &fewer, |_| true);
    assert!((not_run.not_run, not_run.changes.len()) == (1, 0));
    let gone = compare(&all, &fewer, |claim| claim != "itd-exact");
    assert_eq!((gone.not_run, gone.count(Standing::Gone)), (0, 1));
}

/// On other instances, with as many of them as `quick` has: what moves all values is seen.
#[test]
fn on_other_instances_what_moves_everything_is_seen() {
    let values = |n: usize, seed: u64, by: f64| -> Sample {
        let mut random = crate::instances::Random::new(seed);
        let value = |_: usize| by * (1.0 + 1e-4 * (random.unit() - 0.5));
        (0..n).map(value).enumerate().collect()
    };
    let claim = |seed: u64, by: f64, decided: usize| -> ByClaim {
        let origin = Origin::new("0", "quick", seed, "d");
        let mut m = Measured::of(origin, [], []);
        for family in ["a.0", "b.1", "c.2", "d.3", "e.4"] {
            let series = Series {
                family: family.into(),
                check: "local-rate-pure".into(),
                quantity: Quantity::Rate,
            };
            m.samples.insert(series, values(12, seed, by));
            let counts = Decided { decided, of: 12 };
            m.decided
                .insert((family.into(), "local-rate-pure".into()), counts);
        }
        [("rate".to_string(), m)].into()
    };
    let old = claim(1, 1.0, 12);
    assert_eq!(compare(&old, &claim(2, 1.0, 12), |_| true).changes, []);
    assert_eq!(compare(&old, &claim(2, 1.0, 11), |_| true).changes, []);
    let moved = compare(&old, &claim(2, 1.05, 12), |_| true);
    assert_eq!(standings(&moved), [drifted("rate", "rate")]);
    assert!(matches!(moved.changes[0].significance, Some(Significance::Chance(p, a)) if p < a));
    let fewer = compare(&old, &claim(2, 1.0, 6), |_| true);
    assert_eq!(fewer.changes[0].standing, Standing::LessDecided);
    assert_eq!(fewer.changes[0].family, "");
    // Nearer to theory is no drift.
    let better = compare(&claim(1, 1.05, 12), &claim(2, 1.0, 12), |_| true);
    assert!(better.count(Standing::Improved) > 0 && !better.has_drift());
}

#[test]
fn files_that_are_no_baselines_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let baselines = Baselines::at(dir.path());
    baselines
        .write("itd-tight", &measured(&RUN, 0)["itd-tight"])
        .unwrap();
    let file = dir.path().join("itd-tight.json");
    let good = std::fs::read_to_string(&file).unwrap();
    for (from, to, said) in [
        ("\"schema\":1", "\"schema\":2", "`schema`: format version 2"),
        (
            "\"claim\":\"itd-tight\"",
            "\"claim\":\"x\"",
            "`claim`: is \"x\"",
        ),
        ("\"decided\": [", "\"decided\": [3,", "`decided[0]`"),
        ("{", "", ":2"),
    ] {
        std::fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let error = baselines.read().unwrap_err().to_string();
        assert!(
            error.contains(said) && error.contains("itd-tight.json"),
            "{error}"
        );
    }
    std::fs::write(&file, good).unwrap();
    std::fs::remove_file(dir.path().join("samples/itd-tight.json")).unwrap();
    let error = baselines.read().unwrap_err().to_string();
    assert!(error.contains("samples"), "{error}");
    baselines.remove("itd-tight").unwrap();
    assert!(!baselines.exist());
}
