//! Theorem 5.4 end to end, with w from proximal SGD, by betting.
//!
//! Half of the check's share of α goes to the solver's rate, half to the error; nothing is drawn
//! again.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::check::{Check, Context, Fold, Inner, Needs, Place, Replicate, Replicates, Sampling};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::simulation::REPLICATES;
use crate::error::Result;
use crate::evidence::{Sampled, met};
use crate::instances::mix;
use crate::linalg::Vector;
use crate::methods::ProxStep;
use crate::stats::MeanAtMost;
use crate::theory::{ProxSgdRate, Theorem54};
use crate::tol::gamma;

pub(super) const ENTRY: Entry = Entry {
    name: "sampled-bound",
    about: "Theorem 5.4 bounds the mean square error of runs with w from proximal SGD (`replicates`)",
    fits: For::Stochastic,
    parse: |keys| {
        Ok(Box::new(SampledBound {
            replicates: keys.count(&REPLICATES)?,
        }))
    },
};

/// E‖r - r*‖² of replicates against the bound, and E‖w - w(λ)‖² against the solver's.
#[derive(Debug)]
struct SampledBound {
    replicates: usize,
}

/// Squared bounds of the distance of w and of the error of r.
struct Bounds {
    /// E‖w - w(λ)‖² ≤ ρ.
    rho: f64,
    /// sqrt(E‖r - r*‖²) is at most this.
    root: f64,
    step: ProxStep,
}

impl Check for SampledBound {
    fn label(&self) -> &'static str {
        "sampled-bound"
    }

    fn catches(&self, _: f64) -> String {
        "A mean square error above the bound by more than the quoted ratio: the bound is loose, so only gross errors."
            .into()
    }

    fn needs(&self) -> Needs {
        Needs::Replicates
    }

    fn replicates<'c>(&'c self, c: Context<'c>) -> Result<Sampling<'c>> {
        let s = c.e.sampled()?;
        let affine = s.map.inner().is_affine();
        if !(affine && s.map.outer().is_prox()) {
            return Ok(Err(Finding::not_applicable(
                Reason::Hypothesis,
                "proximal SGD has a certified rate for an affine T̂ followed by a prox only",
            )));
        }
        let t = c.steps;
        let (star, _) = s.solution()?;
        let bounds = Bounds::of(&s, t)?;
        let linear = s.rate()?;
        let alpha = 0.5 * c.share * (1.0 - gamma(4));
        let room = 1.0 + gamma(1024);
        let fold = Samples {
            error: MeanAtMost::new(bounds.root * bounds.root * room, alpha)?,
            distance: MeanAtMost::new(bounds.rho * room, alpha)?,
            star,
            wanted: s.limit_at(star)?,
            alpha,
            count: self.replicates,
            rho: bounds.rho,
            root: bounds.root,
        };
        let replicates = Replicates {
            count: self.replicates,
            seed: mix(&[s.seed, 6]),
            steps: vec![t],
            schedule: [linear.beta, linear.gamma],
            inner: Inner::PerReplicate,
            point: Place::Solved {
                step: bounds.step,
                steps: t,
            },
        };
        Ok(Ok((replicates, Box::new(fold))))
    }
}

impl Bounds {
    /// After t steps of the solver and of the linear system.
    fn of(s: &Sampled<'_>, t: usize) -> Result<Self> {
        let (star, star_error) = s.solution()?;
        let there = s.map.variance(star, s.lambda, s.sizes.batch);
        let far: f64 = star.iter().map(|v| v * v).sum::<f64>().sqrt() + star_error;
        let solver = ProxSgdRate {
            q: s.q,
            s2_star: there.s2,
            sigma1: there.sigma1_frobenius,
            initial: far * far * (1.0 + gamma(star.len() + 8)),
        };
        let (theta, offset) = solver.steps();
        let rho = met(solver.rate(theta, offset))?.at(t);
        // E s²(w) ≤ (s* + sqrt(E‖Δ‖²ρ))², T̂ being affine.
        let mut inner = s.map.variance(star, s.lambda, s.sizes.inner_batch);
        inner.s2 = (inner.s2.sqrt() + (inner.sigma1_frobenius * rho).sqrt()).powi(2);
        let theorem = Theorem54::new(s.map, star, s.lambda, s.y, &inner);
        let root = met(theorem.bound(rho, s.sizes.inner, s.rate()?.at(t)))?;
        let step = ProxStep { theta, offset };
        Ok(Self { rho, root, step })
    }
}

/// Two bets.
struct Samples<'c> {
    error: MeanAtMost,
    distance: MeanAtMost,
    /// w(λ).
    star: &'c [f64],
    /// r* there.
    wanted: Rc<Vector>,
    alpha: f64,
    count: usize,
    rho: f64,
    root: f64,
}

impl Fold for Samples<'_> {
    fn see(&mut self, one: &Replicate<'_>) -> Result<ControlFlow<Finding>> {
        let pairs = one.point.iter().zip(self.star);
        let off: f64 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
        self.distance.push(off)?;
        let pairs = one.estimates[0].iter().zip(self.wanted.iter());
        let off: f64 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
        self.error.push(off)?;
        Ok(ControlFlow::Continue(()))
    }

    fn finish(self: Box<Self>) -> Result<Finding> {
        let (e, w) = (self.error.outcome(), self.distance.outcome());
        let (bound, rho) = (self.root * self.root, self.rho);
        let detail = format!(
            "{} replicates with w from proximal SGD: mean of ‖r - r*‖² {:.2e} against {bound:.2e}, of ‖w - w(λ)‖² {:.2e} against {rho:.2e}; ln of the wealth {:.1} and {:.1}, {:.1} rejects",
            self.count,
            e.mean,
            w.mean,
            e.log_e_value,
            w.log_e_value,
            -self.alpha.ln()
        );
        if e.rejected {
            return Ok(Finding::below(false, Unit::Bound, e.mean, bound, detail));
        }
        if w.rejected {
            let detail = format!("the solver, not the derivative: {detail}");
            return Ok(Finding::below(false, Unit::Bound, w.mean, rho, detail));
        }
        let Some(ratio) = e.detectable_ratio else {
            let detail = format!("no excess could have been seen: {detail}");
            return Ok(Finding::undecided(Reason::NoPower, detail));
        };
        let headroom = ratio * bound / e.mean;
        let detail = format!(
            "{detail}; an E‖r - r*‖² of {ratio:.2} times the bound, {headroom:.2e} times what is measured, distributed as here would have failed with probability 0.99"
        );
        Ok(Finding::below(true, Unit::Bound, e.mean, bound, detail).headroom(headroom))
    }
}
