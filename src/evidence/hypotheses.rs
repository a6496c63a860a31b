//! Which hypothesis of a claim an instance breaks.

use super::whole::Evidence;
use crate::theory::Hypothesis;

impl Evidence<'_> {
    /// Why a hypothesis does not hold on this instance, if so. What samples reach through contracts
    /// by ‖D_{T,1}‖, and a solution that cannot be certified rules out only what needs w(λ).
    pub fn broken(&self, h: Hypothesis) -> Option<String> {
        let Ok(sampled) = self.sampled() else {
            return match self.solved() {
                Ok(exact) => h.broken(&exact.truth).or_else(|| {
                    let kinks = &self.upper(exact)?.moduli.kinks;
                    (h == Hypothesis::UniqueDerivative)
                        .then(|| at_kinks(kinks))
                        .flatten()
                }),
                Err(unsolved) => h.broken_by(unsolved),
            };
        };
        match h {
            Hypothesis::Contraction if !(sampled.q < 1.0) => Some(format!(
                "hypothesis `contraction` does not hold: ‖D_T,1‖ ≤ q < 1 is not certified, q = {:.6}",
                sampled.q
            )),
            Hypothesis::UniqueDerivative => match sampled.kink_at_solution() {
                Some(r) => Some(format!(
                    "hypothesis `unique-derivative` does not hold: a unit of G is {r:e} from its kink at w(λ)"
                )),
                None => {
                    let (star, error) = sampled.solution().ok()?;
                    let moduli = sampled.objective?.moduli(star, sampled.lambda, error);
                    at_kinks(&moduli.kinks)
                }
            },
            _ => None,
        }
    }
}

/// Rows of an objective at their kink at w(λ), where ∇E is a set.
fn at_kinks(rows: &[usize]) -> Option<String> {
    (!rows.is_empty()).then(|| {
        format!(
            "hypothesis `unique-derivative` does not hold: rows {rows:?} of the objective are at a kink at w(λ), within rounding"
        )
    })
}
