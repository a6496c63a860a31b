//! Theorem 5.5: t, J and k grow together and E Δ² = O(1/k); held fixed, any one leaves a floor.

use super::super::checks::{Finding, is_worse, part};
use super::super::verdict::Record;
use super::inner_law::InnerLaw;
use super::theorem::{direction, solved};
use super::{Setting, decided, met, series};
use crate::error::Result;
use crate::linalg::Vector;
use crate::maps::composite::Sample;
use crate::theory::{Theorem54, Theorem55};
use crate::tol::{STILL_THERE, WELL_BELOW, bound_room, gamma};
use crate::truth::expectation::{
    Readout, Recursion, conditional_readout, mean_of_samples, reference,
};

/// J = ⌈k/16⌉: the law of w̄ stays enumerable for the k that are looked at.
const J_PER_K: f64 = 1.0 / 16.0;

/// ρ₀ of the planted approximate fixed points, ‖w_t - w(λ)‖² = ρ₀/t.
const RHO: f64 = 0.25;

pub(super) fn judge(s: &Setting<'_>, records: &mut Vec<Record>) -> Result<Finding> {
    let i = s.instance;
    let star = solved(s)?;
    let wanted = reference(&i.map, &star.w, &i.lambda, &i.cotangent, 0.0)?.r;
    let along = direction(s);
    let last = s.check.steps;
    let mut ks: Vec<usize> =
        std::iter::successors(Some(last), |k| (*k > 1).then_some(k / 2)).collect();
    ks.reverse();
    let at = |t: usize| -> Vec<f64> {
        let far = (RHO / t as f64).sqrt();
        star.w
            .iter()
            .zip(&along)
            .map(|(a, b)| a + far * b)
            .collect()
    };
    // The constants of Assumption 5.2 uniformly over the w in use.
    let mut variance = i.map.variance(&at(1), &i.lambda, i.inner_batch);
    let mut sigma1 = 0.0f64;
    for k in &ks {
        let v = i.map.variance(&at(*k), &i.lambda, i.inner_batch);
        variance.s2 = variance.s2.max(v.s2);
        variance.sigma2 = variance.sigma2.max(v.sigma2);
        sigma1 = sigma1.max(i.map.variance(&at(*k), &i.lambda, i.batch).sigma1);
    }
    let mut lemma = s.lemma_d3();
    lemma.sigma1 = sigma1;
    let linear = met(lemma.rate(1.0, 1.0))?;
    let theorem = Theorem55 {
        constants: Theorem54::new(&i.map, &star.w, &i.lambda, &i.cotangent, &variance),
        linear,
        // ‖w_t - w(λ)‖ ≤ √(ρ₀/t), the error of the computed w(λ) included: √t times it is at most √last times.
        rho0: (RHO.sqrt() * (1.0 + gamma(i.map.dim() + 16)) + (last as f64).sqrt() * star.error)
            .powi(2),
        t_per_k: 1.0,
        j_per_k: J_PER_K,
    };
    let constant = met(theorem.constant())?;
    let mse = |t: usize, j: usize, k: usize| one(s, &at(t), j, k, &wanted, |m| linear.step(m));
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0);
    let mut of_constant = f64::NEG_INFINITY;
    let mut curves: [Vec<f64>; 6] = Default::default();
    for k in &ks {
        let (t, j) = theorem.schedule(*k);
        let Some(grown) = mse(t, j, *k)? else {
            return Ok(Finding::inconclusive(
                "w̄ has too many outcomes to enumerate",
            ));
        };
        let bound = met(theorem.bound(*k))?;
        let room = bound_room(*k) + gamma(16 * i.map.dim().pow(2) * (k + 1));
        let ratio = part(grown, bound * room);
        if is_worse(ratio, worst.0) {
            worst = (ratio, grown, bound, *k);
        }
        let along = bound * *k as f64 / (constant * room);
        if is_worse(along, of_constant) {
            of_constant = along;
        }
        curves[0].push(grown);
        curves[1].push(bound);
        curves[2].push(constant / *k as f64);
        for (curve, (t, j, k)) in
            curves[3..]
                .iter_mut()
                .zip([(1, j, *k), (t, 1, *k), (t, j, ks[0])])
        {
            curve.push(mse(t, j, k)?.unwrap_or(f64::NAN));
        }
    }
    let n = ks.len() - 1;
    let names = ["t = 1", "J = 1", "k = 1"];
    let exact = floors(s, &star.w, &at(1), ks[0], &wanted, |m| linear.step(m))?;
    let (mut held, mut unseen) = (Vec::new(), Vec::new());
    let mut above = true;
    for ((name, curve), floor) in names.iter().zip(&curves[3..]).zip(exact) {
        if floor > WELL_BELOW * curves[0][n] {
            above &= curve[n] >= STILL_THERE * floor;
            held.push(format!(
                "{name} leaves {:.2e} (exact floor {floor:.2e}) where the growing schedule has {:.2e}",
                curve[n], curves[0][n]
            ));
        } else {
            unseen.push(*name);
        }
    }
    if s.label.plot {
        let labels = [
            "E‖r - r*‖², t = k, J = k/16",
            "Theorem 5.4 along the schedule",
            "C/k",
            "t held at 1",
            "J held at 1",
            "k held at 1",
        ];
        let all = labels
            .iter()
            .zip(&curves)
            .map(|(l, c)| series(l, c.clone()))
            .collect();
        records.push(s.record("schedule", linear.gamma, ks.clone(), all));
    }
    let (ratio, measured, bound, k) = worst;
    let holds = ratio <= 1.0 && of_constant <= 1.0 && above;
    let mut detail = format!(
        "exact along t = k, J = k/16, k = 1..{last} (γ = {:.1}): at most {ratio:.2e} of Theorem 5.4's bound, at k = {k}, that at most {of_constant:.2e} of C/k, C = {constant:e}; {} of 3 floors judged",
        linear.gamma,
        held.len()
    );
    for floor in held {
        detail += &format!("; {floor}");
    }
    if !unseen.is_empty() {
        detail += &format!("; no floor to see here: {}", unseen.join(", "));
    }
    Ok(decided(holds, measured, bound, detail))
}

