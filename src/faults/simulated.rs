//! A method run from dense factors, hook by hook, with a list of departures.

use super::course::{Course, apply};
use super::edit::{AtTies, Edit};
use super::faulty::Faulty;
use crate::linalg::{Matrix, Vector};
use crate::case::{
    Algorithm, Answer, Batches, Case, Cost, Draw, Implementation, Method, Status, Target,
};
use crate::error::Result;
use crate::methods::ConjugateGradients;
use crate::tol::DIVERGED;

/// A method with departures; without any it is one more correct implementation.
#[derive(Debug)]
pub struct Simulated {
    method: Method,
    edits: Vec<Edit>,
    /// State left over from the last call ([`Edit::Keep`]).
    kept: Option<Matrix>,
    /// NSID or SID.
    sampled: Faulty,
}

impl Simulated {
    /// The method with these departures, applied in order.
    pub fn new(method: Method, edits: &[Edit]) -> Self {
        Self {
            method,
            edits: edits.to_vec(),
            kept: None,
            sampled: Faulty::new(method, Faulty::mistake(edits)),
        }
    }

    fn has(&self, edit: Edit) -> bool {
        self.edits.contains(&edit)
    }
}

impl Implementation for Simulated {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        if self.method.is_stochastic() {
            return self.sampled.run(case);
        }
        let edits = self.edits.clone();
        let mut cotangent = Vector::from_column_slice(case.cotangent().unwrap_or_default());
        let mut estimate_scale = 1.0;
        let (mut offset, mut cap) = (0isize, usize::MAX);
        for edit in &edits {
            match edit {
                Edit::Normalize if cotangent.norm() > 0.0 => cotangent /= cotangent.norm(),
                Edit::Scale(f) => estimate_scale *= f,
                Edit::Offset(n) => offset += n,
                Edit::Cap(n) => cap = cap.min(*n),
                _ => {}
            }
        }
        let mut actual: Vec<usize> = case
            .steps
            .iter()
            .map(|&t| t.saturating_add_signed(offset).min(cap))
            .collect();
        if self.has(Edit::Alias)
            && let Some(&last) = actual.last()
        {
            actual.fill(last);
        }
        let horizon = actual.iter().copied().max().unwrap_or(0);
        let itd = !self.method.is_aid();
        let mut course = Course::new(case, &edits, itd, horizon);
        let states: Vec<Matrix> = match (self.method.algorithm, case.target) {
            (Algorithm::AidCg, _) => {
                self.conjugate_gradients(&mut course, &actual, &cotangent, case)
            }
            (_, Target::Jacobian) => self.accumulate(&mut course, &actual, None, case),
            (Algorithm::Itd, _) => actual
                .iter()
                .map(|&t| self.adjoint(&mut course, t, &cotangent, case))
                .collect(),
            _ => self.accumulate(&mut course, &actual, Some(&cotangent), case),
        };
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
        let shown = states.into_iter().take(bad.unwrap_or(usize::MAX));
        Answer {
            estimates: shown.map(|m| m * estimate_scale).collect(),
            cost,
            status,
        }
    }

    fn draw(&mut self, wanted: &Draw) -> Result<Batches> {
        self.sampled.draw(wanted)
    }

    fn schedule(&mut self, beta: f64, gamma: f64, k: usize) -> Vec<f64> {
        self.sampled.schedule(beta, gamma, k)
    }
}

