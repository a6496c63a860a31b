//! Seeded samplers (PCG XSL-RR 128/64): the same indices on every platform.

use super::batches::{Batches, IndexSource};
use crate::error::{Error, Result};
use crate::linalg::random::{GOLDEN, Random, scramble};

/// What a stream of indices is for; different roles are independent streams of one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// ξ⁽¹⁾ of Algorithm 1: the average w̄ and ∂₂T̂.
    Inner,
    /// ξ⁽²⁾ of Algorithm 1: the linear system.
    Linear,
    /// The solver of w.
    Solver,
    /// ζ of Algorithm 2: the outer objective.
    Objective,
}

/// A request for `count` independent minibatches of `size` samples below `population`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Draw {
    /// Seed of the check.
    pub seed: u64,
    /// Replicate.
    pub replicate: u64,
    /// What the minibatches are for.
    pub role: Role,
    /// Number of samples there are.
    pub population: usize,
    /// Minibatches wanted.
    pub count: usize,
    /// Samples in each.
    pub size: usize,
}

impl Draw {
    /// `count` minibatches of `size` samples below `population`, for one replicate and role of a
    /// seed.
    pub fn new(
        (seed, replicate): (u64, u64),
        role: Role,
        population: usize,
        (count, size): (usize, usize),
    ) -> Self {
        Self {
            seed,
            replicate,
            role,
            population,
            count,
            size,
        }
    }

    /// Independent samples with replacement, as Theorem 5.4 assumes.
    ///
    /// # Errors
    /// When there is nothing to draw from, or minibatches of no sample are asked for.
    pub fn independent(&self) -> Result<Batches> {
        let mut source = Iid::new(self.seed, self.replicate, self.role, self.population);
        Batches::draw(&mut source, self.count, self.size)
    }
}

/// Independent uniform indices with replacement: what Theorem 5.4 assumes.
#[derive(Clone, Debug)]
pub struct Iid {
    rng: Random,
    population: u64,
}

impl Iid {
    /// Indices below `population` for one replicate and role of a seed; every (seed, replicate,
    /// role) has its own stream, so a replicate does not depend on which others are run.
    pub fn new(seed: u64, replicate: u64, role: Role, population: usize) -> Self {
        Self {
            rng: generator(seed, replicate, role),
            population: population as u64,
        }
    }
}

impl IndexSource for Iid {
    fn fill(&mut self, out: &mut [usize]) -> Result<()> {
        if self.population == 0 {
            return Err(Error::input("there is nothing to draw from").in_field("population"));
        }
        out.iter_mut()
            .for_each(|o| *o = self.rng.below(self.population) as usize);
        Ok(())
    }
}

/// Epoch-wise shuffling: a random permutation is cut into consecutive minibatches (an incomplete
/// last one is dropped), then shuffled anew. Samples within an epoch are dependent: this is *not*
/// the estimator of Theorem 5.4, it is what training code usually does.
#[derive(Clone, Debug)]
pub struct EpochShuffle {
    rng: Random,
    order: Vec<usize>,
    next: usize,
}

impl EpochShuffle {
    /// A shuffled order of the indices below `population` for one replicate and role of a seed, as
    /// [`Iid::new`] takes them. A minibatch larger than the population is refused when it is asked
    /// for.
    pub fn new(seed: u64, replicate: u64, role: Role, population: usize) -> Self {
        Self {
            rng: generator(seed, replicate, role),
            order: (0..population).collect(),
            next: population,
        }
    }
}

impl IndexSource for EpochShuffle {
    fn fill(&mut self, out: &mut [usize]) -> Result<()> {
        let n = self.order.len();
        if out.len() > n {
            let text = format!(
                "a minibatch of {} cannot be cut from an epoch of {n}",
                out.len()
            );
            return Err(Error::input(text).in_field("batch"));
        }
        if n - self.next < out.len() {
            // Fisher-Yates.
            for i in (1..n).rev() {
                let j = self.rng.below(i as u64 + 1) as usize;
                self.order.swap(i, j);
            }
            self.next = 0;
        }
        out.copy_from_slice(&self.order[self.next..self.next + out.len()]);
        self.next += out.len();
        Ok(())
    }
}

/// SplitMix64 spreads neighbouring (seed, replicate, role) over the whole state and stream space.
fn generator(seed: u64, replicate: u64, role: Role) -> Random {
    let mut z = seed;
    let mut word = |salt: u64| {
        z = z.wrapping_add(salt).wrapping_add(GOLDEN);
        let x = scramble(z);
        z ^= x;
        u128::from(x)
    };
    let state = (word(0) << 64) | word(replicate);
    let stream = (word(role as u64 + 1) << 64) | word(0);
    Random::with_stream(state, stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samplers_are_pinned_uniform_and_what_they_say() {
        let draw = |source: &mut dyn FnMut(&mut [usize])| {
            let mut out = vec![0; 10];
            source(&mut out);
            out
        };
        let mut iid = Iid::new(0, 0, Role::Inner, 10);
        let first = draw(&mut |o| iid.fill(o).unwrap());
        // Recorded once: these indices are part of what "same seed, same bytes" means.
        assert_eq!(first, PINNED);
        for (seed, replicate, role) in [
            (1, 0, Role::Inner),
            (0, 1, Role::Inner),
            (0, 0, Role::Linear),
            (0, 0, Role::Solver),
            (0, 0, Role::Objective),
        ] {
            let mut other = Iid::new(seed, replicate, role, 10);
            assert_ne!(draw(&mut |o| other.fill(o).unwrap()), first);
        }
        // χ² with 9 degrees of freedom: above 45 once in a million.
        let mut counts = [0.0; 10];
        for _ in 0..10_000 {
            draw(&mut |o| iid.fill(o).unwrap())
                .iter()
                .for_each(|i| counts[*i] += 1.0);
        }
        let chi2: f64 = counts.iter().map(|c| (c - 1e4f64).powi(2) / 1e4).sum();
        assert!(chi2 < 45.0, "{chi2}");
        // Each epoch of 4 + 4 (+ 2 dropped) of 10 has no repeats.
        let mut shuffle = EpochShuffle::new(0, 0, Role::Linear, 10);
        let mut batch = [[0; 4]; 2];
        for _ in 0..50 {
            batch.iter_mut().for_each(|b| shuffle.fill(b).unwrap());
            let mut all = batch.concat();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), 8);
        }
        assert!(
            EpochShuffle::new(0, 0, Role::Linear, 3)
                .fill(&mut [0; 4])
                .is_err()
        );
    }

    const PINNED: [usize; 10] = [7, 0, 0, 3, 6, 6, 0, 2, 1, 0];
}
