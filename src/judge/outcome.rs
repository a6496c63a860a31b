//! What became of a run that was asked for.

use crate::case::{Answer, Implementation, Status, Target, Trouble};
use crate::checks::{Finding, Reason, Unit};
use crate::error::Result;
use crate::evidence::{Asked, Evidence, Request, Run};

/// An answer that can be judged, or what stands in its place.
pub(super) enum Outcome {
    /// Estimates that fit the request in number and shape.
    Run(Run),
    /// Every check that asked for the run is ruled like this.
    Ruled(Box<Finding>),
    /// The implementation did not answer: one failure under the trouble's own name.
    Trouble(Trouble, String),
}

/// Runs a request.
pub(super) fn run(
    e: &Evidence<'_>,
    request: &Request,
    subject: &mut dyn Implementation,
) -> Result<Outcome> {
    let asked = Asked::new(e, request)?;
    let answer = subject.run(&asked.case());
    Ok(of(e, request.clone(), answer))
}

/// What an answer to a request amounts to.
pub(super) fn of(e: &Evidence<'_>, request: Request, answer: Answer) -> Outcome {
    let failed = |detail: String| Outcome::Ruled(Box::new(Finding::failed(Unit::Bound, detail)));
    match &answer.status {
        // That it has not converged is a statement; its estimates are judged.
        Status::Completed | Status::NotConverged { .. } => {}
        Status::Diverged { step } | Status::NotANumber { step } => {
            let finding = Finding::failed(
                Unit::Bound,
                format!("the method {} on a contraction{}", answer.status, factor(e)),
            );
            return Outcome::Ruled(Box::new(finding.at_step(*step)));
        }
        Status::Skipped(why) => {
            let finding = Finding::not_applicable(Reason::Skipped, format!("skipped: {why}"));
            return Outcome::Ruled(Box::new(finding));
        }
        Status::Failed { trouble, why } => return Outcome::Trouble(*trouble, why.clone()),
    }
    if answer.estimates.len() != request.steps.len() {
        return failed(format!(
            "{} estimates for {} steps",
            answer.estimates.len(),
            request.steps.len()
        ));
    }
    let dims = e.instance.map.dims();
    let (shape, what) = match e.target {
        Target::Jacobian => ((dims.w, dims.lambda), "D"),
        Target::Cotangent(_) => ((dims.lambda, 1), "Dᵀy"),
        _ => ((dims.lambda, 1), "a hypergradient"),
    };
    if let Some(wrong) = answer.estimates.iter().find(|m| m.shape() != shape) {
        return failed(format!(
            "{} gives {what}, {}×{}, and what came is {}×{}",
            e.method,
            shape.0,
            shape.1,
            wrong.nrows(),
            wrong.ncols()
        ));
    }
    Outcome::Run(Run::new(request, answer))
}

/// " with q = ...", where that is known.
fn factor(e: &Evidence<'_>) -> String {
    let exact = e.exact().map(|exact| exact.truth.constants.q);
    exact.map_or_else(|_| String::new(), |q| format!(" with q = {q}"))
}