impl Simulated {
    /// D ← ∂₁D + ∂₂ (no cotangent), or v ← ∂₁ᵀv + y with estimates ∂₂ᵀv.
    fn accumulate(
        &mut self,
        course: &mut Course<'_>,
        actual: &[usize],
        cotangent: Option<&Vector>,
        case: &Case<'_>,
    ) -> Vec<Matrix> {
        let edits = self.edits.clone();
        let (d, m) = (case.w().len(), case.lambda.len());
        let columns = if cotangent.is_some() { 1 } else { m };
        let mut state = Matrix::zeros(d, columns);
        let window = edits.iter().find_map(|e| match e {
            Edit::Window(n) => Some(*n),
            _ => None,
        });
        for edit in &edits {
            match edit {
                Edit::Begin(v) => state.fill(*v),
                Edit::Keep => {
                    if let Some(kept) = self.kept.take().filter(|k| k.shape() == state.shape()) {
                        state = kept;
                    }
                }
                _ => {}
            }
        }
        let mut out: Vec<Option<Matrix>> = vec![None; actual.len()];
        let horizon = actual.iter().copied().max().unwrap_or(0);
        let mut sum = Matrix::zeros(d, columns);
        let mut stopped = false;
        for s in 0..=horizon {
            for (slot, &t) in out.iter_mut().zip(actual) {
                if t == s {
                    let mut shown = state.clone();
                    if let Some(n) = window
                        && s > n
                    {
                        shown = self.windowed(course, s - n, s, cotangent, d, columns);
                    }
                    if edits.contains(&Edit::Average) && s > 0 {
                        shown = &sum / s as f64;
                    }
                    *slot = Some(match cotangent {
                        None => shown,
                        Some(_) => course.factor(s).1.tr_mul(&shown),
                    });
                }
            }
            if s == horizon || stopped {
                continue;
            }
            let next = self.advance(course, s, &state, cotangent);
            let moved = (&next - &state).norm();
            let size = next.norm();
            state = next;
            sum += &state;
            if !(state.amax() <= DIVERGED) {
                break;
            }
            stopped = edits.iter().any(|e| match e {
                Edit::Stop {
                    tolerance,
                    relative,
                } => {
                    moved
                        <= if *relative {
                            tolerance * size
                        } else {
                            *tolerance
                        }
                }
                _ => false,
            });
        }
        self.kept = Some(state.clone());
        out.into_iter()
            .map(|m| m.unwrap_or_else(|| Matrix::from_element(1, 1, f64::INFINITY)))
            .collect()
    }

    fn windowed(
        &self,
        course: &mut Course<'_>,
        from: usize,
        to: usize,
        cotangent: Option<&Vector>,
        d: usize,
        columns: usize,
    ) -> Matrix {
        let mut state = Matrix::zeros(d, columns);
        for s in from..to {
            state = self.advance(course, s, &state, cotangent);
        }
        state
    }

    /// One step of the recursion.
    fn advance(
        &self,
        course: &mut Course<'_>,
        s: usize,
        state: &Matrix,
        cotangent: Option<&Vector>,
    ) -> Matrix {
        if self
            .edits
            .iter()
            .any(|e| matches!(e, Edit::Skip(w) if w.holds(s)))
        {
            return state.clone();
        }
        let (first, second) = course.factor(s);
        let mut next = match cotangent {
            None => first * state + second,
            Some(y) => {
                let mut v = first.tr_mul(state);
                if s == 0 || !self.has(Edit::NoReinject) {
                    v.column_mut(0)
                        .iter_mut()
                        .zip(y.iter())
                        .for_each(|(v, y)| *v += y);
                }
                v
            }
        };
        for edit in &self.edits {
            match edit {
                Edit::State(when, change) if when.holds(s) => apply(change, &mut next),
                Edit::AtTies(AtTies::State(f)) if s % 5 == 4 && course.at_tie() => next *= *f,
                Edit::Damp(a) => next = state * (1.0 - a) + &next * *a,
                Edit::Clip(limit) if next.norm() > *limit => next *= limit / next.norm(),
                _ => {}
            }
        }
        next
    }

