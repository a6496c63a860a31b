//! Lemma 2.5 at pairs of points: base points u' around w(λ), u at random and where it is worst,
//! just beyond the nearest kinks.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Unit};
use super::pieces::{nearest_units, piece};
use super::worst::Worst;
use crate::error::Result;
use crate::evidence::{Exact, Run};
use crate::instances::Random;
use crate::linalg::norm::spectral_lower;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Map, Moduli, Rounding, Tie};
use crate::tol::{RAY_WIDTH, bound_room, gamma};
use crate::truth::Truth;

pub(super) const ENTRY: Entry = Entry {
    name: "modulus",
    about: "Lemma 2.5 at random and adversarial pairs of points",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Modulus)),
};

/// Lemma 2.5 at random and adversarial pairs of points.
#[derive(Debug)]
struct Modulus;

/// Base points besides w(λ).
const BASES: usize = 4;
/// Random partners per scale.
const PARTNERS: usize = 3;
/// How far beyond a kink the adversarial partners lie, as multiples of its distance.
const BEYOND: [f64; 3] = [1.0 + 8.0 * RAY_WIDTH, 2.0, 16.0];

impl Check for Modulus {
    fn label(&self) -> &'static str {
        "modulus"
    }

    fn catches(&self, _: f64) -> String {
        "A modulus of D_Φ that is too small anywhere, or too large just beyond the nearest kink."
            .into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let truth = &exact.truth;
        Ok(judge_with(c.slack, exact, |base| {
            truth.map.moduli_at(base.as_slice(), &truth.lambda, 0.0)
        }))
    }
}

/// The partners of a base point: at random, and just beyond its nearest kinks; and which of them is
/// just beyond the nearest one.
fn partners(
    truth: &Truth,
    moduli: &Moduli,
    base: &Vector,
    random: &mut Random,
) -> (Vec<Vector>, Option<usize>) {
    let d = base.len();
    let mut partners: Vec<Vector> = Vec::new();
    for scale in [0.01, 0.3, 3.0, 30.0] {
        let size = scale * (1.0 + base.norm()) / (d as f64).sqrt();
        partners.extend((0..PARTNERS).map(|_| base + random.normals(d) * size));
    }
    let mut first = None;
    if moduli.r.is_finite() {
        let step = (moduli.r / 8.0).min(1.0);
        for (k, (_, g)) in nearest_units(&truth.map, &truth.lambda, base, step)
            .into_iter()
            .enumerate()
        {
            let unit = &g / g.norm();
            let reach = distance_to_kink(&truth.map, &truth.lambda, base, &unit, moduli.r);
            let Some(reach) = reach else { continue };
            for beyond in BEYOND {
                if k == 0 && beyond == BEYOND[0] {
                    first = Some(partners.len());
                }
                partners.push(base + &unit * (reach * beyond));
            }
        }
    }
    (partners, first)
}

/// The same with the moduli of a base point from elsewhere.
pub(super) fn judge_with(
    slack: f64,
    exact: &Exact,
    moduli_at: impl Fn(&Vector) -> Moduli,
) -> Finding {
    let truth = &exact.truth;
    let star = truth.w();
    let d = star.len();
    let mut random = Random::new(exact.seed ^ 0x0025_0000);
    let mut bases = vec![star.clone()];
    for k in 0..BASES {
        let scale = [0.05, 0.5, 2.0, 10.0][k % 4] * (1.0 + star.norm()) / (d as f64).sqrt();
        bases.push(star + random.normals(d) * scale);
    }
    let mut worst = Worst::of_samples();
    let (mut attained, mut pairs) = (0, 0);
    for base in &bases {
        let moduli = moduli_at(base);
        if !moduli.kinks.is_empty() {
            continue;
        }
        let at_base = jacobians(&truth.map, &truth.lambda, base);
        let (partners, first) = partners(truth, &moduli, base, &mut random);
        for (index, u) in partners.iter().enumerate() {
            pairs += 1;
            let e = (u - base).norm();
            let at_u = jacobians(&truth.map, &truth.lambda, u);
            let norm = u.norm().max(base.norm());
            let lost = [
                Rounding::at(truth.rounding.push_w, norm) * 2.0 * (d as f64).sqrt(),
                Rounding::at(truth.rounding.push_lambda, norm) * 2.0,
            ];
            for j in 0..2 {
                let gap = spectral_lower(&(&at_u[j] - &at_base[j])) - lost[j];
                worst.sample(gap, moduli.omega(j + 1, e), || {
                    format!(
                        "Δ(D_Φ,{}(u), D_Φ,{}(u')) ≤ ω at ‖u-u'‖ = {e:.3e}",
                        j + 1,
                        j + 1
                    )
                });
                worst.sample(gap, moduli.c(j + 1, e) * e, || {
                    format!(
                        "Δ(D_Φ,{}(u), D_Φ,{}(u')) ≤ (L + M/R)‖u-u'‖ at {e:.3e}",
                        j + 1,
                        j + 1
                    )
                });
            }
            // Just beyond the nearest kink one unit has changed, and ω_1 is the norm of what it
            // changed.
            let alone = moduli.stairs.len() < 2 || moduli.stairs[1].radius > e;
            let crossed =
                || piece(&truth.map, &truth.lambda, u) != piece(&truth.map, &truth.lambda, base);
            if Some(index) == first && moduli.r_attained && moduli.l[0] == 0.0 && alone && crossed()
            {
                let gap = spectral_lower(&(&at_u[0] - &at_base[0]));
                let jump = moduli.stairs.first().map_or(0.0, |s| s.jump[0]);
                let room = gap * (1.0 + gamma(8 * d + 64)) + 2.0 * lost[0];
                attained += 1;
                worst.sample(jump, room, || {
                    format!(
                        "ω_1 at R = {:.3e} is attained beyond the nearest kink",
                        moduli.r
                    )
                });
            }
        }
    }
    let holds = worst.ratio <= slack * bound_room(0);
    let verb = if holds { "closest" } else { "violated" };
    let detail = format!(
        "{verb}: {}; {pairs} pairs, {attained} of them where ω_1 is attained",
        worst.what
    );
    Finding::below(holds, Unit::Modulus, worst.measured, worst.bound, detail)
}

fn jacobians(map: &Map, lambda: &[f64], u: &Vector) -> [Matrix; 2] {
    let mut lin = map.linearization();
    map.linearize(u.as_slice(), lambda, &mut Tie::Weight(0.0), &mut lin);
    [map.jacobian_w(&lin), map.jacobian_lambda(&lin)]
}

/// The distance at which the piece changes along ±`unit`, negative along -`unit`; `None` within 64R
/// of neither.
fn distance_to_kink(
    map: &Map,
    lambda: &[f64],
    base: &Vector,
    unit: &Vector,
    r: f64,
) -> Option<f64> {
    let piece = |at: f64| piece(map, lambda, &(base + unit * at));
    let own = piece(0.0);
    let mut size = r;
    for _ in 0..24 {
        for sign in [1.0, -1.0] {
            if piece(sign * size) != own {
                let (mut low, mut high) = (0.0, sign * size);
                while (high - low).abs() > RAY_WIDTH * high.abs() {
                    let middle = 0.5 * (low + high);
                    if piece(middle) == own {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                return Some(high);
            }
        }
        size *= 1.2;
    }
    None
}
