//! Φ_i(w, λ) = max (or min) over j of (A_j w + B_j λ + c_j)_i: coordinatewise extremes of affine
//! forms.
//!
//! Units are the pairs (i, j), numbered i·r + j; the slope of a unit is the weight of form j in
//! coordinate i, so that row i of ∂₁Φ is Σ_j s_ij a_ij. z_ij is the distance of form j above (max)
//! or below (min) the best other form of its coordinate. q bounds ‖·‖ over all choices of rows: the
//! smallest of sqrt(Σ_i max_j‖a_ij‖²), ‖mid‖ + ‖radius‖ and, where there are few, the enumeration
//! of the choices (theory, section 2). L_j = 0; jumps are differences of rows; R = min over losing
//! forms of gap/‖a_ij - a_i,active‖.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::at_point::at_point;
use super::constants::{Constants, Dims};
use super::data::Data;
use super::linearization::{Linearization, Tie, Workspace};
use super::moduli::{Moduli, staircase};
use super::products::{Certified, Products};
use super::rounding::Rounding;
use super::shapes::{affine, shape};
use super::structure::{Structure, Units};
use crate::error::{Error, Result};
use crate::linalg::norm::spectral_upper;
use crate::linalg::product::{abs, gemv, magnitudes, norm2, times};
use crate::linalg::{Matrix, Vector};
use crate::numerals::numbers;
use crate::tol::{FORMS_MOST, Roundoff, UNIT, gamma};

/// Choices of rows that are enumerated at most.
const CHOICES: usize = 128;

/// The largest or the least of affine forms, coordinate by coordinate: Φ_i(w, λ) = max over j of
/// (A_j w + B_j λ + c_j)_i, or min where `least[i]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaxMin {
    /// The affine forms, at least two, all of one shape.
    pub forms: Vec<AffineForm>,
    /// Per coordinate (d): the least form instead of the largest.
    pub least: Vec<bool>,
}

/// An affine form Aw + Bλ + c; A d×d, B d×m, c d.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AffineForm {
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

impl Data for MaxMin {
    fn dim(&self) -> usize {
        self.least.len()
    }

    fn validate(&self) -> Result<()> {
        let (d, forms) = (self.least.len(), &self.forms);
        shape("least", d, 1, None, None)?;
        if forms.len() < 2 {
            let text = format!("needs at least two affine forms, got {}", forms.len());
            return Err(Error::input(text).in_field("forms"));
        }
        let (most, pairs) = FORMS_MOST;
        if forms.len() > most || d * forms.len().pow(2) > pairs {
            let text = format!(
                "at most {most}, and d·forms² at most {pairs}, got {}",
                forms.len()
            );
            return Err(Error::input(text).in_field("forms"));
        }
        let m = forms[0].b.ncols();
        for (j, f) in forms.iter().enumerate() {
            let check = || -> Result<()> {
                shape("c", f.c.nrows(), 1, Some(d), None)?;
                shape("B", f.b.nrows(), f.b.ncols(), Some(d), Some(m))?;
                affine(&f.a, &f.b, &f.c)
            };
            check().map_err(|e| e.in_field(format!("forms[{j}]")))?;
        }
        Ok(())
    }

    fn prepare(&self) -> Arc<dyn Certified> {
        Arc::new(MaxMinMap::new(self))
    }
}

struct MaxMinMap {
    structure: Structure,
    forms: Vec<AffineForm>,
    /// Coordinate i takes the least form instead of the largest.
    least: Vec<bool>,
    q: f64,
    /// max_k‖a_ij - a_ik‖ for every unit, rounded up.
    reach: Vec<f64>,
    /// ‖|A|‖ and ‖|B|‖_F with the largest entry of all forms in every place.
    a_abs_norm: f64,
    b_abs_norm: f64,
}

