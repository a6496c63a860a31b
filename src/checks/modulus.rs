//! Lemma 2.5 at pairs of points: base points u' around w(λ), u at random and where it is worst, just beyond the nearest kinks.

use super::{Check, Exact, Finding};
use crate::instances::Random;
use crate::linalg::norm::spectral_lower;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Map, Moduli, Rounding, Tie};
use crate::tol::{RAY_WIDTH, bound_room, gamma};

/// Base points besides w(λ).
const BASES: usize = 4;
/// Random partners per scale.
const PARTNERS: usize = 3;
/// How far beyond a kink the adversarial partners lie, as multiples of its distance.
const BEYOND: [f64; 3] = [1.0 + 8.0 * RAY_WIDTH, 2.0, 16.0];

/// Gradients ∂z_i/∂w of the three units nearest to their kink at `at`, by differences with this step: z is affine in w within R
/// on the maps whose R is attained.
pub(super) fn nearest_units(
    map: &Map,
    lambda: &[f64],
    at: &Vector,
    step: f64,
) -> Vec<(usize, Vector)> {
    let d = at.len();
    let mut lin = map.linearization();
    let mut inputs = |u: &Vector| {
        map.linearize(u.as_slice(), lambda, &mut Tie::Weight(0.0), &mut lin);
        (lin.z.clone(), lin.margin.clone())
    };
    let (base, margin) = inputs(at);
    let mut gradients = vec![Vector::zeros(d); base.len()];
    for k in 0..d {
        let mut u = at.clone();
        u[k] += step;
        let (z, _) = inputs(&u);
        for (i, gradient) in gradients.iter_mut().enumerate() {
            gradient[k] = (z[i] - base[i]) / step;
        }
    }
    let mut units: Vec<(usize, Vector)> = gradients
        .into_iter()
        .enumerate()
        .filter(|(_, gradient)| gradient.norm() > 0.0)
        .collect();
    let radius = |(i, gradient): &(usize, Vector)| margin[*i] / gradient.norm();
    units.sort_by(|a, b| radius(a).total_cmp(&radius(b)));
    units.truncate(3);
    units
}

pub(super) fn judge(check: &Check, exact: &Exact) -> Finding {
    judge_with(check, exact, |base| {
        let truth = &exact.truth;
        truth.map.moduli_at(base.as_slice(), &truth.lambda, 0.0)
    })
}

/// The same with the moduli of a base point from elsewhere.
pub(super) fn judge_with(
    check: &Check,
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
    let mut worst = Worst::default();
    let (mut attained, mut pairs) = (0, 0);
    for base in &bases {
        let moduli = moduli_at(base);
        if !moduli.kinks.is_empty() {
            continue;
        }
        let at_base = jacobians(&truth.map, &truth.lambda, base);
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
                worst.see(gap, moduli.omega(j + 1, e), || {
                    format!(
                        "Δ(D_Φ,{}(u), D_Φ,{}(u')) ≤ ω at ‖u-u'‖ = {e:e}",
                        j + 1,
                        j + 1
                    )
                });
                worst.see(gap, moduli.c(j + 1, e) * e, || {
                    format!(
                        "Δ(D_Φ,{}(u), D_Φ,{}(u')) ≤ (L + M/R)‖u-u'‖ at {e:e}",
                        j + 1,
                        j + 1
                    )
                });
            }
            // Just beyond the nearest kink one unit has changed, and ω_1 is the norm of what it changed.
            let alone = moduli.stairs.len() < 2 || moduli.stairs[1].radius > e;
            let crossed =
                || piece(&truth.map, &truth.lambda, u) != piece(&truth.map, &truth.lambda, base);
            if Some(index) == first && moduli.r_attained && moduli.l[0] == 0.0 && alone && crossed()
            {
                let gap = spectral_lower(&(&at_u[0] - &at_base[0]));
                let jump = moduli.stairs.first().map_or(0.0, |s| s.jump[0]);
                let room = gap * (1.0 + gamma(8 * d + 64)) + 2.0 * lost[0];
                attained += 1;
                worst.see(jump, room, || {
                    format!(
                        "ω_1 at R = {:e} is attained beyond the nearest kink",
                        moduli.r
                    )
                });
            }
        }
    }
    let holds = worst.ratio <= check.slack * bound_room(0);
    let verb = if holds { "closest" } else { "violated" };
    let detail = format!(
        "{verb}: {}; {pairs} pairs, {attained} of them where ω_1 is attained",
        worst.what
    );
    Finding::decided(
        holds,
        worst.measured,
        worst.bound,
        worst.bound / worst.measured,
        detail,
    )
}

fn jacobians(map: &Map, lambda: &[f64], u: &Vector) -> [Matrix; 2] {
    let mut lin = map.linearization();
    map.linearize(u.as_slice(), lambda, &mut Tie::Weight(0.0), &mut lin);
    [map.jacobian_w(&lin), map.jacobian_lambda(&lin)]
}

/// The piece at u.
pub(super) fn piece(map: &Map, lambda: &[f64], u: &Vector) -> Vec<f64> {
    let mut lin = map.linearization();
    map.linearize(u.as_slice(), lambda, &mut Tie::Weight(0.0), &mut lin);
    lin.piece().collect()
}

/// The distance at which the piece changes along ±`unit`, negative along -`unit`; `None` within 64R of neither.
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

/// The largest ratio measured/bound so far.
pub(super) struct Worst {
    pub(super) ratio: f64,
    pub(super) measured: f64,
    pub(super) bound: f64,
    pub(super) what: String,
}

impl Default for Worst {
    fn default() -> Self {
        Self {
            ratio: 0.0,
            measured: 0.0,
            bound: f64::NAN,
            what: "nothing was above 0".into(),
        }
    }
}

impl Worst {
    /// The same with a fixed name.
    pub(super) fn named(&mut self, what: &str, measured: f64, bound: f64) {
        self.see(measured, bound, || what.into());
    }

    pub(super) fn see(&mut self, measured: f64, bound: f64, what: impl FnOnce() -> String) {
        let ratio = if measured <= 0.0 {
            0.0
        } else {
            measured / bound
        };
        if !(ratio <= self.ratio) {
            *self = Self {
                ratio,
                measured,
                bound,
                what: what(),
            };
        }
    }
}
