//! Where the rows come from.

/// The rows x_i of a row-major matrix with p columns; row i has row `slot[i]` of `added` added to
/// it, where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The n×p numbers, row after row.
    pub x: &'a [f64],
    /// p, the length of a row.
    pub width: usize,
    /// Rows of length p to be added.
    pub added: &'a [f64],
    /// Which of them belongs to row i; [`Rows::NONE`] where none does.
    pub slot: &'a [u32],
}

impl<'a> Rows<'a> {
    /// No row is added.
    pub const NONE: u32 = u32::MAX;

    /// The row without what is added to it.
    #[inline]
    pub(super) fn own(&self, i: usize) -> &'a [f64] {
        &self.x[i * self.width..][..self.width]
    }

    /// What is added to row i.
    #[inline]
    pub(super) fn addend(&self, i: usize) -> Option<&'a [f64]> {
        let slot = self.slot.get(i).copied().unwrap_or(Self::NONE);
        (slot != Self::NONE).then(|| &self.added[slot as usize * self.width..][..self.width])
    }
}
