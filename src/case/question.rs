//! The case: a problem, a place, a target, steps, and samples where the method takes them.

use std::borrow::Cow;

use super::batches::Batches;
use super::method::Algorithm;
use crate::error::{Error, Result};
use crate::maps::{Map, Problem, Tie};
use crate::objectives::{Objective, Rows};

/// Where a method starts, or differentiates.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum At<'a> {
    /// ITD runs w_{t+1} = Φ(w_t) from this w_0 (d); a solver finds w(λ) from there.
    Start(&'a [f64]),
    /// ITD linearises at these points w_0, w_1, ... (an accelerated iteration, a log): at least
    /// one, and at least as many as steps.
    Path(&'a [Vec<f64>]),
    /// AID, NSID and SID differentiate at this w (d).
    Point(&'a [f64]),
}

/// What is wanted of the derivative D of w(·).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// D itself (d×m).
    Jacobian,
    /// Dᵀy for this y (d).
    Cotangent(&'a [f64]),
    /// The hypergradient Dᵀ∇₁E(w, λ) + ∇₂E(w, λ), w being the point reached (ITD: w_t).
    Hypergradient(&'a Objective),
}

impl Target<'_> {
    /// The vector (d) that Dᵀ is applied to, at the point w (d): y, or ∇₁E(w, λ); `None` where D
    /// itself is wanted.
    pub fn seed(&self, w: &[f64], lambda: &[f64]) -> Option<Cow<'_, [f64]>> {
        match self {
            Self::Jacobian => None,
            Self::Cotangent(y) => Some(Cow::Borrowed(y)),
            Self::Hypergradient(objective) => Some(objective.gradient_w(w, lambda).into()),
        }
    }

    /// Adds what does not pass through D, ∇₂E(w, λ), to Dᵀ·seed (m numbers).
    pub fn complete(&self, w: &[f64], lambda: &[f64], estimate: &mut [f64]) {
        if let Self::Hypergradient(objective) = self {
            let direct = objective.gradient_lambda(w, lambda);
            estimate.iter_mut().zip(&direct).for_each(|(e, g)| *e += g);
        }
    }
}

/// What a stochastic method is given: indices and step sizes, never seeds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Samples<'a> {
    /// The J minibatches ξ⁽¹⁾, of w̄ and of ∂₂T̂.
    pub inner: &'a Batches,
    /// The minibatches ξ⁽²⁾_i of the linear system, at least as many as the largest step.
    pub linear: &'a Batches,
    /// The minibatches ζ of the outer objective, where the target is a hypergradient that samples
    /// it.
    pub objective: Option<&'a Batches>,
    /// The step sizes η_i of the linear system, at least as many as the largest step.
    pub eta: &'a [f64],
}

impl<'a> Samples<'a> {
    /// Those of NSID and SID.
    pub fn new(inner: &'a Batches, linear: &'a Batches, eta: &'a [f64]) -> Self {
        Self {
            inner,
            linear,
            objective: None,
            eta,
        }
    }

    /// The same with minibatches ζ of the outer objective (Algorithm 2).
    #[must_use]
    pub fn with_objective(self, objective: Option<&'a Batches>) -> Self {
        Self { objective, ..self }
    }
}

/// What a method is asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Case<'a> {
    /// The iteration asked for.
    pub algorithm: Algorithm,
    /// Φ, the map.
    pub map: &'a Map,
    /// λ (m).
    pub lambda: &'a [f64],
    /// Where to start or to differentiate.
    pub at: At<'a>,
    /// What to estimate.
    pub target: Target<'a>,
    /// Minibatches and step sizes, for NSID and SID.
    pub samples: Option<Samples<'a>>,
    /// Strictly increasing numbers of steps after which an estimate is wanted.
    pub steps: &'a [usize],
}

impl<'a> Case<'a> {
    /// A case of a deterministic method, for λ (m). Nothing is checked: see [`Case::validate`].
    pub fn new(
        algorithm: Algorithm,
        map: &'a Map,
        lambda: &'a [f64],
        at: At<'a>,
        target: Target<'a>,
        steps: &'a [usize],
    ) -> Self {
        Self {
            algorithm,
            map,
            lambda,
            at,
            target,
            samples: None,
            steps,
        }
    }

    /// The same with samples.
    #[must_use]
    pub fn with_samples(self, samples: Samples<'a>) -> Self {
        Self {
            samples: Some(samples),
            ..self
        }
    }

