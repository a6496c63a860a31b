//! E(w, λ) = n⁻¹Σᵢ ℓ(xᵢᵀw + zᵢᵀλ, yᵢ) + ½·ridge·‖λ‖².

use serde::{Deserialize, Serialize};

use super::moduli::GradientModuli;
use super::rows::{Rows, check_ridge, check_size};
use crate::error::{Error, Result};
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::norm2;
use crate::linalg::{Dd, Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::{LIBM_ULPS, Roundoff, gamma};

/// Hold-out rows, each with a score xᵢᵀw + zᵢᵀλ and a target, and a ridge in λ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HoldOut {
    /// X, n×d.
    #[serde(rename = "X", with = "numbers")]
    pub x: Matrix,
    /// Z, n×m, where scores depend on λ directly.
    #[serde(
        rename = "Z",
        default,
        with = "numbers",
        skip_serializing_if = "Option::is_none"
    )]
    pub z: Option<Matrix>,
    /// y, n; ±1 for the logistic loss.
    #[serde(with = "numbers")]
    pub y: Vector,
    /// Weight of ½‖λ‖², at least 0.
    #[serde(with = "numbers")]
    pub ridge: f64,
}

/// ℓ(s, y).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// ½(s - y)².
    Squares,
    /// log(1 + e^(-ys)).
    Logistic,
    /// |s - y|; ℓ' = 0 at its kink.
    Absolute,
}

impl Loss {
    fn value(self, s: f64, y: f64) -> f64 {
        match self {
            Self::Squares => 0.5 * (s - y) * (s - y),
            Self::Logistic => {
                let m = -y * s;
                m.max(0.0) + (-m.abs()).exp().ln_1p()
            }
            Self::Absolute => (s - y).abs(),
        }
    }

    /// ℓ'(s).
    fn slope(self, s: f64, y: f64) -> f64 {
        match self {
            Self::Squares => s - y,
            // -y/(1 + e^(ys)) = -y(1 - tanh(ys/2))/2.
            Self::Logistic => -y * 0.5 * (1.0 - (0.5 * y * s).tanh()),
            Self::Absolute if s == y => 0.0,
            Self::Absolute => (s - y).signum(),
        }
    }

    fn slope_exactly(self, s: Dd, y: Dd) -> Dd {
        let half = Dd::from(0.5);
        match self {
            Self::Squares => s - y,
            Self::Logistic => -(y * half * (Dd::ONE - (half * y * s).tanh())),
            Self::Absolute if s == y => Dd::ZERO,
            Self::Absolute if s < y => -Dd::ONE,
            Self::Absolute => Dd::ONE,
        }
    }

    /// The Lipschitz constant of ℓ' on its pieces.
    fn curvature(self) -> f64 {
        match self {
            Self::Squares => 1.0,
            Self::Logistic => 0.25,
            Self::Absolute => 0.0,
        }
    }
}

impl HoldOut {
    /// Rows X (n×d) with scores Xw, targets y (n), and the weight of ½‖λ‖².
    pub fn new(x: Matrix, y: Vector, ridge: f64) -> Self {
        Self {
            x,
            z: None,
            y,
            ridge,
        }
    }

    /// The same with scores Xw + Zλ, Z n×m.
    #[must_use]
    pub fn with_scores_of_lambda(self, z: Matrix) -> Self {
        Self { z: Some(z), ..self }
    }

    pub(super) fn check(&self, loss: Loss, d: usize, m: usize) -> Result<()> {
        let n = check_size("X", &self.x, None, d)?;
        if let Some(z) = &self.z {
            check_size("Z", z, Some(n), m)?;
        }
        if self.y.len() != n {
            let text = format!("expected {n} numbers, got {}", self.y.len());
            return Err(Error::input(text).in_field("objective.y"));
        }
        check_size(
            "y",
            &Matrix::from_column_slice(n, 1, self.y.as_slice()),
            None,
            1,
        )?;
        if loss == Loss::Logistic
            && let Some(k) = self.y.iter().position(|y| y.abs() != 1.0)
        {
            let field = format!("objective.y[{k}]");
            return Err(Error::input("must be 1 or -1").in_field(field));
        }
        check_ridge(self.ridge)
    }

