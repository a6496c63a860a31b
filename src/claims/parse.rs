//! Claims as TOML files.

use std::sync::Arc;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::claim::{Claim, ClaimCheck, Guarantee};
use super::family::{Family, RawFamily};
use crate::case::{Method, Target, Trouble};
use crate::checks::{self, Keys};
use crate::error::{Bound, Error, Result};
use crate::instances::{check_run, hash};
use crate::linalg::{Matrix, Vector};
use crate::numerals::locate;
use crate::objectives::{HoldOut, Objective};
use crate::theory::Hypothesis;

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

/// Families of a claim, and its checks: their products are instances and verdicts.
const MOST_FAMILIES: usize = 1000;
const MOST_CHECKS: usize = 100;

/// Steps looked at where a check says nothing else.
const DEFAULT_STEPS: usize = 60;

impl Claim {
    /// Parses and checks one file.
    ///
    /// # Errors
    /// Syntax, unknown keys or names, values out of range: names `file`, the line and the field.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let raw = RawClaim::read(text).map_err(|e| e.in_file(file))?;
        raw.resolve(text).map_err(|e| {
            let line = e.field().and_then(|f| line_of(text, f));
            match line {
                Some(line) => e.at_line(line).in_file(file),
                None => e.in_file(file),
            }
        })
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
    #[serde(default)]
    hypergradient: bool,
    instances: Vec<RawFamily>,
    checks: Vec<toml::Table>,
}

impl RawClaim {
    fn read(text: &str) -> Result<Self> {
        let located = |e: &toml::de::Error, field: &str| {
            let line = e.span().map_or(1, |s| line_at(text, s.start));
            locate::named(e.message(), field).at_line(line)
        };
        let document = toml::Deserializer::parse(text).map_err(|e| located(&e, ""))?;
        serde_path_to_error::deserialize(document)
            .map_err(|e| located(e.inner(), &locate::dotted(e.path())))
    }

    fn resolve(self, text: &str) -> Result<Claim> {
        if self.schema != 1 {
            let text = format!("only schema 1 is known, got {}", self.schema);
            return Err(Error::input(text).in_field("schema"));
        }
        is_name(&self.name)?;
        for (field, text) in [
            ("title", &self.title),
            ("statement", &self.statement),
            ("source", &self.source),
            ("theorem", &self.theorem),
        ] {
            if text.trim().is_empty() {
                return Err(Error::input("must not be empty").in_field(field));
            }
        }
        let method = Method::from_name(&self.method)?;
        if self.hypergradient && (!method.is_reverse() || method == Method::SID) {
            let text = format!("{method} gives no hypergradients");
            return Err(Error::input(text).in_field("hypergradient"));
        }
        let hypotheses = self.hypotheses.iter().map(|h| hypothesis(h));
        let hypotheses = hypotheses.collect::<Result<Vec<_>>>()?;
        let families = families(self.instances, method, self.hypergradient)?;
        let checks = checks_of(self.checks, method)?;
        speak_of(&checks, self.hypergradient)?;
        let horizon = checks.iter().map(|c| c.steps).max().unwrap_or(0);
        for (n, family) in families
            .iter()
            .enumerate()
            .filter(|_| !method.is_stochastic())
        {
            let (d, m) = family.largest();
            check_run(d, m, horizon).map_err(|e| e.in_field(format!("instances[{n}]")))?;
        }
        let words: Vec<&str> = self.statement.split_whitespace().collect();
        Ok(Claim {
            statement: words.join(" "),
            name: self.name,
            title: self.title,
            theorem: self.theorem,
            source: self.source,
            kind: self.kind,
            method,
            hypotheses,
            hypergradient: self.hypergradient,
            families,
            checks,
            plot: self.plot,
            digest: hash(text),
        })
    }
}

/// Refuses checks that know nothing of the target.
fn speak_of(checks: &[ClaimCheck], hypergradient: bool) -> Result<()> {
    let one = Objective::LeastSquares(HoldOut::new(Matrix::zeros(1, 1), Vector::zeros(1), 0.0));
    let target = if hypergradient {
        Target::Hypergradient(&one)
    } else {
        Target::Jacobian
    };
    match checks.iter().position(|c| !c.check.knows(target)) {
        None => Ok(()),
        Some(n) => {
            let text = if hypergradient {
                "says nothing about hypergradients"
            } else {
                "is about hypergradients: the claim needs `hypergradient = true`"
            };
            Err(Error::input(text).in_field(format!("checks[{n}].check")))
        }
    }
}

