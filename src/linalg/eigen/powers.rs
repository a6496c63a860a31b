//! Norms and traces of powers: (|tr Pᵏ|/n)^{1/k} ≤ ρ ≤ ‖Pᵏ‖_F^{1/k}, for any k and any P.

use super::enclosure::Enclosure;
use crate::linalg::Matrix;
use crate::linalg::product::power_of_two_below;
use crate::tol::{SPECTRUM_SQUARINGS, gamma};

/// ρ of every matrix within `spread` of P, by repeated squaring. With P^k = s(M + E), ‖E‖ ≤ ε:
/// P^{2k} = s²(M² + E'), ‖E'‖ ≤ 2‖M‖ε + ε² + γ_n‖M‖²; s is a power of two throughout.
pub(super) fn by_powers(p: &Matrix, spread: f64) -> Enclosure {
    let n = p.nrows();
    let mut out = Enclosure {
        lower: 0.0,
        upper: f64::INFINITY,
    };
    let up = 1.0 + gamma(n * n + 8);
    let (mut m, mut error, mut log, mut k) = (p.clone(), spread, 0.0f64, 1.0f64);
    for _ in 0..=SPECTRUM_SQUARINGS {
        let size = m.norm() * up;
        if size == 0.0 && error == 0.0 {
            out.upper = 0.0;
            return out;
        }
        if !(size.is_finite() && error < size) {
            break;
        }
        let root = |x: f64| ((x.log2() + log) / k).exp2();
        // The logarithm and its sum lose a few units of at most 1100, the root a few more.
        let room = 1.0 + gamma(1 << 13);
        out.upper = out.upper.min(root(size + error) * room);
        let trace = m.trace().abs() - gamma(n) * size * (n as f64).sqrt();
        let least = trace / n as f64 * (1.0 - gamma(4)) - error * up;
        if least > 0.0 {
            out.lower = out.lower.max(root(least) / room);
        }
        let scale = power_of_two_below(size);
        m /= scale;
        error /= scale;
        log = 2.0 * (log + scale.log2());
        k *= 2.0;
        let size = size / scale;
        error = (error * (2.0 * size + error) + gamma(n + 2) * size * size) * up;
        m = &m * &m;
    }
    out
}
