//! Errors of the estimate r = K v_k, from the moments of v_k.

use super::recursion::{Moments, Recursion};
use super::solve_vector;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::{Composite, Gamma, Inner, Sample};

/// How an estimate reads v_k: r = K_ξv_k with E K_ξ = K and E(K_ξ-K)ᵀ(K_ξ-K) = G, independent of
/// v_k.
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// K (m×d).
    pub k: Matrix,
    /// G (d×d); `None` where K is not random (ξ⁽¹⁾ given, or nothing in it depends on ξ⁽¹⁾).
    pub spread: Option<Matrix>,
}

impl Readout {
    /// E r = K E v_k (m), with E h where an h is added.
    pub fn mean(&self, recursion: &Recursion, at: &Moments) -> Vector {
        let mean = &self.k * (&at.m + recursion.v_hat());
        match recursion.source() {
            Some(source) => mean + &source.direct,
            None => mean,
        }
    }

    /// E‖r - r*‖² (Euclidean) = ‖E r - r*‖² + tr KCKᵀ + tr GW: a sum of nonnegative terms. Where y
    /// is random, what (KA_k, I) leaves of Cov (y, h) besides.
    pub fn mse(&self, recursion: &Recursion, at: &Moments, r_star: &Vector) -> f64 {
        (self.mean(recursion, at) - r_star).norm_squared() + self.variance(recursion, at)
    }

    /// Cov r (m×m), where K is not random.
    pub fn covariance(&self, recursion: &Recursion, at: &Moments) -> Matrix {
        let own = &self.k * &at.c * self.k.transpose();
        match (recursion.source(), &at.a) {
            (Some(source), Some(a)) => own + source.covariance(&(&self.k * a)),
            _ => own,
        }
    }

    /// What the samples of the linear system alone leave of E‖r - E r‖²: tr KCKᵀ + tr GC.
    pub fn linear_variance(&self, at: &Moments) -> f64 {
        let own = (&self.k * &at.c).component_mul(&self.k).sum();
        let spread = self
            .spread
            .as_ref()
            .map_or(0.0, |g| g.component_mul(&at.c).sum());
        (own + spread).max(0.0)
    }

    /// E‖r - E r‖² = tr Cov r.
    pub fn variance(&self, recursion: &Recursion, at: &Moments) -> f64 {
        let mut out = (&self.k * &at.c).component_mul(&self.k).sum().max(0.0);
        if let (Some(source), Some(a)) = (recursion.source(), &at.a) {
            out += source.covariance(&(&self.k * a)).trace().max(0.0);
        }
        if let Some(g) = &self.spread {
            let mut w = Matrix::zeros(g.nrows(), g.ncols());
            recursion.second_moment(at, &mut w);
            out += g.component_mul(&w).sum().max(0.0);
        }
        out
    }
}

/// NSID's readout and Γ given ξ⁽¹⁾ (all J minibatches in one list): K = D̂₂ᵀΓ₁ᵀ + Γ₂ᵀ (m×d) with Γ
/// at w̄(ξ⁽¹⁾).
///
/// With the recursion at this Γ, [`Readout::mse`] is E[‖r - r*‖² | ξ⁽¹⁾], the Rao-Blackwellised
/// error: only ξ⁽¹⁾ is left to sample or enumerate.
///
/// # Errors
/// A w (d) or λ (m) that [`Composite::check`] refuses, or indices that [`Composite::check_batch`]
/// does.
pub fn conditional_readout(
    map: &Composite,
    w: &[f64],
    lambda: &[f64],
    inner: &[usize],
    tie: f64,
) -> Result<(Gamma, Readout)> {
    map.check(w, lambda, w)?;
    map.check_batch(inner)
        .map_err(|e| e.in_field("inner_samples"))?;
    let mut u = vec![0.0; map.dim()];
    map.inner().apply(w, lambda, Sample::Batch(inner), &mut u);
    let mut gamma = map.outer().gamma(map.dim());
    map.outer().linearize(&u, lambda, tie, &mut gamma);
    let k = readout(
        map,
        &map.inner().d2_matrix(w, lambda, Sample::Batch(inner)),
        &gamma,
    );
    Ok((gamma, Readout { k, spread: None }))
}

