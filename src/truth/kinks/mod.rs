//! Implicit derivative sets where w(λ) lies exactly on kinks (theory, section 3).
//!
//! Owns the fixed point in rationals with its active kinks, the sets D_joint ⊂ D_imp ⊂ D_fix,
//! certified distances to them, and runs in rationals with any selection. Must not know methods or
//! claims.
//!
//! Every piecewise-affine map here has ∂₁Φ = L S R_1, ∂₂Φ = L S R_2 at one point with S =
//! diag(slopes), the slopes of the units at their kink anywhere in [lo, hi] (elastic net: L = I,
//! R_1 = A, R_2 = -η[sign z, w]; layers: A, V, B).
//!
//! **Vertices suffice for the hulls.** Let X solve X = (P + s l r₁ᵀ)X + Q + s' l r₂ᵀ. As one slope
//! s moves (with s' = s or not), X moves along a straight line, monotonically: with G = (I-P)⁻¹ and
//! ξ the row r₁ᵀX (plus r₂ᵀ if s' = s), ξ = ξ_0/(1 - s·r₁ᵀGl) and X = X_0 + s/(1 - s·r₁ᵀGl)·Gl ξ_0.
//! So a linear functional over D_joint or D_imp is monotone in every slope and attains its maximum
//! at a vertex: conv D_joint and conv D_imp are the hulls of their 2^k and 4^k vertices, though
//! neither set is convex.

mod dyadic;
mod enclose;
mod hulls;
mod nearest_element;
mod observed;
mod outer;
mod product;
mod rational_run;
mod solution;
mod support_bound;

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

pub use enclose::{MAX_IMP_KINKS, Set};
pub use nearest_element::NearestElement;
pub use observed::Observed;
pub use product::Product;
pub use rational_run::{RationalRun, Selection, rational_run};
pub use solution::{Form, Kinks, rounded};
