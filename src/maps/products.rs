//! What a map provides: products with its Jacobians, which are all a method needs and all a served
//! map has, and what is certified of it.

use super::constants::{Constants, Dims};
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::Moduli;
use super::rounding::Rounding;
use super::structure::{Factors, Structure};
use crate::linalg::Matrix;
use crate::linalg::product::Packed;
use crate::tol::Roundoff;

/// Φ and products with a selection of its Jacobians.
///
/// Matrices passed as `x`, `d`, `out` hold one vector per column.
pub trait Products: Send + Sync {
    /// The dimensions d = dim w, m = dim λ, and the number of units.
    fn dims(&self) -> Dims;
    /// Fills `lin` with Φ(w, λ), w (d) and λ (m), and the selection at (w, λ); ties ask `tie` for a
    /// weight in [0, 1].
    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization);
    /// What the products read of the selection at `lin.w`, from Φ(w, λ) alone, where the value
    /// tells it (a unit at its kink has weight 0): a step backwards along a trajectory needs no Φ.
    /// `false` where it does not tell.
    fn reselect(&self, _value: &[f64], _lin: &mut Linearization) -> bool {
        false
    }
    /// out ← ∂₁Φ·x, d×k for x d×k.
    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace);
    /// out ← ∂₁Φᵀ·y, d for y d.
    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace);
    /// out ← out + ∂₂Φ·x, d×k for x m×k.
    fn add_jvp_lambda(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace);
    /// out ← ∂₁Φ·D + ∂₂Φ, d×m: one step of (13) or (14) in forward mode.
    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        let m = self.dims().lambda;
        self.jvp_w(lin, d, out, ws);
        self.add_jvp_lambda(lin, &Matrix::identity(m, m), out, ws);
    }
    /// out ← ∂₂Φᵀ·y, m for y d.
    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace);
    /// ∂₁Φᵀ between the units that are active, where that is all that AID needs.
    fn on_support(&self, _: &Linearization) -> Option<OnSupport> {
        None
    }
}

/// Where ∂₁Φ = SA and ∂₂Φ = SB with S a mask, v ← ∂₁Φᵀv + y restricted to the support of S is u ←
/// A_SSᵀu + y_S, and ∂₂Φᵀv reads nothing else of v: |S|² numbers a step instead of d².
#[derive(Clone, Debug)]
pub struct OnSupport {
    /// The coordinates that S keeps.
    pub(crate) support: Vec<usize>,
    /// A_SSᵀ, |S|×|S|.
    pub(crate) step: Packed,
}

/// What is known of a map beyond its products, every number on the safe side.
pub trait Certified: Products {
    /// What kind of map this is, as data.
    fn structure(&self) -> &Structure;
    /// q, L_1, L_2 at this λ (Assumption 3.1), in spectral norms.
    fn constants(&self, lambda: &[f64]) -> Constants;
    /// M_j, R, ω_j and ‖D_{Φ,2}‖sup at a point known to within `w_error` (Lemma 2.5 / 3.2).
    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli;
    /// Units that may be at a kink at a point known to within `w_error`, where they are known for
    /// less than `moduli_at` costs: its `kinks`.
    fn kinks_at(&self, _w: &[f64], _lambda: &[f64], _w_error: f64) -> Option<Vec<usize>> {
        None
    }
    /// What one floating-point evaluation with unit roundoff u can lose.
    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding;
    /// ‖∂z_i/∂w‖ (Euclidean) for every unit, rounded up.
    fn unit_sensitivity(&self, lambda: &[f64]) -> Vec<f64>;
    /// v ← S^{½}v, or S^{-½}v on the support of S, where ∂₁Φ = SA with A symmetric and S the
    /// symmetric Jacobian of a prox.
    fn scale_by_root(&self, lin: &Linearization, inverse: bool, v: &mut [f64]) {
        for (v, s) in v.iter_mut().zip(&lin.slope) {
            *v = match (*s > 0.0, inverse) {
                (false, _) => 0.0,
                (true, false) => *v * s.sqrt(),
                (true, true) => *v / s.sqrt(),
            };
        }
    }
    /// The derivative in w of column j of ∂₂Φ on the piece of `lin` (d×d); `None` where that column
    /// is constant. Asked only where Φ is piecewise affine in w.
    fn variation(&self, _j: usize, _lin: &Linearization) -> Option<Matrix> {
        None
    }
    /// L, R_1, R_2 with ∂_jΦ = L S R_j, S the slopes of the units; `None` where L = I and R_j is
    /// ∂_jΦ with all slopes 1.
    fn factors(&self) -> Option<Factors<'_>> {
        None
    }
    /// (∂z_i/∂w, ∂z_i/∂λ) of unit i where both are constant and given by the data.
    fn input_row(&self, _unit: usize) -> Option<Vec<f64>> {
        None
    }
}
