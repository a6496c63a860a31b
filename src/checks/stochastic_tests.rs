//! Every check passes on correct code and fails on a planted fault.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use super::{judge, share};
use crate::claims::verdict::Status;
use crate::claims::{Catalogue, Claim, Label, Profile};
use crate::faults::stochastic::{Fault, Faulty};
use crate::instances::{StochasticInstance, mix};
use crate::methods::Method;
use crate::methods::nsid::{Batches, Draw, Estimates, StochasticCase, StochasticDifferentiator};
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
                        let names: Vec<&str> = v.detail.split('`').skip(1).step_by(2).collect();
                        out.insert(format!("{}:{}", v.check, names.join(" or ")));
                    }
                }
            }
        }
    }
    out
}

#[test]
fn every_planted_fault_is_caught_and_named() {
    for (name, _, fault) in Fault::MISTAKES {
        let by = caught(fault, 11);
        assert!(!by.is_empty(), "{name} is not caught");
        let names = |b: &String| b.split_once(':').map_or(String::new(), |(_, n)| n.into());
        assert!(
            by.iter().any(|b| names(b) == name),
            "{name} is nowhere named alone: {by:?}"
        );
        let wrong: Vec<&String> = by
            .iter()
            .filter(|b| !names(b).is_empty() && !names(b).split(" or ").any(|n| n == name))
            .collect();
        assert!(wrong.is_empty(), "{name} is named {wrong:?}");
    }
}

#[test]
fn correct_variants_pass_everything() {
    for (name, _, variant) in Fault::VARIANTS {
        for seed in 20..23 {
            let by = caught(variant, seed);
            assert!(by.is_empty(), "{name} fails {by:?}");
        }
    }
}

#[test]
fn threads_and_shards_change_no_byte() {
    let lines = |jobs: usize, shard: Option<(usize, usize)>| -> Vec<String> {
        let mut plan = plan(5, Profile::Test);
        plan.claims
            .retain(|c| c.name.ends_with("-simulation") || c.name == "nsid-limit");
        (plan.jobs, plan.shard) = (Some(jobs), shard);
        let out = plan.run(None, &AtomicBool::new(false), &|_, _| ()).unwrap();
        out.verdicts.iter().map(|v| v.to_line()).collect()
    };
    let mut whole = lines(1, None);
    assert_eq!(whole, lines(2, None));
    let mut parts = [lines(2, Some((1, 2))), lines(2, Some((2, 2)))].concat();
    whole.sort();
    parts.sort();
    assert_eq!(whole, parts);
}

/// Theory, section 5: with b_T2 taken at w(λ) alone, without C_T2√ρ, the bound of Theorem 5.4 is violated by the
/// planted instance; as stated it holds.
#[test]
fn a_weakened_theorem_5_4_is_refuted_by_the_extremal_instance() {
    use crate::instances::{Kind, Spec};
    use crate::theory::{LemmaD3, Theorem54};
    use crate::truth::expectation::{Recursion, certain_readout};
    let instance = StochasticInstance::generate(&Spec::typical(Kind::NoiseExtremal, 1), 0).unwrap();
    let (map, lambda, y) = (&instance.map, &instance.lambda[..], &instance.cotangent[..]);
    let variance = map.variance(&instance.w, lambda, 1);
    let lemma = LemmaD3 {
        q: map.q(lambda),
        sigma1: variance.sigma1,
        y_norm: 1.0,
    };
    let rate = lemma.rate(1.0, 1.0).unwrap();
    let k = 1000;
    let (gamma, read) = certain_readout(map, &instance.w, lambda, 1).unwrap();
    let mut recursion = Recursion::nsid(map, &instance.w, lambda, &gamma, y, 1).unwrap();
    let at = recursion.moments(k, |i| rate.step(i));
    let error = read
        .mse(&recursion, &at, &crate::linalg::Vector::zeros(1))
        .sqrt();
    let theorem = Theorem54::new(map, &[0.0], lambda, y, &variance);
    let rho = 0.01 * (1.0 + f64::EPSILON * 8.0);
    assert!(error <= theorem.bound(rho, 1, rate.at(k)).unwrap());
    // κY C_T2√ρ stays: only the factor of sqrt(σ(k)) loses it.
    let kappa = 1.0 / (1.0 - lemma.q);
    let weakened = (theorem.bt + theorem.bg) * rate.at(k).sqrt() + kappa * theorem.ct2 * rho.sqrt();
    assert!(error > weakened, "{error} ≤ {weakened}");
}

/// An implementation that is right but for what it draws.
struct Draws(fn(&Draw) -> crate::error::Result<Batches>);

impl StochasticDifferentiator for Draws {
    fn run(&mut self, case: &StochasticCase<'_>) -> Estimates {
        Faulty::new(Method::Nsid, Fault::IncrementForm).run(case)
    }
    fn draw(&mut self, request: &Draw) -> crate::error::Result<Batches> {
        (self.0)(request)
    }
}

#[test]
fn draws_of_the_wrong_shape_fail_and_say_so() {
    let all = claims();
    let claim = all.iter().find(|c| c.name == "nsid-simulation").unwrap();
    let spec = claim.families[0].draw(0, 3);
    let instance = StochasticInstance::generate(&spec, 3).unwrap();
    let label = Label {
        instance: "x".into(),
        replay: String::new(),
        plot: false,
    };
    type Drawn = fn(&Draw) -> crate::error::Result<Batches>;
    let wrong: [(Drawn, &str); 3] = [
        (
            |r| Batches::new(&vec![vec![0; r.size]; r.count + 1]),
            "asked for",
        ),
        (
            |r| Batches::new(&vec![vec![r.population; r.size]; r.count]),
            "drew sample",
        ),
        (|_| Err(crate::error::Error::input("empty")), "no samples"),
    ];
    for (draw, why) in wrong {
        let judged = judge(claim, &instance, &label, 1e-9, &mut Draws(draw));
        assert_eq!(judged.verdicts[0].status, Status::Fail);
        assert!(
            judged.verdicts[0].detail.contains(why),
            "{}",
            judged.verdicts[0].detail
        );
    }
}
