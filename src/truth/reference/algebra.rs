//! Vectors and matrices of any number type, as plain loops.

use super::scalar::Scalar;
use crate::linalg::{Matrix, Vector};

pub(super) type Rows<T> = Vec<Vec<T>>;

pub(super) fn rows<T: Scalar>(m: &Matrix) -> Rows<T> {
    m.row_iter()
        .map(|r| r.iter().map(|v| T::exactly(*v)).collect())
        .collect()
}

/// ZᵀZ of Z = [X y].
pub(super) fn gram<T: Scalar>(x: &Matrix, y: &Vector) -> Rows<T> {
    T::gram(x, y).unwrap_or_else(|| {
        let mut columns = rows::<T>(&x.transpose());
        columns.push(vector(y));
        let row = |p: &Vec<T>| columns.iter().map(|q| dot(p, q)).collect();
        columns.iter().map(row).collect()
    })
}

pub(super) fn vector<T: Scalar>(v: &Vector) -> Vec<T> {
    v.iter().map(|x| T::exactly(*x)).collect()
}

pub(super) fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    let mut sum = T::exactly(0.0);
    for (a, b) in x.iter().zip(y) {
        if !a.vanishes() && !b.vanishes() {
            sum = sum + a.clone() * b.clone();
        }
    }
    sum
}

pub(super) fn times<T: Scalar>(m: &Rows<T>, x: &[T]) -> Vec<T> {
    m.iter().map(|row| dot(row, x)).collect()
}

/// Mᵀx.
pub(super) fn transposed<T: Scalar>(m: &Rows<T>, x: &[T]) -> Vec<T> {
    let mut out = vec![T::exactly(0.0); m.first().map_or(0, Vec::len)];
    for (row, v) in m.iter().zip(x) {
        add_to(&mut out, v, row);
    }
    out
}

pub(super) fn add<T: Scalar>(x: &[T], y: &[T]) -> Vec<T> {
    x.iter()
        .zip(y)
        .map(|(a, b)| a.clone() + b.clone())
        .collect()
}

/// sum ← sum + s·x.
pub(super) fn add_to<T: Scalar>(sum: &mut [T], s: &T, x: &[T]) {
    for (o, v) in sum.iter_mut().zip(x) {
        *o = o.clone() + s.clone() * v.clone();
    }
}

pub(super) fn hadamard<T: Scalar>(x: &[T], y: &[T]) -> Vec<T> {
    x.iter()
        .zip(y)
        .map(|(a, b)| a.clone() * b.clone())
        .collect()
}

pub(super) fn scale<T: Scalar>(s: &T, x: Vec<T>) -> Vec<T> {
    x.into_iter().map(|v| s.clone() * v).collect()
}

/// Column j.
pub(super) fn column<T: Scalar>(m: &Rows<T>, j: usize) -> Vec<T> {
    m.iter().map(|r| r[j].clone()).collect()
}
