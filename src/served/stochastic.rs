//! NSID on served samples (theory, section 10, item 10; Algorithms 1 and 3).
//!
//! Owns the recursion with given indices on served products, and the exact moments of its estimate
//! given ξ⁽¹⁾. In units of the scales: ỹ = S_w y, ṽ = S_w v, r̃ = S_λ r.

use super::caller::{Asked, Caller, Part, Question};
use super::evaluation::Drawn;
use super::hypergradient::{scaled, step_by_step};
use super::noise::Noise;
use super::report::Found;
use super::spectral::radius;
use super::units::Units;
use crate::checks::Reason;
use crate::linalg::random::Random;
use crate::linalg::{Matrix, Vector, norm};
use crate::tol::{
    SERVED_DECLARED, SERVED_DEVIATIONS, SERVED_MOMENTS, SERVED_NEAR, SERVED_RECURSION,
};
use crate::truth::expectation::{Covariance, Readout, Recursion, lyapunov};

/// Steps at which the recursion is looked at.
const STEPS: [usize; 6] = [0, 1, 2, 5, 10, 20];
/// Steps at which moments are looked at.
const MOMENTS_AT: [usize; 3] = [2, 8, 20];
/// J, and the length of minibatches.
const INNER: usize = 3;
const BATCH: usize = 2;
/// Runs of the user's routine from which its moments are taken.
const RUNS: usize = 256;
/// Halvings of the step size.
const TRIES: i32 = 8;

/// Independent uniform indices.
fn drawn(n: usize, batch: usize, inner: Vec<Vec<usize>>, eta: f64, random: &mut Random) -> Drawn {
    let last = STEPS[STEPS.len() - 1];
    Drawn {
        inner_samples: inner,
        samples: (0..last).map(|_| indices(n, batch, random)).collect(),
        step_sizes: (0..last).map(|i| step_size(eta, i)).collect(),
    }
}

fn step_size(eta: f64, i: usize) -> f64 {
    eta / (1.0 + 0.1 * i as f64)
}

/// What one product is off by, relatively.
fn rounding(caller: &Caller<'_>, noise: &Noise) -> f64 {
    SERVED_RECURSION * (caller.spec.dim + 16) as f64 * noise.products
        + SERVED_DECLARED * caller.spec.tolerance
}

fn indices(n: usize, batch: usize, random: &mut Random) -> Vec<usize> {
    (0..batch)
        .map(|_| random.below(n as u64) as usize)
        .collect()
}

fn inner(n: usize, random: &mut Random) -> Vec<Vec<usize>> {
    (0..INNER).map(|_| indices(n, BATCH, random)).collect()
}

/// Γ at w̄(ξ⁽¹⁾) with what reads v_k: r = Kv_k, K = (Γ₁D̂₂ + Γ₂)ᵀ.
struct Outer {
    /// Γ₁ (d×d).
    g: Matrix,
    /// K (m×d).
    k: Matrix,
    /// What rounding of w̄ makes of Γ.
    error: f64,
}

impl Outer {
    fn at(
        caller: &mut Caller<'_>,
        units: &Units,
        noise: &Noise,
        x: &[f64],
        inner: &[Vec<usize>],
        random: &mut Random,
    ) -> Asked<Self> {
        let (d, n) = caller.dims();
        let flat = inner.concat();
        let d2 = caller.sample_jacobians(&flat, x, &units.s, n)?;
        let d2 = { d2.iter() }.fold(Matrix::zeros(d, n - d), |s, v| s + v.columns(d, n - d));
        let d2 = d2 / flat.len() as f64;
        let (mut g, mut g2, mut error) = (Matrix::identity(d, d), Matrix::zeros(d, n - d), 0.0);
        if caller.spec.outer {
            let mut mean = vec![0.0; d];
            for i in &flat {
                let value = caller.values(Part::Sample(*i), &[x.to_vec()])?;
                mean.iter_mut().zip(&value[0]).for_each(|(m, v)| *m += v);
            }
            mean.iter_mut().for_each(|m| *m /= flat.len() as f64);
            let at = [&mean[..], &x[d..]].concat();
            let aside = units.near(&at, SERVED_NEAR, random);
            let aside = [&aside[..d], &x[d..]].concat();
            let moved: Vec<f64> = aside.iter().zip(&mean).map(|(a, b)| a - b).collect();
            let found = caller.jacobians(Part::Outer, &[at, aside], &units.s, n)?;
            let change = (&found[1] - &found[0]).norm();
            error = change / units.norm(&moved).max(f64::MIN_POSITIVE) * noise.norm(units);
            g = found[0].columns(0, d).into_owned();
            g2 = found[0].columns(d, n - d).into_owned();
        }
        let k = (&g * &d2 + g2).transpose();
        Ok(Self { g, k, error })
    }
}

