//! What is to be asked, a case that was, and what its answer is ruled.

use std::time::Duration;

use super::item::{Item, Ready};
use crate::case::{Answer, Method};
use crate::claims::{Claim, Profile};
use crate::evidence::Declared;
use crate::judge::{Judged, answered};
use crate::subject::Declaration;

/// An examination to be conducted.
#[derive(Clone, Debug)]
pub struct Conformance {
    /// The claims of `rates/subject`.
    pub claims: Vec<Claim>,
    /// How many cases.
    pub profile: Profile,
    /// So many times as many drawn ones of each family.
    pub times: usize,
    /// (i, n) for shard i of n, counted from 1: the i-th part of the drawn cases; the first one has
    /// the fixed cases too, the last one the maps.
    pub shard: Option<(usize, usize)>,
    /// Seed of the random ones.
    pub seed: u64,
    /// How long an answer may take.
    pub patience: Duration,
    /// Refuse fields that the protocol does not have.
    pub strict: bool,
    /// Only cases whose id contains one of these.
    pub only: Vec<String>,
}

/// A case that was judged, kept for its explanation.
pub(super) struct Asked {
    pub item: Item,
    pub ready: Ready,
    pub answer: Answer,
    /// Which of the verdicts are its own.
    pub verdicts: std::ops::Range<usize>,
}

impl Asked {
    /// What failures share a name by.
    pub fn claim_and_kind(&self) -> (usize, String) {
        (self.item.claim, self.ready.case.problem.kind().into())
    }
}

/// What the answer to a case is ruled.
pub(super) fn judged(
    claim: &Claim,
    ready: &Ready,
    name: &str,
    answer: &Answer,
    subject: &Declaration,
) -> Judged {
    let declared = if ready.posed.method == Method::IMPLICIT {
        subject.declared
    } else {
        Declared::default()
    };
    let evidence = ready.posed.evidence(subject.roundoff, declared);
    answered(
        claim,
        &evidence,
        name,
        &ready.posed.request(),
        answer.clone(),
    )
}
