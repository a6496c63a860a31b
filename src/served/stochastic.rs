//! NSID on served samples (theory, section 10, item 10; Algorithms 1 and 3).
//!
//! Owns the recursion with given indices on served products, and the exact moments of its estimate
//! given ξ⁽¹⁾. In units of the scales: ỹ = S_w y, ṽ = S_w v, r̃ = S_λ r.

use super::caller::{Asked, Caller, Part, Question};
use super::evaluation::Drawn;
use super::hypergradient::{self, Worst, scaled, step_by_step};
use super::noise::Noise;
use super::report::Found;
use super::spectral::radius;
use super::units::Units;
use crate::checks::{Reason, part};
use crate::linalg::random::Random;
use crate::linalg::{Matrix, Vector};
use crate::tol::{SERVED_DECLARED, SERVED_MOMENTS, SERVED_NEAR, SERVED_RECURSION};
use crate::truth::expectation::{Covariance, Readout, Recursion, lyapunov};

/// Steps at which the recursion is looked at.
const STEPS: [usize; 6] = [0, 1, 2, 5, 10, LAST];
const LAST: usize = 20;
/// η_0 of them.
const FIRST_STEP: f64 = 0.5;
/// J, and the length of minibatches.
const INNER: usize = 3;
const BATCH: usize = 2;
/// Runs that are compared with all samples known, and how many go in a message.
const RUNS: usize = 64;
const AT_ONCE: usize = 8;
/// Halvings of the step size.
const TRIES: i32 = 8;

fn step_size(eta: f64, i: usize) -> f64 {
    eta / (1.0 + 0.1 * i as f64)
}

/// This many minibatches of independent uniform indices.
fn minibatches(count: usize, n: usize, random: &mut Random) -> Vec<Vec<usize>> {
    let mut one = || {
        (0..BATCH)
            .map(|_| random.below(n as u64) as usize)
            .collect()
    };
    (0..count).map(|_| one()).collect()
}

/// These updates from these ξ⁽¹⁾, with η_0.
fn drawn(xi: &[Vec<usize>], samples: Vec<Vec<usize>>, eta: f64) -> Drawn {
    Drawn {
        inner_samples: xi.to_vec(),
        step_sizes: (0..samples.len()).map(|i| step_size(eta, i)).collect(),
        samples,
    }
}

/// A matrix with the size of what it was summed from: what cancels keeps its rounding.
struct Summed {
    value: Matrix,
    size: f64,
}

impl Summed {
    /// The mean of some columns of several matrices.
    fn mean(all: &[Matrix], from: usize, columns: usize) -> Self {
        let zero = Matrix::zeros(all.first().map_or(0, Matrix::nrows), columns);
        let count = all.len() as f64;
        let sum = all.iter().fold(zero, |s, v| s + v.columns(from, columns));
        let sizes = all.iter().map(|v| v.columns(from, columns).norm());
        Self {
            value: sum / count,
            size: sizes.sum::<f64>() / count,
        }
    }
}

