//! Replicates of the method as the user runs it, against exact means, two-sidedly.
//!
//! A check spends its share of α once, split over its own tests by the union bound, whatever the
//! samples are; a sample that decides nothing is reported as inconclusive, and nothing is drawn
//! again.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::check::{Check, Context, Fold, Needs, Replicate, Sampling};
use super::data::{Data, Fit};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::simulated::{Simulated, exact, judged, kappa, wanted};
use crate::case::{Batches, Target};
use crate::error::{Bound, Result};
use crate::evidence::Sampled;
use crate::linalg::{Matrix, Vector};
use crate::stats::{Known, TwoSided, Verdict as Side, two_sided};
use crate::tol::{CLEAR_OF_UNDERFLOW, LEAST_POWER, gamma};
use crate::truth::expectation::{FOURTH_MAX_DIM, Readout, Spread, conditional_readout};

pub(super) const ENTRY: Entry = Entry {
    name: "simulation",
    about: "the mean, mean square error and slope of independent runs are the exact ones (`replicates`)",
    fits: For::Stochastic,
    parse: |keys| {
        Ok(Box::new(Simulation {
            replicates: keys.count(&REPLICATES)?,
        }))
    },
};

/// How many runs a check of samples may ask for.
pub(super) const REPLICATES: Bound = Bound {
    name: "replicates",
    what: "the number of replicates",
    min: 1.0,
    max: 10_000_000.0,
};

/// Means of replicates against exact ones.
#[derive(Debug)]
struct Simulation {
    replicates: usize,
}

impl Check for Simulation {
    fn label(&self) -> &'static str {
        "simulation"
    }

    fn catches(&self, _: f64) -> String {
        "A mean, mean square error or slope of log MSE on log(γ+k) that differs from the exact one by more than the quoted shift, with the steps η_i = κ/(κ+i), κ = 1/(1-q): β = γ = κ, not Lemma D.3's.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Replicates
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn drawing(&self) -> Option<Box<dyn Check>> {
        let replicates = self.replicates;
        Some(Box::new(Simulated { replicates }))
    }

    fn replicates<'c>(&'c self, c: Context<'c>) -> Result<Sampling<'c>> {
        let s = c.e.sampled()?;
        let star = s.limit_at(s.w)?;
        let replicates = wanted(&s, self.replicates, judged(c.steps));
        let steps = replicates.steps.clone();
        let (quantities, what) = if s.map.dim() <= FOURTH_MAX_DIM {
            (over_all(&s, &star, &steps)?, "‖r - r*‖² and r")
        } else {
            (Vec::new(), "r given ξ⁽¹⁾")
        };
        // E‖r - r*‖² itself is a number here, its variance, of the order of its square, is not.
        let underflows = |q: &Quantity| {
            let mean = q.known.mean;
            matches!(q.reads, Reads::Error(_)) && mean > 0.0 && mean * mean < CLEAR_OF_UNDERFLOW
        };
        if quantities.iter().any(underflows) {
            let text = "the variance of ‖r - r*‖² underflows";
            return Ok(Err(Finding::undecided(Reason::NoPower, text)));
        }
        let fold = Means {
            c,
            s,
            star,
            steps,
            quantities,
            what,
            count: self.replicates,
        };
        Ok(Ok((replicates, Box::new(fold))))
    }
}

/// Where a quantity is read off the estimates of one replicate, by the numbers of their steps.
enum Reads {
    /// ‖r - r*‖² at one of the steps.
    Error(usize),
    /// An entry of r there.
    Entry(usize, usize),
    /// The slope of log MSE on log(γ+k), to first order around the exact curve: `slope` + Σ c_k
    /// (‖r_k - r*‖²/E_k - 1).
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
    /// What a shift is measured against: the mean square error, the standard deviation of an entry,
    /// or 1 for a slope.
    scale: f64,
    samples: Vec<f64>,
}

impl Quantity {
    fn new(reads: Reads, name: String, known: Known, scale: f64) -> Self {
        Self {
            reads,
            name,
            known,
            scale,
            samples: Vec::new(),
        }
    }

