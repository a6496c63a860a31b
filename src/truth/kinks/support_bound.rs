//! How far D_fix extends beyond its middle element in a direction: what an open branch of the
//! search in [`super::outer`] can still add.
//!
//! Every X of D_fix is A(s)X' + B(s') with an X' of D_fix again. With the slopes c in the middle of
//! their ranges, X_c = A_cX_c + B_c and E = X - X_c,
//!
//! ```text
//! E = A_cE' + Σ_j l_j(δ_j(r_jᵀX_c + r_jᵀE') + δ'_j r₂_j),
//! ```
//!
//! where j runs over the units at their kink and |δ_j|, |δ'_j| are at most half the range. With P
//! such steps, g_jp = (A_c^p l_j)ᵀZ and ρ_j = sup ‖r_jᵀE‖ this gives
//!
//! ```text
//! ⟨Z, E⟩ ≤ ½|range| Σ_p Σ_j (|⟨g_jp, r_jᵀX_c⟩| + |⟨g_jp, r₂_j⟩| + ‖g_jp‖ρ_j) + ‖A_c^P‖ρ‖Z‖_*,
//! ```
//!
//! and a little more, since the stored X_c solves its equation up to a residual only. The ρ_j are
//! bounded by the same sums with r_j in place of Z, starting from ρ_j ≤ ‖r_j‖ρ. The ball around
//! X_c, which gives ρ‖Z‖_*, knows neither that only few rows of X vary nor in which directions.

use super::{Kinks, Observed};
use crate::linalg::{Matrix, Vector};
use crate::sets::norm_upper;
use crate::tol::{BOUND_ROOM, REACH_REST, gamma};

/// Most steps P whose terms are summed one by one.
const STEPS: usize = 16;
/// Rounds in which the ρ_j are improved.
const ROUNDS: usize = 60;

/// Upper bounds of ⟨Z, X - X_c⟩ over D_fix, or over D_fix·z where only an image is observed.
pub(super) struct SupportBound {
    /// Half the range of a slope.
    half: f64,
    /// A_c^p l_j, by p and then by j.
    carried: Vec<Vec<Vector>>,
    /// r_jᵀX_c and r₂_j, by j.
    rows: Vec<[Vector; 2]>,
    /// ρ_j.
    rho: Vec<f64>,
    /// Σ_p |r_iᵀA_c^p l_j|.
    hops: Matrix,
    /// ‖r_i‖.
    sizes: Vec<f64>,
    /// What is left after P steps, per ‖Z‖_*: that of the ball, and the rounding of X_c.
    rest: f64,
    /// What rounding may take from the sum per ‖Z‖_F.
    lost: f64,
}

impl Kinks {
    /// `centre` is the element with all slopes in the middle of their range, and D_fix (reduced as
    /// the direction z asks) lies within `radius` of it.
    pub(super) fn support_bound(
        &self,
        centre: &Matrix,
        radius: f64,
        observed: Observed,
        z: &Matrix,
    ) -> SupportBound {
        let f = &self.form;
        let k = self.count();
        let up = 1.0 + BOUND_ROOM;
        let half = 0.5 * (f.range[1] - f.range[0]).abs();
        let middle = vec![0.5 * (f.range[0] + f.range[1]); k];
        let slopes = self.slopes(&middle);
        let a = self.product(&slopes, &f.right_w);
        let residual = &a * centre + self.product(&slopes, &f.right_lambda) - centre;
        let scale = observed.scale(z);
        let left_over = self.kappa() * (norm_upper(&residual) + self.step_lost(centre)) * scale;
        // One product with A_c loses this part of a vector.
        let top = slopes.iter().fold(0.0f64, |m, s| m.max(s.abs()));
        let (h, d) = f.right_w.shape();
        let step_lost = gamma(h + d + 8) * f.left.norm() * f.right_w.norm() * top * 2.0;
        let sizes: Vec<f64> = self
            .active
            .iter()
            .map(|&i| f.right_w.row(i).norm() * up)
            .collect();
        let seen = |row: Vec<f64>| Vector::from_vec(observed.reduced(row, z));
        let rows: Vec<[Vector; 2]> = self
            .active
            .iter()
            .map(|&i| {
                let x = f.right_w.row(i) * centre;
                let r2 = f.right_lambda.row(i);
                [
                    seen(x.iter().copied().collect()),
                    seen(r2.iter().copied().collect()),
                ]
            })
            .collect();
        // What forming these rows has lost.
        let rows_lost: Vec<f64> = (0..k)
            .map(|n| {
                let r2 = f.right_lambda.row(self.active[n]).norm();
                gamma(d + centre.ncols() + 8) * (sizes[n] * centre.norm() + r2) * scale * up
            })
            .collect();
        let (carried, errors, power_size) = self.carried(&a, step_lost);
        let mut hops = Matrix::zeros(k, k);
        for (now, error) in carried.iter().zip(&errors) {
            for (i, &unit) in self.active.iter().enumerate() {
                for (j, u) in now.iter().enumerate() {
                    let length = f.left.column(self.active[j]).norm();
                    let lost = (error + gamma(d + 8)) * length * sizes[i];
                    hops[(i, j)] += ((f.right_w.row(unit) * u)[0].abs() + lost) * up;
                }
            }
        }
        let rest = (power_size * radius + left_over) * up;
        let mut rho: Vec<f64> = sizes.iter().map(|r| r * radius * up).collect();
        let own: Vec<f64> = (0..k)
            .map(|j| rows[j][0].norm() + rows[j][1].norm() + rows_lost[j])
            .collect();
        for _ in 0..ROUNDS {
            let better: Vec<f64> = (0..k)
                .map(|i| {
                    let sum: f64 = (0..k).map(|j| hops[(i, j)] * (rho[j] + own[j])).sum();
                    rho[i].min((half * sum + sizes[i] * rest) * (up + gamma(k + 8)))
                })
                .collect();
            rho = better;
        }
        for (rho, lost) in rho.iter_mut().zip(&rows_lost) {
            *rho += lost;
        }
        let mut lost = 0.0;
        for (now, error) in carried.iter().zip(&errors) {
            for (j, u) in now.iter().enumerate() {
                let length = f.left.column(self.active[j]).norm();
                let each = error * length + gamma(d + centre.ncols() + 16) * u.norm();
                lost += half * each * (own[j] + rho[j]);
            }
        }
        SupportBound {
            half,
            carried,
            rows,
            rho,
            hops,
            sizes,
            rest,
            lost: lost * 2.0,
        }
    }

