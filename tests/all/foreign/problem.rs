//! Φ and its partial Jacobians from the data of the problem.

use ratecert::case::Case;
use ratecert::linalg::{Matrix, Vector};
use ratecert::maps::{Activation, Problem};

/// Inputs of the units, their slopes, and Φ(w, λ).
#[derive(Clone)]
pub struct Point {
    pub w: Vector,
    pub z: Vector,
    pub slopes: Vector,
    pub value: Vector,
}

/// Is the family known here?
pub fn known(case: &Case<'_>) -> bool {
    matches!(
        case.problem(),
        Problem::Affine(_) | Problem::Layer(_) | Problem::ElasticNet(_)
    )
}

pub fn point(case: &Case<'_>, w: &Vector) -> Point {
    point_at(case, w, case.lambda)
}

pub fn point_at(case: &Case<'_>, w: &Vector, lambda: &[f64]) -> Point {
    let l = Vector::from_column_slice(lambda);
    let (z, slopes, value) = match case.problem() {
        Problem::Affine(p) => {
            let z = &p.a * w + &p.b * &l + &p.c;
            (z.clone(), z.map(|_| 1.0), z)
        }
        Problem::Layer(p) => {
            let z = &p.v * w + &p.b * &l + &p.c;
            let slope = |t: f64| match p.activation {
                Activation::Relu => f64::from(u8::from(t > 0.0)),
                Activation::Abs if t > 0.0 => 1.0,
                Activation::Abs => -1.0,
                Activation::LeakyRelu if t > 0.0 => 1.0,
                Activation::LeakyRelu => 0.01,
                Activation::Tanh => 1.0 - t.tanh() * t.tanh(),
                other => panic!("{other:?} has no second implementation"),
            };
            let out = |t: f64| match p.activation {
                Activation::Tanh => t.tanh(),
                _ => slope(t) * t,
            };
            (z.clone(), z.map(slope), &p.a * z.map(out))
        }
        Problem::ElasticNet(p) => {
            let residual = &p.x * w - &p.y;
            let gradient = p.x.tr_mul(&residual) / p.y.len() as f64 + w * lambda[1];
            let z = w - gradient * p.step;
            let threshold = p.step * lambda[0];
            let slopes = z.map(|t| f64::from(u8::from(t.abs() > threshold)));
            let value = z.map(|t| t.signum() * (t.abs() - threshold).max(0.0));
            (z, slopes, value)
        }
        other => panic!("{} is not known here", other.kind()),
    };
    Point {
        w: w.clone(),
        z,
        slopes,
        value,
    }
}

/// (∂₁Φ, ∂₂Φ) with these slopes in the two blocks.
pub fn blocks(case: &Case<'_>, p: &Point, first: &Vector, second: &Vector) -> (Matrix, Matrix) {
    let (s1, s2) = (Matrix::from_diagonal(first), Matrix::from_diagonal(second));
    match case.problem() {
        Problem::Affine(q) => (q.a.clone(), q.b.clone()),
        Problem::Layer(q) => (&q.a * &s1 * &q.v, &q.a * &s2 * &q.b),
        Problem::ElasticNet(q) => {
            let d = p.w.len();
            let hessian = q.x.tr_mul(&q.x) / q.y.len() as f64;
            let keep = Matrix::identity(d, d) * (1.0 - q.step * case.lambda[1]);
            let columns = [p.z.map(f64::signum), p.w.clone()];
            let second = s2 * Matrix::from_columns(&columns) * -q.step;
            (s1 * (keep - hessian * q.step), second)
        }
        other => panic!("{} is not known here", other.kind()),
    }
}

/// (∂₁Φ, ∂₂Φ) at w.
pub fn jacobians(case: &Case<'_>, w: &Vector) -> (Matrix, Matrix) {
    let p = point(case, w);
    blocks(case, &p, &p.slopes, &p.slopes)
}

/// η, where there is one.
pub fn step(case: &Case<'_>) -> Option<f64> {
    match case.problem() {
        Problem::ElasticNet(p) => Some(p.step),
        _ => None,
    }
}

/// w_0, w_1, ..., w_n, or the points given.
pub fn path(case: &Case<'_>, n: usize) -> Vec<Vector> {
    let mut out = vec![Vector::from_column_slice(case.w())];
    for t in 0..n {
        let next = match case.path().and_then(|p| p.get(t + 1)) {
            Some(w) => Vector::from_column_slice(w),
            None => point(case, &out[t]).value,
        };
        out.push(next);
    }
    out
}
