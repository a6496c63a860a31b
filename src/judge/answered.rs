//! What a claim says of one answer to one case: asked just now, or recorded long ago.

use super::outcome::{self, Outcome};
use super::rulings::Judged;
use crate::case::{Algorithm, Answer, Status, Target};
use crate::checks::{Context, Finding, Needs, Reason, Ruling, Unit};
use crate::claims::Claim;
use crate::error::Result;
use crate::evidence::{Evidence, Request, Run, Where};
use crate::tol::{PRECISION_UNITS, Roundoff};

/// Checks that speak of sets, where the derivative at w(λ) is one.
const OF_SETS: [&str; 2] = ["set-bound", "joint-limit"];

/// Judges an answer by every check of a claim that can use it; `name` is what the instance is
/// called. Where none has anything to say, that is the verdict.
pub fn answered(
    claim: &Claim,
    e: &Evidence<'_>,
    name: &str,
    request: &Request,
    answer: Answer,
) -> Judged {
    let mut judged = Judged::default();
    let stated = matches!(answer.status, Status::NotConverged { .. });
    let mut rule = |check: &str, kind: &str, mut finding: Finding, blamed: Option<Request>| {
        if e.method.is_aid() {
            // The point given is the start of the exact run, and has no number for a reader.
            finding.detail = finding.detail.replace("at w_0", "at w");
        }
        if stated {
            finding.detail += "; it says that it has not converged";
        }
        judged.rule(claim, e, name, check, kind, finding, blamed);
    };
    if let Some(why) = claim.hypotheses.iter().find_map(|h| e.broken(*h)) {
        let finding = Finding::not_applicable(Reason::Hypothesis, why);
        rule("hypotheses", "hypotheses", finding, None);
        return judged;
    }
    let run = match outcome::of(e, request.clone(), answer) {
        Outcome::Run(run) => run,
        Outcome::Ruled(finding) => {
            let blamed = Some(request.clone());
            let name = match finding.ruling {
                Ruling::NotApplicable => "skipped",
                _ => "answer",
            };
            rule(name, name, *finding, blamed);
            return judged;
        }
        Outcome::Trouble(trouble, why) => {
            let finding = Finding::failed(Unit::Exact, why);
            let name = trouble.name();
            rule(name, name, finding, Some(request.clone()));
            return judged;
        }
    };
    let at_solution = at_solution(e, &run);
    let mut silent: Option<(&str, &str, Finding)> = None;
    let mut spoken = false;
    for c in &claim.checks {
        let label = c.check.label();
        let of_one_matrix = e.exact().is_ok_and(|exact| exact.jacobian().is_some());
        let idle = c.check.needs() != Needs::Runs
            || !c.check.knows(e.target)
            || (of_one_matrix && OF_SETS.contains(&label));
        if idle {
            continue;
        }
        let context = Context {
            e,
            steps: c.steps,
            slack: c.slack,
            share: 1.0,
            draw: false,
        };
        let run = match (label, &at_solution) {
            ("limit", Some(run)) => run,
            _ => &run,
        };
        let finding: Result<Finding> = c.check.judge(context, &[run]);
        let finding = finding.unwrap_or_else(|e| Finding::undecided(Reason::Error, e.to_string()));
        // Another check may say what this one cannot: then it is not worth a verdict.
        let quiet = match finding.reason {
            Some(
                Reason::NothingToSee
                | Reason::TooFewPoints
                | Reason::NotSettled
                | Reason::AmbiguousUnits
                | Reason::IllConditioned
                | Reason::TooLarge,
            ) => true,
            _ => finding.ruling == Ruling::NotApplicable,
        };
        if quiet {
            silent.get_or_insert((c.name.as_str(), label, finding));
            continue;
        }
        spoken = true;
        let blamed = (finding.ruling == Ruling::Fail).then(|| request.clone());
        rule(&c.name, label, finding, blamed);
    }
    if let Some(finding) = precision(e, &run) {
        rule("precision", "precision", finding, None);
    }
    if let (false, Some((name, label, finding))) = (spoken, silent) {
        rule(name, label, finding, None);
    }
    judged
}

/// Whether an implementation that says it computes in binary32 does (theory, section 11): at a
/// limit its true error is at most PRECISION_UNITS·uκ‖J‖, in 78 of 78 runs, and products rounded to
/// fewer digits exceed that, in 78 of 78. Below its certified floor it is no failure.
fn precision(e: &Evidence<'_>, run: &Run) -> Option<Finding> {
    let u = e.roundoff();
    // Of a hypergradient the theory has no such figure.
    let spoken_of = !matches!(e.target, Target::Hypergradient(_));
    if u == Roundoff::DOUBLE || e.method.is_stochastic() || !spoken_of {
        return None;
    }
    let exact = e.exact().ok()?;
    let (q, kappa) = (exact.truth.constants.q, exact.truth.kappa());
    let settled = |k: usize| match e.method.algorithm {
        Algorithm::Itd | Algorithm::AidFp => q.powi(k as i32) * kappa <= u.value(),
        _ => true,
    };
    let all = run.comparisons(e).iter();
    let ended = all.filter(|c| settled(c.k) && c.comparable && c.band == 0.0 && c.size > 0.0);
    // J, or its counterpart at another point that was given.
    let given = e.method.is_aid() && run.request.at != Where::Start;
    let size = if given {
        exact.aid_limit(run.request.at, 0.0)?.j.norm()
    } else {
        exact.jacobian()?.norm()
    };
    let units = ended.filter_map(|c| Some(c.deviation? / (u.value() * kappa * size)));
    let most = units.fold(f64::NAN, f64::max);
    if most.is_nan() {
        return None;
    }
    let text = format!("at the limit {most:.1} units of uκ‖J‖");
    Some(if most <= PRECISION_UNITS {
        Finding::below(true, Unit::Tolerance, most, PRECISION_UNITS, text)
    } else {
        let text = format!(
            "{text}, where products and sums in binary32 leave at most {PRECISION_UNITS}: reduced-precision products (TF32, bf16, fp16)"
        );
        Finding {
            measured: most,
            bound: PRECISION_UNITS,
            ..Finding::undecided(Reason::Inexact, text)
        }
    })
}

/// The same run at w(λ), where that is the point given: its limit is then J.
fn at_solution(e: &Evidence<'_>, run: &Run) -> Option<Run> {
    let exact = e.exact().ok()?;
    let given = e.method.is_aid() && e.instance.start == exact.solution().as_slice();
    given.then(|| {
        let request = Request {
            at: Where::Solution,
            ..run.request.clone()
        };
        Run::new(request, run.answer.clone())
    })
}
