//! (∂₁Φ, ∂₂Φ) of one step as dense matrices, with the departures that concern them.

use super::course::Course;
use super::edit::{AtTies, Block, Edit};
use super::rules::{net, slopes};
use crate::linalg::{Matrix, Vector};
use crate::maps::{Gradient, Role, Second, Tie};

impl Course<'_> {
    pub(super) fn linearised(&mut self, s: usize) -> (Matrix, Matrix) {
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
        self.edit_blocks(&mut first, &mut second);
        (first, second)
    }

    /// Departures that concern entries of the two blocks.
    fn edit_blocks(&mut self, first: &mut Matrix, second: &mut Matrix) {
        let edits = self.edits;
        for edit in edits {
            let Edit::SlopesIn(block, rule) = edit else {
                continue;
            };
            let honest = self.lin.slope.clone();
            slopes(*rule, self.map.structure(), &mut self.lin);
            match block {
                Block::First => *first = self.map.jacobian_w(&self.lin),
                Block::Second => *second = self.map.jacobian_lambda(&self.lin),
            }
            self.lin.slope = honest;
        }
        if let Some(Gradient { step, .. }) = self.map.structure().gradient {
            for edit in edits {
                if let Edit::LeftRidge(ridge) = edit {
                    (0..first.nrows()).for_each(|i| first[(i, i)] -= ridge * step);
                }
            }
        }
        let Some(Gradient { step, rows }) = net(self.map.structure()) else {
            return;
        };
        let lin = &self.lin;
        let ridge = self.lambda[1];
        let signed = self.map.structure().lambda[0] == Role::Threshold;
        // P = S((1-ηλ₂)I - ηH): f·H for H.
        let times = |first: &mut Matrix, f: f64| {
            *first *= f;
            for (i, slope) in lin.slope.iter().enumerate() {
                first[(i, i)] += (1.0 - f) * (1.0 - step * ridge) * slope;
            }
        };
        let n = rows as f64;
        for edit in edits {
            match edit {
                Edit::SignOfInput | Edit::SignLost if !signed => {}
                Edit::SignOfInput => {
                    for (i, w) in lin.w.iter().enumerate() {
                        let sign = if *w == 0.0 { 0.0 } else { w.signum() };
                        second[(i, 0)] *= sign * lin.z[i].signum();
                    }
                }
                Edit::SignLost => {
                    (0..second.nrows()).for_each(|i| second[(i, 0)] *= lin.z[i].signum());
                }
                Edit::NoRidge => {
                    for (i, slope) in lin.slope.iter().enumerate() {
                        first[(i, i)] += step * ridge * slope;
                    }
                }
                Edit::NoStep => *second /= step,
                Edit::NoStepIn(j) => second.column_mut(*j).unscale_mut(step),
                Edit::StepDifferentiated => {
                    // ∂Φ/∂η = S((z-w)/η - λ₁ sign z), and dη/dλ₂ = -η².
                    for (i, slope) in lin.slope.iter().enumerate() {
                        let pull = if signed {
                            self.lambda[0] * lin.z[i].signum()
                        } else {
                            0.0
                        };
                        second[(i, 1)] -= slope * step * (lin.z[i] - lin.w[i] - step * pull);
                    }
                }
                Edit::Bessel if rows > 1 => times(first, n / (n - 1.0)),
                Edit::Undivided => times(first, n),
                _ => {}
            }
        }
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

    /// ∂₁Φ·D + ∂₂Φ at the point of step s, by a forward difference for every column.
    pub(super) fn differences_along(&mut self, s: usize, state: &Matrix, h: f64) -> Matrix {
        let w = self.points[if self.itd { s } else { 0 }].clone();
        let base = Vector::from_vec(self.phi(&w));
        let mut next = Matrix::zeros(state.nrows(), state.ncols());
        for (j, direction) in state.column_iter().enumerate() {
            let moved: Vec<f64> = w.iter().zip(&direction).map(|(w, v)| w + h * v).collect();
            let mut lambda = self.lambda.clone();
            lambda[j] += h;
            let along = self.map.apply(&moved, &self.lambda) - &base;
            let across = self.map.apply(&w, &lambda) - &base;
            next.set_column(j, &((along + across) / h));
        }
        next
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