    fn take(&mut self, estimates: &[&Matrix], star: &Vector) {
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

    /// The step at which it is read, where that is one.
    fn step(&self, steps: &[usize]) -> Option<usize> {
        match self.reads {
            Reads::Error(at) | Reads::Entry(at, _) => steps.get(at).copied(),
            Reads::Slope { .. } => None,
        }
    }
}

/// The samples of every quantity.
struct Means<'c> {
    c: Context<'c>,
    s: Sampled<'c>,
    star: Rc<Vector>,
    steps: Vec<usize>,
    /// Empty until ξ⁽¹⁾ is known, where the law is known given it alone.
    quantities: Vec<Quantity>,
    what: &'static str,
    count: usize,
}

impl Fold for Means<'_> {
    fn see(&mut self, one: &Replicate<'_>) -> Result<ControlFlow<Finding>> {
        if self.quantities.is_empty() {
            self.quantities = given_inner(&self.s, one.samples.inner, &self.steps)?;
        }
        for q in &mut self.quantities {
            q.take(one.estimates, &self.star);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn finish(self: Box<Self>) -> Result<Finding> {
        let alpha = self.c.share / self.quantities.len() as f64 * (1.0 - gamma(8));
        let mut seen = 0.0f64;
        let mut last_seen = (f64::NAN, f64::NAN);
        let (mut sloped, mut fit) = (String::new(), None);
        for q in &self.quantities {
            let test = two_sided::catoni(&q.samples, q.known, alpha)?;
            if test.verdict == Side::Outside {
                return Ok(self.outside(q, &test, alpha));
            }
            let shift = test.detectable_shift.unwrap_or(f64::INFINITY) / q.scale;
            if let Reads::Slope { slope, .. } = q.reads {
                sloped = format!(
                    "; the slope of log MSE on log(γ+k) is {:.3} where the exact curve has {slope:.3}, and one off by {shift:.2} would have failed",
                    test.estimate
                );
                fit = Some(self.fit(slope, &test));
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
            "{} means of {} within their intervals at {} replicates with η_i = κ/(κ+i), κ = {:.4}, α = {:.1e}; a shift by {seen:.3} {unit} at unchanged variance would have failed with probability 0.99{sloped}",
            self.quantities.len(),
            self.what,
            self.count,
            kappa(&self.s),
            self.c.share
        );
        if !(seen <= LEAST_POWER) {
            return Ok(Finding::undecided(
                Reason::NoPower,
                format!("too few replicates to see a change of 100 %: {detail}"),
            ));
        }
        // The slack says what would have been seen; how near the samples came to that is chance.
        let finding = Finding::decided(true, Unit::Shift, [last_seen.0, last_seen.1, seen], detail);
        Ok(finding.headroom(f64::NAN).with(fit.map(Data::Fit)))
    }
}

impl Means<'_> {
    /// A mean outside its interval.
    fn outside(&self, q: &Quantity, test: &TwoSided, alpha: f64) -> Finding {
        let detail = format!(
            "{}: exact mean {:.3e}, {} replicates with η_i = κ/(κ+i), κ = {:.4}, have {:.3e} in [{:.3e}, {:.3e}]; p = {:.1e} at level {alpha:.1e}",
            q.name,
            q.known.mean,
            test.samples,
            kappa(&self.s),
            test.estimate,
            test.interval.lower,
            test.interval.upper,
            test.p_value,
        );
        let finding = Finding::below(false, Unit::Shift, test.estimate, q.known.mean, detail);
        Finding {
            step: q.step(&self.steps),
            ..finding.headroom(f64::NAN)
        }
    }

    fn fit(&self, predicted: f64, test: &TwoSided) -> Fit {
        let (lower, upper) = (test.interval.lower, test.interval.upper);
        Fit {
            growth: "1/k".into(),
            predicted,
            fitted: test.estimate,
            lower,
            upper,
            accepted: 0.5 * (upper - lower),
            r_squared: f64::NAN,
            steps: self.steps.clone(),
        }
    }
}

/// The slope of log MSE on log(γ+k) of replicates, whose exact mean is that of the finite-k curve:
/// 1/(γ+k) has slope -1, but what a few dozen steps show is anything between. Its variance is at
/// most (Σ|c_k| sd_k/E_k)², whatever the correlations.
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
    let known = Known {
        mean: slope,
        variance: over(&|known| known.variance.sqrt()).powi(2) * (1.0 + gamma(64)),
        room: room + gamma(64) * over(&|known| known.mean),
    };
    let name = "slope of log ‖r - r*‖² on log(γ+k)".into();
    Some(Quantity::new(
        Reads::Slope { slope, terms },
        name,
        known,
        1.0,
    ))
}

