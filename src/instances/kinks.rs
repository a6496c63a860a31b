//! Solutions (or starting points) exactly on kinks, in dyadic data.
//!
//! Every number drawn here is a short multiple of a power of two, so that the data, the fixed point
//! and its kinks are exact in binary64 and in rationals alike: a unit meant to be at its kink *is*
//! there, not within rounding. `rows` of the spec is the number of kinks asked for.

use super::draft::Draft;
use super::kind::Kind;
use super::random::{Random, norm_estimate};
use super::spec::Spec;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Activation, ElasticNet, Layer, Problem};

/// Binary places of the weights of a layer.
const WEIGHT_BITS: i32 = 7;
/// Binary places of everything else that is drawn.
const DATA_BITS: i32 = 4;

pub(super) fn draft(spec: &Spec, random: &mut Random) -> Draft {
    match spec.kind {
        Kind::KinkElasticNet => elastic_net(spec, random),
        Kind::KinkTwoCycle => two_cycle(),
        Kind::KinkNetCycle => net_cycle(),
        Kind::KinkMaxMin => max_min(spec, random),
        _ => layer(spec, random),
    }
}

/// x rounded to a multiple of 2^-bits.
fn grid(x: f64, bits: i32) -> f64 {
    let unit = 2f64.powi(bits);
    (x * unit).round() / unit
}

fn short_vector(random: &mut Random, n: usize) -> Vector {
    random.normals(n).map(|v| grid(v, DATA_BITS))
}

/// A dyadic matrix with norm at most about `norm`.
fn weights(random: &mut Random, rows: usize, cols: usize, norm: f64) -> Matrix {
    let raw = random.matrix(rows, cols);
    let size = norm_estimate(&raw);
    let mut scale = norm / size;
    loop {
        let m = (&raw * scale).map(|v| grid(v, WEIGHT_BITS));
        if norm_estimate(&m) <= norm {
            return m;
        }
        scale *= 0.98;
    }
}

/// z for a unit away from its kink.
fn away(random: &mut Random) -> f64 {
    let size = grid(0.25 + random.normal().abs(), DATA_BITS);
    random.sign() * size
}

/// w_0: zero, or near the solution, or anywhere.
fn start(spec: &Spec, random: &mut Random) -> Vec<f64> {
    let w0 = short_vector(random, spec.dim);
    if spec.plain {
        vec![0.0; spec.dim]
    } else {
        w0.as_slice().to_vec()
    }
}

/// A σ(Vw + Bλ + c) built backwards from z* with the first k of its d + k units at the kink.
fn layer(spec: &Spec, random: &mut Random) -> Draft {
    let (d, m, k) = (spec.dim, spec.params, spec.rows);
    let activation = if spec.kind == Kind::KinkLayerAbs {
        Activation::Abs
    } else {
        Activation::Relu
    };
    let h = d + k;
    let mut a = weights(random, d, h, 1.0);
    let mut v = weights(random, h, d, spec.q);
    let mut b = random.matrix(h, m).map(|x| grid(x, DATA_BITS));
    let lambda = short_vector(random, m);
    let mut z = Vector::from_fn(h, |i, _| {
        let z = away(random);
        if i < k { 0.0 } else { z }
    });
    match spec.kind {
        Kind::KinkLayerDuplicated => {
            // Unit 1 repeats unit 0: the same piece twice, with a weight of its own at the tie.
            // Half a column each keeps ‖A‖‖V‖ below q.
            let (column, row, of_lambda) =
                (a.column(0) * 0.5, v.row(0) * 0.5, b.row(0).into_owned());
            for i in 0..2 {
                a.set_column(i, &column);
                v.set_row(i, &row);
                b.set_row(i, &of_lambda);
                z[i] = 0.0;
            }
        }
        Kind::KinkLambdaOnly => v.rows_mut(0, k).fill(0.0),
        _ => {}
    }
    if spec.kind == Kind::KinkFiniteTime {
        // w_0 = 0 with c = -Bλ on k units: they are at their kink at t = 0, not at the solution.
        let shift = &b * &lambda;
        let c = Vector::from_fn(h, |i, _| if i < k { -shift[i] } else { z[i] - shift[i] });
        return Draft {
            problem: Problem::Layer(Layer {
                a,
                v,
                b,
                c,
                activation,
            }),
            lambda: lambda.as_slice().to_vec(),
            w0: vec![0.0; d],
            star: None,
        };
    }
    // Dyadic all through, hence exact: σ is linear with slopes ±1 or 0.
    let sigma = z.map(|x| {
        if activation == Activation::Abs {
            x.abs()
        } else {
            x.max(0.0)
        }
    });
    let star = &a * sigma;
    let c = &z - &v * &star - &b * &lambda;
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
        star: None,
    }
}

