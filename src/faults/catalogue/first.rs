//! Faults in ∂₁Φ.

use super::fault::{Fault, Fit, methods, rows, whole};
use crate::faults::edit::When::Always;
use crate::faults::edit::{Change, Edit};

pub(super) static ROWS: &[Fault] = rows! {
    "transposed-jacobian" "∂₁Φᵀ where ∂₁Φ belongs"
        ALL [Edit::First(Always, Change::Transpose)];
    "symmetrised-jacobian" "(∂₁Φ + ∂₁Φᵀ)/2, as if it were symmetric"
        ALL [Edit::First(Always, Change::Symmetric)];
    "diagonal-jacobian" "only the diagonal of ∂₁Φ"
        ALL [Edit::First(Always, Change::Diagonal)];
    "jacobian-free" "∂₁Φ left out: Jacobian-free backpropagation, one-step gradients"
        ALL [Edit::First(Always, Change::Scale(0.0))];
    "sign-of-first" "-∂₁Φ for ∂₁Φ"
        ALL [Edit::First(Always, Change::Scale(-1.0))];
    "residual-for-map" "∂(Φ(w) - w) where ∂Φ is expected"
        ALL [Edit::First(Always, Change::AddIdentity(-1.0))];
    "missing-ridge" "∂₁Φ without the -ηλ₂ of the ridge term"
        ALL [Edit::NoRidge];
    "ridge-in-system" "a ridge of 0.1 left in the linear system, as a damped solver has it"
        ALL [Edit::First(Always, Change::AddIdentity(-0.1))],
        fit real [1e-10, 10.0] (|ridge| vec![Edit::First(Always, Change::AddIdentity(-ridge))]),
        fit real [1e-10, 100.0] (|ridge| vec![Edit::LeftRidge(ridge)]),
        fit real [1e-10, 10.0] (|ridge| vec![Edit::SystemRidge(ridge)]);
    "wrong-step" "derivatives with a step 1 % larger than the iteration's"
        FIXED_POINT [Edit::StepSize(0.01)],
        fit real [1e-10, 10.0] (|r| vec![Edit::StepSize(r)]),
        fit real [1e-10, 0.99] (|r| vec![Edit::StepSize(-r)]);
    "bessel" "the Hessian divided by n-1 instead of n"
        ALL [Edit::Bessel];
    "undivided-hessian" "the Hessian not divided by n, the right-hand side as it should be"
        CG [Edit::Undivided];
    "sparsified-jacobian" "entries of ∂₁Φ below 1e-2 of the largest dropped"
        ALL [Edit::First(Always, Change::Sparsify(1e-2))],
        fit real [1e-8, 1.0] (|part| vec![Edit::First(Always, Change::Sparsify(part))]);
    "finite-differences" "Jacobians by forward differences with increment 1e-6"
        ALL [Edit::Differences(1e-6)],
        also [Edit::DifferencesAlong(1e-6)],
        fit real [1e-11, 0.1] (|width| vec![Edit::DifferencesAlong(width)]),
        fit real [1e-11, 0.1] (|width| vec![Edit::Differences(width)]);
};
