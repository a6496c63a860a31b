//! Numbers that begin at a cache line.

use std::ops::{Deref, DerefMut, Range};

/// Numbers in a row.
const LINE: usize = 8;

/// Numbers whose first one begins a cache line of 64 bytes: wide loads then never cross two lines,
/// where the length of a row is a multiple of eight.
#[derive(Debug)]
pub struct Aligned {
    all: Vec<f64>,
    used: Range<usize>,
}

impl Aligned {
    /// So many zeros, the first of them at a cache line.
    pub fn zeros(len: usize) -> Self {
        let all = vec![0.0; len + LINE - 1];
        let first = all.as_ptr() as usize / size_of::<f64>();
        let skip = first.wrapping_neg() % LINE;
        let used = skip..skip + len;
        Self { all, used }
    }

    /// A copy of these.
    pub fn copy_of(values: &[f64]) -> Self {
        let mut out = Self::zeros(values.len());
        out.copy_from_slice(values);
        out
    }
}

impl Deref for Aligned {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.all[self.used.clone()]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.all[self.used.clone()]
    }
}

impl Clone for Aligned {
    // A copy has its own address.
    fn clone(&self) -> Self {
        Self::copy_of(self)
    }
}

impl PartialEq for Aligned {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}
