//! Ground truth of one (Φ, λ).

use std::sync::OnceLock;

use super::fixed_point::{FixedPoint, Unsolved, fixed_point, kappa};
use super::jacobian::{ImplicitJacobian, implicit_jacobian};
use super::reference::Naive;
use crate::linalg::Vector;
use crate::linalg::eigen::Spectrum;
use crate::maps::{Constants, Map, Moduli, Rounding};
use crate::tol::Roundoff;

/// Ground truth of one (Φ, λ), with the constants of the theory at the fixed point.
pub struct Truth {
    /// The map.
    pub map: Map,
    /// λ (m).
    pub lambda: Vec<f64>,
    /// q, L_1, L_2 at λ (Assumption 3.1).
    pub constants: Constants,
    /// w(λ) with its certificate.
    pub fixed_point: FixedPoint,
    /// J = (I-∂₁Φ)⁻¹∂₂Φ (d×m), where no unit is at a kink; otherwise the implicit derivative is a
    /// set.
    pub jacobian: Option<ImplicitJacobian>,
    /// What one evaluation of the map in binary64 can lose: ours.
    pub rounding: Rounding,
    /// The same for the implementation under test, in its arithmetic.
    pub judged: Rounding,
    /// ‖∂z_i/∂w‖ (Euclidean) of every unit.
    pub sensitivity: Vec<f64>,
    moduli: OnceLock<Moduli>,
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
    /// Solves for w(λ) and, where no unit can be at a kink, J (d×m), each with a certified error
    /// bound; what cannot be solved is an outcome, not an error of the caller.
    ///
    /// # Errors
    /// [`Unsolved::NotContraction`] where q ≥ 1, [`Unsolved::NoFixedPoint`] where no point can be
    /// certified, [`Unsolved::SingularJacobian`] where I - ∂₁Φ is numerically singular.
    ///
    /// ```
    /// use ratecert::linalg::{Matrix, Vector};
    /// use ratecert::maps::{Affine, Map};
    /// use ratecert::truth::{Truth, Unsolved};
    ///
    /// // Φ(w, λ) = w/2 + λ: w(λ) = 2λ and J = 2.
    /// let affine = |a: f64| {
    ///     let one = |v: f64| Matrix::from_element(1, 1, v);
    ///     Map::new(Affine { a: one(a), b: one(1.0), c: Vector::zeros(1) })
    /// };
    /// let truth = Truth::solve(&affine(0.5)?, &[3.0]).expect("a contraction");
    /// assert_eq!(truth.w()[0], 6.0);
    /// assert_eq!(truth.jacobian.as_ref().expect("no kinks").j[(0, 0)], 2.0);
    ///
    /// let expanding = Truth::solve(&affine(1.5)?, &[3.0]);
    /// assert!(matches!(expanding, Err(Unsolved::NotContraction { q }) if q >= 1.5));
    /// # Ok::<(), ratecert::Error>(())
    /// ```
    pub fn solve(map: &Map, lambda: &[f64]) -> Result<Self, Unsolved> {
        let constants = map.constants(lambda);
        if !(constants.q < 1.0) {
            return Err(Unsolved::NotContraction { q: constants.q });
        }
        let naive = Naive::new(map.problem(), lambda);
        let rounding = map.rounding(lambda, Roundoff::DOUBLE);
        let sensitivity = map.unit_sensitivity(lambda);
        let fixed_point = fixed_point(map, &naive, lambda, constants.q)?;
        let mut truth = Self {
            map: map.clone(),
            lambda: lambda.to_vec(),
            constants,
            fixed_point,
            moduli: OnceLock::new(),
            jacobian: None,
            judged: rounding.clone(),
            rounding,
            sensitivity,
            spectrum: OnceLock::new(),
            naive,
        };
        let kinks = map.kinks_at(truth.w().as_slice(), lambda, truth.w_error());
        if kinks.map_or_else(|| truth.moduli().kinks.is_empty(), |k| k.is_empty()) {
            let j = implicit_jacobian(
                &truth.naive,
                &truth.fixed_point,
                &truth.constants,
                &truth.rounding,
            );
            truth.jacobian = Some(j.ok_or(Unsolved::SingularJacobian)?);
        }
        Ok(truth)
    }

    /// How far from ŵ both w(λ) and ŵ with its rest may be.
    fn w_error(&self) -> f64 {
        self.fixed_point.error + self.fixed_point.rest_error
    }

    /// M_j, R, ω_j at w(λ), computed when first asked for.
    pub fn moduli(&self) -> &Moduli {
        self.moduli.get_or_init(|| {
            let w = self.w().as_slice();
            self.map.moduli_at(w, &self.lambda, self.w_error())
        })
    }

    /// To be changed by tests.
    #[cfg(test)]
    pub(crate) fn moduli_mut(&mut self) -> &mut Moduli {
        self.moduli();
        self.moduli.get_mut().expect("computed")
    }

    /// The same truth for implementations that compute with another unit roundoff: their floors
    /// change.
    #[must_use]
    pub fn judged_in(mut self, u: Roundoff) -> Self {
        self.judged = self.map.rounding(&self.lambda, u);
        self
    }

    /// The unit roundoff of the implementation under test.
    pub fn roundoff(&self) -> Roundoff {
        self.judged.u
    }

    /// A point as the implementation under test is given it.
    pub(crate) fn given(&self, w: &Vector) -> Vector {
        w.map(|v| self.roundoff().nearest(v))
    }

    /// κ = 1/(1-q), rounded up: a bound of ‖(I-∂₁Φ)⁻¹‖.
    pub fn kappa(&self) -> f64 {
        kappa(self.constants.q)
    }

    /// ŵ (d), which stands for w(λ): they are at most `fixed_point.error` apart.
    pub fn w(&self) -> &Vector {
        &self.fixed_point.w
    }
}
