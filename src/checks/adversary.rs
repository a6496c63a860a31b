//! Certified quantities against a random adversary: q at points and secants that climb, norms and
//! distances to random sets, and at kinks the distances to D_joint, D_imp and D_fix against elements
//! that are pushed outwards.
//!
//! What a move proves comes from plain products, Schatten norms and functionals of rank one
//! ([`crate::sets::attack()`]), never from the certificates.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Unit};
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
        let mut worst = Worst::of_samples();
        contraction(exact, c.steps, &mut random, &mut worst);
        if let Some(j) = exact.jacobian() {
            let below = climb(j, &mut random).below;
            worst.named("|uᵀJv| ≤ ‖J‖", below, spectral_upper(j));
            worst.named("‖J‖ ≤ Schatten norm", spectral_lower(j), ceiling(j));
        }
        for found in attack(random.bits(), SETS, c.steps)? {
            worst.named(found.statement, found.left.lower, found.right.upper);
        }
        let kinks =
            c.e.kinks()?
                .filter(|k| (1..=MOST_KINKS).contains(&k.count()));
        if let Some(kinks) = kinks {
            let distance = |set, x: &Matrix| kinks.distance_to(set, Observed::Whole, x, NODES);
            Outwards {
                kinks,
                random: &mut random,
                worst: &mut worst,
            }
            .all(&distance);
        }
        let holds = worst.ratio <= c.slack * bound_room(0);
        let verb = if holds { "closest" } else { "refuted" };
        let detail = format!(
            "{verb}: {}, {:.6e} against {:.6e}; {} attacks",
            worst.what, worst.measured, worst.bound, worst.compared
        );
        let (measured, bound) = (worst.measured, worst.bound);
        Ok(Finding::below(
            holds,
            Unit::Modulus,
            measured,
            bound,
            detail,
        ))
    }
}

