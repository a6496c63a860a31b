//! What a served map is asked, and the trait it answers through.
//!
//! Owns the questions and the default batch that loops. Must not know what is judged.

use crate::error::{Error, Result};

/// What is to be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum What {
    /// Φ(w, λ); with samples T(w, λ), or T̂(w, λ, i).
    Phi,
    /// (∂₁Φᵀu, ∂₂Φᵀu), concatenated.
    Vjp,
    /// ∂₁Φ·dw + ∂₂Φ·dλ.
    Jvp,
    /// The user's own hypergradient: one m-vector per entry of `steps`, or one.
    Hypergradient,
    /// G(w, λ), the outer map of a composite one.
    Outer,
    /// The transposed product of G.
    OuterVjp,
    /// The product of G.
    OuterJvp,
}

impl What {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phi => "phi",
            Self::Vjp => "vjp",
            Self::Jvp => "jvp",
            Self::Hypergradient => "hypergradient",
            Self::Outer => "outer",
            Self::OuterVjp => "outer-vjp",
            Self::OuterJvp => "outer-jvp",
        }
    }
}

/// What a stochastic hypergradient is given instead of drawing it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Indices of the J minibatches ξ⁽¹⁾ of NSID, of equal length.
    pub inner_samples: Vec<Vec<usize>>,
    /// Indices of the minibatch ξ⁽²⁾ of every update.
    pub samples: Vec<Vec<usize>>,
    /// The step size η of every update.
    pub step_sizes: Vec<f64>,
}

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// What is asked.
    pub what: What,
    /// The point (d numbers); the start for an iterative hypergradient.
    pub w: Vec<f64>,
    /// The parameters (m numbers).
    pub lambda: Vec<f64>,
    /// The cotangent (d numbers), the direction [dw, dλ] (d + m), or nothing for values.
    pub u: Vec<f64>,
    /// The index i of T̂(·, i), from 0.
    pub sample: Option<usize>,
    /// The steps at which a hypergradient is wanted, increasing.
    pub steps: Vec<usize>,
    /// What a stochastic hypergradient is given.
    pub drawn: Option<Drawn>,
}

/// A map Φ(w, λ) that is known as a program.
///
/// Only [`phi`](Self::phi) has to be there; what else is served, [`super::ServedSpec`] says.
/// Everything the engine asks goes through [`eval`](Self::eval) in batches, which a program behind
/// a pipe answers in one message.
///
/// ```
/// use ratecert::served::ServedMap;
///
/// struct Halving;
/// impl ServedMap for Halving {
///     fn phi(&mut self, w: &[f64], lambda: &[f64]) -> ratecert::Result<Vec<f64>> {
///         Ok(vec![0.5 * w[0] + lambda[0]])
///     }
/// }
/// assert_eq!(Halving.phi(&[2.0], &[1.0])?, [2.0]);
/// assert!(Halving.vjp(&[2.0], &[1.0], &[1.0]).is_err());
/// # Ok::<(), ratecert::Error>(())
/// ```
pub trait ServedMap {
    /// Φ(w, λ) (d) for w (d) and λ (m), or T(w, λ) where samples are served.
    ///
    /// # Errors
    /// Why there is no value.
    fn phi(&mut self, w: &[f64], lambda: &[f64]) -> Result<Vec<f64>>;

    /// ∂₁Φᵀu (d) and ∂₂Φᵀu (m) for u (d).
    ///
    /// # Errors
    /// Why there is no product; by default, that it is not served.
    fn vjp(&mut self, _w: &[f64], _lambda: &[f64], _u: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        Err(unserved(What::Vjp))
    }

    /// ∂₁Φ·dw + ∂₂Φ·dλ (d) for dw (d) and dλ (m).
    ///
    /// # Errors
    /// Why there is no product; by default, that it is not served.
    fn jvp(&mut self, _w: &[f64], _lambda: &[f64], _dw: &[f64], _dl: &[f64]) -> Result<Vec<f64>> {
        Err(unserved(What::Jvp))
    }

    /// The user's hypergradient for the cotangent y (d): one m-vector per entry of `steps`; one
    /// where `steps` is empty.
    ///
    /// # Errors
    /// Why there is none; by default, that it is not served.
    fn hypergradient(
        &mut self,
        _w: &[f64],
        _lambda: &[f64],
        _y: &[f64],
        _steps: &[usize],
    ) -> Result<Vec<Vec<f64>>> {
        Err(unserved(What::Hypergradient))
    }

