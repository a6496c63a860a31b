//! The families of the protocol.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Number, Row, Rows, matrix, row, rows, vector};
use crate::error::{Error, Result};
use crate::maps::composite::{Composite, Inner, Loss, Outer};
use crate::maps::{self, Activation, Map};
use crate::tol::PROBLEM_MOST;

/// The data of a problem; λ is given separately. Matrices are lists of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
#[allow(non_snake_case)]
#[non_exhaustive]
pub enum Problem {
    /// Φ = Aw + Bλ + c.
    Affine {
        /// A, d×d.
        A: Rows,
        /// B, d×m.
        B: Rows,
        /// c, d.
        c: Row,
    },
    /// Φ = A σ(Vw + Bλ + c).
    Layer {
        /// A, d×h.
        A: Rows,
        /// V, h×d.
        V: Rows,
        /// B, h×m.
        B: Rows,
        /// c, h.
        c: Row,
        /// σ; the slope of leaky-relu below zero is 0.01.
        activation: Sigma,
    },
    /// Φ = soft(w - η(Xᵀ(Xw - y)/n + λ₂w), ηλ₁), λ = [λ₁, λ₂].
    ElasticNet {
        /// X, n×d.
        X: Rows,
        /// y, n.
        y: Row,
        /// η, constant in λ.
        step: Number,
    },
    /// Φ = clip(w - η(Qw + λ), lower, upper).
    QuadraticProgram {
        /// Q, d×d.
        Q: Rows,
        /// Lower bounds, d; "-Infinity" where there is none.
        lower: Row,
        /// Upper bounds, d; "Infinity" where there is none.
        upper: Row,
        /// η.
        step: Number,
    },
    /// Φ = (A + Σ_k λ_k B_k)w + Cλ.
    Bilinear {
        /// A, d×d.
        A: Rows,
        /// B_k, d×d each, m of them.
        B: Vec<Rows>,
        /// C, d×m.
        C: Rows,
    },
}

/// The activations of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Sigma {
    /// max(z, 0).
    Relu,
    /// |z|.
    Abs,
    /// z above 0, 0.01·z below.
    LeakyRelu,
    /// tanh z.
    Tanh,
}

impl Problem {
    /// The names of the families, as `hello` lists them.
    pub const KINDS: [&'static str; 5] = [
        "affine",
        "layer",
        "elastic-net",
        "quadratic-program",
        "bilinear",
    ];

