//! The type to use: a prepared map with its data and, where it has them, its samples.

use std::borrow::Cow;
use std::sync::Arc;

use super::composite::{Composite, mean};
use super::constants::{Constants, Dims};
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::Moduli;
use super::problem::Problem;
use super::products::{Certified, OnSupport};
use super::rounding::Rounding;
use super::structure::{Factors, Role, Structure};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::tol::Roundoff;

/// A fixed-point map, ready for products. Cheap to clone.
#[derive(Clone)]
pub struct Map {
    problem: Arc<Problem>,
    inner: Arc<dyn Certified>,
    /// Φ = G∘E T̂ and its samples, where Φ is given by them.
    samples: Option<Arc<Composite>>,
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Map({}, {:?})", self.problem.kind(), self.dims())
    }
}

impl Map {
    /// Checks the shapes and entries of `problem` and prepares its products.
    ///
    /// # Errors
    /// Those of [`Problem::validate`]; the field is named.
    ///
    /// ```
    /// use ratecert::linalg::{Matrix, Vector};
    /// use ratecert::maps::{Affine, Map};
    ///
    /// let map = Map::new(Affine {
    ///     a: Matrix::from_row_slice(2, 2, &[0.25, 0.5, 0.0, 0.25]),
    ///     b: Matrix::identity(2, 2),
    ///     c: Vector::zeros(2),
    /// })?;
    /// let (d, m) = (map.dims().w, map.dims().lambda);
    /// assert_eq!((d, m), (2, 2));
    /// assert_eq!(map.apply(&[1.0, 1.0], &[1.0, 0.0]).as_slice(), [1.75, 0.25]);
    /// // q is the spectral norm of A, rounded up: far above its spectral radius 1/4.
    /// let q = map.constants(&[0.0, 0.0]).q;
    /// assert!((q - (0.125f64.sqrt() + 0.25)).abs() < 1e-12);
    /// # Ok::<(), ratecert::Error>(())
    /// ```
    pub fn new(problem: impl Into<Problem>) -> Result<Self> {
        let problem = problem.into();
        problem.validate()?;
        Ok(Self {
            inner: problem.prepare(),
            problem: Arc::new(problem),
            samples: None,
        })
    }

    /// The mean Φ = G∘E T̂ of a stochastic map, which keeps its samples.
    ///
    /// # Errors
    /// When no family describes the mean: a threshold G stands behind a finite sum, a fixed
    /// one behind a poisoned regression, every other G behind a noise model.
    pub fn sampled(samples: Composite) -> Result<Self> {
        let mut map = Self::new(mean(&samples)?)?;
        map.samples = Some(Arc::new(samples));
        Ok(map)
    }

    /// Φ = G∘E T̂ with its samples, where Φ is given by them.
    pub fn samples(&self) -> Option<&Composite> {
        self.samples.as_deref()
    }

    /// The data this map was made from.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What kind of map this is.
    pub fn structure(&self) -> &Structure {
        self.inner.structure()
    }

    /// Dimensions (d, m, units).
    pub fn dims(&self) -> Dims {
        self.inner.dims()
    }

    /// Refuses a λ outside the domain of the map.
    ///
    /// # Errors
    /// Another length than m, an entry that is not finite, a threshold ≤ 0, or a weight of a
    /// penalty < 0 (see [`Role`]); the entry is named.
    pub fn check_lambda(&self, lambda: &[f64]) -> Result<()> {
        check_vector("lambda", lambda, self.dims().lambda)?;
        let roles = self.structure().lambda.iter().zip(lambda).enumerate();
        for (i, (role, value)) in roles {
            let (holds, least) = match role {
                Role::Free => (true, ""),
                Role::Threshold => (*value > 0.0, "positive"),
                Role::Shift | Role::Ridge => (*value >= 0.0, "nonnegative"),
            };
            if !holds {
                let text = format!("λ{} must be {least}, got {value}", i + 1);
                return Err(Error::input(text).in_field(format!("lambda[{i}]")));
            }
        }
        Ok(())
    }

    /// Refuses a w of the wrong length or with a non-finite entry; `field` is what the error calls
    /// it.
    ///
    /// # Errors
    /// Another length than d, or an entry that is not finite.
    pub fn check_w(&self, field: &str, w: &[f64]) -> Result<()> {
        check_vector(field, w, self.dims().w)
    }

    /// An empty linearisation of the right sizes, to be filled by [`Map::linearize`].
    pub fn linearization<'l>(&self) -> Linearization<'l> {
        Linearization::new(self.dims())
    }

    /// Buffers for the products.
    pub fn workspace(&self) -> Workspace {
        Workspace::default()
    }

    /// Evaluates Φ(w, λ) for w (d) and λ (m) and fixes the selection of D_Φ there; at a tie `tie`
    /// gives the weight. All products with `lin` then use this selection, in both blocks.
    ///
    /// # Panics
    /// When `w` is not of length d.
    pub fn linearize(
        &self,
        w: &[f64],
        lambda: &[f64],
        tie: &mut Tie<'_>,
        lin: &mut Linearization<'_>,
    ) {
        lin.w.copy_from_slice(w);
        match &mut lin.lambda {
            Cow::Owned(own) => {
                own.clear();
                own.extend_from_slice(lambda);
            }
            borrowed => *borrowed = Cow::Owned(lambda.to_vec()),
        }
        self.inner.evaluate(w, lambda, tie, lin);
    }

