//! Remark after Theorem 4.1: with k = t and Δ_0 = B, AID-FP's PAPER bound ≤ ITD's for all t.

use super::{Check, Exact, Finding};
use crate::tol::bound_room;

pub(super) fn judge(check: &Check, exact: &Exact) -> Finding {
    let th = &exact.theorem;
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0);
    for t in 0..=check.steps {
        let (aid, itd) = (th.paper_aid(t, t), th.paper_itd(t));
        let ratio = aid / itd;
        let both_zero = aid == 0.0 && itd == 0.0;
        if !(both_zero || ratio <= worst.0) {
            worst = (ratio, aid, itd, t);
        }
    }
    let (ratio, aid, itd, t) = worst;
    if ratio == f64::NEG_INFINITY {
        return Finding::decided(
            true,
            0.0,
            0.0,
            f64::INFINITY,
            "both bounds are 0: B = 0 and no modulus".into(),
        );
    }
    let holds = ratio <= check.slack * bound_room(2 * t);
    let gap = th.paper_itd(check.steps) / th.paper_aid(check.steps, check.steps);
    let detail = format!(
        "closest at t = {t}: AID-FP {aid:e}, ITD {itd:e}; ITD/AID-FP at t = {} is {gap:.3}",
        check.steps
    );
    Finding::decided(holds, aid, itd, itd / aid, detail)
}
