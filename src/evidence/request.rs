//! The runs that checks ask for.

use super::sequence::Sequence;
use crate::case::Method;

/// Where a method is to start or to differentiate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// ITD from w_0, or along the given points.
    Start,
    /// AID at the exact iterate w_t, rounded.
    Iterate(usize),
    /// AID at w(λ), rounded.
    Solution,
    /// At the instance's own point (NSID, SID).
    Own,
}

impl Where {
    /// In words, for a run of k steps.
    pub fn place(self, k: usize) -> String {
        match self {
            Self::Start => format!("at t = {k}"),
            Self::Iterate(t) => format!("at w_{t}, k = {k}"),
            Self::Solution => format!("at w(λ), k = {k}"),
            Self::Own => format!("at k = {k}"),
        }
    }

    /// The t of w_t, 0 where there is none.
    pub fn iterate(self) -> usize {
        match self {
            Self::Iterate(t) => t,
            Self::Start | Self::Solution | Self::Own => 0,
        }
    }
}

/// One run of the method. Equal requests share one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where.
    pub at: Where,
    /// Increasing steps.
    pub steps: Vec<usize>,
    /// Indices and step sizes, for NSID and SID.
    pub sequence: Option<Sequence>,
    /// 0, or 1 to run the same once more after all runs of pass 0, on the same object: an
    /// implementation that keeps state between calls is right the first time only.
    pub pass: u8,
}

impl Request {
    /// A run of pass 0 without samples.
    pub fn new(at: Where, steps: Vec<usize>) -> Self {
        Self {
            at,
            steps,
            sequence: None,
            pass: 0,
        }
    }

    /// Runs that look at the whole course: all steps in forward mode, a growing selection where
    /// each step costs a pass of its own; AID at a selection of iterates, k growing, and k = t.
    /// `last` is where the exact runs end.
    pub fn along(last: usize, method: Method, steps: usize) -> Vec<Self> {
        let steps = steps.min(last);
        if !method.is_aid() {
            let steps = if method.is_reverse() {
                growing(steps)
            } else {
                (0..=steps).collect()
            };
            return vec![Self::new(Where::Start, steps)];
        }
        let ks: Vec<usize> = if method.is_reverse() {
            (0..=steps).collect()
        } else {
            growing(steps)
        };
        let mut at: Vec<usize> = [0, 1, 2, 5, steps / 4, steps / 2, steps]
            .into_iter()
            .filter(|t| *t <= steps)
            .collect();
        at.sort_unstable();
        at.dedup();
        at.into_iter()
            .map(|t| Self::new(Where::Iterate(t), ks.clone()))
            .collect()
    }

    /// The same requests, and each once more.
    #[must_use]
    pub fn twice(mut requests: Vec<Self>) -> Vec<Self> {
        let again = requests.clone().into_iter();
        requests.extend(again.map(|r| Self { pass: 1, ..r }));
        requests
    }
}

/// 0, 1, 2, 3, 5, 8, 12, ... up to and including `last`.
pub fn growing(last: usize) -> Vec<usize> {
    let mut out = vec![0];
    let mut next = 1;
    while next < last {
        out.push(next);
        next += (next / 2).max(1);
    }
    if last > 0 {
        out.push(last);
    }
    out
}
