//! w(λ) of a stochastic map, with a certificate.

use crate::linalg::product::norm2;
use crate::maps::stochastic::StochasticMap;
use crate::truth::reference::stochastic::residual;

/// Most evaluations of Φ: q = 0.9999 needs 4·10⁵ for full precision, and none of the kinds comes near.
const MOST_STEPS: usize = 200_000;

/// Dual certificate of a fixed point.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// ŵ.
    pub w: Vec<f64>,
    /// ‖ŵ - w(λ)‖ ≤ κ‖Φ(ŵ)-ŵ‖, the residual evaluated in double-double.
    pub error: f64,
}

/// Iterates Φ until it no longer moves; `None` where q ≥ 1 is all that is known.
pub fn solution(map: &StochasticMap, lambda: &[f64]) -> Option<Solution> {
    let q = map.q(lambda);
    if !(q < 1.0) {
        return None;
    }
    let d = map.dim();
    let (mut w, mut u, mut next) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    let mut previous = f64::INFINITY;
    for i in 0..MOST_STEPS {
        map.apply(&w, lambda, &mut u, &mut next);
        let moved: f64 = next
            .iter()
            .zip(&w)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            .sqrt();
        std::mem::swap(&mut w, &mut next);
        // Rounding ends the decrease; the first steps may grow before the piece is reached.
        if moved == 0.0
            || (i > 50 && moved >= previous && moved <= 1e3 * crate::tol::UNIT * norm2(&w))
        {
            break;
        }
        previous = moved;
    }
    let error = norm2(&residual(map, lambda, &w)) / (1.0 - q) * (1.0 + 4.0 * f64::EPSILON);
    Some(Solution { w, error })
}