/// (r_k, floor) at the steps, by v_{i+1} = (1-η_i)v_i + η_i((Γ₁∂₁T̂)ᵀv_i + y) on served products.
fn recursion(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    question: &Question,
    drawn: &Drawn,
    random: &mut Random,
) -> Asked<Vec<(Vector, f64)>> {
    let (d, x) = (units.d, &question.x);
    let outer = Outer::at(caller, units, noise, x, &drawn.inner_samples, random)?;
    let relative = outer.error / outer.g.norm().max(f64::MIN_POSITIVE) + rounding(caller, noise);
    let y = scaled(units, &question.y);
    let (mut v, mut error) = (Vector::zeros(d), 0.0f64);
    let mut out = Vec::new();
    for i in 0..=drawn.samples.len() {
        if question.steps.contains(&i) {
            let floor =
                norm::spectral_upper(&outer.k) * error + relative * outer.k.norm() * v.norm();
            out.push((&outer.k * &v, floor));
        }
        let Some(batch) = drawn.samples.get(i) else {
            break;
        };
        let found = caller.sample_jacobians(batch, x, &units.s, d)?;
        let a = { found.iter() }.fold(Matrix::zeros(d, d), |s, v| s + v.columns(0, d));
        let p = (&outer.g * (a / batch.len() as f64)).transpose();
        let eta = drawn.step_sizes[i];
        let size = outer.g.norm() * p.norm().max(1.0) * v.norm() + y.norm();
        error = ((1.0 - eta).abs() + eta * norm::spectral_upper(&p)) * error
            + relative * (eta * size + v.norm());
        v = &v * (1.0 - eta) + (p * &v + &y) * eta;
    }
    Ok(out)
}

/// The user's NSID against the recursion.
pub(super) fn steps(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    x: &[f64],
    random: &mut Random,
) -> Asked<Found> {
    step_by_step(caller, units, noise, |caller| {
        let question = question(caller.spec.samples, units, x, random);
        let drawn = question.drawn.clone().unwrap_or_default();
        let due = recursion(caller, units, noise, &question, &drawn, random)?;
        Ok((question, due))
    })
}

/// NSID at x with samples that are drawn.
pub(super) fn question(n: usize, units: &Units, x: &[f64], random: &mut Random) -> Question {
    let inner = inner(n, random);
    Question {
        x: x.to_vec(),
        steps: STEPS.to_vec(),
        y: units.functional(random),
        drawn: Some(drawn(n, BATCH, inner, 0.5, random)),
    }
}

/// The moments of r_k given ξ⁽¹⁾ at one point.
struct Exact {
    xi: Vec<Vec<usize>>,
    y: Vec<f64>,
    eta: f64,
    recursion: Recursion,
    readout: Readout,
    /// ρ(P).
    ratio: f64,
}

/// η_0 with which the second moment does not grow beyond its start.
fn safe(exact: &mut Recursion) -> Option<f64> {
    let last = STEPS[STEPS.len() - 1];
    let start = exact.start().mse();
    let mut halves = (0..TRIES).map(|t| 0.5f64.powi(t));
    halves.find(|eta| exact.moments(last, |i| step_size(*eta, i)).mse() <= start)
}

/// From the products of all samples; or why not.
fn exact(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    x: &[f64],
    random: &mut Random,
) -> Asked<Result<Exact, &'static str>> {
    let (d, n) = (units.d, caller.spec.samples);
    let xi = inner(n, random);
    let outer = Outer::at(caller, units, noise, x, &xi, random)?;
    let every: Vec<usize> = (0..n).collect();
    let found = caller.sample_jacobians(&every, x, &units.s, d)?;
    let p = found.iter().map(|v| (&outer.g * v).transpose());
    let p: Vec<Matrix> = p.collect();
    let mean = p.iter().fold(Matrix::zeros(d, d), |s, p| s + p) / n as f64;
    let q = p.iter().map(|p| p - &mean).collect();
    let ratio = radius(&mean);
    let y = units.functional(random);
    let covariance = Covariance::dense(d, q, 1.0 / n as f64);
    let Ok(mut recursion) = Recursion::new(mean, covariance, scaled(units, &y)) else {
        return Ok(Err("I - P is singular to working precision"));
    };
    let Some(eta) = safe(&mut recursion) else {
        return Ok(Err("the second moment of v_k grows with all steps tried"));
    };
    let readout = Readout {
        k: outer.k,
        spread: None,
    };
    Ok(Ok(Exact {
        xi,
        y,
        eta,
        recursion,
        readout,
        ratio,
    }))
}

