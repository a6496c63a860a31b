//! Indices and step sizes that NSID and SID are given.

use crate::case::{Batches, Iid, Role};
use crate::error::Result;
use crate::instances::{Instance, Sizes, mix};
use crate::theory::Rate;
use crate::tol::Roundoff;

/// A recipe of indices and step sizes. It holds no number of its own, so that requests can be
/// compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Which stream of indices.
    pub number: u64,
    /// The step sizes.
    pub schedule: Schedule,
}

/// Step sizes by recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Lemma D.3's β/(γ+i).
    LemmaD3,
    /// η_i = 3/8.
    Constant,
    /// Given ones in no order: ½/(1 + 5i mod 7).
    Uneven,
    /// Indices and step sizes are those that the evidence was given.
    Explicit,
}

impl Sequence {
    /// The one that came from outside.
    pub const EXPLICIT: Self = Self {
        number: u64::MAX,
        schedule: Schedule::Explicit,
    };

    /// Number 0 with Lemma D.3's steps, 1 with constant ones, all others uneven.
    pub fn numbered(number: u64) -> Self {
        let schedule = match number {
            0 => Schedule::LemmaD3,
            1 => Schedule::Constant,
            _ => Schedule::Uneven,
        };
        Self { number, schedule }
    }
}

/// A sequence written out: what a case lends.
#[derive(Clone, Debug)]
pub struct Given {
    /// The J minibatches ξ⁽¹⁾.
    pub inner: Batches,
    /// The minibatches ξ⁽²⁾_i.
    pub linear: Batches,
    /// The J minibatches ζ, where an objective is sampled.
    pub objective: Option<Batches>,
    /// η_i.
    pub eta: Vec<f64>,
}

impl Given {
    /// For runs of `last` updates; ζ from so many rows of an objective, where there is one.
    pub(super) fn draw(
        instance: &Instance,
        sizes: Sizes,
        (population, rows): (usize, Option<usize>),
        sequence: Sequence,
        last: usize,
        (rate, u): (&Rate, Roundoff),
    ) -> Result<Self> {
        let seed = mix(&[instance.seed, 2]);
        let draw_of = |role, population, count, size| {
            let mut source = Iid::new(seed, sequence.number, role, population);
            Batches::draw(&mut source, count, size)
        };
        let draw = |role, count, size| draw_of(role, population, count, size);
        let outer = |rows| draw_of(Role::Objective, rows, sizes.inner, sizes.inner_batch);
        let eta = |i: usize| match sequence.schedule {
            Schedule::LemmaD3 => rate.step(i),
            Schedule::Constant => 0.375,
            // Explicit ones are never drawn.
            Schedule::Uneven | Schedule::Explicit => 0.5 / (1 + (5 * i) % 7) as f64,
        };
        Ok(Self {
            inner: draw(Role::Inner, sizes.inner, sizes.inner_batch)?,
            linear: draw(Role::Linear, last, sizes.batch)?,
            objective: rows.map(outer).transpose()?,
            eta: (0..last).map(|i| u.nearest(eta(i))).collect(),
        })
    }
}
