//! Passes against the formulas, on every instruction set of this machine and at any number of
//! threads.

use pulp::Arch;

use super::*;
use crate::linalg::softmax::softmax;
use crate::linalg::stream::Stream;

/// What this machine can run.
fn machines() -> Vec<Arch> {
    let mut all = vec![Arch::Scalar, Arch::new()];
    #[cfg(target_arch = "x86_64")]
    {
        all.extend(pulp::x86::V3::try_new().map(Arch::V3));
        all.extend(pulp::x86::V4::try_new().map(Arch::V4));
    }
    all
}

/// The softmax of the scores, which is kept.
struct Softmax(usize);

impl Weigh for Softmax {
    fn weigh(&self, _: usize, scores: &mut [f64], weights: &mut [f64], kept: &mut [f64]) {
        softmax(scores, self.0);
        weights.copy_from_slice(scores);
        if !kept.is_empty() {
            kept.copy_from_slice(scores);
        }
    }
}

/// The position of the row times its scores.
struct Position;

impl Weigh for Position {
    fn weigh(&self, first: usize, scores: &mut [f64], weights: &mut [f64], _: &mut [f64]) {
        let b = scores.len() / 3;
        for k in 0..b {
            for (w, s) in weights[3 * k..3 * k + 3].iter_mut().zip(&scores[3 * k..]) {
                *w = (first + k) as f64 * s;
            }
        }
    }
}

struct Data {
    n: usize,
    p: usize,
    c: usize,
    x: Aligned,
    added: Vec<f64>,
    slot: Vec<u32>,
    coefficients: Vec<f64>,
}

impl Data {
    fn new(n: usize, p: usize, c: usize) -> Self {
        let mut stream = Stream((n * 100 + p * 10 + c) as u64);
        let slot: Vec<u32> = (0..n as u32)
            .map(|i| if i % 3 == 1 { i / 3 } else { Rows::NONE })
            .collect();
        Self {
            n,
            p,
            c,
            x: Aligned::copy_of(&stream.vec(n * p)),
            added: stream.vec(n.div_ceil(3) * p),
            slot,
            coefficients: stream.vec(c * p),
        }
    }

    fn rows(&self) -> Rows<'_> {
        Rows {
            x: &self.x,
            width: self.p,
            added: &self.added,
            slot: &self.slot,
        }
    }

    fn row(&self, i: usize) -> Vec<f64> {
        let own = &self.x[i * self.p..][..self.p];
        match self.slot[i] {
            Rows::NONE => own.to_vec(),
            k => {
                let more = &self.added[k as usize * self.p..];
                own.iter().zip(more).map(|(x, a)| x + a).collect()
            }
        }
    }

    fn scores(&self, i: usize) -> Vec<f64> {
        let row = self.row(i);
        let one = |c: &[f64]| c.iter().zip(&row).map(|(c, x)| c * x).sum();
        self.coefficients.chunks_exact(self.p).map(one).collect()
    }
}

#[test]
fn every_instruction_set_computes_the_formula_and_the_same_bits() {
    for (n, p, c) in [
        (1, 1, 1),
        (7, 5, 3),
        (100, 8, 10),
        (150, 37, 4),
        (1300, 64, 11),
    ] {
        let data = Data::new(n, p, c);
        let index: Vec<usize> = (0..n).map(|k| (k * 7) % n).collect();
        let mut expected = vec![0.0; c * p];
        for i in &index {
            let mut s = data.scores(*i);
            softmax(&mut s, c);
            for (k, a) in s.iter().enumerate() {
                for (j, x) in data.row(*i).iter().enumerate() {
                    expected[k * p + j] += a * x;
                }
            }
        }
        let mut first: Option<[Vec<f64>; 2]> = None;
        for arch in machines() {
            let coefficients = Coefficients::on(arch, &[&data.coefficients], p);
            let (mut sum, mut kept) = (vec![0.0; c * p], vec![0.0; n * c]);
            reweigh(
                data.rows(),
                &index,
                &coefficients,
                &Softmax(c),
                &mut kept,
                &mut sum,
            );
            let size = n as f64;
            for (a, b) in sum.iter().zip(&expected) {
                assert!(
                    (a - b).abs() <= 1e-13 * size,
                    "{arch:?} {n} {p} {c}: {a} {b}"
                );
            }
            for (kept, i) in kept.chunks_exact(c).zip(&index) {
                let mut s = data.scores(*i);
                softmax(&mut s, c);
                let near = kept.iter().zip(&s).all(|(a, b)| (a - b).abs() <= 1e-13);
                assert!(near, "{arch:?} {kept:?} {s:?}");
            }
            let found = [sum, kept];
            assert_eq!(
                *first.get_or_insert(found.clone()),
                found,
                "{arch:?} {n} {p} {c}"
            );
        }
    }
}

