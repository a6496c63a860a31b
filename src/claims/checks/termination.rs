//! Conjugate gradients end after as many steps as the system has unknowns, at the limit of AID at the given w.
//!
//! Judged at k = dimension only, where κ ≤ 100 (floors: [`AidLimit`] and [`allowance`]).

use super::{Check, Comparison, Exact, Finding};
use crate::claims::evidence::{At, Request, aid_limit_at};
use crate::instances::Random;
use crate::linalg::{Matrix, Vector, norm};
use crate::maps::{Linearization, Tie};
use crate::methods::{reduced_roots, reduced_support};
use crate::tol::{CG_AMPLIFICATION, CG_KAPPA, CG_SAMPLES, UNIT};
use crate::truth::AidLimit;

/// The points: w_0, an early and a late iterate, and the solution.
fn points(exact: &Exact) -> Vec<At> {
    let last = exact.run.w.len() - 1;
    vec![
        At::Iterate(0),
        At::Iterate(2.min(last)),
        At::Iterate(last),
        At::Solution,
    ]
}

pub(super) fn plan(exact: &Exact) -> Vec<Request> {
    if exact.truth.kappa() > CG_KAPPA {
        return Vec::new();
    }
    points(exact)
        .into_iter()
        .filter_map(|at| {
            let limit = aid_limit_at(exact, at, 0.0)?;
            Some(Request {
                at,
                steps: vec![dimension(exact, &limit)],
            })
        })
        .collect()
}

/// The selection of this limit.
fn selection(exact: &Exact, limit: &AidLimit) -> Linearization {
    let map = &exact.truth.map;
    let mut lin = map.linearization();
    let at = (limit.w.as_slice(), &exact.truth.lambda);
    map.linearize(at.0, at.1, &mut Tie::Weight(limit.weight), &mut lin);
    lin
}

/// Unknowns of the system at this point.
pub(in crate::claims) fn dimension(exact: &Exact, limit: &AidLimit) -> usize {
    reduced_support(&exact.truth.map, &selection(exact, limit))
        .map_or(limit.p.nrows(), |support| support.len())
}

/// What n steps of conjugate gradients in binary64 may miss, per ‖y‖.
///
/// One step's local errors, (n+4)u relative to ‖K‖‖x‖ (Greenbaum 1997), cost c·u·κ_K with c = n(n+4) when they are not
/// amplified. They are where eigenvalues lie far apart: conjugacy is lost to a Ritz value that has converged, and
/// the last steps repeat it. No short formula bounds this, so it is measured: the recursion is run with random
/// relative errors of that size in every product and scalar, and the worst result counts [`CG_AMPLIFICATION`] times.
/// The truth stays the direct solve; the runs only say how sharply it can be demanded.
pub(in crate::claims) fn allowance(exact: &Exact, limit: &AidLimit) -> f64 {
    measured_allowance(exact, limit, dimension(exact, limit), limit.d2)
}

/// The same for n steps, where ‖∂₂Φ‖ is at most `d2`. Infinite where it cannot be measured.
fn measured_allowance(exact: &Exact, limit: &AidLimit, n: usize, d2: f64) -> f64 {
    let d = limit.p.nrows();
    if n == 0 || dimension(exact, limit) == 0 {
        return limit.forming + limit.error;
    }
    let m = Matrix::identity(d, d) - limit.p.transpose();
    let kappa = exact.truth.kappa();
    let y = &exact.cotangent / exact.cotangent.norm();
    let lin = selection(exact, limit);
    let (system, rhs, condition, spread) =
        if let Some(kept) = reduced_support(&exact.truth.map, &lin) {
            let [root, inverse] = reduced_roots(&exact.truth.map, &lin, &kept);
            // A product S·S^{-½}x (a group just above its threshold) loses ‖S^{-½}‖ times what Sx does.
            let spread = norm::spectral_upper(&inverse).max(1.0);
            // I - S^{½}AS^{½} = S^{½}(I - AS)S^{-½}; its norm is at most 1 + q, that of its inverse κ.
            (
                &root * m.select_rows(&kept).select_columns(&kept) * inverse,
                root * y.select_rows(&kept),
                (1.0 + exact.truth.constants.q) * kappa,
                spread,
            )
        } else {
            let condition = (norm::spectral_upper(&m) * kappa).powi(2);
            (m.tr_mul(&m), m.tr_mul(&y), condition, 1.0)
        };
    let local = (n + 4) as f64 * UNIT * spread;
    // n products, and the one that forms the estimate.
    let base = (n as f64 * condition + 1.0) * local * kappa;
    let direct = system.clone().lu().solve(&rhs);
    let mut random = Random::new(exact.seed ^ 0x00CC_6000);
    let amplified = direct.map_or(f64::INFINITY, |x| {
        (0..CG_SAMPLES)
            .map(|_| (perturbed(&system, &rhs, n, local, &mut random) - &x).norm())
            .fold(0.0f64, largest)
    });
    (base + CG_AMPLIFICATION * amplified) * d2 + limit.forming + limit.error
}

