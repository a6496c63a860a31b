//! The plain description of a problem: numbers only, no prepared products.

use std::ops::Range;

use super::composed::Composed;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};

/// Data of a fixed-point problem; λ is given separately.
///
/// Everything that judges a method (references, exact arithmetic, other languages)
/// starts from these numbers, never from the fast products.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Φ(w, λ) = Aw + Bλ + c; A d×d, B d×m, c d.
    Affine {
        /// A, d×d.
        a: Matrix,
        /// B, d×m.
        b: Matrix,
        /// c, d.
        c: Vector,
    },
    /// Φ(w, λ) = λQw + c with Q orthogonal and λ scalar: the tight family of Theorem 4.1.
    Scaling {
        /// Q, d×d, orthogonal to rounding.
        rotation: Matrix,
        /// c, d.
        c: Vector,
    },
    /// Φ(w, λ) = A σ(Vw + Bλ + c); A d×h, V h×d, B h×m, c h.
    Layer {
        /// A, d×h.
        a: Matrix,
        /// V, h×d.
        v: Matrix,
        /// B, h×m.
        b: Matrix,
        /// c, h.
        c: Vector,
        /// σ, applied to every unit.
        activation: Activation,
    },
    /// Forward-backward step for min (1/2n)‖Xw-y‖² + (λ₂/2)‖w‖² + λ₁‖w‖₁ with constant step η, λ = (λ₁, λ₂):
    /// Φ(w, λ) = soft(w - η(Xᵀ(Xw-y)/n + λ₂w), ηλ₁). X n×d, y n.
    ElasticNet {
        /// X, n×d.
        x: Matrix,
        /// y, n.
        y: Vector,
        /// η > 0, constant in λ.
        step: f64,
    },
    /// Φ(w, λ) = clip(Aw + Bλ + c, lo, hi) coordinatewise; A d×d, B d×m, c, lo, hi d; lo < hi, infinite bounds allowed.
    /// With A = I - ηQ a projected gradient step on a quadratic.
    Clip {
        /// A, d×d.
        a: Matrix,
        /// B, d×m.
        b: Matrix,
        /// c, d.
        c: Vector,
        /// Lower bounds, d.
        lo: Vector,
        /// Upper bounds, d.
        hi: Vector,
    },
    /// Forward-backward step for min f(w) + (λ₂/2)‖w‖² + λ₁g(w) with constant step η, λ = (λ₁, λ₂):
    /// Φ(w, λ) = prox(w - η(∇f(w) + λ₂w)). X n×d, y n.
    ProxGradient {
        /// X, n×d.
        x: Matrix,
        /// y, n; ±1 for the logistic loss.
        y: Vector,
        /// η > 0, constant in λ.
        step: f64,
        /// f.
        loss: Loss,
        /// The prox of ηλ₁g.
        prox: Prox,
    },
    /// Φ(w, λ) = G((A + Σ_l λ_l A_l)w + Bλ + c, λ): the mean of a noise model behind an outer map.
    Composed(Composed),
    /// Φ_i(w, λ) = max over j of (A_j w + B_j λ + c_j)_i, or min where `least[i]`.
    MaxMin {
        /// The affine forms, at least two, all of one shape.
        forms: Vec<AffineForm>,
        /// Per coordinate: the least form instead of the largest.
        least: Vec<bool>,
    },
}

/// Aw + Bλ + c; A d×d, B d×m, c d.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineForm {
    /// A, d×d.
    pub a: Matrix,
    /// B, d×m.
    pub b: Matrix,
    /// c, d.
    pub c: Vector,
}

/// The smooth loss of a proximal gradient step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// (1/2n)‖Xw-y‖².
    Quadratic,
    /// (1/n) Σ log(1 + exp(-y_i x_iᵀw)), y_i = ±1.
    Logistic,
}

/// The prox of a proximal gradient step, g in min f + λ₁g.
#[derive(Clone, Debug, PartialEq)]
pub enum Prox {
    /// g = ‖·‖₁: soft-thresholding.
    Soft,
    /// g = Σ‖w_g‖ over consecutive groups of `size` coordinates (the last may be shorter): group soft-thresholding.
    Group {
        /// Coordinates per group, at least 1.
        size: usize,
    },
    /// g = Σω_g‖w_g‖ over consecutive groups g that cover all coordinates, ω_g > 0.
    Groups {
        /// The groups.
        groups: Vec<Range<usize>>,
        /// ω_g, one per group.
        weights: Vec<f64>,
    },
    /// g = Σw_i on the box [lo, hi]ᵈ: a shift by ηλ₁, then the projection. lo < hi, infinite bounds allowed;
    /// on the nonnegative orthant g is ‖·‖₁.
    Box {
        /// Lower bound of every coordinate.
        lo: f64,
        /// Upper bound of every coordinate.
        hi: f64,
    },
}

