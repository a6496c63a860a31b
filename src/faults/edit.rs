//! The atomic departures from a correct method. A fault is a list of them; they compose.

use super::mistake::Mistake;
use crate::tol::UNIT;

/// At which steps a departure happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At every step.
    Always,
    /// At this step only.
    At(usize),
    /// At steps n-1, 2n-1, ...
    Every(usize),
    /// From this step on.
    From(usize),
}

impl When {
    /// Does it happen at step s?
    pub fn holds(self, s: usize) -> bool {
        match self {
            Self::Always => true,
            Self::At(t) => s == t,
            Self::Every(n) => (s + 1).is_multiple_of(n.max(1)),
            Self::From(t) => s >= t,
        }
    }
}

/// Another point than the one at which a step must be linearised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// w_{t-1} (w_0 at t = 0; nothing to shift in AID).
    Previous,
    /// Φ(w_t).
    Next,
    /// w_0 (the zero vector in AID).
    Start,
    /// The last iterate of the run (ITD only).
    Last,
    /// The zero vector.
    Zero,
}

/// One of the two partial Jacobians.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// ∂₁Φ (d×d).
    First,
    /// ∂₂Φ (d×m).
    Second,
}

/// How the slopes of the units are (mis)computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slopes {
    /// 1 everywhere: the derivative of the nonlinearity is forgotten (straight-through).
    Ones,
    /// 1{w_i ≠ 0}, the support of the input instead of 1{|z_i| > ηλ₁} (elastic nets).
    OfInput,
    /// The slope of the other side of the kink.
    Inverted,
    /// The upper slope only where the margin exceeds this.
    Tolerance(f64),
    /// A sigmoid of the margin over this width instead of a step.
    Smoothed(f64),
    /// Negative slopes, and the leaky one, set to 0.
    NonNegative,
    /// Threshold λ₁ instead of ηλ₁ (elastic nets).
    UnscaledThreshold,
    /// 1 - tanh²(tanh z) for 1 - tanh²(z).
    AppliedTwice,
    /// Another slope below the kink of a leaky unit.
    Leaky(f64),
}

/// What is done differently where a unit is exactly at its kink.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AtTies {
    /// The slopes of the tied units in ∂₁Φ and in ∂₂Φ.
    Slopes(f64, f64),
    /// The slopes of all units, tied or not.
    AllSlopes(f64),
    /// ∂₂Φ set to 0.
    NoSecond,
    /// The carried derivative multiplied by this after every fifth step with a tie (0 resets it).
    State(f64),
    /// Allowed: weights in [0, 1] that change with the step, the unit and the block.
    Irregular,
}

/// What is done differently with the outer objective of a hypergradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OuterMistake {
    /// ∇₂E is left out.
    MissingDirect,
    /// ∇₁E at w_0 (the zero vector in AID and NSID) instead of the point reached.
    GradientAtStart,
    /// E on the rows that the lower level is fitted on.
    TrainingRows,
    /// The sum over rows instead of their mean.
    NotAveraged,
    /// Divided by n - 1.
    Bessel,
    /// ζ reuses ξ⁽¹⁾.
    SharedSamples,
    /// y is computed anew at every step of the linear system, from one minibatch ζ after the other.
    PerStep,
}

/// The β of conjugate gradients, ‖r_{k+1}‖²/‖r_k‖².
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beta {
    /// A multiple of it; 0 is steepest descent.
    Times(f64),
    /// ‖r_k‖²/‖r_{k+1}‖².
    Inverse,
    /// ‖r_{k+1}‖/‖r_k‖.
    Unsquared,
}

/// A change to a d×d or d×m matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// The transpose Mᵀ (square only).
    Transpose,
    /// The symmetric part (M + Mᵀ)/2 (square only).
    Symmetric,
    /// The diagonal only (square only).
    Diagonal,
    /// A multiple f·M.
    Scale(f64),
    /// One column set to 0, if it exists.
    ZeroColumn(usize),
    /// Columns in reverse order.
    ReverseColumns,
    /// M + f·I (square only).
    AddIdentity(f64),
    /// Every entry rounded to binary32.
    Single,
    /// Entries below this part of the largest one set to 0.
    Sparsify(f64),
    /// One entry moved by `relative` times the largest entry; `row` and `column` in [0, 1) pick it.
    Entry {
        /// Which row, as a fraction.
        row: f64,
        /// Which column, as a fraction.
        column: f64,
        /// How far.
        relative: f64,
    },
    /// The leading block multiplied by 1 + relative.
    Block {
        /// Rows, as a fraction.
        rows: f64,
        /// Columns, as a fraction.
        columns: f64,
        /// How far.
        relative: f64,
    },
}

impl Edit {
    /// Shows at ties alone.
    pub fn is_about_ties(&self) -> bool {
        matches!(self, Self::AtTies(_))
    }

    /// Shows in hypergradients alone.
    pub fn is_about_objectives(&self) -> bool {
        matches!(self, Self::Outer(_))
    }

    /// Relative size of what rounding makes of the answers, where that cannot be simulated to the
    /// last digit: another order of operations rounds otherwise.
    pub fn noise(&self) -> f64 {
        match self {
            Self::Differences(h) | Self::DifferencesAlong(h) => UNIT / h,
            Self::SingleEnds | Self::Sampled(Mistake::SinglePrecision) => f64::from(f32::EPSILON),
            _ => 0.0,
        }
    }
}

