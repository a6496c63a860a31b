//! What is certified of proximal gradient steps: constants, moduli, rounding.

use super::{Shape, StepMap, TWO_OVER_ROOT_3};
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::norm2;
use crate::linalg::{Matrix, Vector};
use crate::maps::at_point::at_point;
use crate::maps::composite::loss::Loss;
use crate::maps::constants::Constants;
use crate::maps::linearization::{Linearization, Workspace};
use crate::maps::moduli::{Moduli, rows_norm, staircase};
use crate::maps::products::{Certified, Products};
use crate::maps::rounding::Rounding;
use crate::maps::structure::Structure;
use crate::tol::{LIBM_ULPS, Roundoff, UNIT, gamma};

impl StepMap {
    /// min ηλ₁ω_g.
    fn least_threshold(&self, lambda: &[f64]) -> f64 {
        let all = (0..self.units.len()).map(|g| self.threshold(g, lambda));
        all.fold(f64::INFINITY, f64::min)
    }

    /// L_G and the Lipschitz constant of column 1 per ‖u - u'‖.
    fn prox_lipschitz(&self, lambda: &[f64]) -> (f64, f64) {
        match self.prox {
            Shape::Group => {
                let up = 1.0 + gamma(6);
                (
                    TWO_OVER_ROOT_3 / self.least_threshold(lambda) * up,
                    1.0 / lambda[0] * up,
                )
            }
            _ => (0.0, 0.0),
        }
    }
}

