//! SID's exact limit, bias and moments.
//!
//! SID runs Algorithm 3 with P_ξ = ∂₁T̂(w, λ, ξ)ᵀΓ₁(T̂(w, λ, ξ))ᵀ and reads
//! B_ξ = ∂₂T̂(w, λ, ξ)ᵀΓ₁(T̂)ᵀ + Γ₂(T̂)ᵀ; both expectations are sums over all minibatches.

use super::covariance::Covariance;
use super::estimate::Readout;
use super::recursion::Recursion;
use super::solve_vector;
use crate::error::{Error, Result};
use crate::linalg::eigen::{Enclosure, spectrum};
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::{Composite, Sample};

/// Most minibatches that are enumerated (populationᵇ ordered minibatches of size b).
pub const ENUMERATION_LIMIT: usize = 1 << 20;

/// Where SID goes: the limit of its mean, v_SID = (I - E P_ξ)⁻¹y and r_SID = E B_ξ v_SID, with P_ξ
/// = ∂₁T̂ᵀΓ(T̂)₁ᵀ and B_ξ = ∂₂T̂ᵀΓ(T̂)₁ᵀ + Γ(T̂)₂ᵀ, Γ at each minibatch (theory, section 6).
#[derive(Clone, Debug)]
pub struct SidLimit {
    /// E P_ξ (d×d).
    pub p: Matrix,
    /// E B_ξ (m×d).
    pub b: Matrix,
    /// v_SID = (I - E P_ξ)⁻¹y (d).
    pub v: Vector,
    /// r_SID = E B_ξ v_SID (m); its distance to NSID's reference at the same w is SID's bias.
    pub r: Vector,
    /// The largest real part of an eigenvalue of E P_ξ (as summed here).
    pub abscissa: Enclosure,
    /// Whether the mean iteration converges to v_SID with decreasing steps: `abscissa` < 1, proved.
    /// (The mean map need not be a contraction; with a constant η, |1-η(1-μ)| < 1 is needed for
    /// every eigenvalue μ.)
    pub stable: bool,
}

/// SID's limit at (w, λ) for y, minibatches of `batch` samples in ξ⁽²⁾ and `inner_batch` in ξ⁽¹⁾,
/// with the mask entry `tie` at kinks: a sum over all ordered minibatches.
///
/// # Errors
/// A w, λ or y that [`Composite::check`] refuses, minibatches of no sample or more than
/// [`ENUMERATION_LIMIT`] of them, or a singular I - E P_ξ.
pub fn sid_limit(
    map: &Composite,
    w: &[f64],
    lambda: &[f64],
    y: &[f64],
    tie: f64,
    batch: usize,
    inner_batch: usize,
) -> Result<SidLimit> {
    map.check(w, lambda, y)?;
    let (d, m) = (map.dim(), map.params());
    let mut p = Matrix::zeros(d, d);
    let count = each_minibatch(map, w, lambda, tie, batch, |sample, g1, _| {
        p += step_matrix(map, w, lambda, sample, g1)
    })?;
    p /= count;
    let mut b = Matrix::zeros(m, d);
    let count = each_minibatch(map, w, lambda, tie, inner_batch, |sample, g1, g2| {
        b += read_matrix(map, (w, lambda), sample, g1, g2)
    })?;
    b /= count;
    let v = solve_vector(
        &(Matrix::identity(d, d) - &p),
        &Vector::from_column_slice(y),
        "I - E P",
    )?;
    let r = &b * &v;
    let abscissa = spectrum(&p, 0.0).abscissa;
    Ok(SidLimit {
        p,
        b,
        v,
        r,
        abscissa,
        stable: abscissa.upper < 1.0,
    })
}

