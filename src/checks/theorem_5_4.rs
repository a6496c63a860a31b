//! Theorem 5.4 against the exact mean square error.

use super::super::checks::{Finding, is_worse, part};
use super::inner_law::InnerLaw;
use super::{Setting, decided, met};
use crate::error::{Error, Result};
use crate::instances::{Random, mix};
use crate::theory::Theorem54;
use crate::tol::{bound_room, gamma};
use crate::truth::expectation::{Solution, reference, solution};

/// Distances ‖w - w(λ)‖ tried.
const DISTANCES: [f64; 4] = [0.0, 0.001, 0.1, 1.0];

/// J tried.
const INNER: [usize; 3] = [1, 4, 16];

/// w(λ), or the hypothesis that fails.
pub(super) fn solved(s: &Setting<'_>) -> Result<Solution> {
    solution(&s.instance.map, &s.instance.lambda)
        .ok_or_else(|| Error::input(format!("w(λ) is not certified: q = {}", s.q)))
}

/// A unit vector; for the extremal instance the one of the theory.
pub(super) fn direction(s: &Setting<'_>) -> Vec<f64> {
    let d = s.instance.map.dim();
    if d == 1 {
        return vec![1.0];
    }
    let mut random = Random::new(mix(&[s.instance.seed, 4]));
    let v = random.normals(d);
    (&v / v.norm()).as_slice().to_vec()
}

pub(super) fn judge(s: &Setting<'_>) -> Result<Finding> {
    let i = s.instance;
    let star = solved(s)?;
    let wanted = reference(&i.map, &star.w, &i.lambda, &i.cotangent, 0.0)?.r;
    let along = direction(s);
    let mut steps = vec![0, 10, s.check.steps / 10, s.check.steps];
    steps.sort_unstable();
    steps.dedup();
    let mut tightest = (f64::NEG_INFINITY, f64::NAN, f64::NAN, String::new());
    let (mut compared, mut left_out) = (0, 0);
    for distance in DISTANCES {
        let w: Vec<f64> = star
            .w
            .iter()
            .zip(&along)
            .map(|(a, b)| a + distance * b)
            .collect();
        let variance = i.map.variance(&w, &i.lambda, i.inner_batch);
        let theorem = Theorem54::new(&i.map, &star.w, &i.lambda, &i.cotangent, &variance);
        met(theorem.check())?;
        let rate = met(s.lemma_d3_at(&w).rate(1.0, 1.0))?;
        let rho = (distance * (1.0 + gamma(i.map.dim() + 8)) + star.error).powi(2);
        for j in INNER {
            let law = InnerLaw::new(s, &w, j)?;
            let curve = law.map(|l| l.mse(&steps, &wanted, |k| rate.step(k)));
            let Some(curve) = curve.transpose()?.flatten() else {
                left_out += 1;
                continue;
            };
            // What the error of the computed w(λ) can move the reference: the theorem without noise.
            let floor = met(Theorem54 {
                s2: 0.0,
                sigma2: 0.0,
                ..theorem
            }
            .bound(star.error.powi(2), 1, 0.0))?;
            for (k, mse) in steps.iter().zip(&curve) {
                let bound = met(theorem.bound(rho, j, rate.at(*k)))?;
                let room = bound_room(*k) + gamma(16 * i.map.dim().pow(2) * (k + 1));
                let ratio = part(mse.sqrt(), bound * room + floor);
                compared += 1;
                if is_worse(ratio, tightest.0) {
                    let place = format!("at ‖w - w(λ)‖ = {distance}, J = {j}, k = {k}");
                    tightest = (ratio, mse.sqrt(), bound, place);
                }
            }
        }
    }
    if compared == 0 {
        return Ok(Finding::inconclusive(
            "w̄ has too many outcomes to enumerate",
        ));
    }
    let (ratio, measured, bound, place) = tightest;
    let verb = if ratio <= 1.0 { "tightest" } else { "exceeded" };
    let mut detail = format!(
        "{compared} exact values of sqrt(E‖r - r*‖²), no sampling; {verb} {place}, {ratio:.2e} of the bound"
    );
    if left_out > 0 {
        detail += &format!("; {left_out} (w, J) left out: too many outcomes of w̄");
    }
    Ok(decided(ratio <= 1.0, measured, bound, detail))
}
