//! Replicates of the method as the user runs it, against exact means (two-sidedly) and bounds (by betting).
//!
//! A check spends its share of α once, split over its own tests by the union bound, whatever the
//! samples are; a sample that decides nothing is reported as inconclusive, and nothing is drawn again.

use super::super::checks::Finding;
use super::moments::logarithmic;
use super::theorem::solved;
use super::{Setting, decided, met, not_applicable, series};
use crate::claims::verdict::Record;
use crate::error::{Error, Result};
use crate::instances::mix;
use crate::linalg::{Matrix, Vector};
use crate::maps::stochastic::{Inner, Loss};
use crate::methods::nsid::{
    Batches, Draw, Iid, Method, ProxStep, Role, StochasticCase, StochasticDifferentiator, prox_sgd,
};
use crate::stats::{Known, MeanAtMost, Verdict as Side, two_sided};
use crate::theory::{ProxSgdRate, Theorem54};
use crate::tol::gamma;
use crate::truth::expectation::{
    FOURTH_MAX_DIM, Recursion, Spread, conditional_readout, reference, sid_limit, squared_error,
};

/// A test that could not see the mean double says nothing.
const LEAST_POWER: f64 = 1.0;

/// One quantity of a run whose law is known.
struct Quantity {
    name: String,
    k: usize,
    known: Known,
    /// What a shift is measured against: the mean square error, or the standard deviation of an entry.
    scale: f64,
    samples: Vec<f64>,
}

/// What the implementation is asked to do over and over.
struct Protocol<'a> {
    s: &'a Setting<'a>,
    beta: f64,
    gamma: f64,
    steps: Vec<usize>,
    seed: u64,
    /// ξ⁽¹⁾ is drawn once and shared by all replicates.
    inner: Option<Batches>,
}

impl Protocol<'_> {
    fn last(&self) -> usize {
        self.steps.last().copied().unwrap_or(0)
    }

    fn draw(
        &self,
        subject: &mut dyn StochasticDifferentiator,
        replicate: u64,
        role: Role,
    ) -> Result<Batches> {
        let i = self.s.instance;
        let (count, size) = match role {
            Role::Inner => (i.inner, i.inner_batch),
            _ => (self.last(), i.batch),
        };
        subject.draw(&Draw {
            seed: self.seed,
            replicate,
            role,
            population: i.map.inner().population(),
            count,
            size,
        })
    }

    /// The estimates of one replicate at w, or how it failed.
    fn replicate(
        &self,
        subject: &mut dyn StochasticDifferentiator,
        id: u64,
        w: &[f64],
        eta: &[f64],
    ) -> Result<std::result::Result<Vec<Vec<f64>>, String>> {
        let i = self.s.instance;
        let own;
        let inner = match &self.inner {
            Some(inner) => inner,
            None => {
                own = self.draw(subject, id, Role::Inner)?;
                &own
            }
        };
        let samples = self.draw(subject, id, Role::Linear)?;
        let done = subject.run(&StochasticCase {
            map: &i.map,
            lambda: &i.lambda,
            w,
            cotangent: &i.cotangent,
            inner_samples: inner,
            samples: &samples,
            step_sizes: eta,
            steps: &self.steps,
        });
        Ok(done.and_then(|r| {
            let m = i.map.params();
            let whole = r.len() == self.steps.len() && r.iter().all(|e| e.len() == m);
            let finite = r.iter().flatten().all(|v| v.is_finite());
            if whole && finite {
                Ok(r)
            } else {
                Err("an estimate is missing, of the wrong length or not finite".into())
            }
        }))
    }
}

