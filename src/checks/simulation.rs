//! Replicates of the method as the user runs it, against exact means, two-sidedly.
//!
//! A check spends its share of α once, split over its own tests by the union bound, whatever the
//! samples are; a sample that decides nothing is reported as inconclusive, and nothing is drawn again.

use super::super::checks::Finding;
use super::moments::logarithmic;
use super::protocol::{Protocol, failed};
use super::{Setting, decided, series};
use crate::claims::verdict::{Fit, Record};
use crate::error::Result;
use crate::instances::mix;
use crate::linalg::{Matrix, Vector};
use crate::methods::nsid::{Method, Role, StochasticDifferentiator};
use crate::stats::{Known, Verdict as Side, two_sided};
use crate::tol::{LEAST_POWER, gamma};
use crate::truth::expectation::{
    FOURTH_MAX_DIM, Recursion, Spread, conditional_readout, reference, sid_limit, squared_error,
};

/// What a quantity reads off the estimates of one replicate.
enum Reads {
    /// ‖r - r*‖² at one of the steps.
    Error(usize),
    /// An entry of r there.
    Entry(usize, usize),
    /// The slope of log MSE on log(γ+k), to first order around the exact curve: `slope` + Σ c_k (‖r_k - r*‖²/E_k - 1).
    Slope {
        slope: f64,
        /// (c_k, E_k) for every step.
        terms: Vec<(f64, f64)>,
    },
}

/// One quantity of a run whose law is known.
struct Quantity {
    reads: Reads,
    name: String,
    known: Known,
    /// What a shift is measured against: the mean square error, the standard deviation of an entry, or 1 for a slope.
    scale: f64,
    samples: Vec<f64>,
}

impl Quantity {
    fn take(&mut self, estimates: &[Vec<f64>], star: &Vector) {
        let error = |at: usize| {
            let pairs = estimates[at].iter().zip(star.iter());
            pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>()
        };
        self.samples.push(match &self.reads {
            Reads::Error(at) => error(*at),
            Reads::Entry(at, j) => estimates[*at][*j],
            Reads::Slope { slope, terms } => {
                let steps = terms.iter().enumerate();
                slope
                    + steps
                        .map(|(at, (c, e))| c * (error(at) / e - 1.0))
                        .sum::<f64>()
            }
        });
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
        let estimates = protocol.replicate(subject, id, &i.w, &eta).ok()?;
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
        steps: [16, 8, 4, 2, 1].map(|part| last.div_ceil(part)).to_vec(),
        seed: mix(&[i.seed, 5]),
        inner: None,
    };
    protocol.steps.dedup();
    let star = reference(&i.map, &i.w, &i.lambda, &i.cotangent, 0.0)?.r;
    let (mut quantities, what) = match exact_law(&mut protocol, subject, &star)? {
        Ok(law) => law,
        Err(why) => return Ok(failed(why)),
    };
    let eta = subject.schedule(protocol.beta, protocol.gamma, last);
    for id in 0..replicates as u64 {
        match protocol.replicate(subject, id, &i.w, &eta) {
            Ok(estimates) => quantities
                .iter_mut()
                .for_each(|q| q.take(&estimates, &star)),
            Err(why) => return Ok(failed(why)),
        }
    }
    let alpha = s.share / quantities.len() as f64 * (1.0 - gamma(8));
    let mut seen = 0.0f64;
    let mut last_seen = (f64::NAN, f64::NAN);
    let (mut sloped, mut fit) = (String::new(), None);
    for q in &quantities {
        let test = two_sided::catoni(&q.samples, q.known, alpha)?;
        if test.verdict == Side::Outside {
            let detail = format!(
                "{}: exact mean {:e}, {} replicates have {:e} in [{:e}, {:e}]; p = {:.1e} at level {alpha:.1e}{}",
                q.name,
                q.known.mean,
                test.samples,
                test.estimate,
                test.interval.lower,
                test.interval.upper,
                test.p_value,
                super::exact::named_sampling(i, last, subject)
            );
            return Ok(decided(false, test.estimate, q.known.mean, detail));
        }
        let shift = test.detectable_shift.unwrap_or(f64::INFINITY) / q.scale;
        if let Reads::Slope { slope, .. } = q.reads {
            sloped = format!(
                "; the slope of log MSE on log(γ+k) is {:.3} where the exact curve has {slope:.3}, and one off by {shift:.2} would have failed",
                test.estimate
            );
            fit = Some(Fit {
                claim: s.claim.name.clone(),
                method: s.claim.method.name().into(),
                kind: i.spec.kind.name().into(),
                instance: s.label.instance.clone(),
                growth: "1/k".into(),
                predicted: slope,
                fitted: test.estimate,
                lower: test.interval.lower,
                upper: test.interval.upper,
                r_squared: f64::NAN,
                window: [protocol.steps[0], last],
            });
        } else if q.scale > 0.0 {
            // Entries that do not vary (scale 0) have to be equal to rounding.
            seen = seen.max(shift);
        }
        last_seen = (test.estimate, q.known.mean);
    }
    let unit = if fit.is_some() {
        "of the mean square error (of a standard deviation, for entries)"
    } else {
        "of a standard deviation"
    };
    let detail = format!(
        "{} means of {what} within their intervals at {replicates} replicates, α = {:.1e}; a shift by {seen:.3} {unit} at unchanged variance would have failed with probability 0.99{sloped}",
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
        fit,
        ..decided(true, last_seen.0, last_seen.1, detail)
    })
}

