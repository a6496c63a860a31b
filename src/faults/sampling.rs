//! Naming what is wrong with how an implementation of NSID or SID draws and schedules.

use crate::case::{Draw, Implementation, Role};
use crate::tol::{BOUND_ROOM, NEVER_DRAWN};

/// The mistakes that explain how an implementation draws and schedules, seen from its answers to
/// `request` for many replicates and to a request for steps β/(γ+i). Looks at indices and steps
/// only, and only at an implementation that has failed: what is rare but possible for independent
/// samples decides no verdict here.
pub fn sampling(subject: &mut dyn Implementation, request: &Draw) -> Vec<&'static str> {
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
        // Independent samples can be drawn however few there are to draw from; an epoch has to hold
        // a minibatch.
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
