//! Elements of D_fix whose image is near a given Dᵀy: what ITD shows in reverse mode.
//!
//! X = B_1 + A_1(B_2 + A_2(⋯(B_t + A_t X_0))) is an element of D_fix for X_0 ∈ D_joint and any
//! [A_n, B_n] ∈ D_Φ at w(λ), where every step and block may have slopes of its own. With p_0 = y
//! and p_n = A_nᵀp_{n-1} its image is Σ B_nᵀp_{n-1} + X_0ᵀp_t, which is affine in the slopes of any
//! one step, so that the steps are fitted in turn. No element can be followed from one estimate to
//! the next here, since each comes from a pass of its own with selections of its own. Whatever is
//! found is an element; that none is found proves nothing.

use super::{Kinks, Observed, Set};
use crate::linalg::{Matrix, Vector};

/// How often all steps are fitted in turn from one start.
const ROUNDS: usize = 6;

/// An element of D_fix, by how near it is.
#[derive(Clone, Debug)]
pub struct Product {
    /// The distance of its image to the estimate per ‖y‖ is at most this.
    pub distance: f64,
    /// The part of that which is due to the rounding of the element.
    pub rounding: f64,
}

impl Kinks {
    /// Looks for an element of D_fix whose image is within `enough`·‖y‖ of `shown`. Each start
    /// gives the slopes at the kinks of every step, the last step of ITD first; all starts have as
    /// many steps. `None` for the wrong shape.
    pub fn near_product(
        &self,
        y: &Vector,
        shown: &Matrix,
        starts: &[Vec<Vec<f64>>],
        enough: f64,
    ) -> Option<Product> {
        let observed = Observed::Cotangent(y);
        if !observed.fits(shown, self.shape()) {
            return None;
        }
        let lower = vec![self.form.range[0]; self.count()];
        let last = self.element(&lower, &lower)?;
        let mut best: Option<Product> = None;
        // All starts are looked at before any is fitted: an implementation that always selects the
        // same is near one of them.
        for rounds in [0, ROUNDS] {
            for start in starts {
                let mut slopes: Vec<_> = start.iter().map(|s| [s.clone(), s.clone()]).collect();
                for round in 0..=rounds {
                    let tails = self.tails(&slopes, &last);
                    let (x, rounding) = &tails[0];
                    let distance = observed.apart(shown, x, *rounding).upper;
                    if best.as_ref().is_none_or(|b| distance < b.distance) {
                        best = Some(Product {
                            distance,
                            rounding: *rounding,
                        });
                    }
                    if distance <= enough {
                        return best;
                    }
                    if round == rounds || self.fit_in_turn(y, shown, &mut slopes, &tails).is_none()
                    {
                        break;
                    }
                }
            }
        }
        best
    }

    /// G_n = B_{n+1} + A_{n+1}G_{n+1}, G_t = X_0, each with a bound of its error.
    fn tails(&self, slopes: &[[Vec<f64>; 2]], last: &(Matrix, f64)) -> Vec<(Matrix, f64)> {
        let mut out = vec![last.clone()];
        for [s, s2] in slopes.iter().rev() {
            let (x, error) = &out[out.len() - 1];
            let next = self.step(s, s2, x);
            let error = self.q * error + self.step_lost(x);
            out.push((next, error));
        }
        out.reverse();
        out
    }

    /// Fits the slopes of every step, the first one first, to what the other steps leave of
    /// `shown`.
    fn fit_in_turn(
        &self,
        y: &Vector,
        shown: &Matrix,
        slopes: &mut [[Vec<f64>; 2]],
        tails: &[(Matrix, f64)],
    ) -> Option<()> {
        let mut p = Matrix::from_row_slice(1, y.len(), y.as_slice());
        let mut left = shown.transpose();
        for (own, (tail, _)) in slopes.iter_mut().zip(&tails[1..]) {
            *own = self.nearest_slopes(Set::Imp, &p, tail, &left)?;
            left -= &p * self.product(&self.slopes(&own[1]), &self.form.right_lambda);
            p *= self.product(&self.slopes(&own[0]), &self.form.right_w);
        }
        Some(())
    }
}
