//! The points a method visits, with the departures that concern them, and the dense factors (∂₁Φ,
//! ∂₂Φ) of its steps.

use super::edit::{Edit, Other};
use super::rules::apply;
use crate::case::Case;
use crate::linalg::Matrix;
use crate::maps::{Linearization, Map, Tie};
use crate::methods::{reduced_roots, reduced_support};

/// The points a method visits and its factors there.
pub(super) struct Course<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) edits: &'a [Edit],
    /// w_0, w_1, ... (ITD) or the one w (AID).
    pub(super) points: Vec<Vec<f64>>,
    pub(super) itd: bool,
    pub(super) lin: Linearization<'static>,
    pub(super) other: Linearization<'static>,
    /// The map with a wrong step, if a departure asks for one, and λ as the derivatives see it.
    pub(super) map: Map,
    pub(super) lambda: Vec<f64>,
    pub(super) tie: f64,
    /// Factors of the one point of AID, once known.
    fixed: Option<(Matrix, Matrix)>,
}

impl<'a> Course<'a> {
    /// Follows the iteration for `steps` steps (ITD), or stays at w.
    pub(super) fn new(case: &'a Case<'a>, edits: &'a [Edit], itd: bool, steps: usize) -> Self {
        let mut map = case.map.clone();
        let mut lambda = case.lambda.to_vec();
        let mut tie = 0.0;
        for edit in edits {
            match edit {
                Edit::StepSize(r) => map = map.with_step(1.0 + r).unwrap_or(map),
                Edit::Lambda(r) => lambda.iter_mut().for_each(|v| *v *= 1.0 + r),
                Edit::Tie(weight) => tie = *weight,
                _ => {}
            }
        }
        let mut start = case.w().to_vec();
        if edits.contains(&Edit::SingleEnds) {
            single(&mut start);
            single(&mut lambda);
        }
        let mut course = Self {
            case,
            edits,
            points: vec![start],
            itd,
            lin: map.linearization(),
            other: map.linearization(),
            map,
            lambda,
            tie,
            fixed: None,
        };
        if itd {
            course.iterate(steps);
        }
        course
    }

    fn iterate(&mut self, steps: usize) {
        for s in 0..steps {
            let w = self.points[s].clone();
            if let Some(next) = self.case.path().and_then(|path| path.get(s + 1)) {
                self.points.push(next.clone());
                continue;
            }
            let mut from = w.clone();
            for edit in self.edits {
                if let (Edit::Momentum(beta), true) = (edit, s > 0) {
                    let before = &self.points[s - 1];
                    for ((f, w), b) in from.iter_mut().zip(&w).zip(before) {
                        *f = w + beta * (w - b);
                    }
                }
            }
            let mut next = self.phi(&from);
            for edit in self.edits {
                match edit {
                    Edit::SingleIterates => single(&mut next),
                    Edit::Iterate(when, part) if when.holds(s) => {
                        let largest = next.iter().fold(0.0f64, |m, v| m.max(v.abs()));
                        next[0] += part * largest.max(f64::MIN_POSITIVE);
                    }
                    Edit::Lazy if s % 2 == 1 => next.clone_from(&w),
                    _ => {}
                }
            }
            self.points.push(next);
        }
    }

    pub(super) fn phi(&mut self, w: &[f64]) -> Vec<f64> {
        let tie = &mut Tie::Weight(self.tie);
        self.case
            .map
            .linearize(w, self.case.lambda, tie, &mut self.other);
        self.other.value.clone()
    }

    /// ‖w_{s+1} - w_s‖ of ITD's iterates.
    pub(super) fn moved(&self, s: usize) -> f64 {
        let [from, to] = [s, s + 1].map(|t| &self.points[t.min(self.points.len() - 1)]);
        let squares = from.iter().zip(to).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// The point step s is linearised at when it is to be `other`.
    pub(super) fn elsewhere(&mut self, s: usize, other: Other) -> Vec<f64> {
        let last = self.points.len() - 1;
        match (other, self.itd) {
            (Other::Previous, true) => self.points[s.saturating_sub(1)].clone(),
            (Other::Next, true) if s < last => self.points[s + 1].clone(),
            (Other::Next, _) => {
                let w = self.points[s.min(last)].clone();
                self.phi(&w)
            }
            (Other::Start, true) => self.points[0].clone(),
            (Other::Zero, _) | (Other::Start, false) => vec![0.0; self.case.w().len()],
            (Other::Last, true) => self.points[last].clone(),
            (Other::Previous | Other::Last, false) => self.points[0].clone(),
        }
    }

    /// (∂₁Φ, ∂₂Φ) of step s, as the faulty method has them.
    pub(super) fn factor(&mut self, s: usize) -> (Matrix, Matrix) {
        let (mut first, mut second) = if self.itd {
            self.linearised(s)
        } else {
            if self.fixed.is_none() {
                self.fixed = Some(self.linearised(0));
            }
            self.fixed.clone().unwrap_or_else(|| self.linearised(0))
        };
        for edit in self.edits {
            match edit {
                Edit::First(when, change) if when.holds(s) => apply(change, &mut first),
                Edit::Second(when, change) if when.holds(s) => apply(change, &mut second),
                _ => {}
            }
        }
        (first, second)
    }

    /// Unknowns of AID-CG's reduced system at the point of the last factor, with S^{½} and S^{-½}
    /// on them.
    pub(super) fn reduced(&self) -> Option<(Vec<usize>, [Matrix; 2])> {
        let support = reduced_support(&self.map, &self.lin)?;
        let roots = reduced_roots(&self.map, &self.lin, &support);
        Some((support, roots))
    }
}

/// Rounded to binary32.
pub(super) fn single(v: &mut [f64]) {
    v.iter_mut().for_each(|x| *x = f64::from(*x as f32));
}