    /// The plain data of the problem.
    pub fn problem(&self) -> &'a Problem {
        self.map.problem()
    }

    /// w_0, or the point at which to differentiate (d).
    pub fn w(&self) -> &'a [f64] {
        match self.at {
            At::Start(w) | At::Point(w) => w,
            At::Path(path) => path.first().map_or(&[], Vec::as_slice),
        }
    }

    /// The points given instead of w_{t+1} = Φ(w_t).
    pub fn path(&self) -> Option<&'a [Vec<f64>]> {
        match self.at {
            At::Path(path) => Some(path),
            At::Start(_) | At::Point(_) => None,
        }
    }

    /// y (d), where one is given.
    pub fn cotangent(&self) -> Option<&'a [f64]> {
        match self.target {
            Target::Cotangent(y) => Some(y),
            Target::Jacobian | Target::Hypergradient(_) => None,
        }
    }

    /// The largest number of steps.
    pub fn horizon(&self) -> usize {
        self.steps.last().copied().unwrap_or(0)
    }

    /// Refuses a case whose vectors, steps or samples do not fit, naming the field.
    ///
    /// # Errors
    /// Wrong lengths, entries that are not finite, λ outside the domain of the map, steps that do
    /// not increase, a place that does not belong to the algorithm, samples that are missing or too
    /// few.
    pub fn validate(&self) -> Result<()> {
        self.map.check_lambda(self.lambda)?;
        let itd = self.algorithm == Algorithm::Itd;
        // A solver may find its own w.
        let solves = self.algorithm == Algorithm::Implicit;
        match self.at {
            At::Start(w) if itd || solves => self.map.check_w("w0", w)?,
            At::Point(w) if !itd => self.map.check_w("w", w)?,
            At::Path(path) if itd => self.check_path(path)?,
            _ => {
                let text = if itd { "a start or a path" } else { "a point" };
                return Err(Error::input(format!("needs {text}")).in_field("at"));
            }
        }
        match self.target {
            Target::Jacobian => {}
            Target::Cotangent(y) => self.map.check_w("cotangent", y)?,
            Target::Hypergradient(objective) => {
                let dims = self.map.dims();
                objective.check(dims.w, dims.lambda)?;
            }
        }
        if self.steps.windows(2).any(|p| p[0] >= p[1]) {
            return Err(Error::input("must be strictly increasing").in_field("steps"));
        }
        self.check_samples()
    }

    fn check_path(&self, path: &[Vec<f64>]) -> Result<()> {
        if path.is_empty() || path.len() < self.horizon() {
            let text = format!(
                "needs a point for each of {} steps, got {}",
                self.horizon(),
                path.len()
            );
            return Err(Error::input(text).in_field("path"));
        }
        for (t, w) in path.iter().enumerate() {
            self.map.check_w(&format!("path[{t}]"), w)?;
        }
        Ok(())
    }

    fn check_samples(&self) -> Result<()> {
        let stochastic = matches!(self.algorithm, Algorithm::Nsid | Algorithm::Sid);
        let Some(samples) = self.samples else {
            return if stochastic {
                Err(Error::input("are missing").in_field("samples"))
            } else {
                Ok(())
            };
        };
        let k = self.horizon();
        let lengths = [
            ("inner_samples", samples.inner.len(), 1),
            ("samples", samples.linear.len(), k),
            ("step_sizes", samples.eta.len(), k),
        ];
        for (field, got, least) in lengths {
            if got < least {
                let text = format!("at least {least} are needed, got {got}");
                return Err(Error::input(text).in_field(field));
            }
        }
        match (samples.objective, self.target) {
            (None, _) => Ok(()),
            (Some(_), _) if !stochastic => {
                let text = "belong to NSID: other methods take the whole objective";
                Err(Error::input(text).in_field("objective_samples"))
            }
            (Some(batches), Target::Hypergradient(objective)) if !batches.is_empty() => {
                let checked = objective.check_rows(batches.flat());
                checked.map_err(|e| e.in_field("objective_samples"))
            }
            (Some(_), Target::Hypergradient(_)) => {
                Err(Error::input("at least 1 is needed, got 0").in_field("objective_samples"))
            }
            (Some(_), _) => {
                Err(Error::input("belong to hypergradients").in_field("objective_samples"))
            }
        }
    }

    /// What Dᵀ is applied to at w, and what is added to that: y and nothing (empty), or ∇₁E and
    /// ∇₂E, which are the means over the minibatches ζ where those are given. `None` where D itself
    /// is wanted.
    pub fn outer(&self, w: &[f64]) -> Option<[Vec<f64>; 2]> {
        match self.target {
            Target::Jacobian => None,
            Target::Cotangent(y) => Some([y.to_vec(), Vec::new()]),
            Target::Hypergradient(objective) => {
                let batches = self.samples.and_then(|s| s.objective);
                let rows = batches.map_or(Rows::All, |b| Rows::Of(b.flat()));
                Some(objective.gradients(w, self.lambda, rows))
            }
        }
    }

    /// Φ(w, λ), d numbers for w (d).
    pub fn phi(&self, w: &[f64]) -> Vec<f64> {
        self.map.apply(w, self.lambda).as_slice().to_vec()
    }

    /// The products ∂₁Φ(w, λ)ᵀu (d) and ∂₂Φ(w, λ)ᵀu (m) for w and u (d), with weight 0 at ties.
    pub fn vjp(&self, w: &[f64], u: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut lin = self.map.linearization();
        let mut ws = self.map.workspace();
        self.map
            .linearize(w, self.lambda, &mut Tie::Weight(0.0), &mut lin);
        let (mut by_w, mut by_lambda) = (vec![0.0; w.len()], vec![0.0; self.lambda.len()]);
        self.map.vjp_w(&lin, u, &mut by_w, &mut ws);
        self.map.vjp_lambda(&lin, u, &mut by_lambda, &mut ws);
        (by_w, by_lambda)
    }
}
