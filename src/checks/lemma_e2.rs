//! Lemma E.2 at pairs of points: how far ∇E moves, and that the first jump is as large as it is
//! said to be.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::worst::Worst;
use crate::case::Target;
use crate::error::Result;
use crate::evidence::Run;
use crate::instances::Random;
use crate::linalg::Vector;
use crate::linalg::product::norm2;
use crate::objectives::{GradientModuli, Objective, Rows};
use crate::tol::{RAY_WIDTH, Roundoff, STEEPEST_ROOM, bound_room, gamma};

pub(super) const ENTRY: Entry = Entry {
    name: "lemma-e-2",
    about: "Lemma E.2 at random pairs of points, and just beyond the nearest kink of the objective",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(LemmaE2)),
};

/// Lemma E.2 at pairs of points.
#[derive(Debug)]
struct LemmaE2;

/// Base points besides w(λ).
const BASES: usize = 4;
/// Steps of the power iteration.
const POWER_STEPS: usize = 200;
/// Random partners per scale.
const PARTNERS: usize = 3;

impl Check for LemmaE2 {
    fn label(&self) -> &'static str {
        "modulus"
    }

    fn name(&self) -> String {
        "lemma-e-2".into()
    }

    fn catches(&self, _: f64) -> String {
        "A modulus of ∇E that is too small anywhere, or too large (by 5 % for least squares; just beyond the nearest kink for absolute losses)."
            .into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn knows(&self, target: Target<'_>) -> bool {
        matches!(target, Target::Hypergradient(_))
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let Target::Hypergradient(objective) = c.e.target else {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "there is no objective",
            ));
        };
        let exact = c.e.exact()?;
        let lambda = exact.truth.lambda.as_slice();
        let moduli_at = |w: &Vector| objective.moduli(w.as_slice(), lambda, 0.0);
        let given = (objective, lambda, exact.seed);
        Ok(judge_with(c.slack, given, exact.truth.w(), moduli_at))
    }
}

