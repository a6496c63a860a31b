//! Faults in where, and with which λ, the derivative is taken.

use super::fault::{Fault, Fit, methods, rows, whole};
use crate::faults::edit::{Edit, Other};

pub(super) static ROWS: &[Fault] = rows! {
    "stale-iterate" "∂Φ is taken at w_(t-1) instead of w_t"
        ITD [Edit::Point(Other::Previous)];
    "next-iterate" "∂Φ is taken at w_(t+1): w is updated before D"
        ITD [Edit::Point(Other::Next)];
    "iterate-not-given" "AID differentiates at Φ(w) instead of the w it was given"
        AID [Edit::Point(Other::Next)];
    "start-iterate" "∂Φ is taken at w_0 at every step"
        ITD [Edit::Point(Other::Start)];
    "last-iterate" "∂Φ is taken at the last iterate only: AID passed off as ITD"
        ITD [Edit::Point(Other::Last)];
    "jacobian-at-zero" "∂Φ is taken at the zero vector"
        ALL [Edit::Point(Other::Zero)];
    "limit-for-iterate" "the implicit derivative at w_t is handed out for D_t"
        ITD [Edit::Implicit],
        also [Edit::Offset(300)];
    "stale-mask" "the slopes are those of w_(t-1)"
        ITD [Edit::Mask(Other::Previous)];
    "next-mask" "the slopes are those of w_(t+1)"
        ITD [Edit::Mask(Other::Next)];
    "next-ridge" "the λ₂ column of ∂₂Φ holds w_(t+1) instead of w_t"
        FIXED_POINT [Edit::Ridge(Other::Next)];
    "lazy-jacobian" "the Jacobians are renewed every fifth step only"
        ITD [Edit::Refresh(5)],
        fit whole [2.0, 50.0] (|n| vec![Edit::Refresh(n as usize)]);
    "derivative-at-other-lambda" "derivatives are taken at a λ 0.1 % off (a cached one)"
        ALL [Edit::Lambda(1e-3)],
        fit real [1e-10, 1.0] (|r| vec![Edit::Lambda(r)]),
        fit real [1e-10, 0.9] (|r| vec![Edit::Lambda(-r)]);
};
