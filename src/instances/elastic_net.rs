//! Elastic nets: drawn forwards from data, or built backwards from a solution.

use super::draft::{Draft, rounded, rounded_vector};
use super::kind::Kind;
use super::random::{Random, apply, product, short, sum_of_squares};
use super::spec::Spec;
use crate::linalg::{Matrix, Vector};
use crate::maps::{ElasticNet, Problem};

/// λ₂ and η that give the contraction factor q: λ₂ makes the optimal step η = 2/(L+μ+2λ₂) have it
/// where λ₂ > 0 can; otherwise a smaller step does.
pub(super) fn step_for(h: &Matrix, wide: bool, q: f64) -> (f64, f64) {
    let eigenvalues = h.clone().symmetric_eigenvalues();
    let l = eigenvalues.max().max(f64::MIN_POSITIVE);
    let mu = if wide {
        0.0
    } else {
        eigenvalues.min().max(0.0)
    };
    let wanted = 0.5 * ((l - mu) / q - l - mu);
    // At least 2 % of L, so that λ₂ matters and ill-conditioned data stay regularised.
    let lambda2 = short(wanted.max(0.02 * l * (1.0 - q)));
    let optimal = 2.0 / (l + mu + 2.0 * lambda2);
    let for_q = (1.0 - q) / (mu + lambda2);
    (lambda2, short(optimal.min(for_q)))
}

fn gram(x: &Matrix) -> Matrix {
    product(&x.transpose(), x) / x.nrows() as f64
}

fn correlation(x: &Matrix, y: &Vector) -> Vector {
    apply(&x.transpose(), y) / x.nrows() as f64
}

/// How far nearly duplicated columns are apart.
const NEARLY: f64 = 1.0 / (1 << 20) as f64;

/// X and y drawn, λ₁ a fraction of the largest useful value ‖Xᵀy/n‖∞.
pub(super) fn drawn(spec: &Spec, random: &mut Random) -> Draft {
    let (n, d) = (spec.rows, spec.dim);
    let mut x = random.matrix(n, d);
    if matches!(
        spec.kind,
        Kind::ElasticNetDuplicated | Kind::ElasticNetNearDuplicated
    ) {
        // About a third of the columns repeat another one, some with the sign changed.
        for j in 1..d {
            if j == 1 || random.unit() < 0.3 {
                let from = random.integer(0, j - 1);
                let sign = random.sign();
                let mut copy = x.column(from) * sign;
                if spec.kind == Kind::ElasticNetNearDuplicated {
                    copy += random.normals(n) * NEARLY;
                }
                x.set_column(j, &copy);
            }
        }
    }
    let x = x.map(|v| rounded(spec, v));
    let informative = random.subset(d, d.div_ceil(2));
    let mut truth = Vector::zeros(d);
    for i in informative {
        truth[i] = random.normal();
    }
    let noise = random.normals(n) * 0.1;
    let y = rounded_vector(spec, apply(&x, &truth) + noise);
    let (lambda2, step) = step_for(&gram(&x), spec.kind == Kind::ElasticNetWide, spec.q);
    let largest = correlation(&x, &y).amax().max(f64::MIN_POSITIVE);
    let fraction = match spec.kind {
        Kind::ElasticNetEmpty => random.between(1.05, 2.0),
        _ => random.between(0.02, 0.6),
    };
    Draft {
        problem: Problem::ElasticNet(ElasticNet { x, y, step }),
        lambda: vec![short(fraction * largest), lambda2],
        w0: start(spec, random),
        star: None,
    }
}

/// Chooses z* and w* with the margins wanted, then b = (z* - Aw*)/η and y with Xᵀy/n = b.
pub(super) fn backwards(spec: &Spec, random: &mut Random) -> Draft {
    let (n, d) = (spec.rows, spec.dim);
    let x = random.matrix(n, d).map(|v| rounded(spec, v));
    let h = gram(&x);
    let (lambda2, step) = step_for(&h, false, spec.q);
    let a = Matrix::identity(d, d) * (1.0 - step * lambda2) - &h * step;
    let rows: Vec<f64> = a
        .row_iter()
        .map(|r| sum_of_squares(&r.iter().copied().collect::<Vec<_>>()).sqrt())
        .collect();
    // The threshold ηλ₁ is large enough for every inactive margin to fit below it.
    let margin = spec.margin.unwrap_or(0.05);
    let largest_row = rows.iter().fold(0.0f64, |m, r| m.max(*r));
    let lambda1 = short(((4.0 * margin * largest_row).max(0.2) + 0.3 * random.unit()) / step);
    let threshold = step * lambda1;
    let full = spec.kind == Kind::ElasticNetFull;
    let tightest = random.integer(0, d - 1);
    let mut star = Vector::zeros(d);
    let mut z = Vector::zeros(d);
    for i in 0..d {
        let far = if i == tightest {
            1.0
        } else {
            1.0 + random.unit() + random.normal().abs()
        };
        let distance = far * margin * rows[i];
        let sign = random.sign();
        if full || random.unit() < 0.5 {
            star[i] = sign * distance.max(if i == tightest { 0.0 } else { 0.1 });
            z[i] = star[i] + sign * threshold;
        } else {
            z[i] = sign * (threshold - distance).max(0.05 * threshold * random.unit());
        }
    }
    let b = (&z - apply(&a, &star)) / step;
    // y = X(XᵀX/n)⁻¹b: needs full column rank, which n > d random rows have.
    let y = match h.cholesky() {
        Some(c) => apply(&x, &c.solve(&b)),
        None => apply(&x, &b),
    };
    Draft {
        problem: Problem::ElasticNet(ElasticNet { x, y, step }),
        lambda: vec![lambda1, lambda2],
        w0: start(spec, random),
        star: Some(star.as_slice().to_vec()),
    }
}

/// w_0 = 0, as ISTA starts, or a random point near the scale of the solutions.
fn start(spec: &Spec, random: &mut Random) -> Vec<f64> {
    let zero = random.unit() < 0.7 || spec.plain;
    let w0 = random.normals(spec.dim);
    if zero {
        vec![0.0; spec.dim]
    } else {
        w0.as_slice().to_vec()
    }
}
