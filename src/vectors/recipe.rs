//! Problems of many unknowns by formula, so that their files stay small: dyadic entries, computed
//! exactly in any language. Indices count from 0.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::{Number, Problem, Row, Rows};

/// A problem by formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Recipe {
    /// Which formula.
    pub recipe: Formula,
    /// d.
    pub dim: usize,
}

/// The formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Formula {
    /// A: 1/2 on the diagonal, 1/4 above it, -1/8 below it; B: B\[i\]\[0\] = (i mod 5 - 2)/4,
    /// B\[i\]\[1\] = (i mod 3 - 1)/2; c\[i\] = (i mod 7 - 3)/8 + 1/64.
    BandedAffine,
    /// A: 1/2 on the diagonal, 1/4 above it; V: 1 on the diagonal, -1/4 below it; B and c as above.
    BandedRelu,
    /// The same with tanh.
    BandedTanh,
    /// X (d×d): 8 on the diagonal, 2 above it; y\[i\] = 2 (i mod 5 - 2); step 1/2.
    BandedNet,
    /// Q: 2 on the diagonal, 1/2 above and below it; bounds -1/2 and 1/2; step 1/4.
    BandedBox,
}

fn banded(d: usize, [below, on, above]: [f64; 3]) -> Rows {
    let entry = |i: usize, j: usize| {
        Number(if i == j {
            on
        } else if j == i + 1 {
            above
        } else if i == j + 1 {
            below
        } else {
            0.0
        })
    };
    (0..d)
        .map(|i| (0..d).map(|j| entry(i, j)).collect())
        .collect()
}

fn each(d: usize, f: impl Fn(f64) -> f64, modulus: usize) -> Row {
    (0..d).map(|i| Number(f((i % modulus) as f64))).collect()
}

impl Recipe {
    /// The problem written out.
    pub fn problem(&self) -> Problem {
        let d = self.dim;
        let first = each(d, |r| (r - 2.0) / 4.0, 5);
        let second = each(d, |r| (r - 1.0) / 2.0, 3);
        let b: Rows = first
            .iter()
            .zip(&second)
            .map(|(a, b)| vec![*a, *b])
            .collect();
        let c = each(d, |r| (r - 3.0) / 8.0 + 1.0 / 64.0, 7);
        let layer = |activation| Problem::Layer {
            A: banded(d, [0.0, 0.5, 0.25]),
            V: banded(d, [-0.25, 1.0, 0.0]),
            B: b.clone(),
            c: c.clone(),
            activation,
        };
        match self.recipe {
            Formula::BandedAffine => Problem::Affine {
                A: banded(d, [-0.125, 0.5, 0.25]),
                B: b,
                c,
            },
            Formula::BandedRelu => layer(crate::wire::Sigma::Relu),
            Formula::BandedTanh => layer(crate::wire::Sigma::Tanh),
            Formula::BandedNet => Problem::ElasticNet {
                X: banded(d, [0.0, 8.0, 2.0]),
                y: each(d, |r| 2.0 * (r - 2.0), 5),
                step: Number(0.5),
            },
            Formula::BandedBox => Problem::QuadraticProgram {
                Q: banded(d, [0.5, 2.0, 0.5]),
                lower: vec![Number(-0.5); d],
                upper: vec![Number(0.5); d],
                step: Number(0.25),
            },
        }
    }
}

/// FNV-1a over the bytes of all numbers of a problem.
pub fn checksum(problem: &Problem) -> String {
    let mut numbers = Vec::new();
    let mut rows = |rows: &[Row]| numbers.extend(rows.iter().flatten().map(|x| x.0));
    match problem {
        Problem::Affine { A, B, c } => {
            rows(A);
            rows(B);
            rows(std::slice::from_ref(c));
        }
        Problem::Layer { A, V, B, c, .. } => {
            rows(A);
            rows(V);
            rows(B);
            rows(std::slice::from_ref(c));
        }
        Problem::ElasticNet { X, y, step } => {
            rows(X);
            rows(std::slice::from_ref(y));
            rows(&[vec![*step]]);
        }
        Problem::QuadraticProgram {
            Q,
            lower,
            upper,
            step,
        } => {
            rows(Q);
            rows(&[lower.clone(), upper.clone(), vec![*step]]);
        }
        Problem::Bilinear { A, B, C } => {
            rows(A);
            B.iter().for_each(|b| rows(b));
            rows(C);
        }
    }
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in numbers.iter().flat_map(|x| x.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
