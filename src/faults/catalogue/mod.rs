//! The named faults, and variants that are correct and must pass: one table a place, one row a
//! fault.

mod conjugate;
mod fault;
mod first;
mod outer;
mod points;
mod precision;
mod recursion;
mod sampled;
mod second;
mod slopes;
mod ties;
mod variants;

pub use fault::{Fault, Fit, Shows};

/// Every named fault. Names and order are stable: reports refer to them.
pub fn catalogue() -> Vec<Fault> {
    [
        points::ROWS,
        slopes::ROWS,
        first::ROWS,
        second::ROWS,
        recursion::ROWS,
        precision::ROWS,
        ties::ROWS,
        conjugate::ROWS,
        sampled::ROWS,
        outer::ROWS,
    ]
    .concat()
}

/// Correct implementations that differ in what the theory leaves open; none may fail.
pub fn variants() -> Vec<Fault> {
    variants::ROWS.to_vec()
}