    /// The name of the family.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Affine { .. } => "affine",
            Self::Layer { .. } => "layer",
            Self::ElasticNet { .. } => "elastic-net",
            Self::QuadraticProgram { .. } => "quadratic-program",
            Self::Bilinear { .. } => "bilinear",
        }
    }

    /// Refuses numbers whose products with others might be infinite.
    ///
    /// # Errors
    /// Names the first one.
    pub(super) fn check_moderate(&self) -> Result<()> {
        let row = |name: &str, row: &Row| -> Result<()> {
            // Bounds of boxes may be infinite.
            let huge = |x: &Number| x.0.is_finite() && x.0.abs() > PROBLEM_MOST;
            let Some(i) = row.iter().position(huge) else {
                return Ok(());
            };
            let text = format!(
                "is {:e}, and at most {PROBLEM_MOST:e} is computed with",
                row[i].0
            );
            Err(Error::input(text).in_field(format!("{name}[{i}]")))
        };
        let rows = |name: &str, rows: &Rows| {
            let mut each = rows.iter().enumerate();
            each.try_for_each(|(i, r)| row(&format!("{name}[{i}]"), r))
        };
        match self {
            Self::Affine { A, B, c } => rows("A", A)
                .and_then(|()| rows("B", B))
                .and_then(|()| row("c", c)),
            Self::Layer { A, V, B, c, .. } => { [("A", A), ("V", V), ("B", B)].into_iter() }
                .try_for_each(|(name, m)| rows(name, m))
                .and_then(|()| row("c", c)),
            Self::ElasticNet { X, y, step } => {
                { rows("X", X).and_then(|()| row("y", y)) }.and_then(|()| row("step", &vec![*step]))
            }
            Self::QuadraticProgram {
                Q,
                lower,
                upper,
                step,
            } => rows("Q", Q)
                .and_then(|()| row("lower", lower))
                .and_then(|()| row("upper", upper))
                .and_then(|()| row("step", &vec![*step])),
            Self::Bilinear { A, B, C } => {
                { rows("A", A).and_then(|()| rows("C", C)) }.and_then(|()| {
                    let mut each = B.iter().enumerate();
                    each.try_for_each(|(k, b)| rows(&format!("B[{k}]"), b))
                })
            }
        }
    }

    /// d, as far as the message tells it without being looked at closely.
    pub fn dim(&self) -> usize {
        match self {
            Self::Affine { c, .. } => c.len(),
            Self::Layer { A, .. } => A.len(),
            Self::ElasticNet { X, .. } => X.first().map_or(0, Vec::len),
            Self::QuadraticProgram { Q, .. } => Q.len(),
            Self::Bilinear { A, .. } => A.len(),
        }
    }

    /// The message of a map; `None` for families that the protocol does not have.
    pub fn of(map: &Map) -> Option<Self> {
        if let Some(samples) = map.samples() {
            return sampled(samples);
        }
        Some(match map.problem() {
            maps::Problem::Affine(p) => Self::Affine {
                A: rows(&p.a),
                B: rows(&p.b),
                c: row(p.c.as_slice()),
            },
            maps::Problem::Layer(p) => Self::Layer {
                A: rows(&p.a),
                V: rows(&p.v),
                B: rows(&p.b),
                c: row(p.c.as_slice()),
                activation: Sigma::of(p.activation),
            },
            maps::Problem::ElasticNet(p) => Self::ElasticNet {
                X: rows(&p.x),
                y: row(p.y.as_slice()),
                step: Number(p.step),
            },
            maps::Problem::QuadraticProgram(p) => Self::QuadraticProgram {
                Q: rows(&p.q),
                lower: row(p.lower.as_slice()),
                upper: row(p.upper.as_slice()),
                step: Number(p.step),
            },
            maps::Problem::Bilinear(p) => Self::Bilinear {
                A: rows(&p.a),
                B: p.b.iter().map(rows).collect(),
                C: rows(&p.c),
            },
            _ => return None,
        })
    }

    /// The map of a message; an elastic net with its samples where these are wanted.
    ///
    /// # Errors
    /// Shapes that do not fit, entries out of range; the field is named.
    pub fn map(&self, samples: bool) -> Result<Map> {
        let problem: maps::Problem = match self {
            Self::Affine { A, B, c } => maps::Affine {
                a: matrix("A", A)?,
                b: matrix("B", B)?,
                c: vector(c),
            }
            .into(),
            Self::Layer {
                A,
                V,
                B,
                c,
                activation,
            } => maps::Layer {
                a: matrix("A", A)?,
                v: matrix("V", V)?,
                b: matrix("B", B)?,
                c: vector(c),
                activation: activation.activation(),
            }
            .into(),
            Self::ElasticNet { X, y, step } => {
                let x = matrix("X", X)?;
                if samples {
                    let by_rows = x.transpose().as_slice().to_vec();
                    let y = vector(y).as_slice().to_vec();
                    return Map::sampled(Composite::elastic_net(by_rows, y, x.ncols(), step.0)?);
                }
                maps::ElasticNet {
                    x,
                    y: vector(y),
                    step: step.0,
                }
                .into()
            }
            Self::QuadraticProgram {
                Q,
                lower,
                upper,
                step,
            } => maps::QuadraticProgram {
                q: matrix("Q", Q)?,
                lower: vector(lower),
                upper: vector(upper),
                step: step.0,
            }
            .into(),
            Self::Bilinear { A, B, C } => {
                let each = B.iter().enumerate();
                let b = each.map(|(k, b)| matrix(&format!("B[{k}]"), b));
                maps::Bilinear {
                    a: matrix("A", A)?,
                    b: b.collect::<Result<_>>()?,
                    c: matrix("C", C)?,
                }
                .into()
            }
        };
        if samples {
            let text = "only elastic nets have samples";
            return Err(Error::input(text).in_field("kind"));
        }
        Map::new(problem)
    }
}

/// An elastic net reached through minibatches.
fn sampled(samples: &Composite) -> Option<Problem> {
    let Inner::FiniteSum(sum) = samples.inner() else {
        return None;
    };
    let soft = matches!(samples.outer(), Outer::Soft { eta } if *eta == sum.eta());
    (soft && sum.loss() == Loss::Quadratic).then(|| Problem::ElasticNet {
        X: (0..sum.rows()).map(|i| row(sum.row(i))).collect(),
        y: (0..sum.rows()).map(|i| Number(sum.target(i))).collect(),
        step: Number(sum.eta()),
    })
}

impl Sigma {
    fn of(activation: Activation) -> Self {
        match activation {
            Activation::Relu => Self::Relu,
            Activation::Abs => Self::Abs,
            Activation::LeakyRelu => Self::LeakyRelu,
            Activation::Tanh => Self::Tanh,
        }
    }

    fn activation(self) -> Activation {
        match self {
            Self::Relu => Activation::Relu,
            Self::Abs => Activation::Abs,
            Self::LeakyRelu => Activation::LeakyRelu,
            Self::Tanh => Activation::Tanh,
        }
    }
}
