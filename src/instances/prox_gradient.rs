//! Proximal gradient steps drawn forwards from data: grouped least squares, logistic regressions.

use super::draft::{Draft, rounded};
use super::elastic_net;
use super::kind::Kind;
use super::random::{Random, apply, norm_estimate, short, sum_of_squares};
use super::spec::Spec;
use crate::linalg::Vector;
use crate::maps::{Loss, Problem, Prox, ProxGradient};

/// Side of the box of `logistic-box`: small enough for some coordinates to reach it.
const BOX: f64 = 0.2;

/// X drawn, y = Xw + noise or its signs, λ₂ and η for the contraction factor q, λ₁ a fraction of
/// the value that empties the model.
pub(super) fn drawn(spec: &Spec, random: &mut Random) -> Draft {
    let (n, d) = (spec.rows, spec.dim);
    let size = random.integer(2, 3).min(d);
    let (loss, prox) = match spec.kind {
        Kind::GroupLasso => (Loss::Quadratic, Prox::Group { size }),
        Kind::LogisticGroup => (Loss::Logistic, Prox::Group { size }),
        Kind::LogisticBox => (Loss::Logistic, Prox::Box { lo: -BOX, hi: BOX }),
        Kind::LogisticNonnegative => {
            let hi = f64::INFINITY;
            (Loss::Logistic, Prox::Box { lo: 0.0, hi })
        }
        _ => (Loss::Logistic, Prox::Soft),
    };
    let x = random.matrix(n, d).map(|v| rounded(spec, v));
    // Whole groups carry the signal, so that some are active and some are not.
    let active: Vec<bool> = (0..d.div_ceil(size)).map(|_| random.unit() < 0.6).collect();
    let truth = Vector::from_fn(d, |i, _| {
        let w = random.normal();
        if active[i / size] { w } else { 0.0 }
    });
    let noise = random.normals(n) * if loss == Loss::Logistic { 0.5 } else { 0.1 };
    let response = apply(&x, &truth) + noise;
    let y = match loss {
        Loss::Quadratic => response.map(|v| rounded(spec, v)),
        Loss::Logistic => response.map(|v| if v < 0.0 { -1.0 } else { 1.0 }),
    };
    let transposed = x.transpose();
    let (lambda2, step) = match loss {
        Loss::Quadratic => {
            let h = super::random::product(&transposed, &x) / n as f64;
            elastic_net::step_for(&h, false, spec.q)
        }
        Loss::Logistic => {
            // ∇²f has its spectrum in [0, ‖X‖²/4n]; η = 2/(L+2λ₂) gives q = L/(L+2λ₂).
            let norm = norm_estimate(&x);
            let l = (norm * norm / (4.0 * n as f64)).max(f64::MIN_POSITIVE);
            let lambda2 = short(l * (1.0 - spec.q) / (2.0 * spec.q));
            (lambda2, short(2.0 / (l + 2.0 * lambda2)))
        }
    };
    // ∇f(0) = -Xᵀy/n or -Xᵀy/2n.
    let scale = n as f64 * if loss == Loss::Logistic { 2.0 } else { 1.0 };
    let gradient = apply(&transposed, &y) / scale;
    let largest = largest_unit(&gradient, &prox);
    let fraction = match prox {
        Prox::Box { .. } => random.between(0.0, 0.2),
        _ => random.between(0.05, 0.6),
    };
    let zero = random.unit() < 0.7 || spec.plain;
    let w0 = random.normals(d);
    Draft {
        problem: Problem::ProxGradient(ProxGradient {
            x,
            y,
            step,
            loss,
            prox,
        }),
        lambda: vec![short(fraction * largest), lambda2],
        w0: if zero {
            vec![0.0; d]
        } else {
            w0.as_slice().to_vec()
        },
        star: None,
    }
}

/// The largest |entry|, or ‖group‖: λ₁ above it makes w(λ) = 0.
fn largest_unit(gradient: &Vector, prox: &Prox) -> f64 {
    let units = prox.units(gradient.len()).into_iter();
    units
        .map(|(range, _)| sum_of_squares(&gradient.as_slice()[range]).sqrt())
        .fold(f64::MIN_POSITIVE, f64::max)
}
