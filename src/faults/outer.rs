//! What the derivative is applied to, and what is added to that, with the departures that concern
//! them: a cotangent, or the gradients of an objective.

use std::borrow::Cow;

use super::course::single;
use super::edit::{Edit, OuterMistake};
use crate::case::{Case, Target};
use crate::linalg::product::norm2;
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::Inner;
use crate::maps::{ElasticNet, Problem};
use crate::objectives::{HoldOut, Objective, Rows};

/// y and what is added to Dᵀy.
pub(super) struct Seed {
    pub(super) y: Vector,
    pub(super) direct: Vec<f64>,
}

/// The target of a case as a faulty method sees it.
pub(super) struct Outer<'a> {
    case: &'a Case<'a>,
    edits: &'a [Edit],
    objective: Option<Cow<'a, Objective>>,
}

impl<'a> Outer<'a> {
    pub(super) fn new(case: &'a Case<'a>, edits: &'a [Edit]) -> Self {
        let objective = match case.target {
            Target::Hypergradient(objective) => Some(objective),
            _ => None,
        };
        let mut outer = Self {
            case,
            edits,
            objective: objective.map(Cow::Borrowed),
        };
        if outer.has(OuterMistake::TrainingRows)
            && let Some(other) = objective.and_then(|o| on_training_rows(o, case))
        {
            outer.objective = Some(Cow::Owned(other));
        }
        outer
    }

    fn has(&self, mistake: OuterMistake) -> bool {
        self.edits.contains(&Edit::Outer(mistake))
    }

    /// At w, where a run reaches it that started from w_0; `None` where D itself is wanted.
    pub(super) fn at(&self, w: &[f64], start: &[f64]) -> Option<Seed> {
        let rows = self.samples();
        let rows = rows.as_deref().map_or(Rows::All, Rows::Of);
        self.over(rows, w, start)
    }

    /// The same for every minibatch ζ alone, where y is computed anew for every step.
    pub(super) fn by_step(&self, w: &[f64], start: &[f64]) -> Option<Vec<Seed>> {
        if !self.has(OuterMistake::PerStep) {
            return None;
        }
        let size = self.case.samples?.objective?.size();
        let rows = self.samples()?;
        let one = |batch: &[usize]| self.over(Rows::Of(batch), w, start);
        rows.chunks(size).map(one).collect()
    }

    /// ζ as it sees them.
    fn samples(&self) -> Option<Vec<usize>> {
        let samples = self.case.samples?;
        let own = samples.objective?.flat();
        let n = self.objective.as_ref()?.rows();
        Some(if self.has(OuterMistake::SharedSamples) {
            let inner = samples.inner.flat().iter().cycle();
            inner.take(own.len()).map(|i| i % n).collect()
        } else {
            // Of other rows there may be fewer.
            own.iter().map(|i| i % n).collect()
        })
    }

    fn over(&self, rows: Rows<'_>, w: &[f64], start: &[f64]) -> Option<Seed> {
        let lambda = self.case.lambda;
        let (mut y, mut direct) = match (&self.objective, self.case.target) {
            (Some(objective), _) => {
                let first = if self.has(OuterMistake::GradientAtStart) {
                    start
                } else {
                    w
                };
                let [y, _] = objective.gradients(first, lambda, rows);
                let [_, direct] = objective.gradients(w, lambda, rows);
                (y, direct)
            }
            (None, Target::Cotangent(y)) => (y.to_vec(), vec![0.0; lambda.len()]),
            (None, _) => return None,
        };
        if let Some(objective) = &self.objective {
            let n = match rows {
                Rows::All => objective.rows(),
                Rows::Of(list) => list.len(),
            } as f64;
            for edit in self.edits {
                let Edit::Outer(mistake) = edit else { continue };
                let times = match mistake {
                    OuterMistake::NotAveraged => n,
                    OuterMistake::Bessel if n > 1.0 => n / (n - 1.0),
                    OuterMistake::MissingDirect => {
                        direct.fill(0.0);
                        continue;
                    }
                    _ => continue,
                };
                y.iter_mut().for_each(|g| *g *= times);
                // The ridge is no mean.
                let ridge = objective.ridge();
                let pairs = direct.iter_mut().zip(lambda);
                pairs.for_each(|(g, l)| *g = ridge * l + times * (*g - ridge * l));
            }
        }
        let norm = norm2(&y);
        if self.edits.contains(&Edit::Normalize) && norm > 0.0 {
            y.iter_mut().for_each(|v| *v /= norm);
        }
        if self.edits.contains(&Edit::SingleEnds) {
            single(&mut y);
        }
        let y = Vector::from_vec(y);
        Some(Seed { y, direct })
    }
}

/// The objective on the rows that the lower level is fitted on, where there are some.
fn on_training_rows(objective: &Objective, case: &Case<'_>) -> Option<Objective> {
    let (x, y) = match (case.map.samples(), case.problem()) {
        (Some(samples), _) => {
            let Inner::FiniteSum(sum) = samples.inner() else {
                return None;
            };
            let n = sum.rows();
            let x = Matrix::from_fn(n, samples.dim(), |i, j| sum.row(i)[j]);
            (x, Vector::from_fn(n, |i, _| sum.target(i)))
        }
        (None, Problem::ElasticNet(ElasticNet { x, y, .. })) => (x.clone(), y.clone()),
        _ => return None,
    };
    objective.with_rows(HoldOut {
        x,
        z: None,
        y,
        ridge: objective.ridge(),
    })
}