/// NSID's readout and Γ where Γ does not depend on ξ⁽¹⁾ (`None` where it may); `inner` = J·|b|, the
/// number of samples averaged in ξ⁽¹⁾. Then [`Readout::mse`] is E‖r - r*‖² with nothing left to
/// sample.
pub fn certain_readout(
    map: &Composite,
    w: &[f64],
    lambda: &[f64],
    inner: usize,
) -> Option<(Gamma, Readout)> {
    let gamma = map.certain_gamma(w, lambda)?;
    let k = readout(map, &map.inner().d2_matrix(w, lambda, Sample::Mean), &gamma);
    let spread = match map.inner() {
        Inner::FiniteSum(_) => None,
        Inner::Poisoned(f) => {
            // The same with the deviation of every row.
            let (d, n) = (map.dim(), f.rows());
            let mean = map.inner().d2_matrix(w, lambda, Sample::Mean);
            let own = |i| map.inner().d2_matrix(w, lambda, Sample::Batch(&[i])) - &mean;
            let sum = (0..n).map(own);
            let sum = sum.fold(Matrix::zeros(d, d), |s, m| s + &m * m.transpose());
            let g = map.outer().d1_matrix(&gamma);
            Some(&g * sum * g.transpose() / (n * inner) as f64)
        }
        Inner::Noise(f) => {
            // (K_ξ-K)ᵀ = Γ₁Δ₂, Δ₂ a mean of `inner` terms: G = Γ₁ (Σ_a M_aM_aᵀ) Γ₁ᵀ/inner.
            let d = map.dim();
            let terms = f.channels.iter().filter_map(|c| c.m.as_ref());
            let sum = terms.fold(Matrix::zeros(d, d), |s, m| s + m * m.transpose());
            let g = map.outer().d1_matrix(&gamma);
            Some(&g * sum * g.transpose() / inner as f64)
        }
    };
    Some((gamma, Readout { k, spread }))
}

/// (Γ₁D₂ + Γ₂)ᵀ.
fn readout(map: &Composite, d2: &Matrix, gamma: &Gamma) -> Matrix {
    let g = map.outer();
    (g.d1_matrix(gamma) * d2 + g.d2_matrix(gamma, map.params())).transpose()
}

/// The noiseless counterpart of NSID at w.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// v̂ = (I - ∂₁Tᵀ Γ₁ᵀ)⁻¹y with Γ at T(w, λ).
    pub v: Vector,
    /// r = (∂₂TᵀΓ₁ᵀ + Γ₂ᵀ)v̂; at w = w(λ) an element of D_impᵀy, the only one where no kink is
    /// active.
    pub r: Vector,
}

/// [`Reference`] at (w, λ) for y (d), with the mask entry `tie` in \[0, 1\] at kinks, by a direct
/// solve.
///
/// # Errors
/// A w, λ or y that [`Composite::check`] refuses, a `tie` outside of \[0, 1\], or a singular I - P.
pub fn reference(
    map: &Composite,
    w: &[f64],
    lambda: &[f64],
    y: &[f64],
    tie: f64,
) -> Result<Reference> {
    map.check(w, lambda, y)?;
    if !(0.0..=1.0).contains(&tie) {
        return Err(Error::input(format!("must lie in [0, 1], got {tie}")).in_field("tie"));
    }
    let gamma = map.mean_gamma(w, lambda, tie);
    let d = map.dim();
    let g = map.outer().d1_matrix(&gamma);
    let p = map
        .inner()
        .d1_matrix(w, lambda, Sample::Mean)
        .tr_mul(&g.transpose());
    let v = solve_vector(
        &(Matrix::identity(d, d) - p),
        &Vector::from_column_slice(y),
        "I - P",
    )?;
    let r = readout(map, &map.inner().d2_matrix(w, lambda, Sample::Mean), &gamma) * &v;
    Ok(Reference { v, r })
}
