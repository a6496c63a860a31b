//! Naming a fault of NSID or SID: by the estimates, with indices and steps given, or by what is drawn and scheduled.

use super::{Fault, Faulty};
use crate::methods::Method;
use crate::methods::nsid::{Draw, Role, StochasticCase, StochasticDifferentiator};
use crate::tol::{BOUND_ROOM, NEVER_DRAWN};

/// One call of an implementation and what it returned.
pub struct Answer<'a> {
    /// What it was given.
    pub case: StochasticCase<'a>,
    /// What it returned.
    pub estimates: &'a [Vec<f64>],
    /// Rounding floor of each estimate.
    pub floor: &'a [f64],
}

/// The mistakes whose estimates these are, to the rounding floor, in all answers of one object in the order of its calls: none, one, or
/// several that cannot be told apart here. A mistake that changes nothing here fits no wrong estimates.
pub fn diagnose(method: Method, answers: &[Answer<'_>]) -> Vec<&'static str> {
    let fits = |fault: Fault| {
        // One object for all calls: it may keep something between them.
        let mut simulated = Faulty::new(method, fault);
        answers.iter().all(|answer| {
            let Ok(wanted) = simulated.run(&answer.case) else {
                return false;
            };
            // The floor of the correct recursion; a mistake may amplify rounding more.
            let pairs = wanted.iter().zip(answer.estimates).zip(answer.floor);
            pairs.into_iter().all(|((a, b), f)| {
                let off: f64 = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum();
                off.sqrt() <= 4.0 * f
            })
        })
    };
    Fault::MISTAKES
        .iter()
        .filter(|(_, _, f)| !f.is_sampling() && f.occurs_in(method) && fits(*f))
        .map(|(name, _, _)| *name)
        .collect()
}

/// The mistakes that explain how an implementation draws and schedules, seen from its answers to `request` for many replicates
/// and to a request for steps β/(γ+i). Looks at indices and steps only, and only at an implementation that has
/// failed: what is rare but possible for independent samples decides no verdict here.
pub fn diagnose_sampling(
    subject: &mut dyn StochasticDifferentiator,
    request: &Draw,
) -> Vec<&'static str> {
    let (beta, gamma) = (3.0, 5.0);
    let eta = subject.schedule(beta, gamma, request.count.max(2));
    let follows = |step: &dyn Fn(f64) -> f64| {
        eta.iter()
            .enumerate()
            .all(|(i, e)| (e / step(i as f64) - 1.0).abs() <= BOUND_ROOM)
    };
    if !follows(&|i| beta / (gamma + i)) {
        if follows(&|i| beta / (gamma + i + 1.0)) {
            return vec!["schedule-off-by-one"];
        }
        let constant = follows(&|_| beta / gamma);
        return constant
            .then_some("schedule-constant")
            .into_iter()
            .collect();
    }
    let n = request.population;
    if n < 2 {
        return Vec::new();
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
        // Independent samples can be drawn however few there are to draw from; an epoch has to hold a minibatch.
        let too_few = request.size > n;
        return too_few.then_some("epoch-shuffling").into_iter().collect();
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
    [
        ("same-seed", drawn.iter().all(|d| *d == drawn[0])),
        (
            "never-last-sample",
            drawn.iter().flatten().all(|i| *i != n - 1),
        ),
        ("epoch-shuffling", shuffled),
    ]
    .into_iter()
    .filter(|(_, fits)| *fits)
    .map(|(name, _)| name)
    .collect()
}
