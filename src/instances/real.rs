//! Real data shipped with the crate.

use super::draft::Draft;
use super::random::{product, short, sum_of_squares};
use super::spec::Spec;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::maps::{ElasticNet, Problem};

/// 442 patients, 10 features, one target (see data/README.md).
const DIABETES: &str = include_str!("../../data/diabetes.csv");

/// Elastic net on the diabetes data with columns and target standardised, η = 2/(L+μ+2λ₂).
pub(super) fn diabetes(spec: &Spec) -> Result<Draft> {
    let (mut x, mut y) = table(DIABETES)?;
    let n = x.nrows();
    for mut column in x.column_iter_mut() {
        standardise(column.as_mut_slice());
    }
    standardise(y.as_mut_slice());
    let h = product(&x.transpose(), &x) / n as f64;
    let eigenvalues = h.symmetric_eigenvalues();
    let [lambda1, lambda2] = spec.lambda.unwrap_or([0.1, 0.05]);
    let step = short(2.0 / (eigenvalues.max() + eigenvalues.min().max(0.0) + 2.0 * lambda2));
    let w0 = vec![0.0; x.ncols()];
    Ok(Draft {
        problem: Problem::ElasticNet(ElasticNet { x, y, step }),
        lambda: vec![lambda1, lambda2],
        w0,
        star: None,
    })
}

fn table(text: &str) -> Result<(Matrix, Vector)> {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (i, line) in text.lines().enumerate().skip(1) {
        let row: std::result::Result<Vec<f64>, _> =
            line.split(',').map(|v| v.trim().parse()).collect();
        match row {
            Ok(row) if rows.first().is_none_or(|first| first.len() == row.len()) => rows.push(row),
            _ => {
                return Err(Error::input("not a row of numbers")
                    .at_line(i + 1)
                    .in_file("diabetes.csv"));
            }
        }
    }
    let d = rows.first().map_or(0, |r| r.len().saturating_sub(1));
    let x = Matrix::from_fn(rows.len(), d, |i, j| rows[i][j]);
    let y = Vector::from_fn(rows.len(), |i, _| rows[i][d]);
    Ok((x, y))
}

/// Mean 0 and standard deviation 1 (population).
fn standardise(v: &mut [f64]) {
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    v.iter_mut().for_each(|x| *x -= mean);
    let sd = (sum_of_squares(v) / n).sqrt();
    if sd > 0.0 {
        v.iter_mut().for_each(|x| *x /= sd);
    }
}
