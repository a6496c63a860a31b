//! Points w_t that do not come from w_{t+1} = Φ(w_t): what ITD and AID may be given instead.

use crate::instances::{Path, Random};
use crate::linalg::Dd;
use crate::linalg::product::norm2;
use crate::maps::Tie;
use crate::tol::PATH_DIVERGED;
use crate::truth::Truth;
use crate::truth::kinks::Kinks;
use crate::truth::reference::Scalar;

/// `steps` + 1 points of this kind, starting at w_0. Evaluated in double-double and rounded once,
/// so that they are the same on every platform; they are data from then on.
pub(super) fn path(
    truth: &Truth,
    w0: &[f64],
    kind: Path,
    seed: u64,
    steps: usize,
) -> Vec<Vec<f64>> {
    if kind == Path::Rest {
        // ŵ may miss a kink by an ulp; the exact solution, dyadic on the instances built for this,
        // does not.
        let exact = Kinks::solve(truth).map(|k| k.w.iter().map(Scalar::to_f64).collect());
        return vec![exact.unwrap_or_else(|| truth.w().as_slice().to_vec()); steps + 1];
    }
    let mut out = vec![w0.to_vec()];
    let mut random = Random::new(seed ^ 0x7A7B);
    let kappa = truth.kappa();
    let far = PATH_DIVERGED * (norm2(w0) + truth.w().norm() + 1.0);
    // Nesterov's momentum for condition number κ.
    let beta = (kappa.sqrt() - 1.0) / (kappa.sqrt() + 1.0);
    for t in 0..steps {
        let w = &out[t];
        let next: Option<Vec<f64>> = match kind {
            Path::Accelerated => {
                let before = &out[t.saturating_sub(1)];
                let ahead: Vec<Dd> = w
                    .iter()
                    .zip(before)
                    .map(|(w, b)| {
                        Dd::exactly(*w) + Dd::exactly(beta) * (Dd::exactly(*w) - Dd::exactly(*b))
                    })
                    .collect();
                step(truth, &ahead)
            }
            Path::Averaged => {
                let exact: Vec<Dd> = w.iter().map(|v| Dd::exactly(*v)).collect();
                step(truth, &exact)
                    .map(|next| next.iter().zip(w).map(|(n, w)| 0.5 * (n + w)).collect())
            }
            Path::Rest => None,
            Path::Given => {
                let star = truth.w();
                let direction = random.normals(star.len());
                let start: f64 = w0.iter().zip(star.iter()).map(|(a, b)| (a - b).abs()).sum();
                let size = start.max(f64::MIN_POSITIVE) * libm::pow(0.8, t as f64);
                Some(
                    star.iter()
                        .zip(direction.iter())
                        .map(|(s, v)| s + size * v)
                        .collect(),
                )
            }
        };
        let next = match next {
            // Momentum may carry an iteration away that contracts without it.
            Some(next) if norm2(&next) > far => {
                let exact: Vec<Dd> = w.iter().map(|v| Dd::exactly(*v)).collect();
                step(truth, &exact)
            }
            next => next,
        };
        match next {
            Some(next) => out.push(next),
            None => break,
        }
    }
    out
}

fn step(truth: &Truth, w: &[Dd]) -> Option<Vec<f64>> {
    let point = truth.naive.at(w, &mut Tie::Weight(0.0))?;
    Some(point.value.iter().map(Scalar::to_f64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instances::{Instance, Kind, Spec};

    /// Momentum diverges on maps with a negative spectrum; what is given out stays, and ends at
    /// w(λ) where it has to fall back on plain steps.
    #[test]
    fn accelerated_points_stay_within_reach() {
        for kind in [Kind::AffineSymmetric, Kind::AffineRotation, Kind::LayerAbs] {
            for seed in 0..4 {
                let spec = Spec {
                    q: 0.97,
                    ..Spec::typical(kind, 4)
                };
                let i = Instance::generate(&spec, seed).unwrap();
                let truth = Truth::solve(&i.map, &i.lambda).unwrap();
                let points = path(&truth, &i.start, Path::Accelerated, seed, 2000);
                let most = PATH_DIVERGED * (norm2(&i.start) + truth.w().norm() + 1.0);
                assert_eq!(points.len(), 2001);
                assert!(points.iter().all(|w| norm2(w) <= most), "{kind:?} {seed}");
            }
        }
    }
}
