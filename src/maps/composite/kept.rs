//! T̂ at one (w, λ), for the many products ∂₁T̂ᵀv of a stochastic method.
//!
//! Owns what is worth keeping between them. Behind a mask (the prox of an elastic net) v is 0 off
//! the mask's support and nothing else of the product is read: the rows are gathered to the columns
//! of the support once. Where every product would compute the probabilities of its rows again,
//! those of all rows are kept. Whether that pays follows from the number of samples to come, so
//! that the same run computes the same bits.

use super::finite_sum::Gathered;
use super::inner::Inner;
use super::sample::Sample;

/// Uses of a row that pay for gathering it.
const GATHER: usize = 16;

/// Uses of a row that pay for its probabilities.
const PROBABILITIES: usize = 3;

/// T̂ at one (w, λ).
pub(crate) struct Kept<'a> {
    inner: &'a Inner,
    w: &'a [f64],
    lambda: &'a [f64],
    what: What,
}

enum What {
    Nothing,
    Columns(Gathered),
    /// p_i of all rows (n×c).
    Probabilities(Vec<f64>),
}

impl<'a> Kept<'a> {
    /// For products with so many samples in all. Where `mask` is given, v is 0 wherever it is, and
    /// nothing is read of the products there.
    pub fn new(
        inner: &'a Inner,
        (w, lambda): (&'a [f64], &'a [f64]),
        mask: Option<&[f64]>,
        samples: usize,
    ) -> Self {
        let pays = |uses: usize| samples / uses >= inner.population();
        let what = match (inner, mask) {
            (Inner::FiniteSum(f), Some(mask)) if pays(GATHER) => {
                Gathered::new(f, w, mask).map_or(What::Nothing, What::Columns)
            }
            (Inner::Poisoned(f), _) if pays(PROBABILITIES) => {
                What::Probabilities(f.probabilities(w, lambda))
            }
            _ => What::Nothing,
        };
        Self {
            inner,
            w,
            lambda,
            what,
        }
    }

    /// out ← ∂₁T̂(w, λ, batch)ᵀ v.
    pub fn d1_tr(&mut self, batch: &[usize], v: &[f64], out: &mut [f64]) {
        let sample = Sample::Batch(batch);
        match (&mut self.what, self.inner) {
            (What::Columns(rows), _) => rows.d1(self.lambda, batch, v, out),
            (What::Probabilities(p), Inner::Poisoned(f)) => {
                f.d1_from(p, self.lambda, sample, v, out);
            }
            (_, inner) => inner.d1_tr(self.w, self.lambda, sample, v, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FiniteSum, Loss, Poisoned};
    use super::*;
    use crate::linalg::stream::Stream;

    /// With and without what is kept: the same on the support, to rounding.
    #[test]
    fn what_is_kept_changes_products_by_rounding_alone() {
        let mut s = Stream(11);
        let (n, d, classes) = (12, 20, 4);
        let x = s.matrix(d, n).as_slice().to_vec();
        let signs = (0..n).map(|i| if i % 3 == 0 { -1.0 } else { 1.0 });
        let labels: Vec<f64> = signs.collect();
        let [quadratic, logistic] = [Loss::Quadratic, Loss::Logistic].map(|loss| {
            let sum = FiniteSum::new(x.clone(), labels.clone(), d, 0.3, loss).unwrap();
            (Inner::FiniteSum(sum), vec![2.0, 0.2])
        });
        let of = (0..n).map(|i| i % classes).collect();
        let rows = Poisoned::new(&x[..n * d / classes], of, classes, vec![1, 4, 5]).unwrap();
        let noise = s.matrix(3 * d / classes, 1).as_slice().to_vec();
        let poisoned = (Inner::Poisoned(rows.with(0.5, 0.3).unwrap()), noise);
        for (inner, lambda) in [quadratic, logistic, poisoned] {
            let (w, v) = (s.matrix(d, 1), s.matrix(d, 1));
            let mask: Vec<f64> = (0..d).map(|j| f64::from(u8::from(j % 3 == 1))).collect();
            let v: Vec<f64> = v.iter().zip(&mask).map(|(v, m)| v * m).collect();
            let point = (w.as_slice(), &lambda[..]);
            let enough = GATHER * n;
            let mut with = Kept::new(&inner, point, Some(&mask), enough);
            let mut without = Kept::new(&inner, point, Some(&mask), PROBABILITIES * n - 1);
            assert!(!matches!(with.what, What::Nothing) && matches!(without.what, What::Nothing));
            for batch in [&[3][..], &[0, 7, 7, 11], &[5, 4, 3, 2, 1]] {
                let mut out = [(); 2].map(|()| vec![f64::NAN; d]);
                with.d1_tr(batch, &v, &mut out[0]);
                without.d1_tr(batch, &v, &mut out[1]);
                for j in (0..d).filter(|j| mask[*j] != 0.0) {
                    let size = 1.0 + out[1][j].abs();
                    assert!(
                        (out[0][j] - out[1][j]).abs() <= 1e-14 * size,
                        "{j}: {out:?}"
                    );
                }
            }
            // A support that saves little is not gathered.
            let all = vec![1.0; d];
            let full = Kept::new(&inner, point, Some(&all), enough);
            assert!(!matches!(full.what, What::Columns(_)));
        }
    }
}
