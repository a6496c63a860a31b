//! What any implementation is asked and gives: ours, a stranger's, deterministic or stochastic.
//!
//! Owns the question ([`Case`]), the answer ([`Answer`]), the names of the methods ([`Method`]),
//! the minibatches a stochastic method is given ([`Samples`], [`Batches`]) and the two traits
//! through which implementations are judged ([`Implementation`], [`Factory`]). Plain data; must not
//! know any method, ground truth or claim.

mod answer;
mod batches;
mod draw;
mod implementation;
mod method;
mod question;

pub use answer::{Answer, Cost, Status, Trouble};
pub use batches::{Batches, Cursor, IndexSource};
pub use draw::{Draw, EpochShuffle, Iid, Role};
pub use implementation::{Factory, Implementation};
pub use method::{Algorithm, Method, Mode};
pub use question::{At, Case, Samples, Target};