impl Loss {
    /// All losses with the names they have in files.
    pub const NAMES: [(&'static str, Self); 2] =
        [("quadratic", Self::Quadratic), ("logistic", Self::Logistic)];

    /// The name in files.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, l)| *l == self)
            .map_or("", |(n, _)| n)
    }
}

impl Prox {
    /// The name in files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Group { .. } => "group",
            Self::Groups { .. } => "groups",
            Self::Box { .. } => "box",
        }
    }

    /// Acts on every coordinate by itself.
    pub fn is_separable(&self) -> bool {
        matches!(self, Self::Soft | Self::Box { .. })
    }

    /// The coordinates of every unit, and the weight of its threshold.
    pub(crate) fn units(&self, d: usize) -> Vec<(Range<usize>, f64)> {
        match self {
            Self::Soft | Self::Box { .. } => (0..d).map(|i| (i..i + 1, 1.0)).collect(),
            Self::Group { size } => (0..d)
                .step_by(*size)
                .map(|i| (i..(i + size).min(d), 1.0))
                .collect(),
            Self::Groups { groups, weights } => groups
                .iter()
                .cloned()
                .zip(weights.iter().copied())
                .collect(),
        }
    }
}

/// The scalar nonlinearity of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// max(z, 0).
    Relu,
    /// |z|.
    Abs,
    /// z for z > 0, 0.01·z otherwise.
    LeakyRelu,
    /// tanh z.
    Tanh,
}

/// Slope of the leaky ReLU below zero.
pub(crate) const LEAKY_SLOPE: f64 = 0.01;

impl Activation {
    /// All activations with the names they have in files and on the wire.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("relu", Self::Relu),
        ("abs", Self::Abs),
        ("leaky-relu", Self::LeakyRelu),
        ("tanh", Self::Tanh),
    ];

    /// The name in files and on the wire.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, a)| *a == self)
            .map_or("", |(n, _)| n)
    }

    /// Slopes (below, above) the kink at 0 of a piecewise-linear activation; `None` for tanh.
    pub fn slopes(self) -> Option<(f64, f64)> {
        match self {
            Self::Relu => Some((0.0, 1.0)),
            Self::Abs => Some((-1.0, 1.0)),
            Self::LeakyRelu => Some((LEAKY_SLOPE, 1.0)),
            Self::Tanh => None,
        }
    }
}

impl Problem {
    /// The name of the problem kind in files and on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Affine { .. } => "affine",
            Self::Scaling { .. } => "scaling",
            Self::Layer { .. } => "layer",
            Self::ElasticNet { .. } => "elastic-net",
            Self::Clip { .. } => "clip",
            Self::ProxGradient { .. } => "prox-gradient",
            Self::MaxMin { .. } => "max-min",
            Self::Composed(_) => "composed",
        }
    }

    /// λ = (λ₁, λ₂) are the weights of regularisers, λ₂ ≥ 0.
    pub(crate) fn is_regularised(&self) -> bool {
        matches!(self, Self::ElasticNet { .. } | Self::ProxGradient { .. })
    }

    /// λ₁ is a threshold, which must be positive; elsewhere it need not.
    pub(crate) fn needs_threshold(&self) -> bool {
        !matches!(
            self,
            Self::ProxGradient {
                prox: Prox::Box { .. },
                ..
            }
        )
    }

    /// Refuses wrong shapes, empty dimensions, non-finite entries and a step ≤ 0, naming the field.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Affine { a, b, c } => {
                shape("c", c.nrows(), 1, None, None)?;
                let d = c.nrows();
                shape("A", a.nrows(), a.ncols(), Some(d), Some(d))?;
                shape("B", b.nrows(), b.ncols(), Some(d), None)?;
                finite("A", a.as_slice(), d)?;
                finite("B", b.as_slice(), d)?;
                finite("c", c.as_slice(), d)
            }
            Self::Scaling { rotation, c } => {
                let d = c.nrows();
                shape("c", d, 1, None, None)?;
                shape("Q", rotation.nrows(), rotation.ncols(), Some(d), Some(d))?;
                finite("Q", rotation.as_slice(), d)?;
                finite("c", c.as_slice(), d)
            }
            Self::Layer { a, v, b, c, .. } => {
                let h = c.nrows();
                shape("c", h, 1, None, None)?;
                shape("A", a.nrows(), a.ncols(), None, Some(h))?;
                shape("V", v.nrows(), v.ncols(), Some(h), Some(a.nrows()))?;
                shape("B", b.nrows(), b.ncols(), Some(h), None)?;
                finite("A", a.as_slice(), a.nrows())?;
                finite("V", v.as_slice(), h)?;
                finite("B", b.as_slice(), h)?;
                finite("c", c.as_slice(), h)
            }
            Self::Clip { a, b, c, lo, hi } => {
                let d = c.nrows();
                shape("c", d, 1, None, None)?;
                shape("A", a.nrows(), a.ncols(), Some(d), Some(d))?;
                shape("B", b.nrows(), b.ncols(), Some(d), None)?;
                shape("lo", lo.nrows(), 1, Some(d), None)?;
                shape("hi", hi.nrows(), 1, Some(d), None)?;
                finite("A", a.as_slice(), d)?;
                finite("B", b.as_slice(), d)?;
                finite("c", c.as_slice(), d)?;
                match (0..d).find(|&i| !(lo[i] < hi[i])) {
                    None => Ok(()),
                    Some(i) => Err(Error::input(format!(
                        "must be above lo, got [{}, {}]",
                        lo[i], hi[i]
                    ))
                    .in_field(format!("hi[{i}]"))),
                }
            }
            Self::ElasticNet { x, y, step } => regression(x, y, *step),
            Self::ProxGradient {
                x,
                y,
                step,
                loss,
                prox,
            } => {
                regression(x, y, *step)?;
                if let (Loss::Logistic, Some(i)) = (loss, y.iter().position(|v| v.abs() != 1.0)) {
                    return Err(Error::input(format!(
                        "labels of the logistic loss must be 1 or -1, got {}",
                        y[i]
                    ))
                    .in_field(format!("y[{i}]")));
                }
                match prox {
                    Prox::Group { size: 0 } => {
                        Err(Error::input("groups need at least one coordinate").in_field("size"))
                    }
                    Prox::Groups { groups, weights } => consecutive(groups, weights, x.ncols()),
                    Prox::Box { lo, hi } if !(lo < hi) => {
                        Err(Error::input(format!("must be above lo, got [{lo}, {hi}]"))
                            .in_field("hi"))
                    }
                    _ => Ok(()),
                }
            }
            Self::Composed(composed) => composed.validate(),
            Self::MaxMin { forms, least } => {
                let d = least.len();
                shape("least", d, 1, None, None)?;
                if forms.len() < 2 {
                    return Err(Error::input(format!(
                        "needs at least two affine forms, got {}",
                        forms.len()
                    ))
                    .in_field("forms"));
                }
                let m = forms[0].b.ncols();
                for (j, f) in forms.iter().enumerate() {
                    let check = || -> Result<()> {
                        shape("c", f.c.nrows(), 1, Some(d), None)?;
                        shape("A", f.a.nrows(), f.a.ncols(), Some(d), Some(d))?;
                        shape("B", f.b.nrows(), f.b.ncols(), Some(d), Some(m))?;
                        finite("A", f.a.as_slice(), d)?;
                        finite("B", f.b.as_slice(), d)?;
                        finite("c", f.c.as_slice(), d)
                    };
                    check().map_err(|e| e.in_field(format!("forms[{j}]")))?;
                }
                // Products with a λ of no entries are not defined.
                shape("B", d, m, None, None)
            }
        }
    }
}

