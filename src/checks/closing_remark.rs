//! The closing remark of Section 4: with one joint selection, D_t has its limit points in D_imp. Refuted for ITD.
//!
//! D_T is separated from conv D_imp by a direction, proven over all vertices in rationals. Once w_t - w(λ) is a
//! positive multiple of w_{t-2} - w(λ), exactly, and within R, the pieces repeat for ever (Φ - w(λ) is positively homogeneous there), so that
//! what is seen at T is within 2(q^t B + t q^(t-1) e_0 L_2) of a limit point.

use num_traits::Signed;

use super::{Exact, Finding};
use crate::maps::Tie;
use crate::truth::kinks::{Image, Kinks, Set, Shadow, rounded};
use crate::truth::reference::{Itd, Rational};

/// Pairs of consecutive steps that are looked at.
const LOOKED_AT: [usize; 8] = [24, 25, 40, 41, 70, 71, 100, 101];
/// Largest dimension of the exact run.
const MOST_DIM: usize = 3;
/// Where a search stops; a claim that must be refuted goes on.
const SEARCH_STOPS: usize = 41;

pub(super) fn judge(exact: &Exact, kinks: &Kinks, must: bool) -> Finding {
    if kinks.w.len() > MOST_DIM {
        return Finding::inconclusive("too large for a long exact run");
    }
    // In binary64 the alternation of sides ends at the rounding level; in rationals it goes on.
    let mut run = Itd::start(&kinks.naive, exact.run.w[0].as_slice());
    let Some(mut shadow) = Shadow::start(kinks) else {
        return Finding::inconclusive("the shadow's first element could not be solved for");
    };
    let th = &exact.theorem;
    let offset =
        |w: &[Rational]| -> Vec<Rational> { w.iter().zip(&kinks.w).map(|(a, b)| a - b).collect() };
    let mut offsets = vec![offset(&run.w)];
    // The step from which on the pieces repeat.
    let mut repeats: Option<usize> = None;
    // (lower - rest, lower, upper, t, distance to D_fix)
    let mut best: Option<(f64, f64, f64, usize, f64)> = None;
    for k in 0..=LOOKED_AT[LOOKED_AT.len() - 1] {
        let (d, _) = rounded(&run.d, kinks.w.len());
        let to_fix = if k == 0 {
            shadow.distance(&d)
        } else {
            shadow.follow(&d)
        };
        if run.step(&mut Tie::Weight(0.0)).is_none() {
            return Finding::inconclusive("the exact run could not be done");
        }
        if repeats.is_none() {
            offsets.push(offset(&run.w));
            let n = offsets.len() - 1;
            if n >= 2 && same_ray(&offsets[n - 2], &offsets[n]) && exact.run.e[n - 2] < th.moduli.r
            {
                repeats = Some(n - 2);
            }
        }
        let (k, d) = (&k, &d);
        if best.is_some_and(|b| b.0 > crate::tol::KINK_GAP) || (!must && *k > SEARCH_STOPS) {
            break;
        }
        if !LOOKED_AT.contains(k) {
            continue;
        }
        let Some((lower, upper)) = kinks.hull_gap(Set::Imp, Image::Whole, d) else {
            return Finding::inconclusive("D_imp has too many vertices for rationals here");
        };
        // What may still change: the same pieces alternate, so D_t is within this of its limit.
        let rest = 2.0
            * (th.q.powi(*k as i32) * th.b
                + *k as f64 * th.q.powi(*k as i32 - 1) * th.e0 * th.moduli.l[1]);
        if best.is_none_or(|b| lower - rest > b.0) {
            best = Some((lower - rest, lower, upper, *k, to_fix));
        }
    }
    let Some((margin, lower, upper, at, to_fix)) = best else {
        return Finding::inconclusive("no estimates");
    };
    let refuted = margin > crate::tol::KINK_GAP;
    if refuted && must && repeats.is_none() {
        return Finding::inconclusive("the pieces are not seen to repeat for ever");
    }
    let limit = match repeats {
        Some(t) => format!("its limit (the pieces repeat for ever from t = {t} on)"),
        None => "its limit, should the sides go on changing,".into(),
    };
    let detail = if refuted {
        format!(
            "refuted: D_{at} is at least {lower:.6} from conv D_imp (proven in rationals over all vertices), {limit} at least {margin:.6}; D_{at} is {to_fix:.3e} from an element of D_fix"
        )
    } else {
        format!(
            "not refuted here: D_{at} is between {lower:.3e} and {upper:.3e} from conv D_imp, {to_fix:.3e} from an element of D_fix"
        )
    };
    if must {
        return Finding::decided(
            refuted,
            lower,
            crate::tol::KINK_GAP,
            lower / crate::tol::KINK_GAP,
            detail,
        );
    }
    Finding::decided(lower.is_finite(), lower, upper, f64::NAN, detail)
}

/// y is a positive multiple of x, or both are 0.
fn same_ray(x: &[Rational], y: &[Rational]) -> bool {
    let parallel = (0..x.len()).all(|i| (0..i).all(|j| &x[i] * &y[j] == &x[j] * &y[i]));
    let pairs = x.iter().zip(y);
    parallel && pairs.into_iter().all(|(a, b)| a.signum() == b.signum())
}
