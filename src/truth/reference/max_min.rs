//! Coordinatewise extremes of affine forms as written.

use super::algebra::{Rows, add, dot, rows, times, vector};
use super::family::{Point, Reference};
use super::scalar::Scalar;
use crate::maps::{AffineForm, MaxMin, Tie};

/// One form at one λ: (A, B, Bλ + c).
struct Form<T> {
    a: Rows<T>,
    b: Rows<T>,
    k: Vec<T>,
}

/// All forms.
pub(super) struct Exact<T> {
    forms: Vec<Form<T>>,
    least: Vec<bool>,
}

impl<T: Scalar> Exact<T> {
    pub(super) fn new(data: &MaxMin, lambda: &[T]) -> Self {
        let read = |f: &AffineForm| {
            let b = rows(&f.b);
            Form {
                a: rows(&f.a),
                k: add(&vector(&f.c), &times(&b, lambda)),
                b,
            }
        };
        Self {
            forms: data.forms.iter().map(read).collect(),
            least: data.least.clone(),
        }
    }

    /// Σ_j s_ij (row i of form j)ᵀx for every i.
    fn mixed(&self, slope: &[T], row: impl Fn(&Form<T>, usize) -> T) -> Vec<T> {
        let r = self.forms.len();
        (0..self.least.len())
            .map(|i| {
                let mut sum = T::exactly(0.0);
                for (j, form) in self.forms.iter().enumerate() {
                    let s = &slope[i * r + j];
                    if !s.vanishes() {
                        sum = sum + s.clone() * row(form, i);
                    }
                }
                sum
            })
            .collect()
    }
}

impl<T: Scalar> Reference<T> for Exact<T> {
    fn dim(&self) -> usize {
        self.least.len()
    }

    fn at(&self, w: &[T], _: &[T], tie: &mut Tie<'_>) -> Option<Point<T>> {
        let r = self.forms.len();
        let mut found = Point::smooth(w, Vec::new());
        for (i, least) in self.least.iter().enumerate() {
            let forms = self.forms.iter();
            let values: Vec<T> = forms.map(|f| dot(&f.a[i], w) + f.k[i].clone()).collect();
            // How far form j is ahead of form k.
            let lead = |j: usize, k: usize| {
                let difference = values[j].clone() - values[k].clone();
                if *least { -difference } else { difference }
            };
            let zero = T::exactly(0.0);
            let best = (0..r)
                .find(|&j| (0..r).all(|k| lead(j, k) >= zero))
                .unwrap_or(0);
            let mut weights = vec![zero.clone(); r];
            let mut left = T::exactly(1.0);
            for j in (0..r).filter(|&j| j != best && lead(j, best).vanishes()) {
                weights[j] = T::exactly(tie.weight(i * r + j)) * left.clone();
                left = left - weights[j].clone();
            }
            weights[best] = left;
            for j in 0..r {
                let rivals = (0..r).filter(|&k| k != j && (j == best || k == best));
                let margin = rivals
                    .map(|k| lead(j, k))
                    .reduce(|m, v| if v < m { v } else { m });
                found
                    .margin
                    .push(margin.unwrap_or_else(|| T::exactly(f64::MAX)));
            }
            found.slope.extend(weights);
            found.value.push(values[best].clone());
        }
        // No sign belongs to a piece here.
        found.z = vec![T::exactly(1.0); found.slope.len()];
        Some(found)
    }

    fn push_w(&self, p: &Point<T>, _: &[T], x: &[T]) -> Vec<T> {
        self.mixed(&p.slope, |f, i| dot(&f.a[i], x))
    }

    fn column(&self, p: &Point<T>, _: &[T], j: usize) -> Vec<T> {
        self.mixed(&p.slope, |f, i| f.b[i][j].clone())
    }
}
