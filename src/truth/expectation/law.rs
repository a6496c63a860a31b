//! The exact law of the mean over N independent samples.
//!
//! Owns the enumeration of what matters of N samples: how often each row of a sum occurs, or how
//! many signs of each channel are positive. Must not know what is computed from it.

use crate::maps::composite::{Composite, Inner};

/// Most outcomes that are enumerated.
pub const LAW_LIMIT: usize = 20_000;

/// One value of the mean over N samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its probability.
    pub probability: f64,
    /// N sample indices that have this mean.
    pub samples: Vec<usize>,
}

/// Every distinct mean over `count` ≥ 1 independent samples, with its probability: multisets of
/// rows (multinomial) for finite sums, numbers of positive signs (binomial) for noise. `None`
/// beyond [`LAW_LIMIT`].
pub fn mean_of_samples(map: &Composite, count: usize) -> Option<Vec<Outcome>> {
    if count == 0 {
        return None;
    }
    match map.inner() {
        Inner::FiniteSum(f) => multisets(f.rows(), count),
        Inner::Poisoned(f) => multisets(f.rows(), count),
        Inner::Noise(f) => signs(f.channels.len(), count),
    }
}

/// The same of the mean over `count` ≥ 1 independent rows out of so many.
pub fn mean_of_rows(rows: usize, count: usize) -> Option<Vec<Outcome>> {
    if count == 0 {
        return None;
    }
    multisets(rows, count)
}

/// ln n! by summation: exact to rounding for the few hundred that occur.
fn log_factorials(n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n + 1];
    for i in 1..=n {
        out[i] = out[i - 1] + (i as f64).ln();
    }
    out
}

fn multisets(rows: usize, count: usize) -> Option<Vec<Outcome>> {
    // C(rows+count-1, count), stopping early.
    let mut total = 1.0f64;
    for i in 1..rows {
        total *= (count + i) as f64 / i as f64;
        if total > LAW_LIMIT as f64 {
            return None;
        }
    }
    let lf = log_factorials(count);
    let mut out = Vec::new();
    let mut counts = vec![0; rows];
    each_way(&mut counts, count, |counts| {
        let log =
            counts.iter().fold(lf[count], |s, c| s - lf[*c]) - count as f64 * (rows as f64).ln();
        let samples = counts
            .iter()
            .enumerate()
            .flat_map(|(i, c)| std::iter::repeat_n(i, *c))
            .collect();
        out.push(Outcome {
            probability: log.exp(),
            samples,
        });
    });
    Some(normalised(out))
}

/// Every way to put `count` into so many places (0 before), lexicographically.
fn each_way(counts: &mut [usize], count: usize, mut visit: impl FnMut(&[usize])) {
    let Some(last) = counts.len().checked_sub(1) else {
        return;
    };
    counts[last] = count;
    loop {
        visit(counts);
        // The last place with something behind it gets one of that; the rest goes to the end.
        let mut behind = 0;
        let next = (0..last).rev().find(|i| {
            behind += counts[i + 1];
            behind > 0
        });
        let Some(i) = next else {
            return;
        };
        counts[i] += 1;
        counts[i + 1..].fill(0);
        counts[last] = behind - 1;
    }
}

fn signs(channels: usize, count: usize) -> Option<Vec<Outcome>> {
    let total = u32::try_from(channels)
        .ok()
        .and_then(|p| (count + 1).checked_pow(p))
        .filter(|t| *t <= LAW_LIMIT)?;
    let lf = log_factorials(count);
    let choose = |c: usize| lf[count] - lf[c] - lf[count - c];
    let out = (0..total)
        .map(|code| {
            let (mut rest, mut log) = (code, -((channels * count) as f64) * std::f64::consts::LN_2);
            let mut samples = vec![0; count];
            for a in 0..channels {
                let plus = rest % (count + 1);
                rest /= count + 1;
                log += choose(plus);
                samples[..plus].iter_mut().for_each(|s| *s |= 1 << a);
            }
            Outcome {
                probability: log.exp(),
                samples,
            }
        })
        .collect();
    Some(normalised(out))
}

/// The logarithms cost a few ulps; probabilities that sum to 1 lose nothing else.
fn normalised(mut law: Vec<Outcome>) -> Vec<Outcome> {
    let total: f64 = law.iter().map(|o| o.probability).sum();
    law.iter_mut().for_each(|o| o.probability /= total);
    law
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_equal_the_enumeration_of_all_sequences() {
        let law = multisets(3, 4).unwrap();
        assert_eq!(law.len(), 15);
        let mut seen = std::collections::BTreeMap::new();
        for code in 0..81usize {
            let mut list = [code % 3, code / 3 % 3, code / 9 % 3, code / 27];
            list.sort_unstable();
            *seen.entry(list.to_vec()).or_insert(0.0) += 1.0 / 81.0;
        }
        for o in &law {
            assert!((seen[&o.samples] - o.probability).abs() < 1e-14);
        }
        let law = signs(2, 3).unwrap();
        let plus = |o: &Outcome, a: usize| o.samples.iter().filter(|s| (*s >> a) & 1 == 1).count();
        let p = law
            .iter()
            .find(|o| plus(o, 0) == 1 && plus(o, 1) == 3)
            .unwrap();
        assert!((p.probability - 3.0 / 64.0).abs() < 1e-15);
        assert!(multisets(400, 5).is_none() && signs(12, 5).is_none());
        // As many rows as there may be; the one that is drawn comes from the last to the first.
        let law = multisets(LAW_LIMIT, 1).unwrap();
        let drawn: Vec<usize> = law.iter().map(|o| o.samples[0]).collect();
        assert!(drawn.into_iter().eq((0..LAW_LIMIT).rev()));
    }

    #[test]
    fn ways_come_in_the_order_of_their_counts() {
        let ways = |places: usize, count: usize| {
            let mut out = Vec::new();
            each_way(&mut vec![0; places], count, |c| out.push(c.to_vec()));
            out
        };
        assert_eq!(ways(2, 2), [[0, 2], [1, 1], [2, 0]]);
        assert_eq!(ways(1, 7), [[7]]);
        assert_eq!(ways(3, 0), [[0, 0, 0]]);
        assert!(ways(0, 2).is_empty());
        let all = ways(4, 5);
        assert_eq!(all.len(), 56);
        assert!(all.is_sorted() && all.iter().all(|c| c.iter().sum::<usize>() == 5));
    }
}
