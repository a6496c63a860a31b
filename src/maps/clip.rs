//! Φ(w, λ) = clip(Aw + Bλ + c, lo, hi) coordinatewise: the projected gradient step of a
//! box-constrained or nonnegative quadratic programme with A = I - ηQ, Q ≻ 0; any A with ‖A‖ < 1
//! will do.
//!
//! ∂₁Φ = SA, ∂₂Φ = SB, S = diag(1{lo < z < hi}). L_j = 0, M_1 = ‖A_flip‖, M_2 = ‖B_flip‖ over the
//! rows that can change side, R = min over rows of the distance of z*_i to its nearer bound over
//! ‖A_i‖.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::at_point::at_point;
use super::constants::{Constants, Dims};
use super::data::Data;
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::{Moduli, rows_norm, staircase};
use super::products::{Certified, Products};
use super::rounding::Rounding;
use super::shapes::{affine, below, shape};
use super::structure::{Structure, Units};
use crate::error::Result;
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::{abs, gemm_few, gemv, gemv_tr, magnitudes, norm2, times};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::{Roundoff, UNIT, gamma};

/// Φ(w, λ) = clip(Aw + Bλ + c, lo, hi) coordinatewise, the projection to the box [lo, hi]; lo < hi,
/// infinite bounds allowed. With A = I - ηQ a projected gradient step on a quadratic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    /// A, d×d.
    #[serde(rename = "A", with = "numbers")]
    pub a: Matrix,
    /// B, d×m.
    #[serde(rename = "B", with = "numbers")]
    pub b: Matrix,
    /// c, d.
    #[serde(with = "numbers")]
    pub c: Vector,
    /// Lower bounds, d.
    #[serde(with = "numbers")]
    pub lo: Vector,
    /// Upper bounds, d.
    #[serde(with = "numbers")]
    pub hi: Vector,
}

impl Data for Clip {
    fn dim(&self) -> usize {
        self.c.nrows()
    }

    fn validate(&self) -> Result<()> {
        let (d, lo, hi) = (self.c.nrows(), &self.lo, &self.hi);
        affine(&self.a, &self.b, &self.c)?;
        shape("lo", lo.nrows(), 1, Some(d), None)?;
        shape("hi", hi.nrows(), 1, Some(d), None)?;
        below(lo.as_slice(), hi.as_slice(), ["lo", "hi"])
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(ClipMap::new(self))
    }
}

pub(super) struct ClipMap {
    structure: Structure,
    a: Matrix,
    b: Matrix,
    c: Vector,
    lo: Vector,
    hi: Vector,
    a_norm: f64,
    /// ‖|A|‖.
    a_abs_norm: f64,
    /// ‖A_i‖, rounded up.
    rows: Vec<f64>,
    /// ‖|A|_i‖, of what is evaluated.
    abs_rows: Vec<f64>,
    /// Roundings beyond those of Aw + Bλ + c.
    more: usize,
    /// How far the operator is from A at most, as a norm.
    off: f64,
}

impl ClipMap {
    fn new(clip: &Clip) -> Self {
        Self::of(clip, &abs(&clip.a), 0)
    }

    /// Where A was formed from data, entry by entry within γ_4 of `magnitude`, and implementations
    /// evaluate what it was formed from.
    pub(super) fn formed(clip: &Clip, magnitude: &Matrix) -> Self {
        Self::of(clip, magnitude, 4)
    }

    fn of(Clip { a, b, c, lo, hi }: &Clip, magnitude: &Matrix, more: usize) -> Self {
        let d = c.nrows();
        let up = 1.0 + gamma(a.ncols() + 4);
        let a_abs_norm = spectral_upper(magnitude);
        let off = gamma(more) * a_abs_norm;
        Self {
            structure: Structure {
                units: Units::Slopes { lo: 0.0, hi: 1.0 },
                symmetric: (*a == a.transpose()).then(|| (0..d).collect()),
                bounded: true,
                ..Structure::affine(b.ncols())
            },
            a_norm: spectral_upper(a) + off,
            a_abs_norm,
            rows: a.row_iter().map(|r| r.norm() * up + off).collect(),
            abs_rows: magnitude.row_iter().map(|r| r.norm() * up).collect(),
            more,
            off,
            a: a.clone(),
            b: b.clone(),
            c: c.clone(),
            lo: lo.clone(),
            hi: hi.clone(),
        }
    }

    fn mask(&self, lin: &Linearization, out: &mut Matrix) {
        for mut column in out.column_iter_mut() {
            column.iter_mut().zip(&lin.slope).for_each(|(o, s)| *o *= s);
        }
    }

