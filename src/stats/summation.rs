//! Dot products and sums in doubled precision.
//!
//! Owns the error-free transformations that the regressions rest on (Ogita,
//! Rump, Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26 (2005),
//! algorithms TwoSum, TwoProdFMA, Dot2). Must not know any statistics.

/// An accumulator holding a sum to about twice working precision:
/// |result - Σ| ≤ u|Σ| + γ_n² Σ|term| (Proposition 5.5 there).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accumulator {
    sum: f64,
    error: f64,
}

impl Accumulator {
    /// Starts at `value`.
    pub(crate) fn starting_at(value: f64) -> Self {
        Self {
            sum: value,
            error: 0.0,
        }
    }

    /// Adds `value`.
    pub(crate) fn add(&mut self, value: f64) {
        let s = self.sum + value;
        let b = s - self.sum;
        self.error += (self.sum - (s - b)) + (value - b);
        self.sum = s;
    }

    /// Adds a·b; the product is split exactly.
    pub(crate) fn add_product(&mut self, a: f64, b: f64) {
        let p = a * b;
        self.error += a.mul_add(b, -p);
        self.add(p);
    }

    /// The sum, rounded once.
    pub(crate) fn value(self) -> f64 {
        self.sum + self.error
    }
}

/// Σ values in doubled precision.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut acc = Accumulator::default();
    for v in values {
        acc.add(v);
    }
    acc.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancellation_that_defeats_plain_summation() {
        assert_eq!(sum([1e16, 1.0, -1e16]), 1.0);
        assert_ne!([1e16, 1.0, -1e16].iter().sum::<f64>(), 1.0);
        // (1 + 2⁻⁵⁰)(1 - 2⁻⁵⁰) - 1 = -2⁻¹⁰⁰.
        let h = 2f64.powi(-50);
        let mut acc = Accumulator::starting_at(-1.0);
        acc.add_product(1.0 + h, 1.0 - h);
        assert_eq!(acc.value(), -h * h);
    }
}
