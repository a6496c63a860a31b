//! Φ(w, λ) = the projection of z = Aw + Bλ + c onto the simplex {x ≥ 0, Σx_i = 1}: with A = I - ηQ
//! a projected gradient step of a quadratic programme on the simplex.
//!
//! The projection is (z - θ1)₊ with θ = max_k (z_(1) + … + z_(k) - 1)/k over the sorted z (Held,
//! Wolfe and Crowder 1974). With S = {i : z_i > θ} its Jacobian is P_S = I_S - 11ᵀ_S/|S|, a
//! projector; ∂₁Φ = P_S A, ∂₂Φ = P_S B. At a tie z_i = θ of weight s_i ∈ [0, 1] the selection is
//! P(s) = diag(s) - ssᵀ/Σs: with n = Σs before it, P(s, s_i) is (1-t)P(s, 0) + tP(s, 1) with t =
//! s_i(n+1)/(n+s_i), so that it is in the convex hull of the pieces, tie by tie.
//!
//! **Constants.** The pieces are affine: L_j = 0, and ‖P_S‖ ≤ 1 gives q = ‖A‖.
//!
//! **Jumps.** The range of P_S, the vectors on S of sum zero, grows with S (P_∅ = 0). If T differs
//! from S in coordinates of F only, then P_S and P_T both lie between P_{S∖F} and P_{S∪F}, so that
//! P_T - P_S acts in the range of Π = P_{S∪F} - P_{S∖F}; a difference of projectors has norm at
//! most 1, hence ‖(P_T - P_S)A‖ ≤ ‖ΠA‖, with equality where F is one unit. With units at their
//! kink, S∖F is taken of the smallest support there and S∪F of the largest.
//!
//! **Radii.** On its piece z_i - θ has the gradient Aᵀ(e_i - 1_S/|S|), so R = min_i |z_i -
//! θ|/‖Aᵀ(e_i - 1_S/|S|)‖ is attained. From anywhere e_i - 1_S/|S| is a mean of e_i - e_j: unit i
//! moves by at most max_j‖A_i - A_j‖ per unit of w, and flips no earlier than that allows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::at_point::at_point;
use super::constants::{Constants, Dims};
use super::data::Data;
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::{Moduli, staircase};
use super::products::{Certified, Products};
use super::rounding::Rounding;
use super::shapes;
use super::structure::{Structure, Units};
use crate::error::Result;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::{abs, gemm_few, gemv, gemv_tr, magnitudes, norm2, times};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::{Roundoff, UNIT, gamma};

/// Φ(w, λ) = the Euclidean projection of Aw + Bλ + c onto the unit simplex {x ≥ 0, Σx_i = 1}: with
/// A = I - ηQ a projected gradient step of a quadratic programme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimplexQp {
    /// A, d×d.
    #[serde(rename = "A", with = "numbers")]
    pub a: Matrix,
    /// B, d×m.
    #[serde(rename = "B", with = "numbers")]
    pub b: Matrix,
    /// c, d.
    #[serde(with = "numbers")]
    pub c: Vector,
}

impl Data for SimplexQp {
    fn dim(&self) -> usize {
        self.c.nrows()
    }

    fn validate(&self) -> Result<()> {
        shapes::affine(&self.a, &self.b, &self.c)
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(SimplexMap::new(self))
    }
}

struct SimplexMap {
    structure: Structure,
    data: SimplexQp,
    a_norm: f64,
    /// ‖|A|‖.
    a_abs_norm: f64,
    /// max_i‖A_i‖, rounded up.
    longest: f64,
    /// ‖A_i‖ and max_j‖A_i - A_j‖, rounded up.
    rows: Vec<[f64; 2]>,
}

impl SimplexMap {
    fn new(data: &SimplexQp) -> Self {
        let (a, d) = (&data.a, data.c.nrows());
        let up = 1.0 + gamma(d + 6);
        let reach = |i: usize| {
            let differences = (0..d).map(|j| (a.row(i) - a.row(j)).norm());
            differences.fold(0.0f64, f64::max) * up
        };
        let rows: Vec<[f64; 2]> = (0..d).map(|i| [a.row(i).norm() * up, reach(i)]).collect();
        Self {
            structure: Structure {
                units: Units::Curved,
                symmetric: (*a == a.transpose()).then(|| (0..d).collect()),
                ..Structure::affine(data.b.ncols())
            },
            a_norm: spectral_upper(a),
            a_abs_norm: spectral_upper(&abs(a)),
            longest: rows.iter().fold(0.0f64, |m, r| m.max(r[0])),
            rows,
            data: data.clone(),
        }
    }

