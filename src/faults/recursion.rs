//! The fixed-point recursions of ITD and AID-FP, with the departures that concern them.

use super::course::Course;
use super::edit::{AtTies, Edit};
use super::rules::apply;
use super::simulated::Simulated;
use crate::case::Case;
use crate::linalg::{Matrix, Vector};
use crate::tol::DIVERGED;

impl Simulated {
    /// D ← ∂₁D + ∂₂ (no cotangent), or v ← ∂₁ᵀv + y with estimates ∂₂ᵀv.
    pub(super) fn accumulate(
        &mut self,
        course: &mut Course<'_>,
        actual: &[usize],
        cotangent: Option<&Vector>,
        case: &Case<'_>,
    ) -> Vec<Matrix> {
        let columns = match cotangent {
            Some(_) => 1,
            None => case.lambda.len(),
        };
        let mut state = self.begin(case.w().len(), columns);
        let mut out: Vec<Option<Matrix>> = vec![None; actual.len()];
        let horizon = actual.iter().copied().max().unwrap_or(0);
        let mut sum = Matrix::zeros(state.nrows(), columns);
        let mut stopped = false;
        for s in 0..=horizon {
            for (slot, &t) in out.iter_mut().zip(actual) {
                if t == s {
                    let shown = self.shown(course, s, &state, &sum, cotangent);
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
            let (rests, keeps) = self.at_rest(course, s);
            if !keeps {
                stopped = self.stops((&next - &state).norm(), next.norm());
                state = next;
            }
            stopped |= rests;
            sum += &state;
            if !(state.amax() <= DIVERGED) {
                break;
            }
        }
        self.kept = Some(state);
        let diverged = || Matrix::from_element(1, 1, f64::INFINITY);
        out.into_iter()
            .map(|m| m.unwrap_or_else(diverged))
            .collect()
    }

    /// D_0, or v_0.
    fn begin(&mut self, d: usize, columns: usize) -> Matrix {
        let mut state = Matrix::zeros(d, columns);
        for edit in &self.edits {
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
        state
    }

    /// What is handed out of the state after s steps.
    fn shown(
        &self,
        course: &mut Course<'_>,
        s: usize,
        state: &Matrix,
        sum: &Matrix,
        cotangent: Option<&Vector>,
    ) -> Matrix {
        if self.has(Edit::Average) && s > 0 {
            return sum / s as f64;
        }
        let window = self.edits.iter().find_map(|e| match e {
            Edit::Window(n) => Some(*n),
            _ => None,
        });
        let Some(from) = window.and_then(|n| s.checked_sub(n)).filter(|n| *n > 0) else {
            return state.clone();
        };
        let zero = Matrix::zeros(state.nrows(), state.ncols());
        (from..s).fold(zero, |state, i| self.advance(course, i, &state, cotangent))
    }

    /// Whether D rests after step s because w does, and whether the step itself is left out.
    fn at_rest(&self, course: &Course<'_>, s: usize) -> (bool, bool) {
        let rests = |e: &Edit| match e {
            Edit::StopAtRest { tolerance, before } => {
                (course.moved(s) <= *tolerance).then_some(*before)
            }
            _ => None,
        };
        let found = self.edits.iter().find_map(rests);
        (found.is_some(), found == Some(true))
    }

    /// One step of the recursion.
    fn advance(
        &self,
        course: &mut Course<'_>,
        s: usize,
        state: &Matrix,
        cotangent: Option<&Vector>,
    ) -> Matrix {
        if self.skips(s) {
            return state.clone();
        }
        let along = self.edits.iter().find_map(|e| match e {
            Edit::DifferencesAlong(h) if cotangent.is_none() => Some(*h),
            _ => None,
        });
        if let Some(h) = along {
            return course.differences_along(s, state, h);
        }
        let (first, second) = course.factor(s);
        let mut next = match cotangent {
            None => first * state + second,
            Some(y) => {
                let mut v = first.tr_mul(state);
                if s == 0 || !self.has(Edit::NoReinject) {
                    v.iter_mut().zip(y.iter()).for_each(|(v, y)| *v += y);
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
    pub(super) fn adjoint(
        &mut self,
        course: &mut Course<'_>,
        t: usize,
        cotangent: &Vector,
        case: &Case<'_>,
    ) -> Matrix {
        let (d, m) = (case.w().len(), case.lambda.len());
        let mut p = Matrix::from_column_slice(d, 1, cotangent.as_slice());
        let mut u = Matrix::zeros(m, 1);
        if self.has(Edit::Keep)
            && let Some(kept) = self.kept.take().filter(|k| k.shape() == u.shape())
        {
            u = kept;
        }
        let steps = self.recorded(course, t);
        for i in steps.clone().rev() {
            let s = if self.has(Edit::Forwards) {
                t - 1 - i
            } else {
                i
            };
            if self.skips(s) {
                continue;
            }
            let (first, second) = course.factor(s);
            let size = u.norm();
            let added = second.tr_mul(&p);
            u += &added;
            p = first.tr_mul(&p);
            for edit in &self.edits {
                match edit {
                    Edit::State(when, change) if when.holds(s) => apply(change, &mut p),
                    Edit::AtTies(AtTies::State(f)) if s % 5 == 4 && course.at_tie() => p *= *f,
                    Edit::Clip(limit) if p.norm() > *limit => p *= limit / p.norm(),
                    Edit::Reinject => p
                        .iter_mut()
                        .zip(cotangent.iter())
                        .for_each(|(p, y)| *p += y),
                    _ => {}
                }
            }
            if self.stops(added.norm(), size) || !(p.amax() <= DIVERGED) {
                break;
            }
        }
        for edit in &self.edits {
            if let Edit::Begin(v) = edit {
                u.iter_mut().for_each(|u| *u += v * p.sum());
            }
        }
        self.kept = Some(u.clone());
        u
    }

    /// The steps below t that the adjoint goes through.
    fn recorded(&self, course: &Course<'_>, t: usize) -> std::ops::Range<usize> {
        let (mut least, mut end) = (0, t);
        for edit in &self.edits {
            if let Edit::Window(n) = edit {
                least = t.saturating_sub(*n);
            }
        }
        for s in 0..t {
            let (rests, keeps) = self.at_rest(course, s);
            if rests {
                end = if keeps { s } else { s + 1 };
                break;
            }
        }
        least..end.max(least)
    }
}
