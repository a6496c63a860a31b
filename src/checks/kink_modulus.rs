//! Lemma 2.5 and Theorem B.2 at a point on kinks: the excess of D_Φ(u) over the *set* D_Φ(w(λ)).

use super::{Exact, Finding};
use crate::instances::Random;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Rounding, Tie};
use crate::sets::{DiagonalBox, Effort, distance};
use crate::tol::{DISTANCE_GAP, UNIT, bound_room, gamma};
use crate::truth::kinks::Kinks;

/// Directions sampled, and radii along each.
const DIRECTIONS: usize = 6;

pub(super) fn judge(exact: &Exact, kinks: &Kinks) -> Finding {
    let truth = &exact.truth;
    let f = &kinks.form;
    let (mut lo, mut hi) = (f.slope.clone(), f.slope.clone());
    for &i in &kinks.active {
        (lo[i], hi[i]) = (f.range[0], f.range[1]);
    }
    let zero = |m: &Matrix| Matrix::zeros(f.left.nrows(), m.ncols());
    let sets =
        [&f.right_w, &f.right_lambda].map(|r| DiagonalBox::new(&f.left, r, &zero(r), &lo, &hi));
    let [Ok(by_w), Ok(by_lambda)] = sets else {
        return Finding::inconclusive("the sets at w(λ) could not be formed");
    };
    let mut random = Random::new(exact.seed);
    let d = truth.w().len();
    let r = truth.moduli.r;
    let scale = if r.is_finite() { r } else { 1.0 };
    let mut lin = truth.map.linearization();
    let mut worst = (f64::NEG_INFINITY, 0.0, f64::NAN, String::new());
    for n in 0..DIRECTIONS {
        let direction = if n == 0 {
            Vector::zeros(d)
        } else {
            let x = random.normals(d);
            &x / x.norm()
        };
        for factor in [0.001, 0.5, 0.999, 1.001, 2.0, 8.0, 64.0] {
            let u = truth.w() + &direction * (factor * scale);
            let away = (&u - truth.w()).norm() * (1.0 + gamma(d + 4)) + truth.fixed_point.error;
            // Ties at u, and the point itself, with any weight.
            let seed = random.bits();
            let mut weight = |i: usize| ((seed >> (i % 48)) & 7) as f64 / 7.0;
            truth.map.linearize(
                u.as_slice(),
                &truth.lambda,
                &mut Tie::Ask(&mut weight),
                &mut lin,
            );
            let parts = [truth.map.jacobian_w(&lin), truth.map.jacobian_lambda(&lin)];
            let w_norm = u.norm();
            for (j, (part, set)) in parts.iter().zip([&by_w, &by_lambda]).enumerate() {
                let Ok(near) = distance(part, set, &Effort::default()) else {
                    return Finding::inconclusive("shapes do not fit");
                };
                let lost = [
                    Rounding::at(truth.rounding.push_w, w_norm),
                    Rounding::at(truth.rounding.push_lambda, w_norm),
                ];
                let floor = lost[j] * (d as f64).sqrt()
                    + 4.0 * UNIT * part.norm()
                    + f.left.norm() * f.lost[j + 1]
                    + truth.moduli.l[j] * truth.fixed_point.error;
                for (name, bound) in [
                    ("L + M/R", truth.moduli.c(j + 1, away) * away),
                    ("ω", truth.moduli.omega(j + 1, away)),
                ] {
                    let most = bound * bound_room(0) * (1.0 + DISTANCE_GAP) + floor;
                    let what = format!(
                        "Δ(D_Φ,{}(u), D_Φ,{}(w(λ))) with {name} at ‖u - w(λ)‖ = {away:.3e} (R = {r:.3e})",
                        j + 1,
                        j + 1
                    );
                    if near.distance.lower > most {
                        return Finding::decided(
                            false,
                            near.distance.lower,
                            bound,
                            bound / near.distance.lower,
                            format!("{what}: certified lower bound exceeds it"),
                        );
                    }
                    let ratio = if bound > 0.0 {
                        near.distance.upper / bound
                    } else {
                        0.0
                    };
                    if ratio > worst.0 {
                        worst = (ratio, near.distance.upper, bound, what);
                    }
                }
            }
        }
    }
    Finding::decided(
        true,
        worst.1,
        worst.2,
        worst.2 / worst.1,
        format!("{} units at their kink; closest {}", kinks.count(), worst.3),
    )
}