fn one(
    s: &Setting<'_>,
    w: &[f64],
    j: usize,
    k: usize,
    r_star: &Vector,
    eta: impl Fn(usize) -> f64,
) -> Result<Option<f64>> {
    let law = InnerLaw::new(s, w, j)?;
    let curve = law.map(|l| l.mse(&[k], r_star, eta)).transpose()?;
    Ok(curve.flatten().map(|c| c[0]))
}

/// What is left of E‖r - r*‖² when everything but t, J or k has converged: with w_1 and no noise; with the w̄ of
/// one minibatch at w(λ); with v_k at w(λ) and no noise in w̄. NaN where the law of w̄ is out of reach.
fn floors(
    s: &Setting<'_>,
    star: &[f64],
    first: &[f64],
    k: usize,
    r_star: &Vector,
    eta: impl Fn(usize) -> f64,
) -> Result<[f64; 3]> {
    let i = s.instance;
    let (map, lambda, y) = (&i.map, &i.lambda[..], &i.cotangent[..]);
    let by_t = (reference(map, first, lambda, y, 0.0)?.r - r_star).norm_squared();
    let mut by_j = f64::NAN;
    if let Some(law) = mean_of_samples(map, i.inner_batch) {
        by_j = 0.0;
        for o in law {
            let (gamma, read) = conditional_readout(map, star, lambda, &o.samples, 0.0)?;
            let recursion = Recursion::nsid(map, star, lambda, &gamma, y, i.batch)?;
            by_j += o.probability * (&read.k * recursion.v_hat() - r_star).norm_squared();
        }
    }
    let gamma = map.mean_gamma(star, lambda, 0.0);
    let g = map.outer();
    let d2 = map.inner().d2_matrix(star, Sample::Mean);
    let read = Readout {
        k: (g.d1_matrix(&gamma) * d2 + g.d2_matrix(&gamma, map.params())).transpose(),
        spread: None,
    };
    let mut recursion = Recursion::nsid(map, star, lambda, &gamma, y, i.batch)?;
    let at = recursion.moments(k, eta);
    Ok([by_t, by_j, read.mse(&recursion, &at, r_star)])
}