/// Γ at w̄(ξ⁽¹⁾) with what reads v_k: r = Kv_k, K = (Γ₁D̂₂ + Γ₂)ᵀ.
struct Outer {
    /// Γ₁ (d×d).
    g: Matrix,
    /// K (m×d).
    k: Matrix,
    /// What K is off by.
    k_error: f64,
    /// What rounding of w̄ makes of Γ.
    error: f64,
    /// What one product is off by, relatively.
    rounding: f64,
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
        let rounding = SERVED_RECURSION * (d + 16) as f64 * noise.products
            + SERVED_DECLARED * caller.spec.tolerance;
        let found = caller.sample_jacobians(&flat, x, &units.s, n)?;
        let d2 = Summed::mean(&found, d, n - d);
        let (mut g, mut g2, mut error) = (Matrix::identity(d, d), Matrix::zeros(d, n - d), 0.0);
        if caller.spec.outer {
            let values = caller.sample_values(&flat, x)?;
            let mut mean = vec![0.0; d];
            let mut size = 0.0;
            for value in &values {
                mean.iter_mut().zip(value).for_each(|(m, v)| *m += v);
                size += units.norm(value);
            }
            let count = flat.len() as f64;
            mean.iter_mut().for_each(|m| *m /= count);
            let at = [&mean[..], &x[d..]].concat();
            let off = noise.norm(units) + noise.values * size;
            let aside = units.beside(&at, SERVED_NEAR.max(off), random);
            let aside = [&aside[..d], &x[d..]].concat();
            let moved: Vec<f64> = aside.iter().zip(&mean).map(|(a, b)| a - b).collect();
            let found = caller.jacobians(Part::Outer, &[at, aside], &units.s, n)?;
            let change = (&found[1] - &found[0]).norm();
            error = change / units.norm(&moved).max(f64::MIN_POSITIVE) * off;
            g = found[0].columns(0, d).into_owned();
            g2 = found[0].columns(d, n - d).into_owned();
        }
        let k_error = rounding * (g.norm() * d2.size + g2.norm()) + error * (1.0 + d2.size);
        let k = (&g * d2.value + g2).transpose();
        Ok(Self {
            g,
            k,
            k_error,
            error,
            rounding,
        })
    }

    /// (r_k, floor) at the steps, by v_{i+1} = (1-η_i)v_i + η_i((Γ₁∂₁T̂)ᵀv_i + y) = M_iv_i + η_iy.
    ///
    /// The rounding of step i reaches r_k through KM_{k-1}⋯M_{i+1}: norms of products, where a
    /// product of norms would hide everything after a few updates with single samples.
    fn run(
        &self,
        y: &Vector,
        steps: &[usize],
        drawn: &Drawn,
        mut products: impl FnMut(&[usize]) -> Asked<Summed>,
    ) -> Asked<Vec<(Vector, f64)>> {
        let d = y.len();
        let mut v = Vector::zeros(d);
        let mut done: Vec<(Matrix, f64)> = Vec::new();
        let mut out = Vec::new();
        for i in 0..=drawn.samples.len() {
            if steps.contains(&i) {
                let mut floor = self.k_error * v.norm();
                let mut reads = self.k.clone();
                for (m, rounding) in done.iter().rev() {
                    floor += reads.norm() * rounding;
                    reads *= m;
                }
                out.push((&self.k * &v, floor));
            }
            let Some(batch) = drawn.samples.get(i) else {
                break;
            };
            let a = products(batch)?;
            let p = (&self.g * &a.value).transpose();
            let eta = drawn.step_sizes[i];
            let off = (self.rounding * self.g.norm() + self.error) * a.size * v.norm();
            let rounding = eta * (off + self.rounding * y.norm()) + self.rounding * v.norm();
            let m = Matrix::identity(d, d) * (1.0 - eta) + p * eta;
            v = &m * &v + y * eta;
            done.push((m, rounding));
        }
        Ok(out)
    }
}

/// NSID at x with samples that are drawn.
pub(super) fn question(n: usize, units: &Units, x: &[f64], random: &mut Random) -> Question {
    let xi = minibatches(INNER, n, random);
    let samples = minibatches(LAST, n, random);
    Question {
        x: x.to_vec(),
        steps: STEPS.to_vec(),
        y: units.functional(random),
        drawn: Some(drawn(&xi, samples, FIRST_STEP)),
    }
}

/// The user's NSID against the recursion, step by step.
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
        let outer = Outer::at(caller, units, noise, x, &drawn.inner_samples, random)?;
        let y = scaled(units, &question.y);
        let due = outer.run(&y, &question.steps, &drawn, |batch| {
            let found = caller.sample_jacobians(batch, x, &units.s, units.d)?;
            Ok(Summed::mean(&found, 0, units.d))
        })?;
        Ok((question, due))
    })
}

/// η_0 with which the second moment does not grow beyond its start.
fn safe(exact: &mut Recursion) -> Option<f64> {
    let start = exact.start().mse();
    let mut halves = (0..TRIES).map(|t| 0.5f64.powi(t));
    halves.find(|eta| exact.moments(LAST, |i| step_size(*eta, i)).mse() <= start)
}

/// The products of all samples with one ξ⁽¹⁾.
struct Everything {
    outer: Outer,
    xi: Vec<Vec<usize>>,
    /// ∂₁T̂(·, i).
    found: Vec<Matrix>,
    exact: Recursion,
    /// y in natural units.
    y: Vec<f64>,
    eta: f64,
    /// ρ(P).
    ratio: f64,
}

impl Everything {
    /// Or why not.
    fn at(
        caller: &mut Caller<'_>,
        units: &Units,
        noise: &Noise,
        x: &[f64],
        random: &mut Random,
    ) -> Asked<Result<Self, (Reason, &'static str)>> {
        let (d, n) = (units.d, caller.spec.samples);
        let xi = minibatches(INNER, n, random);
        let outer = Outer::at(caller, units, noise, x, &xi, random)?;
        let every: Vec<usize> = (0..n).collect();
        let found = caller.sample_jacobians(&every, x, &units.s, d)?;
        let p: Vec<Matrix> = { found.iter() }
            .map(|v| (&outer.g * v).transpose())
            .collect();
        let mean = p.iter().fold(Matrix::zeros(d, d), |s, p| s + p) / n as f64;
        let q = p.iter().map(|p| p - &mean).collect();
        let ratio = radius(&mean);
        let y = units.functional(random);
        let covariance = Covariance::terms(d, q, 1.0 / n as f64);
        let Ok(mut exact) = Recursion::new(mean, covariance, scaled(units, &y)) else {
            let text = "I - P is singular to working precision";
            return Ok(Err((Reason::IllConditioned, text)));
        };
        let Some(eta) = safe(&mut exact) else {
            let text = "the second moment of v_k grows with all steps tried";
            return Ok(Err((Reason::Hypothesis, text)));
        };
        Ok(Ok(Self {
            outer,
            xi,
            found,
            exact,
            y,
            eta,
            ratio,
        }))
    }

