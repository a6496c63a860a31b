//! A claim: one TOML file of `rates/claims/`, parsed and checked.

use serde::Deserialize;

use super::checks::CheckKind;
use super::judge::Label;
use crate::error::{Bound, Error, Result};
use crate::instances::{Instance, Kind, Path, Random, Spec, bound, hash, mix};
use crate::methods::Method;
use crate::theory::Hypothesis;

/// What kind of guarantee is claimed; it says which checks belong (conventions after PEPit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guarantee {
    /// An upper bound.
    Upper,
    /// An upper bound that is attained.
    Tight,
    /// A rate, two-sided.
    Rate,
    /// An equality.
    Exact,
}

impl Guarantee {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Tight => "tight",
            Self::Rate => "rate",
            Self::Exact => "exact",
        }
    }
}

/// How many instances of a family a profile draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `cargo test`.
    Test,
    /// Every CI run.
    Quick,
    /// Nightly.
    Full,
}

impl Profile {
    /// All profiles with their names.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("test", Self::Test),
        ("quick", Self::Quick),
        ("full", Self::Full),
    ];

    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, p)| *p == self)
            .map_or("", |(n, _)| n)
    }

    /// The profile of a name.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::NAMES
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, p)| *p)
            .ok_or_else(|| {
                Error::usage(format!(
                    "unknown profile {name:?}; one of test, quick, full"
                ))
            })
    }
}

/// A claim about a method, ready to be run.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Unique name; the file is `<name>.toml`.
    pub name: String,
    /// One line.
    pub title: String,
    /// The claim in words, with its formula.
    pub statement: String,
    /// "Theorem 4.1", ...
    pub theorem: String,
    /// Where it is stated or derived.
    pub source: String,
    /// Kind of guarantee.
    pub kind: Guarantee,
    /// The method under test.
    pub method: Method,
    /// Hypotheses an instance must satisfy.
    pub hypotheses: Vec<Hypothesis>,
    /// Where the instances come from.
    pub families: Vec<Family>,
    /// What is checked on every instance.
    pub checks: Vec<Check>,
    /// Record error curves of the first instance of every family.
    pub plot: bool,
}

/// A family of instances: ranges to draw specs from.
#[derive(Clone, Debug)]
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
}

/// One check of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Unique within the claim; part of verdict ids.
    pub name: String,
    /// What is checked.
    pub kind: CheckKind,
    /// Number of steps to look at.
    pub steps: usize,
    /// Room given; its meaning depends on the check.
    pub slack: f64,
    /// Why that much.
    pub reason: String,
}

const STEPS: Bound = Bound {
    name: "steps",
    what: "the number of steps",
    min: 1.0,
    max: 5000.0,
};
const SLACK: Bound = Bound {
    name: "slack",
    what: "the slack",
    min: 0.0,
    max: 1.5,
};
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
            plain: false,
        }
        .normalised()
    }
}

fn log_uniform(random: &mut Random, [lo, hi]: [f64; 2]) -> f64 {
    lo * libm::pow(hi / lo, random.unit())
}

