//! Faults in ∂₂Φ.

use super::fault::{Fault, methods, rows};
use crate::faults::edit::When::{self, Always};
use crate::faults::edit::{Change, Edit};

pub(super) static ROWS: &[Fault] = rows! {
    "missing-second" "∂₂Φ without its first column"
        ALL [Edit::Second(Always, Change::ZeroColumn(0))];
    "missing-last-column" "∂₂Φ without its second column"
        ALL [Edit::Second(Always, Change::ZeroColumn(1))];
    "swapped-parameters" "the columns of ∂₂Φ in reverse order"
        ALL [Edit::Second(Always, Change::ReverseColumns)];
    "sign-of-second" "-∂₂Φ for ∂₂Φ"
        ALL [Edit::Second(Always, Change::Scale(-1.0))];
    "second-without-step" "∂₂Φ without its factor η"
        ALL [Edit::NoStep];
    "first-column-without-step" "the λ₁ column of ∂₂Φ without its factor η"
        ALL [Edit::NoStepIn(0)];
    "second-column-without-step" "the λ₂ column of ∂₂Φ without its factor η"
        ALL [Edit::NoStepIn(1)];
    "step-differentiated" "η = 2/(L + μ + 2λ₂) is differentiated as well, though it is constant in λ"
        FIXED_POINT [Edit::StepDifferentiated];
    "sign-of-input" "sign(w_t), 0 at 0, for sign(z_t) in the λ₁ column"
        FIXED_POINT [Edit::SignOfInput];
    "sign-lost" "+1 for sign(z_t) in the λ₁ column: wrong for negative coordinates"
        ALL [Edit::SignLost];
    "direct-term-once" "∂₂Φ enters at the first step only"
        STEP_BY_STEP [Edit::Second(When::From(1), Change::Scale(0.0))];
};
