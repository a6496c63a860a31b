//! Products exactly at special points against those of their neighbours (theory, section 10, item
//! 3).
//!
//! Owns a finding that is never a failure: one point has measure 0, and a larger conservative
//! derivative contains whatever is chosen there.

use super::caller::{Asked, Caller, Part};
use super::noise::Noise;
use super::report::Found;
use super::units::Units;
use crate::checks::Reason;
use crate::linalg::random::Random;
use crate::tol::{SERVED_BESIDE, SERVED_BESIDE_PIECES, SERVED_BESIDE_SLACK, SERVED_DECLARED};

/// Neighbours of a point.
const COUNT: usize = 64;

/// Vv, or Vᵀu where only that is served, lies in the range of V(x + 1e-7·s·ξ)v, component by
/// component.
pub(super) fn judge(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    special: &[(&str, Vec<f64>)],
    random: &mut Random,
) -> Asked<Found> {
    let check = "neighbours";
    let mut kinks = 0;
    for (name, x) in special {
        let jvp = caller.spec.products.jvp;
        let u = if jvp {
            units.direction(x, 1.0, random)
        } else {
            units.functional(random)
        };
        let mut points = vec![x.clone()];
        points.extend((0..COUNT).map(|_| units.beside(x, SERVED_BESIDE, random)));
        let pairs: Vec<_> = points.into_iter().map(|x| (x, u.clone())).collect();
        let all = if jvp {
            caller.jvps(Part::Whole, &pairs)
        } else {
            caller.vjps(Part::Whole, &pairs)
        };
        let all = match all {
            Ok(all) => all,
            Err(trouble) if trouble.is_budget() => return Err(trouble),
            // A square root has no slope at 0: all other checks keep away from such points.
            Err(trouble) => {
                let text = format!("at {name} there is no product: {}", trouble.text());
                return Ok(Found::open(check, Reason::Error, [f64::NAN; 2], text));
            }
        };
        // Vv has the units of w, Vᵀu the inverse ones.
        let scaled = |v: &[f64]| -> Vec<f64> {
            let one = |(x, s): (&f64, &f64)| if jvp { x / s } else { x * s };
            v.iter().zip(&units.s).map(one).collect()
        };
        let here = scaled(&all[0]);
        let around: Vec<Vec<f64>> = all[1..].iter().map(|v| scaled(v)).collect();
        let size = around.iter().flatten().fold(0.0f64, |m, v| m.max(v.abs()));
        let declared = SERVED_DECLARED * caller.spec.tolerance;
        let slack = (SERVED_BESIDE_SLACK + 16.0 * noise.products + declared) * size;
        for (i, value) in here.iter().enumerate() {
            let mut column: Vec<f64> = around.iter().map(|v| v[i]).collect();
            column.sort_by(f64::total_cmp);
            let (lo, hi) = (column[0], column[COUNT - 1]);
            let pieces = 1 + column.windows(2).filter(|v| v[1] - v[0] > slack).count();
            kinks += usize::from(pieces > 1);
            let outside = *value < lo - slack || *value > hi + slack;
            if outside && pieces <= SERVED_BESIDE_PIECES {
                let text = format!(
                    "at {name} component {i} of the product is {value:.4} in units of the scales, \
                     those of {COUNT} neighbours lie in [{lo:.4}, {hi:.4}]: no violation, but no \
                     slope that Φ has nearby"
                );
                let gap = (lo - value).max(value - hi);
                return Ok(Found::open(check, Reason::NoSeparation, [gap, slack], text)
                    .naming("a slope at a kink that Φ has on neither side"));
            }
        }
    }
    let names: Vec<&str> = special.iter().map(|s| s.0).collect();
    let text = format!(
        "products at {} lie among those of {COUNT} neighbours each, {kinks} components of which \
         differ among themselves (where more than {SERVED_BESIDE_PIECES} values occur nothing is said)",
        names.join(" and ")
    );
    Ok(Found::passed(check, [0.0, 1.0], text))
}
