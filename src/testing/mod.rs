//! For the tests of other crates: strategies that shrink, and one call that certifies an own
//! method.
//!
//! ```
//! use proptest::prelude::*;
//! use ratecert::{case::Method, testing};
//! # fn my_itd(case: &ratecert::case::Case<'_>) -> Vec<Vec<f64>> {
//! #     use ratecert::case::Implementation;
//! #     let answer = ratecert::methods::ItdReverse::default().run(case);
//! #     answer.estimates.iter().map(|u| u.as_slice().to_vec()).collect()
//! # }
//! proptest! {
//!     # #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]
//!     # fn hidden(instance in testing::instances(testing::ALL)) {
//!     //#[test] fn mine_is_right(instance in testing::instances(testing::ALL)) {
//!     testing::certify(Method::ITD_REVERSE, &instance, |case| my_itd(case))?;
//!     //}
//!     # }
//! }
//! # hidden();
//! ```
#![forbid(unsafe_code)]

mod served;
mod strategies;

pub use served::{NotCertified, certify_map};
pub use strategies::{ALL, InstanceTree, Instances, KINKS, STOCHASTIC, instances};

use crate::case::{Answer, Case, Implementation, Method};
use crate::checks::Ruling;
use crate::claims::{Label, Verdict, conformance};
use crate::instances::Instance;
use crate::judge::{Judging, judge};
use crate::linalg::Matrix;
use crate::runner::name_of;
use crate::tol::{RUN_ALPHA, Roundoff};

/// Why an own method is not certified on an instance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Violation {
    /// A check fails.
    Failed(Box<Verdict>),
    /// No check decides anything: nothing was certified, and why not.
    NothingJudged(String),
}

