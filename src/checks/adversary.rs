//! Certified quantities against a random adversary: q at points and secants that climb, norms and
//! distances to random sets, and at kinks the distances to D_joint, D_imp and D_fix against
//! elements that are pushed outwards.
//!
//! What a move proves comes from plain products, Schatten norms and functionals of rank one
//! ([`crate::sets::attack()`]); errors of elements at kinks are those of [`Kinks::element`].

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse};
use super::worst::Worst;
use crate::error::Result;
use crate::evidence::{Exact, Run};
use crate::linalg::norm::{spectral_lower, spectral_upper};
use crate::linalg::random::{Random, mix};
use crate::linalg::{Matrix, Vector};
use crate::maps::{Linearization, Rounding, Tie};
use crate::sets::{Enclosure, attack, ceiling, climb};
use crate::tol::{bound_room, gamma};
use crate::truth::kinks::{Kinks, Observed, Set};

pub(super) const ENTRY: Entry = Entry {
    name: "adversary",
    about: "q, norms and distances to sets withstand a random search for a counterexample",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Adversary)),
};

/// Certificates withstand a random search for a counterexample.
#[derive(Debug)]
struct Adversary;

/// Climbs from points of their own.
const CLIMBS: usize = 3;
/// Draws of sets at most this many rows and columns large.
const SETS: usize = 4;
/// Steps of the set iteration by which an element of D_fix is pushed outwards.
const PUSHES: usize = 12;
/// Boxes of slopes that a distance to D_joint or D_imp may open.
const NODES: usize = 20;
/// Elements of which the nearest is taken.
const ELEMENTS: usize = 20;
/// Most kinks of which all vertices are asked.
const MOST_KINKS: usize = 3;

impl Check for Adversary {
    fn label(&self) -> &'static str {
        "adversary"
    }

    fn catches(&self, _: f64) -> String {
        "A q that some secant exceeds, a norm or a distance to a set that is enclosed wrongly."
            .into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let mut random = Random::new(mix(&[exact.seed, 0xAD5E]));
        let mut groups = vec![("q", Worst::of_samples())];
        contraction(exact, c.steps, &mut random, &mut groups[0].1);
        if let Some(j) = exact.jacobian() {
            let mut norms = Worst::of_samples();
            let below = climb(j, &mut random).below;
            norms.tried("|uᵀJv| ≤ ‖J‖", below, spectral_upper(j));
            norms.tried("‖J‖ ≤ Schatten norm", spectral_lower(j), ceiling(j));
            groups.push(("norms", norms));
        }
        let kinked = c.e.instance.spec.kind.is_kinked();
        if kinked {
            let kinks =
                c.e.kinks()?
                    .filter(|k| (1..=MOST_KINKS).contains(&k.count()));
            let Some(kinks) = kinks else {
                let text = "the sets at the kinks of w(λ) are not known, or too many";
                return Ok(Finding::undecided(Reason::TooLarge, text));
            };
            let claimed = Claimed {
                distance: &|set, x| kinks.distance_to(set, Observed::Whole, x, NODES),
                outside_ball: &|x| kinks.outside_ball(Observed::Whole, x),
                outside_fix: &|x, enough| {
                    let found = kinks.outside_fix(Observed::Whole, x, enough);
                    found.map(|o| o.lower)
                },
            };
            groups.extend(
                Outwards {
                    kinks,
                    random: &mut random,
                    claimed,
                }
                .all(),
            );
        }
        // Nearly always an equality, which says nothing of this instance: of interest only where it
        // falls.
        let mut sets = Worst::of_samples();
        for found in attack(random.bits(), SETS, c.steps)? {
            sets.named(found.statement, found.left.lower, found.right.upper);
        }
        let most = c.slack * bound_room(0);
        if !(sets.ratio <= most) {
            groups = vec![("random sets", sets)];
        }
        Ok(finding(groups, most))
    }
}

