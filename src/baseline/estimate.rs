//! Estimates of a family, apart from the samples they are made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sample::{Decided, Sample};
use crate::stats::ranks::{median, wilson};

/// A median with its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Estimated {
    /// Values it is made of.
    pub n: usize,
    /// Their median.
    pub median: f64,
    /// Of at least 95 %, from six values on; else from the smallest to the largest.
    pub interval: [f64; 2],
}

impl Estimated {
    /// Of a sample; none of an empty one.
    pub fn of(sample: &Sample) -> Option<Self> {
        let mut values: Vec<f64> = sample.values().copied().collect();
        values.sort_by(f64::total_cmp);
        let (median, interval) = median(&values)?;
        Some(Self {
            n: values.len(),
            median,
            interval,
        })
    }
}

impl Decided {
    /// The share that was decided, in [0, 1].
    pub fn share(&self) -> f64 {
        self.decided as f64 / self.of.max(1) as f64
    }

    /// Where the share lies, at 95 %.
    pub fn interval(&self) -> [f64; 2] {
        wilson(self.decided, self.of)
    }
}
