//! The recursions (13) and (14) as written, D as columns.

use super::family::Point;
use super::naive::Naive;
use super::scalar::Scalar;
use crate::maps::Tie;

/// A d×m matrix as m columns.
pub type Columns<T> = Vec<Vec<T>>;

/// ITD (13): w_{t+1} = Φ(w_t), D_{t+1} = ∂₁Φ(w_t)D_t + ∂₂Φ(w_t), D_0 = 0.
pub struct Itd<'a, T> {
    naive: &'a Naive<T>,
    /// w_t (d).
    pub w: Vec<T>,
    /// D_t (d×m, by columns).
    pub d: Columns<T>,
}

impl<'a, T: Scalar> Itd<'a, T> {
    /// The state at t = 0.
    pub fn start(naive: &'a Naive<T>, w0: &[f64]) -> Self {
        let (d, m) = naive.dims();
        Self {
            naive,
            w: w0.iter().map(|v| T::exactly(*v)).collect(),
            d: vec![vec![T::exactly(0.0); d]; m],
        }
    }

    /// One step; returns the point it linearised at, `None` if the field lacks tanh.
    pub fn step(&mut self, tie: &mut Tie<'_>) -> Option<Point<T>> {
        let p = self.naive.at(&self.w, tie)?;
        self.d = next(self.naive, &p, &self.d);
        self.w = p.value.clone();
        Some(p)
    }
}

/// AID-FP (14) at a fixed point of linearisation: calls `each(k, D^k)` for k = 0..=steps.
pub fn aid_fp<T: Scalar>(
    naive: &Naive<T>,
    p: &Point<T>,
    steps: usize,
    mut each: impl FnMut(usize, &Columns<T>),
) {
    let (d, m) = naive.dims();
    let mut columns = vec![vec![T::exactly(0.0); d]; m];
    each(0, &columns);
    for k in 1..=steps {
        columns = next(naive, p, &columns);
        each(k, &columns);
    }
}

/// ∂₁Φ·D + ∂₂Φ at `p`.
fn next<T: Scalar>(naive: &Naive<T>, p: &Point<T>, d: &Columns<T>) -> Columns<T> {
    d.iter()
        .enumerate()
        .map(|(j, column)| {
            let pushed = naive.push_w(p, column);
            pushed
                .into_iter()
                .zip(naive.column(p, j))
                .map(|(a, b)| a + b)
                .collect()
        })
        .collect()
}
