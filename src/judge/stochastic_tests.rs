//! Claims about NSID and SID: their bytes, draws that are none, and a theorem that is sharp.

use std::sync::atomic::AtomicBool;

use super::{Judging, judge};
use crate::case::{Answer, Batches, Case, Draw, Factory, Implementation, Method};
use crate::checks::Ruling;
use crate::claims::{Catalogue, Claim, Label, Profile};
use crate::evidence::Evidence;
use crate::instances::{Instance, Kind, Spec};
use crate::methods::Ours;
use crate::runner::Plan;

/// The claims about NSID and SID.
fn claims() -> Vec<Claim> {
    let all = Catalogue::builtin().unwrap();
    let stochastic = |c: &&Claim| c.method.is_stochastic();
    all.claims().iter().filter(stochastic).cloned().collect()
}

fn plan(seed: u64, profile: Profile) -> Plan<'static> {
    Plan {
        claims: claims(),
        profile,
        seed,
        jobs: Some(2),
        shard: None,
        times: 1,
        alpha: 1e-9,
        factory: &Ours,
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

/// An implementation that is right but for what it draws.
struct Draws(fn(&Draw) -> crate::error::Result<Batches>);

impl Implementation for Draws {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        Ours.make(Method::NSID).unwrap().run(case)
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
    let instance = Instance::generate(&spec, 3).unwrap();
    let label = Label {
        kind: instance.spec.kind.name().into(),
        family: 0,
        index: 0,
        plot: false,
        redrawn: 0,
    };
    let evidence = Evidence::new(&instance, claim.method, claim.horizon());
    let judging = Judging {
        share: 1e-9,
        record: false,
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
        let judged = judge(claim, &evidence, &label, judging, &mut Draws(draw));
        assert_eq!(judged.verdicts[0].status, Ruling::Fail);
        assert!(
            judged.verdicts[0].detail.contains(why),
            "{}",
            judged.verdicts[0].detail
        );
    }
}

/// The variance of ‖r - r*‖² underflows: what is no number cannot fail correct code.
#[test]
fn cotangents_of_norm_1e_100_fail_nobody() {
    let all = claims();
    let claim = all.iter().find(|c| c.name == "nsid-simulation").unwrap();
    let spec = Spec {
        cotangent: Some(1e-100),
        ..Spec::typical(Kind::NoiseExtremal, 1)
    };
    let instance = Instance::generate(&spec, 3).unwrap();
    let evidence = Evidence::new(&instance, claim.method, claim.horizon());
    let judging = Judging {
        share: 1e-9,
        record: false,
    };
    let label = Label::named("noise-extremal");
    let mut subject = Ours.make(Method::NSID).unwrap();
    let judged = judge(claim, &evidence, &label, judging, subject.as_mut());
    let (status, detail) = (judged.verdicts[0].status, &judged.verdicts[0].detail);
    assert_eq!(status, Ruling::Inconclusive, "{detail}");
    assert!(detail.contains("underflows"), "{detail}");
}
