//! Ordinary and weighted linear least squares.
//!
//! Owns the fit of y = Xb + e: coefficients with t-intervals, residuals, residual
//! standard deviation, R² and leverages. Must not know what the columns mean.
//!
//! Numerics: columns and right-hand side are scaled by powers of two (exact),
//! the design is factorised by Householder QR, and the solution is refined on
//! the augmented system
//! ```text
//!     [ I   A ] [ r ]   [ b ]
//!     [ Aᵀ  0 ] [ z ] = [ 0 ]
//! ```
//! with residuals in doubled precision (Björck, "Iterative refinement of linear
//! least squares solutions", BIT 7 (1967)), which makes the coefficients nearly
//! independent of the condition of X as long as cond(X)·u is well below 1.

use nalgebra::{DMatrix, DVector};

use super::estimate::{DEFAULT_CONFIDENCE, Estimate, student_t_quantile};
use super::summation::{self, Accumulator};
use crate::error::{Error, Result};
use crate::tol;

/// Solves with the factorisation: one to solve, the others to refine. Each
/// gains about -log10(cond·u) digits, so two refinements exhaust double precision
/// wherever one gains five; the third settles the residual of exact fits.
const SOLVES: usize = 4;

/// Powers of two beyond which scaling is cut off, so that a factor and its
/// inverse are both normal numbers.
const MAX_EXPONENT: i32 = 1000;

/// Whether a constant column is part of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intercept {
    /// A column of ones comes first; R² is measured about the mean.
    Fitted,
    /// The model is the given columns alone; R² is measured about zero, as NIST does.
    Absent,
}

/// A fitted linear model.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Coefficients in the order of the columns, the intercept first where it is fitted.
    pub coefficients: Vec<Estimate>,
    /// Whether the first coefficient is the intercept.
    pub intercept: Intercept,
    /// y - Xb in the units of y, one per observation (those of weight zero too).
    pub residuals: Vec<f64>,
    /// Diagonal of the hat matrix, in [0, 1]; 0 at observations of weight zero.
    pub leverages: Vec<f64>,
    /// Weights; all 1 for ordinary least squares.
    pub weights: Vec<f64>,
    /// sqrt(Σ w_i r_i² / degrees of freedom).
    pub residual_sd: f64,
    /// 1 - Σ w r² / Σ w (y - ȳ)², with the weighted mean ȳ (0 without an
    /// intercept). 1 where y does not vary.
    pub r_squared: f64,
    /// Observations of positive weight less coefficients.
    pub degrees_of_freedom: usize,
    /// (XᵀWX)⁻¹.
    unscaled: DMatrix<f64>,
}

impl Fit {
    /// The coefficient of the first given column (not of the intercept).
    pub fn slope(&self) -> Estimate {
        self.coefficients[usize::from(self.intercept == Intercept::Fitted)]
    }

    /// The constant term, where one was fitted.
    pub fn constant(&self) -> Option<Estimate> {
        (self.intercept == Intercept::Fitted).then(|| self.coefficients[0])
    }

    /// Estimated covariance of coefficients i and j: residual_sd² (XᵀWX)⁻¹_ij;
    /// `None` where there is no such coefficient.
    pub fn covariance(&self, i: usize, j: usize) -> Option<f64> {
        let entry = self.unscaled.get((i, j))?;
        Some(entry * self.residual_sd * self.residual_sd)
    }

    /// The same fit with its intervals at another confidence.
    ///
    /// # Errors
    /// When `confidence` is outside (0, 1).
    pub fn at_confidence(mut self, confidence: f64) -> Result<Self> {
        let t = student_t_quantile(self.degrees_of_freedom as f64, confidence)?;
        for c in &mut self.coefficients {
            *c = Estimate::from_multiple(c.point, c.std_err, t, confidence);
        }
        Ok(self)
    }
}

/// Least squares on given columns; intervals at [`DEFAULT_CONFIDENCE`].
///
/// # Errors
/// Lengths that differ, values that are not finite, a column that depends on those before
/// it, or no more observations than coefficients.
pub fn ordinary(columns: &[&[f64]], y: &[f64], intercept: Intercept) -> Result<Fit> {
    fit(&Model::of_columns(columns, y.len(), intercept), y, None)
}

/// Weighted least squares, minimising Σ w_i (y_i - x_iᵀb)²: the weights are
/// inverse variances up to a common factor. A weight of zero leaves the
/// observation out.
///
/// # Errors
/// As [`ordinary`], and for weights that are negative or not finite.
pub fn weighted(columns: &[&[f64]], y: &[f64], w: &[f64], intercept: Intercept) -> Result<Fit> {
    fit(&Model::of_columns(columns, y.len(), intercept), y, Some(w))
}

/// y = b_0 + b_1 x.
///
/// # Errors
/// As [`ordinary`].
pub fn line(x: &[f64], y: &[f64]) -> Result<Fit> {
    fit(&Model::powers(x, 1), y, None)
}

