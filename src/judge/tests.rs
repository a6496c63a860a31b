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
