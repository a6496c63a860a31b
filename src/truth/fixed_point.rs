//! w(λ) by a direct solve on the identified piece, certified by its residual.

use crate::linalg::product::norm2;
use crate::linalg::solve::Factored;
use crate::linalg::{Dd, Matrix, Vector};
use crate::maps::{Map, Tie};
use crate::tol::{CONTRACTION_FALLBACK_STEPS, DD_UNIT, NEWTON_STEPS, Roundoff};

use super::reference::{Naive, Scalar};

/// The fixed point with its certificate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FixedPoint {
    /// ŵ (d).
    pub w: Vector,
    /// ‖ŵ - w(λ)‖ ≤ error: κ‖Φ(ŵ)-ŵ‖ (Banach), the residual evaluated in double-double, or
    /// ‖rest‖ + rest_error where that is less.
    pub error: f64,
    /// What rounding to binary64 left of w(λ) - ŵ: ‖ŵ + rest - w(λ)‖ ≤ `rest_error`, so that
    /// distances to w(λ) do not end at u‖ŵ‖.
    pub rest: Vector,
    /// The same bound for ŵ + rest, near 2⁻¹⁰⁰.
    pub rest_error: f64,
    /// ‖Φ(ŵ)-ŵ‖ (Euclidean). For an elastic net this is η times the distance of 0 to the
    /// subdifferential, the KKT residual.
    pub residual: f64,
    /// Linear systems solved until the piece was identified.
    pub newton_steps: usize,
}

/// Why there is no ground truth: an outcome, not an error of the caller.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Unsolved {
    /// q ≥ 1: Assumption 3.1(ii) is not certified.
    NotContraction {
        /// The certified upper bound of ‖D_{Φ,1}‖sup.
        q: f64,
    },
    /// No point with a residual near the rounding level was found.
    NoFixedPoint {
        /// Smallest residual reached.
        residual: f64,
    },
    /// I - ∂₁Φ is numerically singular although q < 1.
    SingularJacobian,
}

impl std::fmt::Display for Unsolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotContraction { q } => {
                write!(
                    f,
                    "Assumption 3.1(ii): ‖D_Φ,1‖ ≤ q < 1 is not certified, q = {q:.6}"
                )
            }
            Self::NoFixedPoint { residual } => {
                write!(
                    f,
                    "no certified fixed point: smallest residual {residual:e}"
                )
            }
            Self::SingularJacobian => f.write_str("I - ∂₁Φ is numerically singular"),
        }
    }
}

/// Finds w(λ) (d) and certifies it: Newton on the pieces solves (I-∂₁Φ)δ = Φ(w)-w with the piece
/// active at w. On a piecewise-affine map it is exact once the piece is the right one. Where a
/// Newton step does not reduce the residual, a step of Φ itself does (by q < 1). The result only
/// proposes a point: its certificate is the residual in double-double.
///
/// # Errors
/// [`Unsolved::NoFixedPoint`] where the residual does not come near the rounding level.
pub fn fixed_point(
    map: &Map,
    naive: &Naive<Dd>,
    lambda: &[f64],
    q: f64,
) -> Result<FixedPoint, Unsolved> {
    let d = map.dims().w;
    let mut lin = map.linearization();
    let mut w = Vector::zeros(d);
    map.linearize(w.as_slice(), lambda, &mut Tie::Weight(1.0), &mut lin);
    let mut residual = step(&lin.value, &w);
    let mut newton_steps = 0;
    let mut plain_steps = 0;
    while newton_steps < NEWTON_STEPS && plain_steps < CONTRACTION_FALLBACK_STEPS {
        let norm = norm2(residual.as_slice());
        if norm == 0.0 {
            break;
        }
        newton_steps += 1;
        let system = Matrix::identity(d, d) - map.jacobian_w(&lin);
        // A proposal needs no refinement.
        let rhs = Matrix::from_column_slice(d, 1, residual.as_slice());
        let Some(delta) = Factored::new(system).and_then(|m| m.plain(&rhs)) else {
            break;
        };
        let candidate = &w + delta.column(0);
        map.linearize(
            candidate.as_slice(),
            lambda,
            &mut Tie::Weight(1.0),
            &mut lin,
        );
        let next = step(&lin.value, &candidate);
        if norm2(next.as_slice()) < norm {
            (w, residual) = (candidate, next);
            continue;
        }
        // At the rounding level nothing improves any more.
        if norm
            <= map.rounding(lambda, Roundoff::DOUBLE).value[0] * w.norm()
                + map.rounding(lambda, Roundoff::DOUBLE).value[1]
        {
            map.linearize(w.as_slice(), lambda, &mut Tie::Weight(1.0), &mut lin);
            break;
        }
        // Contract until the residual has halved, so that Newton meets another piece.
        map.linearize(w.as_slice(), lambda, &mut Tie::Weight(1.0), &mut lin);
        let target = 0.5 * norm;
        while norm2(residual.as_slice()) > target && plain_steps < CONTRACTION_FALLBACK_STEPS {
            plain_steps += 1;
            w.copy_from_slice(&lin.value);
            map.linearize(w.as_slice(), lambda, &mut Tie::Weight(1.0), &mut lin);
            residual = step(&lin.value, &w);
        }
    }
    certify(map, naive, lambda, q, w, newton_steps)
}