/// The closest of all; undecided where a group met nothing.
fn finding(groups: Vec<(&'static str, Worst)>, most: f64) -> Finding {
    let each = groups
        .iter()
        .map(|(name, worst)| format!("{name} {:.6}", worst.ratio));
    let each = each.collect::<Vec<_>>().join(", ");
    let empty = groups.iter().find(|(_, worst)| worst.compared == 0);
    let empty = empty.map(|(name, _)| format!("nothing was tried on {name}"));
    let worst = { groups.into_iter().map(|(_, worst)| worst) }
        .reduce(|a, b| if is_worse(b.ratio, a.ratio) { b } else { a })
        .unwrap_or_default();
    let holds = worst.ratio <= most;
    if let (Some(empty), true) = (empty, holds) {
        return Finding::undecided(Reason::NothingToSee, empty);
    }
    let verb = if holds { "closest" } else { "refuted" };
    let detail = format!(
        "{verb}: {}, {:.6e} against {:.6e}; by group: {each}",
        worst.what, worst.measured, worst.bound
    );
    Finding::below(holds, Unit::Modulus, worst.measured, worst.bound, detail)
}

/// ‖∂₁Φ(u)x‖ ≤ q‖x‖ and ‖Φ(u) - Φ(v)‖ ≤ q‖u-v‖, for u that moves along the direction that is
/// stretched most as long as that gains, and at random otherwise; selections at ties are drawn too.
fn contraction(exact: &Exact, moves: usize, random: &mut Random, worst: &mut Worst) {
    let truth = &exact.truth;
    let (star, q) = (truth.w(), truth.constants.q);
    let d = star.len();
    let mut lin = truth.map.linearization();
    let at = |u: &Vector, weight: f64, lin: &mut Linearization<'static>| {
        truth
            .map
            .linearize(u.as_slice(), &truth.lambda, &mut Tie::Weight(weight), lin);
        (
            truth.map.jacobian_w(lin),
            Vector::from_column_slice(&lin.value),
        )
    };
    for climbing in 0..CLIMBS {
        let scale = [0.1, 1.0, 10.0][climbing % 3] * (1.0 + star.norm()) / (d as f64).sqrt();
        let mut u = if climbing == 0 {
            star.clone()
        } else {
            star + random.normals(d) * scale
        };
        let mut best = f64::NEG_INFINITY;
        for t in 0..moves {
            let (j, value) = at(&u, random.unit(), &mut lin);
            let pair = climb(&j, random);
            let lost = Rounding::at(truth.rounding.push_w, u.norm()) * (d as f64).sqrt();
            worst.tried("‖∂₁Φ(u)x‖ ≤ q‖x‖ on a climb", pair.below - 2.0 * lost, q);
            let step = scale * libm::pow(0.5, random.integer(0, 20) as f64) * random.sign();
            let along = &u + &pair.v * step;
            let (.., moved) = at(&along, 0.0, &mut lin);
            let off = [&u, &along].map(|w| Rounding::at(truth.rounding.value, w.norm()));
            let secant = (&moved - &value).norm() * (1.0 - gamma(d + 4)) - 2.0 * (off[0] + off[1]);
            let length = (&along - &u).norm() * (1.0 + gamma(d + 4));
            if length > 0.0 {
                worst.tried("‖Φ(u) - Φ(v)‖ ≤ q‖u-v‖ on a climb", secant / length, q);
            }
            if pair.below > best {
                (best, u) = (pair.below, along);
            } else {
                let shrunk = scale / (1.0 + t as f64);
                u += random.normals(d) * shrunk;
            }
        }
    }
}

/// What is said of matrices beside the sets at w(λ); tests say something else.
struct Claimed<'a> {
    distance: &'a dyn Fn(Set, &Matrix) -> Option<Enclosure>,
    outside_ball: &'a dyn Fn(&Matrix) -> Option<f64>,
    outside_fix: &'a dyn Fn(&Matrix, f64) -> Option<f64>,
}

/// Attacks on the sets at w(λ).
struct Outwards<'a> {
    kinks: &'a Kinks,
    random: &'a mut Random,
    claimed: Claimed<'a>,
}