impl Violation {
    /// The failing verdict, if there is one.
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Failed(verdict) => Some(verdict),
            Self::NothingJudged(_) => None,
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let v = match self {
            Self::NothingJudged(why) => return write!(f, "nothing could be judged: {why}"),
            Self::Failed(verdict) => verdict,
        };
        let spec = serde_json::to_string(&v.instance.spec).unwrap_or_default();
        write!(
            f,
            "{} violates `{}` on {spec} with seed {}: measured {:.3e}, bound {:.3e}; {}",
            v.method, v.check, v.instance.seed, v.measured, v.bound, v.detail
        )?;
        match &v.diagnosis {
            Some(diagnosis) => write!(f, "; {diagnosis}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Violation {}

/// Certifies an implementation that returns Dᵀy (one m-vector per entry of `case.steps`) as
/// `method`, one of the reverse-mode methods, NSID or SID.
///
/// # Errors
/// The first check that fails, or that nothing could be judged: the instance is none of this
/// method, or undecidable.
///
/// ```
/// use ratecert::case::{At, Case, Method, Target};
/// use ratecert::instances::{Instance, Kind, Spec};
/// use ratecert::testing::{Violation, certify};
///
/// /// AID-FP by the products of the case: v ← ∂₁Φᵀv + y from 0, estimate ∂₂Φᵀv.
/// fn own(case: &Case<'_>, forgets: bool) -> Vec<Vec<f64>> {
///     let (At::Point(w), Target::Cotangent(y)) = (case.at, case.target) else {
///         return Vec::new();
///     };
///     let mut v = vec![0.0; w.len()];
///     let mut estimates = Vec::new();
///     for k in 0..=case.horizon() {
///         let (by_w, by_lambda) = case.vjp(w, &v);
///         if case.steps.contains(&k) {
///             estimates.push(by_lambda);
///         }
///         let y = y.iter().map(|y| if forgets && k > 0 { 0.0 } else { *y });
///         v = by_w.iter().zip(y).map(|(v, y)| v + y).collect();
///     }
///     estimates
/// }
///
/// let spec = Spec { q: 0.7, ..Spec::typical(Kind::AffineNormal, 3) };
/// let instance = Instance::generate(&spec, 7)?;
/// assert!(certify(Method::AID_FP, &instance, |case| own(case, false)).is_ok());
/// let wrong = certify(Method::AID_FP, &instance, |case| own(case, true));
/// assert!(matches!(wrong, Err(Violation::Failed(_))));
/// # Ok::<(), ratecert::Error>(())
/// ```
pub fn certify(
    method: Method,
    instance: &Instance,
    mut implementation: impl FnMut(&Case<'_>) -> Vec<Vec<f64>>,
) -> Result<(), Violation> {
    carries_a_cotangent(method)?;
    let mut own = Own(|case: &Case<'_>| columns(implementation(case)));
    certify_implementation(method, instance, &mut own)
}

/// [`certify`] for an implementation that computes in binary32 throughout: the instance is rounded
/// to numbers of that arithmetic, and the floors are those of u = 2⁻²⁴ (theory, section 11).
///
/// # Errors
/// Those of [`certify`], and an instance that leaves its domain in that arithmetic.
pub fn certify_single(
    method: Method,
    instance: &Instance,
    mut implementation: impl FnMut(&Case<'_>) -> Vec<Vec<f64>>,
) -> Result<(), Violation> {
    carries_a_cotangent(method)?;
    let mut own = Own(|case: &Case<'_>| columns(implementation(case)));
    match instance.clone().in_roundoff(Roundoff::SINGLE) {
        Ok(instance) => certified(method, &instance, Roundoff::SINGLE, &mut own),
        Err(e) => Err(Violation::NothingJudged(e.to_string())),
    }
}

fn carries_a_cotangent(method: Method) -> Result<(), Violation> {
    if method.is_reverse() {
        return Ok(());
    }
    Err(Violation::NothingJudged(format!(
        "{method} carries D itself: `certify_jacobians` is for it"
    )))
}

fn columns(estimates: Vec<Vec<f64>>) -> Vec<Matrix> {
    let column = |u: Vec<f64>| Matrix::from_vec(u.len(), 1, u);
    estimates.into_iter().map(column).collect()
}

/// Certifies an implementation that returns D (one d×m matrix per entry of `case.steps`) as
/// `method`, one of the forward-mode methods.
///
/// # Errors
/// As those of [`certify`].
pub fn certify_jacobians(
    method: Method,
    instance: &Instance,
    implementation: impl FnMut(&Case<'_>) -> Vec<Matrix>,
) -> Result<(), Violation> {
    if method.is_reverse() {
        return Err(Violation::NothingJudged(format!(
            "{method} gives Dᵀy: `certify` is for it"
        )));
    }
    certify_implementation(method, instance, &mut Own(implementation))
}

/// Certifies an [`Implementation`] as `method`, by the claim of `rates/conformance` about it.
///
/// # Errors
/// As those of [`certify`].
pub fn certify_implementation(
    method: Method,
    instance: &Instance,
    implementation: &mut dyn Implementation,
) -> Result<(), Violation> {
    certified(method, instance, Roundoff::DOUBLE, implementation)
}

fn certified(
    method: Method,
    instance: &Instance,
    u: Roundoff,
    implementation: &mut dyn Implementation,
) -> Result<(), Violation> {
    let nothing = |why: String| Err(Violation::NothingJudged(why));
    let claim = match conformance(method) {
        Ok(claim) => claim,
        Err(e) => return nothing(e.to_string()),
    };
    if method.is_stochastic() != instance.samples.is_some() {
        let kind = instance.spec.kind.name();
        return nothing(format!("{kind:?} is not a kind of instance for {method}"));
    }
    let evidence = claim.evidence(instance, u);
    let label = Label::named(instance.spec.kind.name());
    let judging = Judging {
        share: RUN_ALPHA,
        record: false,
    };
    let judged = judge(&claim, &evidence, &label, judging, implementation);
    let ruled = |ruling| judged.verdicts.iter().position(|v| v.status == ruling);
    if let Some(n) = ruled(Ruling::Fail) {
        let mut verdict = judged.verdicts[n].clone();
        let blamed = judged.blamed[n].as_ref();
        verdict.diagnosis = name_of(&claim, &evidence, blamed, implementation);
        return Err(Violation::Failed(Box::new(verdict)));
    }
    if ruled(Ruling::Pass).is_none() {
        let why = judged.verdicts.first().map(|v| v.detail.clone());
        return nothing(why.unwrap_or_default());
    }
    Ok(())
}

struct Own<F>(F);

impl<F: FnMut(&Case<'_>) -> Vec<Matrix>> Implementation for Own<F> {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        Answer::completed((self.0)(case))
    }
}
