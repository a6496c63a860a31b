//! The kinds of mistakes that fixed cases are made to show: a closed list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! flags {
    ($($flag:ident $bug:literal $effect:literal;)+) => {
        /// What a case is made to show.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub enum Flag {
            $(#[doc = $bug] $flag,)+
        }

        impl Flag {
            /// Every flag with the kind of bug and its effect.
            pub const NOTES: &[(Flag, &'static str, &'static str)] =
                &[$((Flag::$flag, $bug, $effect)),+];
        }
    };
}

flags! {
    AbsoluteTolerance "A loop stops at an absolute tolerance." "Small cotangents are answered with the start or with too few steps; large ones are right.";
    CappedIterations "A number of iterations is fixed or derived from a wrong size." "Slow problems, or those with one unknown, are answered with an early iterate.";
    DampedSystem "A damping term stays in the linear system." "The limit is that of (I - P' + mu I).";
    DivisionByZero "A quotient of quantities that may both be 0." "NaN, or an exception, where the answer is exact or exactly 0.";
    EmptySupport "A reduced system of dimension 0." "An exception, or NaN, where the answer is 0.";
    FrozenLinearisation "One linearisation serves for several points." "Curved maps and iterations that cross a kink are differentiated at the wrong point.";
    IllConditioned "Data of deficient rank." "Solvers that need a regular Hessian of the loss fail or return noise.";
    InfiniteBounds "A bound that is not there." "Inf - Inf, or a parser that refuses Infinity.";
    InnerSamples "The inner minibatches are not averaged, or weighted wrongly." "A bias that no number of updates removes.";
    InvalidInput "Data that no case may have." "Numbers for an answer where there is none.";
    LimitAtEveryStep "An implicit rule on an iterate that has not converged." "Right in the limit and wrong at every finite step.";
    MaskTolerance "A unit counts as active only some way beyond its kink." "Units just beyond their kink get the slope of the other side.";
    MissingTerm "A term of the chain rule is left out." "A column of the derivative, or the direct part of a hypergradient, is lost.";
    MovesThePoint "The implementation moves the point that it was given." "The answer is that of another point, often of w(lambda).";
    NotDetached "The linearisation is differentiated again." "A second-order term is added on curved maps away from the fixed point.";
    OffByOne "A step, sample or step size belongs to its neighbour." "Every finite step is wrong, the limit is not.";
    Overflow "Squares or norms leave the range of the arithmetic." "Infinities, NaN or zeros for cotangents of extreme size.";
    RepeatedSample "An index that occurs twice in a minibatch is counted once." "Wrong for minibatches with repeats, which sampling with replacement draws.";
    ReturnsPreviousIterate "A loop hands out the iterate before the one that met its test." "Converged answers are wrong, earlier ones right.";
    ScalarShape "Arrays of one row, one column or one entry lose a dimension." "An exception, a wrong shape, or a broadcast.";
    ScaledData "A mean over rows is a sum, or the other way round." "The system is solved for other data; invisible for one row.";
    ScaledEstimate "The estimate is multiplied by a step size or a relaxation." "A limit that is off by a factor.";
    SignLost "The sign of a coordinate is taken as positive." "The lambda_1 entry has the wrong sign for negative coordinates.";
    SizeThreshold "Another code path above a number of unknowns." "Large problems are wrong, small ones right.";
    StateBetweenCalls "Something is kept from one call to the next." "Right the first time, wrong after other calls.";
    StopsWithTheIterate "The derivative loop ends when the iterate no longer moves." "D stays where it was; at a start on the solution it is 0.";
    ThroughTheStart "The start is differentiated." "A warm start adds its own derivative.";
    ThroughTheStep "The step size is differentiated." "Finite steps are wrong, the limit is not.";
    Tie "A unit exactly at its kink." "No fault by itself: every allowed selection passes, values outside the allowed set do not.";
    Transposed "A product with a matrix for one with its transpose, or a transposed answer." "Wrong on operators that are not symmetric.";
    WrongRecursion "A recursion that is right for its first steps." "Later steps, or the limit, are wrong.";
    WrongSlope "A slope of an activation that is not its own." "Layers are wrong where a unit is below its kink, or at it.";
    WrongSupport "The support is taken from the wrong place." "Active and inactive coordinates are mixed up.";
    WrongSystem "Another linear system is solved." "The limit is that of another operator.";
    ZeroIsNoTie "An exact zero far from every kink." "Code that treats zeros as ties, or divides by them, departs.";
}
