//! SID settles at its exact bias, and NSID goes below it: no sampling anywhere.

use super::super::checks::Finding;
use super::super::verdict::Record;
use super::inner_law::InnerLaw;
use super::moments::{horizon, logarithmic};
use super::{Setting, decided, not_applicable, series};
use crate::error::Result;
use crate::tol::{CLEARLY_BELOW, LIMIT_STEPS, SETTLED, gamma};
use crate::truth::expectation::{reference, sid_limit};

/// J of both methods.
const INNER: usize = 64;

pub(super) fn judge(s: &Setting<'_>, records: &mut Vec<Record>) -> Result<Finding> {
    let i = s.instance;
    let (map, w, lambda, y) = (&i.map, &i.w[..], &i.lambda[..], &i.cotangent[..]);
    let limit = sid_limit(map, w, lambda, y, 0.0, i.batch, i.inner_batch)?;
    if !limit.stable {
        return Ok(Finding::inconclusive(format!(
            "SID's mean iteration is not known to be stable: spectral abscissa {:.3} to {:.3}",
            limit.abscissa.lower, limit.abscissa.upper
        )));
    }
    let star = reference(map, w, lambda, y, 0.0)?;
    let bias = (&limit.r - &star.r).norm_squared();
    if bias <= gamma(1 << 10) * star.r.norm_squared() {
        return Ok(not_applicable(
            "SID has no bias here: no sample crosses a kink".into(),
        ));
    }
    let beta = 2.0 / (1.0 - limit.abscissa.middle().max(s.q));
    let offset = s.rate()?.gamma.max(2.0 * beta);
    let eta = |k: usize| beta / (offset + k as f64);
    let read = limit.readout(map, w, lambda, 0.0, i.inner_batch, INNER)?;
    // Where it goes: the bias and what J inner minibatches leave at v_SID.
    let spread = read
        .spread
        .as_ref()
        .map_or(0.0, |g| (limit.v.transpose() * g * &limit.v)[0]);
    let plateau = bias + spread;
    let mut recursion = limit.recursion(map, w, lambda, y, 0.0, i.batch)?;
    let mut last = horizon(s, offset);
    let (steps, sid, extrapolated, moved) = loop {
        let mut steps = logarithmic(last);
        steps.extend([last / 4, last / 2]);
        steps.sort_unstable();
        steps.dedup();
        let mut at = recursion.start();
        let mut sid = Vec::with_capacity(steps.len());
        for k in &steps {
            while at.i < *k {
                let h = eta(at.i);
                recursion.step(&mut at, h);
            }
            sid.push(read.mse(&recursion, &at, &star.r));
        }
        // One Richardson step in 1/(γ+k) from k/2 to k, and the one before, which says how far it still is.
        let richardson = |k: usize| {
            let [a, b] = [k / 2, k].map(|k| steps.binary_search(&k).unwrap_or(0));
            let [x, z] = [a, b].map(|n| offset + steps[n] as f64);
            (z * sid[b] - x * sid[a]) / (z - x)
        };
        let (before, now) = (richardson(last / 2), richardson(last));
        let moved = (now / before - 1.0).abs();
        if moved <= SETTLED * s.check.slack || last == LIMIT_STEPS {
            break (steps, sid, now, moved);
        }
        last = (2 * last).min(LIMIT_STEPS);
    };
    let Some(law) = InnerLaw::new(s, w, INNER)? else {
        return Ok(Finding::inconclusive("the law of w̄ has too many outcomes"));
    };
    let Some(nsid) = law.mse(&steps, &star.r, eta)? else {
        return Ok(Finding::inconclusive("the law of w̄ has too many outcomes"));
    };
    let n = steps.len();
    if s.label.plot {
        records.push(s.record(
            "plateau",
            offset,
            steps.clone(),
            vec![
                series("SID: E‖r - r*‖²", sid.clone()),
                series("NSID: E‖r - r*‖²", nsid.clone()),
                series("SID's exact plateau", vec![plateau; n]),
            ],
        ));
    }
    if !(moved <= SETTLED * s.check.slack) {
        return Ok(Finding::inconclusive(format!(
            "the extrapolated plateau still moves by {moved:.1e} at k = {last}; γ = {offset:.1}"
        )));
    }
    let deviation = (extrapolated / plateau - 1.0).abs();
    // NSID has no bias, but an error of its own that J and k leave; it has to win where theory puts that clearly below.
    let expected = law
        .asymptote(&star.r, beta)?
        .map(|a| a.floor + a.constant / (offset + last as f64));
    let wins = expected.is_some_and(|e| e <= CLEARLY_BELOW * plateau);
    let own = nsid[n - 1];
    let detail = format!(
        "SID's squared bias {bias:e}, plateau {plateau:e}, reached {extrapolated:e} at k = {last}; NSID at the same J = {INNER} and k has {own:e}, expected {:e}",
        expected.unwrap_or(f64::NAN)
    );
    if !(deviation <= s.check.slack) {
        return Ok(decided(false, extrapolated, plateau, detail));
    }
    if !wins {
        return Ok(Finding::inconclusive(format!(
            "J and k leave NSID about as much as SID's bias: {detail}; SID's plateau is as predicted to {deviation:.1e}"
        )));
    }
    let from = (0..n)
        .find(|k| (*k..n).all(|l| nsid[l] < sid[l]))
        .map_or(last, |k| steps[k]);
    Ok(Finding {
        slack: (s.check.slack / deviation).min(plateau / own),
        ..decided(
            own < plateau,
            extrapolated,
            plateau,
            format!("{detail}; below SID from k = {from} on"),
        )
    })
}
