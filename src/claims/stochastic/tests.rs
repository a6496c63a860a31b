//! Every check passes on correct code and fails on a planted fault.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use super::{judge, share};
use crate::claims::verdict::Status;
use crate::claims::{Catalogue, Claim, Label, Profile};
use crate::faults::stochastic::{Fault, Faulty};
use crate::instances::{StochasticInstance, mix};
use crate::runner::Plan;

/// The claims about NSID and SID.
fn claims() -> Vec<Claim> {
    let all = Catalogue::builtin().unwrap();
    let stochastic = |c: &&Claim| c.method.stochastic().is_some();
    all.claims().iter().filter(stochastic).cloned().collect()
}

fn plan(seed: u64, profile: Profile) -> Plan {
    Plan {
        claims: claims(),
        profile,
        seed,
        jobs: Some(2),
        shard: None,
        alpha: 1e-9,
    }
}

#[test]
fn correct_code_violates_nothing_on_several_seeds() {
    let mut decided = 0;
    for seed in 0..3 {
        let plan = plan(seed, Profile::Test);
        let out = plan.run(None, &AtomicBool::new(false), &|_, _| ()).unwrap();
        for v in &out.verdicts {
            assert_ne!(v.status, Status::Fail, "{} {}", v.id, v.detail);
            decided += usize::from(v.status == Status::Pass);
        }
        assert!(decided > 0);
    }
}

/// Every claim of a method on its quick families, with a fault planted: the names of the checks that fail.
fn caught(fault: Fault, seed: u64) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for claim in claims() {
        let exact = claim.name.ends_with("-exact");
        let wanted = if fault.is_sampling() {
            claim.name == "nsid-simulation"
        } else {
            exact
        };
        if !wanted {
            continue;
        }
        for (f, family) in claim.families.iter().enumerate() {
            for index in 0..family.count(Profile::Quick).min(2) {
                // Replicates take time, and one catch is enough.
                if fault.is_sampling() && !out.is_empty() {
                    return out;
                }
                let seed = mix(&[seed, f as u64, index as u64]);
                let spec = family.draw(index, seed);
                let instance = StochasticInstance::generate(&spec, seed).unwrap();
                let label = Label {
                    instance: format!("{}.{f}.{index}", family.kind.name()),
                    replay: String::new(),
                    plot: false,
                };
                let share = share(1e-9, 1).unwrap();
                let judged = judge(
                    &claim,
                    &instance,
                    &label,
                    share,
                    &mut Faulty::new(claim.method, fault),
                );
                for v in judged.verdicts {
                    if v.status == Status::Fail {
                        let name = v.detail.split('`').nth(1).unwrap_or("unnamed").to_string();
                        out.insert(format!("{}:{name}", v.check));
                    }
                }
            }
        }
    }
    out
}

#[test]
fn every_planted_fault_is_caught_and_most_are_named() {
    let mut named = 0;
    for (name, fault) in Fault::MISTAKES {
        let by = caught(fault, 11);
        assert!(!by.is_empty(), "{name} is not caught");
        let own = format!("exact-trajectory:{name}");
        named += usize::from(by.contains(&own));
        if !fault.is_sampling() {
            let wrong: Vec<&String> = by
                .iter()
                .filter(|b| **b != own && !b.ends_with(":unnamed"))
                .collect();
            assert!(wrong.is_empty(), "{name} is named {wrong:?}");
        }
    }
    assert!(named >= 15, "only {named} faults are named");
}

#[test]
fn correct_variants_pass_everything() {
    for (name, variant) in Fault::VARIANTS {
        for seed in 20..23 {
            let by = caught(variant, seed);
            assert!(by.is_empty(), "{name} fails {by:?}");
        }
    }
}
