//! The spectrum of ∂₁Φ at w(λ), enclosed: its radius ρ is the local rate.

use super::Truth;
use crate::linalg::eigen::{Spectrum, spectrum};
use crate::maps::Problem;

impl Truth {
    /// Moduli of the eigenvalues of ∂₁Φ at w(λ), computed when first asked for; `None` where w(λ)
    /// is on a kink, for ∂₁Φ is a set of matrices there.
    ///
    /// The spectrum an instance was drawn with is none of it: rounding the entries moves that of a
    /// matrix far from normal by per cents, and the rounded matrix is the map.
    pub fn spectrum(&self) -> Option<&Spectrum> {
        let enclose = || {
            let j = self.jacobian.as_ref()?;
            Some(spectrum(&j.p, self.spread(j.p_lost)))
        };
        self.spectrum.get_or_init(enclose).as_ref()
    }

    /// ‖P̂ - ∂₁Φ(w(λ), λ)‖: the rounding of P̂, the error of ŵ by way of L_1, and what forming
    /// P̂ lost. Data as they are lose nothing.
    fn spread(&self, rounded: f64) -> f64 {
        if let Problem::Affine { .. } | Problem::Clip { .. } | Problem::MaxMin { .. } =
            self.map.problem()
        {
            return 0.0;
        }
        let [formed, _] = self.rounding.formed_in_dd(self.w().len(), self.w().norm());
        rounded + self.constants.l1 * self.fixed_point.error + formed
    }
}
