//! The named faults, and variants that are correct and must pass.

use super::edit::{AtTies, Change, Edit, Other, Slopes, When};
use super::mistake::Mistake;
use crate::case::Method;

/// A named departure from the methods it can occur in.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Unique name.
    pub name: &'static str,
    /// What is wrong.
    pub about: &'static str,
    /// What is done differently.
    pub edits: Vec<Edit>,
    /// Methods it can occur in.
    pub methods: &'static [Method],
}

impl Fault {
    /// Shows where a unit is exactly at its kink, and nowhere else.
    pub fn is_about_ties(&self) -> bool {
        self.edits.iter().any(Edit::is_about_ties)
    }
}

/// ITD and AID-FP in both modes, and AID-CG.
const ALL: &[Method] = &[
    Method::ITD,
    Method::ITD_REVERSE,
    Method::AID_FP,
    Method::AID_FP_FORWARD,
    Method::AID_CG,
];
const FIXED_POINT: &[Method] = &[
    Method::ITD,
    Method::ITD_REVERSE,
    Method::AID_FP,
    Method::AID_FP_FORWARD,
];
const ITD: &[Method] = &[Method::ITD, Method::ITD_REVERSE];
const AID: &[Method] = &[Method::AID_FP, Method::AID_FP_FORWARD, Method::AID_CG];
const REVERSE: &[Method] = &[Method::ITD_REVERSE, Method::AID_FP, Method::AID_CG];
const CARRIED: &[Method] = &[Method::ITD, Method::AID_FP, Method::AID_FP_FORWARD];
/// The methods whose theory lets every step select anew: the v of AID's reverse mode has one operator.
const STEP_BY_STEP: &[Method] = &[Method::ITD, Method::ITD_REVERSE, Method::AID_FP_FORWARD];
const CG: &[Method] = &[Method::AID_CG];
const SAMPLED: &[Method] = &[Method::NSID, Method::SID];