    /// v ← P(s)v.
    fn project(slope: &[f64], v: &mut [f64]) {
        let weight: f64 = slope.iter().sum();
        let along: f64 = slope.iter().zip(&*v).map(|(s, v)| s * v).sum();
        let mean = along / weight;
        v.iter_mut()
            .zip(slope)
            .for_each(|(v, s)| *v = s * (*v - mean));
    }

    /// P(s) for the columns of `m`.
    fn project_columns(slope: &[f64], m: &mut Matrix) {
        for column in m.as_mut_slice().chunks_exact_mut(slope.len()) {
            Self::project(slope, column);
        }
    }

    /// ‖ΠM‖ with Π = P_T - P_S for S ⊆ T, rounded up.
    fn between(m: &Matrix, least: &[f64], most: &[f64]) -> f64 {
        let mut outer = m.clone();
        Self::project_columns(most, &mut outer);
        if least.iter().any(|s| *s > 0.0) {
            let mut inner = m.clone();
            Self::project_columns(least, &mut inner);
            outer -= inner;
        }
        spectral_upper(&outer) + 4.0 * gamma(m.nrows() + 6) * m.norm()
    }

    fn pull(lin: &Linearization, m: &Matrix, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        let masked = ws.vector(y.len());
        masked.copy_from_slice(y);
        Self::project(&lin.slope, masked);
        gemv_tr(1.0, m, masked, 0.0, out);
    }

    /// |B||λ| + |c|.
    fn constant(&self, lambda: &[f64]) -> Vector {
        times(&abs(&self.data.b), &magnitudes(lambda)) + self.data.c.abs()
    }
}

impl Products for SimplexMap {
    fn dims(&self) -> Dims {
        let d = self.data.c.nrows();
        Dims {
            w: d,
            lambda: self.data.b.ncols(),
            units: d,
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        // A coordinate of the support is one piece, whatever the sign of its input.
        lin.signed = false;
        lin.z.copy_from_slice(self.data.c.as_slice());
        gemv(1.0, &self.data.b, lambda, 1.0, &mut lin.z);
        gemv(1.0, &self.data.a, w, 1.0, &mut lin.z);
        if lin.z.iter().any(|z| z.is_nan()) {
            lin.value.fill(f64::NAN);
            lin.slope.fill(f64::NAN);
            return;
        }
        lin.inner.clear();
        lin.inner.extend_from_slice(&lin.z);
        lin.inner.sort_unstable_by(|a, b| b.total_cmp(a));
        let (mut sum, mut theta) = (-1.0, f64::NEG_INFINITY);
        for (k, z) in lin.inner.iter().enumerate() {
            sum += z;
            theta = f64::max(theta, sum / (k + 1) as f64);
        }
        for i in 0..w.len() {
            let inside = lin.z[i] - theta;
            lin.z[i] = inside;
            lin.margin[i] = inside.abs();
            (lin.value[i], lin.slope[i]) = if inside > 0.0 {
                (inside, 1.0)
            } else if inside < 0.0 {
                (0.0, 0.0)
            } else {
                (0.0, tie.weight(i))
            };
        }
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        gemm_few(1.0, &self.data.a, x, 0.0, out);
        Self::project_columns(&lin.slope, out);
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        Self::pull(lin, &self.data.a, y, out, ws);
    }

    fn add_jvp_lambda(
        &self,
        lin: &Linearization,
        x: &Matrix,
        out: &mut Matrix,
        ws: &mut Workspace,
    ) {
        let product = ws.matrix.shaped(self.data.b.nrows(), x.ncols());
        gemm_few(1.0, &self.data.b, x, 0.0, product);
        Self::project_columns(&lin.slope, product);
        *out += &*product;
    }

    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        out.copy_from(&self.data.b);
        gemm_few(1.0, &self.data.a, d, 1.0, out);
        Self::project_columns(&lin.slope, out);
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        Self::pull(lin, &self.data.b, y, out, ws);
    }
}