    /// The score of a row.
    fn score(&self, i: usize, w: &[f64], lambda: &[f64]) -> f64 {
        let dot = |m: &Matrix, v: &[f64]| m.row(i).iter().zip(v).map(|(a, b)| a * b).sum::<f64>();
        dot(&self.x, w) + self.z.as_ref().map_or(0.0, |z| dot(z, lambda))
    }

    pub(super) fn value(&self, loss: Loss, w: &[f64], lambda: &[f64]) -> f64 {
        let n = self.y.len();
        let one = |i: usize| loss.value(self.score(i, w, lambda), self.y[i]);
        let size: f64 = lambda.iter().map(|l| l * l).sum();
        (0..n).map(one).sum::<f64>() / n as f64 + 0.5 * self.ridge * size
    }

    /// ∇₁ and ∇₂ of the mean over rows.
    pub(super) fn gradients(
        &self,
        loss: Loss,
        w: &[f64],
        lambda: &[f64],
        rows: Rows<'_>,
    ) -> [Vec<f64>; 2] {
        let mut by_w = vec![0.0; w.len()];
        let mut by_lambda = vec![0.0; lambda.len()];
        let add = |out: &mut [f64], m: &Matrix, i: usize, slope: f64| {
            let pairs = out.iter_mut().zip(m.row(i));
            pairs.for_each(|(o, x)| *o += slope * x);
        };
        let n = rows.count(self.y.len());
        for i in rows.indices(self.y.len()) {
            let slope = loss.slope(self.score(i, w, lambda), self.y[i]);
            add(&mut by_w, &self.x, i, slope);
            if let Some(z) = &self.z {
                add(&mut by_lambda, z, i, slope);
            }
        }
        by_w.iter_mut().for_each(|g| *g /= n as f64);
        let pairs = by_lambda.iter_mut().zip(lambda);
        pairs.for_each(|(g, l)| *g = *g / n as f64 + self.ridge * l);
        [by_w, by_lambda]
    }

    pub(super) fn gradients_exactly(
        &self,
        loss: Loss,
        w: &[Dd],
        lambda: &[f64],
        rows: Rows<'_>,
    ) -> [Vec<Dd>; 2] {
        let lambda: Vec<Dd> = lambda.iter().map(|l| Dd::from(*l)).collect();
        let mut sums = [vec![Dd::ZERO; w.len()], vec![Dd::ZERO; lambda.len()]];
        let dot = |start: Dd, m: &Matrix, i: usize, v: &[Dd]| {
            let terms = m.row(i).into_iter().zip(v);
            terms.fold(start, |sum, (a, b)| sum + Dd::from(*a) * *b)
        };
        for i in rows.indices(self.y.len()) {
            let own = dot(Dd::ZERO, &self.x, i, w);
            let score = self.z.as_ref().map_or(own, |z| dot(own, z, i, &lambda));
            let slope = loss.slope_exactly(score, Dd::from(self.y[i]));
            for (out, m) in sums.iter_mut().zip([Some(&self.x), self.z.as_ref()]) {
                let entries = m.into_iter().flat_map(|m| m.row(i).into_iter().copied());
                out.iter_mut()
                    .zip(entries)
                    .for_each(|(o, x)| *o += slope * Dd::from(x));
            }
        }
        let n = Dd::from(rows.count(self.y.len()) as f64);
        sums.iter_mut().flatten().for_each(|s| *s = *s / n);
        let ridge = Dd::from(self.ridge);
        let pairs = sums[1].iter_mut().zip(&lambda);
        pairs.for_each(|(g, l)| *g += ridge * *l);
        sums
    }