/// The mean square errors of replicates beside their exact means at steps up to the check's, for a figure; it decides
/// nothing and has samples of its own. `None` where fourth moments, and with them ξ⁽¹⁾'s law, are out of reach.
pub(super) fn beside_exact(
    s: &Setting<'_>,
    replicates: usize,
    subject: &mut dyn StochasticDifferentiator,
) -> Option<Record> {
    let i = s.instance;
    if i.map.dim() > FOURTH_MAX_DIM {
        return None;
    }
    let last = s.check.steps;
    let beta = 1.0 / (1.0 - s.q);
    let protocol = Protocol {
        s,
        beta,
        gamma: beta,
        steps: logarithmic(last),
        seed: mix(&[i.seed, 6]),
        inner: None,
    };
    let star = reference(&i.map, &i.w, &i.lambda, &i.cotangent, 0.0)
        .ok()?
        .r;
    let law = squared_error(
        &i.map,
        (&i.w, &i.lambda, &i.cotangent),
        &star,
        s.claim.method.stochastic() == Some(Method::Sid),
        (i.inner, i.inner_batch),
        i.batch,
        &protocol.steps,
        move |k| beta / (beta + k as f64),
    )
    .ok()?;
    let eta = subject.schedule(beta, beta, last);
    let mut mean = vec![0.0; protocol.steps.len()];
    for id in 0..replicates as u64 {
        let estimates = protocol.replicate(subject, id, &i.w, &eta).ok()?.ok()?;
        for (m, r) in mean.iter_mut().zip(&estimates) {
            *m += (Vector::from_column_slice(r) - &star).norm_squared() / replicates as f64;
        }
    }
    Some(s.record(
        "simulated",
        beta,
        protocol.steps.clone(),
        vec![
            series(&format!("mean of {replicates} replicates"), mean),
            series(
                "exact E‖r_k - r*‖²",
                law.iter().map(|l| l.error.mean).collect(),
            ),
        ],
    ))
}

pub(super) fn means(
    s: &Setting<'_>,
    replicates: usize,
    subject: &mut dyn StochasticDifferentiator,
) -> Result<Finding> {
    let i = s.instance;
    let last = s.check.steps;
    // Steps that make progress within a few dozen updates: η_0 = 1. The exact moments hold for any.
    let beta = 1.0 / (1.0 - s.q);
    let mut protocol = Protocol {
        s,
        beta,
        gamma: beta,
        steps: vec![last.div_ceil(4), last],
        seed: mix(&[i.seed, 5]),
        inner: None,
    };
    protocol.steps.dedup();
    let star = reference(&i.map, &i.w, &i.lambda, &i.cotangent, 0.0)?.r;
    let (mut quantities, what) = exact_law(&mut protocol, subject, &star)?;
    let eta = subject.schedule(protocol.beta, protocol.gamma, last);
    let whole = i.map.dim() <= FOURTH_MAX_DIM;
    for id in 0..replicates as u64 {
        let estimates = match protocol.replicate(subject, id, &i.w, &eta)? {
            Ok(e) => e,
            Err(why) => {
                return Ok(decided(
                    false,
                    f64::NAN,
                    f64::NAN,
                    format!("replicate {id}: {why}"),
                ));
            }
        };
        let mut slots = quantities.iter_mut();
        for r in &estimates {
            if whole && let Some(slot) = slots.next() {
                let error = r
                    .iter()
                    .zip(star.iter())
                    .map(|(a, b)| (a - b).powi(2))
                    .sum();
                slot.samples.push(error);
            }
            for v in r {
                if let Some(slot) = slots.next() {
                    slot.samples.push(*v);
                }
            }
        }
    }
    let alpha = s.share / quantities.len() as f64 * (1.0 - gamma(8));
    let mut seen = 0.0f64;
    let mut last_seen = (f64::NAN, f64::NAN);
    for q in &quantities {
        let test = two_sided::catoni(&q.samples, q.known, alpha)?;
        if test.verdict == Side::Outside {
            let detail = format!(
                "{} at k = {}: exact mean {:e}, {} replicates have {:e} in [{:e}, {:e}]; p = {:.1e} at level {alpha:.1e}{}",
                q.name,
                q.k,
                q.known.mean,
                test.samples,
                test.estimate,
                test.interval.lower,
                test.interval.upper,
                test.p_value,
                super::exact::sampling(i, last, subject)
                    .map_or_else(String::new, |name| super::exact::named(&[name]))
            );
            return Ok(decided(false, test.estimate, q.known.mean, detail));
        }
        if q.known.variance > 0.0 {
            let shift = test.detectable_shift.unwrap_or(f64::INFINITY) / q.scale;
            if !(shift <= seen) {
                seen = shift;
            }
        }
        last_seen = (test.estimate, q.known.mean);
    }
    let unit = if whole {
        "of the mean square error (of a standard deviation, for entries)"
    } else {
        "of a standard deviation"
    };
    let detail = format!(
        "{} means of {what} within their intervals at {replicates} replicates, α = {:.1e}; a shift by {seen:.3} {unit} would have failed with probability 0.99",
        quantities.len(),
        s.share
    );
    if !(seen <= LEAST_POWER) {
        return Ok(Finding::inconclusive(format!(
            "too few replicates to see a change of 100 %: {detail}"
        )));
    }
    Ok(Finding {
        slack: seen,
        ..decided(true, last_seen.0, last_seen.1, detail)
    })
}