impl MaxMinMap {
    fn new(MaxMin { forms, least }: &MaxMin) -> Self {
        let d = least.len();
        let largest = |part: fn(&AffineForm) -> &Matrix| {
            forms
                .iter()
                .map(|f| abs(part(f)))
                .reduce(|m, f| m.zip_map(&f, f64::max))
                .unwrap_or_else(|| Matrix::zeros(d, d))
        };
        let up = 1.0 + gamma(d + 6);
        let reach = (0..d)
            .flat_map(|i| {
                forms.iter().map(move |f| {
                    let row = f.a.row(i);
                    let differences = forms.iter().map(|g| (row - g.a.row(i)).norm());
                    differences.fold(0.0f64, f64::max) * up
                })
            })
            .collect();
        let rows: Vec<Vec<Vector>> = (0..d)
            .map(|i| forms.iter().map(|f| f.a.row(i).transpose()).collect())
            .collect();
        Self {
            structure: Structure {
                units: Units::Forms(forms.len()),
                ..Structure::affine(forms[0].b.ncols())
            },
            forms: forms.clone(),
            least: least.clone(),
            q: choices_norm(&rows),
            reach,
            a_abs_norm: spectral_upper(&largest(|f| &f.a)),
            b_abs_norm: largest(|f| &f.b).norm() * up,
        }
    }

    fn d(&self) -> usize {
        self.least.len()
    }

    fn count(&self) -> usize {
        self.forms.len()
    }

    /// Σ_j s_ij (row i of `part` of form j).
    fn mixed(&self, lin: &Linearization, part: impl Fn(&AffineForm) -> &Matrix) -> Matrix {
        let (d, r) = (self.d(), self.count());
        let mut out = Matrix::zeros(d, part(&self.forms[0]).ncols());
        for (j, form) in self.forms.iter().enumerate() {
            let m = part(form);
            for i in 0..d {
                let s = lin.slope[i * r + j];
                if s != 0.0 {
                    for k in 0..m.ncols() {
                        out[(i, k)] += s * m[(i, k)];
                    }
                }
            }
        }
        out
    }

    /// out ← scale·out + Σ_j Mᵀ_j (s_·j ⊙ y).
    fn pull(
        &self,
        lin: &Linearization,
        y: &[f64],
        out: &mut [f64],
        part: impl Fn(&AffineForm) -> &Matrix,
    ) {
        let m = self.mixed(lin, part);
        for (o, column) in out.iter_mut().zip(m.column_iter()) {
            *o = column.iter().zip(y).map(|(a, b)| a * b).sum();
        }
    }

    /// The first active form of a coordinate.
    fn active(&self, lin: &Linearization, i: usize) -> usize {
        let r = self.count();
        (0..r).find(|j| lin.slope[i * r + j] > 0.0).unwrap_or(0)
    }
}

/// Upper bound of ‖M‖ over all M whose row i is one of `rows[i]` (or a mixture of them).
fn choices_norm(rows: &[Vec<Vector>]) -> f64 {
    let Some(cols) = rows.iter().flatten().next().map(Vector::len) else {
        return 0.0;
    };
    let d = rows.len();
    let up = 1.0 + gamma(d * cols + 6);
    let longest = |options: &Vec<Vector>| {
        options
            .iter()
            .fold(0.0f64, |m: f64, v| m.max(v.norm_squared()))
    };
    let mut best = rows.iter().map(longest).sum::<f64>().sqrt() * up;
    let bounds = |i: usize, k: usize| {
        let entries = rows[i].iter().map(|v| v[k]);
        entries.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        })
    };
    let middle = Matrix::from_fn(d, cols, |i, k| {
        let (l, h) = bounds(i, k);
        0.5 * (l + h)
    });
    let radius = Matrix::from_fn(d, cols, |i, k| {
        let (l, h) = bounds(i, k);
        (0.5 * (h - l)) * (1.0 + 4.0 * UNIT) + 4.0 * UNIT * l.abs().max(h.abs())
    });
    best = best.min((spectral_upper(&middle) + spectral_upper(&radius)) * up);
    let choices = rows.iter().try_fold(1usize, |n, options| {
        n.checked_mul(options.len()).filter(|n| *n <= CHOICES)
    });
    if let Some(choices) = choices {
        let mut enumerated = 0.0f64;
        for mut code in 0..choices {
            let mut m = Matrix::zeros(d, cols);
            for (i, options) in rows.iter().enumerate() {
                m.set_row(i, &options[code % options.len()].transpose());
                code /= options.len();
            }
            enumerated = enumerated.max(spectral_upper(&m));
        }
        best = best.min(enumerated);
    }
    best
}