/// One departure from a correct method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edit {
    /// Everything is linearised at another point.
    Point(Other),
    /// The slopes are those of another point.
    Mask(Other),
    /// The w inside ∂₂Φ is that of another point.
    Ridge(Other),
    /// The linearisation is renewed every n steps only.
    Refresh(usize),
    /// The slopes follow another rule.
    Slopes(Slopes),
    /// The same in one of the two blocks only.
    SlopesIn(Block, Slopes),
    /// sign(w_i), 0 at 0, for sign(z_i) in the λ₁ column (elastic nets).
    SignOfInput,
    /// +1 for sign(z_i) in the λ₁ column (elastic nets).
    SignLost,
    /// Derivatives are taken at (1 + r)λ.
    Lambda(f64),
    /// Derivatives are taken with the step (1 + r)η (elastic nets).
    StepSize(f64),
    /// ∂₁Φ without its -ηλ₂ (elastic nets).
    NoRidge,
    /// ∂₂Φ without its factor η (elastic nets).
    NoStep,
    /// One column of ∂₂Φ without its factor η (elastic nets).
    NoStepIn(usize),
    /// η = 2/(L + μ + 2λ₂) differentiated as well: dη/dλ₂ = -η² (elastic nets).
    StepDifferentiated,
    /// H normalised by n - 1 instead of n in ∂₁Φ (elastic nets).
    Bessel,
    /// H not normalised at all, and ∂₂Φ as it should be: XᵀX + λ₂I where XᵀX/n + λ₂I belongs
    /// (elastic nets).
    Undivided,
    /// ∂₁Φ - rηI: a ridge r left in the Hessian of the linear system (gradient steps).
    LeftRidge(f64),
    /// A ridge added to the system that conjugate gradients run on.
    SystemRidge(f64),
    /// Jacobians by forward differences with this increment.
    Differences(f64),
    /// D ← ∂Φ along the columns of D and the unit vectors of λ, each by a forward difference with
    /// this increment.
    DifferencesAlong(f64),
    /// ∂₁Φ changed.
    First(When, Change),
    /// ∂₂Φ changed.
    Second(When, Change),
    /// The carried derivative (D, or the adjoint) changed after a step.
    State(When, Change),
    /// The whole step is left out.
    Skip(When),
    /// The state starts from this number in every entry.
    Begin(f64),
    /// The state of the last call is the start of the next one.
    Keep,
    /// state ← (1-a)·state + a·(next state).
    Damp(f64),
    /// The derivative no longer moves once ‖w_{t+1} - w_t‖ is below the tolerance (ITD).
    StopAtRest {
        /// Tolerance.
        tolerance: f64,
        /// The step that notices is left out as well.
        before: bool,
    },
    /// The state no longer moves once its change is below the tolerance.
    Stop {
        /// Tolerance.
        tolerance: f64,
        /// Relative to the size of the state.
        relative: bool,
    },
    /// The mean of the states so far is handed out.
    Average,
    /// The state is scaled down to this norm.
    Clip(f64),
    /// The estimate of step t + n is handed out at t.
    Offset(isize),
    /// Never more than n steps.
    Cap(usize),
    /// Only the last n steps contribute.
    Window(usize),
    /// All estimates are the last one (a buffer handed out without copying).
    Alias,
    /// The cotangent is scaled to norm 1.
    Normalize,
    /// Estimates multiplied by a factor.
    Scale(f64),
    /// The adjoint visits the steps in forward order.
    Forwards,
    /// ITD's adjoint gets the cotangent added at every step, as AID's does.
    Reinject,
    /// AID's adjoint does not get the cotangent added after the first step.
    NoReinject,
    /// w_{t+1} = Φ(w_t + β(w_t - w_{t-1})) while D follows the plain recursion.
    Momentum(f64),
    /// Iterates rounded to binary32.
    SingleIterates,
    /// One entry of an iterate moved by this part of its largest entry.
    Iterate(When, f64),
    /// Iterates updated at every second step only.
    Lazy,
    /// Plain conjugate gradients on I-∂₁Φᵀ, symmetric or not.
    PlainCg,
    /// Another β in conjugate gradients.
    Beta(Beta),
    /// p_{k+1} = r_k + βp_k: the old residual.
    OldResidual,
    /// Conjugate gradients hand out the iterate before the one that met this relative residual.
    Stale(f64),
    /// 0/0 where the right-hand side of the linear system vanishes.
    ZeroByZero,
    /// (I - ∂₁Φ)⁻¹∂₂Φ at w_t for D_t: the implicit derivative at an iterate (ITD).
    Implicit,
    /// What earlier calls handed out last is added; within a call, too, where asked for.
    Accumulate {
        /// Estimates of one call are added up as well.
        within: bool,
    },
    /// w, λ and the estimates rounded to binary32.
    SingleEnds,
    /// Something else at ties.
    AtTies(AtTies),
    /// A mistake of NSID or SID.
    Sampled(Mistake),
    /// Something else with the objective.
    Outer(OuterMistake),
    // What is allowed.
    /// Another weight at ties.
    Tie(f64),
    /// Coordinates of w renumbered: sums run in another order.
    Permuted,
    /// Jacobians from products with the data matrix instead of the Gram matrix, or by columns of
    /// vjps.
    ByTransposes,
}