/// y = b_0 + b_1 x with weights `w`.
///
/// # Errors
/// As [`weighted`].
pub fn weighted_line(x: &[f64], y: &[f64], w: &[f64]) -> Result<Fit> {
    fit(&Model::powers(x, 1), y, Some(w))
}

/// y = b_0 + b_1 x + … + b_degree x^degree, in plain powers of x: centre and
/// scale x first where the degree is high.
///
/// # Errors
/// As [`ordinary`].
pub fn polynomial(x: &[f64], y: &[f64], degree: usize) -> Result<Fit> {
    fit(&Model::powers(x, degree), y, None)
}

/// The columns of X with the name of the input each came from.
struct Model {
    columns: Vec<Vec<f64>>,
    names: Vec<String>,
    intercept: Intercept,
}

impl Model {
    fn of_columns(given: &[&[f64]], n: usize, intercept: Intercept) -> Self {
        let mut model = Self {
            columns: Vec::new(),
            names: Vec::new(),
            intercept,
        };
        if intercept == Intercept::Fitted {
            model.push(vec![1.0; n], "intercept".into());
        }
        for (j, c) in given.iter().enumerate() {
            model.push(c.to_vec(), format!("columns[{j}]"));
        }
        model
    }

    fn powers(x: &[f64], degree: usize) -> Self {
        let mut model = Self {
            columns: Vec::new(),
            names: Vec::new(),
            intercept: Intercept::Fitted,
        };
        let mut power = vec![1.0; x.len()];
        for _ in 0..=degree {
            model.push(power.clone(), "x".into());
            for (p, v) in power.iter_mut().zip(x) {
                *p *= v;
            }
        }
        model
    }

    fn push(&mut self, column: Vec<f64>, name: String) {
        self.columns.push(column);
        self.names.push(name);
    }

    fn check(&self, y: &[f64], w: Option<&[f64]>) -> Result<()> {
        check_finite("y", y)?;
        if self.columns.is_empty() {
            return Err(Error::input("a model needs at least one column").in_field("columns"));
        }
        for (column, name) in self.columns.iter().zip(&self.names) {
            if column.len() != y.len() {
                return Err(Error::input(format!(
                    "has {} values, but y has {}",
                    column.len(),
                    y.len()
                ))
                .in_field(name.clone()));
            }
            check_finite(name, column)?;
        }
        if let Some(w) = w {
            if w.len() != y.len() {
                return Err(
                    Error::input(format!("has {} values, but y has {}", w.len(), y.len()))
                        .in_field("w"),
                );
            }
            check_finite("w", w)?;
            if let Some(i) = w.iter().position(|v| *v < 0.0) {
                return Err(
                    Error::input(format!("weights must not be negative, got {}", w[i]))
                        .in_field(format!("w[{i}]")),
                );
            }
        }
        Ok(())
    }
}

/// Refuses NaN and infinities, naming the entry.
pub(crate) fn check_finite(name: &str, values: &[f64]) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::input(format!("must be finite, got {}", values[i]))
            .in_field(format!("{name}[{i}]"))),
    }
}

