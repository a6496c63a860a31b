//! Mean and second moment of v_k of Algorithm 3.

use super::covariance::Covariance;
use super::solve_vector;
use super::source::Source;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector, solve::solve};
use crate::maps::composite::{Composite, Gamma, Inner, Sample};

/// v_{i+1} = (1-η_i)v_i + η_i(P_ξv_i + y), v_0 = 0, with independent P_ξ of mean P and covariance
/// operator N: with v̂ = (I-P)⁻¹y, m_i = E(v_i-v̂), C_i = Cov v_i and M̄ = (1-η_i)I + η_iP,
///
/// m_{i+1} = M̄m_i, C_{i+1} = M̄C_iM̄ᵀ + η_i²N(W_i), W_i = E v_iv_iᵀ = C_i + (v̂+m_i)(v̂+m_i)ᵀ.
///
/// This is the recursion of S_i = E(v_i-v̂)(v_i-v̂)ᵀ = C_i + m_im_iᵀ with the part that is exactly
/// m_im_iᵀ split off, so that nothing cancels. Exact up to rounding, for any P that leaves I-P
/// regular: the process need not contract. Cost per step: min(d⁴/4, 2nd²) multiplications for the
/// covariance of a sum of n rank-one terms (the operator on symmetric matrices or the terms
/// themselves) and 2d³ for M̄CM̄ᵀ; N is set up once.
///
/// Where y is random itself ([`Source`], independent of all P_ξ), v̂ and m_i are those of E y, C_i
/// is E Cov(v_i | y), and E(v_i | y) = A_iy with A_{i+1} = M̄A_i + η_iI: Cov v_i = C_i + A_i Cov(y)
/// A_iᵀ, again a sum of semidefinite terms.
#[derive(Clone, Debug)]
pub struct Recursion {
    mean: Matrix,
    covariance: Covariance,
    v_hat: Vector,
    source: Option<Source>,
    w: Matrix,
    noise: Matrix,
    pm: Vector,
}

/// m_i and C_i after i steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The number of steps done.
    pub i: usize,
    /// m_i = E(v_i - v̂), d.
    pub m: Vector,
    /// C_i = Cov v_i, d×d (E Cov(v_i | y) where y is random).
    pub c: Matrix,
    /// A_i (d×d) with E(v_i | y) = A_iy, where y is random.
    pub a: Option<Matrix>,
}

impl Moments {
    /// E‖v_i - v̂‖² (Euclidean) = tr C_i + ‖m_i‖², for a y that is not random.
    pub fn mse(&self) -> f64 {
        self.c.trace() + self.m.norm_squared()
    }
}

impl Recursion {
    /// NSID's linear system at w (d) and λ (m) with the given Γ₁ and minibatches of `batch`
    /// independent samples: P_ξ = ∂₁T̂(w, λ, ξ)ᵀΓ₁ᵀ, and y (d).
    ///
    /// # Errors
    /// A w, λ or y that [`Composite::check`] refuses, a `batch` of 0, or a singular I - P.
    pub fn nsid(
        map: &Composite,
        w: &[f64],
        lambda: &[f64],
        gamma: &Gamma,
        y: &[f64],
        batch: usize,
    ) -> Result<Self> {
        map.check(w, lambda, y)?;
        if batch == 0 {
            return Err(Error::input("a minibatch must not be empty").in_field("batch"));
        }
        let d = map.dim();
        let g = map.outer().d1_matrix(gamma);
        let mean = map
            .inner()
            .d1_matrix(w, lambda, Sample::Mean)
            .tr_mul(&g.transpose());
        let covariance = match map.inner() {
            // ∂₁T̂ - ∂₁T = -η(h_i x_i x_iᵀ - mean), so P_ξ - P = -η(h_i x_i (Γ₁x_i)ᵀ - mean).
            Inner::FiniteSum(f) => {
                let h = f.curvatures(w);
                let x = Matrix::from_fn(d, f.rows(), |j, i| f.row(i)[j]);
                let mut gx = &g * &x;
                gx.column_iter_mut()
                    .zip(&h)
                    .for_each(|(mut c, hi)| c *= *hi);
                Covariance::rank_one(x, gx, f.eta() * f.eta() / batch as f64)
            }
            Inner::Poisoned(f) => {
                let first = |i| map.inner().d1_matrix(w, lambda, Sample::Batch(&[i]));
                let own = |i| first(i).tr_mul(&g.transpose()) - &mean;
                let q = (0..f.rows()).map(own).collect();
                Covariance::dense(d, q, 1.0 / (f.rows() * batch) as f64)
            }
            Inner::Noise(f) => {
                let terms = f.channels.iter().filter_map(|c| c.n.as_ref());
                let q = terms.map(|n| n.tr_mul(&g.transpose())).collect();
                Covariance::dense(d, q, 1.0 / batch as f64)
            }
        };
        Self::new(mean, covariance, Vector::from_column_slice(y))
    }