    /// [`Map::linearize`], borrowing λ instead of copying it: with a million parameters a copy
    /// costs as much as Φ.
    pub fn linearize_in<'l>(
        &self,
        w: &[f64],
        lambda: &'l [f64],
        tie: &mut Tie<'_>,
        lin: &mut Linearization<'l>,
    ) {
        lin.w.copy_from_slice(w);
        lin.lambda = Cow::Borrowed(lambda);
        self.inner.evaluate(w, lambda, tie, lin);
    }

    /// The selection at w where Φ(w, λ) is known and ties have weight 0: what
    /// [`Map::linearize_in`] would fix, as far as products read it. Costs no product where the
    /// value tells the selection; `value` and `margin` of `lin` are then not filled. Says whether Φ
    /// was evaluated.
    pub(crate) fn reselect_in<'l>(
        &self,
        w: &[f64],
        value: &[f64],
        lambda: &'l [f64],
        lin: &mut Linearization<'l>,
    ) -> bool {
        lin.w.copy_from_slice(w);
        lin.lambda = Cow::Borrowed(lambda);
        let told = self.inner.reselect(value, lin);
        if !told {
            self.inner.evaluate(w, lambda, &mut Tie::Weight(0.0), lin);
        }
        !told
    }

    /// Φ(w, λ) (d) for w (d) and λ (m), allocating.
    pub fn apply(&self, w: &[f64], lambda: &[f64]) -> Vector {
        let mut lin = self.linearization();
        self.linearize_in(w, lambda, &mut Tie::Weight(0.0), &mut lin);
        Vector::from_vec(lin.value)
    }

    /// out ← ∂₁Φ·x (d×k) for the columns of x (d×k), with the selection of `lin`.
    pub fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, ws: &mut Workspace) {
        self.inner.jvp_w(lin, x, out, ws);
    }

    /// out ← ∂₁Φᵀ·y (d) for y (d), with the selection of `lin`.
    pub fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        self.inner.vjp_w(lin, y, out, ws);
    }

    /// out ← out + ∂₂Φ·x (d×k) for the columns of x (m×k), with the selection of `lin`.
    pub fn add_jvp_lambda(
        &self,
        lin: &Linearization,
        x: &Matrix,
        out: &mut Matrix,
        ws: &mut Workspace,
    ) {
        self.inner.add_jvp_lambda(lin, x, out, ws);
    }

    /// out ← ∂₁Φ·D + ∂₂Φ (d×m) for D (d×m): one forward-mode step of ITD, equation (13), or of
    /// AID-FP, equation (14).
    pub fn push_forward(
        &self,
        lin: &Linearization,
        d: &Matrix,
        out: &mut Matrix,
        ws: &mut Workspace,
    ) {
        self.inner.push_forward(lin, d, out, ws);
    }

    /// out ← ∂₂Φᵀ·y (m) for y (d), with the selection of `lin`.
    pub fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        self.inner.vjp_lambda(lin, y, out, ws);
    }

    /// ∂₁Φᵀ between the units that are active, where AID needs no more.
    pub fn on_support(&self, lin: &Linearization) -> Option<OnSupport> {
        self.inner.on_support(lin)
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

    /// q, L_1, L_2 at this λ (Assumption 3.1), for all w, in spectral norms and rounded up.
    pub fn constants(&self, lambda: &[f64]) -> Constants {
        self.inner.constants(lambda)
    }

    /// M_j, R, ω_j and ‖D_{Φ,2}‖sup at the point that w (d) stands for, known to lie within the
    /// Euclidean distance `w_error` of it (Lemma 2.5 / 3.2).
    pub fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        self.inner.moduli_at(w, lambda, w_error)
    }

    /// Units that may be at a kink at a point within `w_error` of w, where they are known for less
    /// than [`Map::moduli_at`] costs: its `kinks`.
    pub(crate) fn kinks_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Option<Vec<usize>> {
        self.inner.kinks_at(w, lambda, w_error)
    }

    /// What one floating-point evaluation can lose at this λ.
    pub fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        self.inner.rounding(lambda, u)
    }

    /// v ← S^{½}v (or S^{-½}v on the support of S) where ∂₁Φ = SA with S the symmetric Jacobian of
    /// a prox and A symmetric; see [`crate::methods::AidCg`].
    pub(crate) fn scale_by_root(&self, lin: &Linearization, inverse: bool, v: &mut [f64]) {
        self.inner.scale_by_root(lin, inverse, v);
    }

    /// The derivative in w (d×d) of column j of ∂₂Φ on the piece of `lin`, where Φ is piecewise
    /// affine in w; `None` where it is zero.
    pub fn variation(&self, j: usize, lin: &Linearization) -> Option<Matrix> {
        self.inner.variation(j, lin)
    }

    /// L, R_1, R_2 with ∂_jΦ = L S R_j, S the diagonal matrix of the slopes; `None` where L = I and
    /// R_j is ∂_jΦ with all slopes 1.
    pub fn factors(&self) -> Option<Factors<'_>> {
        self.inner.factors()
    }

    /// (∂z_i/∂w, ∂z_i/∂λ) of unit i, d + m numbers, where both are constant and given by the data.
    pub fn input_row(&self, unit: usize) -> Option<Vec<f64>> {
        self.inner.input_row(unit)
    }

    /// The map with its step size multiplied by `times`; `None` where there is no step size, or the
    /// new one is out of range.
    pub fn with_step(&self, times: f64) -> Option<Self> {
        Self::new(self.problem.with_step(times)?).ok()
    }

    /// ‖∂z_i/∂w‖ (Euclidean) for every unit, rounded up: how far an error of w moves the input of a
    /// unit.
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
