//! Two samples compared by ranks, in strata, and by the share that something holds of.
//!
//! Owns tests that assume no distribution. Must not know what is compared.

use statrs::distribution::{Discrete, Hypergeometric};

/// Two-sided p-value of the stratified rank-sum test of van Elteren: in each stratum Wilcoxon's sum
/// of ranks, weighted by 1/(n+m+1), midranks for ties, by the normal approximation. In small strata
/// that approximation is conservative far in the tail: with n = m = 4 no p-value is below 0.02. 1
/// where nothing can be compared.
///
/// Source: P. H. van Elteren, On the combination of independent two sample tests of Wilcoxon
/// (1960); one stratum is the test of Wilcoxon, Mann and Whitney.
pub fn rank_sum(strata: &[(Vec<f64>, Vec<f64>)]) -> f64 {
    let (mut sum, mut variance) = (0.0, 0.0);
    for (x, y) in strata {
        let (n, m) = (x.len() as f64, y.len() as f64);
        if x.is_empty() || y.is_empty() {
            continue;
        }
        let mut all: Vec<(f64, bool)> = x.iter().map(|v| (*v, true)).collect();
        all.extend(y.iter().map(|v| (*v, false)));
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut ranks, mut ties, mut start) = (0.0, 0.0, 0);
        while start < all.len() {
            let same = all[start..].iter().take_while(|v| v.0 == all[start].0);
            let end = start + same.count();
            let middle = (start + 1 + end) as f64 / 2.0;
            ranks += middle * all[start..end].iter().filter(|v| v.1).count() as f64;
            let t = (end - start) as f64;
            ties += t * (t * t - 1.0);
            start = end;
        }
        let both = n + m;
        let weight = 1.0 / (both + 1.0);
        sum += weight * (ranks - n * (both + 1.0) / 2.0);
        let tied = ties / (both * (both - 1.0));
        variance += weight * weight * n * m / 12.0 * (both + 1.0 - tied);
    }
    if !(variance > 0.0) {
        return 1.0;
    }
    libm::erfc((sum / variance.sqrt()).abs() / std::f64::consts::SQRT_2)
}

/// One-sided p-value of Fisher's exact test: the chance of at most `now.0` of `now.1` in the second
/// sample, given the first one and the margins, where both have the same share.
pub fn fisher_less(before: (usize, usize), now: (usize, usize)) -> f64 {
    let (all, holds) = (before.1 + now.1, before.0 + now.0);
    let law = Hypergeometric::new(all as u64, holds as u64, now.1 as u64);
    law.map_or(1.0, |law| {
        let least = (holds + now.1).saturating_sub(all);
        (least..=now.0)
            .map(|k| law.pmf(k as u64))
            .sum::<f64>()
            .min(1.0)
    })
}

/// Wilson's interval for a share of `n`, at 95 %.
///
/// Source: E. B. Wilson (1927); R. G. Newcombe, Statistics in Medicine 17 (1998), method 3.
pub fn wilson(holds: usize, n: usize) -> [f64; 2] {
    if n == 0 {
        return [0.0, 1.0];
    }
    let z = 1.959_963_984_540_054;
    let (n, p) = (n as f64, holds as f64 / n as f64);
    let middle = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    [
        ((middle - half) / scale).max(0.0),
        ((middle + half) / scale).min(1.0),
    ]
}

/// The median of a sorted sample and its interval by order statistics, of at least 95 % where the
/// sample is large enough (six), else from end to end.
pub fn median(sorted: &[f64]) -> Option<(f64, [f64; 2])> {
    let n = sorted.len();
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let middle = f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]);
    // The largest k with P(B(n, ½) < k) ≤ 2.5 %: the interval runs from x_(k) to x_(n+1-k).
    let (mut k, mut below, mut term) = (0, 0.0, libm::pow(0.5, n as f64));
    while below + term <= 0.025 && k < n / 2 {
        below += term;
        term *= (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
    let ends = match k {
        0 => [first, last],
        k => [sorted[k - 1], sorted[n - k]],
    };
    Some((middle, ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, room: f64) {
        assert!((a - b).abs() <= room, "{a} is not {b}");
    }

    /// Permeability of placentas, Hollander and Wolfe (1973), p. 69, as in R's `wilcox.test`: W =
    /// 35; two-sided without correction 2Φ(-10/√66.7).
    #[test]
    fn one_stratum_is_the_test_of_wilcoxon_mann_and_whitney() {
        let x = vec![0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let y = vec![1.15, 0.88, 0.90, 0.74, 1.21];
        close(rank_sum(&[(x.clone(), y.clone())]), 0.220_671, 1e-5);
        close(rank_sum(&[(y, x)]), 0.220_671, 1e-5);
    }

    /// Strata that lean the same way add up, and shifts between strata do not count.
    #[test]
    fn strata_are_compared_within_themselves() {
        let up = |by: f64| {
            (
                vec![by + 1.0, by + 2.0, by + 3.0],
                vec![by + 4.0, by + 5.0, by + 6.0],
            )
        };
        let one = rank_sum(&[up(0.0)]);
        assert!(one > 0.02);
        let many: Vec<_> = (0..8).map(|i| up(100.0 * f64::from(i))).collect();
        assert!(rank_sum(&many) < 1e-7);
        let same = (vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]);
        assert_eq!(rank_sum(&[same]), 1.0);
        assert_eq!(rank_sum(&[(vec![1.0; 4], vec![1.0; 5])]), 1.0);
        assert_eq!(rank_sum(&[(Vec::new(), vec![1.0])]), 1.0);
    }

    /// The lady tasting tea: all four right of eight has the chance 1/70, at least three 17/70.
    #[test]
    fn fisher_tasted_tea() {
        close(fisher_less((4, 4), (0, 4)), 1.0 / 70.0, 1e-12);
        close(fisher_less((3, 4), (1, 4)), 17.0 / 70.0, 1e-12);
        close(fisher_less((5, 5), (5, 5)), 1.0, 1e-12);
        assert_eq!(fisher_less((0, 0), (0, 0)), 1.0);
    }

    /// Newcombe (1998), table I, method 3.
    #[test]
    fn intervals_of_shares_are_those_of_wilson() {
        for (r, n, want) in [
            (81, 263, [0.2553, 0.3662]),
            (15, 148, [0.0624, 0.1605]),
            (0, 20, [0.0, 0.1611]),
            (1, 29, [0.0061, 0.1718]),
        ] {
            let got = wilson(r, n);
            close(got[0], want[0], 5e-5);
            close(got[1], want[1], 5e-5);
        }
    }

    /// For n = 10 the second and ninth of ten, with 97.9 %; for n = 20 the sixth and fifteenth, with
    /// 95.9 % (Conover, Practical Nonparametric Statistics, 3.2).
    #[test]
    fn medians_lie_between_order_statistics() {
        let upto = |n: usize| (1..=n).map(|v| v as f64).collect::<Vec<_>>();
        assert_eq!(median(&upto(10)), Some((5.5, [2.0, 9.0])));
        assert_eq!(median(&upto(20)), Some((10.5, [6.0, 15.0])));
        assert_eq!(median(&upto(3)), Some((2.0, [1.0, 3.0])));
        assert_eq!(median(&[]), None);
    }
}
