//! The closing remark of Section 4: with one joint selection, D_t has its limit points in D_imp.
//! Refuted for ITD.
//!
//! D_T is separated from conv D_imp by a direction, proven over all vertices in rationals. Once
//! w_t - w(λ) is exactly a positive multiple of w_{t-2} - w(λ), and within R, the pieces repeat for
//! ever, since Φ - w(λ) is positively homogeneous there: what is seen at T is then within
//! 2(q^T B + T q^(T-1) e_0 L_2) of a limit point.

use num_traits::Signed;

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::rational_runs::{in_rationals, no_run};
use crate::error::Result;
use crate::evidence::{Exact, Run};
use crate::maps::Tie;
use crate::tol::KINK_GAP;
use crate::truth::kinks::{Kinks, NearestElement, Observed, Set, rounded};
use crate::truth::reference::{Itd, Rational};

/// Pairs of consecutive steps that are looked at.
const LOOKED_AT: [usize; 8] = [24, 25, 40, 41, 70, 71, 100, 101];
/// Largest dimension of the exact run.
const MOST_DIM: usize = 3;
/// Where a search stops; a claim that must be refuted goes on.
const SEARCH_STOPS: usize = 41;

pub(super) const ENTRY: Entry = Entry {
    name: "closing-remark",
    about: "ITD has a limit point outside D_imp, against the closing remark of Section 4",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(ClosingRemark { must: true })),
};

pub(super) const SEARCH: Entry = Entry {
    name: "closing-remark-search",
    about: "whether ITD has one on this instance: decided either way",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(ClosingRemark { must: false })),
};

/// The remark is refuted; where not `must`, either way is fine.
#[derive(Debug)]
struct ClosingRemark {
    must: bool,
}

impl Check for ClosingRemark {
    fn label(&self) -> &'static str {
        if self.must { ENTRY.name } else { SEARCH.name }
    }

    fn catches(&self, _: f64) -> String {
        if self.must {
            "An instance on which the remark holds after all.".into()
        } else {
            "A distance to D_imp that cannot be enclosed.".into()
        }
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let (exact, kinks) = match in_rationals(c, MOST_DIM)? {
            Ok(known) => known,
            Err(finding) => return Ok(finding),
        };
        Ok(match furthest(exact, kinks, self.must) {
            Ok((best, repeats)) => self.verdict(&best, repeats),
            Err(finding) => finding,
        })
    }
}

impl ClosingRemark {
    /// `repeats`: the step from which on the pieces repeat for ever.
    fn verdict(&self, best: &Separation, repeats: Option<usize>) -> Finding {
        let Separation {
            margin,
            lower,
            upper,
            step,
            to_fix,
        } = *best;
        let refuted = margin > KINK_GAP;
        if refuted && self.must && repeats.is_none() {
            let text = "the pieces are not seen to repeat for ever";
            return Finding::undecided(Reason::NotSettled, text);
        }
        let limit = match repeats {
            Some(t) => format!("its limit (the pieces repeat for ever from t = {t} on)"),
            None => "its limit, should the sides go on changing,".into(),
        };
        let detail = if refuted {
            format!(
                "refuted: D_{step} is at least {lower:.6} from conv D_imp (proven in rationals over all vertices), {limit} at least {margin:.6}; D_{step} is {to_fix:.3e} from an element of D_fix"
            )
        } else {
            format!(
                "not refuted here: D_{step} is between {lower:.3e} and {upper:.3e} from conv D_imp, {to_fix:.3e} from an element of D_fix"
            )
        };
        let finding = if self.must {
            let numbers = [lower, KINK_GAP, lower / KINK_GAP];
            Finding::decided(refuted, Unit::Excess, numbers, detail).headroom(margin / KINK_GAP)
        } else {
            let numbers = [lower, upper, f64::NAN];
            Finding::decided(lower.is_finite(), Unit::Exact, numbers, detail)
        };
        finding.at_step(step)
    }
}

/// Where D_t is furthest from conv D_imp, less what may still change.
struct Separation {
    /// `lower` less the distance of D_t to its limit point.
    margin: f64,
    /// The distance of D_t to conv D_imp is at least this.
    lower: f64,
    /// And at most this.
    upper: f64,
    /// t.
    step: usize,
    /// The distance of D_t to D_fix is at most this.
    to_fix: f64,
}

/// The best of the steps looked at, and the step from which on the pieces are seen to repeat for
/// ever; or why there is none.
fn furthest(
    exact: &Exact,
    kinks: &Kinks,
    must: bool,
) -> std::result::Result<(Separation, Option<usize>), Finding> {
    // In binary64 the alternation of sides ends at the rounding level; in rationals it goes on.
    let mut run = Itd::start(&kinks.naive, exact.iterate(0).as_slice());
    let Some(mut element) = NearestElement::start(kinks) else {
        let text = "the first element of D_fix could not be solved for";
        return Err(Finding::undecided(Reason::Error, text));
    };
    let th = exact.theorem();
    let offset =
        |w: &[Rational]| -> Vec<Rational> { w.iter().zip(&kinks.w).map(|(a, b)| a - b).collect() };
    let mut offsets = vec![offset(&run.w)];
    let mut repeats: Option<usize> = None;
    let mut best: Option<Separation> = None;
    for k in 0..=LOOKED_AT[LOOKED_AT.len() - 1] {
        let (d, _) = rounded(&run.d, kinks.w.len());
        let to_fix = if k == 0 {
            element.distance(&d)
        } else {
            element.follow(&d)
        };
        if run.step(&mut Tie::Weight(0.0)).is_none() {
            return Err(no_run());
        }
        if repeats.is_none() {
            offsets.push(offset(&run.w));
            let n = offsets.len() - 1;
            let within = n >= 2 && exact.distance(n - 2) < th.moduli.r;
            if within && same_ray(&offsets[n - 2], &offsets[n]) {
                repeats = Some(n - 2);
            }
        }
        if best.as_ref().is_some_and(|b| b.margin > KINK_GAP) || (!must && k > SEARCH_STOPS) {
            break;
        }
        if !LOOKED_AT.contains(&k) {
            continue;
        }
        let Some((lower, upper)) = kinks.hull_gap(Set::Imp, Observed::Whole, &d) else {
            let text = "D_imp has too many vertices for rationals here";
            return Err(Finding::undecided(Reason::TooLarge, text));
        };
        // What may still change: the same pieces alternate, so D_t is within this of its limit.
        let (q, t) = (th.q, k as i32);
        let rest = 2.0 * (q.powi(t) * th.b + k as f64 * q.powi(t - 1) * th.e0 * th.moduli.l[1]);
        if best.as_ref().is_none_or(|b| lower - rest > b.margin) {
            best = Some(Separation {
                margin: lower - rest,
                lower,
                upper,
                step: k,
                to_fix,
            });
        }
    }
    let none = || Finding::undecided(Reason::NothingToSee, "no estimates");
    best.map(|b| (b, repeats)).ok_or_else(none)
}

/// y is a positive multiple of x, or both are 0.
fn same_ray(x: &[Rational], y: &[Rational]) -> bool {
    let parallel = (0..x.len()).all(|i| (0..i).all(|j| &x[i] * &y[j] == &x[j] * &y[i]));
    let pairs = x.iter().zip(y);
    parallel && pairs.into_iter().all(|(a, b)| a.signum() == b.signum())
}