/// Coordinatewise max (even i) or min (odd i) of two affine forms f, g: (f+g)/2 ± |f-g|/2, as an
/// abs layer. The linear half is |f+g+2s| with a shift s that keeps it on one side, cancelled by a
/// unit without weights; f = g at the solution in k coordinates.
fn max_min(spec: &Spec, random: &mut Random) -> Draft {
    let (d, m, k) = (spec.dim, spec.params, spec.rows.min(spec.dim));
    const SHIFT: f64 = 1024.0;
    let sum = weights(random, d, d, spec.q * std::f64::consts::FRAC_1_SQRT_2);
    let difference = weights(random, d, d, spec.q * std::f64::consts::FRAC_1_SQRT_2);
    let h = 2 * d + 1;
    let mut a = Matrix::zeros(d, h);
    let mut v = Matrix::zeros(h, d);
    for i in 0..d {
        // Half of each: ‖A‖ ≈ 1/√2, ‖V‖ ≤ q.
        a[(i, i)] = 0.5;
        a[(i, d + i)] = if i % 2 == 0 { 0.5 } else { -0.5 };
        a[(i, 2 * d)] = -0.5 / 64.0;
    }
    v.view_mut((0, 0), (d, d)).copy_from(&sum);
    v.view_mut((d, 0), (d, d)).copy_from(&difference);
    let mut b = random.matrix(h, m).map(|x| grid(x, DATA_BITS));
    b.row_mut(2 * d).fill(0.0);
    let lambda = short_vector(random, m);
    let z = Vector::from_fn(h, |i, _| {
        let x = away(random);
        if i == 2 * d {
            SHIFT * 64.0
        } else if i < d {
            SHIFT + x
        } else if i < d + k {
            0.0
        } else {
            x
        }
    });
    let star = &a * z.abs();
    let c = &z - &v * &star - &b * &lambda;
    let w0 = start(spec, random);
    Draft {
        problem: Problem::Layer(Layer {
            a,
            v,
            b,
            c,
            activation: Activation::Abs,
        }),
        lambda: lambda.as_slice().to_vec(),
        w0,
        star: None,
    }
}

