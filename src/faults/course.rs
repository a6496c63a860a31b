//! The steps of a method as dense factors (∂₁Φ, ∂₂Φ), with the departures that concern them.

use super::edit::{AtTies, Change, Edit, Other, Slopes};
use crate::linalg::{Matrix, Vector};
use crate::maps::{Gradient, Linearization, Map, Second, Structure, Tie, Units};
use crate::case::Case;
use crate::methods::{reduced_roots, reduced_support};

/// The points a method visits and its factors there.
pub(super) struct Course<'a> {
    case: &'a Case<'a>,
    edits: &'a [Edit],
    /// w_0, w_1, ... (ITD) or the one w (AID).
    pub(super) points: Vec<Vec<f64>>,
    itd: bool,
    lin: Linearization,
    other: Linearization,
    /// The map with a wrong step, if a departure asks for one, and λ as the derivatives see it.
    map: Map,
    lambda: Vec<f64>,
    tie: f64,
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
        let mut course = Self {
            case,
            edits,
            points: vec![case.w().to_vec()],
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
                    Edit::SingleIterates => next.iter_mut().for_each(|v| *v = f64::from(*v as f32)),
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

    fn phi(&mut self, w: &[f64]) -> Vec<f64> {
        let tie = &mut Tie::Weight(self.tie);
        self.case
            .map
            .linearize(w, self.case.lambda, tie, &mut self.other);
        self.other.value.clone()
    }

    /// The point step s is linearised at when it is to be `other`.
    fn elsewhere(&mut self, s: usize, other: Other) -> Vec<f64> {
        let last = self.points.len() - 1;
        match (other, self.itd) {
            (Other::Previous, true) => self.points[s.saturating_sub(1)].clone(),
            (Other::Next, true) if s < last => self.points[s + 1].clone(),
            (Other::Next, _) => {
                let w = self.points[s.min(last)].clone();
                self.phi(&w)
            }
            (Other::Start, true) => self.points[0].clone(),
            (Other::Start, false) => vec![0.0; self.case.w().len()],
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

    /// Unknowns of AID-CG's reduced system at the point of the last factor, with S^{½} and S^{-½} on them.
    pub(super) fn reduced(&self) -> Option<(Vec<usize>, [Matrix; 2])> {
        let support = reduced_support(&self.map, &self.lin)?;
        let roots = reduced_roots(&self.map, &self.lin, &support);
        Some((support, roots))
    }

    fn linearised(&mut self, s: usize) -> (Matrix, Matrix) {
        let edits = self.edits;
        let mut index = s;
        let mut at = None;
        for edit in edits {
            match edit {
                Edit::Refresh(n) => index = s - s % n.max(&1),
                Edit::Point(other) => at = Some(*other),
                _ => {}
            }
        }
        let w = match at {
            Some(other) => self.elsewhere(index, other),
            None => self.points[if self.itd { index } else { 0 }].clone(),
        };
        let tie = &mut Tie::Weight(self.tie);
        self.map.linearize(&w, &self.lambda, tie, &mut self.lin);
        for edit in edits {
            match edit {
                Edit::Mask(other) => {
                    let u = self.elsewhere(index, *other);
                    let tie = &mut Tie::Weight(self.tie);
                    self.map.linearize(&u, &self.lambda, tie, &mut self.other);
                    self.lin.slope.copy_from_slice(&self.other.slope);
                }
                Edit::Ridge(other) => {
                    let u = self.elsewhere(index, *other);
                    let tie = &mut Tie::Weight(self.tie);
                    self.map.linearize(&u, &self.lambda, tie, &mut self.other);
                    match self.map.structure().second {
                        Second::Point => self.lin.w.copy_from_slice(&u),
                        Second::Inputs => self.lin.z.copy_from_slice(&self.other.z),
                        Second::Constant => {}
                    }
                }
                Edit::Slopes(rule) => slopes(*rule, self.map.structure(), &mut self.lin),
                _ => {}
            }
        }
        let ties: Vec<usize> = self.lin.ties().collect();
        let (mut first, mut second) = if ties.is_empty() {
            (
                self.map.jacobian_w(&self.lin),
                self.map.jacobian_lambda(&self.lin),
            )
        } else {
            self.tied(s, &ties)
        };
        for edit in edits {
            match edit {
                Edit::Differences(h) => (first, second) = self.differences(&w, *h),
                Edit::Permuted => first = self.permuted(&first),
                Edit::ByTransposes => (first, second) = self.by_transposes(),
                _ => {}
            }
        }
        if let Some(Gradient { step, rows }) = net(self.map.structure()) {
            let lambda2 = self.lambda[1];
            for edit in edits {
                match edit {
                    Edit::SignOfInput => {
                        for i in 0..w.len() {
                            let sign = if w[i] == 0.0 { 0.0 } else { w[i].signum() };
                            second[(i, 0)] *= sign * self.lin.z[i].signum();
                        }
                    }
                    Edit::NoRidge => {
                        for i in 0..w.len() {
                            first[(i, i)] += step * lambda2 * self.lin.slope[i];
                        }
                    }
                    Edit::NoStep => second /= step,
                    Edit::Bessel => {
                        // P = S((1-ηλ₂)I - ηH): H n/(n-1) for H.
                        let n = rows as f64;
                        let f = if n > 1.0 { n / (n - 1.0) } else { 1.0 };
                        first *= f;
                        for i in 0..w.len() {
                            first[(i, i)] += (1.0 - f) * (1.0 - step * lambda2) * self.lin.slope[i];
                        }
                    }
                    _ => {}
                }
            }
        }
        (first, second)
    }

    /// (∂₁Φ, ∂₂Φ) where these units are at their kink.
    fn tied(&mut self, s: usize, ties: &[usize]) -> (Matrix, Matrix) {
        let honest = self.lin.slope.clone();
        let mut slopes = [honest.clone(), honest.clone()];
        let mut without_second = false;
        for edit in self.edits {
            let Edit::AtTies(change) = edit else { continue };
            match *change {
                AtTies::Slopes(first, second) => {
                    for &i in ties {
                        (slopes[0][i], slopes[1][i]) = (first, second);
                    }
                }
                AtTies::AllSlopes(v) => slopes.iter_mut().for_each(|b| b.fill(v)),
                AtTies::NoSecond => without_second = true,
                AtTies::State(_) => {}
                AtTies::Irregular => {
                    for &i in ties {
                        let weight = ((s * 7919 + i * 104_729) % 17) as f64 / 16.0;
                        for (block, weight) in slopes.iter_mut().zip([weight, 1.0 - weight]) {
                            block[i] = self.tied_slope(i, weight);
                        }
                    }
                }
            }
        }
        let [first, second] = slopes;
        self.lin.slope.copy_from_slice(&first);
        let by_w = self.map.jacobian_w(&self.lin);
        self.lin.slope.copy_from_slice(&second);
        let mut by_lambda = self.map.jacobian_lambda(&self.lin);
        self.lin.slope.copy_from_slice(&honest);
        if without_second {
            by_lambda.fill(0.0);
        }
        (by_w, by_lambda)
    }

    /// The slope of a tied unit with another weight.
    fn tied_slope(&mut self, unit: usize, weight: f64) -> f64 {
        let (w, lambda) = (self.lin.w.clone(), self.lin.lambda.clone());
        let tie = &mut Tie::Weight(weight);
        self.map.linearize(&w, &lambda, tie, &mut self.other);
        self.other.slope[unit]
    }

    /// Is a unit exactly at its kink at the point of the last factor?
    pub(super) fn at_tie(&self) -> bool {
        self.lin.ties().next().is_some()
    }

    fn differences(&mut self, w: &[f64], h: f64) -> (Matrix, Matrix) {
        let (d, m) = (w.len(), self.lambda.len());
        let base = Vector::from_vec(self.phi(w));
        let mut first = Matrix::zeros(d, d);
        for j in 0..d {
            let mut u = w.to_vec();
            u[j] += h;
            first.set_column(j, &((self.map.apply(&u, &self.lambda) - &base) / h));
        }
        let mut second = Matrix::zeros(d, m);
        for j in 0..m {
            let mut l = self.lambda.clone();
            l[j] += h;
            second.set_column(j, &((self.map.apply(w, &l) - &base) / h));
        }
        (first, second)
    }

    /// ∂₁Φ with its columns formed in another order of the inputs: an allowed variation for sums.
    fn permuted(&self, first: &Matrix) -> Matrix {
        let d = first.nrows();
        // ∂₁Φ·(x_1 + x_2) = ∂₁Φx_1 + ∂₁Φx_2 with the halves of every unit vector.
        let mut ws = self.map.workspace();
        let mut half = Matrix::zeros(d, d);
        let unit = Matrix::from_fn(d, d, |i, j| if i + j + 1 == d { 0.5 } else { 0.0 });
        self.map.jvp_w(&self.lin, &unit, &mut half, &mut ws);
        Matrix::from_fn(d, d, |i, j| 2.0 * half[(i, d - 1 - j)])
    }

    fn by_transposes(&self) -> (Matrix, Matrix) {
        let (d, m) = (self.case.w().len(), self.lambda.len());
        let mut ws = self.map.workspace();
        let (mut first, mut second) = (Matrix::zeros(d, d), Matrix::zeros(d, m));
        for i in 0..d {
            let mut unit = vec![0.0; d];
            unit[i] = 1.0;
            let (mut by_w, mut by_lambda) = (vec![0.0; d], vec![0.0; m]);
            self.map.vjp_w(&self.lin, &unit, &mut by_w, &mut ws);
            self.map
                .vjp_lambda(&self.lin, &unit, &mut by_lambda, &mut ws);
            for j in 0..d {
                first[(i, j)] = by_w[j];
            }
            for j in 0..m {
                second[(i, j)] = by_lambda[j];
            }
        }
        (first, second)
    }
}

/// The gradient step of an elastic net; `None` for other maps.
fn net(structure: &Structure) -> Option<Gradient> {
    structure
        .gradient
        .filter(|_| matches!(structure.units, Units::Slopes { .. }))
}

/// Applies a wrong rule for the slopes; maps without units are left alone.
fn slopes(rule: Slopes, structure: &Structure, lin: &mut Linearization) {
    let net = net(structure).is_some();
    let (lo, hi) = match structure.units {
        Units::Slopes { lo, hi } => (lo, hi),
        Units::Smooth => {
            for (s, z) in lin.slope.iter_mut().zip(&lin.z) {
                match rule {
                    Slopes::Ones => *s = 1.0,
                    Slopes::AppliedTwice => *s = 1.0 - z.tanh().tanh().powi(2),
                    _ => {}
                }
            }
            return;
        }
        _ => (0.0, 1.0),
    };
    // A unit whose value grows from its only kink on.
    let relu = !structure.bounded && matches!(structure.units, Units::Slopes { lo: 0.0, hi: 1.0 });
    for i in 0..lin.slope.len() {
        if lin.margin[i].is_infinite() {
            continue;
        }
        let upper = lin.slope[i] == hi;
        lin.slope[i] = match rule {
            Slopes::Ones => 1.0,
            Slopes::OfInput if net => f64::from(u8::from(lin.w[i] != 0.0)),
            Slopes::Inverted => lo + hi - lin.slope[i],
            Slopes::Tolerance(tolerance) if upper && lin.margin[i] <= tolerance => lo,
            Slopes::Smoothed(width) if net || relu => {
                let signed = if upper { lin.margin[i] } else { -lin.margin[i] };
                1.0 / (1.0 + (-signed / width).exp())
            }
            Slopes::NonNegative if !upper => 0.0,
            Slopes::UnscaledThreshold if net => f64::from(u8::from(lin.z[i].abs() > lin.lambda[0])),
            _ => lin.slope[i],
        };
    }
}

/// Applies a change to a matrix; one that needs a square matrix leaves others alone.
pub(super) fn apply(change: &Change, m: &mut Matrix) {
    let (rows, columns) = m.shape();
    let square = rows == columns;
    let pick = |fraction: f64, n: usize| ((fraction * n as f64) as usize).min(n.saturating_sub(1));
    match *change {
        Change::Transpose if square => m.transpose_mut(),
        Change::Symmetric if square => *m = (&*m + m.transpose()) * 0.5,
        Change::Diagonal if square => *m = Matrix::from_diagonal(&m.diagonal()),
        Change::Transpose | Change::Symmetric | Change::Diagonal => {}
        Change::Scale(f) => *m *= f,
        Change::ZeroColumn(j) if j < columns => m.column_mut(j).fill(0.0),
        Change::ZeroColumn(_) => {}
        Change::ReverseColumns => {
            *m = Matrix::from_fn(rows, columns, |i, j| m[(i, columns - 1 - j)]);
        }
        Change::AddIdentity(f) if square => {
            for i in 0..rows {
                m[(i, i)] += f;
            }
        }
        Change::AddIdentity(_) => {}
        Change::Single => m.apply(|v| *v = f64::from(*v as f32)),
        Change::Sparsify(part) => {
            let least = part * m.amax();
            m.apply(|v| {
                if v.abs() < least {
                    *v = 0.0;
                }
            });
        }
        Change::Entry {
            row,
            column,
            relative,
        } => {
            let size = m.amax();
            m[(pick(row, rows), pick(column, columns))] += relative * size;
        }
        Change::Block {
            rows: r,
            columns: c,
            relative,
        } => {
            for i in 0..=pick(r, rows) {
                for j in 0..=pick(c, columns) {
                    m[(i, j)] *= 1.0 + relative;
                }
            }
        }
    }
}
