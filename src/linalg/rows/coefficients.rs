//! The coefficients of scores in the order in which they are read.

use pulp::{Arch, Simd, WithSimd};

use super::aligned::Aligned;
use super::tile::{LANES, group};

/// C (a×p, row-major) beside a copy in the order of the kernel: groups of rows, and in each group
/// eight columns at a time.
#[derive(Clone, Debug)]
pub struct Coefficients {
    /// C as it is.
    pub(super) plain: Aligned,
    /// Its whole groups in order.
    pub(super) packed: Aligned,
    /// a.
    pub(super) count: usize,
    /// p.
    pub(super) width: usize,
    /// What the order was made for.
    pub(super) arch: Arch,
}

/// The number of numbers in a vector of the machine.
struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F64_LANES
    }
}

impl Coefficients {
    /// The rows of several matrices with p = `width` columns, row-major, one below the other, for
    /// the machine this runs on.
    pub fn new(parts: &[&[f64]], width: usize) -> Self {
        Self::on(Arch::new(), parts, width)
    }

    pub(super) fn on(arch: Arch, parts: &[&[f64]], width: usize) -> Self {
        Self::packed(arch, group(arch.dispatch(Lanes)), parts, width)
    }

    pub(super) fn packed(arch: Arch, group: usize, parts: &[&[f64]], width: usize) -> Self {
        let mut plain = Aligned::zeros(parts.iter().map(|p| p.len()).sum());
        let mut rest = &mut plain[..];
        for part in parts {
            let (own, after) = rest.split_at_mut(part.len());
            own.copy_from_slice(part);
            rest = after;
        }
        let count = plain.len() / width.max(1);
        let (groups, blocks) = (count / group, width / LANES);
        let mut packed = Aligned::zeros(groups * blocks * group * LANES);
        let places = (0..groups).flat_map(|g| (0..blocks).map(move |b| (g, b)));
        for ((g, b), to) in places.zip(packed.chunks_exact_mut(group * LANES)) {
            for (k, to) in to.chunks_exact_mut(LANES).enumerate() {
                let from = (g * group + k) * width + b * LANES;
                to.copy_from_slice(&plain[from..from + LANES]);
            }
        }
        Self {
            plain,
            packed,
            count,
            width,
            arch,
        }
    }

    /// a, the number of scores of a row.
    pub fn count(&self) -> usize {
        self.count
    }
}