fn step(value: &[f64], w: &Vector) -> Vector {
    Vector::from_column_slice(value) - w
}

/// Two refinements with the residual in double-double, then the bound.
fn certify(
    map: &Map,
    naive: &Naive<Dd>,
    lambda: &[f64],
    q: f64,
    mut w: Vector,
    newton_steps: usize,
) -> Result<FixedPoint, Unsolved> {
    let d = w.len();
    let none = Vector::zeros(d);
    let mut residual = exact_residual(naive, &w, &none);
    // On one piece one factorisation does: what it and a plain solution lose is seen in the next
    // residual.
    let mut kept: Option<(Vec<f64>, Factored)> = None;
    let mut newton = |w: &Vector, residual: &Vector| {
        let mut lin = map.linearization();
        map.linearize(w.as_slice(), lambda, &mut Tie::Weight(1.0), &mut lin);
        let piece: Vec<f64> = lin.piece().collect();
        if kept.as_ref().is_none_or(|(of, _)| *of != piece) {
            let system = Matrix::identity(d, d) - map.jacobian_w(&lin);
            kept = Some((piece, Factored::new(system)?));
        }
        let rhs = Matrix::from_column_slice(d, 1, residual.as_slice());
        let x = kept.as_ref()?.1.plain(&rhs)?;
        Some(x.column(0).into_owned())
    };
    for _ in 0..2 {
        let Some(delta) = newton(&w, &residual) else {
            break;
        };
        let candidate = &w + delta;
        let next = exact_residual(naive, &candidate, &none);
        if !(norm2(next.as_slice()) < norm2(residual.as_slice())) {
            break;
        }
        (w, residual) = (candidate, next);
    }
    let norm = norm2(residual.as_slice());
    let rounding = map.rounding(lambda, Roundoff::DOUBLE);
    // A residual above the rounding of one evaluation means the piece was not identified.
    let level = crate::maps::Rounding::at(rounding.value, w.norm()) + f64::EPSILON * w.norm();
    if !(norm <= level) {
        return Err(Unsolved::NoFixedPoint { residual: norm });
    }
    // The double-double evaluation loses at most 2⁻⁴⁷ of what binary64 may lose.
    let lost = level * DD_UNIT / crate::tol::UNIT;
    let error = |norm: f64| kappa(q) * (norm * (1.0 + crate::tol::gamma(d + 4)) + lost);
    // One step more, kept beside ŵ; across a kink it may lead nowhere.
    let further = newton(&w, &residual).map(|rest| {
        let left = error(norm2(exact_residual(naive, &w, &rest).as_slice()));
        (rest, left)
    });
    let (rest, rest_error) = further
        .filter(|f| f.1 < error(norm))
        .unwrap_or((none, error(norm)));
    // Either bound holds.
    let through_rest = norm2(rest.as_slice()) * (1.0 + crate::tol::gamma(d + 4)) + rest_error;
    Ok(FixedPoint {
        error: error(norm).min(through_rest),
        w,
        rest,
        rest_error,
        residual: norm,
        newton_steps,
    })
}

/// Φ(w) - w at w + rest, rounded to binary64 after a double-double evaluation.
fn exact_residual(naive: &Naive<Dd>, w: &Vector, rest: &Vector) -> Vector {
    let exact: Vec<Dd> = w
        .iter()
        .zip(rest.iter())
        .map(|(v, r)| Dd::exactly(*v) + Dd::exactly(*r))
        .collect();
    match naive.at(&exact, &mut Tie::Weight(1.0)) {
        Some(p) => Vector::from_iterator(
            w.len(),
            p.value.iter().zip(&exact).map(|(v, w)| (*v - *w).hi()),
        ),
        None => Vector::from_element(w.len(), f64::NAN),
    }
}

/// 1/(1-q) rounded up.
pub(super) fn kappa(q: f64) -> f64 {
    // 1-q is exact for q ≥ 1/2 (Sterbenz) and loses one rounding below; the quotient one more.
    1.0 / (1.0 - q) * (1.0 + 2.0 * f64::EPSILON)
}
