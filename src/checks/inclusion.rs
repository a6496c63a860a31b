//! D_joint ⊂ D_imp ⊂ D_fix on random elements; and that each inclusion can be strict.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::rational_runs::in_rationals;
use crate::error::Result;
use crate::evidence::Run;
use crate::instances::Random;
use crate::tol::{EXACT_NEWTON_DIM, KINK_GAP, UNIT};
use crate::truth::kinks::{Kinks, Observed, Set};

/// Most kinks for which strictness is looked at: it takes 16^k products, each against all vertices
/// in rationals.
const MOST_KINKS: usize = 2;

pub(super) const ENTRY: Entry = Entry {
    name: "inclusion",
    about: "D_joint ⊂ D_imp ⊂ D_fix",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Inclusion { strict: false })),
};

pub(super) const STRICT: Entry = Entry {
    name: "inclusion-strict",
    about: "D_joint ⊂ D_imp ⊂ D_fix, each inclusion strict, in the hulls too",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Inclusion { strict: true })),
};

/// Each of the three sets is in the next one; where `strict`, by how much the larger reaches beyond
/// the hull of the smaller.
#[derive(Debug)]
struct Inclusion {
    strict: bool,
}

impl Check for Inclusion {
    fn label(&self) -> &'static str {
        if self.strict { STRICT.name } else { ENTRY.name }
    }

    fn catches(&self, _: f64) -> String {
        if self.strict {
            "Equality of two of the three sets.".into()
        } else {
            "An element of a smaller set outside a larger one.".into()
        }
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let (exact, kinks) = match in_rationals(c, EXACT_NEWTON_DIM)? {
            Ok(known) => known,
            Err(finding) => return Ok(finding),
        };
        let seed = exact.seed;
        if kinks.count() == 0 {
            let text = "no unit at its kink: the three sets are one matrix";
            return Ok(Finding::undecided(Reason::NothingToSee, text));
        }
        Ok(if self.strict {
            strictness(kinks)
        } else {
            inclusion(kinks, seed)
        })
    }
}

fn unsolved() -> Finding {
    Finding::undecided(Reason::Error, "an element could not be solved for")
}

fn inclusion(kinks: &Kinks, seed: u64) -> Finding {
    let mut random = Random::new(seed);
    let [lo, hi] = kinks.form.range;
    let mut draw = || -> Vec<f64> {
        (0..kinks.count())
            .map(|_| lo + (hi - lo) * random.integer(0, 16) as f64 / 16.0)
            .collect()
    };
    let mut worst = 0.0f64;
    for _ in 0..3 {
        let (s, s2) = (draw(), draw());
        // An element of D_imp solves X = AX + B exactly, so D_imp ⊂ D_fix.
        match kinks.solves_set_equation(&s, &s2) {
            Some(true) => {}
            Some(false) => {
                let detail =
                    format!("the element with slopes {s:?}, {s2:?} does not solve X = AX + B");
                return Finding::decided(false, Unit::Exact, [f64::NAN, 0.0, f64::NAN], detail);
            }
            None => return unsolved(),
        }
        let Some((x, error)) = kinks.element(&s, &s) else {
            return unsolved();
        };
        // conv D_joint ⊂ conv D_imp, seen through the vertices of the latter.
        let Some(to_imp) = kinks.distance_to_imp_hull(Observed::Whole, &x) else {
            return Finding::undecided(Reason::TooLarge, "too many kinks");
        };
        let allowed = 4.0 * error + 4.0 * UNIT * x.norm();
        worst = worst.max(to_imp.upper);
        if !(to_imp.lower <= allowed) {
            let detail = format!("the element of D_joint with slopes {s:?} is outside conv D_imp");
            return Finding::below(false, Unit::Floor, to_imp.lower, allowed, detail);
        }
    }
    let detail = format!(
        "3 random elements: each of D_imp solves X = AX + B in rationals; each of D_joint is within {worst:.1e} of the hull of the vertices of D_imp"
    );
    Finding::decided(true, Unit::Exact, [worst, 0.0, f64::NAN], detail)
}

fn strictness(kinks: &Kinks) -> Finding {
    if kinks.count() > MOST_KINKS {
        return Finding::undecided(Reason::TooLarge, "too many kinks for rationals");
    }
    let corners = kinks.corners();
    let (mut beyond_joint, mut beyond_imp) = (0.0f64, 0.0f64);
    for a in &corners {
        for b in &corners {
            let Some((x, error)) = kinks.element(a, b) else {
                return unsolved();
            };
            let gap = kinks
                .distance_to_joint_hull(Observed::Whole, &x)
                .map_or(0.0, |e| e.lower - error);
            beyond_joint = beyond_joint.max(gap);
            // X ∈ D_imp, then one more step with any vertices: an element of D_fix.
            for c in &corners {
                for e in &corners {
                    let next = kinks.step(c, e, &x);
                    let gap = kinks
                        .hull_gap(Set::Imp, Observed::Whole, &next)
                        .map_or(0.0, |g| g.0 - error);
                    beyond_imp = beyond_imp.max(gap);
                }
            }
        }
    }
    let holds = beyond_joint > KINK_GAP && beyond_imp > KINK_GAP;
    let detail = format!(
        "a vertex of D_imp is at least {beyond_joint:.6} from conv D_joint, a product of D_fix at least {beyond_imp:.6} from conv D_imp"
    );
    if !holds {
        let text = format!("not both strict here: {detail}");
        return Finding::undecided(Reason::NothingToSee, text);
    }
    let least = beyond_joint.min(beyond_imp);
    Finding::decided(
        true,
        Unit::Excess,
        [least, KINK_GAP, least / KINK_GAP],
        detail,
    )
}