impl SidLimit {
    /// The moment recursion of SID's v_k. Cost of the set-up O(count·d³), where the operator form
    /// pays O(count·d⁵) once.
    ///
    /// # Errors
    /// Minibatches of no sample, or more than [`ENUMERATION_LIMIT`] of them.
    pub fn recursion(
        &self,
        map: &Composite,
        w: &[f64],
        lambda: &[f64],
        y: &[f64],
        tie: f64,
        batch: usize,
    ) -> Result<Recursion> {
        let mut q = Vec::new();
        let count = each_minibatch(map, w, lambda, tie, batch, |sample, g1, _| {
            q.push(step_matrix(map, w, lambda, sample, g1) - &self.p);
        })?;
        let covariance = Covariance::dense(map.dim(), q, 1.0 / count);
        Recursion::new(self.p.clone(), covariance, Vector::from_column_slice(y))
    }

    /// How SID reads v_k with J = `j` inner minibatches of `inner_batch` samples: K = E B_ξ, and G
    /// = E(B_ξ - K)ᵀ(B_ξ - K)/J.
    ///
    /// # Errors
    /// Minibatches of no sample, more than [`ENUMERATION_LIMIT`] of them, or J = 0.
    pub fn readout(
        &self,
        map: &Composite,
        w: &[f64],
        lambda: &[f64],
        tie: f64,
        inner_batch: usize,
        j: usize,
    ) -> Result<Readout> {
        let d = map.dim();
        let mut spread = Matrix::zeros(d, d);
        let count = each_minibatch(map, w, lambda, tie, inner_batch, |sample, g1, g2| {
            let q = read_matrix(map, (w, lambda), sample, g1, g2) - &self.b;
            spread += q.tr_mul(&q);
        })?;
        if j == 0 {
            return Err(
                Error::input("at least one inner minibatch is needed (J ≥ 1)").in_field("J"),
            );
        }
        Ok(Readout {
            k: self.b.clone(),
            spread: Some(spread / (count * j as f64)),
        })
    }
}

/// ∂₁T̂ᵀΓ₁ᵀ.
fn step_matrix(
    map: &Composite,
    w: &[f64],
    lambda: &[f64],
    sample: Sample<'_>,
    g1: &Matrix,
) -> Matrix {
    (g1 * map.inner().d1_matrix(w, lambda, sample)).transpose()
}

/// ∂₂T̂ᵀΓ₁ᵀ + Γ₂ᵀ.
fn read_matrix(
    map: &Composite,
    (w, lambda): (&[f64], &[f64]),
    sample: Sample<'_>,
    g1: &Matrix,
    g2: &Matrix,
) -> Matrix {
    (g1 * map.inner().d2_matrix(w, lambda, sample) + g2).transpose()
}

/// Calls `visit(minibatch, Γ₁, Γ₂)` for every ordered minibatch of size `b`, Γ at T̂ of that
/// minibatch; their number.
fn each_minibatch(
    map: &Composite,
    w: &[f64],
    lambda: &[f64],
    tie: f64,
    b: usize,
    mut visit: impl FnMut(Sample<'_>, &Matrix, &Matrix),
) -> Result<f64> {
    let n = map.inner().population();
    let count = u32::try_from(b)
        .ok()
        .and_then(|b| n.checked_pow(b))
        .filter(|c| b > 0 && *c <= ENUMERATION_LIMIT);
    let Some(count) = count else {
        let text = format!(
            "SID's limit enumerates all minibatches: {n}^{b} is not between 1 and {ENUMERATION_LIMIT}"
        );
        return Err(Error::input(text).in_field("batch"));
    };
    let mut batch = vec![0; b];
    let (mut u, mut gamma) = (vec![0.0; map.dim()], map.outer().gamma(map.dim()));
    for code in 0..count {
        let mut rest = code;
        for i in &mut batch {
            *i = rest % n;
            rest /= n;
        }
        let sample = Sample::Batch(&batch);
        map.inner().apply(w, lambda, sample, &mut u);
        map.outer().linearize(&u, lambda, tie, &mut gamma);
        visit(
            sample,
            &map.outer().d1_matrix(&gamma),
            &map.outer().d2_matrix(&gamma, map.params()),
        );
    }
    Ok(count as f64)
}
