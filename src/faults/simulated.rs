//! A method run from dense factors, hook by hook, with a list of departures.

use super::course::{Course, single};
use super::edit::Edit;
use super::faulty::Faulty;
use super::outer::Outer;
use crate::case::{
    Algorithm, Answer, At, Batches, Case, Cost, Draw, Implementation, Method, Status,
};
use crate::error::Result;
use crate::linalg::{Matrix, Vector};
use crate::tol::{DIVERGED, LIMIT_ENCLOSED_STEPS, SOLVER_PASSES, UNIT};

/// A method with departures; without any it is one more correct implementation.
#[derive(Debug)]
pub struct Simulated {
    method: Method,
    pub(super) edits: Vec<Edit>,
    /// State left over from the last call ([`Edit::Keep`]).
    pub(super) kept: Option<Matrix>,
    /// What earlier calls handed out ([`Edit::Accumulate`]).
    total: Option<Matrix>,
    /// NSID or SID.
    sampled: Faulty,
}

impl Simulated {
    /// The method with these departures, applied in order; with none it is a correct
    /// implementation.
    pub fn new(method: Method, edits: &[Edit]) -> Self {
        Self {
            method,
            edits: edits.to_vec(),
            kept: None,
            total: None,
            sampled: Faulty::new(method, Faulty::mistake(edits)),
        }
    }

    pub(super) fn has(&self, edit: Edit) -> bool {
        self.edits.contains(&edit)
    }

    /// A tolerance is met by a value of a state of this size.
    pub(super) fn stops(&self, value: f64, size: f64) -> bool {
        self.edits.iter().any(|e| match e {
            Edit::Stop {
                tolerance,
                relative: true,
            } => value <= tolerance * size,
            Edit::Stop { tolerance, .. } => value <= *tolerance,
            _ => false,
        })
    }

    /// The whole step is left out.
    pub(super) fn skips(&self, s: usize) -> bool {
        let skips = |e: &Edit| matches!(e, Edit::Skip(when) if when.holds(s));
        self.edits.iter().any(skips)
    }
}

impl Implementation for Simulated {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let mut answer = if self.method.is_stochastic() {
            let edits = self.edits.clone();
            let outer = Outer::new(case, &edits);
            let zero = vec![0.0; case.w().len()];
            match (outer.at(case.w(), &zero), outer.by_step(case.w(), &zero)) {
                (Some(seed), own) => self.sampled.run_from(case, &seed, own.as_deref()),
                (None, _) => Answer::failed("there is no cotangent"),
            }
        } else if self.method.algorithm == Algorithm::Implicit {
            self.solved(case)
        } else {
            self.deterministic(case)
        };
        self.hand_out(&mut answer.estimates);
        answer
    }

    fn draw(&mut self, wanted: &Draw) -> Result<Batches> {
        self.sampled.draw(wanted)
    }

    fn schedule(&mut self, beta: f64, gamma: f64, k: usize) -> Vec<f64> {
        self.sampled.schedule(beta, gamma, k)
    }
}