impl Products for MaxMinMap {
    fn dims(&self) -> Dims {
        Dims {
            w: self.d(),
            lambda: self.forms[0].b.ncols(),
            units: self.d() * self.count(),
        }
    }

    fn evaluate(&self, w: &[f64], lambda: &[f64], tie: &mut Tie<'_>, lin: &mut Linearization) {
        let (d, r) = (self.d(), self.count());
        // A form has one piece, whatever the sign of its lead.
        lin.signed = false;
        lin.inner.resize(d, 0.0);
        // `z` first holds the values of the forms, with the sign that makes the best one the
        // largest.
        for (j, form) in self.forms.iter().enumerate() {
            lin.inner.copy_from_slice(form.c.as_slice());
            gemv(1.0, &form.b, lambda, 1.0, &mut lin.inner);
            gemv(1.0, &form.a, w, 1.0, &mut lin.inner);
            for i in 0..d {
                lin.z[i * r + j] = if self.least[i] {
                    -lin.inner[i]
                } else {
                    lin.inner[i]
                };
            }
        }
        for i in 0..d {
            let z = &mut lin.z[i * r..(i + 1) * r];
            let slope = &mut lin.slope[i * r..(i + 1) * r];
            let margin = &mut lin.margin[i * r..(i + 1) * r];
            if z.iter().any(|v| v.is_nan()) {
                lin.value[i] = f64::NAN;
                slope.fill(f64::NAN);
                continue;
            }
            let best = z.iter().fold(f64::NEG_INFINITY, |m, v| m.max(*v));
            lin.value[i] = if self.least[i] { -best } else { best };
            // Ties share the weight in turn; what is left over goes to the first of them.
            let mut left = 1.0;
            let mut first = None;
            for j in 0..r {
                slope[j] = 0.0;
                if z[j] == best {
                    if first.is_none() {
                        first = Some(j);
                    } else {
                        slope[j] = tie.weight(i * r + j) * left;
                        left -= slope[j];
                    }
                }
            }
            if let Some(j) = first {
                slope[j] = left;
            }
            let second = (0..r)
                .filter(|&j| Some(j) != first)
                .fold(f64::NEG_INFINITY, |m: f64, j| m.max(z[j]));
            for j in 0..r {
                let rival = if Some(j) == first { second } else { best };
                z[j] -= rival;
                margin[j] = z[j].abs();
            }
        }
    }

    fn jvp_w(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        out.gemm(1.0, &self.mixed(lin, |f| &f.a), x, 0.0);
    }

    fn vjp_w(&self, lin: &Linearization, y: &[f64], out: &mut [f64], _: &mut Workspace) {
        self.pull(lin, y, out, |f| &f.a);
    }

    fn add_jvp_lambda(&self, lin: &Linearization, x: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        out.gemm(1.0, &self.mixed(lin, |f| &f.b), x, 1.0);
    }

    fn push_forward(&self, lin: &Linearization, d: &Matrix, out: &mut Matrix, _: &mut Workspace) {
        out.copy_from(&self.mixed(lin, |f| &f.b));
        out.gemm(1.0, &self.mixed(lin, |f| &f.a), d, 1.0);
    }

    fn vjp_lambda(&self, lin: &Linearization, y: &[f64], out: &mut [f64], _: &mut Workspace) {
        self.pull(lin, y, out, |f| &f.b);
    }
}

impl Certified for MaxMinMap {
    fn structure(&self) -> &Structure {
        &self.structure
    }

    fn constants(&self, _: &[f64]) -> Constants {
        Constants::with(self.q, 0.0, 0.0)
    }