/// The slope of log MSE on log(γ+k) of replicates, whose exact mean is that of the finite-k curve: 1/(γ+k) has slope -1, but
/// what a few dozen steps show is anything between. Its variance is at most (Σ|c_k| sd_k/E_k)², whatever the correlations.
fn slope(steps: &[usize], offset: f64, errors: &[Known]) -> Option<Quantity> {
    let log = |v: f64| libm::log(v);
    let x: Vec<f64> = steps.iter().map(|k| log(offset + *k as f64)).collect();
    let centre = x.iter().sum::<f64>() / x.len() as f64;
    let spread: f64 = x.iter().map(|v| (v - centre).powi(2)).sum();
    if spread == 0.0 || errors.iter().any(|e| !(e.mean > 2.0 * e.room)) {
        return None;
    }
    let c = x.iter().map(|v| (v - centre) / spread);
    let terms: Vec<(f64, f64)> = c.zip(errors).map(|(c, e)| (c, e.mean)).collect();
    let slope = terms.iter().map(|(c, e)| c * log(*e)).sum();
    let over = |f: &dyn Fn(&Known) -> f64| -> f64 {
        let pairs = terms.iter().zip(errors);
        pairs.map(|((c, e), known)| c.abs() * f(known) / e).sum()
    };
    let room = over(&|known| known.room);
    Some(Quantity {
        name: "slope of log ‖r - r*‖² on log(γ+k)".into(),
        known: Known {
            mean: slope,
            variance: over(&|known| known.variance.sqrt()).powi(2) * (1.0 + gamma(64)),
            room: room + gamma(64) * over(&|known| known.mean),
        },
        scale: 1.0,
        samples: Vec::new(),
        reads: Reads::Slope { slope, terms },
    })
}

/// The quantities whose mean and variance are known, or what the implementation could not do. Where fourth
/// moments are out of reach ξ⁽¹⁾ is drawn once and the entries of r are judged given it.
fn exact_law(
    protocol: &mut Protocol<'_>,
    subject: &mut dyn StochasticDifferentiator,
    star: &Vector,
) -> Result<std::result::Result<(Vec<Quantity>, &'static str), String>> {
    let s = protocol.s;
    let i = s.instance;
    let sid = s.claim.method.stochastic() == Some(Method::Sid);
    let (map, w, lambda, y) = (&i.map, &i.w[..], &i.lambda[..], &i.cotangent[..]);
    let (beta, offset) = (protocol.beta, protocol.gamma);
    let eta = move |k: usize| beta / (offset + k as f64);
    let mut out = Vec::new();
    // The moments lose at most a thousand roundings a step.
    let known = |k: usize, spread: Spread, size: f64| {
        let lost = gamma(1024 * (k + 1));
        Known {
            mean: spread.mean,
            variance: spread.variance * (1.0 + lost) + lost * size * size,
            room: lost * size,
        }
    };
    let mut push = |reads: Reads, name: String, known: Known, scale: f64| {
        out.push(Quantity {
            reads,
            name,
            known,
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
        let mut errors = Vec::new();
        for (n, (k, at)) in protocol.steps.iter().zip(&law).enumerate() {
            let size = star.norm_squared()
                + at.entries
                    .iter()
                    .map(|e| e.variance + e.mean * e.mean)
                    .sum::<f64>();
            let error = known(*k, at.error, size);
            errors.push(error);
            push(
                Reads::Error(n),
                format!("‖r - r*‖² at k = {k}"),
                error,
                at.error.mean,
            );
            for (j, e) in at.entries.iter().enumerate() {
                push(
                    Reads::Entry(n, j),
                    format!("r[{j}] at k = {k}"),
                    known(*k, *e, size.sqrt()),
                    e.variance.sqrt(),
                );
            }
        }
        out.extend(slope(&protocol.steps, protocol.gamma, &errors));
        return Ok(Ok((out, "‖r - r*‖² and r")));
    }
    let inner = match protocol.draw(subject, 0, Role::Inner) {
        Ok(inner) => inner,
        Err(why) => return Ok(Err(why)),
    };
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
    for (n, k) in protocol.steps.iter().enumerate() {
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
                Reads::Entry(n, j),
                format!("r[{j}] given ξ⁽¹⁾ at k = {k}"),
                known(*k, spread, size),
                spread.variance.sqrt(),
            );
        }
    }
    Ok(Ok((out, "r given ξ⁽¹⁾")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instances::Random;
    use crate::stats::two_sided::Verdict;

    /// Squared errors with the given means, each the mean times a squared normal.
    fn judged(power: f64) -> Verdict {
        let (steps, offset) = ([2, 5, 10, 20, 40], 2.0);
        let mean = |k: usize, power: f64| (offset + k as f64).powf(power);
        let errors = steps.map(|k| Known::new(mean(k, -1.0), 2.0 * mean(k, -1.0).powi(2)));
        let mut slope = slope(&steps, offset, &errors).unwrap();
        assert!((slope.known.mean + 1.0).abs() < 1e-9);
        let mut random = Random::new(7);
        let star = Vector::zeros(1);
        for _ in 0..20_000 {
            let estimates = steps.map(|k| vec![mean(k, power).sqrt() * random.normal()]);
            slope.take(&estimates, &star);
        }
        two_sided::catoni(&slope.samples, slope.known, 1e-9)
            .unwrap()
            .verdict
    }

    #[test]
    fn a_wrong_rate_shows_in_the_slope_and_the_right_one_passes() {
        assert_eq!(judged(-1.0), Verdict::Inside);
        assert_eq!(judged(-0.75), Verdict::Outside);
        assert_eq!(judged(-1.5), Verdict::Outside);
    }
}
