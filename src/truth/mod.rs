//! Exact ground truth: the fixed point, the implicit derivative, the exact course of the recursions.
//!
//! Owns everything that methods are judged against, each with a certified error bound. Starts
//! from the data of a problem through [`mod@reference`], never from a method nor from a long run of one.
//! Must not know methods, claims or statistics.

mod aid_limit;
mod ambiguous_units;
pub mod expectation;
mod fixed_point;
mod floor;
mod jacobian;
pub mod kinks;
pub mod reference;
mod run;
mod spectrum;
mod tail;

pub use aid_limit::{AidLimit, aid_limit};
pub use fixed_point::{FixedPoint, Unsolved, fixed_point};
pub use floor::{AidFloor, Floor};
pub use jacobian::{ImplicitJacobian, implicit_jacobian};
pub use run::{AidRun, ItdRun, aid_run, itd_run, itd_run_along};
pub use tail::Tail;

use std::sync::OnceLock;

use crate::linalg::Vector;
use crate::linalg::eigen::Spectrum;
use crate::maps::{Constants, Map, Moduli, Rounding};
use reference::Naive;

/// Ground truth of one (Φ, λ), with the constants of the theory at the fixed point.
pub struct Truth {
    /// The map.
    pub map: Map,
    /// λ (m).
    pub lambda: Vec<f64>,
    /// q, L_1, L_2.
    pub constants: Constants,
    /// w(λ) with its certificate.
    pub fixed_point: FixedPoint,
    /// M_j, R, ω_j at w(λ).
    pub moduli: Moduli,
    /// J = (I-∂₁Φ)⁻¹∂₂Φ, where no unit is at a kink; otherwise the implicit derivative is a set.
    pub jacobian: Option<ImplicitJacobian>,
    /// What one evaluation of the map can lose.
    pub rounding: Rounding,
    /// ‖∂z_i/∂w‖ of every unit.
    pub sensitivity: Vec<f64>,
    pub(crate) spectrum: OnceLock<Option<Spectrum>>,
    pub(crate) naive: Naive<crate::linalg::Dd>,
}

impl std::fmt::Debug for Truth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Truth")
            .field("map", &self.map)
            .field("lambda", &self.lambda)
            .field("constants", &self.constants)
            .field("fixed_point", &self.fixed_point)
            .finish_non_exhaustive()
    }
}

impl Truth {
    /// Solves for w(λ) and J; fails (as data) when Φ(·, λ) is not a certified contraction or the
    /// fixed point cannot be certified.
    pub fn solve(map: &Map, lambda: &[f64]) -> Result<Self, Unsolved> {
        let constants = map.constants(lambda);
        if !(constants.q < 1.0) {
            return Err(Unsolved::NotContraction { q: constants.q });
        }
        let naive = Naive::new(map.problem(), lambda);
        let rounding = map.rounding(lambda);
        let sensitivity = map.unit_sensitivity(lambda);
        let fixed_point = fixed_point(map, &naive, lambda, constants.q)?;
        let moduli = map.moduli_at(fixed_point.w.as_slice(), lambda, fixed_point.error);
        let jacobian = if moduli.kinks.is_empty() {
            Some(
                implicit_jacobian(&naive, &fixed_point, &constants)
                    .ok_or(Unsolved::SingularJacobian)?,
            )
        } else {
            None
        };
        Ok(Self {
            map: map.clone(),
            lambda: lambda.to_vec(),
            constants,
            fixed_point,
            moduli,
            jacobian,
            rounding,
            sensitivity,
            spectrum: OnceLock::new(),
            naive,
        })
    }

    /// κ = 1/(1-q), rounded up.
    pub fn kappa(&self) -> f64 {
        kappa(self.constants.q)
    }

    /// w(λ).
    pub fn w(&self) -> &Vector {
        &self.fixed_point.w
    }
}

/// 1/(1-q) rounded up.
fn kappa(q: f64) -> f64 {
    // 1-q is exact for q ≥ 1/2 (Sterbenz) and loses one rounding below; the quotient one more.
    1.0 / (1.0 - q) * (1.0 + 2.0 * f64::EPSILON)
}

#[cfg(test)]
mod tests;
