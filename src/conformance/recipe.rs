//! What is asked of a random instance: the place and the steps at which its checks can see most.

use crate::case::{Algorithm, Method};
use crate::checks::{Context, Needs};
use crate::claims::Claim;
use crate::error::{Error, Result};
use crate::evidence::{Asked, Evidence, Request, Sequence, Where, growing};
use crate::subject::Own;
use crate::tol::{RATE_LEFT, UNIT};
use crate::wire::{Case, LARGEST_STEP, MOST_STEPS};

/// Steps looked at one by one at the start of a course.
const COURSE: usize = 40;
/// Steps of a window in which a rate is fitted.
const WINDOW: usize = 24;
/// Updates of NSID and SID looked at.
const UPDATES: [usize; 7] = [0, 1, 2, 5, 10, 20, 40];

/// The case that one instance of a claim becomes; `nth` makes places and sequences take turns, and
/// `own` lets solvers find their own w.
///
/// # Errors
/// When the instance is not solved, or the protocol has no words for it.
pub(super) fn case(
    claim: &Claim,
    e: &Evidence<'_>,
    id: &str,
    nth: usize,
    own: Own,
) -> Result<Case> {
    let request = request(claim, e, nth, own)?;
    let asked = Asked::new(e, &request)?;
    let case = Case::of(id, &asked.case());
    case.ok_or_else(|| Error::input("the protocol has no words for this problem"))
}

fn request(claim: &Claim, e: &Evidence<'_>, nth: usize, own: Own) -> Result<Request> {
    if e.method.is_stochastic() {
        let last = claim.horizon();
        let steps = UPDATES.into_iter().filter(|k| *k < last).chain([last]);
        return Ok(Request {
            sequence: Some(Sequence::numbered(nth as u64 % 3)),
            ..Request::new(Where::Own, steps.collect())
        });
    }
    let exact = e.exact()?;
    let last = exact.last();
    let place = [
        Where::Solution,
        Where::Iterate(0),
        Where::Iterate(2.min(last)),
        Where::Iterate(last),
    ][nth % 4];
    Ok(match e.method.algorithm {
        Algorithm::Itd => Request::new(Where::Start, along(claim, e)?),
        Algorithm::AidFp => Request::new(place, iterated(e)?),
        Algorithm::AidCg => {
            let unknowns = e.most_unknowns(place);
            let unknowns = unknowns.ok_or_else(|| Error::input("has no system"))?;
            Request::new(place, vec![unknowns])
        }
        _ if own == Own::Always || (own == Own::Too && nth % 4 == 1) => {
            Request::new(Where::Start, vec![0])
        }
        _ => Request::new(place, vec![0]),
    })
}

/// The steps of ITD that the checks of the claim ask for themselves.
fn along(claim: &Claim, e: &Evidence<'_>) -> Result<Vec<usize>> {
    let exact = e.exact()?;
    let mut far: Vec<usize> = Vec::new();
    for c in &claim.checks {
        let context = Context {
            e,
            steps: c.steps,
            slack: c.slack,
            share: 1.0,
            draw: false,
        };
        if c.check.needs() == Needs::Runs && matches!(c.check.label(), "limit" | "local-rate") {
            let requests = c.check.requests(context).unwrap_or_default();
            far.extend(requests.iter().flat_map(|r| r.steps.clone()));
        }
    }
    if exact.path().is_some() {
        far.clear();
    }
    Ok(merged(growing(COURSE.min(exact.last())), far))
}

/// The steps of AID-FP: its course, a window in which the local rate shows, and the limit.
fn iterated(e: &Evidence<'_>) -> Result<Vec<usize>> {
    let exact = e.exact()?;
    let steps_to = |left: f64, factor: f64| {
        let steps = (left.ln() / factor.ln()).ceil();
        if steps.is_finite() && steps > 0.0 {
            (steps as usize).min(LARGEST_STEP)
        } else {
            1
        }
    };
    let mut far = Vec::new();
    if let Some(rho) = exact.rho().filter(|rho| rho.upper > 0.0) {
        let end = steps_to(RATE_LEFT, rho.middle());
        let from = end * 2 / 5;
        let stride = (end - from).div_ceil(WINDOW).max(1);
        far.extend((from..=end).step_by(stride));
    }
    let left = UNIT / exact.truth.kappa();
    far.push(steps_to(left, exact.truth.constants.q));
    Ok(merged(growing(COURSE), far))
}

/// All of `far` that may be asked for, and as many of `near` as there is room for.
fn merged(near: Vec<usize>, mut far: Vec<usize>) -> Vec<usize> {
    far.retain(|k| *k <= LARGEST_STEP);
    far.sort_unstable();
    far.dedup();
    far.truncate(MOST_STEPS - near.len().min(MOST_STEPS));
    let mut steps = near;
    steps.extend(far);
    steps.sort_unstable();
    steps.dedup();
    steps
}

/// The claim of `claims` that a case belongs to.
pub(super) fn claim_of<'c>(claims: &'c [Claim], case: &Case) -> Option<usize> {
    let method: Method = case.asks().ok()?;
    let hypergradient = case.objective.is_some();
    let of = |c: &&'c Claim| c.method == method && c.hypergradient == hypergradient;
    let path = case.path.is_some();
    let fits = |c: &&'c Claim| of(c) && c.families.iter().all(|f| f.is_given_path()) == path;
    claims
        .iter()
        .position(|c| fits(&c))
        .or_else(|| claims.iter().position(|c| of(&c)))
}