impl Certified for SimplexMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, _: &[f64]) -> Constants {
        Constants::with(self.a_norm, 0.0, 0.0)
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let d = w.len();
        let (lin, rounding, w_norm) = at_point(self, w, lambda, 1.0);
        let bands: Vec<f64> = (0..d)
            .map(|i| Rounding::at(rounding.units[i], w_norm) + self.rows[i][1] * w_error)
            .collect();
        let kinks: Vec<usize> = (0..d).filter(|&i| lin.margin[i] <= bands[i]).collect();
        // The supports that are certain and possible.
        let (mut least, mut most) = (lin.slope.clone(), lin.slope.clone());
        for &i in &kinks {
            (least[i], most[i]) = (0.0, 1.0);
        }
        let down = 1.0 - 4.0 * UNIT;
        let mut radii: Vec<f64> = (0..d)
            .map(|i| match (lin.margin[i] <= bands[i], self.rows[i][1]) {
                // Both slopes are in D_Φ already, or the unit never moves.
                (true, _) | (false, 0.0) => f64::INFINITY,
                (false, reach) => (lin.margin[i] - bands[i]) / reach * down,
            })
            .collect();
        let attained = kinks.is_empty();
        if attained {
            let r = self.first_change(&lin, &bands);
            radii.iter_mut().for_each(|radius| *radius = radius.max(r));
        }
        let (a, b) = (&self.data.a, &self.data.b);
        let stairs = staircase(&radii, |flips| {
            let (mut least, mut most) = (least.clone(), most.clone());
            for &i in flips {
                (least[i], most[i]) = (0.0, 1.0);
            }
            [a, b].map(|m| Self::between(m, &least, &most))
        });
        let mut d2 = b.clone();
        Self::project_columns(&most, &mut d2);
        Moduli {
            l: [0.0, 0.0],
            m: stairs.last().map_or([0.0, 0.0], |s| s.jump),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: attained,
            d2_sup: spectral_upper(&d2) + Rounding::at(rounding.push_lambda, w_norm),
            kinks,
            stairs,
        }
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let (d, m) = self.data.b.shape();
        let terms = u.gamma(d + m + 4);
        let constant = self.constant(lambda);
        let largest = constant.amax();
        // θ moves by what the largest z_i loses, and sums d entries of at most max|z_i| and 1.
        let sum = u.gamma(d + 4);
        let theta = [(terms + sum) * self.longest, (terms + sum) * largest + sum];
        let root = (d as f64).sqrt();
        let push = terms + 4.0 * u.gamma(d + 6);
        Rounding {
            u,
            value: [
                terms * self.a_abs_norm + root * theta[0],
                terms * norm2(constant.as_slice()) + root * theta[1],
            ],
            push_w: [0.0, push * self.a_abs_norm],
            push_lambda: [0.0, 0.0, push * self.data.b.norm()],
            units: (0..d)
                .map(|i| {
                    [
                        terms * self.rows[i][0] + theta[0],
                        terms * constant[i] + theta[1],
                    ]
                })
                .collect(),
        }
    }

    fn unit_sensitivity(&self, _: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|r| r[1]).collect()
    }

    fn scale_by_root(&self, lin: &Linearization, inverse: bool, v: &mut [f64]) {
        if lin.slope.iter().all(|s| *s == 0.0 || *s == 1.0) {
            // A projector is its own root and, on its range, its own inverse.
            Self::project(&lin.slope, v);
            return;
        }
        let d = v.len();
        let mut p = Matrix::identity(d, d);
        Self::project_columns(&lin.slope, &mut p);
        let eigen = p.symmetric_eigen();
        let mut x = eigen.eigenvectors.tr_mul(&Vector::from_column_slice(v));
        let least = gamma(16 * d);
        for (x, s) in x.iter_mut().zip(eigen.eigenvalues.iter()) {
            *x = match (*s > least, inverse) {
                (false, _) => 0.0,
                (true, false) => *x * s.sqrt(),
                (true, true) => *x / s.sqrt(),
            };
        }
        v.copy_from_slice((eigen.eigenvectors * x).as_slice());
    }
}

impl SimplexMap {
    /// A lower bound of the distance to the first change of support, attained but for rounding.
    fn first_change(&self, lin: &Linearization, bands: &[f64]) -> f64 {
        let (d, a) = (lin.slope.len(), &self.data.a);
        let up = 1.0 + gamma(d + 6);
        let lost = gamma(2 * d + 6) * self.longest;
        let count: f64 = lin.slope.iter().sum();
        let mut mean = vec![0.0; d];
        let weights: Vec<f64> = lin.slope.iter().map(|s| s / count).collect();
        gemv_tr(1.0, a, &weights, 0.0, &mut mean);
        (0..d).fold(f64::INFINITY, |r, i| {
            let gradient: Vec<f64> = a.row(i).iter().zip(&mean).map(|(a, m)| a - m).collect();
            let size = norm2(&gradient);
            if size <= lost {
                return r;
            }
            r.min((lin.margin[i] - bands[i]) / (size * up + lost) * (1.0 - 4.0 * UNIT))
        })
    }
}
