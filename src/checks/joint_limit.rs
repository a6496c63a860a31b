//! The limit of AID is an element of D_joint; in reverse mode its image is.
//!
//! With D = D^k at w, S its slopes: ‖D - (A_S D + B_S)‖ ≤ qᵏ‖∂₂Φ(w)‖ + (‖D‖C_1(e) + C_2(e))e for the element of D_Φ(w(λ)) with the same slopes
//! at the kinks, and X_S = (I-A_S)⁻¹B_S is within κ of that. The slopes are found from D itself. Where e ≥ R and a unit of an elastic net has
//! changed sign, no element has its slopes; C_2 is attained there all the same, and no point was found that breaks the bound.
//!
//! For AID-CG the distance is certified and what rounding may cost is measured (`termination::allowance`).

use super::super::termination::allowance_at_ties;
use super::{At, Comparison, Exact, Finding, Method, image};
use crate::claims::evidence::reverse_floor;
use crate::linalg::Matrix;
use crate::linalg::norm::spectral_upper;
use crate::tol::{CG_KAPPA, DISTANCE_GAP, UNIT, bound_room};
use crate::truth::kinks::{Image, Kinks, Set};

pub(super) fn judge(exact: &Exact, kinks: &Kinks, method: Method, seen: &[Comparison]) -> Finding {
    if method == Method::AidCg && exact.truth.kappa() > CG_KAPPA {
        return Finding::inconclusive(format!(
            "κ = {:.1} > {CG_KAPPA}: finite termination is not claimed in floating point",
            exact.truth.kappa()
        ));
    }
    let image = image(exact, method);
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
        let d2 = m.d2_sup + m.c(2, e) * e;
        let w_norm = exact.truth.w().norm() + e;
        // ‖D‖ ≤ κ‖∂₂Φ‖ for every D of AID-FP, which stands in where only Dᵀy is seen; and what rounding costs.
        let most_size = kinks.kappa() * d2 * (1.0 + DISTANCE_GAP);
        let (size, rounding) = match image {
            Image::Whole => {
                let frobenius = most_size * (d.ncols() as f64).sqrt();
                let norm = d.norm().min(frobenius);
                let step = exact.truth.rounding.forward_step(w_norm, norm);
                (spectral_upper(d).min(most_size), 2.0 * kinks.kappa() * step)
            }
            Image::Cotangent(_) => (
                most_size,
                match method {
                    Method::AidCg => allowance_at_ties(exact, c.at, d2),
                    _ => reverse_floor(&exact.truth, (w_norm, e), c.k),
                },
            ),
        };
        // Conjugate gradients have ended.
        let left = match method {
            Method::AidCg => 0.0,
            _ => exact.theorem.q.powi(c.k as i32) * d2,
        };
        let defect = left + (size * m.c(1, e) + m.c(2, e)) * e;
        let allowed = (kinks.kappa() * defect + rounding) * bound_room(c.k) * (1.0 + DISTANCE_GAP)
            + 2.0 * kinks.kappa() * UNIT * size;
        if !kinks.fits(image, d) {
            let detail = format!("{place}: the estimate is not finite or not of the right shape");
            return Finding::decided(false, f64::NAN, allowed, f64::NAN, detail);
        }
        if !allowed.is_finite() {
            return Finding::inconclusive(format!("{place}: no finite allowance for rounding"));
        }
        let (slopes, measured) = kinks
            .fitted(Set::Joint, image, d)
            .unwrap_or((Default::default(), f64::INFINITY));
        // The certificate of the element itself is part of the measurement.
        let own = kinks
            .element(&slopes[0], &slopes[1])
            .filter(|_| measured.is_finite())
            .map_or(0.0, |x| x.1);
        let most = allowed + own;
        if !(measured <= most) {
            let (lower, proof) = certificate(kinks, image, d, most);
            let detail = format!(
                "{place}, k = {}: at least {lower:e} from D_joint{proof}, {measured:e} from its element with slopes {:?}; allowed {most:e}",
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
        return Finding::inconclusive("nothing to compare");
    }
    Finding::decided(true, worst.1, worst.2, worst.2 / worst.1, worst.3)
}

/// A lower bound of the distance to D_joint, and what it rests on: rationals where they exceed `most`.
fn certificate(kinks: &Kinks, image: Image, d: &Matrix, most: f64) -> (f64, &'static str) {
    if let Some((lower, _)) = kinks.hull_gap(Set::Joint, image, d)
        && lower > most
    {
        return (lower, " (proven in rationals: outside its hull)");
    }
    if let Some(outside) = kinks.outside_fix(image, d, most)
        && outside.lower > most
    {
        return (outside.lower, " (proven in rationals: outside D_fix)");
    }
    let enclosure = kinks.enclose(Set::Joint, image, d);
    let ball = kinks.outside_ball(image, d).unwrap_or(0.0);
    (
        enclosure.map_or(0.0, |e| e.lower).max(ball),
        " (certified with outward rounding)",
    )
}
