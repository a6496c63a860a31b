//! Two samples compared by ranks, in strata, and by the share that something holds of.
//!
//! Owns tests that assume no distribution. Must not know what is compared.

use statrs::distribution::{Discrete, Hypergeometric};

/// Two-sided p-value of the stratified rank-sum test of van Elteren: in each stratum Wilcoxon's sum
/// of ranks, weighted by 1/(n+m+1), midranks for ties. One stratum of at most [`EXACT`] values is
/// tested exactly, given its ties; several together by the normal approximation. 1 where nothing
/// can be compared.
///
/// Source: P. H. van Elteren, On the combination of independent two sample tests of Wilcoxon
/// (1960); one stratum is the test of Wilcoxon, Mann and Whitney.
pub fn rank_sum(strata: &[(Vec<f64>, Vec<f64>)]) -> f64 {
    let compared = |s: &&(Vec<f64>, Vec<f64>)| !(s.0.is_empty() || s.1.is_empty());
    let mut some = strata.iter().filter(compared);
    if let (Some((x, y)), None) = (some.next(), some.next())
        && x.len() + y.len() <= EXACT
    {
        return exactly(x, y);
    }
    let (mut sum, mut variance) = (0.0, 0.0);
    for (x, y) in strata {
        let (n, m) = (x.len() as f64, y.len() as f64);
        if x.is_empty() || y.is_empty() {
            continue;
        }
        let (doubled, ties) = midranks(x, y);
        let ranks = doubled[..x.len()].iter().sum::<usize>() as f64 / 2.0;
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

/// Most values of a stratum that is tested exactly.
pub const EXACT: usize = 60;

/// Twice the midranks of x and then of y among all, and Σ(t³-t) of the ties.
fn midranks(x: &[f64], y: &[f64]) -> (Vec<usize>, f64) {
    let all: Vec<f64> = x.iter().chain(y).copied().collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| all[*a].total_cmp(&all[*b]));
    let (mut doubled, mut ties, mut start) = (vec![0; all.len()], 0.0, 0);
    while start < order.len() {
        let value = all[order[start]];
        let same = |n: &&usize| all[**n].total_cmp(&value).is_eq();
        let end = start + order[start..].iter().take_while(same).count();
        for n in &order[start..end] {
            doubled[*n] = start + 1 + end;
        }
        let t = (end - start) as f64;
        ties += t * (t * t - 1.0);
        start = end;
    }
    (doubled, ties)
}

/// P(|W - E W| ≥ what was seen) over all ways to choose x among the values.
fn exactly(x: &[f64], y: &[f64]) -> f64 {
    let (doubled, _) = midranks(x, y);
    let (n, all) = (x.len(), doubled.len());
    let most: usize = doubled.iter().sum();
    // By how many and by their sum: the number of ways, relative to all in the end.
    let mut ways = vec![vec![0.0_f64; most + 1]; n + 1];
    ways[0][0] = 1.0;
    for (seen, rank) in doubled.iter().enumerate() {
        for k in (1..=n.min(seen + 1)).rev() {
            for sum in (*rank..=most).rev() {
                ways[k][sum] += ways[k - 1][sum - rank];
            }
        }
    }
    let total: f64 = ways[n].iter().sum();
    let middle = (n * (all + 1)) as f64;
    let seen = (doubled[..n].iter().sum::<usize>() as f64 - middle).abs();
    let far = |(sum, ways): (usize, &f64)| {
        if (sum as f64 - middle).abs() >= seen {
            *ways
        } else {
            0.0
        }
    };
    (ways[n].iter().enumerate().map(far).sum::<f64>() / total).min(1.0)
}

/// The least p-value that samples of these sizes can have in [`rank_sum`].
pub fn least_rank_sum(sizes: &[(usize, usize)]) -> f64 {
    let apart = |(n, m): &(usize, usize)| {
        let values = |from: usize, to: usize| (from..to).map(|v| v as f64).collect::<Vec<_>>();
        (values(0, *n), values(*n, n + m))
    };
    rank_sum(&sizes.iter().map(apart).collect::<Vec<_>>())
}

/// One-sided p-value of Fisher's exact test: the chance of at most `now.0` of `now.1` in the second
/// sample, given the first one and the margins, where both have the same share.
pub fn fisher_less(before: (usize, usize), now: (usize, usize)) -> f64 {
    let all = before.1.saturating_add(now.1);
    let holds = before.0.saturating_add(now.0);
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
    let (mut k, mut below, mut log) = (0, 0.0, -(n as f64) * std::f64::consts::LN_2);
    while below + libm::exp(log) <= 0.025 && k < n / 2 {
        below += libm::exp(log);
        log += libm::log((n - k) as f64 / (k + 1) as f64);
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
    /// 35, one-sided P = 0.1272, which is symmetric without ties.
    #[test]
    fn one_stratum_is_the_test_of_wilcoxon_mann_and_whitney() {
        let x = vec![0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let y = vec![1.15, 0.88, 0.90, 0.74, 1.21];
        close(rank_sum(&[(x.clone(), y.clone())]), 2.0 * 0.1272, 1e-4);
        close(rank_sum(&[(y.clone(), x.clone())]), 2.0 * 0.1272, 1e-4);
        // The same in two strata, one of which compares nothing: 2Φ(-10/√66.7) where it is many.
        let (many, few) = (20.0, 2.0);
        let spread = |v: &[f64]| [v, &[many; 30], &[few; 30]].concat();
        let p = rank_sum(&[(spread(&x), spread(&y))]);
        assert!(p > 0.2 && p < 1.0, "{p}");
        // All apart: one way of 252, and its mirror image.
        let (low, high) = ([1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0]);
        close(
            rank_sum(&[(low.to_vec(), high.to_vec())]),
            2.0 / 252.0,
            1e-12,
        );
        close(least_rank_sum(&[(5, 5)]), 2.0 / 252.0, 1e-12);
        close(least_rank_sum(&[(12, 12)]), 2.0 / 2_704_156.0, 1e-12);
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
        close(one, 2.0 / 20.0, 1e-12);
        let many: Vec<_> = (0..8).map(|i| up(100.0 * f64::from(i))).collect();
        assert!(rank_sum(&many) < 1e-7);
        let same = (vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]);
        assert_eq!(rank_sum(&[same]), 1.0);
        assert_eq!(rank_sum(&[(vec![1.0; 4], vec![1.0; 5])]), 1.0);
        assert_eq!(rank_sum(&[(Vec::new(), vec![1.0])]), 1.0);
        // What is no number compares as equal to itself, and ends.
        assert_eq!(rank_sum(&[(vec![f64::NAN; 2], vec![f64::NAN; 2])]), 1.0);
    }

    /// Three strata with ties, by the definition: z = Σ(W - E W)/(N+1) over the root of Σ Var
    /// W/(N+1)² with the variance of the midranks themselves. What compares nothing changes
    /// nothing.
    #[test]
    fn ties_and_sizes_of_strata_count() {
        let strata = [
            (vec![1.0, 4.0, 4.0], vec![2.0, 3.0, 5.0, 6.0]),
            (vec![0.0, 7.0, 7.0, 8.0], vec![7.0, 9.0, 10.0]),
            (vec![5.0], vec![1.0, 2.0, 5.0]),
        ];
        close(rank_sum(&strata), 0.301_908_770_598_164_7, 1e-14);
        let nothing = || (Vec::new(), vec![1.0]);
        let mut beside = vec![nothing()];
        beside.extend(strata.clone());
        beside.push(nothing());
        assert_eq!(rank_sum(&beside), rank_sum(&strata));
        // One stratum exactly: 43 of 126 ways to choose four of these are as far from the middle.
        let one = (vec![1.0, 2.0, 2.0, 9.0], vec![2.0, 3.0, 3.0, 4.0, 8.0]);
        close(rank_sum(&[nothing(), one.clone()]), 43.0 / 126.0, 1e-14);
        close(rank_sum(&[one]), 43.0 / 126.0, 1e-14);
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

    /// For n = 10 the second and ninth of ten, with 97.9 %; for n = 20 the sixth and fifteenth,
    /// with 95.9 % (Conover, Practical Nonparametric Statistics, 3.2).
    #[test]
    fn medians_lie_between_order_statistics() {
        let upto = |n: usize| (1..=n).map(|v| v as f64).collect::<Vec<_>>();
        assert_eq!(median(&upto(10)), Some((5.5, [2.0, 9.0])));
        assert_eq!(median(&upto(20)), Some((10.5, [6.0, 15.0])));
        // B(2064, ½) ≤ 986 has the chance 2.3 %: beyond where ½ⁿ vanishes.
        assert_eq!(median(&upto(2064)).unwrap().1, [987.0, 1078.0]);
        assert_eq!(median(&upto(3)), Some((2.0, [1.0, 3.0])));
        assert_eq!(median(&[]), None);
    }
}
