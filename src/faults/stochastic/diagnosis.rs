//! Naming a fault of NSID or SID: by the estimates, with indices and steps given, or by what is drawn and scheduled.

use super::{Fault, Faulty};
use crate::methods::Method;
use crate::methods::nsid::{Draw, Role, StochasticCase, StochasticDifferentiator};
use crate::tol::{BOUND_ROOM, NEVER_DRAWN};

/// The mistakes whose estimates these are, to the rounding floor (`floor[k]`, one per estimate): none, one, or several
/// that cannot be told apart on this case. A mistake that changes nothing here fits no wrong estimates.
pub fn diagnose(
    method: Method,
    case: &StochasticCase<'_>,
    estimates: &[Vec<f64>],
    floor: &[f64],
) -> Vec<&'static str> {
    let fits = |fault: Fault| {
        let Ok(simulated) = Faulty::new(method, fault).run(case) else {
            return false;
        };
        // The floor of the correct recursion; a mistake may amplify rounding more.
        simulated
            .iter()
            .zip(estimates)
            .zip(floor)
            .all(|((a, b), f)| {
                let off: f64 = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum();
                off.sqrt() <= 4.0 * f
            })
    };
    Fault::MISTAKES
        .iter()
        .filter(|(_, _, f)| !f.is_sampling() && fits(*f))
        .map(|(name, _, _)| *name)
        .collect()
}

/// The mistake in how an implementation draws and schedules, seen from its answers to `request` for many replicates
/// and to a request for steps β/(γ+i). Looks at indices and steps only, and only at an implementation that has
/// failed: what is rare but possible for independent samples decides no verdict here.
pub fn diagnose_sampling(
    subject: &mut dyn StochasticDifferentiator,
    request: &Draw,
) -> Option<&'static str> {
    let (beta, gamma) = (3.0, 5.0);
    let eta = subject.schedule(beta, gamma, request.count.max(2));
    let follows = |step: &dyn Fn(f64) -> f64| {
        eta.iter()
            .enumerate()
            .all(|(i, e)| (e / step(i as f64) - 1.0).abs() <= BOUND_ROOM)
    };
    if !follows(&|i| beta / (gamma + i)) {
        if follows(&|i| beta / (gamma + i + 1.0)) {
            return Some("schedule-off-by-one");
        }
        return follows(&|_| beta / gamma).then_some("schedule-constant");
    }
    let n = request.population;
    if n < 2 {
        return None;
    }
    // Enough draws that an index left out by chance has probability below NEVER_DRAWN.
    let wanted = (n as f64 * -NEVER_DRAWN.ln()).ceil() as usize;
    let replicates = wanted.div_ceil(request.count * request.size).max(3) as u64;
    let drawn: Vec<Vec<usize>> = (0..replicates)
        .map_while(|replicate| {
            let role = Role::Linear;
            let one = subject.draw(&Draw {
                replicate,
                role,
                ..*request
            });
            one.ok().map(|b| b.flat().to_vec())
        })
        .collect();
    if drawn.len() < replicates as usize {
        return None;
    }
    if drawn.iter().all(|d| *d == drawn[0]) {
        return Some("same-seed");
    }
    if drawn.iter().flatten().all(|i| *i != n - 1) {
        return Some("never-last-sample");
    }
    // Whole minibatches of an epoch hold no index twice.
    let epoch = n / request.size * request.size;
    let distinct = |d: &[usize]| {
        let mut seen = vec![false; n];
        d.iter()
            .all(|i| *i < n && !std::mem::replace(&mut seen[*i], true))
    };
    let shuffled = epoch > 1
        && request.count * request.size >= epoch
        && drawn.iter().all(|d| d.chunks(epoch).all(distinct));
    shuffled.then_some("epoch-shuffling")
}
