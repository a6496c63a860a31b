//! Layers A σ(Vw + Bλ + c) built backwards from the unit inputs at the solution.

use super::draft::{Draft, rounded, rounded_vector, start};
use super::kind::Kind;
use super::random::{Random, apply, norm_estimate, sum_of_squares};
use super::spec::Spec;
use crate::linalg::Vector;
use crate::maps::{Activation, Layer, Problem};

/// z* is drawn (away from the kink, or with the prescribed margin), w* = Aσ(z*), c = z* - Vw* - Bλ.
pub(super) fn layer(spec: &Spec, random: &mut Random) -> Draft {
    let (d, m, h) = (spec.dim, spec.params, spec.rows);
    let activation = match spec.kind {
        Kind::LayerTanh => Activation::Tanh,
        Kind::LayerAbs => Activation::Abs,
        Kind::LayerLeakyRelu => Activation::LeakyRelu,
        _ => Activation::Relu,
    };
    let a = random.matrix(d, h);
    let a = (&a / norm_estimate(&a)).map(|v| rounded(spec, v));
    let v = random.matrix(h, d);
    let v = (&v * (spec.q / norm_estimate(&v))).map(|x| rounded(spec, x));
    let b = random.matrix(h, m).map(|x| rounded(spec, x));
    let lambda = rounded_vector(spec, random.normals(m));
    let mut z = Vector::from_fn(h, |_, _| random.sign() * (0.1 + random.normal().abs()));
    if let Some(margin) = spec.margin {
        // R is attained at one unit and no other comes closer.
        let rows: Vec<f64> = v
            .row_iter()
            .map(|r| sum_of_squares(&r.iter().copied().collect::<Vec<_>>()).sqrt())
            .collect();
        let chosen = random.integer(0, h - 1);
        for i in 0..h {
            let far = if i == chosen {
                1.0
            } else {
                1.0 + random.unit()
            };
            z[i] = if i == chosen || z[i].abs() < far * margin * rows[i] {
                z[i].signum() * far * margin * rows[i]
            } else {
                z[i]
            };
        }
    }
    let sigma = z.map(|x| match activation {
        Activation::Tanh => libm::tanh(x),
        _ => {
            let (lo, hi) = activation.slopes().unwrap_or((1.0, 1.0));
            if x > 0.0 { hi * x } else { lo * x }
        }
    });
    let star = apply(&a, &sigma);
    let c = z - apply(&v, &star) - apply(&b, &lambda);
    let w0 = start(spec, random);
    Draft {
        problem: Problem::Layer(Layer {
            a,
            v,
            b,
            c,
            activation,
        }),
        lambda: lambda.as_slice().to_vec(),
        w0,
        star: Some(star.as_slice().to_vec()),
    }
}