    /// ITD's adjoint over the steps below t.
    fn adjoint(
        &mut self,
        course: &mut Course<'_>,
        t: usize,
        cotangent: &Vector,
        case: &Case<'_>,
    ) -> Matrix {
        let edits = self.edits.clone();
        let (d, m) = (case.w().len(), case.lambda.len());
        let mut p = Matrix::from_column_slice(d, 1, cotangent.as_slice());
        let mut u = Matrix::zeros(m, 1);
        if edits.contains(&Edit::Keep)
            && let Some(kept) = self.kept.take().filter(|k| k.shape() == u.shape())
        {
            u = kept;
        }
        let least = edits.iter().find_map(|e| match e {
            Edit::Window(n) => Some(t.saturating_sub(*n)),
            _ => None,
        });
        for i in (least.unwrap_or(0)..t).rev() {
            let s = if edits.contains(&Edit::Forwards) {
                t - 1 - i
            } else {
                i
            };
            if edits
                .iter()
                .any(|e| matches!(e, Edit::Skip(w) if w.holds(s)))
            {
                continue;
            }
            let (first, second) = course.factor(s);
            let size = u.norm();
            let added = second.tr_mul(&p);
            u += &added;
            p = first.tr_mul(&p);
            for edit in &edits {
                match edit {
                    Edit::State(when, change) if when.holds(s) => apply(change, &mut p),
                    Edit::AtTies(AtTies::State(f)) if s % 5 == 4 && course.at_tie() => p *= *f,
                    Edit::Clip(limit) if p.norm() > *limit => p *= limit / p.norm(),
                    Edit::Reinject => p
                        .column_mut(0)
                        .iter_mut()
                        .zip(cotangent.iter())
                        .for_each(|(p, y)| *p += y),
                    _ => {}
                }
            }
            let done = edits.iter().any(|e| match e {
                Edit::Stop {
                    tolerance,
                    relative,
                } => {
                    added.norm()
                        <= if *relative {
                            tolerance * size
                        } else {
                            *tolerance
                        }
                }
                _ => false,
            });
            if done || !(p.amax() <= DIVERGED) {
                break;
            }
        }
        for edit in &edits {
            if let Edit::Begin(v) = edit {
                u.iter_mut().for_each(|u| *u += v * p.sum());
            }
        }
        self.kept = Some(u.clone());
        u
    }

    /// AID-CG on the dense system.
    fn conjugate_gradients(
        &mut self,
        course: &mut Course<'_>,
        actual: &[usize],
        cotangent: &Vector,
        case: &Case<'_>,
    ) -> Vec<Matrix> {
        let d = case.w().len();
        let (first, second) = course.factor(0);
        let m = Matrix::identity(d, d) - first.transpose();
        let plain = self.has(Edit::PlainCg);
        let reduced = course.reduced().filter(|_| !plain);
        let (kept, back, system, rhs) = match reduced {
            Some((kept, [root, inverse])) => {
                let rows = m.select_rows(&kept).select_columns(&kept);
                let rhs = &root * cotangent.select_rows(&kept);
                (kept, inverse.clone(), root * rows * inverse, rhs)
            }
            None => {
                let unit = Matrix::identity(d, d);
                let (system, rhs) = if plain {
                    (m, cotangent.clone())
                } else {
                    (m.tr_mul(&m), m.tr_mul(cotangent))
                };
                ((0..d).collect(), unit, system, rhs)
            }
        };
        let mut cg = ConjugateGradients::start(rhs.as_slice());
        if self.has(Edit::Keep)
            && let Some(k) = self.kept.take().filter(|k| k.len() == kept.len())
        {
            // A warm start whose residual is not formed anew.
            cg.x.copy_from_slice(k.as_slice());
        }
        let mut out: Vec<Option<Matrix>> = vec![None; actual.len()];
        let horizon = actual.iter().copied().max().unwrap_or(0);
        let start = cg.residual();
        for k in 0..=horizon {
            for (slot, &t) in out.iter_mut().zip(actual) {
                if t == k {
                    let mut full = Matrix::zeros(d, 1);
                    let v = &back * Vector::from_column_slice(&cg.x);
                    for (x, &i) in v.iter().zip(&kept) {
                        full[(i, 0)] = *x;
                    }
                    *slot = Some(second.tr_mul(&full));
                }
            }
            let stop = self.edits.iter().any(|e| match e {
                Edit::Stop {
                    tolerance,
                    relative,
                } => {
                    cg.residual()
                        <= if *relative {
                            tolerance * start
                        } else {
                            *tolerance
                        }
                }
                Edit::Skip(w) => w.holds(k),
                _ => false,
            });
            if k == horizon || stop {
                continue;
            }
            cg.step(!self.has(Edit::NoBeta), |x, o| {
                let y = &system * Vector::from_column_slice(x);
                o.copy_from_slice(y.as_slice());
            });
            for edit in &self.edits {
                if let Edit::State(when, change) = edit
                    && when.holds(k)
                {
                    let mut x = Matrix::from_column_slice(cg.x.len(), 1, &cg.x);
                    if !x.is_empty() {
                        apply(change, &mut x);
                    }
                    cg.x.copy_from_slice(x.as_slice());
                }
            }
        }
        self.kept = Some(Matrix::from_column_slice(cg.x.len(), 1, &cg.x));
        out.into_iter()
            .map(|m| m.unwrap_or_else(|| Matrix::zeros(case.lambda.len(), 1)))
            .collect()
    }
}
