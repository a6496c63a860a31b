//! Large sums in parts.
//!
//! Owns how many parts there are, which depends on the number of terms alone, and who computes
//! them: one thread, or several where it is worth it. Parts are summed in order, so that a sum has
//! the same bits at any number of threads.

/// Most parts of a sum.
pub(crate) const STRIPS: usize = 32;

/// Multiplications from which several threads are worth their start.
#[cfg(feature = "claims")]
const WORTH_A_THREAD: usize = 1 << 20;

/// `one` of every part, in order; `work` is the number of multiplications of all.
#[cfg(feature = "claims")]
pub(crate) fn each<T: Send, R: Send>(
    parts: Vec<T>,
    work: usize,
    one: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    use rayon::prelude::*;
    if work < WORTH_A_THREAD || parts.len() == 1 {
        return parts.into_iter().map(one).collect();
    }
    parts.into_par_iter().with_max_len(1).map(one).collect()
}

/// `one` of every part, in order.
#[cfg(not(feature = "claims"))]
pub(crate) fn each<T, R>(parts: Vec<T>, _: usize, one: impl Fn(T) -> R) -> Vec<R> {
    parts.into_iter().map(one).collect()
}
