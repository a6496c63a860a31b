//! Theorem 5.4 end to end, with w from proximal SGD, by betting.
//!
//! Half of the check's share of α goes to the solver's rate, half to the error; nothing is drawn again.

use super::super::checks::Finding;
use super::protocol::{Protocol, failed};
use super::theorem::solved;
use super::{Setting, decided, met, not_applicable};
use crate::error::Result;
use crate::instances::mix;
use crate::methods::nsid::{Iid, ProxStep, Role, StochasticDifferentiator, prox_sgd};
use crate::stats::MeanAtMost;
use crate::theory::{ProxSgdRate, Theorem54};
use crate::tol::gamma;
use crate::truth::expectation::reference;

pub(super) fn judge(
    s: &Setting<'_>,
    replicates: usize,
    subject: &mut dyn StochasticDifferentiator,
) -> Result<Finding> {
    let i = s.instance;
    let affine = i.map.inner().is_affine();
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
        match protocol.replicate(subject, id, &w, &eta) {
            Ok(r) => {
                let off = r[0]
                    .iter()
                    .zip(wanted.iter())
                    .map(|(a, b)| (a - b).powi(2))
                    .sum();
                error.push(off)?;
            }
            Err(why) => return Ok(failed(why)),
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
    if e.rejected {
        return Ok(decided(false, e.mean, root * root, detail));
    }
    if w.rejected {
        let detail = format!("the solver, not the derivative: {detail}");
        return Ok(decided(false, w.mean, rho, detail));
    }
    let Some(ratio) = e.detectable_ratio else {
        return Ok(Finding::inconclusive(format!(
            "no excess could have been seen: {detail}"
        )));
    };
    let detail = format!(
        "{detail}; an E‖r - r*‖² of {ratio:.2} times the bound, {:.2e} times what is measured, distributed as here would have failed with probability 0.99",
        ratio * root * root / e.mean
    );
    Ok(decided(true, e.mean, root * root, detail))
}