/// Every named fault. Names and order are stable: reports refer to them.
pub fn catalogue() -> Vec<Fault> {
    use When::Always;
    let table: Vec<(&'static str, &'static str, Vec<Edit>, &'static [Method])> = vec![
        // Where the derivative is taken.
        (
            "stale-iterate",
            "∂Φ is taken at w_(t-1) instead of w_t",
            vec![Edit::Point(Other::Previous)],
            ITD,
        ),
        (
            "next-iterate",
            "∂Φ is taken at w_(t+1): w is updated before D",
            vec![Edit::Point(Other::Next)],
            ITD,
        ),
        (
            "iterate-not-given",
            "AID differentiates at Φ(w) instead of the w it was given",
            vec![Edit::Point(Other::Next)],
            AID,
        ),
        (
            "start-iterate",
            "∂Φ is taken at w_0 at every step",
            vec![Edit::Point(Other::Start)],
            ITD,
        ),
        (
            "last-iterate",
            "∂Φ is taken at the last iterate only: AID passed off as ITD",
            vec![Edit::Point(Other::Last)],
            ITD,
        ),
        (
            "stale-mask",
            "the slopes are those of w_(t-1)",
            vec![Edit::Mask(Other::Previous)],
            ITD,
        ),
        (
            "next-mask",
            "the slopes are those of w_(t+1)",
            vec![Edit::Mask(Other::Next)],
            ITD,
        ),
        (
            "input-mask",
            "the support of w_t instead of that of the prox input z_t",
            vec![Edit::Slopes(Slopes::OfInput)],
            FIXED_POINT,
        ),
        (
            "next-ridge",
            "the λ₂ column of ∂₂Φ holds w_(t+1) instead of w_t",
            vec![Edit::Ridge(Other::Next)],
            FIXED_POINT,
        ),
        (
            "lazy-jacobian",
            "the Jacobians are renewed every fifth step only",
            vec![Edit::Refresh(5)],
            ITD,
        ),
        (
            "derivative-at-other-lambda",
            "derivatives are taken at a λ 0.1 % off (a cached one)",
            vec![Edit::Lambda(1e-3)],
            ALL,
        ),
        // Slopes.
        (
            "threshold-without-derivative",
            "the nonlinearity is differentiated as the identity (straight-through)",
            vec![Edit::Slopes(Slopes::Ones)],
            ALL,
        ),
        (
            "inverted-mask",
            "the slope of the other side of the kink",
            vec![Edit::Slopes(Slopes::Inverted)],
            ALL,
        ),
        (
            "mask-tolerance",
            "a unit counts as active only 1e-6 beyond its kink",
            vec![Edit::Slopes(Slopes::Tolerance(1e-6))],
            ALL,
        ),
        (
            "smoothed-mask",
            "a sigmoid of width 0.01 replaces the step of the slope",
            vec![Edit::Slopes(Slopes::Smoothed(0.01))],
            ALL,
        ),
        (
            "unscaled-threshold",
            "the mask compares |z| with λ₁ instead of ηλ₁",
            vec![Edit::Slopes(Slopes::UnscaledThreshold)],
            ALL,
        ),
        (
            "lost-negative-slope",
            "abs and leaky ReLU are differentiated as ReLU",
            vec![Edit::Slopes(Slopes::NonNegative)],
            ALL,
        ),
        (
            "activation-derivative-of-output",
            "tanh' is evaluated at tanh(z) instead of z",
            vec![Edit::Slopes(Slopes::AppliedTwice)],
            ALL,
        ),
        // ∂₁Φ.
        (
            "transposed-jacobian",
            "∂₁Φᵀ where ∂₁Φ belongs",
            vec![Edit::First(Always, Change::Transpose)],
            ALL,
        ),
        (
            "symmetrised-jacobian",
            "(∂₁Φ + ∂₁Φᵀ)/2, as if it were symmetric",
            vec![Edit::First(Always, Change::Symmetric)],
            ALL,
        ),
        (
            "diagonal-jacobian",
            "only the diagonal of ∂₁Φ",
            vec![Edit::First(Always, Change::Diagonal)],
            ALL,
        ),
        (
            "jacobian-free",
            "∂₁Φ left out: Jacobian-free backpropagation, one-step gradients",
            vec![Edit::First(Always, Change::Scale(0.0))],
            ALL,
        ),
        (
            "sign-of-first",
            "-∂₁Φ for ∂₁Φ",
            vec![Edit::First(Always, Change::Scale(-1.0))],
            ALL,
        ),
        (
            "residual-for-map",
            "∂(Φ(w) - w) where ∂Φ is expected",
            vec![Edit::First(Always, Change::AddIdentity(-1.0))],
            ALL,
        ),
        (
            "missing-ridge",
            "∂₁Φ without the -ηλ₂ of the ridge term",
            vec![Edit::NoRidge],
            ALL,
        ),
        (
            "wrong-step",
            "derivatives with a step 1 % larger than the iteration's",
            vec![Edit::StepSize(0.01)],
            FIXED_POINT,
        ),
        (
            "bessel",
            "the Hessian divided by n-1 instead of n",
            vec![Edit::Bessel],
            ALL,
        ),
        (
            "sparsified-jacobian",
            "entries of ∂₁Φ below 1e-2 of the largest dropped",
            vec![Edit::First(Always, Change::Sparsify(1e-2))],
            ALL,
        ),
        (
            "finite-differences",
            "Jacobians by forward differences with increment 1e-6",
            vec![Edit::Differences(1e-6)],
            ALL,
        ),
        // ∂₂Φ.
        (
            "missing-second",
            "∂₂Φ without its first column",
            vec![Edit::Second(Always, Change::ZeroColumn(0))],
            ALL,
        ),
        (
            "missing-last-column",
            "∂₂Φ without its second column",
            vec![Edit::Second(Always, Change::ZeroColumn(1))],
            ALL,
        ),
        (
            "swapped-parameters",
            "the columns of ∂₂Φ in reverse order",
            vec![Edit::Second(Always, Change::ReverseColumns)],
            ALL,
        ),
        (
            "sign-of-second",
            "-∂₂Φ for ∂₂Φ",
            vec![Edit::Second(Always, Change::Scale(-1.0))],
            ALL,
        ),
        (
            "second-without-step",
            "∂₂Φ without its factor η",
            vec![Edit::NoStep],
            ALL,
        ),
        (
            "sign-of-input",
            "sign(w_t), 0 at 0, for sign(z_t) in the λ₁ column",
            vec![Edit::SignOfInput],
            FIXED_POINT,
        ),
        (
            "direct-term-once",
            "∂₂Φ enters at the first step only",
            vec![Edit::Second(When::From(1), Change::Scale(0.0))],
            &[Method::ITD, Method::ITD_REVERSE, Method::AID_FP_FORWARD],
        ),
        // Recursion.
        (
            "off-by-one",
            "the estimate of step t+1 is handed out at t",
            vec![Edit::Offset(1)],
            FIXED_POINT,
        ),
        (
            "one-short",
            "the estimate of step t-1 is handed out at t",
            vec![Edit::Offset(-1)],
            ALL,
        ),
        (
            "fixed-iteration-count",
            "never more than 20 steps",
            vec![Edit::Cap(20)],
            FIXED_POINT,
        ),
        (
            "truncated-history",
            "only the last 5 steps are differentiated",
            vec![Edit::Window(5)],
            FIXED_POINT,
        ),
        (
            "start-not-zero",
            "D_0 is 1 in every entry instead of 0",
            vec![Edit::Begin(1.0)],
            &[
                Method::ITD,
                Method::ITD_REVERSE,
                Method::AID_FP,
                Method::AID_FP_FORWARD,
            ],
        ),
        (
            "state-kept",
            "the state of one call is the start of the next",
            vec![Edit::Keep],
            FIXED_POINT,
        ),
        (
            "warm-start-without-residual",
            "conjugate gradients start from the last call's solution, the residual from 0's",
            vec![Edit::Keep],
            CG,
        ),
        (
            "damped",
            "D ← 0.1·D + 0.9·(∂₁D + ∂₂)",
            vec![Edit::Damp(0.9)],
            CARRIED,
        ),
        (
            "averaged",
            "the mean of D_1, ..., D_t",
            vec![Edit::Average],
            CARRIED,
        ),
        (
            "clipped",
            "the carried derivative clipped to norm 1",
            vec![Edit::Clip(1.0)],
            CARRIED,
        ),
        (
            "skipped-step",
            "every tenth step is left out (a checkpoint boundary)",
            vec![Edit::Skip(When::Every(10))],
            FIXED_POINT,
        ),
        (
            "restarted",
            "D is set to 0 every 25 steps",
            vec![Edit::State(When::Every(25), Change::Scale(0.0))],
            CARRIED,
        ),
        (
            "absolute-stop",
            "stops when D moves by less than 1e-8, whatever the size of the cotangent",
            vec![Edit::Stop {
                tolerance: 1e-8,
                relative: false,
            }],
            FIXED_POINT,
        ),
        (
            "tiny-absolute-stop",
            "stops when D moves by less than 1e-18: invisible until the cotangent is tiny",
            vec![Edit::Stop {
                tolerance: 1e-18,
                relative: false,
            }],
            REVERSE,
        ),
        (
            "relative-stop",
            "stops at a relative change of 1e-6",
            vec![Edit::Stop {
                tolerance: 1e-6,
                relative: true,
            }],
            FIXED_POINT,
        ),
        (
            "cg-stop",
            "conjugate gradients stop at a relative residual of 1e-5",
            vec![Edit::Stop {
                tolerance: 1e-5,
                relative: true,
            }],
            CG,
        ),
        (
            "aliased-estimates",
            "all estimates are the last one: the buffer was not copied",
            vec![Edit::Alias],
            FIXED_POINT,
        ),
        (
            "normalised-cotangent",
            "the cotangent is scaled to norm 1 and not scaled back",
            vec![Edit::Normalize],
            REVERSE,
        ),
        (
            "forgotten-half",
            "estimates are half of what they should be (½‖·‖² or ‖·‖²)",
            vec![Edit::Scale(0.5)],
            ALL,
        ),
        (
            "forward-order",
            "the adjoint visits the steps in forward order",
            vec![Edit::Forwards],
            &[Method::ITD_REVERSE],
        ),
        (
            "cotangent-added-again",
            "ITD's adjoint gets the cotangent at every step, as AID's does",
            vec![Edit::Reinject],
            &[Method::ITD_REVERSE],
        ),
        (
            "cotangent-not-added",
            "AID's v is multiplied by ∂₁Φᵀ without adding the cotangent",
            vec![Edit::NoReinject],
            &[Method::AID_FP],
        ),
        // Iterates and precision.
        (
            "momentum-not-differentiated",
            "the iterates are accelerated (β = 0.3), D follows the plain map",
            vec![Edit::Momentum(0.3)],
            ITD,
        ),
        (
            "lazy-iterates",
            "w moves at every second step only",
            vec![Edit::Lazy],
            ITD,
        ),
        (
            "single-jacobian",
            "Jacobians rounded to single precision",
            vec![
                Edit::First(Always, Change::Single),
                Edit::Second(Always, Change::Single),
            ],
            ALL,
        ),
        (
            "single-state",
            "the carried derivative rounded to single precision",
            vec![Edit::State(Always, Change::Single)],
            ALL,
        ),
        (
            "single-iterates",
            "iterates rounded to single precision",
            vec![Edit::SingleIterates],
            ITD,
        ),
        // Where a unit is exactly at its kink.
        (
            "tie-slope-above",
            "slope 3 at ties",
            vec![Edit::AtTies(AtTies::Slopes(3.0, 3.0))],
            ALL,
        ),
        (
            "tie-slope-below",
            "slope -2 at ties",
            vec![Edit::AtTies(AtTies::Slopes(-2.0, -2.0))],
            ALL,
        ),
        (
            "tie-slope-huge",
            "slope 10⁶ at ties",
            vec![Edit::AtTies(AtTies::Slopes(1e6, 1e6))],
            ALL,
        ),
        (
            "tie-nan",
            "0/0 at ties",
            vec![Edit::AtTies(AtTies::Slopes(f64::NAN, f64::NAN))],
            ALL,
        ),
        (
            "tie-slope-above-in-second",
            "slope 3 at ties in ∂₂Φ alone",
            vec![Edit::AtTies(AtTies::Slopes(0.0, 3.0))],
            ALL,
        ),
        (
            "tie-opens-all",
            "one tie makes every slope 1",
            vec![Edit::AtTies(AtTies::AllSlopes(1.0))],
            ALL,
        ),
        (
            "tie-averages-all",
            "one tie makes every slope ½",
            vec![Edit::AtTies(AtTies::AllSlopes(0.5))],
            ALL,
        ),
        (
            "tie-drops-second",
            "one tie makes ∂₂Φ vanish",
            vec![Edit::AtTies(AtTies::NoSecond)],
            ALL,
        ),
        (
            "tie-resets",
            "a tie resets the carried derivative now and then",
            vec![Edit::AtTies(AtTies::State(0.0))],
            FIXED_POINT,
        ),
        (
            "tie-flips",
            "a tie flips the sign of the carried derivative now and then",
            vec![Edit::AtTies(AtTies::State(-1.0))],
            FIXED_POINT,
        ),
        // Conjugate gradients.
        (
            "plain-cg",
            "conjugate gradients on the nonsymmetric I-∂₁Φᵀ",
            vec![Edit::PlainCg],
            CG,
        ),
        (
            "steepest-descent",
            "conjugate directions without β",
            vec![Edit::NoBeta],
            CG,
        ),
    ];
    faults(table, &Mistake::MISTAKES)
}