    fn pull(lin: &Linearization, m: &Matrix, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        let masked = ws.vector(y.len());
        for ((o, v), s) in masked.iter_mut().zip(y).zip(&lin.slope) {
            *o = v * s;
        }
        gemv_tr(1.0, m, masked, 0.0, out);
    }
}

impl Products for ClipMap {
    fn dims(&self) -> Dims {
        let d = self.c.nrows();
        Dims {
            w: d,
            lambda: self.b.ncols(),
            units: d,
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        // Between its bounds a coordinate is one piece, whatever the sign of z.
        lin.signed = false;
        lin.z.copy_from_slice(self.c.as_slice());
        gemv(1.0, &self.b, lambda, 1.0, &mut lin.z);
        gemv(1.0, &self.a, w, 1.0, &mut lin.z);
        for i in 0..lin.z.len() {
            let (z, lo, hi) = (lin.z[i], self.lo[i], self.hi[i]);
            let inside = (z - lo).min(hi - z);
            lin.margin[i] = inside.abs();
            // A NaN must come out as NaN, not as a bound.
            (lin.value[i], lin.slope[i]) = if inside > 0.0 {
                (z, 1.0)
            } else if inside < 0.0 {
                (if z < lo { lo } else { hi }, 0.0)
            } else if inside == 0.0 {
                (z, tie.weight(i))
            } else {
                (f64::NAN, f64::NAN)
            };
            if z.is_nan() {
                (lin.value[i], lin.slope[i]) = (f64::NAN, f64::NAN);
            }
        }
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        gemm_few(1.0, &self.a, x, 0.0, out);
        self.mask(lin, out);
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        Self::pull(lin, &self.a, y, out, ws);
    }

    fn add_jvp_lambda(
        &self,
        lin: &Linearization,
        x: &Matrix,
        out: &mut Matrix,
        ws: &mut Workspace,
    ) {
        let product = ws.matrix.shaped(self.b.nrows(), x.ncols());
        gemm_few(1.0, &self.b, x, 0.0, product);
        self.mask(lin, product);
        *out += &*product;
    }

    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        out.copy_from(&self.b);
        gemm_few(1.0, &self.a, d, 1.0, out);
        self.mask(lin, out);
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], ws: &mut Workspace) {
        Self::pull(lin, &self.b, y, out, ws);
    }
}

impl Certified for ClipMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, _: &[f64]) -> Constants {
        Constants::with(self.a_norm, 0.0, 0.0)
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let dims = self.dims();
        let (mut lin, rounding, w_norm) = at_point(self, w, lambda, 1.0);
        let mut kinks = Vec::new();
        let radii: Vec<f64> = (0..dims.units)
            .map(|i| {
                let band = Rounding::at(rounding.units[i], w_norm) + self.rows[i] * w_error;
                if lin.margin[i] <= band {
                    // Both slopes are in D_Φ already.
                    kinks.push(i);
                    lin.slope[i] = 1.0;
                    f64::INFINITY
                } else if self.rows[i] == 0.0 {
                    f64::INFINITY
                } else {
                    (lin.margin[i] - band) / self.rows[i] * (1.0 - 4.0 * UNIT)
                }
            })
            .collect();
        let stairs = staircase(&radii, |flips| {
            let off = if flips.is_empty() { 0.0 } else { self.off };
            [rows_norm(&self.a, flips) + off, rows_norm(&self.b, flips)]
        });
        let mut d2 = self.b.clone();
        self.mask(&lin, &mut d2);
        Moduli {
            l: [0.0, 0.0],
            m: stairs.last().map_or([0.0, 0.0], |s| s.jump),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: true,
            d2_sup: spectral_upper(&d2),
            kinks,
            stairs,
        }
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let (d, m) = self.b.shape();
        let terms = u.gamma(d + m + 4 + self.more);
        let constant = times(&abs(&self.b), &magnitudes(lambda)) + self.c.abs();
        Rounding {
            u,
            value: [terms * self.a_abs_norm, terms * norm2(constant.as_slice())],
            push_w: [0.0, terms * self.a_abs_norm],
            push_lambda: [0.0, 0.0, terms * self.b.norm()],
            units: (0..d)
                .map(|i| [terms * self.abs_rows[i], terms * constant[i]])
                .collect(),
        }
    }

    fn unit_sensitivity(&self, _: &[f64]) -> Vec<f64> {
        self.rows.clone()
    }
}
