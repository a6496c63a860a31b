//! Replicates of a stochastic method at its own steps, and their mean square error beside the exact
//! one: a drawing.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::check::{Check, Context, Fold, Inner, Needs, Place, Replicate, Replicates, Sampling};
use super::data::{Data, Moments, Series};
use super::finding::{Finding, Reason};
use super::moments::logarithmic;
use crate::case::Target;
use crate::error::{Error, Result};
use crate::evidence::Sampled;
use crate::instances::mix;
use crate::linalg::Vector;
use crate::objectives::Rows;
use crate::truth::expectation::{FOURTH_MAX_DIM, SquaredError, mean_of_rows, squared_error};

/// E‖r_k - r*‖² of replicates beside the exact curve, for a figure; it decides nothing. The
/// replicates are those of the `simulation` that it belongs to, seen at more steps.
#[derive(Debug)]
pub(super) struct Simulated {
    /// How many.
    pub(super) replicates: usize,
}

/// κ = 1/(1-q): replicates take the steps η_i = κ/(κ+i), β = γ = κ. They start at η_0 = 1 and make
/// progress within a few dozen updates, which Lemma D.3's seldom do; exact moments hold for any
/// steps.
pub(super) fn kappa(s: &Sampled<'_>) -> f64 {
    1.0 / (1.0 - s.q)
}

/// The steps at which a simulation of `last` updates is judged.
pub(super) fn judged(last: usize) -> Vec<usize> {
    let mut steps = [16, 8, 4, 2, 1].map(|part| last.div_ceil(part)).to_vec();
    steps.dedup();
    steps
}

/// Replicates at these steps. Where fourth moments are out of reach, ξ⁽¹⁾ is drawn once for all.
pub(super) fn wanted(s: &Sampled<'_>, count: usize, steps: Vec<usize>) -> Replicates {
    let inner = if s.map.dim() <= FOURTH_MAX_DIM {
        Inner::PerReplicate
    } else {
        Inner::Shared
    };
    Replicates {
        count,
        seed: mix(&[s.seed, 5]),
        steps,
        schedule: [kappa(s); 2],
        inner,
        point: Place::Own,
    }
}

/// The exact law of ‖r_k - r*‖² and of r_k at these steps, up to [`FOURTH_MAX_DIM`] dimensions;
/// where an objective is sampled, over every outcome of ζ.
pub(super) fn exact(s: &Sampled<'_>, star: &Vector, steps: &[usize]) -> Result<Vec<SquaredError>> {
    let kappa = kappa(s);
    let given = |y: &[f64], star: &Vector| {
        squared_error(
            s.map,
            (s.w, s.lambda, y),
            star,
            s.sid,
            (s.sizes.inner, s.sizes.inner_batch),
            s.sizes.batch,
            steps,
            |k| kappa / (kappa + k as f64),
        )
    };
    let Some(objective) = s.objective else {
        return given(s.y, star);
    };
    let count = s.sizes.inner * s.sizes.inner_batch;
    let Some(law) = mean_of_rows(objective.rows(), count) else {
        return Err(Error::input("ζ has too many outcomes to enumerate").in_field("objective"));
    };
    let mut parts = Vec::with_capacity(law.len());
    for o in &law {
        let [y, direct] = objective.gradients(s.w, s.lambda, Rows::Of(&o.samples));
        let rest = star - Vector::from_column_slice(&direct);
        parts.push((o.probability, direct, given(&y, &rest)?));
    }
    let mixed = |n: usize| {
        let at = parts
            .iter()
            .map(|(p, direct, laws)| (*p, direct.as_slice(), &laws[n]));
        SquaredError::mixture(&at.collect::<Vec<_>>())
    };
    Ok((0..steps.len()).map(mixed).collect())
}

impl Check for Simulated {
    fn label(&self) -> &'static str {
        "simulated"
    }

    fn catches(&self, _: f64) -> String {
        "Nothing: it is drawn.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Replicates
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn replicates<'c>(&'c self, c: Context<'c>) -> Result<Sampling<'c>> {
        let s = c.e.sampled()?;
        if s.map.dim() > FOURTH_MAX_DIM {
            let why = "ξ⁽¹⁾ is drawn once, and what is exact holds given it alone";
            return Ok(Err(Finding::undecided(Reason::TooLarge, why)));
        }
        let mut steps = [logarithmic(c.steps), judged(c.steps)].concat();
        steps.sort_unstable();
        steps.dedup();
        let star = s.limit_at(s.w)?;
        let exact = exact(&s, &star, &steps)?;
        let replicates = wanted(&s, self.replicates, steps);
        let fold = Means {
            moments: Moments {
                figure: "simulated".into(),
                gamma: kappa(&s),
                steps: replicates.steps.clone(),
                series: vec![Series::new(
                    "exact E‖r_k - r*‖², η_i = κ/(κ+i)",
                    exact.iter().map(|l| l.error.mean).collect(),
                )],
            },
            mean: vec![0.0; exact.len()],
            count: self.replicates,
            star,
        };
        Ok(Ok((replicates, Box::new(fold))))
    }
}

/// The mean square errors so far.
struct Means {
    moments: Moments,
    mean: Vec<f64>,
    count: usize,
    star: Rc<Vector>,
}

impl Fold for Means {
    fn see(&mut self, one: &Replicate<'_>) -> Result<ControlFlow<Finding>> {
        for (m, r) in self.mean.iter_mut().zip(one.estimates) {
            let pairs = r.iter().zip(self.star.iter());
            *m += pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>() / self.count as f64;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn finish(mut self: Box<Self>) -> Result<Finding> {
        let name = format!("mean of {} replicates", self.count);
        self.moments.series.insert(0, Series::new(name, self.mean));
        let finding = Finding::undecided(Reason::NothingToSee, "drawn");
        Ok(finding.with([Data::Moments(self.moments)]))
    }
}
