//! Faults in the iterates, and in precision.

use super::fault::{Fault, Fit, methods, rows, whole};
use crate::faults::edit::When::Always;
use crate::faults::edit::{Change, Edit};

pub(super) static ROWS: &[Fault] = rows! {
    "momentum-not-differentiated" "the iterates are accelerated (β = 0.3), D follows the plain map"
        ITD [Edit::Momentum(0.3)],
        fit real [1e-4, 0.99] (|beta| vec![Edit::Momentum(beta)]);
    "lazy-iterates" "w moves at every second step only"
        ITD [Edit::Lazy];
    "single-jacobian" "Jacobians rounded to single precision"
        ALL [Edit::First(Always, Change::Single), Edit::Second(Always, Change::Single)];
    "single-state" "the carried derivative rounded to single precision"
        ALL [Edit::State(Always, Change::Single)];
    "single-iterates" "iterates rounded to single precision"
        ITD [Edit::SingleIterates];
    "single-pipeline" "everything in single precision: λ, iterates, Jacobians, derivative and estimates"
        ALL [
            Edit::SingleEnds,
            Edit::SingleIterates,
            Edit::First(Always, Change::Single),
            Edit::Second(Always, Change::Single),
            Edit::State(Always, Change::Single)
        ];
};
