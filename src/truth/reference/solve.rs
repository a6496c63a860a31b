//! Gaussian elimination with partial pivoting in any field.

use super::recursion::Columns;
use super::scalar::Scalar;

/// Solves M X = B; M by columns (n×n), B by columns (n×k). `None` when a pivot vanishes.
pub fn solve<T: Scalar>(m: &Columns<T>, b: &Columns<T>) -> Option<Columns<T>> {
    let n = m.len();
    // Row-major augmented system.
    let mut rows: Vec<Vec<T>> = (0..n)
        .map(|i| m.iter().chain(b).map(|column| column[i].clone()).collect())
        .collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| {
            let (a, b) = (rows[i][k].magnitude(), rows[j][k].magnitude());
            a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal)
        })?;
        if rows[pivot][k].vanishes() {
            return None;
        }
        rows.swap(k, pivot);
        let (top, below) = rows.split_at_mut(k + 1);
        let pivot_row = &top[k];
        for row in below {
            if row[k].vanishes() {
                continue;
            }
            let factor = row[k].clone() / pivot_row[k].clone();
            for (r, p) in row.iter_mut().zip(pivot_row).skip(k) {
                *r = r.clone() - factor.clone() * p.clone();
            }
        }
    }
    let width = n + b.len();
    for k in (0..n).rev() {
        let (above, rest) = rows.split_at_mut(k);
        let row = &mut rest[0];
        for j in n..width {
            row[j] = row[j].clone() / row[k].clone();
        }
        for upper in above {
            let factor = upper[k].clone();
            if !factor.vanishes() {
                for j in n..width {
                    upper[j] = upper[j].clone() - factor.clone() * row[j].clone();
                }
            }
        }
    }
    Some(
        (n..width)
            .map(|j| rows.iter().map(|row| row[j].clone()).collect())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::scalar::Rational;
    use super::*;

    #[test]
    fn solves_exactly_in_rationals() {
        let q = |v: &[f64]| v.iter().map(|x| Rational::exactly(*x)).collect::<Vec<_>>();
        let m = vec![
            q(&[0.0, 2.0, 1.0]),
            q(&[3.0, 0.0, 1.0]),
            q(&[1.0, 1.0, 7.0]),
        ];
        let x = vec![q(&[1.0, -2.0, 0.5])];
        let b = vec![
            (0..3)
                .map(|i| (0..3).map(|j| &m[j][i] * &x[0][j]).sum())
                .collect(),
        ];
        assert_eq!(solve(&m, &b), Some(x));
        assert_eq!(
            solve(&vec![q(&[1.0, 2.0]), q(&[2.0, 4.0])], &vec![q(&[1.0, 1.0])]),
            None
        );
    }
}