/// A computed mean and variance at step k: the moments lose at most a thousand roundings a step.
fn known(k: usize, spread: Spread, size: f64) -> Known {
    let lost = gamma(1024 * (k + 1));
    Known {
        mean: spread.mean,
        variance: spread.variance * (1.0 + lost) + lost * size * size,
        room: lost * size,
    }
}

/// ‖r - r*‖², the entries of r and the slope, over the whole law of all samples.
fn over_all(s: &Sampled<'_>, star: &Vector, steps: &[usize]) -> Result<Vec<Quantity>> {
    let law = exact(s, star, steps)?;
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    for (n, (k, at)) in steps.iter().zip(&law).enumerate() {
        let entries = at.entries.iter().map(|e| e.variance + e.mean * e.mean);
        let size = star.norm_squared() + entries.sum::<f64>();
        let error = known(*k, at.error, size);
        errors.push(error);
        let name = format!("‖r - r*‖² at k = {k}");
        out.push(Quantity::new(Reads::Error(n), name, error, at.error.mean));
        for (j, e) in at.entries.iter().enumerate() {
            let (name, entry) = (format!("r[{j}] at k = {k}"), known(*k, *e, size.sqrt()));
            let scale = e.variance.sqrt();
            out.push(Quantity::new(Reads::Entry(n, j), name, entry, scale));
        }
    }
    out.extend(slope(steps, kappa(s), &errors));
    Ok(out)
}

/// The entries of r given ξ⁽¹⁾, where fourth moments are out of reach.
fn given_inner(s: &Sampled<'_>, inner: &Batches, steps: &[usize]) -> Result<Vec<Quantity>> {
    let (mut recursion, read) = if s.sid {
        let limit = s.sid_limit_at(s.w)?;
        let recursion = limit.recursion(s.map, s.w, s.lambda, s.y, 0.0, s.sizes.batch)?;
        let mut k = Matrix::zeros(s.map.params(), s.map.dim());
        for batch in inner.iter() {
            k += conditional_readout(s.map, s.w, s.lambda, batch, 0.0)?.1.k;
        }
        (
            recursion,
            Readout {
                k: k / inner.len() as f64,
                spread: None,
            },
        )
    } else {
        let (gamma, read) = conditional_readout(s.map, s.w, s.lambda, inner.flat(), 0.0)?;
        (s.recursion(s.w, &gamma)?, read)
    };
    let kappa = kappa(s);
    let mut out = Vec::new();
    let mut at = recursion.start();
    for (n, k) in steps.iter().enumerate() {
        while at.i < *k {
            let h = kappa / (kappa + at.i as f64);
            recursion.step(&mut at, h);
        }
        let mean = read.mean(&recursion, &at);
        let covariance = read.covariance(&recursion, &at);
        let size = mean.norm() + covariance.trace().max(0.0).sqrt();
        for j in 0..mean.len() {
            let spread = Spread {
                mean: mean[j],
                variance: covariance[(j, j)].max(0.0),
            };
            let name = format!("r[{j}] given ξ⁽¹⁾ at k = {k}");
            let (entry, scale) = (known(*k, spread, size), spread.variance.sqrt());
            out.push(Quantity::new(Reads::Entry(n, j), name, entry, scale));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instances::Random;
    use crate::stats::two_sided::Verdict;
    use crate::tol::RUN_ALPHA;

    /// Squared errors with the given means, each the mean times a squared normal.
    fn judged(power: f64) -> Verdict {
        let (steps, offset) = ([2, 5, 10, 20, 40], 2.0);
        let mean = |k: usize, power: f64| (offset + k as f64).powf(power);
        let errors = steps.map(|k| Known::new(mean(k, -1.0), 2.0 * mean(k, -1.0).powi(2)));
        let mut slope = slope(&steps, offset, &errors).unwrap();
        assert!((slope.known.mean + 1.0).abs() < gamma(64));
        let mut random = Random::new(7);
        let star = Vector::zeros(1);
        for _ in 0..20_000 {
            let estimates =
                steps.map(|k| Matrix::from_element(1, 1, mean(k, power).sqrt() * random.normal()));
            slope.take(&estimates.each_ref(), &star);
        }
        two_sided::catoni(&slope.samples, slope.known, RUN_ALPHA)
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
