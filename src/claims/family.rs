//! A family of instances: ranges to draw specs from.

use serde::Deserialize;

use super::profile::Profile;
use crate::error::{Bound, Error, Result};
use crate::instances::{Kind, Path, Random, Spec, bound};
use crate::objectives::ObjectiveKind;

/// A family of instances: ranges to draw specs from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Family {
    /// Kind.
    pub kind: Kind,
    /// Counts for (test, quick, full).
    pub count: [usize; 3],
    ranges: Ranges,
}

#[derive(Clone, Debug)]
struct Ranges {
    dim: [usize; 2],
    params: [usize; 2],
    rows: Option<[usize; 2]>,
    q: [f64; 2],
    margin: Option<[f64; 2]>,
    lambda: Option<Vec<[f64; 2]>>,
    cotangent: Option<[f64; 2]>,
    tau: Option<[usize; 2]>,
    path: Option<Path>,
    objective: Option<ObjectiveKind>,
}

const COUNT: Bound = Bound {
    name: "count",
    what: "the number of instances",
    min: 0.0,
    max: 100_000.0,
};

impl Family {
    /// Number of instances in a profile.
    pub fn count(&self, profile: Profile) -> usize {
        self.count[profile as usize]
    }

    /// Its instances come with points of their own for ITD.
    pub fn is_given_path(&self) -> bool {
        self.ranges.path.is_some()
    }

    /// The largest d and m that are drawn.
    pub(super) fn largest(&self) -> (usize, usize) {
        let r = &self.ranges;
        let spec = Spec {
            params: r.params[1],
            ..Spec::typical(self.kind, r.dim[1])
        };
        let spec = spec.normalised();
        (spec.dim, spec.params)
    }

    /// Draws the spec of one instance.
    pub fn draw(&self, index: usize, seed: u64) -> Spec {
        let r = &self.ranges;
        let mut random = Random::new(seed);
        let dim = random.integer(r.dim[0], r.dim[1]);
        // Uniform in log κ: the hard instances are those with q near 1.
        let kappa = log_uniform(&mut random, [1.0 / (1.0 - r.q[0]), 1.0 / (1.0 - r.q[1])]);
        let rows = match r.rows {
            Some([lo, hi]) => random.integer(lo, hi),
            None => random.integer(dim.div_ceil(2), 3 * dim + 2),
        };
        Spec {
            kind: self.kind,
            dim,
            params: random.integer(r.params[0], r.params[1]),
            rows,
            q: (1.0 - 1.0 / kappa).clamp(r.q[0], r.q[1]),
            margin: r.margin.map(|m| log_uniform(&mut random, m)),
            lambda: r.lambda.as_ref().map(|l| l[index % l.len()]),
            cotangent: r.cotangent.map(|c| log_uniform(&mut random, c)),
            tau: r.tau.map(|[lo, hi]| random.integer(lo, hi)),
            path: r.path,
            objective: r.objective,
            plain: false,
        }
        .normalised()
    }
}

fn log_uniform(random: &mut Random, [lo, hi]: [f64; 2]) -> f64 {
    lo * libm::pow(hi / lo, random.unit())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFamily {
    kind: String,
    count: RawCount,
    dim: Option<Range<usize>>,
    params: Option<Range<usize>>,
    rows: Option<Range<usize>>,
    q: Option<Range<f64>>,
    margin: Option<Range<f64>>,
    lambda: Option<Vec<[f64; 2]>>,
    cotangent: Option<Range<f64>>,
    tau: Option<Range<usize>>,
    path: Option<Path>,
    objective: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCount {
    test: usize,
    quick: usize,
    full: usize,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(untagged, expecting = "expected a number or a range [from, to]")]
enum Range<T> {
    One(T),
    Two([T; 2]),
}

impl<T: Copy> Range<T> {
    fn ends(self) -> [T; 2] {
        match self {
            Self::One(v) => [v, v],
            Self::Two(v) => v,
        }
    }
}

impl RawFamily {
    /// `hypergradient`: of least squares where nothing else is said.
    pub(super) fn resolve(self, hypergradient: bool) -> Result<Family> {
        let kind = Kind::from_name(&self.kind)?;
        for (field, given) in [
            ("params", self.params.is_some()),
            ("rows", self.rows.is_some()),
            ("q", self.q.is_some()),
            ("margin", self.margin.is_some()),
            ("lambda", self.lambda.is_some()),
        ] {
            if given && !kind.uses(field) {
                let text = format!("changes nothing of {}", kind.name());
                return Err(Error::input(text).in_field(field));
            }
        }
        let count = [self.count.test, self.count.quick, self.count.full];
        for c in count {
            COUNT.check_count(c)?;
        }
        let integers =
            |name: &str, range: Option<Range<usize>>, default: [usize; 2]| -> Result<[usize; 2]> {
                let ends = range.map_or(default, Range::ends);
                for e in ends {
                    bound(name).check_count(e)?;
                }
                ordered(name, ends[0] as f64, ends[1] as f64).map(|()| ends)
            };
        let floats = |name: &str, range: Range<f64>| -> Result<[f64; 2]> {
            let ends = range.ends();
            for e in ends {
                bound(name).check(e)?;
            }
            ordered(name, ends[0], ends[1]).map(|()| ends)
        };
        let ranges = Ranges {
            dim: integers("dim", self.dim, [1, 12])?,
            params: integers("params", self.params, [1, 3])?,
            rows: self
                .rows
                .map(|r| integers("rows", Some(r), [1, 1]))
                .transpose()?,
            q: floats("q", self.q.unwrap_or(Range::Two([0.3, 0.95])))?,
            margin: self.margin.map(|m| floats("margin", m)).transpose()?,
            lambda: self.lambda,
            cotangent: self.cotangent.map(|c| floats("cotangent", c)).transpose()?,
            tau: self
                .tau
                .map(|t| integers("tau", Some(t), [0, 0]))
                .transpose()?,
            path: self.path,
            objective: match (self.objective, hypergradient) {
                (Some(name), true) => Some(ObjectiveKind::from_name(&name)?),
                (None, true) => Some(ObjectiveKind::LeastSquares),
                (None, false) => None,
                (Some(_), false) => {
                    let text = "belongs to claims with `hypergradient = true`";
                    return Err(Error::input(text).in_field("objective"));
                }
            },
        };
        if ranges.objective == Some(ObjectiveKind::CrossEntropy) && ranges.dim[0] < 2 {
            let text = "cross-entropy needs dim ≥ 2";
            return Err(Error::input(text).in_field("objective"));
        }
        if ranges.lambda.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::input("must not be empty").in_field("lambda"));
        }
        let family = Family {
            kind,
            count,
            ranges,
        };
        // Every λ listed must be in its domain.
        for index in 0..family.ranges.lambda.as_ref().map_or(1, Vec::len) {
            family.draw(index, 0).validate()?;
        }
        Ok(family)
    }
}

fn ordered(name: &str, lo: f64, hi: f64) -> Result<()> {
    if lo <= hi {
        return Ok(());
    }
    Err(Error::input(format!("the range must not decrease, got [{lo}, {hi}]")).in_field(name))
}