impl Exact {
    /// The worst of all deviations, in parts of what is allowed, with what deviates.
    fn compared(
        &mut self,
        units: &Units,
        rounding: f64,
        runs: &[Vec<f64>],
        toward: &Vector,
    ) -> (f64, [f64; 2], &'static str) {
        let (d, m) = (units.d, units.s.len() - units.d);
        let count = runs.len() as f64;
        let mut at = self.recursion.start();
        let mut worst = (0.0f64, [0.0f64, 1.0f64], "E r");
        for (j, step) in MOMENTS_AT.iter().enumerate() {
            while at.i < *step {
                let eta = step_size(self.eta, at.i);
                self.recursion.step(&mut at, eta);
            }
            let due = self.readout.mean(&self.recursion, &at);
            let variance = self.readout.variance(&self.recursion, &at);
            let along = (self.readout.k.tr_mul(toward).transpose()
                * &at.c
                * self.readout.k.tr_mul(toward))[0];
            let r = runs
                .iter()
                .map(|a| Vector::from_fn(m, |i, _| a[j * m + i] * units.s[d + i]));
            let off: Vec<Vector> = r.map(|r| r - &due).collect();
            let rounded = rounding * *step as f64 * (due.norm() + variance.sqrt());
            let mean = off.iter().fold(Vector::zeros(m), |s, r| s + r) / count;
            let first = SERVED_DEVIATIONS * (along.max(0.0) / count).sqrt() + rounded;
            let squares: Vec<f64> = off.iter().map(Vector::norm_squared).collect();
            let average = squares.iter().sum::<f64>() / count;
            let scatter = squares.iter().map(|s| (s - average).powi(2)).sum::<f64>();
            let deviation = (scatter / (count * (count - 1.0))).sqrt();
            let second =
                SERVED_DEVIATIONS * deviation + rounded * rounded.max(2.0 * variance.sqrt());
            for (gap, allowed, what) in [
                (mean.dot(toward).abs(), first, "E r"),
                ((average - variance).abs(), second, "E‖r - E r‖²"),
            ] {
                let part = crate::checks::part(gap, allowed);
                if part > worst.0 {
                    worst = (part, [gap, allowed], what);
                }
            }
        }
        worst
    }

    /// What becomes of the mean square error with η_i = β/(γ+i).
    fn limit(&mut self) -> String {
        let beta = 2.0 / (1.0 - self.ratio.powi(2));
        let steps = format!("with η = {beta:.2}/(γ + i)");
        match lyapunov(&mut self.recursion, beta) {
            Some(l) => format!("{steps}, (γ + k)E‖v_k - v̂‖² tends to {:.3e}", l.trace),
            None => format!("{steps}, (γ + k)E‖v_k - v̂‖² has no limit"),
        }
    }
}

/// E r_k along one direction and E‖r_k - E r_k‖², given ξ⁽¹⁾, exactly from the products of all n
/// samples, against runs of the user's routine.
pub(super) fn moments(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    x: &[f64],
    random: &mut Random,
) -> Asked<Found> {
    let check = "nsid-moments";
    let (d, n) = (units.d, caller.spec.samples);
    if d > SERVED_MOMENTS.0 || n * d > SERVED_MOMENTS.1 {
        let text = format!("n = {n}, d = {d} is more than is enumerated");
        return Ok(Found::open(check, Reason::TooLarge, [f64::NAN; 2], text));
    }
    let mut exact = match exact(caller, units, noise, x, random)? {
        Ok(exact) => exact,
        Err(why) => {
            let none = [f64::NAN; 2];
            return Ok(Found::open(check, Reason::IllConditioned, none, why));
        }
    };
    let runs: Vec<Question> = (0..RUNS)
        .map(|_| Question {
            x: x.to_vec(),
            steps: MOMENTS_AT.to_vec(),
            y: exact.y.clone(),
            drawn: Some(drawn(n, 1, exact.xi.clone(), exact.eta, random)),
        })
        .collect();
    let answers = caller.hypergradients(&runs)?;
    let m = units.s.len() - d;
    let toward = Vector::from_fn(m, |_, _| random.sign() / (m as f64).sqrt());
    let rounding = rounding(caller, noise);
    let (part, numbers, what) = exact.compared(units, rounding, &answers, &toward);
    if !(part <= 1.0) {
        let text = format!(
            "{what} of {RUNS} runs differs from the exact one, from the products of all {n} \
             samples, by {part:.1e} times {SERVED_DEVIATIONS} standard errors"
        );
        return Ok(Found::failed(check, numbers, text)
            .naming("other samples, or other steps, than those given"));
    }
    let (eta, limit) = (exact.eta, exact.limit());
    let text = format!(
        "E r and E‖r - E r‖² of {RUNS} runs at steps {MOMENTS_AT:?} (η = {eta:.1e}/(1 + i/10)) are \
         the exact ones, from the products of all {n} samples, to {part:.1e} of \
         {SERVED_DEVIATIONS} standard errors; {limit}"
    );
    Ok(Found::passed(check, numbers, text))
}
