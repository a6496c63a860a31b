//! Where minibatches come from: index lists given from outside, or any [`IndexSource`].

use crate::error::{Error, Result};

/// Delivers one minibatch after the other.
pub trait IndexSource {
    /// Fills `out` with the next minibatch of `out.len()` sample indices, counted from 0.
    ///
    /// # Errors
    /// When there is no such minibatch.
    fn fill(&mut self, out: &mut [usize]) -> Result<()>;
}

/// Index lists of equal length: each is one minibatch, 0-based, repeats allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batches {
    flat: Vec<usize>,
    size: usize,
}

impl Batches {
    /// The minibatches of these lists; no list at all is allowed (zero steps).
    ///
    /// # Errors
    /// A list that is empty or longer or shorter than the first one.
    ///
    /// ```
    /// use ratecert::case::Batches;
    ///
    /// let batches = Batches::new(&[vec![0, 3], vec![3, 3]])?;
    /// assert_eq!((batches.len(), batches.size()), (2, 2));
    /// assert!(Batches::new(&[vec![0, 3], vec![1]]).is_err());
    /// # Ok::<(), ratecert::Error>(())
    /// ```
    pub fn new(lists: &[Vec<usize>]) -> Result<Self> {
        let size = lists.first().map_or(1, Vec::len);
        if let Some(k) = lists.iter().position(|l| l.is_empty() || l.len() != size) {
            let text = format!(
                "index lists must not be empty and have equal lengths ({} after {size})",
                lists[k].len()
            );
            return Err(Error::input(text).in_field(format!("[{k}]")));
        }
        Ok(Self {
            flat: lists.concat(),
            size,
        })
    }

    /// Takes `count` minibatches of `size` from a source.
    ///
    /// # Errors
    /// A `size` of 0, more samples than can be counted, or a source that has no more.
    pub fn draw(source: &mut impl IndexSource, count: usize, size: usize) -> Result<Self> {
        if size == 0 {
            return Err(Error::input("a minibatch must not be empty").in_field("batch"));
        }
        let Some(total) = count.checked_mul(size) else {
            return Err(Error::input("too many samples").in_field("batch"));
        };
        let mut flat = vec![0; total];
        for batch in flat.chunks_exact_mut(size) {
            source.fill(batch)?;
        }
        Ok(Self { flat, size })
    }

    /// Number of minibatches.
    pub fn len(&self) -> usize {
        self.flat.len() / self.size
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flat.is_empty()
    }

    /// Samples per minibatch.
    pub fn size(&self) -> usize {
        self.size
    }

    /// All indices, one minibatch after the other.
    pub fn flat(&self) -> &[usize] {
        &self.flat
    }

    /// The minibatches in order.
    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.flat.chunks_exact(self.size)
    }
}
