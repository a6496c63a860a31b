//! Elements of D_fix that follow the estimates of a method: certified upper bounds of its excess
//! to D_fix.

use super::Kinks;
use crate::linalg::Matrix;
use crate::sets::{DiagonalBox, Effort, distance, norm_upper};
use crate::tol::UNIT;

/// An element X_t of D_fix that follows a sequence D_t (a shadow element of theory, section 3).
///
/// X_0 is in D_imp, and X_{t+1} is the point nearest to D_{t+1} in D_{Φ,1}X_t + D_{Φ,2} at w(λ), a
/// convex set inside D_fix. For a method that uses any elements of D_Φ(w_t), step by step,
///
/// ```text
/// ‖D_{t+1} - X_{t+1}‖ ≤ ‖D_{t+1} - (A*X_t + B*)‖ ≤ q‖D_t - X_t‖ + (B C_1(e_t) + C_2(e_t)) e_t
/// ```
///
/// with the nearest A* and B*: the recursion of Theorem 4.1, whatever is selected. Nothing needs to
/// be known of the method, so that a bound proven here is proven for a black box.
pub struct NearestElement<'a> {
    kinks: &'a Kinks,
    x: Matrix,
    /// At least ‖·‖_F of the difference between the stored X_t and the element of D_fix that it
    /// stands for.
    rounding: f64,
    effort: Effort,
}

impl<'a> NearestElement<'a> {
    /// X_0: the element of D_joint with the lower slopes.
    pub fn start(kinks: &'a Kinks) -> Option<Self> {
        let s = vec![kinks.form.range[0]; kinks.count()];
        let (x, rounding) = kinks.element(&s, &s)?;
        Some(Self {
            kinks,
            x,
            rounding,
            effort: Effort::default(),
        })
    }

    /// The distance of `d` to X_t, an upper bound of that to D_fix; NaN for what is not a finite
    /// matrix of the right shape.
    pub fn distance(&self, d: &Matrix) -> f64 {
        if d.shape() != self.x.shape() || d.iter().any(|v| !v.is_finite()) {
            return f64::NAN;
        }
        let difference = d - &self.x;
        let lost = 2.0 * UNIT * difference.norm();
        norm_upper(&difference) + (lost + self.rounding) * (1.0 + f64::EPSILON * 4.0)
    }

    /// Moves on to X_{t+1} for D_{t+1} = `d` and gives the distance to it; NaN for what is not a
    /// finite matrix of the right shape.
    pub fn follow(&mut self, d: &Matrix) -> f64 {
        if d.shape() != self.x.shape() || d.iter().any(|v| !v.is_finite()) {
            return f64::NAN;
        }
        let f = &self.kinks.form;
        let h = f.slope.len();
        let m = self.x.ncols();
        let pushed = &f.right_w * &self.x;
        let mut left = Matrix::zeros(d.nrows(), 2 * h);
        left.columns_mut(0, h).copy_from(&f.left);
        left.columns_mut(h, h).copy_from(&f.left);
        let mut right = Matrix::zeros(2 * h, m);
        right.rows_mut(0, h).copy_from(&pushed);
        right.rows_mut(h, h).copy_from(&f.right_lambda);
        let (mut lo, mut hi) = (f.slope.clone(), f.slope.clone());
        for &i in &self.kinks.active {
            (lo[i], hi[i]) = (f.range[0], f.range[1]);
        }
        lo.extend_from_within(..);
        hi.extend_from_within(..);
        let offset = Matrix::zeros(d.nrows(), m);
        let Ok(set) = DiagonalBox::new(&left, &right, &offset, &lo, &hi) else {
            return f64::NAN;
        };
        let Ok(nearest) = distance(d, &set, &self.effort) else {
            return f64::NAN;
        };
        let clamped: Vec<f64> = nearest
            .weights
            .iter()
            .zip(set.lo().iter().zip(set.hi()))
            .map(|(s, (lo, hi))| s.clamp(*lo, *hi))
            .collect();
        let Ok((x, error)) = set.at(&clamped) else {
            return f64::NAN;
        };
        self.rounding = self.kinks.q * self.rounding + error + self.kinks.step_lost(&self.x);
        self.x = x;
        self.distance(d)
    }

    /// How far the stored X_t may be from the element of D_fix that it stands for, in ‖·‖_F. It is
    /// a part of every distance.
    pub fn rounding(&self) -> f64 {
        self.rounding
    }
}
