//! Files of users and of runs: read within bounds, written whole, replaced only where they are
//! ours.
//!
//! Owns what a directory of output may hold and how it is replaced ([`Place`]), what survives of an
//! unfinished run ([`Journal`]), how much of a file is read ([`read()`]) and whether it is as it
//! was written ([`Extent`]). Must not know what stands in any of them.
#![forbid(unsafe_code)]

mod extent;
mod journal;
mod listing;
mod lock;
mod place;
mod read;
mod write;

pub use extent::Extent;
pub(crate) use extent::Tally;
pub use journal::Journal;
pub use listing::{LIST, Tenant, note};
pub use lock::Lock;
pub use place::{Place, Resume};
pub use read::{Lines, entries, read, read_regular};
pub use write::{check_no_links, put};

#[cfg(test)]
mod tests;