/// Refuses groups that are not consecutive, not empty and not all of 0..d, and weights that are not positive.
pub(super) fn consecutive(groups: &[Range<usize>], weights: &[f64], d: usize) -> Result<()> {
    let mut end = 0;
    for g in groups {
        if g.start != end || g.end <= g.start {
            return Err(Error::input("groups must be consecutive and not empty").in_field("groups"));
        }
        end = g.end;
    }
    if end != d {
        return Err(Error::input(format!("must have length {d}, has {end}")).in_field("groups"));
    }
    if weights.len() != groups.len() || !weights.iter().all(|v| *v > 0.0 && v.is_finite()) {
        return Err(Error::input("one positive weight per group").in_field("weights"));
    }
    Ok(())
}

/// X, y and η of a regression.
fn regression(x: &Matrix, y: &Vector, step: f64) -> Result<()> {
    shape("y", y.nrows(), 1, None, None)?;
    shape("X", x.nrows(), x.ncols(), Some(y.nrows()), None)?;
    finite("X", x.as_slice(), x.nrows())?;
    finite("y", y.as_slice(), y.nrows())?;
    if !(step.is_finite() && step > 0.0) {
        return Err(
            Error::input(format!("must be positive and finite, got {step}")).in_field("step"),
        );
    }
    Ok(())
}

fn shape(
    field: &str,
    rows: usize,
    cols: usize,
    want_rows: Option<usize>,
    want_cols: Option<usize>,
) -> Result<()> {
    let fits = |got: usize, want: Option<usize>| want.map_or(got > 0, |w| got == w);
    if fits(rows, want_rows) && fits(cols, want_cols) {
        return Ok(());
    }
    let say = |w: Option<usize>| w.map_or("≥1".to_string(), |w| w.to_string());
    Err(Error::input(format!(
        "expected {}×{} numbers, got {rows}×{cols}",
        say(want_rows),
        say(want_cols)
    ))
    .in_field(field))
}

/// `entries` in column-major order with `rows` rows.
fn finite(field: &str, entries: &[f64], rows: usize) -> Result<()> {
    match entries.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(k) => Err(Error::input(format!("must be finite, got {}", entries[k]))
            .in_field(format!("{field}[{}][{}]", k % rows, k / rows))),
    }
}
