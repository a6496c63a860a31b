//! Every product and every method at d = 10, 100 and 1000, as ratios to what one core of this machine
//! can do, taken in the same run; how times grow with d, n and t; memory. `cargo bench --bench scaling`.
//!
//! The limit of a product is the larger of the bytes it must read over the rate at which a buffer of
//! that size is read, and its multiplications and additions over the rate at which they can be made
//! apart. Every figure is the median of interleaved repetitions. Exponents are slopes of least squares
//! in logarithms. `benches/poisoning.rs` has the passes over rows at MNIST's shape.
#[path = "../timing/mod.rs"]
mod timing;

mod growth;
mod limits;
mod methods;
mod problems;
mod products;

use timing::Machine;

fn main() {
    let machine = Machine::new(1);
    let dims = [10, 100, 1000];
    for d in dims {
        products::products(&machine, d);
    }
    for d in dims {
        products::maps(&machine, d);
    }
    for d in dims {
        methods::methods(d);
    }
    growth::growth();
    growth::memory();
}
