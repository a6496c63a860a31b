//! Faults of conjugate gradients.

use super::fault::{Fault, Fit, methods, rows, whole};
use crate::faults::edit::{Beta, Edit};

pub(super) static ROWS: &[Fault] = rows! {
    "plain-cg" "conjugate gradients on the nonsymmetric I-∂₁Φᵀ"
        CG [Edit::PlainCg];
    "steepest-descent" "conjugate directions without β"
        CG [Edit::Beta(Beta::Times(0.0))];
    "wrong-beta" "β is ‖r_(k+1)‖/‖r_k‖ without the squares"
        CG [Edit::Beta(Beta::Unsquared)],
        also [Edit::Beta(Beta::Inverse)],
        fit real [1e-3, 1e3] (|f| vec![Edit::Beta(Beta::Times(f))]),
        fit real [1e-3, 1e3] (|f| vec![Edit::Beta(Beta::Times(-f))]);
    "old-residual" "the new direction is r_k + βp_k with the old residual"
        CG [Edit::OldResidual];
    "stale-on-convergence" "once the residual has converged, the iterate before is handed out"
        CG [Edit::Stale(1e-10)],
        fit real [1e-13, 0.9] (|tolerance| vec![Edit::Stale(tolerance)]);
    "cg-stop" "conjugate gradients stop at a relative residual of 1e-5"
        CG [Edit::Stop { tolerance: 1e-5, relative: true }],
        fit real [1e-14, 0.9] (|tolerance| vec![Edit::Stop { tolerance, relative: true }]);
    "cg-absolute-stop" "conjugate gradients stop at a residual of 1e-3, whatever the size of the cotangent"
        CG [Edit::Stop { tolerance: 1e-3, relative: false }],
        fit real [1e-30, 10.0] (|tolerance| vec![Edit::Stop { tolerance, relative: false }]);
    "cg-iteration-count" "never more than 2 steps of conjugate gradients"
        CG [Edit::Cap(2)],
        fit whole [1.0, 200.0] (|n| vec![Edit::Cap(n as usize)]);
    "zero-by-zero" "0/0 where the right-hand side of the reduced system vanishes"
        CG [Edit::ZeroByZero];
};
