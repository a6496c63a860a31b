//! Portable randomness: the same seed gives the same bits on every platform.
//!
//! Owns the one generator of the crate (PCG XSL-RR 128/64, O'Neill 2014, of the crate rand_pcg) and
//! the few distributions needed. The distributions are written here because instances may never
//! change: the platform's `log` may not touch their bits, so the logarithm is `libm`'s. A test pins
//! the bits of the generator.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use super::{Matrix, Vector};

/// Seeded source of everything random.
#[derive(Clone, Debug)]
pub struct Random {
    generator: Pcg64,
    spare: Option<f64>,
}

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            generator: Pcg64::seed_from_u64(seed),
            spare: None,
        }
    }

    /// The stream numbered `stream` (its highest bit is not used), from `state`.
    pub fn with_stream(state: u128, stream: u128) -> Self {
        Self {
            generator: Pcg64::new(state, stream),
            spare: None,
        }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform in [0, 1), 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [lo, hi], by one uniform number.
    pub fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    /// Uniform integer in [lo, hi], both ends included.
    pub fn integer(&mut self, lo: usize, hi: usize) -> usize {
        // The bias of the product is below 2⁻³⁰ for the sizes used here.
        lo + (((self.bits() >> 32) * (hi - lo + 1) as u64) >> 32) as usize
    }

    /// Uniform on 0..n without bias (Lemire, "Fast random integer generation in an interval",
    /// 2019).
    pub fn below(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.bits()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.bits()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// ±1 with equal probability.
    pub fn sign(&mut self) -> f64 {
        if self.bits() >> 63 == 0 { 1.0 } else { -1.0 }
    }

    /// Standard normal (Marsaglia's polar method).
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        loop {
            let (u, v) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let f = (-2.0 * libm::log(s) / s).sqrt();
                self.spare = Some(v * f);
                return u * f;
            }
        }
    }

    /// A vector of n independent standard normals.
    pub fn normals(&mut self, n: usize) -> Vector {
        Vector::from_fn(n, |_, _| self.normal())
    }

    /// A matrix of independent standard normals.
    pub fn matrix(&mut self, rows: usize, cols: usize) -> Matrix {
        Matrix::from_fn(rows, cols, |_, _| self.normal())
    }

    /// A random orthogonal d×d matrix: a product of d Householder reflections, by plain loops,
    /// because vectorised products differ in the last bit between machines.
    pub fn orthogonal(&mut self, d: usize) -> Matrix {
        let mut q = Matrix::identity(d, d);
        for _ in 0..d {
            let v = self.normals(d);
            let scale = 2.0 / v.iter().map(|v| v * v).sum::<f64>();
            for mut column in q.column_iter_mut() {
                let s: f64 = scale * v.iter().zip(column.iter()).map(|(a, b)| a * b).sum::<f64>();
                column
                    .iter_mut()
                    .zip(v.iter())
                    .for_each(|(c, v)| *c -= s * v);
            }
        }
        q
    }

    /// k distinct indices below n, in any order.
    pub fn order(&mut self, n: usize, k: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..n).collect();
        for i in 0..k.min(n) {
            let j = self.integer(i, n - 1);
            all.swap(i, j);
        }
        all.truncate(k);
        all
    }

    /// k distinct indices below n, ascending.
    pub fn subset(&mut self, n: usize, k: usize) -> Vec<usize> {
        let mut all = self.order(n, k);
        all.sort_unstable();
        all
    }
}

/// SplitMix64's finaliser (Steele, Lea and Flood, 2014): neighbouring words become unrelated ones.
pub fn scramble(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// What SplitMix64 adds from word to word.
pub const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes words into a seed ([`scramble`] over a running state).
pub fn mix(words: &[u64]) -> u64 {
    words.iter().fold(GOLDEN, |state, word| {
        scramble((state ^ word).wrapping_add(GOLDEN))
    })
}

/// FNV-1a hash of a name, to give it a seed of its own.
pub fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What rand_pcg 0.10.2's `Pcg64` gave. A change of these bits changes every instance ever
    /// reported.
    #[test]
    fn known_streams() {
        let mut r = Random::new(0);
        assert_eq!(r.bits(), 2_354_861_276_966_075_475);
        assert_eq!(r.normal(), -0.952_819_800_148_589_9);
        for (seed, first, second, later) in [
            (
                0,
                2_354_861_276_966_075_475,
                6_411_218_084_291_373_563,
                16_555_246_779_627_258_708,
            ),
            (
                1,
                15_492_934_433_077_865_799,
                319_104_231_195_455_319,
                15_343_473_318_430_430_690,
            ),
            (
                u64::MAX,
                15_532_479_649_269_844_593,
                13_660_700_689_182_349_338,
                4_003_909_322_955_514_196u64,
            ),
        ] {
            let mut r = Random::new(seed);
            assert_eq!([r.bits(), r.bits()], [first, second]);
            assert_eq!((0..1001).map(|_| r.bits()).last(), Some(later));
        }
        let mut r = Random::with_stream(
            0xcafe_f00d_d15e_a5e5,
            0xa02_bdbf_7bb3_c0a7_ac28_fa16_a64a_bf96,
        );
        assert_eq!(
            [r.bits(), r.bits()],
            [5_976_869_722_197_606_210, 9_814_530_614_610_695_065]
        );
        let mut r = Random::with_stream(u128::MAX - 5, u128::MAX / 3 * 2);
        assert_eq!(
            [r.bits(), r.bits()],
            [8_078_262_472_660_991_331, 1_059_957_110_750_071_122]
        );
    }

    #[test]
    fn moments_and_orthogonality() {
        let mut r = Random::new(7);
        let x = r.normals(20_000);
        assert!(x.mean().abs() < 0.03 && (x.variance() - 1.0).abs() < 0.04);
        let q = r.orthogonal(12);
        assert!((q.transpose() * &q - Matrix::identity(12, 12)).amax() < 1e-14);
        let s = r.subset(10, 4);
        assert!(s.len() == 4 && s.windows(2).all(|w| w[0] < w[1]));
        assert!(
            (0..1000)
                .map(|_| r.integer(2, 4))
                .all(|k| (2..=4).contains(&k))
        );
    }

    #[test]
    fn seeds_differ_by_name_and_order() {
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert_ne!(hash("itd-bound"), hash("aid-bound"));
    }
}