    /// A_c^p L's columns of units at their kink, for growing p; what rounding took from each A_c^p;
    /// and a bound of ‖A_c^P‖ at the end. One product with A_c loses `step_lost` of a vector.
    fn carried(&self, a: &Matrix, step_lost: f64) -> (Vec<Vec<Vector>>, Vec<f64>, f64) {
        let d = a.nrows();
        let up = 1.0 + BOUND_ROOM;
        let columns = self.active.iter().map(|&i| self.form.left.column(i));
        let mut now: Vec<Vector> = columns.map(|c| c.into_owned()).collect();
        let mut carried: Vec<Vec<Vector>> = Vec::new();
        let mut errors: Vec<f64> = Vec::new();
        let mut power = Matrix::identity(d, d);
        let (mut power_error, mut power_size) = (0.0f64, 1.0f64);
        // ‖A_c‖ ≤ q, so that the error of A_c^p is at most p steps' worth.
        while carried.len() < STEPS && power_size > REACH_REST {
            errors.push(power_error);
            let next = now.iter().map(|u| a * u).collect();
            carried.push(std::mem::replace(&mut now, next));
            power = a * power;
            power_error += step_lost;
            power_size = (norm_upper(&power) + power_error * (d as f64).sqrt())
                .min(self.q.powi(carried.len() as i32) * up);
        }
        (carried, errors, power_size)
    }
}

impl SupportBound {
    /// At least ⟨Z, X - X_c⟩ for every X of D_fix, where Z was rounded to binary64 once, entry by
    /// entry, and `size` is at least ‖Z‖_*.
    pub(super) fn of(&self, z: &Matrix, size: f64) -> f64 {
        let mut sum = 0.0;
        for now in &self.carried {
            for ((u, [x, r2]), rho) in now.iter().zip(&self.rows).zip(&self.rho) {
                let (mut by_x, mut by_r2, mut square) = (0.0, 0.0, 0.0f64);
                for (c, column) in z.column_iter().enumerate() {
                    let g = u.dot(&column);
                    by_x += g * x[c];
                    by_r2 += g * r2[c];
                    square += g * g;
                }
                sum += by_x.abs() + by_r2.abs() + square.sqrt() * rho;
            }
        }
        let terms = self.carried.len() * self.rows.len();
        let total =
            self.half * sum * (1.0 + gamma(terms + 16)) + self.lost * z.norm() + self.rest * size;
        total * (1.0 + BOUND_ROOM)
    }

    /// The same for Z = r_i bᵀ, i the n-th unit at its kink.
    pub(super) fn of_unit(&self, n: usize, b: &[f64]) -> f64 {
        let length = b.iter().map(|v| v * v).sum::<f64>().sqrt();
        let along = |row: &Vector| row.iter().zip(b).map(|(r, b)| r * b).sum::<f64>().abs();
        let sum: f64 = self
            .rows
            .iter()
            .zip(&self.rho)
            .enumerate()
            .map(|(j, ([x, r2], rho))| self.hops[(n, j)] * (along(x) + along(r2) + length * rho))
            .sum();
        (self.half * sum + (self.rest + self.lost) * self.sizes[n] * length)
            * (1.0 + gamma(self.rows.len() + b.len() + 16))
            * (1.0 + BOUND_ROOM)
    }
}
