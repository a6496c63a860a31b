//! Correct implementations that differ in what the theory leaves open.

use super::fault::{Fault, methods, rows};
use crate::faults::edit::{AtTies, Edit};
use crate::faults::mistake::Mistake;

pub(super) static ROWS: &[Fault] = rows! {
    "dense" "dense Jacobians instead of products"
        ALL [];
    "tie-upper" "the upper slope at ties"
        ALL [Edit::Tie(1.0)];
    "tie-middle" "the middle of the slopes at ties"
        ALL [Edit::Tie(0.5)];
    "tie-irregular" "another weight at every tie, step and block"
        STEP_BY_STEP [Edit::AtTies(AtTies::Irregular)];
    "other-order" "sums over the columns in another order"
        ALL [Edit::Permuted];
    "by-transposes" "Jacobians row by row from vector-Jacobian products"
        ALL [Edit::ByTransposes];
    "renewed-every-step" "the linearisation renewed explicitly at every step"
        FIXED_POINT [Edit::Refresh(1)];
    "long-window" "a window longer than the run"
        FIXED_POINT [Edit::Window(1 << 40)];
    "relative-stop-at-zero" "stops when v no longer moves: right for AID, whose point is fixed; D of ITD may rest while w moves on"
        AID_FP [Edit::Stop { tolerance: 0.0, relative: true }];
    "increment-form" "v + η(Pv + y - v)"
        SAMPLED [Edit::Sampled(Mistake::IncrementForm)];
    "sample-by-sample" "one product per sample, averaged"
        SAMPLED [Edit::Sampled(Mistake::SampleBySample)];
    "reverse-order" "samples of a minibatch in reverse order"
        SAMPLED [Edit::Sampled(Mistake::ReverseOrder)];
};
