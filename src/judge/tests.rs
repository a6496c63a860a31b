//! What the end of a run means for the checks that asked for it.

use super::{Judging, judge};
use crate::case::{Answer, Case, Factory, Implementation, Method, Status, Trouble};
use crate::checks::{Reason, Ruling};
use crate::claims::{Catalogue, Label, Verdict};
use crate::evidence::Evidence;
use crate::instances::{Instance, Kind, Spec};
use crate::methods::Ours;

/// Ours, but for how some runs end.
struct Ends(fn(run: usize) -> Option<Status>, usize);

impl Implementation for Ends {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let n = self.1;
        self.1 += 1;
        let mut answer = Ours.make(Method::AID_FP).unwrap().run(case);
        match (self.0)(n) {
            Some(status @ Status::NotConverged { .. }) => answer.status = status,
            Some(status) => return Answer::without(status),
            None => {}
        }
        answer
    }
}

fn verdicts(ends: fn(usize) -> Option<Status>) -> Vec<Verdict> {
    let claim = Catalogue::builtin()
        .unwrap()
        .select(&["aid-fp-exact".into()])
        .unwrap()
        .remove(0);
    let instance = Instance::generate(&Spec::typical(Kind::ElasticNet, 4), 2).unwrap();
    let evidence = Evidence::new(&instance, claim.method, claim.horizon());
    let judging = Judging {
        share: 1e-9,
        record: false,
    };
    let label = Label::named("elastic-net");
    judge(&claim, &evidence, &label, judging, &mut Ends(ends, 0)).verdicts
}

#[test]
fn what_is_skipped_hides_no_failure() {
    let skipped = |n| (n == 0).then(|| Status::Skipped("not now".into()));
    let all = verdicts(skipped);
    assert!(all.iter().all(|v| v.reason == Some(Reason::Skipped)));
    let diverged = |n| match n {
        0 => Some(Status::Skipped("not now".into())),
        1 => Some(Status::Diverged { step: 3 }),
        _ => None,
    };
    assert!(verdicts(diverged).iter().any(|v| v.status == Ruling::Fail));
    let failed = |n| match n {
        0 => Some(Status::Skipped("not now".into())),
        1 => Some(Status::Failed {
            trouble: Trouble::Error,
            why: "out of memory".into(),
        }),
        _ => None,
    };
    let all = verdicts(failed);
    assert_eq!(all.last().unwrap().check, "error");
    assert_eq!(all.last().unwrap().status, Ruling::Fail);
}

#[test]
fn what_has_not_converged_is_judged() {
    let all = verdicts(|_| Some(Status::NotConverged { step: 5 }));
    assert!(all.iter().all(|v| v.status == Ruling::Pass), "{all:?}");
}

/// On a simplex S is singular; the allowance of conjugate gradients is finite there, and small.
#[test]
fn conjugate_gradients_on_a_simplex_have_a_floor() {
    let catalogue = Catalogue::builtin().unwrap();
    let claim = catalogue.select(&["aid-cg-termination".into()]).unwrap();
    let claim = &claim[0];
    let mut decided = 0;
    for (dim, seed) in (1..6).flat_map(|dim| (0..4).map(move |seed| (dim, seed))) {
        let spec = Spec {
            q: 0.5,
            ..Spec::typical(Kind::SimplexQp, dim)
        };
        let instance = Instance::generate(&spec, seed).unwrap();
        let evidence = claim.evidence(&instance, crate::Roundoff::DOUBLE);
        let judging = Judging {
            share: 1e-9,
            record: false,
        };
        let label = Label::named("simplex-qp");
        let mut ours = Ours.make(claim.method).unwrap();
        let mut scaled = Scaled(1.0 + 1e-6);
        let judged = judge(claim, &evidence, &label, judging, ours.as_mut());
        let wrong = judge(claim, &evidence, &label, judging, &mut scaled);
        for (right, wrong) in judged.verdicts.iter().zip(&wrong.verdicts) {
            assert_ne!(right.status, Ruling::Fail, "{}", right.detail);
            if right.status == Ruling::Pass {
                assert!(right.bound < 1e-9, "d = {dim}: {}", right.bound);
                // On a simplex of one point everything is 0.
                let expected = if dim == 1 { Ruling::Pass } else { Ruling::Fail };
                assert_eq!(wrong.status, expected, "d = {dim}: {}", wrong.detail);
                decided += 1;
            }
        }
    }
    assert!(decided >= 15, "{decided}");
}

/// Ours, times a factor.
struct Scaled(f64);

impl Implementation for Scaled {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let mut answer = Ours.make(Method::AID_CG).unwrap().run(case);
        for u in &mut answer.estimates {
            *u *= self.0;
        }
        answer
    }
}