/// The quantities whose mean and variance are known, in the order in which a run yields them. Where fourth
/// moments are out of reach ξ⁽¹⁾ is drawn once and the entries of r are judged given it.
fn exact_law(
    protocol: &mut Protocol<'_>,
    subject: &mut dyn StochasticDifferentiator,
    star: &Vector,
) -> Result<(Vec<Quantity>, &'static str)> {
    let s = protocol.s;
    let i = s.instance;
    let sid = s.claim.method.stochastic() == Some(Method::Sid);
    let (map, w, lambda, y) = (&i.map, &i.w[..], &i.lambda[..], &i.cotangent[..]);
    let (beta, offset) = (protocol.beta, protocol.gamma);
    let eta = move |k: usize| beta / (offset + k as f64);
    let mut out = Vec::new();
    let mut push = |name: String, k: usize, spread: Spread, size: f64, scale: f64| {
        // The moments lose at most a thousand roundings a step.
        let lost = gamma(1024 * (k + 1));
        out.push(Quantity {
            name,
            k,
            known: Known {
                mean: spread.mean,
                variance: spread.variance * (1.0 + lost) + lost * size * size,
                room: lost * size,
            },
            scale,
            samples: Vec::new(),
        });
    };
    if map.dim() <= FOURTH_MAX_DIM {
        let law = squared_error(
            map,
            (w, lambda, y),
            star,
            sid,
            (i.inner, i.inner_batch),
            i.batch,
            &protocol.steps,
            eta,
        )?;
        for (k, at) in protocol.steps.iter().zip(&law) {
            let size = star.norm_squared()
                + at.entries
                    .iter()
                    .map(|e| e.variance + e.mean * e.mean)
                    .sum::<f64>();
            push("‖r - r*‖²".into(), *k, at.error, size, at.error.mean);
            for (j, e) in at.entries.iter().enumerate() {
                push(format!("r[{j}]"), *k, *e, size.sqrt(), e.variance.sqrt());
            }
        }
        return Ok((out, "‖r - r*‖² and r"));
    }
    let inner = protocol.draw(subject, 0, Role::Inner)?;
    let (mut recursion, read) = if sid {
        let limit = sid_limit(map, w, lambda, y, 0.0, i.batch, i.inner_batch)?;
        let recursion = limit.recursion(map, w, lambda, y, 0.0, i.batch)?;
        let mut k = Matrix::zeros(map.params(), map.dim());
        for batch in inner.iter() {
            k += conditional_readout(map, w, lambda, batch, 0.0)?.1.k;
        }
        (recursion, k / inner.len() as f64)
    } else {
        let (gamma, read) = conditional_readout(map, w, lambda, inner.flat(), 0.0)?;
        (Recursion::nsid(map, w, lambda, &gamma, y, i.batch)?, read.k)
    };
    protocol.inner = Some(inner);
    let mut at = recursion.start();
    for k in &protocol.steps {
        while at.i < *k {
            let h = eta(at.i);
            recursion.step(&mut at, h);
        }
        let mean = &read * (&at.m + recursion.v_hat());
        let covariance = &read * &at.c * read.transpose();
        let size = mean.norm() + covariance.trace().max(0.0).sqrt();
        for j in 0..mean.len() {
            let spread = Spread {
                mean: mean[j],
                variance: covariance[(j, j)].max(0.0),
            };
            push(
                format!("r[{j}] given ξ⁽¹⁾"),
                *k,
                spread,
                size,
                spread.variance.sqrt(),
            );
        }
    }
    Ok((out, "r given ξ⁽¹⁾"))
}