#[test]
fn rows_are_expanded_in_the_order_of_the_index() {
    let data = Data::new(90, 21, 3);
    let index: Vec<usize> = (0..data.n).rev().collect();
    let mut first: Option<Vec<f64>> = None;
    for arch in machines() {
        let coefficients = Coefficients::on(arch, &[&data.coefficients], data.p);
        let mut out = vec![1.0; index.len() * data.p];
        expand(data.rows(), &index, &coefficients, &Position, &mut out);
        for (k, (row, i)) in out.chunks_exact(data.p).zip(&index).enumerate() {
            let s = data.scores(*i);
            for (j, got) in row.iter().enumerate() {
                let terms = s.iter().enumerate();
                let terms = terms.map(|(l, s)| k as f64 * s * data.coefficients[l * data.p + j]);
                let want = 1.0 + terms.sum::<f64>();
                assert!(
                    (got - want).abs() <= 1e-11,
                    "{arch:?} {k} {j}: {got} {want}"
                );
            }
        }
        assert_eq!(*first.get_or_insert(out.clone()), out, "{arch:?}");
    }
}

#[cfg(feature = "claims")]
#[test]
fn the_number_of_threads_does_not_matter() {
    // Enough for several strips and threads.
    let data = Data::new(4000, 40, 5);
    let index: Vec<usize> = (0..data.n).map(|k| (k * 7) % data.n).collect();
    let coefficients = Coefficients::new(&[&data.coefficients], data.p);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new();
        let pool = pool.num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut sum = vec![0.0; data.c * data.p];
            let (mut kept, weigh) = (vec![0.0; data.n * data.c], Softmax(data.c));
            let rows = data.rows();
            reweigh(rows, &index, &coefficients, &weigh, &mut kept, &mut sum);
            let mut out = vec![0.0; data.n * data.p];
            expand(rows, &index, &coefficients, &weigh, &mut out);
            [sum, kept, out]
        })
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(5));
}

/// Vectors of every width there is, in plain code: also of those that this machine has none of.
#[test]
fn vectors_of_every_width_give_the_same_scores() {
    use super::kernel::{accumulate, expanded, scores};
    let data = Data::new(41, 29, 10);
    let rows: Vec<Vec<f64>> = (0..data.n).map(|i| data.row(i)).collect();
    let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    fn on<S: pulp::Simd>(s: S, data: &Data, rows: &[&[f64]]) -> [Vec<f64>; 3] {
        let group = super::tile::group(S::F64_LANES);
        let parts = [&data.coefficients[..]];
        let c = Coefficients::packed(Arch::Scalar, group, &parts, data.p);
        let mut own = vec![0.0; data.n * data.c];
        scores(s, rows, &c, &[], &mut own);
        let mut sum = vec![0.0; data.c * data.p];
        accumulate(s, rows, &[], &own, &mut sum);
        let mut out = vec![0.0; data.n * data.p];
        expanded(s, &own, &c, &mut out);
        [own, sum, out]
    }
    let plain = on(pulp::Scalar, &data, &rows);
    assert_eq!(plain, on(pulp::Scalar128b, &data, &rows));
    assert_eq!(plain, on(pulp::Scalar256b, &data, &rows));
    assert_eq!(plain, on(pulp::Scalar512b, &data, &rows));
}

#[test]
fn aligned_numbers_begin_at_a_line_wherever_they_are_copied() {
    for len in [0, 1, 7, 8, 1000] {
        let mut a = Aligned::zeros(len);
        a.iter_mut().enumerate().for_each(|(i, v)| *v = i as f64);
        for copy in [a.clone(), a.clone()] {
            assert_eq!(copy.as_ptr() as usize % 64, 0);
            assert_eq!(copy.len(), len);
            assert_eq!(copy, a);
        }
    }
}
