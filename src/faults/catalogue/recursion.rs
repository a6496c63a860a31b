//! Faults in the recursion: starts, stops, counts, and what is handed out.

use super::fault::{Fault, Fit, methods, rows, whole};
use crate::faults::edit::{Change, Edit, When};

pub(super) static ROWS: &[Fault] = rows! {
    "off-by-one" "the estimate of step t+1 is handed out at t"
        FIXED_POINT [Edit::Offset(1)];
    "one-short" "the estimate of step t-1 is handed out at t"
        ALL [Edit::Offset(-1)];
    "fixed-iteration-count" "never more than 20 steps"
        FIXED_POINT [Edit::Cap(20)],
        fit whole [1.0, 2000.0] (|n| vec![Edit::Cap(n as usize)]);
    "late-iteration-cap" "never more than 100 steps: right wherever fewer are asked for"
        FIXED_POINT [Edit::Cap(100)];
    "truncated-history" "only the last 5 steps are differentiated"
        FIXED_POINT [Edit::Window(5)],
        fit whole [1.0, 2000.0] (|n| vec![Edit::Window(n as usize)]);
    "start-not-zero" "D_0 is 1 in every entry instead of 0"
        FIXED_POINT [Edit::Begin(1.0)],
        fit real [1e-9, 1e6] (|v| vec![Edit::Begin(v)]),
        fit real [1e-9, 1e6] (|v| vec![Edit::Begin(-v)]);
    "state-kept" "the state of one call is the start of the next"
        FIXED_POINT [Edit::Keep];
    "warm-start-without-residual" "conjugate gradients start from the last call's solution, the residual from 0's"
        CG [Edit::Keep];
    "accumulated" "what earlier calls handed out is added to the estimates"
        EVERY [Edit::Accumulate { within: false }],
        also [Edit::Accumulate { within: true }];
    "damped" "D ← 0.1·D + 0.9·(∂₁D + ∂₂)"
        CARRIED [Edit::Damp(0.9)],
        fit real [1e-10, 0.999] (|part| vec![Edit::Damp(1.0 - part)]),
        fit real [1e-10, 1.0] (|part| vec![Edit::Damp(1.0 + part)]);
    "averaged" "the mean of D_1, ..., D_t"
        CARRIED [Edit::Average];
    "clipped" "the carried derivative clipped to norm 1"
        CARRIED [Edit::Clip(1.0)],
        fit real [1e-6, 1e6] (|norm| vec![Edit::Clip(norm)]);
    "skipped-step" "every tenth step is left out (a checkpoint boundary)"
        FIXED_POINT [Edit::Skip(When::Every(10))],
        fit whole [2.0, 64.0] (|n| vec![Edit::Skip(When::Every(n as usize))]);
    "restarted" "D is set to 0 every 25 steps"
        CARRIED [Edit::State(When::Every(25), Change::Scale(0.0))],
        fit whole [2.0, 64.0] (|n| vec![Edit::State(When::Every(n as usize), Change::Scale(0.0))]);
    "absolute-stop" "stops when D moves by less than 1e-8, whatever the size of the cotangent"
        FIXED_POINT [Edit::Stop { tolerance: 1e-8, relative: false }],
        fit real [1e-17, 0.1] (|tolerance| vec![Edit::Stop { tolerance, relative: false }]);
    "tiny-absolute-stop" "stops when D moves by less than 1e-18: invisible until the cotangent is tiny"
        REVERSE_FIXED_POINT [Edit::Stop { tolerance: 1e-18, relative: false }],
        fit real [1e-30, 1e-17] (|tolerance| vec![Edit::Stop { tolerance, relative: false }]);
    "relative-stop" "stops at a relative change of 1e-6"
        FIXED_POINT [Edit::Stop { tolerance: 1e-6, relative: true }],
        fit real [1e-15, 0.9] (|tolerance| vec![Edit::Stop { tolerance, relative: true }]);
    "stops-with-w" "D no longer moves once w moves by less than 1e-4"
        ITD [Edit::StopAtRest { tolerance: 1e-4, before: false }],
        fit real [1e-16, 10.0] (|tolerance| vec![Edit::StopAtRest { tolerance, before: false }]),
        fit real [1e-16, 10.0] (|tolerance| vec![Edit::StopAtRest { tolerance, before: true }]);
    "aliased-estimates" "all estimates are the last one: the buffer was not copied"
        FIXED_POINT [Edit::Alias];
    "normalised-cotangent" "the cotangent is scaled to norm 1 and not scaled back"
        REVERSE [Edit::Normalize];
    "forgotten-half" "estimates are half of what they should be (½‖·‖² or ‖·‖²)"
        EVERY [Edit::Scale(0.5)],
        also [Edit::Scale(2.0)];
    "scaled" "estimates are multiplied by 0.4: a step size that is left over"
        EVERY [Edit::Scale(0.4)],
        fit real [1e-4, 1e4] (|f| vec![Edit::Scale(f)]),
        fit real [1e-4, 1e4] (|f| vec![Edit::Scale(-f)]);
    "never-iterates" "the answer is 0: the loop ends before its first step"
        EVERY [Edit::Scale(0.0)];
    "forward-order" "the adjoint visits the steps in forward order"
        ITD_REVERSE [Edit::Forwards];
    "cotangent-added-again" "ITD's adjoint gets the cotangent at every step, as AID's does"
        ITD_REVERSE [Edit::Reinject];
    "cotangent-not-added" "AID's v is multiplied by ∂₁Φᵀ without adding the cotangent"
        AID_FP_REVERSE [Edit::NoReinject];
};
