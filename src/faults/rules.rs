//! Wrong rules for slopes, and changes of matrices.

use super::edit::{Change, Slopes};
use crate::linalg::Matrix;
use crate::maps::{Gradient, Linearization, Structure, Units};

/// The gradient step of an elastic net; `None` for other maps.
pub(super) fn net(structure: &Structure) -> Option<Gradient> {
    structure
        .gradient
        .filter(|_| matches!(structure.units, Units::Slopes { .. }))
}

/// Applies a wrong rule for the slopes; maps without units are left alone.
pub(super) fn slopes(rule: Slopes, structure: &Structure, lin: &mut Linearization) {
    let net = net(structure).is_some();
    let (lo, hi) = match structure.units {
        Units::Slopes { lo, hi } => (lo, hi),
        Units::Smooth => {
            for (s, z) in lin.slope.iter_mut().zip(&lin.z) {
                match rule {
                    Slopes::Ones => *s = 1.0,
                    Slopes::AppliedTwice => *s = 1.0 - z.tanh().tanh().powi(2),
                    _ => {}
                }
            }
            return;
        }
        _ => (0.0, 1.0),
    };
    // A unit whose value grows from its only kink on.
    let relu = !structure.bounded && matches!(structure.units, Units::Slopes { lo: 0.0, hi: 1.0 });
    for i in 0..lin.slope.len() {
        if lin.margin[i].is_infinite() {
            continue;
        }
        let upper = lin.slope[i] == hi;
        lin.slope[i] = match rule {
            Slopes::Ones => 1.0,
            Slopes::OfInput if net => f64::from(u8::from(lin.w[i] != 0.0)),
            Slopes::Inverted => lo + hi - lin.slope[i],
            Slopes::Tolerance(tolerance) if upper && lin.margin[i] <= tolerance => lo,
            Slopes::Smoothed(width) if net || relu => {
                let signed = if upper { lin.margin[i] } else { -lin.margin[i] };
                1.0 / (1.0 + (-signed / width).exp())
            }
            Slopes::NonNegative if !upper => 0.0,
            Slopes::Leaky(slope) if !upper && lo > 0.0 && lo < hi => slope,
            Slopes::UnscaledThreshold if net => f64::from(u8::from(lin.z[i].abs() > lin.lambda[0])),
            _ => lin.slope[i],
        };
    }
}

/// Applies a change to a matrix; one that needs a square matrix leaves others alone.
pub(super) fn apply(change: &Change, m: &mut Matrix) {
    let (rows, columns) = m.shape();
    let square = rows == columns;
    let pick = |fraction: f64, n: usize| ((fraction * n as f64) as usize).min(n.saturating_sub(1));
    match *change {
        Change::Transpose if square => m.transpose_mut(),
        Change::Symmetric if square => *m = (&*m + m.transpose()) * 0.5,
        Change::Diagonal if square => *m = Matrix::from_diagonal(&m.diagonal()),
        Change::Transpose | Change::Symmetric | Change::Diagonal => {}
        Change::Scale(f) => *m *= f,
        Change::ZeroColumn(j) if j < columns => m.column_mut(j).fill(0.0),
        Change::ZeroColumn(_) => {}
        Change::ReverseColumns => {
            *m = Matrix::from_fn(rows, columns, |i, j| m[(i, columns - 1 - j)]);
        }
        Change::AddIdentity(f) if square => {
            for i in 0..rows {
                m[(i, i)] += f;
            }
        }
        Change::AddIdentity(_) => {}
        Change::Single => m.apply(|v| *v = f64::from(*v as f32)),
        Change::Sparsify(part) => {
            let least = part * m.amax();
            m.apply(|v| {
                if v.abs() < least {
                    *v = 0.0;
                }
            });
        }
        Change::Entry {
            row,
            column,
            relative,
        } => {
            let size = m.amax();
            m[(pick(row, rows), pick(column, columns))] += relative * size;
        }
        Change::Block {
            rows: r,
            columns: c,
            relative,
        } => {
            for i in 0..=pick(r, rows) {
                for j in 0..=pick(c, columns) {
                    m[(i, j)] *= 1.0 + relative;
                }
            }
        }
    }
}