impl Certified for StepMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn scale_by_root(&self, lin: &Linearization, inverse: bool, v: &mut [f64]) {
        self.spectral_prox(lin, v, |s| {
            if s == 0.0 {
                0.0
            } else if inverse {
                1.0 / s.sqrt()
            } else {
                s.sqrt()
            }
        });
    }

    fn constants(&self, lambda: &[f64]) -> Constants {
        let (mu, l) = self.spectrum;
        let at = |h: f64| (1.0 - self.step * (h + lambda[1])).abs();
        // Three roundings in 1 - η(h+λ₂), none larger than the terms.
        let rounding = 4.0 * UNIT * (1.0 + self.step * (l + lambda[1]));
        let q = at(mu).max(at(l)) + rounding;
        let up = 1.0 + gamma(8);
        let (_, third) = self.loss.bounds();
        let inner = self.step * third * self.largest_row * self.h_norm * up;
        let (lg, ln) = self.prox_lipschitz(lambda);
        Constants {
            q,
            l1: (lg * q * q + inner) * up,
            // Two columns: their constants add at most.
            l2: (ln * q + self.step) * up,
            l2_per_w: self.step * lg * q * up,
        }
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let (d, eta) = (self.d(), self.step);
        let dims = self.dims();
        let (mut lin, rounding, w_norm) = at_point(self, w, lambda, 1.0);
        let c = self.constants(lambda);
        let sensitivity = self.unit_sensitivity(lambda);
        let mut kinks = Vec::new();
        let mut radii = Vec::with_capacity(dims.units);
        for (g, reach) in sensitivity.iter().enumerate() {
            let band = Rounding::at(rounding.units[g], w_norm) + reach * w_error;
            let at_kink = lin.margin[g] <= band;
            if at_kink {
                kinks.push(g);
                lin.slope[g] = 1.0;
            }
            // A soft threshold at its kink has another one on the other side; the others have both
            // pieces in D_Φ.
            let distance = match self.prox {
                Shape::Soft if at_kink => 2.0 * eta * lambda[0],
                _ if at_kink => f64::INFINITY,
                _ => lin.margin[g],
            };
            radii.push((distance - band).max(0.0) / reach * (1.0 - 4.0 * UNIT));
        }
        let (_, third) = self.loss.bounds();
        let inner_lipschitz = eta * third * self.largest_row * self.h_norm * (1.0 + gamma(8));
        let mut ws = Workspace::default();
        let mut at_w = Matrix::zeros(d, d);
        self.inner(&lin, &Matrix::identity(d, d), &mut at_w, &mut ws);
        let lost = Rounding::at(rounding.push_w, w_norm) + inner_lipschitz * w_error;
        let is_kink = |g: &usize| kinks.binary_search(g).is_ok();
        let stairs = staircase(&radii, |flips| {
            let off: Vec<usize> = flips.iter().copied().filter(|g| !is_kink(g)).collect();
            // From the other kink of a soft threshold, as in the elastic net; 1 at w(λ), where the
            // group is 0.
            let on: f64 = flips
                .iter()
                .filter(|g| is_kink(g))
                .map(|&g| (1.0 + (norm2(&w[self.group(g)]) + w_error).powi(2)).min(4.0))
                .sum();
            let rows: Vec<usize> = off.iter().flat_map(|&g| self.group(g)).collect();
            let sum: f64 = off
                .iter()
                .map(|&g| {
                    let size = norm2(&w[self.group(g)]) + w_error;
                    let either = self.units[g].1.powi(2) + size * size;
                    if self.prox == Shape::Soft {
                        either.max(4.0)
                    } else {
                        either
                    }
                })
                .sum();
            [
                rows_norm(&at_w, &rows) + lost,
                eta * (sum + on).sqrt() * (1.0 + gamma(d + 4)),
            ]
        });
        let d2 = self.parameters(&lin);
        Moduli {
            l: [c.l1, c.l2_at(w_norm + w_error)],
            m: stairs.last().map_or([0.0, 0.0], |s| s.jump),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: self.loss == Loss::Quadratic && self.prox != Shape::Group,
            d2_sup: spectral_upper(&d2) * (1.0 + gamma(8))
                + c.l2_at(w_norm) * w_error
                + Rounding::at(rounding.push_lambda, w_norm),
            kinks,
            stairs,
        }
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let (n, d, eta) = (self.x.nrows(), self.d(), self.step);
        // Norms of groups sum once more.
        let terms = 2.0 * u.gamma(n + d + 12);
        let (bend, third) = self.loss.bounds();
        let libm = u.gamma(2 * LIBM_ULPS + 8);
        let keep = 1.0 + eta * lambda[1];
        let h_abs = self.x_abs_norm * self.x_abs_norm / n as f64;
        // ‖∇f's weights‖ and what they lose: those of the quadratic loss are X w - y, of the
        // logistic one at most 1 each.
        let (weights, weights_lost) = match self.loss {
            Loss::Quadratic => (self.y.norm(), 0.0),
            Loss::Logistic => ((n as f64).sqrt(), libm * (n as f64).sqrt()),
        };
        let per_weight = eta * self.x_abs_norm / n as f64;
        let heaviest = self.units.iter().fold(1.0f64, |m, u| m.max(u.1));
        let threshold = eta * lambda[0] * heaviest;
        let value = [
            terms * (keep + 2.0 * eta * h_abs),
            per_weight * (terms * weights + weights_lost) + terms * threshold * (d as f64).sqrt(),
        ];
        let c = self.constants(lambda);
        let (lg, ln) = self.prox_lipschitz(lambda);
        // S is applied in a few operations, to what lost `value`, and curvatures lose by their
        // argument.
        let few = u.gamma(d + 16);
        let push_w = [
            eta * h_abs * third * terms * self.largest_row + lg * value[0] * c.q,
            terms * (keep + bend * eta * h_abs)
                + eta * h_abs * bend * libm
                + few * c.q
                + lg * value[1] * c.q,
        ];
        let push_lambda = [
            eta * lg * value[0],
            eta * (few + lg * value[1] + ln / eta * value[0]),
            eta * heaviest * few * (d as f64).sqrt() + ln * value[1],
        ];
        let units = (0..self.dims().units)
            .map(|_| [2.0 * value[0], 2.0 * value[1]])
            .collect();
        Rounding {
            u,
            value: [2.0 * value[0], 2.0 * value[1]],
            push_w,
            push_lambda,
            units,
        }
    }

    fn unit_sensitivity(&self, lambda: &[f64]) -> Vec<f64> {
        let d = self.d();
        let units = self.dims().units;
        let q = self.constants(lambda).q;
        if self.loss == Loss::Logistic {
            // ∂₁T varies with w: ‖∂₁T‖ ≤ q everywhere.
            return vec![q; units];
        }
        let mut a = self.x.tr_mul(&self.x) * (-self.step / self.x.nrows() as f64);
        for i in 0..d {
            a[(i, i)] += 1.0 - self.step * lambda[1];
        }
        let lost = gamma(self.x.nrows() + 6) * (1.0 + self.step * self.h_norm * (d as f64).sqrt());
        (0..units)
            .map(|g| {
                let rows: Vec<usize> = self.group(g).collect();
                let norm = if rows.len() == 1 {
                    a.row(rows[0]).norm() * (1.0 + gamma(d + 4))
                } else {
                    rows_norm(&a, &rows)
                };
                norm + lost * (rows.len() as f64).sqrt()
            })
            .collect()
    }

    fn variation(&self, j: usize, lin: &Linearization) -> Option<Matrix> {
        // Column 2 of ∂₂Φ is -ηSw.
        (j == 1)
            .then(|| Matrix::from_diagonal(&(Vector::from_column_slice(&lin.slope) * -self.step)))
    }
}