/// Built backwards through the optimality conditions Hw* + λ₂w* - b + λ₁g = 0, g ∈ ∂‖·‖₁(w*), with
/// |g_i| = 1 and w*_i = 0 on k coordinates; η drops out of them. X is a unimodular integer matrix
/// (times a power of two, padded with zero rows to n = 2^r), so that y with Xᵀy/n = b is dyadic as
/// well.
fn elastic_net(spec: &Spec, random: &mut Random) -> Draft {
    let (d, k) = (spec.dim, spec.rows.min(spec.dim));
    let n = d.next_power_of_two();
    let r = n.trailing_zeros() as i32;
    // Two rounds of row operations between disjoint pairs: condition number of H below 50.
    let mut u = Matrix::identity(d, d);
    let mut operations: Vec<(usize, usize, f64)> = Vec::new();
    for _ in 0..2 {
        let order = {
            let mut all: Vec<usize> = (0..d).collect();
            for i in 0..d {
                let j = random.integer(i, d - 1);
                all.swap(i, j);
            }
            all
        };
        for pair in order.chunks_exact(2) {
            let (i, j, c) = (pair[0], pair[1], random.sign());
            let row = u.row(j) * c;
            let changed = u.row(i) + row;
            u.set_row(i, &changed);
            operations.push((i, j, c));
        }
    }
    let scale = 2f64.powi((r + 1) / 2);
    let mut x = Matrix::zeros(n, d);
    x.rows_mut(0, d).copy_from(&(&u * scale));
    let h = x.tr_mul(&x) / n as f64;
    let eigenvalues = h.clone().symmetric_eigenvalues();
    let (mu, l) = (eigenvalues.min().max(0.0), eigenvalues.max());
    let wanted = (0.5 * ((l - mu) / spec.q - l - mu)).max(0.02 * l);
    // Half of them overshoot: with more λ₂ than q needs and η(L+λ₂) = 1 + q, the active part
    // changes side at every step, as ITD must for it to leave D_imp.
    let overshoots = random.unit() < 0.5;
    let extra = if overshoots {
        random.unit() * (l - mu).max(0.25)
    } else {
        0.0
    };
    let lambda2 = grid(wanted + extra, 6).max(1.0 / 64.0);
    let step = if overshoots {
        (1.0 + spec.q) / (l + lambda2)
    } else {
        (2.0 / (l + mu + 2.0 * lambda2)).min((1.0 - spec.q) / (mu + lambda2))
    };
    // Rounded down to six bits.
    let unit = 2f64.powi(5 - step.log2().floor() as i32);
    let step = (step * unit).floor() / unit;
    let lambda1 = grid(0.25 + random.unit(), DATA_BITS);
    let mut star = Vector::zeros(d);
    let mut g = Vector::zeros(d);
    let kinked = random.subset(d, k);
    for i in 0..d {
        let sign = random.sign();
        let size = grid(0.25 + random.normal().abs(), DATA_BITS);
        let inside = grid(random.between(-0.9, 0.9), DATA_BITS);
        if kinked.contains(&i) {
            g[i] = sign;
        } else if random.unit() < 0.6 {
            star[i] = sign * size;
            g[i] = sign;
        } else {
            g[i] = inside;
        }
    }
    let b = &h * &star + &star * lambda2 + &g * lambda1;
    // Uᵀy' = b by undoing the operations; X = scale·U on top, so y = (n/scale)·y'.
    let mut top = b;
    for (i, j, c) in operations {
        let moved = c * top[i];
        top[j] -= moved;
    }
    let mut y = Vector::zeros(n);
    y.rows_mut(0, d).copy_from(&(top * (n as f64 / scale)));
    let w0 = start(spec, random);
    Draft {
        problem: Problem::ElasticNet(ElasticNet { x, y, step }),
        lambda: vec![lambda1, lambda2],
        w0,
        star: None,
    }
}

/// The scalar two-cycle of theory, section 3, in dyadic numbers: Φ = -(29/32)w₊ + (3/32)w₋ + λ at λ
/// = 0, written as
/// -(13/32)|w| - ½|w + 8| + ⅛|8λ + 32|. The iterates change side at every step, and D_t tends to a
/// two-cycle.
fn two_cycle() -> Draft {
    Draft {
        problem: Problem::Layer(Layer {
            a: Matrix::from_row_slice(1, 3, &[-13.0 / 32.0, -0.5, 0.125]),
            v: Matrix::from_column_slice(3, 1, &[1.0, 1.0, 0.0]),
            b: Matrix::from_column_slice(3, 1, &[0.0, 0.0, 8.0]),
            c: Vector::from_column_slice(&[0.0, 8.0, 32.0]),
            activation: Activation::Abs,
        }),
        lambda: vec![0.0],
        w0: vec![1.0],
        star: None,
    }
}

/// The elastic net of theory, section 3, with λ and η rounded to dyadic numbers: H = [[1, ½], [½,
/// 1]], w* = (1, 0), the second coordinate on its kink, entered from alternating sides because 1 -
/// η(1+λ₂) < 0.
fn net_cycle() -> Draft {
    let (l1, l2) = (3.0 / 32.0, 3.0 / 64.0);
    let x = Matrix::from_row_slice(4, 2, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0]);
    // b = Hw* + λ₂w* + λ₁(1, 1); y in the span of the columns: y = X(XᵀX/4)⁻¹b would divide by 3,
    // so y is chosen with y₁ + y₂ + y₃ = 2(b₁ + b₂), y₄ = 2(b₁ - b₂).
    let b = [1.0 + l2 + l1, 0.5 + l1];
    let (sum, last) = (2.0 * (b[0] + b[1]), 2.0 * (b[0] - b[1]));
    Draft {
        problem: Problem::ElasticNet(ElasticNet {
            x,
            y: Vector::from_column_slice(&[sum, 0.0, 0.0, last]),
            step: 35.0 / 32.0,
        }),
        lambda: vec![l1, l2],
        w0: vec![1.25, 0.0],
        star: None,
    }
}
