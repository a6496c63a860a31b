//! Products against what the machine can do.

use std::hint::black_box;

use crate::timing::{Machine, race, seconds, sum};

pub const REPETITIONS: usize = 7;

/// Median seconds of one call of each, interleaved; each repeated until it takes two milliseconds.
pub fn times(functions: &mut [Box<dyn FnMut() + '_>]) -> Vec<f64> {
    let repeats: Vec<usize> = functions
        .iter_mut()
        .map(|f| (2e-3 / seconds(f).max(1e-9)).ceil().clamp(1.0, 1e5) as usize)
        .collect();
    let mut many: Vec<Box<dyn FnMut() + '_>> = functions
        .iter_mut()
        .zip(&repeats)
        .map(|(f, n)| Box::new(move || (0..*n).for_each(|_| f())) as Box<dyn FnMut() + '_>)
        .collect();
    let mut refs: Vec<&mut dyn FnMut()> = many.iter_mut().map(|f| &mut **f as _).collect();
    let all = race(REPETITIONS, &mut refs);
    all.iter()
        .zip(&repeats)
        .map(|(t, n)| t / *n as f64)
        .collect()
}

/// A product, what it must read, and how many multiplications and additions it makes.
pub struct Item<'a> {
    name: String,
    bytes: f64,
    flops: f64,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Item<'a> {
    pub fn new(name: &str, numbers: usize, flops: usize, run: impl FnMut() + 'a) -> Self {
        Self {
            name: name.into(),
            bytes: 8.0 * numbers as f64,
            flops: flops as f64,
            run: Box::new(run),
        }
    }
}

/// Prints the items with their ratios to the limits of this run.
pub fn against_limits(machine: &Machine, items: Vec<Item<'_>>) {
    let buffers: Vec<Vec<f64>> = items
        .iter()
        .map(|i| vec![1.0; ((i.bytes / 8.0) as usize).max(64)])
        .collect();
    let mut functions: Vec<Box<dyn FnMut() + '_>> = vec![Box::new(|| machine.separate())];
    for buffer in &buffers {
        functions.push(Box::new(|| {
            black_box(sum(black_box(buffer)));
        }));
    }
    let count = items.len();
    let mut named = Vec::new();
    for item in items {
        named.push((item.name, item.bytes, item.flops));
        functions.push(item.run);
    }
    let all = times(&mut functions);
    let rate = machine.flops() / all[0];
    for (k, (name, bytes, flops)) in named.iter().enumerate() {
        let (read, own) = (all[1 + k], all[1 + count + k]);
        let limit = read.max(flops / rate);
        println!(
            "| {name} | {:.2} | {:.2} | {} | {:.1} | {:.1} |",
            own * 1e6,
            limit * 1e6,
            if read > flops / rate {
                "reading"
            } else {
                "arithmetic"
            },
            own / limit,
            bytes / own * 1e-9,
        );
    }
}

pub fn heading(what: &str) {
    println!("\n| {what} | time, µs | limit, µs | of | ratio | GB/s |\n|---|---|---|---|---|---|");
}