    /// Runs of the user's routine beside theirs. Every sample is drawn where there are no more than
    /// updates; the first and the last always are.
    fn compared(
        &self,
        caller: &mut Caller<'_>,
        units: &Units,
        x: &[f64],
        random: &mut Random,
    ) -> Asked<Worst> {
        let n = self.found.len();
        let order = random.order(n, n);
        let mut order = [0, n - 1].into_iter().chain(order).cycle();
        let y = scaled(units, &self.y);
        let mut worst = Worst::default();
        for _ in 0..RUNS / AT_ONCE {
            let one = |_| {
                let samples = order.by_ref().take(LAST).map(|i| vec![i]);
                drawn(&self.xi, samples.collect(), self.eta)
            };
            let all: Vec<Drawn> = (0..AT_ONCE).map(one).collect();
            let questions: Vec<Question> = { all.iter() }
                .map(|drawn| Question {
                    x: x.to_vec(),
                    steps: vec![LAST],
                    y: self.y.clone(),
                    drawn: Some(drawn.clone()),
                })
                .collect();
            let answers = caller.hypergradients(&questions)?;
            for (drawn, answer) in all.iter().zip(&answers) {
                let due = self.outer.run(&y, &[LAST], drawn, |batch| {
                    let value = self.found[batch[0]].clone();
                    let size = value.norm();
                    Ok(Summed { value, size })
                })?;
                worst.add(&hypergradient::last(units, answer), &due[0]);
            }
        }
        Ok(worst)
    }

    /// The exact moments of r_k, and what becomes of the mean square error with η_i = β/(γ+i).
    fn moments(mut self) -> String {
        let at = self.exact.moments(LAST, |i| step_size(self.eta, i));
        let readout = Readout {
            k: self.outer.k,
            spread: None,
        };
        let variance = readout.variance(&self.exact, &at);
        let settles = limit(&mut self.exact, self.ratio);
        format!("over all samples E‖r - E r‖² is {variance:.3e}, {settles}")
    }
}

/// 64 runs with one ξ⁽¹⁾, each against its recursion with the products of all n samples known; and,
/// said beside it, the exact moments of r_k and the limit of (γ+k)E‖v_k-v̂‖².
pub(super) fn moments(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    x: &[f64],
    random: &mut Random,
) -> Asked<Found> {
    let check = "nsid-moments";
    let (d, n) = (units.d, caller.spec.samples);
    let none = [f64::NAN; 2];
    if d > SERVED_MOMENTS.0 || n > SERVED_MOMENTS.1 / d {
        let text = format!("n = {n}, d = {d} is more than is enumerated");
        return Ok(Found::open(check, Reason::TooLarge, none, text));
    }
    let mut first: Option<Worst> = None;
    for _ in 0..2 {
        let all = match Everything::at(caller, units, noise, x, random)? {
            Ok(all) => all,
            Err((reason, why)) => return Ok(Found::open(check, reason, none, why)),
        };
        let worst = all.compared(caller, units, x, random)?;
        if let Some(open) = worst.undecided(check) {
            return Ok(open);
        }
        let parts = part(worst.gap, worst.floor);
        if parts <= 1.0 {
            let text = format!(
                "{RUNS} runs of {LAST} updates agree with their recursion to {parts:.1e} of the \
                 floor; a relative error of {:.1e} would have been seen; {}; in units of the \
                 scales, given ξ⁽¹⁾",
                worst.least,
                all.moments()
            );
            return Ok(Found::seeing(
                check,
                [worst.gap, worst.floor],
                worst.least,
                text,
            ));
        }
        first.get_or_insert(worst);
    }
    let worst = first.unwrap_or_default();
    let text = format!(
        "the worst of {RUNS} runs of {LAST} updates differs from the recursion with its samples by \
         {:.1e}, {:.1e} times the floor, twice",
        worst.relative,
        worst.gap / worst.floor
    );
    let fault = "other samples, or other steps, than those given".to_owned();
    Ok(worst.ruling(check, noise, text, "runs", fault))
}

/// What becomes of the mean square error with η_i = β/(γ+i).
fn limit(exact: &mut Recursion, ratio: f64) -> String {
    if !(ratio < 1.0) {
        return format!("and with ρ(P) = {ratio:.2} v_k does not settle");
    }
    let beta = 2.0 / (1.0 - ratio.powi(2));
    match lyapunov(exact, beta) {
        Some(l) => format!(
            "and with η = {beta:.2}/(γ + i) (γ + k)E‖v_k - v̂‖² tends to {:.3e}",
            l.trace
        ),
        None => format!("and with η = {beta:.2}/(γ + i) (γ + k)E‖v_k - v̂‖² has no limit"),
    }
}
