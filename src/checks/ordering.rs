//! Remark after Theorem 4.1: with k = t and Δ_0 = B, AID-FP's PAPER bound ≤ ITD's for all t.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Unit};
use super::worst::Worst;
use crate::error::Result;
use crate::evidence::Run;
use crate::tol::bound_room;

pub(super) const ENTRY: Entry = Entry {
    name: "ordering",
    about: "AID-FP's a priori bound at k = t is below ITD's for all t",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Ordering)),
};

/// AID-FP's PAPER bound at k = t is below ITD's for all t.
#[derive(Debug)]
struct Ordering;

impl Check for Ordering {
    fn label(&self) -> &'static str {
        "ordering"
    }

    fn catches(&self, _: f64) -> String {
        "A constant or power in either bound that breaks their order.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let th = c.e.exact()?.theorem();
        let mut worst = Worst::default();
        let mut at = 0;
        for t in 0..=c.steps {
            let (aid, itd) = (th.paper_aid(t, t), th.paper_itd(t));
            if (aid != 0.0 || itd != 0.0) && worst.see(aid, itd, 1.0, String::new) {
                at = t;
            }
        }
        if worst.compared == 0 {
            let detail = "both bounds are 0: B = 0 and no modulus";
            let numbers = [0.0, 0.0, f64::INFINITY];
            return Ok(Finding::decided(true, Unit::Bound, numbers, detail));
        }
        let (aid, itd) = (worst.measured, worst.bound);
        let holds = worst.ratio <= c.slack * bound_room(2 * at);
        let gap = th.paper_itd(c.steps) / th.paper_aid(c.steps, c.steps);
        let detail = format!(
            "closest at t = {at}: AID-FP {aid:.3e}, ITD {itd:.3e}; ITD/AID-FP at t = {} is {gap:.3}",
            c.steps
        );
        Ok(Finding::below(holds, Unit::Bound, aid, itd, detail)
            .at_step(at)
            .attained())
    }
}