impl Simulated {
    fn deterministic(&mut self, case: &Case<'_>) -> Answer {
        let edits = self.edits.clone();
        let (mut offset, mut cap) = (0isize, usize::MAX);
        for edit in &edits {
            match edit {
                Edit::Offset(n) => offset += n,
                Edit::Cap(n) => cap = cap.min(*n),
                _ => {}
            }
        }
        let shifted = |t: &usize| t.saturating_add_signed(offset).min(cap);
        let mut actual: Vec<usize> = case.steps.iter().map(shifted).collect();
        if self.has(Edit::Alias)
            && let Some(&last) = actual.last()
        {
            actual.fill(last);
        }
        let horizon = actual.iter().copied().max().unwrap_or(0);
        let mut course = Course::new(case, &edits, !self.method.is_aid(), horizon);
        let outer = Outer::new(case, &edits);
        // w_t, or the one w of AID, and what D is applied to there.
        let zero = vec![0.0; case.w().len()];
        let seed = |course: &Course<'_>, t: usize| match course.itd {
            true => outer.at(
                &course.points[t.min(course.points.len() - 1)],
                &course.points[0],
            ),
            false => outer.at(&course.points[0], &zero),
        };
        let fixed = seed(&course, 0).map(|seed| seed.y);
        let mut states: Vec<Matrix> = match (self.method.algorithm, &fixed) {
            _ if self.has(Edit::Implicit) => actual
                .iter()
                .map(|&t| {
                    let y = seed(&course, t).map(|seed| seed.y);
                    implicit(&mut course, t, y.as_ref())
                })
                .collect(),
            (Algorithm::AidCg, Some(y)) => self.conjugate_gradients(&mut course, &actual, y, case),
            (Algorithm::Itd, Some(fixed)) => actual
                .iter()
                .map(|&t| {
                    let own = seed(&course, t).map(|seed| seed.y);
                    self.adjoint(&mut course, t, own.as_ref().unwrap_or(fixed), case)
                })
                .collect(),
            (_, y) => self.accumulate(&mut course, &actual, y.as_ref(), case),
        };
        for (state, &t) in states.iter_mut().zip(&actual) {
            if let Some(seed) = seed(&course, t) {
                state
                    .iter_mut()
                    .zip(&seed.direct)
                    .for_each(|(s, g)| *s += g);
            }
        }
        let cost = Cost {
            map_evaluations: horizon,
            jacobian_products: horizon,
            bytes_held: 0,
        };
        // A run that leaves every range says so, as the methods themselves do.
        let bad = states.iter().position(|m| !(m.amax() <= DIVERGED));
        let status = match bad {
            Some(i) if states[i].iter().any(|v| v.is_nan()) => Status::NotANumber {
                step: case.steps[i],
            },
            Some(i) => Status::Diverged {
                step: case.steps[i],
            },
            None => Status::Completed,
        };
        Answer {
            estimates: states.into_iter().take(bad.unwrap_or(usize::MAX)).collect(),
            cost,
            status,
        }
    }

    /// A solver: AID-FP until nothing moves any more, at the given w or where Φ ends up.
    fn solved(&mut self, case: &Case<'_>) -> Answer {
        let q = case.map.constants(case.lambda).q;
        let steps = (UNIT.ln() / q.ln()).max(1.0) * SOLVER_PASSES;
        // A map that is no contraction is not solved like this.
        let steps = (steps as usize).clamp(1, LIMIT_ENCLOSED_STEPS);
        let mut w = case.w().to_vec();
        if let At::Start(_) = case.at {
            for _ in 0..steps {
                w = case.phi(&w);
            }
        }
        let last = [steps];
        let asked = Case {
            algorithm: Algorithm::AidFp,
            at: At::Point(&w),
            steps: &last,
            ..*case
        };
        let mut answer = self.deterministic(&asked);
        // One estimate, whatever the steps.
        if let [estimate] = answer.estimates.as_slice() {
            answer.estimates = vec![estimate.clone(); case.steps.len()];
        }
        answer
    }

    /// Departures in what is handed out at the end.
    fn hand_out(&mut self, estimates: &mut [Matrix]) {
        for edit in &self.edits {
            match edit {
                Edit::Scale(f) => estimates.iter_mut().for_each(|m| *m *= *f),
                Edit::SingleEnds => {
                    estimates.iter_mut().for_each(|m| single(m.as_mut_slice()));
                }
                Edit::Accumulate { within } => {
                    let fits =
                        |m: &Matrix| estimates.first().is_some_and(|e| e.shape() == m.shape());
                    let mut total = self.total.take().filter(fits);
                    for m in estimates.iter_mut() {
                        if let Some(total) = &total {
                            *m += total;
                        }
                        if *within {
                            total = Some(m.clone());
                        }
                    }
                    self.total = estimates.last().cloned();
                }
                _ => {}
            }
        }
    }
}

/// (I - ∂₁Φ)⁻¹∂₂Φ at w_t, or its image of the cotangent; NaN where the system is singular.
fn implicit(course: &mut Course<'_>, t: usize, cotangent: Option<&Vector>) -> Matrix {
    let (first, second) = course.factor(t);
    let system = Matrix::identity(first.nrows(), first.ncols()) - first;
    let nothing = second.map(|_| f64::NAN);
    let d = system.lu().solve(&second).unwrap_or(nothing);
    match cotangent {
        None => d,
        Some(y) => Matrix::from_column_slice(d.ncols(), 1, d.tr_mul(y).as_slice()),
    }
}