/// Some, and not too many.
fn check_count(field: &str, count: usize, most: usize) -> Result<()> {
    let text = match count {
        0 => "must not be empty".into(),
        n if n > most => format!("has {n} entries, and {most} are the most"),
        _ => return Ok(()),
    };
    Err(Error::input(text).in_field(field))
}

fn families(raw: Vec<RawFamily>, method: Method, hypergradient: bool) -> Result<Vec<Family>> {
    check_count("instances", raw.len(), MOST_FAMILIES)?;
    let mut out = Vec::new();
    for (i, family) in raw.into_iter().enumerate() {
        let field = format!("instances[{i}]");
        let family = family
            .resolve(hypergradient)
            .map_err(|e| e.in_field(field.clone()))?;
        if family.kind.is_stochastic() != method.is_stochastic() {
            let kind = family.kind.name();
            let message = format!("{kind:?} is not a kind of instance for {:?}", method.name());
            return Err(Error::input(message).in_field(field + ".kind"));
        }
        out.push(family);
    }
    Ok(out)
}

fn checks_of(raw: Vec<toml::Table>, method: Method) -> Result<Vec<ClaimCheck>> {
    check_count("checks", raw.len(), MOST_CHECKS)?;
    let mut out: Vec<ClaimCheck> = Vec::new();
    for (i, table) in raw.into_iter().enumerate() {
        let field = format!("checks[{i}]");
        let check = check(table, method).map_err(|e| e.in_field(field.clone()))?;
        if out.iter().any(|c| c.name == check.name) {
            let message = format!("two checks are named {:?}; give one a `name`", check.name);
            return Err(Error::input(message).in_field(field + ".name"));
        }
        out.push(check);
    }
    Ok(out)
}

/// One `[[checks]]` table: the keys that all checks have, then those of this one.
fn check(mut table: toml::Table, method: Method) -> Result<ClaimCheck> {
    let number = |v: &toml::Value| v.as_float().or_else(|| v.as_integer().map(|n| n as f64));
    let slack = match table.remove("slack") {
        Some(v) => number(&v)
            .ok_or_else(|| Error::input("expected a number").in_field("slack"))
            .and_then(|v| SLACK.check(v))?,
        None => return Err(Error::input("is missing").in_field("slack")),
    };
    let mut keys = Keys::new(method, table);
    let label = keys.text("check")?;
    let entry = checks::find(&label, method)?;
    let steps = keys.optional_count(&STEPS)?.unwrap_or(DEFAULT_STEPS);
    let reason = keys.text("reason")?;
    if reason.trim().is_empty() {
        return Err(Error::input("a slack needs a reason").in_field("reason"));
    }
    let name = keys.optional_text("name")?;
    if let Some(name) = &name {
        check_name(name)?;
    }
    let check = (entry.parse)(&mut keys)?;
    keys.finish(&label)?;
    Ok(ClaimCheck {
        name: name.unwrap_or_else(|| check.name()),
        check: Arc::from(check),
        steps,
        slack,
        reason,
    })
}

/// The name of a check is the last part of an id, where the names of troubles stand too.
fn check_name(name: &str) -> Result<()> {
    is_name(name)?;
    if [Trouble::Error, Trouble::Input]
        .iter()
        .any(|t| t.name() == name)
    {
        let text = format!("{name:?} stands for a failing implementation");
        return Err(Error::input(text).in_field("name"));
    }
    Ok(())
}

/// Characters of a name, which becomes that of a file.
const LONGEST: usize = 80;

fn is_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty()
        || name.starts_with('-')
        || name.len() > LONGEST
        || !name.chars().all(allowed)
    {
        let text = format!(
            "must consist of a-z, 0-9 and -, begin with another than - and have {LONGEST} characters at most, got {name:?}"
        );
        return Err(Error::input(text).in_field("name"));
    }
    Ok(())
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

/// The line, from 1, of a byte.
fn line_at(text: &str, byte: usize) -> usize {
    text[..byte.min(text.len())].matches('\n').count() + 1
}

/// The line of a field path such as `checks[1].level`, or of the innermost part of it that is
/// there.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut at: Option<usize> = None;
    let mut value = DeValue::Table(table.into_inner());
    for part in field.split(['.', '[']) {
        let next = match part.strip_suffix(']') {
            Some(index) => value.get(index.parse::<usize>().ok()?).cloned(),
            None => {
                let entries = value.as_table()?;
                let key = entries.iter().find(|(k, _)| k.get_ref() == part);
                key.map(|(k, v)| {
                    at = Some(k.span().start);
                    v.clone()
                })
            }
        };
        let Some(found) = next else { break };
        if part.ends_with(']') {
            at = Some(found.span().start);
        }
        value = found.into_inner();
    }
    at.map(|byte| line_at(text, byte))
}
