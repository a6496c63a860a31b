//! Checks where the implicit derivative is a set: what a single matrix J cannot decide.
//!
//! A pass rests on an element of the set (an upper bound of the distance), a failure on a separating direction proven in rationals, or on
//! outward rounding where those are out of reach; in between there is only `inconclusive`.

mod bound;
mod conservative;
mod exact;
mod joint;
mod modulus;
mod remark;

use super::{Check, Comparison, Exact, Finding, Level, Method};
use crate::claims::evidence::{At, Request, growing};
use crate::linalg::Matrix;
use crate::truth::kinks::{Image, Kinks};

#[cfg(test)]
mod tests;

/// What is checked about sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KinkCheck {
    /// Theorem 4.1 for D_fix at every step of a method, whatever it selects.
    Bound(Level),
    /// The limit of AID is an element of D_joint, in reverse mode its image.
    Joint,
    /// Theorem 4.1 in rationals with fixed, random and adversarial selections at ties.
    Selections,
    /// ITD has a limit point outside D_imp, against the closing remark of Section 4.
    Remark,
    /// The same on any instance: decided either way.
    RemarkSearch,
    /// D_joint ⊂ D_imp ⊂ D_fix.
    Inclusion,
    /// The same, each inclusion strict.
    InclusionStrict,
    /// Lemma 2.5 with the excess at a point on kinks.
    Modulus,
    /// One-sided derivatives of w(·) are elements of D_joint, exactly.
    OneSided,
    /// Path integrals of any selection of D_Φ give the increments of Φ.
    Conservative,
    /// Rationals and binary64 come to the same verdicts.
    Agreement,
}

impl KinkCheck {
    /// Names in claims, but for `set-bound`, which has a level.
    pub(super) const NAMES: [(&'static str, Self); 10] = [
        ("joint-limit", Self::Joint),
        ("selections", Self::Selections),
        ("closing-remark", Self::Remark),
        ("closing-remark-search", Self::RemarkSearch),
        ("inclusion", Self::Inclusion),
        ("inclusion-strict", Self::InclusionStrict),
        ("kink-modulus", Self::Modulus),
        ("one-sided", Self::OneSided),
        ("conservative", Self::Conservative),
        ("agreement", Self::Agreement),
    ];

    pub(super) fn label(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, k)| *k == self)
            .map_or("set-bound", |(n, _)| n)
    }

    pub(super) fn catches(self) -> &'static str {
        match self {
            Self::Bound(_) => {
                "A step that leaves D_Φ by more than the bound forgives: a slope outside its range at a kink, a wrong product, a wrong piece."
            }
            Self::Joint => "A limit that is no (I-SA)⁻¹SB, S the same in both blocks.",
            Self::Selections => {
                "A selection at ties for which the theorem, or the shadow argument, fails."
            }
            Self::Remark => "An instance on which the remark holds after all.",
            Self::RemarkSearch => "A distance to D_imp that cannot be enclosed.",
            Self::Inclusion => "An element of a smaller set outside a larger one.",
            Self::InclusionStrict => "Equality of two of the three sets.",
            Self::Modulus => "M, R or L too small at a kink.",
            Self::OneSided => {
                "A one-sided derivative that no vertex of D_joint gives; equality is exact."
            }
            Self::Conservative => {
                "A slope that is wrong on an interval; not one that is wrong on a null set."
            }
            Self::Agreement => "A verdict that rounding changes.",
        }
    }

    pub(super) fn needs_no_method(self) -> bool {
        !matches!(self, Self::Bound(_) | Self::Joint)
    }

    pub(super) fn plan(self, check: &Check, exact: &Exact, method: Method) -> Vec<Request> {
        let steps = check.steps.min(exact.run.w.len() - 1);
        match self {
            Self::Bound(_) if !method.is_aid() => vec![Request {
                at: At::Start,
                // Each step of reverse mode is a pass of its own.
                steps: if method.is_reverse() {
                    growing(steps)
                } else {
                    (0..=steps).collect()
                },
            }],
            Self::Bound(_) => {
                let mut at = vec![0, 1, steps / 4, steps / 2, steps];
                at.dedup();
                at.into_iter()
                    .map(|t| Request {
                        at: At::Iterate(t),
                        steps: (0..=steps).collect(),
                    })
                    .collect()
            }
            Self::Joint => [At::Solution, At::Iterate(steps), At::Iterate(steps / 2)]
                .into_iter()
                .map(|at| Request {
                    at,
                    // Conjugate gradients end after as many steps as there are unknowns, whatever is selected.
                    steps: vec![if method == Method::AidCg {
                        exact.truth.w().len()
                    } else {
                        check.steps
                    }],
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn judge(
        self,
        check: &Check,
        exact: &Exact,
        method: Method,
        seen: &[Comparison],
    ) -> Finding {
        if self == Self::Conservative {
            return conservative::judge(check, exact);
        }
        let Some(kinks) = Kinks::solve(&exact.truth) else {
            return Finding::inconclusive(
                "no exact rational solution: the map is not piecewise affine, or too large to solve in rationals",
            );
        };
        match self {
            Self::Bound(level) => bound::judge(check, level, exact, &kinks, method, seen),
            Self::Joint => joint::judge(exact, &kinks, method, seen),
            Self::Selections => exact::selections(check, exact, &kinks),
            Self::Remark | Self::RemarkSearch => remark::judge(exact, &kinks, self == Self::Remark),
            Self::Inclusion => exact::inclusion(exact, &kinks, false),
            Self::InclusionStrict => exact::inclusion(exact, &kinks, true),
            Self::Modulus => modulus::judge(exact, &kinks),
            Self::OneSided => exact::one_sided(exact, &kinks),
            Self::Agreement => exact::agreement(check, exact, &kinks),
            Self::Conservative => conservative::judge(check, exact),
        }
    }
}

/// What estimates of a method show.
fn image(exact: &Exact, method: Method) -> Image<'_> {
    if method.is_reverse() {
        Image::Cotangent(&exact.cotangent)
    } else {
        Image::Whole
    }
}

/// The estimates of one request, in order.
fn estimates(seen: &[Comparison], at: At) -> Vec<(usize, &Matrix)> {
    seen.iter()
        .filter(|c| c.at == at)
        .filter_map(|c| Some((c.k, c.estimate.as_ref()?)))
        .collect()
}