    /// The recursion of any random d×d matrix with mean `mean` and covariance operator
    /// `covariance`, for y (d).
    ///
    /// # Errors
    /// When I - P is singular.
    ///
    /// ```
    /// use ratecert::linalg::{Matrix, Vector};
    /// use ratecert::truth::expectation::{Covariance, Recursion};
    ///
    /// // d = 1, P_ξ = 1/2 ± 1/4 and y = 1, so that v̂ = 2: one step with η = 1 from v_0 = 0 is y
    /// // itself, the next one P_ξ + 1, of mean 3/2 and variance 1/16.
    /// let one = |v: f64| Matrix::from_element(1, 1, v);
    /// let noise = Covariance::dense(1, vec![one(0.25)], 1.0);
    /// let mut recursion = Recursion::new(one(0.5), noise, Vector::from_element(1, 1.0))?;
    /// let error = recursion.mse_curve(2, |_| 1.0);
    /// assert_eq!(error, [4.0, 1.0, 0.25 + 0.0625]);
    /// # Ok::<(), ratecert::Error>(())
    /// ```
    pub fn new(mean: Matrix, covariance: Covariance, y: Vector) -> Result<Self> {
        let d = y.len();
        let v_hat = solve_vector(&(Matrix::identity(d, d) - &mean), &y, "I - P")?;
        Ok(Self {
            mean,
            covariance,
            v_hat,
            source: None,
            w: Matrix::zeros(d, d),
            noise: Matrix::zeros(d, d),
            pm: Vector::zeros(d),
        })
    }

    /// The same where y is random, with the mean that it was made for.
    #[must_use]
    pub fn from_source(self, source: Source) -> Self {
        Self {
            source: Some(source),
            ..self
        }
    }

    /// What y is, where it is random.
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// P = E P_ξ, d×d.
    pub fn mean(&self) -> &Matrix {
        &self.mean
    }

    /// v̂ = (I-P)⁻¹y (d), with E y where y is random.
    pub fn v_hat(&self) -> &Vector {
        &self.v_hat
    }

    /// out ← N(W) for a symmetric W.
    pub fn covariance(&mut self, w: &Matrix, out: &mut Matrix) {
        self.covariance.apply(w, out);
    }

    /// The moments at v_0 = 0.
    pub fn start(&self) -> Moments {
        self.start_at(&Vector::zeros(self.v_hat.len()))
    }

    /// The moments at a given v_0 (d).
    pub fn start_at(&self, v0: &Vector) -> Moments {
        let d = self.v_hat.len();
        Moments {
            i: 0,
            m: v0 - &self.v_hat,
            c: Matrix::zeros(d, d),
            a: self.source.as_ref().map(|_| Matrix::zeros(d, d)),
        }
    }

    /// The moments of v̂ (of (I-P)⁻¹y where y is random) with this covariance `c` beside it.
    ///
    /// # Errors
    /// When I - P is singular.
    pub fn solved(&self, c: Matrix) -> Result<Moments> {
        let d = self.v_hat.len();
        let eye = Matrix::identity(d, d);
        let inverse = || match solve(&(&eye - &self.mean), &eye) {
            Some(s) => Ok(s.x),
            None => Err(Error::input("I - P is singular")),
        };
        Ok(Moments {
            i: 0,
            m: Vector::zeros(d),
            c,
            a: self.source.as_ref().map(|_| inverse()).transpose()?,
        })
    }