/// Correct implementations that differ in what the theory leaves open; none may fail.
pub fn variants() -> Vec<Fault> {
    let table: Vec<(&'static str, &'static str, Vec<Edit>, &'static [Method])> = vec![
        ("dense", "dense Jacobians instead of products", vec![], ALL),
        (
            "tie-upper",
            "the upper slope at ties",
            vec![Edit::Tie(1.0)],
            ALL,
        ),
        (
            "tie-middle",
            "the middle of the slopes at ties",
            vec![Edit::Tie(0.5)],
            ALL,
        ),
        (
            "tie-irregular",
            "another weight at every tie, step and block",
            vec![Edit::AtTies(AtTies::Irregular)],
            STEP_BY_STEP,
        ),
        (
            "other-order",
            "sums over the columns in another order",
            vec![Edit::Permuted],
            ALL,
        ),
        (
            "by-transposes",
            "Jacobians row by row from vector-Jacobian products",
            vec![Edit::ByTransposes],
            ALL,
        ),
        (
            "renewed-every-step",
            "the linearisation renewed explicitly at every step",
            vec![Edit::Refresh(1)],
            FIXED_POINT,
        ),
        (
            "long-window",
            "a window longer than the run",
            vec![Edit::Window(1 << 40)],
            FIXED_POINT,
        ),
        (
            "relative-stop-at-zero",
            "stops when v no longer moves: right for AID, whose point is fixed; D of ITD may rest while w moves on",
            vec![Edit::Stop {
                tolerance: 0.0,
                relative: true,
            }],
            &[Method::AID_FP, Method::AID_FP_FORWARD],
        ),
    ];
    faults(table, &Mistake::VARIANTS)
}

/// The rows of deterministic methods, then those of NSID and SID.
fn faults(
    table: Vec<(&'static str, &'static str, Vec<Edit>, &'static [Method])>,
    sampled: &[(&'static str, &'static str, Mistake)],
) -> Vec<Fault> {
    let deterministic = table
        .into_iter()
        .map(|(name, about, edits, methods)| Fault {
            name,
            about,
            edits,
            methods,
        });
    let stochastic = sampled.iter().map(|(name, about, mistake)| Fault {
        name,
        about,
        edits: vec![Edit::Sampled(*mistake)],
        methods: if mistake.occurs_in(Method::SID) {
            SAMPLED
        } else {
            &[Method::NSID]
        },
    });
    deterministic.chain(stochastic).collect()
}
