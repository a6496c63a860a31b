//! Faults in what a hypergradient makes of its objective.

use super::fault::{Fault, methods, rows};
use crate::faults::edit::Edit::Outer;
use crate::faults::edit::OuterMistake;

pub(super) static ROWS: &[Fault] = rows! {
    "missing-direct-gradient" "∇₂E is left out of the hypergradient"
        BILEVEL [Outer(OuterMistake::MissingDirect)];
    "gradient-at-start" "∇₁E at w_0 (0 where a point is given) instead of the point reached"
        BILEVEL [Outer(OuterMistake::GradientAtStart)];
    "objective-on-training-rows" "the outer objective on the rows of the lower level"
        BILEVEL [Outer(OuterMistake::TrainingRows)];
    "objective-not-averaged" "the sum over the rows of the objective instead of their mean"
        BILEVEL [Outer(OuterMistake::NotAveraged)];
    "objective-over-one-row-less" "the mean over the rows of the objective divided by n - 1"
        BILEVEL [Outer(OuterMistake::Bessel)];
    "shared-outer-samples" "ζ reuses the samples ξ⁽¹⁾"
        NSID [Outer(OuterMistake::SharedSamples)];
    "cotangent-per-step" "y is computed anew at every step of the linear system, from one ζ after the other"
        NSID [Outer(OuterMistake::PerStep)];
};
