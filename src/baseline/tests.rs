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
    run_of(&CLAIMS, Profile::Test, seed)
}

fn run_of(names: &[&str], profile: Profile, seed: u64) -> Output {
    let names: Vec<String> = names.iter().map(|n| (*n).into()).collect();
    let claims = Catalogue::builtin().unwrap().select(&names).unwrap();
    let plan = Plan {
        claims,
        profile,
        seed,
        jobs: None,
        shard: None,
        times: 1,
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
    assert!(!baselines.exist().unwrap());
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
    assert_eq!(standings(&found), [drifted("nsid-simulation", "exponent")]);
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

/// A bound that became infinite, or values that are no longer recorded, are no quantities that
/// happen not to be compared.
#[test]
fn what_is_no_longer_measured_is_gone() {
    let infinite = after(|verdicts, records| {
        for v in verdicts.iter_mut().filter(|v| v.claim == "itd-bound") {
            v.headroom = f64::INFINITY;
        }
        records.retain(|r| r.origin.claim != "itd-bound");
    });
    let no_fits = after(|_, records| records.retain(|r| !matches!(r.data, Data::Fit(_))));
    let one_less = after(|_, records| {
        let first = records
            .iter()
            .position(|r| matches!(r.data, Data::Slack(_)));
        records.remove(first.unwrap());
    });
    for (found, claim) in [
        (&infinite, "itd-bound"),
        (&no_fits, "aid-fp-local-rate"),
        (&one_less, "itd-bound"),
    ] {
        assert!(found.has_drift(), "{claim}");
        let gone = |c: &&Change| c.standing == Standing::Gone && !c.quantity.is_empty();
        assert!(
            found.changes.iter().any(|c| gone(&c) && c.claim == claim),
            "{:?}",
            found.changes
        );
    }
    assert_eq!(one_less.changes.len(), 1);
}

/// One instance that got better hides none that got worse.
#[test]
fn a_gain_hides_no_loss() {
    let found = after(|_, records| {
        let mut first = true;
        for r in records.iter_mut().filter(|r| r.origin.kind == "layer-relu") {
            if let Data::Fit(fit) = &mut r.data {
                let (by, off) = (1.0016, (fit.fitted / fit.predicted - 1.0).abs());
                fit.fitted = if first && off > 0.0 {
                    fit.predicted
                } else {
                    by * fit.fitted
                };
                first = false;
            }
        }
    });
    assert_eq!(standings(&found), [drifted("aid-fp-local-rate", "rate")]);
}

/// What ceases to apply has decided less.
#[test]
fn not_applicable_is_not_decided() {
    let found = after(|verdicts, _| {
        let own = verdicts.iter_mut().filter(|v| v.claim == "itd-exact");
        own.step_by(2)
            .for_each(|v| v.status = Ruling::NotApplicable);
    });
    assert!(found.count(Standing::LessDecided) > 0 && found.has_drift());
    assert_eq!(found.count(Standing::Improved), 0);
}

/// On another seed, with the counts of the quick profile and nothing but what was recorded of one
/// run.
#[test]
fn planted_faults_are_seen_on_another_seed() {
    let claims = ["aid-fp-local-rate", "nsid-limit", "nsid-simulation"];
    let by_claim = |run: &Output, seed: u64| -> ByClaim {
        let mut all = measured(run, seed);
        all.retain(|claim, _| claims.contains(&claim.as_str()));
        all
    };
    let old = by_claim(&run_of(&claims, Profile::Quick, 0), 0);
    let now = run_of(&claims, Profile::Quick, 1);
    let found = |edit: &dyn Fn(&mut Output)| {
        let mut changed = now.clone();
        edit(&mut changed);
        compare(&old, &by_claim(&changed, 1), |_| true)
    };
    let unchanged = found(&|_| {});
    assert_eq!(unchanged.changes, []);
    assert!(unchanged.telling > 20 && unchanged.telling < unchanged.compared);
    let slower = found(&|run| {
        for r in run
            .records
            .iter_mut()
            .filter(|r| r.origin.kind == "layer-relu")
        {
            if let Data::Fit(fit) = &mut r.data {
                fit.fitted *= 1.05;
            }
        }
    });
    assert!(standings(&slower).contains(&drifted("aid-fp-local-rate", "rate")));
    let halved = found(&|run| fits(&mut run.records, "1/k", |slope| *slope *= 0.5));
    assert!(standings(&halved).contains(&drifted("nsid-simulation", "exponent")));
    let doubled = found(&|run| {
        for v in run.verdicts.iter_mut().filter(|v| v.claim == "nsid-limit") {
            v.measured *= 2.0;
        }
    });
    assert!(standings(&doubled).contains(&drifted("nsid-limit", "constant")));
    for planted in [slower, halved, doubled] {
        assert!(
            planted
                .changes
                .iter()
                .all(|c| c.standing == Standing::Drifted)
        );
    }
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
    let [change] = violated.changes.as_slice() else {
        panic!("{:?}", violated.changes);
    };
    assert!(change.count == 1 && change.instance.as_ref().unwrap().starts_with("itd-exact/"));
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
        (
            ",\"decided\":",
            ",\"decided\":9",
            "decided more than were drawn",
        ),
    ] {
        std::fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let error = baselines.read().unwrap_err().to_string();
        assert!(
            error.contains(said) && error.contains("itd-tight.json"),
            "{error}"
        );
    }
    std::fs::write(&file, good).unwrap();
    let samples = dir.path().join("samples/itd-tight.json");
    let good = std::fs::read_to_string(&samples).unwrap();
    for bad in ["0.0", "-1.0", "1e-320", "1.7e308"] {
        let text = good.replacen("\"values\":[", &format!("\"values\":[{bad},"), 1);
        std::fs::write(&samples, text).unwrap();
        let error = baselines.read().unwrap_err().to_string();
        assert!(error.contains("samples[0].values"), "{bad}: {error}");
    }
    std::fs::remove_file(dir.path().join("samples/itd-tight.json")).unwrap();
    let error = baselines.read().unwrap_err().to_string();
    assert!(error.contains("samples"), "{error}");
    baselines.remove("itd-tight").unwrap();
    // Names come from runs that others may have made.
    for name in ["../evil", "/tmp/evil", "", "a b", &"a".repeat(101)] {
        let error = baselines
            .write(name, &Measured::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("no name of a claim"), "{error}");
    }
    assert!(!baselines.exist().unwrap());
}