    /// ‖X‖² and ‖Z‖‖X‖ over n, times the curvature of ℓ; jumps where ℓ has a kink.
    pub(super) fn moduli(
        &self,
        loss: Loss,
        w: &[f64],
        lambda: &[f64],
        error: f64,
    ) -> GradientModuli {
        let n = self.y.len() as f64;
        let norms = [Some(&self.x), self.z.as_ref()].map(|m| m.map_or(0.0, spectral_upper));
        if loss != Loss::Absolute {
            let scale = loss.curvature() * norms[0] / n * (1.0 + gamma(6));
            return GradientModuli::smooth(norms.map(|norm| norm * scale));
        }
        let radii: Vec<f64> = (0..self.y.len())
            .map(|i| {
                let [off, doubt, reach] = self.margin(i, w, lambda, (error, Roundoff::DOUBLE));
                match reach {
                    0.0 => f64::INFINITY,
                    _ => (off - doubt).max(0.0) / reach,
                }
            })
            .collect();
        let kinks = (0..radii.len()).filter(|i| radii[*i] == 0.0).collect();
        // Every slope changes by at most 2: ‖2n⁻¹Σ ±x_i‖ ≤ 2n⁻¹√|F|·‖X_F‖.
        let jump = |rows: &[usize]| {
            let scale = 2.0 / n * (rows.len() as f64).sqrt() * (1.0 + gamma(8));
            let of = |m: Option<&Matrix>| m.map_or(0.0, |m| spectral_upper(&m.select_rows(rows)));
            [scale * of(Some(&self.x)), scale * of(self.z.as_ref())]
        };
        GradientModuli::jumping(kinks, &radii, jump)
    }

    /// |s_i - y_i|, how far that can be wrong at a w that is `moved` off and with this roundoff, and
    /// ‖x_i‖.
    fn margin(&self, i: usize, w: &[f64], lambda: &[f64], (moved, u): (f64, Roundoff)) -> [f64; 3] {
        let row = |m: &Matrix| norm2(&m.row(i).iter().copied().collect::<Vec<_>>());
        let reach = row(&self.x);
        let size = reach * (norm2(w) + moved)
            + self.z.as_ref().map_or(0.0, |z| row(z) * norm2(lambda))
            + self.y[i].abs();
        let terms = w.len() + lambda.len() + 6;
        let doubt = reach * moved * (1.0 + gamma(4)) + (u.gamma(terms) + gamma(terms)) * size;
        let off = (self.score(i, w, lambda) - self.y[i]).abs();
        [off, doubt, reach * (1.0 + gamma(w.len() + 4))]
    }

    /// What one evaluation loses with roundoff u, at a point that is `moved` off w.
    pub(super) fn lost(
        &self,
        loss: Loss,
        (w, lambda): (&[f64], &[f64]),
        (moved, u): (f64, Roundoff),
        rows: Rows<'_>,
    ) -> [f64; 2] {
        let (d, m) = (w.len(), self.z.as_ref().map_or(0, Matrix::ncols));
        let n = rows.count(self.y.len());
        let used: Vec<usize> = rows.indices(self.y.len()).collect();
        let picked = |m: &Matrix| match rows {
            Rows::All => m.norm(),
            Rows::Of(_) => m.select_rows(&used).norm(),
        };
        let norms = [picked(&self.x), self.z.as_ref().map_or(0.0, picked)];
        let lambda_norm = norm2(lambda);
        let scores = norms[0] * (norm2(w) + moved) + norms[1] * lambda_norm;
        // Errors of the slopes, and their size, as vectors over rows.
        let root = (n as f64).sqrt();
        let (off, size) = match loss {
            Loss::Squares => {
                let targets: Vec<f64> = used.iter().map(|i| self.y[*i]).collect();
                let size = scores + norm2(&targets);
                (u.gamma(d + m + 2) * size, size)
            }
            Loss::Logistic => {
                let slopes = u.gamma(2 * LIBM_ULPS + 8) * root;
                (0.25 * u.gamma(d + m + 4) * scores + slopes, root)
            }
            Loss::Absolute => {
                let doubtful = |i: &&usize| {
                    let [off, doubt, _] = self.margin(**i, w, lambda, (moved, u));
                    off <= doubt
                };
                (
                    2.0 * (used.iter().filter(doubtful).count() as f64).sqrt(),
                    root,
                )
            }
        };
        // ‖X‖ where that is worth knowing.
        let norm = match rows {
            Rows::All if moved > 0.0 => spectral_upper(&self.x),
            _ => norms[0],
        };
        let curved = loss.curvature() * norm * moved;
        let rounded = |norm: f64| norm / n as f64 * (off + curved + u.gamma(n + 4) * size);
        [
            rounded(norms[0]) * (1.0 + gamma(8)),
            rounded(norms[1]) * (1.0 + gamma(8)) + u.gamma(3) * self.ridge * lambda_norm,
        ]
    }
}