    fn moduli_at(&self, w: &[f64], lambda: &[f64], w_error: f64) -> Moduli {
        let (d, r) = (self.d(), self.count());
        let (lin, rounding, w_norm) = at_point(self, w, lambda, 0.0);
        let active: Vec<usize> = (0..d).map(|i| self.active(&lin, i)).collect();
        let mut kinks = Vec::new();
        let radii: Vec<f64> = (0..d * r)
            .map(|unit| {
                let (i, j) = (unit / r, unit % r);
                if j == active[i] {
                    return f64::INFINITY;
                }
                let band = Rounding::at(rounding.units[unit], w_norm) + self.reach[unit] * w_error;
                if lin.margin[unit] <= band {
                    kinks.push(unit);
                    return f64::INFINITY;
                }
                let difference = self.forms[j].a.row(i) - self.forms[active[i]].a.row(i);
                let slope = difference.norm() * (1.0 + gamma(d + 6));
                if slope == 0.0 {
                    f64::INFINITY
                } else {
                    (lin.margin[unit] - band) / slope * (1.0 - 4.0 * UNIT)
                }
            })
            .collect();
        let jumps = |flips: &[usize], part: fn(&AffineForm) -> &Matrix| {
            let mut rows: Vec<Vec<Vector>> = vec![Vec::new(); d];
            for &unit in flips {
                let (i, j) = (unit / r, unit % r);
                let row = part(&self.forms[j]).row(i) - part(&self.forms[active[i]]).row(i);
                rows[i].push(row.transpose());
            }
            // A coordinate that keeps its form only takes a row away.
            rows.retain(|options| !options.is_empty());
            choices_norm(&rows)
        };
        let stairs = staircase(&radii, |flips| {
            [jumps(flips, |f| &f.a), jumps(flips, |f| &f.b)]
        });
        let tied: Vec<Vec<Vector>> = (0..d)
            .map(|i| {
                let at_top =
                    |j: &usize| *j == active[i] || kinks.binary_search(&(i * r + j)).is_ok();
                let forms = (0..r).filter(at_top);
                forms.map(|j| self.forms[j].b.row(i).transpose()).collect()
            })
            .collect();
        Moduli {
            l: [0.0, 0.0],
            // The bound of a larger set of choices may be the smaller number.
            m: [0, 1].map(|j| stairs.iter().fold(0.0f64, |m, s| m.max(s.jump[j]))),
            r: stairs.first().map_or(f64::INFINITY, |s| s.radius),
            r_attained: true,
            d2_sup: choices_norm(&tied),
            kinks,
            stairs,
        }
    }

    fn rounding(&self, lambda: &[f64], u: Roundoff) -> Rounding {
        let (d, r) = (self.d(), self.count());
        let m = self.forms[0].b.ncols();
        let terms = u.gamma(d + m + r + 4);
        let constants: Vec<Vector> = self
            .forms
            .iter()
            .map(|f| times(&abs(&f.b), &magnitudes(lambda)) + f.c.abs())
            .collect();
        let constant = Vector::from_fn(d, |i, _| constants.iter().fold(0.0f64, |m, c| m.max(c[i])));
        let rows: Vec<f64> = (0..d)
            .map(|i| {
                let norms = self.forms.iter().map(|f| f.a.row(i).norm());
                norms.fold(0.0f64, f64::max) * (1.0 + gamma(d + 4))
            })
            .collect();
        Rounding {
            u,
            value: [terms * self.a_abs_norm, terms * norm2(constant.as_slice())],
            push_w: [0.0, terms * self.a_abs_norm],
            push_lambda: [0.0, 0.0, terms * self.b_abs_norm],
            // The difference of two forms.
            units: (0..d * r)
                .map(|unit| {
                    [
                        2.0 * terms * rows[unit / r],
                        2.0 * terms * constant[unit / r],
                    ]
                })
                .collect(),
        }
    }

    fn unit_sensitivity(&self, _: &[f64]) -> Vec<f64> {
        self.reach.clone()
    }
}
