//! What the benches share: figures of one run, so that a busy machine slows both sides of a ratio.

use std::time::Instant;

/// The median.
pub fn median(mut v: Vec<f64>) -> f64 {
    v.sort_by(f64::total_cmp);
    v[v.len() / 2]
}

/// Seconds that f takes.
pub fn seconds(f: &mut dyn FnMut()) -> f64 {
    let clock = Instant::now();
    f();
    clock.elapsed().as_secs_f64()
}