/// The larger one; what is no number counts as infinite.
fn largest(a: f64, b: f64) -> f64 {
    if b.is_nan() { f64::INFINITY } else { a.max(b) }
}

/// The same where ties may be selected differently, for as many steps as unknowns at most and ‖∂₂Φ‖ ≤ `d2`: the largest of what the
/// ends and the middle allow.
pub(super) fn allowance_at_ties(exact: &Exact, at: At, d2: f64) -> f64 {
    [0.0, 0.5, 1.0]
        .into_iter()
        .map(|weight| {
            aid_limit_at(exact, at, weight).map_or(f64::INFINITY, |limit| {
                measured_allowance(exact, &limit, limit.p.nrows(), d2)
            })
        })
        .fold(0.0, largest)
}

/// n steps of conjugate gradients with relative errors of this size.
fn perturbed(k: &Matrix, b: &Vector, n: usize, error: f64, random: &mut Random) -> Vector {
    let mut x = b * 0.0;
    let (mut r, mut p) = (b.clone(), b.clone());
    let mut rho = r.norm_squared();
    for _ in 0..n {
        let kp = (k * &p).map(|v| v * (1.0 + error * random.normal()));
        let curvature = p.dot(&kp) * (1.0 + error * random.normal());
        if rho == 0.0 || curvature == 0.0 {
            break;
        }
        let alpha = rho / curvature;
        x += &p * alpha;
        r -= kp * alpha;
        let next = r.norm_squared() * (1.0 + error * random.normal());
        p = &r + &p * (next / rho);
        rho = next;
    }
    x
}

pub(super) fn judge(check: &Check, exact: &Exact, seen: &[Comparison]) -> Finding {
    if exact.truth.kappa() > CG_KAPPA {
        return Finding::inconclusive(format!(
            "κ = {:.1} > {CG_KAPPA}: finite termination is not claimed in floating point",
            exact.truth.kappa()
        ));
    }
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, At::Start, 0);
    let mut resolution = f64::INFINITY;
    for c in seen.iter().filter(|c| c.comparable) {
        let Some(deviation) = c.deviation else {
            continue;
        };
        let floor = check.slack * c.floor;
        let ratio = if deviation == 0.0 {
            0.0
        } else {
            deviation / floor
        };
        if !(ratio <= worst.0) {
            worst = (ratio, deviation, floor, c.at, c.k);
        }
        if c.size > 0.0 {
            resolution = resolution.min(floor / c.size);
        }
    }
    let (ratio, deviation, floor, at, k) = worst;
    if ratio == f64::NEG_INFINITY {
        return Finding::inconclusive("every point is within rounding of a kink");
    }
    let place = match at {
        At::Start => "at w_0".into(),
        At::Iterate(t) => format!("at w_{t}"),
        At::Solution => "at w(λ)".to_string(),
    };
    let detail = if ratio <= 1.0 {
        format!(
            "at the limit after as many steps as unknowns, furthest {place} (k = {k}); a relative deviation of {resolution:.1e} where rounding matters least would have failed"
        )
    } else {
        format!("{place}: {deviation:e} from the direct solve after k = {k} steps, floor {floor:e}")
    };
    Finding::decided(ratio <= 1.0, deviation, floor, floor / deviation, detail)
}
