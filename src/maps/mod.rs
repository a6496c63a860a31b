//! Fixed-point maps Φ(w, λ) and products with their partial Jacobians.
//!
//! Owns the plain description of a problem ([`Problem`]), the fast evaluation of Φ with a
//! selection of D_Φ at kinks ([`Map`], [`Linearization`]), the certified constants q, L_j, and
//! the moduli of D_Φ at a point (Lemma 2.5). Must not know how an instance was drawn, what
//! its fixed point is, or which method runs on it.

mod affine;
mod clip;
mod composed;
mod elastic_net;
mod layer;
mod linearization;
mod max_min;
mod moduli;
mod problem;
mod prox_gradient;
mod rounding;
mod scaling;
pub mod stochastic;

pub use composed::Composed;
pub(crate) use linearization::piece_key;
pub use linearization::{Linearization, Tie, Workspace};
pub use moduli::{Moduli, Stair};
pub use problem::{Activation, AffineForm, Loss, Problem, Prox};
pub use rounding::Rounding;

use std::sync::Arc;

use stochastic::StochasticMap;

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};

/// Dimensions of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// d = dim w.
    pub w: usize,
    /// m = dim λ.
    pub lambda: usize,
    /// Number of scalar units with a slope (rows of a layer, coordinates of a prox); 0 where Φ is one smooth piece without units.
    pub units: usize,
}

/// Constants of Assumption 3.1 that hold for every w at one λ; all are upper bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constants {
    /// ‖D_{Φ,1}‖sup ≤ q, certified and rounded up.
    pub q: f64,
    /// Lipschitz constant in w of ∂₁ of every piece.
    pub l1: f64,
    /// Lipschitz constant in w of ∂₂ of every piece; see `l2_per_w`.
    pub l2: f64,
    /// Where ∂₂ is not globally Lipschitz: ‖∂₂π(u) - ∂₂π(w)‖ ≤ (l2 + l2_per_w‖w‖)‖u-w‖ for all u. Zero for most maps.
    pub l2_per_w: f64,
}

impl Constants {
    /// Constants of a map whose ∂₂ is globally Lipschitz.
    pub fn with(q: f64, l1: f64, l2: f64) -> Self {
        Self {
            q,
            l1,
            l2,
            l2_per_w: 0.0,
        }
    }

    /// L_2 at a point of norm `w_norm`.
    pub fn l2_at(&self, w_norm: f64) -> f64 {
        self.l2 + self.l2_per_w * w_norm
    }
}

/// What every map provides; `Map` is the type to use.
///
/// Matrices passed as `x`, `out` hold one vector per column.
pub(crate) trait FixedPointMap: Send + Sync {
    fn dims(&self) -> Dims;
    /// Fills `lin` with Φ(w, λ) and the selection at (w, λ); ties ask `tie` for a weight in [0, 1].
    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization);
    /// out ← ∂₁Φ·x, d×k.
    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace);
    /// out ← ∂₁Φᵀ·y, d.
    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace);
    /// out ← out + ∂₂Φ·x, d×k for x m×k.
    fn add_jvp_lambda(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace);
    /// out ← ∂₁Φ·D + ∂₂Φ, d×m: one step of (13) or (14) in forward mode.
    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, ws: &mut Workspace);
    /// out ← ∂₂Φᵀ·y, m.
    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace);
    fn constants(&self, lambda: &[f64]) -> Constants;
    /// At a point known to within `w_error`.
    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli;
    fn rounding(&self, lambda: &[f64]) -> Rounding;
    /// ‖∂z_i/∂w‖ for every unit, rounded up.
    fn unit_sensitivity(&self, lambda: &[f64]) -> Vec<f64>;
    /// v ← S^{½}v, or S^{-½}v on the support of S, where ∂₁Φ = SA with S the symmetric Jacobian of a prox.
    fn scale_by_root(&self, lin: &Linearization, inverse: bool, v: &mut [f64]) {
        for (v, s) in v.iter_mut().zip(&lin.slope) {
            *v = match (*s > 0.0, inverse) {
                (false, _) => 0.0,
                (true, false) => *v * s.sqrt(),
                (true, true) => *v / s.sqrt(),
            };
        }
    }
}

