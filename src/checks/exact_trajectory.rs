//! Every estimate equals the double-double recursion to the rounding floor.

use super::{Check, Comparison, Exact, Finding, is_worse, part};
use crate::claims::evidence::At;

pub(super) fn judge(check: &Check, exact: &Exact, seen: &[Comparison]) -> Finding {
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, At::Start, 0);
    let mut resolution = f64::INFINITY;
    let mut compared = 0;
    let mut enclosed = 0;
    for c in seen.iter().filter(|c| c.band.is_finite()) {
        let Some(deviation) = c.deviation else {
            continue;
        };
        compared += 1;
        enclosed += usize::from(!c.comparable);
        let floor = check.slack * c.floor + c.band;
        // At step 0 both are exactly zero and so is the floor.
        let ratio = part(deviation, floor);
        if is_worse(ratio, worst.0) {
            worst = (ratio, deviation, floor, c.at, c.k);
        }
        if c.size > 0.0 {
            resolution = resolution.min(floor / c.size);
        }
    }
    let stopped = match exact.run.doubt_from {
        Some(t) if enclosed > 0 => format!(
            "; from t = {t} on, where a unit is within rounding of its kink, in the set of what all selections there can give"
        ),
        Some(t) => format!(
            "; exact comparison stops at t = {t}, where a unit is within rounding of its kink"
        ),
        None => String::new(),
    };
    if compared == 0 {
        return Finding::inconclusive(format!("nothing to compare{stopped}"));
    }
    let (ratio, deviation, floor, at, k) = worst;
    let place = match at {
        At::Start => format!("at t = {k}"),
        At::Iterate(t) => format!("at w_{t}, k = {k}"),
        At::Solution => format!("at w(λ), k = {k}"),
    };
    if !(ratio <= 1.0) {
        let detail = format!(
            "{place}: deviates from the exact recursion by {deviation:e}, floor {floor:e}{stopped}"
        );
        return Finding::decided(false, deviation, floor, floor / deviation, detail);
    }
    let detail = format!(
        "{compared} estimates, worst {place}; a relative deviation of {resolution:.1e} where rounding matters least would have failed{stopped}"
    );
    Finding::decided(true, deviation, floor, floor / deviation, detail)
}