pub(super) fn bound(
    s: &Setting<'_>,
    replicates: usize,
    subject: &mut dyn StochasticDifferentiator,
) -> Result<Finding> {
    let i = s.instance;
    let affine = match i.map.inner() {
        Inner::FiniteSum(f) => f.loss() == Loss::Squared,
        Inner::Noise(_) => true,
    };
    if !(affine && i.map.outer().is_prox()) {
        return Ok(not_applicable(
            "proximal SGD has a certified rate for an affine T̂ followed by a prox only".into(),
        ));
    }
    let star = solved(s)?;
    let wanted = reference(&i.map, &star.w, &i.lambda, &i.cotangent, 0.0)?.r;
    let t = s.check.steps;
    let there = i.map.variance(&star.w, &i.lambda, i.batch);
    let d = star.w.len();
    let far: f64 = star.w.iter().map(|v| v * v).sum::<f64>().sqrt() + star.error;
    let solver = ProxSgdRate {
        q: s.q,
        s2_star: there.s2,
        sigma1: there.sigma1_frobenius,
        initial: far * far * (1.0 + gamma(d + 8)),
    };
    let (theta, offset) = solver.steps();
    let rho = met(solver.rate(theta, offset))?.at(t);
    // E s²(w) ≤ (s* + sqrt(E‖Δ‖²ρ))², T̂ being affine.
    let mut inner = i.map.variance(&star.w, &i.lambda, i.inner_batch);
    inner.s2 = (inner.s2.sqrt() + (inner.sigma1_frobenius * rho).sqrt()).powi(2);
    let theorem = Theorem54::new(&i.map, &star.w, &i.lambda, &i.cotangent, &inner);
    let linear = s.rate()?;
    let root = met(theorem.bound(rho, i.inner, linear.at(t)))?;
    let protocol = Protocol {
        s,
        beta: linear.beta,
        gamma: linear.gamma,
        steps: vec![t],
        seed: mix(&[i.seed, 6]),
        inner: None,
    };
    let alpha = 0.5 * s.share * (1.0 - gamma(4));
    let room = 1.0 + gamma(1024);
    let mut error = MeanAtMost::new(root * root * room, alpha)?;
    let mut distance = MeanAtMost::new(rho * room, alpha)?;
    let eta = subject.schedule(linear.beta, linear.gamma, t);
    let start = vec![0.0; d];
    for id in 0..replicates as u64 {
        let mut source = Iid::new(protocol.seed, id, Role::Solver, i.map.inner().population());
        let step = ProxStep { theta, offset };
        let w = prox_sgd(&i.map, &i.lambda, &start, step, i.batch, t, &mut source)?.w;
        let off: f64 = w.iter().zip(&star.w).map(|(a, b)| (a - b).powi(2)).sum();
        distance.push(off)?;
        match protocol.replicate(subject, id, &w, &eta)? {
            Ok(r) => {
                let off = r[0]
                    .iter()
                    .zip(wanted.iter())
                    .map(|(a, b)| (a - b).powi(2))
                    .sum();
                error.push(off)?;
            }
            Err(why) => {
                return Ok(decided(
                    false,
                    f64::NAN,
                    f64::NAN,
                    format!("replicate {id}: {why}"),
                ));
            }
        }
    }
    let (e, w) = (error.outcome(), distance.outcome());
    let detail = format!(
        "{replicates} replicates with w from proximal SGD: mean of ‖r - r*‖² {:.2e} against {:.2e}, of ‖w - w(λ)‖² {:.2e} against {rho:.2e}; ln of the wealth {:.1} and {:.1}, {:.1} rejects",
        e.mean,
        root * root,
        w.mean,
        e.log_e_value,
        w.log_e_value,
        -alpha.ln()
    );
    let Some(ratio) = e.detectable_ratio else {
        return Ok(Finding::inconclusive(format!(
            "no excess could have been seen: {detail}"
        )));
    };
    let detail = format!(
        "{detail}; an E‖r - r*‖² of {ratio:.2} times the bound would have failed with probability 0.99"
    );
    if e.rejected || w.rejected {
        return Ok(decided(false, e.mean, root * root, detail));
    }
    if replicates == 0 {
        return Err(Error::input("no replicates").in_field("replicates"));
    }
    Ok(decided(true, e.mean, root * root, detail))
}
