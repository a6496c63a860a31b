//! What the owner of a served map says about it.
//!
//! Owns the plain data and its validation. Must not know the map.

use crate::error::{Error, Result};
use crate::tol::{SERVED_DIMS, SERVED_RANGE};

/// The boxes in which a map is served.
#[derive(Clone, Debug, PartialEq)]
pub struct ServedDomain {
    /// [lo, hi] of every parameter.
    pub lambda: Vec<[f64; 2]>,
    /// [lo, hi] of every component of w, where w is restricted.
    pub w: Option<Vec<[f64; 2]>>,
}

/// Which products are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServedProducts {
    /// Φ'ᵀu.
    pub vjp: bool,
    /// Φ'v.
    pub jvp: bool,
}

/// How the user's hypergradient is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedInner {
    /// By unrolling from a start.
    Itd,
    /// By the fixed-point iteration of the adjoint at a point.
    AidFp,
    /// By any solution of the adjoint system at a point.
    Implicit,
    /// By NSID at a point, with given samples.
    Nsid,
}

impl ServedInner {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Itd, Self::AidFp, Self::Implicit, Self::Nsid];

    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Itd => "itd",
            Self::AidFp => "aid-fp",
            Self::Implicit => "implicit",
            Self::Nsid => "nsid",
        }
    }
}

impl std::str::FromStr for ServedInner {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|i| i.name() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            let shown: String = text.chars().take(40).collect();
            Error::input(format!("expected one of {names}, got {shown:?}"))
        })
    }
}

/// The user's hypergradient routine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServedHypergradient {
    /// How it is found.
    pub inner: ServedInner,
    /// Declared relative residual of the linear solve; 0 for none.
    pub linear_tolerance: f64,
    /// Declared distance, in units of the scales, of the last step of the fixed point; 0 for none.
    pub step_tolerance: f64,
}

/// A served map, as its owner describes it.
///
/// ```
/// use ratecert::served::{ServedProducts, ServedSpec};
///
/// let spec = ServedSpec::new("mine", vec![0.0; 3], vec![1.0]);
/// assert_eq!((spec.dim, spec.params, spec.products.vjp), (3, 1, true));
/// assert!(spec.check().is_ok());
/// let bad = ServedSpec { lambda: vec![f64::NAN], ..spec };
/// assert_eq!(bad.check().unwrap_err().field(), Some("lambda[0]"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ServedSpec {
    /// A name for messages.
    pub name: String,
    /// d = dim w, at least 1.
    pub dim: usize,
    /// m = dim λ.
    pub params: usize,
    /// The start (d numbers).
    pub w0: Vec<f64>,
    /// The parameters (m numbers).
    pub lambda: Vec<f64>,
    /// Where the map is served; without it λ varies by half its size either way.
    pub domain: Option<ServedDomain>,
    /// The products served.
    pub products: ServedProducts,
    /// Declared relative error of the values, as of an inner iterative solve; 0 for none.
    pub tolerance: f64,
    /// How many T̂(·, i) are served; 0 for a deterministic map.
    pub samples: usize,
    /// An outer map G is served: Φ = G(T(w, λ), λ). Only with samples.
    pub outer: bool,
    /// The user's hypergradient routine, where one is served.
    pub hypergradient: Option<ServedHypergradient>,
}

impl ServedSpec {
    /// A deterministic map with both products and nothing declared.
    pub fn new(name: impl Into<String>, w0: Vec<f64>, lambda: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            dim: w0.len(),
            params: lambda.len(),
            w0,
            lambda,
            domain: None,
            products: ServedProducts {
                vjp: true,
                jvp: true,
            },
            tolerance: 0.0,
            samples: 0,
            outer: false,
            hypergradient: None,
        }
    }

    /// Refuses a description that cannot be meant.
    ///
    /// # Errors
    /// No component or too many, vectors of another length or with entries that are not finite or
    /// of no moderate size, a box that does not hold them, a tolerance that is none, a
    /// hypergradient without parameters, NSID without samples or with a tolerance, an outer map
    /// without samples; the field is named.
    pub fn check(&self) -> Result<()> {
        if self.dim == 0 {
            return Err(Error::input("a map has at least one component").in_field("dim"));
        }
        for (field, n) in [("dim", self.dim), ("params", self.params)] {
            if n > SERVED_DIMS {
                let text = format!("at most {SERVED_DIMS}, got {n}");
                return Err(Error::input(text).in_field(field));
            }
        }
        numbers(&self.w0, self.dim, "w0")?;
        numbers(&self.lambda, self.params, "lambda")?;
        if let Some(domain) = &self.domain {
            let inside = |e: Error| e.in_field("domain");
            boxes(&domain.lambda, &self.lambda, "lambda").map_err(inside)?;
            if let Some(w) = &domain.w {
                boxes(w, &self.w0, "w").map_err(inside)?;
            }
        }
        tolerance(self.tolerance, "tolerance")?;
        if let Some(h) = &self.hypergradient {
            let inside = |e: Error| e.in_field("hypergradient");
            tolerance(h.linear_tolerance, "linear_tolerance").map_err(inside)?;
            tolerance(h.step_tolerance, "step_tolerance").map_err(inside)?;
            if self.params == 0 {
                let text = "a hypergradient needs at least one parameter";
                return Err(Error::input(text).in_field("hypergradient"));
            }
            if h.inner == ServedInner::Nsid && self.samples == 0 {
                let text = "nsid needs samples";
                return Err(Error::input(text).in_field("hypergradient"));
            }
            if h.inner == ServedInner::Nsid && h.linear_tolerance + h.step_tolerance > 0.0 {
                let text = "nsid has steps, and no tolerance";
                return Err(Error::input(text).in_field("hypergradient"));
            }
        }
        if self.outer && self.samples == 0 {
            let text = "an outer map is served beside samples only";
            return Err(Error::input(text).in_field("outer"));
        }
        Ok(())
    }

    /// Whether any product is served.
    pub fn has_products(&self) -> bool {
        self.products.vjp || self.products.jvp
    }
}