fn fit(model: &Model, y: &[f64], w: Option<&[f64]>) -> Result<Fit> {
    model.check(y, w)?;
    let weights = w.map_or_else(|| vec![1.0; y.len()], <[f64]>::to_vec);
    let kept: Vec<usize> = (0..y.len()).filter(|&i| weights[i] > 0.0).collect();
    let (n, p) = (kept.len(), model.columns.len());
    if n <= p {
        return Err(Error::input(format!(
            "{n} observations of positive weight cannot determine {p} coefficients and their errors; at least {} are needed",
            p + 1
        ))
        .in_field("y"));
    }

    // A = W^{½} X D and b = W^{½} y 2^{-f}, D and 2^{-f} powers of two.
    let root: Vec<f64> = kept.iter().map(|&i| weights[i].sqrt()).collect();
    let mut a = DMatrix::from_fn(n, p, |i, j| root[i] * model.columns[j][kept[i]]);
    let mut b = DVector::from_fn(n, |i, _| root[i] * y[kept[i]]);
    let mut column_exponents = vec![0; p];
    for (j, mut column) in a.column_iter_mut().enumerate() {
        column_exponents[j] = exponent(column.iter());
        column *= pow2(-column_exponents[j]);
    }
    let b_exponent = exponent(b.iter());
    b *= pow2(-b_exponent);
    if !(a.iter().all(|v| v.is_finite()) && b.iter().all(|v| v.is_finite())) {
        return Err(Error::input("weights and data are too large together").in_field("y"));
    }

    let norms: Vec<f64> = a.column_iter().map(|c| c.norm()).collect();
    let factors = a.clone().qr();
    let (q, r) = (factors.q(), factors.unpack_r());
    // Householder QR is columnwise backward stable with constant γ_np (Higham, Theorem 19.4):
    // a smaller diagonal entry cannot be told from zero.
    for j in 0..p {
        if r[(j, j)].abs() <= tol::gamma(n * p) * norms[j] {
            return Err(Error::input(
                "rank deficient: the term adds nothing to the terms before it, to rounding",
            )
            .in_field(model.names[j].clone()));
        }
    }

    let (Some(z), Some(inverse)) = (
        refined_solution(&a, &b, &q, &r),
        r.solve_upper_triangular(&DMatrix::identity(p, p)),
    ) else {
        return Err(Error::input("rank deficient").in_field(model.names[p - 1].clone()));
    };
    let points: Vec<f64> = (0..p)
        .map(|j| scale2(z[j], b_exponent - column_exponents[j]))
        .collect();
    check_finite("coefficients", &points)?;

    let residuals: Vec<f64> = (0..y.len())
        .map(|i| {
            let mut acc = Accumulator::starting_at(y[i]);
            for (column, point) in model.columns.iter().zip(&points) {
                acc.add_product(-column[i], *point);
            }
            acc.value()
        })
        .collect();
    let unit = pow2(-b_exponent);
    let rss = summation::sum(kept.iter().zip(&root).map(|(&i, s)| {
        let v = s * residuals[i] * unit;
        v * v
    }));
    let degrees_of_freedom = n - p;
    let residual_sd_scaled = (rss / degrees_of_freedom as f64).sqrt();
    let residual_sd = residual_sd_scaled * pow2(b_exponent);

    let t = student_t_quantile(degrees_of_freedom as f64, DEFAULT_CONFIDENCE)?;
    let coefficients = (0..p)
        .map(|j| {
            let scaled = residual_sd_scaled * inverse.row(j).norm();
            let std_err = scale2(scaled, b_exponent - column_exponents[j]);
            Estimate::from_multiple(points[j], std_err, t, DEFAULT_CONFIDENCE)
        })
        .collect();
    let mut leverages = vec![0.0; y.len()];
    for (row, &i) in q.row_iter().zip(&kept) {
        leverages[i] = row.norm_squared().min(1.0);
    }
    let unscaled = DMatrix::from_fn(p, p, |i, j| {
        inverse.row(i).dot(&inverse.row(j))
            * pow2(-column_exponents[i])
            * pow2(-column_exponents[j])
    });
    Ok(Fit {
        coefficients,
        intercept: model.intercept,
        residuals,
        leverages,
        r_squared: r_squared(rss, y, unit, &weights, model.intercept),
        weights,
        residual_sd,
        degrees_of_freedom,
        unscaled,
    })
}

/// z minimising ‖b - Az‖, refined on the augmented system from A = QR. Starting
/// from r = 0, z = 0 the first pass is the plain solution.
fn refined_solution(
    a: &DMatrix<f64>,
    b: &DVector<f64>,
    q: &DMatrix<f64>,
    r: &DMatrix<f64>,
) -> Option<DVector<f64>> {
    let (n, p) = a.shape();
    let mut z = DVector::<f64>::zeros(p);
    let mut rho = DVector::<f64>::zeros(n);
    for _ in 0..SOLVES {
        let f = DVector::from_fn(n, |i, _| {
            let mut acc = Accumulator::starting_at(b[i]);
            acc.add(-rho[i]);
            for j in 0..p {
                acc.add_product(-a[(i, j)], z[j]);
            }
            acc.value()
        });
        let g = DVector::from_fn(p, |j, _| {
            let mut acc = Accumulator::default();
            for i in 0..n {
                acc.add_product(-a[(i, j)], rho[i]);
            }
            acc.value()
        });
        // Rᵀh = g, δz = R⁻¹(Qᵀf - h), δr = f - Q(Qᵀf - h).
        let h = r.tr_solve_upper_triangular(&g)?;
        let d = q.tr_mul(&f) - h;
        rho += f - q * &d;
        z += r.solve_upper_triangular(&d)?;
    }
    Some(z)
}

/// `rss` and the total are both in units of `unit`⁻².
fn r_squared(rss: f64, y: &[f64], unit: f64, w: &[f64], intercept: Intercept) -> f64 {
    let mean = match intercept {
        Intercept::Absent => 0.0,
        Intercept::Fitted => {
            let mut acc = Accumulator::default();
            for (v, w) in y.iter().zip(w) {
                acc.add_product(*v * unit, *w);
            }
            acc.value() / summation::sum(w.iter().copied())
        }
    };
    let total = summation::sum(y.iter().zip(w).map(|(v, w)| {
        let d = v * unit - mean;
        w * d * d
    }));
    if total > 0.0 { 1.0 - rss / total } else { 1.0 }
}

/// e with 2^e about the largest absolute value; 0 when all are zero.
fn exponent<'a>(values: impl Iterator<Item = &'a f64>) -> i32 {
    let max = values.fold(0.0_f64, |m, v| m.max(v.abs()));
    if max > 0.0 && max.is_finite() {
        (max.log2().floor() as i32).clamp(-MAX_EXPONENT, MAX_EXPONENT)
    } else {
        0
    }
}

fn pow2(e: i32) -> f64 {
    2f64.powi(e)
}

/// v·2^e for |e| ≤ 2·MAX_EXPONENT, in two steps because 2^e itself may overflow.
fn scale2(v: f64, e: i32) -> f64 {
    v * pow2(e / 2) * pow2(e - e / 2)
}

#[cfg(test)]
mod tests;