    /// out ← E v_iv_iᵀ.
    pub fn second_moment(&self, at: &Moments, out: &mut Matrix) {
        second_moment(&self.v_hat, self.source.as_ref(), at, out);
    }

    /// One step v_{i+1} = (1-η)v_i + η(P_ξv_i + y) of the moments, without allocation.
    pub fn step(&mut self, at: &mut Moments, eta: f64) {
        second_moment(&self.v_hat, self.source.as_ref(), at, &mut self.w);
        self.covariance.apply(&self.w, &mut self.noise);
        // M̄C into w, then C ← (M̄C)M̄ᵀ + η²N, M̄ = (1-η)I + ηP.
        self.w.copy_from(&at.c);
        self.w.gemm(eta, &self.mean, &at.c, 1.0 - eta);
        at.c.copy_from(&self.w);
        at.c *= 1.0 - eta;
        gemm_tr(eta, &self.w, &self.mean, &mut at.c);
        // C stays symmetric to the last bit, as the covariance forms assume.
        for j in 0..at.m.len() {
            for i in 0..=j {
                let v = 0.5 * (at.c[(i, j)] + at.c[(j, i)]) + eta * eta * self.noise[(i, j)];
                at.c[(i, j)] = v;
                at.c[(j, i)] = v;
            }
        }
        self.pm.gemv(1.0, &self.mean, &at.m, 0.0);
        at.m.axpy(eta, &self.pm, 1.0 - eta);
        if let Some(a) = &mut at.a {
            let mut next = &*a * (1.0 - eta);
            next.gemm(eta, &self.mean, a, 1.0);
            (0..next.nrows()).for_each(|i| next[(i, i)] += eta);
            *a = next;
        }
        at.i += 1;
    }

    /// E‖v_i - v̂‖² for i = 0..=k with the steps η_i = eta(i), from v_0 = 0.
    pub fn mse_curve(&mut self, k: usize, eta: impl Fn(usize) -> f64) -> Vec<f64> {
        self.mse_curve_from(self.start(), k, eta)
    }

    /// The same from other moments.
    pub fn mse_curve_from(
        &mut self,
        mut at: Moments,
        k: usize,
        eta: impl Fn(usize) -> f64,
    ) -> Vec<f64> {
        let mut out = Vec::with_capacity(k + 1);
        out.push(at.mse());
        for i in 0..k {
            self.step(&mut at, eta(i));
            out.push(at.mse());
        }
        out
    }

    /// The moments after k steps.
    pub fn moments(&mut self, k: usize, eta: impl Fn(usize) -> f64) -> Moments {
        let mut at = self.start();
        for i in 0..k {
            self.step(&mut at, eta(i));
        }
        at
    }
}

/// out ← out + alpha·A·Bᵀ without forming Bᵀ.
fn gemm_tr(alpha: f64, a: &Matrix, b: &Matrix, out: &mut Matrix) {
    let d = a.nrows();
    for l in 0..a.ncols() {
        let (al, bl) = (
            &a.as_slice()[l * d..(l + 1) * d],
            &b.as_slice()[l * d..(l + 1) * d],
        );
        for (column, b) in out.as_mut_slice().chunks_exact_mut(d).zip(bl) {
            let c = alpha * b;
            column.iter_mut().zip(al).for_each(|(o, x)| *o += c * x);
        }
    }
}

/// out ← C + (v̂+m)(v̂+m)ᵀ + A Cov(y) Aᵀ.
fn second_moment(v_hat: &Vector, source: Option<&Source>, at: &Moments, out: &mut Matrix) {
    let d = v_hat.len();
    let (m, v) = (at.m.as_slice(), v_hat.as_slice());
    let columns = out
        .as_mut_slice()
        .chunks_exact_mut(d)
        .zip(at.c.as_slice().chunks_exact(d));
    for (j, (column, c)) in columns.enumerate() {
        let mean = m[j] + v[j];
        for (o, (c, (mi, vi))) in column.iter_mut().zip(c.iter().zip(m.iter().zip(v))) {
            *o = c + (mi + vi) * mean;
        }
    }
    if let (Some(source), Some(a)) = (source, &at.a) {
        *out += source.through(a);
    }
}