fn numbers(values: &[f64], n: usize, field: &str) -> Result<()> {
    if values.len() != n {
        let text = format!("expected {n} numbers, got {}", values.len());
        return Err(Error::input(text).in_field(field));
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(Error::input("must be finite").in_field(format!("{field}[{i}]"))),
        None => { values.iter().enumerate() }
            .try_for_each(|(i, v)| not_huge(*v).map_err(|e| e.in_field(format!("{field}[{i}]")))),
    }
}

/// Refuses numbers whose squares are none.
fn not_huge(value: f64) -> Result<()> {
    let most = SERVED_RANGE[1];
    if value.abs() <= most {
        return Ok(());
    }
    let text = format!("{value:e} is above {most:e}; choose other units");
    Err(Error::input(text))
}

fn boxes(rows: &[[f64; 2]], inside: &[f64], field: &str) -> Result<()> {
    if rows.len() != inside.len() {
        let text = format!("expected {} pairs, got {}", inside.len(), rows.len());
        return Err(Error::input(text).in_field(field));
    }
    for (i, ([lo, hi], x)) in rows.iter().zip(inside).enumerate() {
        let text = if !(lo.is_finite() && hi.is_finite() && (hi - lo).is_finite()) {
            "must be finite".to_owned()
        } else if !(lo < hi) {
            format!("{lo} is not below {hi}")
        } else if !(lo <= x && x <= hi) {
            format!("{x} is not between {lo} and {hi}")
        } else {
            for edge in [*lo, *hi] {
                not_huge(edge).map_err(|e| e.in_field(format!("{field}[{i}]")))?;
            }
            if hi - lo >= SERVED_RANGE[0] {
                continue;
            }
            format!("is narrower than {:e}; choose other units", SERVED_RANGE[0])
        };
        return Err(Error::input(text).in_field(format!("{field}[{i}]")));
    }
    Ok(())
}

fn tolerance(value: f64, field: &str) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    let text = format!("a relative tolerance is at least 0 and below 1, got {value}");
    Err(Error::input(text).in_field(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_field() {
        let good = ServedSpec::new("a", vec![0.0, 1.0], vec![1.0]);
        let domain = |lambda: Vec<[f64; 2]>, w| ServedSpec {
            domain: Some(ServedDomain { lambda, w }),
            ..good.clone()
        };
        let hypergradient = ServedHypergradient {
            inner: ServedInner::Itd,
            linear_tolerance: -1.0,
            step_tolerance: 0.0,
        };
        let unit = vec![[0.0, 2.0]];
        assert!(domain(vec![[1e-300, 2.0]], None).check().is_ok());
        assert!(
            domain(unit.clone(), Some(vec![[-1.0, 2.0]; 2]))
                .check()
                .is_ok()
        );
        for (bad, text) in [
            (
                ServedSpec {
                    dim: 3,
                    ..good.clone()
                },
                "field `w0`: expected 3 numbers, got 2",
            ),
            (
                ServedSpec {
                    dim: 0,
                    ..good.clone()
                },
                "field `dim`: a map has at least one component",
            ),
            (
                domain(vec![], None),
                "field `domain.lambda`: expected 1 pairs, got 0",
            ),
            (
                domain(vec![[1.0, 1.0]], None),
                "field `domain.lambda[0]`: 1 is not below 1",
            ),
            (
                domain(vec![[2.0, 3.0]], None),
                "field `domain.lambda[0]`: 1 is not between 2 and 3",
            ),
            (
                domain(vec![[0.0, f64::INFINITY]], None),
                "field `domain.lambda[0]`: must be finite",
            ),
            (
                domain(unit, Some(vec![[-1.0, 0.5]; 2])),
                "field `domain.w[1]`: 1 is not between -1 and 0.5",
            ),
            (
                ServedSpec {
                    tolerance: f64::NAN,
                    ..good.clone()
                },
                "field `tolerance`: a relative tolerance is at least 0 and below 1, got NaN",
            ),
            (
                ServedSpec {
                    outer: true,
                    ..good.clone()
                },
                "field `outer`: an outer map is served beside samples only",
            ),
            (
                ServedSpec {
                    hypergradient: Some(hypergradient),
                    ..good.clone()
                },
                "field `hypergradient.linear_tolerance`: a relative tolerance is at least 0 and \
                 below 1, got -1",
            ),
            (
                ServedSpec::new("a", vec![0.0], vec![1.7e308]),
                "field `lambda[0]`: 1.7e308 is above 1e50; choose other units",
            ),
            (
                domain(vec![[0.0, 1e60]], None),
                "field `domain.lambda[0]`: 1e60 is above 1e50; choose other units",
            ),
            (
                ServedSpec {
                    domain: Some(ServedDomain {
                        lambda: vec![[0.0, 1e-60]],
                        w: None,
                    }),
                    ..ServedSpec::new("a", vec![0.0], vec![0.0])
                },
                "field `domain.lambda[0]`: is narrower than 1e-50; choose other units",
            ),
            (
                ServedSpec {
                    dim: SERVED_DIMS + 1,
                    ..good.clone()
                },
                "field `dim`: at most 1000000, got 1000001",
            ),
        ] {
            assert_eq!(bad.check().unwrap_err().to_string(), text);
        }
    }
}