/// ‖∂₁Φ(u)x‖ ≤ q‖x‖ and ‖Φ(u) - Φ(v)‖ ≤ q‖u-v‖, for u that moves along the direction that is stretched most
/// as long as that gains, and at random otherwise; selections at ties are drawn too.
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
        let mut u = star + random.normals(d) * if climbing == 0 { 0.0 } else { scale };
        let mut best = f64::NEG_INFINITY;
        for t in 0..moves {
            let (j, value) = at(&u, random.unit(), &mut lin);
            let pair = climb(&j, random);
            let lost = Rounding::at(truth.rounding.push_w, u.norm()) * (d as f64).sqrt();
            worst.named("‖∂₁Φ(u)x‖ ≤ q‖x‖ on a climb", pair.below - 2.0 * lost, q);
            let step = scale * libm::pow(0.5, random.integer(0, 20) as f64) * random.sign();
            let along = &u + &pair.v * step;
            let (.., moved) = at(&along, 0.0, &mut lin);
            let off = [&u, &along].map(|w| Rounding::at(truth.rounding.value, w.norm()));
            let secant = (&moved - &value).norm() * (1.0 - gamma(d + 4)) - 2.0 * (off[0] + off[1]);
            let length = (&along - &u).norm() * (1.0 + gamma(d + 4));
            if length > 0.0 {
                worst.named("‖Φ(u) - Φ(v)‖ ≤ q‖u-v‖ on a climb", secant / length, q);
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

/// Attacks on the sets at w(λ).
struct Outwards<'a> {
    kinks: &'a Kinks,
    random: &'a mut Random,
    worst: &'a mut Worst,
}

impl Outwards<'_> {
    fn all(&mut self, distance: &dyn Fn(Set, &Matrix) -> Option<Enclosure>) {
        for (set, below, above) in [
            (
                Set::Joint,
                "Δ(X, D_joint) ≤ ‖X - element‖",
                "⟨Y, X⟩ - h(Y) ≤ Δ(X, D_joint)",
            ),
            (
                Set::Imp,
                "Δ(X, D_imp) ≤ ‖X - element‖",
                "⟨Y, X⟩ - h(Y) ≤ Δ(X, D_imp)",
            ),
        ] {
            self.implicit(set, [below, above], distance);
        }
        self.fixed();
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

    /// Every way to choose ends of the ranges at the kinks.
    fn corners(&self) -> Vec<Vec<f64>> {
        let (k, range) = (self.kinks.count(), self.kinks.form.range);
        let corner = |code: usize| (0..k).map(|i| range[code >> i & 1]).collect();
        (0..1usize << k).map(corner).collect()
    }

    /// An estimate beside an element: the distance is at most to any element, and at least what a
    /// functional proves, which is largest at a vertex.
    fn implicit(
        &mut self,
        set: Set,
        [below, above]: [&str; 2],
        distance: &dyn Fn(Set, &Matrix) -> Option<Enclosure>,
    ) {
        let Some((centre, _)) = self.element(set) else {
            return;
        };
        let (d, m) = centre.shape();
        let size = libm::pow(0.25, self.random.integer(0, 6) as f64) * (1.0 + centre.norm());
        let shown = &centre + self.random.matrix(d, m) * (size / (d as f64 * m as f64).sqrt());
        let Some(claimed) = distance(set, &shown) else {
            return;
        };
        let mut least = f64::INFINITY;
        let mut nearest = centre;
        for _ in 0..20 {
            let Some((x, error)) = self.element(set) else {
                continue;
            };
            let here = ceiling(&(&shown - &x)) + error + gamma(4) * (shown.norm() + x.norm());
            if here < least {
                (least, nearest) = (here, x);
            }
        }
        self.worst.named(below, claimed.lower, least);
        let pair = climb(&(&shown - &nearest), self.random);
        let along = |x: &Matrix| pair.u.dot(&(x * &pair.v));
        let corners = self.corners();
        let mut support = f64::NEG_INFINITY;
        for a in &corners {
            for b in &corners {
                if set == Set::Joint && a != b {
                    continue;
                }
                let Some((x, error)) = self.kinks.element(a, b) else {
                    return;
                };
                support = support.max(along(&x) + error + gamma(d + m + 8) * x.norm());
            }
        }
        let lost = gamma(d + m + 8) * shown.norm();
        let proven = (along(&shown) - support - lost) * (1.0 - gamma(d + m + 16));
        self.worst.named(above, proven, claimed.upper);
    }

    /// An element of D_fix, pushed along a functional by vertices of D_Φ: it is not outside, and an
    /// estimate beside it no further outside than it is away.
    fn fixed(&mut self) {
        let s = self.slopes();
        let Some((mut x, mut error)) = self.kinks.element(&s, &s) else {
            return;
        };
        let q = 1.0 - 1.0 / self.kinks.kappa();
        let (d, m) = x.shape();
        let (u, v) = (self.random.normals(d), self.random.normals(m));
        let corners = self.corners();
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
            error = (q * error + self.kinks.step_lost(&x)) * (1.0 + gamma(4));
            x = next;
        }
        let beside = self.random.matrix(d, m)
            * (libm::pow(0.1, self.random.integer(1, 6) as f64) * (1.0 + x.norm()));
        for (shown, away) in [(x.clone(), 0.0), (&x + &beside, ceiling(&beside))] {
            let away = away + error + gamma(4) * (x.norm() + beside.norm());
            if let Some(lower) = self.kinks.outside_ball(Observed::Whole, &shown) {
                self.worst
                    .named("Δ(X, ball around D_fix) ≤ ‖X - element‖", lower, away);
            }
            if let Some(outside) = self.kinks.outside_fix(Observed::Whole, &shown, away) {
                self.worst
                    .named("Δ(X, D_fix) ≤ ‖X - element‖", outside.lower, away);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instances::{Instance, Kind, Spec};
    use crate::truth::Truth;

    /// The statements about sets at kinks that are refuted on twelve instances.
    fn refuted(tampered: impl Fn(Enclosure) -> Enclosure) -> Vec<String> {
        let (mut out, mut compared) = (Vec::new(), 0);
        for kind in [Kind::KinkElasticNet, Kind::KinkLayerRelu, Kind::KinkMaxMin] {
            for seed in 0..4 {
                let spec = Spec {
                    rows: 2,
                    ..Spec::typical(kind, 3)
                };
                let instance = Instance::generate(&spec, seed).unwrap();
                let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
                let kinks = Kinks::solve(&truth).unwrap();
                let (mut random, mut worst) = (Random::new(seed), Worst::of_samples());
                let distance = |set, x: &Matrix| {
                    let found = kinks.distance_to(set, Observed::Whole, x, NODES);
                    found.map(&tampered)
                };
                Outwards {
                    kinks: &kinks,
                    random: &mut random,
                    worst: &mut worst,
                }
                .all(&distance);
                compared += worst.compared;
                if !(worst.ratio <= 1.0) {
                    out.push(worst.what);
                }
            }
        }
        assert!(compared > 20);
        out.sort();
        out.dedup();
        out
    }

    #[test]
    fn distances_at_kinks_withstand_and_wrong_ones_fall() {
        assert_eq!(refuted(|e| e), Vec::<String>::new());
        let near = refuted(|e| Enclosure::new(0.0, 0.5 * e.upper));
        assert!(
            near.iter().all(|s| s.starts_with("⟨Y, X⟩")) && near.len() == 2,
            "{near:?}"
        );
        let far = refuted(|e| Enclosure::new(2.0 * e.upper, f64::INFINITY));
        assert!(
            far.iter().all(|s| s.contains("≤ ‖X - element‖")) && far.len() == 2,
            "{far:?}"
        );
    }
}
