//! Faults in the slopes of the units.

use super::fault::{Fault, Fit, methods, rows, whole};
use crate::faults::edit::{Block, Edit, Other, Slopes};

pub(super) static ROWS: &[Fault] = rows! {
    "input-mask" "the support of w_t instead of that of the prox input z_t"
        FIXED_POINT [Edit::Slopes(Slopes::OfInput)];
    "threshold-without-derivative" "the nonlinearity is differentiated as the identity (straight-through)"
        ALL [Edit::Slopes(Slopes::Ones)];
    "first-without-mask" "∂₁Φ without its slopes, ∂₂Φ with them"
        ALL [Edit::SlopesIn(Block::First, Slopes::Ones)];
    "second-without-mask" "∂₂Φ without its slopes, ∂₁Φ with them"
        ALL [Edit::SlopesIn(Block::Second, Slopes::Ones)];
    "inverted-mask" "the slope of the other side of the kink"
        ALL [Edit::Slopes(Slopes::Inverted)];
    "mask-tolerance" "a unit counts as active only 1e-6 beyond its kink"
        ALL [Edit::Slopes(Slopes::Tolerance(1e-6))],
        fit real [1e-12, 10.0] (|width| vec![Edit::Slopes(Slopes::Tolerance(width))]);
    "smoothed-mask" "a sigmoid of width 0.01 replaces the step of the slope"
        ALL [Edit::Slopes(Slopes::Smoothed(0.01))],
        fit real [1e-6, 10.0] (|width| vec![Edit::Slopes(Slopes::Smoothed(width))]);
    "unscaled-threshold" "the mask compares |z| with λ₁ instead of ηλ₁"
        ALL [Edit::Slopes(Slopes::UnscaledThreshold)];
    "lost-negative-slope" "abs and leaky ReLU are differentiated as ReLU"
        ALL [Edit::Slopes(Slopes::NonNegative)];
    "leaky-slope-zero" "the leaky ReLU is differentiated as ReLU"
        ALL [Edit::Slopes(Slopes::Leaky(0.0))];
    "wrong-leaky-slope" "slope 0.02 where the leaky ReLU has 0.01"
        ALL [Edit::Slopes(Slopes::Leaky(0.02))],
        fit real [1e-4, 1.0] (|slope| vec![Edit::Slopes(Slopes::Leaky(slope))]);
    "activation-derivative-of-output" "tanh' is evaluated at tanh(z) instead of z"
        ALL [Edit::Slopes(Slopes::AppliedTwice)];
    "first-mask" "the slopes are those of w_0 at every step"
        ITD [Edit::Mask(Other::Start)];
};