impl Outwards<'_> {
    fn all(mut self) -> Vec<(&'static str, Worst)> {
        vec![
            ("D_joint", self.implicit(Set::Joint)),
            ("D_imp", self.implicit(Set::Imp)),
            ("D_fix", self.fixed()),
        ]
    }

    fn slopes(&mut self) -> Vec<f64> {
        let [lo, hi] = self.kinks.form.range;
        let k = self.kinks.count();
        // Vertices as often as what lies between.
        let one = |random: &mut Random| match random.integer(0, 3) {
            0 => lo,
            1 => hi,
            _ => random.between(lo, hi),
        };
        (0..k).map(|_| one(self.random)).collect()
    }

    fn element(&mut self, set: Set) -> Option<(Matrix, f64)> {
        let s = self.slopes();
        let s2 = if set == Set::Joint {
            s.clone()
        } else {
            self.slopes()
        };
        self.kinks.element(&s, &s2)
    }

    /// An estimate beside an element: the distance is at most that to any element, and at least
    /// what a functional proves, which is largest at a vertex.
    fn implicit(&mut self, set: Set) -> Worst {
        let mut worst = Worst::of_samples();
        let Some((centre, _)) = self.element(set) else {
            return worst;
        };
        let (d, m) = centre.shape();
        let size = libm::pow(0.25, self.random.integer(0, 6) as f64) * (1.0 + centre.norm());
        let shown = &centre + self.random.matrix(d, m) * (size / (d as f64 * m as f64).sqrt());
        let Some(claimed) = (self.claimed.distance)(set, &shown) else {
            return worst;
        };
        let mut least = f64::INFINITY;
        let mut nearest = centre;
        for _ in 0..ELEMENTS {
            let Some((x, error)) = self.element(set) else {
                continue;
            };
            let here = ceiling(&(&shown - &x)) + error + gamma(4) * (shown.norm() + x.norm());
            if here < least {
                (least, nearest) = (here, x);
            }
        }
        worst.see(claimed.lower, least, 1.0, || {
            "Δ(X, set) ≤ ‖X - element‖".into()
        });
        let pair = climb(&(&shown - &nearest), self.random);
        let along = |x: &Matrix| pair.u.dot(&(x * &pair.v));
        let corners = self.kinks.corners();
        let mut support = f64::NEG_INFINITY;
        for a in &corners {
            for b in &corners {
                if set == Set::Joint && a != b {
                    continue;
                }
                let Some((x, error)) = self.kinks.element(a, b) else {
                    return worst;
                };
                support = support.max(along(&x) + error + gamma(d + m + 8) * x.norm());
            }
        }
        let lost = gamma(d + m + 8) * shown.norm();
        let proven = (along(&shown) - support - lost) * (1.0 - gamma(d + m + 16));
        worst.tried("⟨Y, X⟩ - h(Y) ≤ Δ(X, set)", proven, claimed.upper);
        worst
    }

    /// An element of D_fix, pushed along a functional by vertices of D_Φ: it is not outside, and an
    /// estimate beside it no further outside than it is away.
    fn fixed(&mut self) -> Worst {
        let mut worst = Worst::of_samples();
        let s = self.slopes();
        let Some((mut x, mut error)) = self.kinks.element(&s, &s) else {
            return worst;
        };
        let (d, m) = x.shape();
        let (u, v) = (self.random.normals(d), self.random.normals(m));
        let corners = self.kinks.corners();
        for _ in 0..PUSHES {
            let mut most = f64::NEG_INFINITY;
            let mut next = x.clone();
            for a in &corners {
                for b in &corners {
                    let moved = self.kinks.step(a, b, &x);
                    let along = u.dot(&(&moved * &v));
                    if along > most {
                        (most, next) = (along, moved);
                    }
                }
            }
            error = (self.kinks.q * error + self.kinks.step_lost(&x)) * (1.0 + gamma(4));
            x = next;
        }
        let size = libm::pow(0.1, self.random.integer(1, 6) as f64) * (1.0 + x.norm());
        let beside = self.random.matrix(d, m) * size;
        for (shown, away) in [(x.clone(), 0.0), (&x + &beside, ceiling(&beside))] {
            let away = away + error + gamma(4) * (x.norm() + beside.norm());
            let ball = (self.claimed.outside_ball)(&shown);
            let fix = (self.claimed.outside_fix)(&shown, away);
            for lower in ball.into_iter().chain(fix) {
                worst.see(lower, away, 1.0, || "Δ(X, D_fix) ≤ ‖X - element‖".into());
            }
        }
        worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Ruling;
    use crate::instances::{Instance, Kind, Spec};
    use crate::truth::Truth;

    const KINDS: [Kind; 3] = [Kind::KinkElasticNet, Kind::KinkLayerRelu, Kind::KinkMaxMin];

    /// The groups in which something is refuted on twelve instances, with what.
    fn refuted(tamper: impl Fn(&Kinks, &mut Random) -> Vec<(&'static str, Worst)>) -> Vec<String> {
        let mut out = Vec::new();
        for kind in KINDS {
            for seed in 0..4 {
                let spec = Spec {
                    rows: 2,
                    ..Spec::typical(kind, 3)
                };
                let instance = Instance::generate(&spec, seed).unwrap();
                let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
                let kinks = Kinks::solve(&truth).unwrap();
                for (group, worst) in tamper(&kinks, &mut Random::new(seed)) {
                    assert!(worst.compared > 0, "{group} of {kind:?}");
                    if !(worst.ratio <= 1.0) {
                        out.push(format!("{group}: {}", worst.what));
                    }
                }
            }
        }
        out.sort();
        out.dedup();
        out
    }

    fn attacked<'a>(
        kinks: &'a Kinks,
        random: &'a mut Random,
        enclosure: &dyn Fn(Enclosure) -> Enclosure,
        outside: &dyn Fn(f64, f64) -> f64,
    ) -> Vec<(&'static str, Worst)> {
        let claimed = Claimed {
            distance: &|set, x| {
                let found = kinks.distance_to(set, Observed::Whole, x, NODES);
                found.map(enclosure)
            },
            outside_ball: &|x| Some(outside(kinks.outside_ball(Observed::Whole, x)?, f64::NAN)),
            outside_fix: &|x, enough| {
                let found = kinks.outside_fix(Observed::Whole, x, enough);
                Some(outside(found.map_or(0.0, |o| o.lower), enough))
            },
        };
        Outwards {
            kinks,
            random,
            claimed,
        }
        .all()
    }

    #[test]
    fn certificates_at_kinks_withstand_and_wrong_ones_fall() {
        let (e, o) = (|e: Enclosure| e, |lower: f64, _: f64| lower);
        assert_eq!(refuted(|k, r| attacked(k, r, &e, &o)), Vec::<String>::new());
        // Distances a tenth too small or too large.
        let near = |e: Enclosure| Enclosure::new(0.0, 0.9 * e.upper);
        assert_eq!(
            refuted(|k, r| attacked(k, r, &near, &o)),
            [
                "D_imp: ⟨Y, X⟩ - h(Y) ≤ Δ(X, set)",
                "D_joint: ⟨Y, X⟩ - h(Y) ≤ Δ(X, set)"
            ]
        );
        let far = |e: Enclosure| Enclosure::new(1.1 * e.upper, f64::INFINITY);
        assert_eq!(
            refuted(|k, r| attacked(k, r, &far, &o)),
            [
                "D_imp: Δ(X, set) ≤ ‖X - element‖",
                "D_joint: Δ(X, set) ≤ ‖X - element‖"
            ]
        );
        // Something of D_fix is said to be outside, by a hundredth more than it may be.
        let outside = |lower: f64, enough: f64| lower.max(1.01 * enough);
        let fallen = ["D_fix: Δ(X, D_fix) ≤ ‖X - element‖"];
        assert_eq!(refuted(|k, r| attacked(k, r, &e, &outside)), fallen);
        // A ball that is taken for its complement; only balls come without `enough`.
        let turned = |lower: f64, enough: f64| if enough.is_nan() { -lower } else { lower };
        assert_eq!(refuted(|k, r| attacked(k, r, &e, &turned)), fallen);
    }

    /// A group without an attack decides nothing, and one that fell is not hidden by another.
    #[test]
    fn nothing_passes_unseen() {
        let worst = |measured: f64| {
            let mut worst = Worst::of_samples();
            worst.named("this", measured, 1.0);
            worst
        };
        let ruled = |groups: Vec<(&'static str, Worst)>| finding(groups, 1.0).ruling;
        assert_eq!(
            ruled(vec![("q", worst(0.5)), ("norms", worst(0.9))]),
            Ruling::Pass
        );
        assert_eq!(
            ruled(vec![("q", worst(0.5)), ("norms", worst(0.0))]),
            Ruling::Inconclusive
        );
        assert_eq!(
            ruled(vec![("q", worst(1.5)), ("norms", worst(0.0))]),
            Ruling::Fail
        );
        assert_eq!(
            ruled(vec![("q", worst(f64::NAN)), ("norms", worst(0.5))]),
            Ruling::Fail
        );
    }
}
