//! AID-FP's limit is an element of D_joint.
//!
//! With D = D^k at w, S its slopes: ‖D - (A_S D + B_S)‖ ≤ qᵏ‖∂₂Φ(w)‖ + (‖D‖C_1(e) + C_2(e))e for the element of D_Φ(w(λ)) with the same slopes
//! at the kinks, and X_S = (I-A_S)⁻¹B_S is within κ of that. The slopes are found from D itself.

use super::{At, Comparison, Exact, Finding};
use crate::linalg::norm::spectral_upper;
use crate::tol::{DISTANCE_GAP, UNIT, bound_room};
use crate::truth::kinks::{Kinks, Set};

pub(super) fn judge(exact: &Exact, kinks: &Kinks, seen: &[Comparison]) -> Finding {
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, String::new());
    for c in seen {
        let Some(d) = &c.estimate else { continue };
        let (place, e) = match c.at {
            At::Iterate(t) => (
                format!("at w_{t}"),
                exact.run.e[t] + 2.0 * UNIT * exact.run.w[t].norm(),
            ),
            _ => ("at w(λ)".to_string(), exact.truth.fixed_point.error),
        };
        let m = &exact.truth.moduli;
        let size = spectral_upper(d);
        let w_norm = exact.truth.w().norm() + e;
        let defect = exact.theorem.q.powi(c.k as i32) * (m.d2_sup + m.c(2, e) * e)
            + (size * m.c(1, e) + m.c(2, e)) * e
            + 2.0 * exact.truth.rounding.forward_step(w_norm, d.norm());
        let allowed = kinks.kappa() * defect * bound_room(c.k) * (1.0 + DISTANCE_GAP)
            + 2.0 * kinks.kappa() * UNIT * size;
        let Some((slopes, measured)) = kinks.fitted(Set::Joint, d) else {
            let detail = format!("{place}: the estimate is not a finite matrix of the right shape");
            return Finding::decided(false, f64::NAN, allowed, f64::NAN, detail);
        };
        // The certificate of the element itself is part of the measurement.
        let own = kinks
            .element(&slopes[0], &slopes[1])
            .map_or(f64::INFINITY, |x| x.1);
        let most = allowed + own;
        if !(measured <= most) {
            let lower = kinks
                .enclose(Set::Joint, d)
                .map_or(0.0, |enclosure| enclosure.lower);
            let detail = format!(
                "{place}, k = {}: at least {lower:e} from D_joint, {measured:e} from its element with slopes {:?}; allowed {most:e}",
                c.k, slopes[0]
            );
            if lower > most {
                return Finding::decided(false, lower, most, most / lower, detail);
            }
            return Finding::inconclusive(detail);
        }
        let ratio = measured / most;
        if ratio > worst.0 {
            worst = (
                ratio,
                measured,
                most,
                format!("{place}, k = {}: slopes {:?}", c.k, slopes[0]),
            );
        }
    }
    if worst.3.is_empty() {
        return Finding::inconclusive("no matrix to compare");
    }
    Finding::decided(true, worst.1, worst.2, worst.2 / worst.1, worst.3)
}
