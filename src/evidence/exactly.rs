//! The run of an implementation that makes no error.

use super::request::{Request, Where};
use super::run::Run;
use super::target::Shown;
use super::whole::Evidence;
use crate::case::{Algorithm, Answer};
use crate::linalg::Matrix;

impl Evidence<'_> {
    /// A run of an implementation that makes no error but that of rounding its estimates; J beyond
    /// the exact run. `None` where nothing exact is known, or the method has no exact steps.
    pub fn exactly(&self, request: &Request) -> Option<Run> {
        // Only these have exact steps.
        if !matches!(self.method.algorithm, Algorithm::Itd | Algorithm::AidFp) {
            return None;
        }
        let exact = self.exact().ok()?;
        let shown = Shown::of(exact, self.target);
        let horizon = request.steps.last().copied().unwrap_or(0);
        let aid = exact.aid(request.at, horizon);
        let at = |k: &usize| {
            let known = match (request.at, &aid) {
                (Where::Start, _) => {
                    let run = exact.run();
                    run.d.get(*k).map(|d| (d, &run.w[*k]))
                }
                // There only the limit is asked for.
                (Where::Solution, _) | (_, None) => None,
                (_, Some(run)) => run.d.get(*k).map(|d| (d, &run.w)),
            };
            let (d, w) = known.or_else(|| Some((exact.jacobian()?, exact.truth.w())))?;
            Some(shown.image(d, w))
        };
        let estimates: Option<Vec<Matrix>> = request.steps.iter().map(at).collect();
        Some(Run::new(request.clone(), Answer::completed(estimates?)))
    }
}