/// A fixed-point map, ready for products. Cheap to clone.
#[derive(Clone)]
pub struct Map {
    problem: Arc<Problem>,
    inner: Arc<dyn FixedPointMap>,
    /// Φ = G∘E T̂ and its samples, where Φ is given by them.
    samples: Option<Arc<StochasticMap>>,
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Map({}, {:?})", self.problem.kind(), self.dims())
    }
}

impl Map {
    /// Checks the shapes and entries of `problem` and prepares its products.
    pub fn new(problem: Problem) -> Result<Self> {
        problem.validate()?;
        let inner: Arc<dyn FixedPointMap> = match &problem {
            Problem::Affine { a, b, c } => Arc::new(affine::Affine::new(a, b, c)),
            Problem::Scaling { rotation, c } => Arc::new(scaling::Scaling::new(rotation, c)),
            Problem::Layer {
                a,
                v,
                b,
                c,
                activation,
            } => Arc::new(layer::Layer::new(a, v, b, c, *activation)),
            Problem::Clip { a, b, c, lo, hi } => Arc::new(clip::Clip::new(a, b, c, lo, hi)),
            Problem::ElasticNet { x, y, step } => {
                Arc::new(elastic_net::ElasticNet::new(x, y, *step))
            }
            Problem::ProxGradient {
                x,
                y,
                step,
                loss,
                prox,
            } => Arc::new(prox_gradient::ProxGradient::new(x, y, *step, *loss, prox)),
            Problem::Composed(data) => Arc::new(composed::ComposedMap::new(data)),
            Problem::MaxMin { forms, least } => Arc::new(max_min::MaxMin::new(forms, least)),
        };
        Ok(Self {
            problem: Arc::new(problem),
            inner,
            samples: None,
        })
    }

    /// The mean Φ = G∘E T̂ of a stochastic map, which keeps its samples.
    ///
    /// # Errors
    /// When no family describes the mean: a threshold G stands behind a finite sum, every other G behind a noise model.
    pub fn sampled(samples: StochasticMap) -> Result<Self> {
        let mut map = Self::new(samples.mean()?)?;
        map.samples = Some(Arc::new(samples));
        Ok(map)
    }

    /// Φ = G∘E T̂ with its samples, where Φ is given by them.
    pub fn samples(&self) -> Option<&StochasticMap> {
        self.samples.as_deref()
    }

    /// The data this map was made from.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Dimensions (d, m, units).
    pub fn dims(&self) -> Dims {
        self.inner.dims()
    }

    /// Refuses a λ outside the domain of the map (wrong length, not finite, λ₁ ≤ 0, λ₂ < 0).
    pub fn check_lambda(&self, lambda: &[f64]) -> Result<()> {
        check_vector("lambda", lambda, self.dims().lambda)?;
        if self.problem.is_regularised() {
            let open = self.problem.needs_threshold();
            let least = if open { "positive" } else { "nonnegative" };
            for (i, (value, least, open)) in
                [(lambda[0], least, open), (lambda[1], "nonnegative", false)]
                    .into_iter()
                    .enumerate()
            {
                if value < 0.0 || (open && value == 0.0) {
                    return Err(
                        Error::input(format!("λ{} must be {least}, got {value}", i + 1))
                            .in_field(format!("lambda[{i}]")),
                    );
                }
            }
        }
        Ok(())
    }

    /// Refuses a w of the wrong length or with a non-finite entry.
    pub fn check_w(&self, field: &str, w: &[f64]) -> Result<()> {
        check_vector(field, w, self.dims().w)
    }

    /// An empty linearisation of the right sizes, to be filled by [`Map::linearize`].
    pub fn linearization(&self) -> Linearization {
        Linearization::new(self.dims())
    }

    /// Buffers for the products.
    pub fn workspace(&self) -> Workspace {
        Workspace::default()
    }