impl Claim {
    /// Parses and checks one file.
    ///
    /// # Errors
    /// Syntax, unknown keys or names, values out of range: names `file`, the line and the field.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let raw: RawClaim = toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(1, |s| {
                text[..s.start.min(text.len())].matches('\n').count() + 1
            });
            Error::input(e.message().to_string())
                .at_line(line)
                .in_file(file)
        })?;
        raw.resolve()
            .map_err(|e| match line_of(text, e.field().unwrap_or_default()) {
                Some(line) => e.at_line(line).in_file(file),
                None => e.in_file(file),
            })
    }

    /// Instance `index` of a family in a run, with its name: a function of the run's seed and these names
    /// only.
    ///
    /// # Errors
    /// When the spec drawn is out of range.
    pub fn instance(&self, seed: u64, family: usize, index: usize) -> Result<(Instance, Label)> {
        let (spec, seed, label) = self.draw(seed, family, index);
        Ok((Instance::generate(&spec, seed)?, label))
    }

    /// The same as spec, seed and name, for instances of either half.
    pub fn draw(&self, seed: u64, family: usize, index: usize) -> (Spec, u64, Label) {
        let f = &self.families[family];
        let kind = f.kind.name();
        let seed = mix(&[
            seed,
            hash(&self.name),
            hash(kind),
            family as u64,
            index as u64,
        ]);
        let spec = f.draw(index, mix(&[seed, 1]));
        let label = Label {
            instance: format!("{kind}.{family}.{index}"),
            replay: "ratecert replay {id}".into(),
            plot: self.plot && index == 0,
        };
        (spec, seed, label)
    }

    /// What a pass means, in one sentence per check.
    pub fn caught(&self) -> String {
        let parts: Vec<String> = self
            .checks
            .iter()
            .map(|c| c.kind.catches(c.slack))
            .collect();
        parts.join(" ")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClaim {
    schema: u32,
    name: String,
    title: String,
    statement: String,
    theorem: String,
    source: String,
    kind: Guarantee,
    method: String,
    hypotheses: Vec<String>,
    #[serde(default)]
    plot: bool,
    instances: Vec<RawFamily>,
    checks: Vec<RawCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFamily {
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCount {
    test: usize,
    quick: usize,
    full: usize,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(untagged)]
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCheck {
    pub(super) check: String,
    name: Option<String>,
    pub(super) level: Option<String>,
    pub(super) growth: Option<String>,
    pub(super) replicates: Option<usize>,
    steps: Option<usize>,
    slack: f64,
    reason: String,
}

impl RawClaim {
    fn resolve(self) -> Result<Claim> {
        if self.schema != 1 {
            return Err(
                Error::input(format!("only schema 1 is known, got {}", self.schema))
                    .in_field("schema"),
            );
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(allowed) {
            let message = format!("must consist of a-z, 0-9 and -, got {:?}", self.name);
            return Err(Error::input(message).in_field("name"));
        }
        for (field, text) in [
            ("title", &self.title),
            ("statement", &self.statement),
            ("source", &self.source),
        ] {
            if text.trim().is_empty() {
                return Err(Error::input("must not be empty").in_field(field));
            }
        }
        let method = Method::from_name(&self.method)?;
        let hypotheses = self
            .hypotheses
            .iter()
            .map(|h| hypothesis(h))
            .collect::<Result<Vec<_>>>()?;
        let families = self
            .instances
            .into_iter()
            .enumerate()
            .map(|(i, f)| {
                f.resolve()
                    .map_err(|e| e.in_field(format!("instances[{i}]")))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut checks: Vec<Check> = Vec::new();
        for (i, raw) in self.checks.into_iter().enumerate() {
            let check = raw
                .resolve(method)
                .map_err(|e| e.in_field(format!("checks[{i}]")))?;
            if checks.iter().any(|c| c.name == check.name) {
                let message = format!("two checks are named {:?}; give one a `name`", check.name);
                return Err(Error::input(message).in_field(format!("checks[{i}].name")));
            }
            checks.push(check);
        }
        if let Some(i) = families
            .iter()
            .position(|f: &Family| f.kind.is_stochastic() != method.stochastic().is_some())
        {
            let kind = families[i].kind.name();
            let message = format!("{kind:?} is not a kind of instance for {:?}", method.name());
            return Err(Error::input(message).in_field(format!("instances[{i}].kind")));
        }
        if families.is_empty() || checks.is_empty() {
            let field = if families.is_empty() {
                "instances"
            } else {
                "checks"
            };
            return Err(Error::input("must not be empty").in_field(field));
        }
        Ok(Claim {
            name: self.name,
            title: self.title,
            statement: self
                .statement
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            theorem: self.theorem,
            source: self.source,
            kind: self.kind,
            method,
            hypotheses,
            families,
            checks,
            plot: self.plot,
        })
    }
}

fn hypothesis(name: &str) -> Result<Hypothesis> {
    Hypothesis::NAMES
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, h)| *h)
        .ok_or_else(|| {
            let names: Vec<&str> = Hypothesis::NAMES.iter().map(|n| n.0).collect();
            Error::input(format!(
                "unknown hypothesis {name:?}; one of {}",
                names.join(", ")
            ))
            .in_field("hypotheses")
        })
}

impl RawFamily {
    fn resolve(self) -> Result<Family> {
        let kind = Kind::from_name(&self.kind)?;
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
        };
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

impl RawCheck {
    fn resolve(self, method: Method) -> Result<Check> {
        let kind = CheckKind::resolve(&self, method)?;
        let steps = STEPS.check_count(self.steps.unwrap_or(60))?;
        SLACK.check(self.slack)?;
        if self.reason.trim().is_empty() {
            return Err(Error::input("a slack needs a reason").in_field("reason"));
        }
        let name = self.name.unwrap_or_else(|| kind.default_name());
        Ok(Check {
            name,
            kind,
            steps,
            slack: self.slack,
            reason: self.reason,
        })
    }
}

/// The line of a field path such as `checks[1].level`: the key `level` in the second `[[checks]]` table.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let mut from = 0;
    let mut key = field;
    if let Some((table, rest)) = field.split_once('[') {
        let (index, rest) = rest.split_once(']')?;
        let index: usize = index.parse().ok()?;
        let header = format!("[[{table}]]");
        from = text
            .lines()
            .enumerate()
            .filter(|(_, l)| l.trim() == header)
            .nth(index)?
            .0;
        key = rest.trim_start_matches('.');
    }
    let key = key.split(['.', '[']).next().unwrap_or_default();
    if key.is_empty() {
        return Some(from + 1);
    }
    let starts = |line: &str| {
        let line = line.trim_start();
        line.strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let found = text
        .lines()
        .skip(from)
        .position(starts)
        .map(|i| from + i + 1);
    found.or(if from > 0 { Some(from + 1) } else { None })
}
