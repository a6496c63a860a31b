//! Consecutive groups as the list of their sizes (serde `with`).

use std::ops::Range;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(groups: &[Range<usize>], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(groups.iter().map(ExactSizeIterator::len))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Range<usize>>, D::Error> {
    let mut start = 0usize;
    let range = |size: usize| {
        let end = start.checked_add(size);
        let group = start..end.ok_or_else(|| D::Error::custom("too many coordinates"))?;
        start = group.end;
        Ok(group)
    };
    Vec::<usize>::deserialize(d)?
        .into_iter()
        .map(range)
        .collect()
}