    /// The user's NSID (Algorithm 1) from these samples: one m-vector per entry of `steps`.
    ///
    /// # Errors
    /// Why there is none; by default, that it is not served.
    fn nsid(
        &mut self,
        _w: &[f64],
        _lambda: &[f64],
        _y: &[f64],
        _steps: &[usize],
        _drawn: &Drawn,
    ) -> Result<Vec<Vec<f64>>> {
        Err(unserved(What::Hypergradient))
    }

    /// T̂(w, λ, i) (d).
    ///
    /// # Errors
    /// Why there is no value; by default, that it is not served.
    fn sample(&mut self, _i: usize, _w: &[f64], _lambda: &[f64]) -> Result<Vec<f64>> {
        Err(unserved(What::Phi))
    }

    /// The transposed products of T̂(·, i), d and m numbers as for [`ServedMap::vjp`].
    ///
    /// # Errors
    /// Why there is no product; by default, that it is not served.
    fn sample_vjp(
        &mut self,
        _i: usize,
        _w: &[f64],
        _lambda: &[f64],
        _u: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        Err(unserved(What::Vjp))
    }

    /// The product of T̂(·, i), d numbers as for [`ServedMap::jvp`].
    ///
    /// # Errors
    /// Why there is no product; by default, that it is not served.
    fn sample_jvp(
        &mut self,
        _i: usize,
        _w: &[f64],
        _lambda: &[f64],
        _dw: &[f64],
        _dl: &[f64],
    ) -> Result<Vec<f64>> {
        Err(unserved(What::Jvp))
    }

    /// G(v, λ) (d) for v (d), where Φ(w, λ) = G(T(w, λ), λ).
    ///
    /// # Errors
    /// Why there is no value; by default, that it is not served.
    fn outer(&mut self, _v: &[f64], _lambda: &[f64]) -> Result<Vec<f64>> {
        Err(unserved(What::Outer))
    }

    /// The transposed products of G at (v, λ): ∂₁Gᵀu (d) and ∂₂Gᵀu (m) for u (d).
    ///
    /// # Errors
    /// Why there is no product; by default, that it is not served.
    fn outer_vjp(
        &mut self,
        _v: &[f64],
        _lambda: &[f64],
        _u: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        Err(unserved(What::OuterVjp))
    }

    /// The product of G at (v, λ): ∂₁G·dv + ∂₂G·dλ (d) for dv (d) and dλ (m).
    ///
    /// # Errors
    /// Why there is no product; by default, that it is not served.
    fn outer_jvp(
        &mut self,
        _v: &[f64],
        _lambda: &[f64],
        _dv: &[f64],
        _dl: &[f64],
    ) -> Result<Vec<f64>> {
        Err(unserved(What::OuterJvp))
    }

    /// Many evaluations at once, answered in order. The default asks one by one.
    ///
    /// # Errors
    /// The first evaluation that fails; none of the values is then returned.
    fn eval(&mut self, items: &[Evaluation]) -> Result<Vec<Vec<f64>>> {
        items.iter().map(|item| one(self, item)).collect()
    }
}

fn unserved(what: What) -> Error {
    Error::usage(format!("`{}` is not served", what.name()))
}

fn one<M: ServedMap + ?Sized>(map: &mut M, item: &Evaluation) -> Result<Vec<f64>> {
    let (w, lambda, u) = (&item.w[..], &item.lambda[..], &item.u[..]);
    let joined = |(mut by_w, by_lambda): (Vec<f64>, Vec<f64>)| {
        by_w.extend(by_lambda);
        by_w
    };
    // A direction too short leaves the second part empty, which the map may refuse.
    let (dw, dl) = u.split_at(w.len().min(u.len()));
    match (item.what, item.sample) {
        (What::Phi, None) => map.phi(w, lambda),
        (What::Phi, Some(i)) => map.sample(i, w, lambda),
        (What::Vjp, None) => map.vjp(w, lambda, u).map(joined),
        (What::Vjp, Some(i)) => map.sample_vjp(i, w, lambda, u).map(joined),
        (What::Jvp, None) => map.jvp(w, lambda, dw, dl),
        (What::Jvp, Some(i)) => map.sample_jvp(i, w, lambda, dw, dl),
        (What::Hypergradient, _) => {
            let all = match &item.drawn {
                None => map.hypergradient(w, lambda, u, &item.steps)?,
                Some(drawn) => map.nsid(w, lambda, u, &item.steps, drawn)?,
            };
            Ok(all.concat())
        }
        (What::Outer, _) => map.outer(w, lambda),
        (What::OuterVjp, _) => map.outer_vjp(w, lambda, u).map(joined),
        (What::OuterJvp, _) => map.outer_jvp(w, lambda, dw, dl),
    }
}
