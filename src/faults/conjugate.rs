//! AID-CG on a dense system, with the departures that concern it.

use super::course::Course;
use super::edit::{Beta, Edit};
use super::rules::apply;
use super::simulated::Simulated;
use crate::case::Case;
use crate::linalg::{Matrix, Vector};

/// Kx = b, and how x becomes v: v = back·x on the coordinates `kept`, 0 elsewhere.
struct System {
    matrix: Matrix,
    right: Vector,
    kept: Vec<usize>,
    back: Matrix,
}

impl System {
    /// The reduced symmetric system where there is one, else normal equations.
    fn new(course: &mut Course<'_>, first: &Matrix, cotangent: &Vector, edits: &[Edit]) -> Self {
        let d = first.nrows();
        let m = Matrix::identity(d, d) - first.transpose();
        let plain = edits.contains(&Edit::PlainCg);
        let mut system = match course.reduced().filter(|_| !plain) {
            Some((kept, [root, inverse])) => {
                let rows = m.select_rows(&kept).select_columns(&kept);
                Self {
                    right: &root * cotangent.select_rows(&kept),
                    matrix: root * rows * &inverse,
                    back: inverse,
                    kept,
                }
            }
            None => {
                let (matrix, right) = if plain {
                    (m, cotangent.clone())
                } else {
                    (m.tr_mul(&m), m.tr_mul(cotangent))
                };
                Self {
                    matrix,
                    right,
                    kept: (0..d).collect(),
                    back: Matrix::identity(d, d),
                }
            }
        };
        for edit in edits {
            if let Edit::SystemRidge(ridge) = edit {
                (0..system.kept.len()).for_each(|i| system.matrix[(i, i)] += ridge);
            }
        }
        system
    }

    /// v of an x.
    fn full(&self, x: &Vector, d: usize) -> Matrix {
        let mut full = Matrix::zeros(d, 1);
        let v = &self.back * x;
        for (x, &i) in v.iter().zip(&self.kept) {
            full[(i, 0)] = *x;
        }
        full
    }
}

/// The state of conjugate gradients (Hestenes and Stiefel 1952).
struct Iteration {
    x: Vector,
    r: Vector,
    p: Vector,
    /// The residual is exactly zero, or the curvature is: nothing moves any more.
    ended: bool,
}

impl Iteration {
    fn step(&mut self, system: &System, edits: &[Edit]) {
        let image = &system.matrix * &self.p;
        let (rho, curvature) = (self.r.dot(&self.r), self.p.dot(&image));
        if self.ended || rho == 0.0 || curvature == 0.0 {
            self.ended = true;
            return;
        }
        let alpha = rho / curvature;
        self.x += alpha * &self.p;
        let old = self.r.clone();
        self.r -= alpha * image;
        let next = self.r.dot(&self.r);
        let mut beta = next / rho;
        for edit in edits {
            match edit {
                Edit::Beta(Beta::Times(f)) => beta *= f,
                Edit::Beta(Beta::Inverse) => beta = rho / next,
                Edit::Beta(Beta::Unsquared) => beta = beta.sqrt(),
                _ => {}
            }
        }
        let base = if edits.contains(&Edit::OldResidual) {
            old
        } else {
            self.r.clone()
        };
        self.p = base + beta * &self.p;
    }
}

impl Simulated {
    /// AID-CG on the dense system.
    pub(super) fn conjugate_gradients(
        &mut self,
        course: &mut Course<'_>,
        actual: &[usize],
        cotangent: &Vector,
        case: &Case<'_>,
    ) -> Vec<Matrix> {
        let (d, m) = (case.w().len(), case.lambda.len());
        let (first, second) = course.factor(0);
        // Scaled to size 1, so that squares neither vanish nor overflow: exact, by a power of two.
        let scale = power_of_two(cotangent.amax());
        let system = System::new(course, &first, &(cotangent / scale), &self.edits);
        if self.has(Edit::ZeroByZero) && system.right.iter().all(|v| *v == 0.0) {
            return vec![Matrix::from_element(m, 1, f64::NAN); actual.len()];
        }
        let mut cg = Iteration {
            x: Vector::zeros(system.kept.len()),
            r: system.right.clone(),
            p: system.right.clone(),
            ended: false,
        };
        if self.has(Edit::Keep)
            && let Some(k) = self.kept.take().filter(|k| k.len() == system.kept.len())
        {
            // A warm start whose residual is not formed anew.
            cg.x.copy_from_slice((k / scale).as_slice());
        }
        let mut out: Vec<Option<Matrix>> = vec![None; actual.len()];
        let horizon = actual.iter().copied().max().unwrap_or(0);
        let start = cg.r.norm();
        let stale = self.edits.iter().find_map(|e| match e {
            Edit::Stale(tolerance) => Some(*tolerance),
            _ => None,
        });
        let mut stopped = false;
        for k in 0..=horizon {
            for (slot, &t) in out.iter_mut().zip(actual) {
                if t == k {
                    *slot = Some(second.tr_mul(&system.full(&cg.x, d)) * scale);
                }
            }
            stopped |= self.stops(cg.r.norm() * scale, start * scale);
            if k == horizon || stopped || self.skips(k) {
                continue;
            }
            let before = cg.x.clone();
            cg.step(&system, &self.edits);
            if stale.is_some_and(|tolerance| cg.r.norm() <= tolerance * start) {
                (cg.x, stopped) = (before, true);
            }
            self.change(k, &mut cg.x);
        }
        self.kept = Some(Matrix::from_column_slice(cg.x.len(), 1, cg.x.as_slice()) * scale);
        let zero = || Matrix::zeros(m, 1);
        out.into_iter().map(|m| m.unwrap_or_else(zero)).collect()
    }

    /// Departures that concern the carried x.
    fn change(&self, k: usize, x: &mut Vector) {
        for edit in &self.edits {
            if let Edit::State(when, change) = edit
                && when.holds(k)
                && !x.is_empty()
            {
                let mut column = Matrix::from_column_slice(x.len(), 1, x.as_slice());
                apply(change, &mut column);
                x.copy_from_slice(column.as_slice());
            }
        }
    }
}

/// The largest power of two not above a size; 1 for 0 and for what is no number.
fn power_of_two(size: f64) -> f64 {
    if size > 0.0 && size.is_finite() {
        2f64.powi(size.log2().floor().clamp(-1000.0, 1000.0) as i32)
    } else {
        1.0
    }
}