/// The same with moduli from elsewhere.
pub(super) fn judge_with(
    slack: f64,
    (objective, lambda, seed): (&Objective, &[f64], u64),
    star: &Vector,
    moduli_at: impl Fn(&Vector) -> GradientModuli,
) -> Finding {
    let d = star.len();
    let mut random = Random::new(seed ^ 0x00E2_0000);
    let mut bases = vec![star.clone()];
    for k in 0..BASES {
        let scale = [0.05, 0.5, 2.0, 10.0][k % 4] * (1.0 + star.norm()) / (d as f64).sqrt();
        bases.push(star + random.normals(d) * scale);
    }
    let at = |w: &Vector| objective.gradients(w.as_slice(), lambda, Rows::All);
    let mut worst = Worst::of_samples();
    let (mut pairs, mut attained) = (0, 0);
    for base in &bases {
        let moduli = moduli_at(base);
        if !moduli.kinks.is_empty() {
            continue;
        }
        let at_base = at(base);
        let mut partners: Vec<Vector> = Vec::new();
        for scale in [0.01, 0.3, 3.0, 30.0] {
            let size = scale * (1.0 + base.norm()) / (d as f64).sqrt();
            partners.extend((0..PARTNERS).map(|_| base + random.normals(d) * size));
        }
        // Towards the nearest kink, and a hair beyond it.
        let beyond = nearest_kink(objective, lambda, base, &moduli);
        let first = beyond.as_ref().map(|_| partners.len());
        partners.extend(beyond);
        // Along the steepest direction ∇₁E of least squares moves by L_1 times the distance.
        if let Objective::LeastSquares(_) = objective
            && let Some(steepest) = steepest(objective, lambda, base)
        {
            let u = base + steepest;
            let gap: Vec<f64> = at(&u)[0]
                .iter()
                .zip(&at_base[0])
                .map(|(a, b)| a - b)
                .collect();
            let e = (&u - base).norm();
            attained += 1;
            worst.sample(moduli.l[0] * e, norm2(&gap) * (1.0 + STEEPEST_ROOM), || {
                format!("L_1 is attained along the steepest direction at {e:.3e}")
            });
        }
        for (index, u) in partners.iter().enumerate() {
            pairs += 1;
            let e = (u - base).norm();
            let at_u = at(u);
            let lost = [base, u].map(|w| {
                let none = (0.0, Roundoff::DOUBLE);
                objective.lost((w.as_slice(), lambda), none, Rows::All)
            });
            for j in 0..2 {
                let gap: Vec<f64> = at_u[j]
                    .iter()
                    .zip(&at_base[j])
                    .map(|(a, b)| a - b)
                    .collect();
                let room = lost[0][j] + lost[1][j];
                let gap = norm2(&gap);
                let place = |what: &str| {
                    format!("‖∇_{}E(u) - ∇_{}E(u')‖ ≤ {what} at {e:.3e}", j + 1, j + 1)
                };
                worst.sample(gap - room, moduli.omega(j + 1, e), || place("ω"));
                worst.sample(gap - room, moduli.c(j + 1, e) * e, || {
                    place("(L + M/R)‖u-u'‖")
                });
                // One row has passed its kink: what it adds is known.
                if Some(index) == first && j == 0 {
                    attained += 1;
                    let jump = moduli.omega(1, e);
                    worst.sample(jump, gap * (1.0 + gamma(8 * d + 64)) + room, || {
                        format!(
                            "ω_1 at R = {:.3e} is attained beyond the nearest kink",
                            moduli.r
                        )
                    });
                }
            }
        }
    }
    if pairs == 0 {
        let why = "every point is at a kink of the objective";
        return Finding::undecided(Reason::NothingToSee, why);
    }
    let holds = worst.ratio <= slack * bound_room(0);
    let verb = if holds { "closest" } else { "violated" };
    let detail = format!(
        "{verb}: {}; {pairs} pairs, {attained} of them where ω_1 is attained",
        worst.what
    );
    Finding::below(holds, Unit::Modulus, worst.measured, worst.bound, detail)
}

/// The direction in which ∇₁E moves fastest, by power iteration on its differences, as long as the
/// base point is large.
fn steepest(objective: &Objective, lambda: &[f64], base: &Vector) -> Option<Vector> {
    let gradient = |w: &Vector| Vector::from_vec(objective.gradient_w(w.as_slice(), lambda));
    let (size, here) = (1.0 + base.norm(), gradient(base));
    let d = base.len();
    let mut v = Vector::from_element(d, size / (d as f64).sqrt());
    for _ in 0..POWER_STEPS {
        let moved = gradient(&(base + &v)) - &here;
        let norm = moved.norm();
        if !(norm > 0.0) {
            return None;
        }
        v = moved * (size / norm);
    }
    Some(v)
}

/// The point just beyond the nearest kink of the objective, where no other is passed on the way:
/// along the jump of the gradient, which is the direction of the row.
fn nearest_kink(
    objective: &Objective,
    lambda: &[f64],
    base: &Vector,
    moduli: &GradientModuli,
) -> Option<Vector> {
    if !moduli.r.is_finite() {
        return None;
    }
    let reach = moduli.r * (1.0 + 8.0 * RAY_WIDTH);
    // Another jump within a hair of the first would add to it.
    if moduli.omega(1, reach) != moduli.omega(1, moduli.r) {
        return None;
    }
    (0..objective.rows())
        .filter_map(|i| {
            // The gradient of one row of an absolute loss is ±x_i.
            let [own, _] = objective.gradients(base.as_slice(), lambda, Rows::Of(&[i]));
            let direction = Vector::from_vec(own);
            let size = direction.norm();
            (size > 0.0).then(|| base - direction * (reach / size))
        })
        .find(|u| {
            let [there, here] = [u, base].map(|w| objective.gradient_w(w.as_slice(), lambda));
            there != here
        })
}