    /// Evaluates Φ(w, λ) and fixes the selection of D_Φ there; at a tie `tie` gives the weight.
    /// All products with `lin` then use this selection, in both blocks.
    pub fn linearize(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        lin.w.copy_from_slice(w);
        lin.lambda.copy_from_slice(lambda);
        self.inner.evaluate(w, lambda, tie, lin);
    }

    /// Φ(w, λ), allocating.
    pub fn apply(&self, w: &[f64], lambda: &[f64]) -> Vector {
        let mut lin = self.linearization();
        self.linearize(w, lambda, &mut Tie::Weight(0.0), &mut lin);
        Vector::from_vec(lin.value)
    }

    /// out ← ∂₁Φ·x for the columns of x (d×k).
    pub fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        self.inner.jvp_w(lin, x, out, ws);
    }

    /// out ← ∂₁Φᵀ·y.
    pub fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        self.inner.vjp_w(lin, y, out, ws);
    }

    /// out ← out + ∂₂Φ·x for the columns of x (m×k).
    pub fn add_jvp_lambda(
        &self,
        lin: &Linearization,
        x: &Matrix,
        out: &mut Matrix,
        ws: &mut Workspace,
    ) {
        self.inner.add_jvp_lambda(lin, x, out, ws);
    }

    /// out ← ∂₁Φ·D + ∂₂Φ (d×m): one forward-mode step of (13) or (14).
    pub fn push_forward(
        &self,
        lin: &Linearization,
        d: &Matrix,
        out: &mut Matrix,
        ws: &mut Workspace,
    ) {
        self.inner.push_forward(lin, d, out, ws);
    }

    /// out ← ∂₂Φᵀ·y.
    pub fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        self.inner.vjp_lambda(lin, y, out, ws);
    }

    /// ∂₁Φ as a dense matrix (d×d).
    pub fn jacobian_w(&self, lin: &Linearization) -> Matrix {
        let d = self.dims().w;
        let mut out = Matrix::zeros(d, d);
        self.inner.jvp_w(
            lin,
            &Matrix::identity(d, d),
            &mut out,
            &mut self.workspace(),
        );
        out
    }

    /// ∂₂Φ as a dense matrix (d×m).
    pub fn jacobian_lambda(&self, lin: &Linearization) -> Matrix {
        let dims = self.dims();
        let mut out = Matrix::zeros(dims.w, dims.lambda);
        let unit = Matrix::identity(dims.lambda, dims.lambda);
        self.inner
            .add_jvp_lambda(lin, &unit, &mut out, &mut self.workspace());
        out
    }

    /// q, L_1, L_2 at this λ (Assumption 3.1).
    pub fn constants(&self, lambda: &[f64]) -> Constants {
        self.inner.constants(lambda)
    }

    /// M_j, R, ω_j and ‖D_{Φ,2}‖sup at a point within `w_error` of w (Lemma 2.5 / 3.2).
    pub fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        self.inner.moduli_at(w, lambda, w_error)
    }

    /// What one floating-point evaluation can lose at this λ.
    pub fn rounding(&self, lambda: &[f64]) -> Rounding {
        self.inner.rounding(lambda)
    }

    /// v ← S^{½}v (or S^{-½}v on the support of S) where ∂₁Φ = SA with S the symmetric Jacobian of a prox
    /// and A symmetric; see [`crate::methods::AidCg`].
    pub(crate) fn scale_by_root(&self, lin: &Linearization, inverse: bool, v: &mut [f64]) {
        self.inner.scale_by_root(lin, inverse, v);
    }

    /// ‖∂z_i/∂w‖ for every unit.
    pub fn unit_sensitivity(&self, lambda: &[f64]) -> Vec<f64> {
        self.inner.unit_sensitivity(lambda)
    }
}

fn check_vector(field: &str, v: &[f64], len: usize) -> Result<()> {
    if v.len() != len {
        return Err(
            Error::input(format!("expected {len} numbers, got {}", v.len())).in_field(field),
        );
    }
    match v.iter().position(|x| !x.is_finite()) {
        Some(i) => {
            Err(Error::input(format!("must be finite, got {}", v[i]))
                .in_field(format!("{field}[{i}]")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
