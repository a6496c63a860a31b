//! The second-moment operator N(W) = E[(P_ξ-P) W (P_ξ-P)ᵀ] of a random matrix P_ξ.
//!
//! Owns three exact forms of it and the choice of the cheapest. Must not know where P_ξ comes from.

use crate::linalg::Matrix;
use crate::linalg::product::dot;

/// N(W) for symmetric W (d×d).
#[derive(Clone, Debug)]
pub struct Covariance {
    d: usize,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    /// P_ξ - P = -(x_i g_iᵀ - C): N(W) = scale·(n⁻¹Σ_i (g_iᵀWg_i) x_i x_iᵀ - C W Cᵀ). 2nd² per
    /// application.
    RankOne {
        x: Matrix,
        g: Matrix,
        c: Matrix,
        scale: f64,
        wg: Vec<f64>,
        cw: Matrix,
    },
    /// N(W) = scale·Σ_a Q_a W Q_aᵀ. 2 d³ per matrix.
    Dense { q: Vec<Matrix>, scale: f64 },
    /// N as a matrix on the p = d(d+1)/2 entries of the upper triangle, one contiguous row per
    /// output entry. p² per application.
    Operator { rows: Vec<f64>, packed: Vec<f64> },
}

/// An operator of more than this many entries is not formed: at d = 40 it already fills 5 MB of
/// cache and the other forms win for the sums in use.
const OPERATOR_ENTRIES: usize = 1 << 20;

impl Covariance {
    /// N(W) = scale·(n⁻¹Σ_i (g_iᵀWg_i)x_ix_iᵀ - CWCᵀ) with C = n⁻¹Σ x_ig_iᵀ; `x`, `g` are d×n, one
    /// sample per column.
    pub fn rank_one(x: Matrix, g: Matrix, scale: f64) -> Self {
        let (d, n) = x.shape();
        let c = &x * g.transpose() / n as f64;
        let direct = 2 * n * d * d + 2 * d * d * d;
        let form = Form::RankOne {
            x,
            g,
            c,
            scale,
            wg: vec![0.0; d],
            cw: Matrix::zeros(d, d),
        };
        Self { d, form }.cheapest(direct)
    }

    /// N(W) = scale·Σ_a Q_aWQ_aᵀ with d×d matrices (none: N = 0).
    pub fn dense(d: usize, q: Vec<Matrix>, scale: f64) -> Self {
        let direct = 2 * q.len() * d * d * d;
        Self::terms(d, q, scale).cheapest(direct)
    }

    /// The same for a few applications, which do not repay the operator.
    pub fn terms(d: usize, q: Vec<Matrix>, scale: f64) -> Self {
        let form = Form::Dense { q, scale };
        Self { d, form }
    }

    /// Forms the operator where one application of it costs less than `direct` multiplications.
    fn cheapest(self, direct: usize) -> Self {
        let p = self.d * (self.d + 1) / 2;
        if p * p >= direct || p * p > OPERATOR_ENTRIES {
            return self;
        }
        let mut source = self;
        let d = source.d;
        let (mut w, mut image) = (Matrix::zeros(d, d), Matrix::zeros(d, d));
        let mut rows = vec![0.0; p * p];
        let mut column = 0;
        for j in 0..d {
            for i in 0..=j {
                w[(i, j)] = 1.0;
                w[(j, i)] = 1.0;
                source.apply(&w, &mut image);
                w[(i, j)] = 0.0;
                w[(j, i)] = 0.0;
                let mut row = 0;
                for l in 0..d {
                    for k in 0..=l {
                        rows[row * p + column] = image[(k, l)];
                        row += 1;
                    }
                }
                column += 1;
            }
        }
        Self {
            d,
            form: Form::Operator {
                rows,
                packed: vec![0.0; p],
            },
        }
    }

    /// out ← N(W), W symmetric. The dense form allocates.
    pub fn apply(&mut self, w: &Matrix, out: &mut Matrix) {
        let d = self.d;
        match &mut self.form {
            Form::RankOne {
                x,
                g,
                c,
                scale,
                wg,
                cw,
            } => {
                out.fill(0.0);
                let n = x.ncols();
                for (xi, gi) in x
                    .as_slice()
                    .chunks_exact(d)
                    .zip(g.as_slice().chunks_exact(d))
                {
                    crate::linalg::product::gemv(1.0, w, gi, 0.0, wg);
                    let s = dot(wg, gi) / n as f64;
                    // Upper triangle only; mirrored below.
                    for (j, (column, xj)) in
                        out.as_mut_slice().chunks_exact_mut(d).zip(xi).enumerate()
                    {
                        let t = s * xj;
                        column[..=j]
                            .iter_mut()
                            .zip(xi)
                            .for_each(|(o, xk)| *o += t * xk);
                    }
                }
                out.fill_lower_triangle_with_upper_triangle();
                // -(CW)Cᵀ, column by column of C.
                cw.gemm(-1.0, c, w, 0.0);
                for l in 0..d {
                    let (cl, wl) = (
                        &c.as_slice()[l * d..(l + 1) * d],
                        &cw.as_slice()[l * d..(l + 1) * d],
                    );
                    for (column, c) in out.as_mut_slice().chunks_exact_mut(d).zip(cl) {
                        column.iter_mut().zip(wl).for_each(|(o, x)| *o += c * x);
                    }
                }
                *out *= *scale;
            }
            Form::Dense { q, scale } => {
                out.fill(0.0);
                for a in q {
                    *out += &*a * w * a.transpose();
                }
                *out *= *scale;
            }
            Form::Operator { rows, packed } => {
                let p = packed.len();
                let mut k = 0;
                for (j, column) in w.as_slice().chunks_exact(d).enumerate() {
                    packed[k..=k + j].copy_from_slice(&column[..=j]);
                    k += j + 1;
                }
                let mut row = rows.chunks_exact(p);
                for j in 0..d {
                    for i in 0..=j {
                        let v = row.next().map_or(0.0, |r| dot(r, packed));
                        out[(i, j)] = v;
                        out[(j, i)] = v;
                    }
                }
            }
        }
    }
}
