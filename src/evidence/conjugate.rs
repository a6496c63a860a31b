//! What conjugate gradients can miss in floating point (theory, section 4; Greenbaum 1997).

use super::exact::Exact;
use super::request::Where;
use crate::instances::Random;
use crate::linalg::{Matrix, Vector, norm};
use crate::maps::{Linearization, Tie};
use crate::methods::{reduced_roots, reduced_support};
use crate::tol::{CG_AMPLIFICATION, CG_SAMPLES};
use crate::truth::AidLimit;

/// The system of AID-CG at one point.
#[derive(Clone, Copy, Debug)]
pub struct CgSystem {
    /// Unknowns: conjugate gradients are at the limit after as many steps.
    pub dimension: usize,
    /// What they may miss it by, per ‖y‖.
    pub allowance: f64,
}

impl CgSystem {
    /// For the system with this right-hand side.
    pub(super) fn of(exact: &Exact, limit: &AidLimit, y: &Vector) -> Self {
        let dimension = dimension(exact, limit);
        Self {
            dimension,
            allowance: measured_allowance(exact, limit, y, dimension, limit.d2),
        }
    }
}

/// The selection of this limit.
fn selection(exact: &Exact, limit: &AidLimit) -> Linearization<'static> {
    let map = &exact.truth.map;
    let mut lin = map.linearization();
    let at = (limit.w.as_slice(), &exact.truth.lambda);
    map.linearize(at.0, at.1, &mut Tie::Weight(limit.weight), &mut lin);
    lin
}

/// Unknowns of the system at this point.
pub(super) fn dimension(exact: &Exact, limit: &AidLimit) -> usize {
    reduced_support(&exact.truth.map, &selection(exact, limit))
        .map_or(limit.p.nrows(), |support| support.len())
}

/// What n steps of conjugate gradients may miss, per ‖y‖.
///
/// One step's local errors, (n+4)u relative to ‖K‖‖x‖ (Greenbaum 1997), cost c·u·κ_K with c =
/// n(n+4) when they are not amplified. They are where eigenvalues lie far apart: conjugacy is lost
/// to a Ritz value that has converged, and the last steps repeat it. No short formula bounds this,
/// so it is measured: the recursion is run with random relative errors of that size in every
/// product and scalar, and the worst result counts [`CG_AMPLIFICATION`] times. The truth stays the
/// direct solve; the runs only say how sharply it can be demanded.
///
/// ‖∂₂Φ‖ is at most `d2`. Infinite where it cannot be measured.
fn measured_allowance(exact: &Exact, limit: &AidLimit, y: &Vector, n: usize, d2: f64) -> f64 {
    let d = limit.p.nrows();
    if n == 0 || dimension(exact, limit) == 0 {
        return limit.forming + limit.error;
    }
    let m = Matrix::identity(d, d) - limit.p.transpose();
    let kappa = exact.truth.kappa();
    let norm = y.norm();
    let y = y / if norm > 0.0 { norm } else { 1.0 };
    let lin = selection(exact, limit);
    let (system, rhs, condition, spread) =
        if let Some(kept) = reduced_support(&exact.truth.map, &lin) {
            let [root, inverse] = reduced_roots(&exact.truth.map, &lin, &kept);
            // A product S·S^{-½}x (a group just above its threshold) loses ‖S^{-½}‖ times what Sx
            // does.
            let spread = norm::spectral_upper(&inverse).max(1.0);
            // I - S^{½}AS^{½}, with (AS)S^{-½} for AS^{½}, since S is singular where a unit is a
            // whole simplex; its norm is at most 1 + q, that of its inverse κ.
            let p = limit.p.transpose();
            let p = p.select_rows(&kept).select_columns(&kept);
            (
                Matrix::identity(kept.len(), kept.len()) - &root * p * inverse,
                root * y.select_rows(&kept),
                (1.0 + exact.truth.constants.q) * kappa,
                spread,
            )
        } else {
            let condition = (norm::spectral_upper(&m) * kappa).powi(2);
            (m.tr_mul(&m), m.tr_mul(&y), condition, 1.0)
        };
    let local = (n + 4) as f64 * exact.truth.roundoff().value() * spread;
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

/// The same where ties may be selected differently, for as many steps as unknowns at most and ‖∂₂Φ‖
/// ≤ `d2`: the largest of what the ends and the middle allow.
pub fn allowance_at_ties(exact: &Exact, at: Where, d2: f64) -> f64 {
    [0.0, 0.5, 1.0]
        .into_iter()
        .map(|weight| {
            exact.aid_limit(at, weight).map_or(f64::INFINITY, |limit| {
                measured_allowance(exact, &limit, &exact.cotangent, limit.p.nrows(), d2)
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
