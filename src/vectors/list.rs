//! The fixed cases of `vectors/cases.toml`, read and expanded: an entry becomes one case per method
//! and cotangent.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::flag::Flag;
use super::recipe::Recipe;
use crate::case::Method;
use crate::error::{Error, Result};
use crate::evidence::{Declared, Where};
use crate::linalg::Vector;
use crate::maps::Map;
use crate::numerals::locate;
use crate::tol::Roundoff;
use crate::truth::Truth;
use crate::truth::kinks::Kinks;
use crate::truth::reference::Scalar;
use crate::wire::{Case, Number, Objective, Posed, Problem, Row};

/// The text of the list as it was at build time.
const LIST: &str = include_str!("../../vectors/cases.toml");

/// Fixed cases that share a problem and a purpose.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group {
    /// The id of the entry; those of its cases begin with it.
    pub id: String,
    /// What it is for.
    pub comment: String,
    /// What it is made to show.
    pub flags: Vec<Flag>,
    /// All of its cases belong to any selection.
    pub keep: bool,
    /// The formula of its problem, where that is too large to be written out.
    pub recipe: Option<Recipe>,
    /// Its cases.
    pub cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    problems: BTreeMap<String, toml::Value>,
    cases: Vec<Entry>,
    refusals: Vec<RawRefusal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRefusal {
    id: String,
    comment: String,
    case: toml::Table,
}

/// A case that must be refused.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// Its id, which is that of the case too.
    pub id: String,
    /// What is wrong with it.
    pub comment: String,
    /// The case.
    pub case: Case,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    comment: String,
    flags: Vec<Flag>,
    #[serde(default)]
    keep: bool,
    methods: Vec<String>,
    problem: String,
    lambda: Values,
    at: Option<Values>,
    path: Option<Vec<Row>>,
    cotangent: Option<Values>,
    cotangents: Option<Vec<Row>>,
    want: Option<String>,
    steps: Option<Vec<usize>>,
    /// Of the system of AID-CG, where counting them takes long.
    unknowns: Option<usize>,
    objective: Option<Objective>,
    inner_samples: Option<Vec<Vec<usize>>>,
    samples: Option<Vec<Vec<usize>>>,
    step_sizes: Option<Row>,
}

/// Numbers, or a word for them.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Values {
    Given(Row),
    Word(String),
}

/// Reads the list.
///
/// # Errors
/// None for the list at hand: a test reads it.
pub fn list() -> Result<Vec<Group>> {
    parse(LIST)
}

/// Reads the cases that must be refused.
///
/// # Errors
/// As those of [`list`].
pub fn refusals() -> Result<Vec<Refusal>> {
    let file = read_file(LIST)?;
    let refusal = |raw: &RawRefusal| {
        let mut table = raw.case.clone();
        let name = table.get("problem").and_then(toml::Value::as_str);
        let problem = name.and_then(|name| file.problems.get(name)).cloned();
        let problem = problem.ok_or_else(|| Error::input("no such problem"))?;
        table.insert("problem".into(), problem);
        table.insert("id".into(), raw.id.clone().into());
        Ok(Refusal {
            id: raw.id.clone(),
            comment: raw.comment.clone(),
            case: read(&toml::Value::Table(table))?,
        })
    };
    file.refusals.iter().map(refusal).collect()
}

fn parse(text: &str) -> Result<Vec<Group>> {
    let file = read_file(text)?;
    let group = |entry: &Entry| {
        let named = |e: Error| e.in_field(entry.id.clone()).in_file("cases.toml");
        group(entry, &file.problems).map_err(named)
    };
    file.cases.iter().map(group).collect()
}

fn read_file(text: &str) -> Result<File> {
    let document = toml::Deserializer::parse(text)
        .map_err(|e| Error::input(e.message().to_string()).in_file("cases.toml"))?;
    let file: File = serde_path_to_error::deserialize(document).map_err(|e| {
        locate::named(e.inner().message(), &locate::dotted(e.path())).in_file("cases.toml")
    })?;
    if file.schema != 1 {
        return Err(Error::input("only schema 1 is known").in_field("schema"));
    }
    Ok(file)
}

fn group(entry: &Entry, problems: &BTreeMap<String, toml::Value>) -> Result<Group> {
    let unknown = || Error::input(format!("no problem {:?}", entry.problem));
    let written = problems.get(&entry.problem).ok_or_else(unknown)?;
    let recipe = match written.get("recipe") {
        Some(_) => Some(read::<Recipe>(written)?),
        None => None,
    };
    let problem = match &recipe {
        Some(recipe) => recipe.problem(),
        None => read(written)?,
    };
    let mut cases = Vec::new();
    for method in &entry.methods {
        cases.extend(of_method(entry, method, &problem)?);
    }
    Ok(Group {
        id: entry.id.clone(),
        comment: entry.comment.clone(),
        flags: entry.flags.clone(),
        keep: entry.keep,
        recipe,
        cases,
    })
}

fn read<T: serde::de::DeserializeOwned>(value: &toml::Value) -> Result<T> {
    let json = serde_json::to_value(value).map_err(|e| Error::input(e.to_string()))?;
    locate::read(json)
}

/// The cases of one method: one per cotangent.
fn of_method(entry: &Entry, method: &str, problem: &Problem) -> Result<Vec<Case>> {
    let (name, inner) = match method.strip_prefix("hypergradient-") {
        Some(inner) => ("hypergradient", Some(inner.to_string())),
        None => (method.strip_suffix("-own").unwrap_or(method), None),
    };
    let sampled = entry.samples.is_some();
    // The map itself is prepared where a solution is wanted only: large ones take their time.
    let d = problem.dim();
    let lambda = numbers(&entry.lambda, d)?;
    let at = match &entry.at {
        None => None,
        Some(Values::Word(word)) if word == "solution" => {
            Some(solution(&problem.map(sampled)?, &lambda)?)
        }
        Some(values) => Some(numbers(values, d)?),
    };
    let starts = name == "itd" || inner.as_deref() == Some("itd") || method.ends_with("-own");
    let (w0, w) = if starts { (at, None) } else { (None, at) };
    let cotangents: Vec<Option<Row>> = match (&entry.cotangent, &entry.cotangents) {
        (Some(y), _) => vec![Some(numbers(y, d)?)],
        (None, Some(all)) => all.iter().cloned().map(Some).collect(),
        (None, None) => vec![None],
    };
    let several = entry.cotangents.is_some();
    let mut out = Vec::new();
    for (n, cotangent) in cotangents.into_iter().enumerate() {
        let suffix = if several {
            format!("-{}", n + 1)
        } else {
            String::new()
        };
        let mut case = Case {
            id: format!("{}-{method}{suffix}", entry.id),
            method: name.into(),
            problem: problem.clone(),
            lambda: lambda.clone(),
            w0: w0.clone(),
            w: w.clone(),
            path: entry.path.clone(),
            cotangent,
            want: entry.want.clone(),
            steps: (name != "implicit").then(|| entry.steps.clone().unwrap_or_default()),
            inner: inner.clone(),
            objective: entry.objective.clone(),
            inner_samples: entry.inner_samples.clone(),
            samples: entry.samples.clone(),
            step_sizes: entry.step_sizes.clone(),
        };
        if name == "aid-cg" {
            let count = match entry.unknowns {
                Some(count) => count,
                None => unknowns(&case)?,
            };
            case.steps = Some(vec![count]);
        }
        out.push(case);
    }
    Ok(out)
}

fn numbers(values: &Values, n: usize) -> Result<Row> {
    let each = |f: fn(usize) -> f64| Ok((0..n).map(|i| Number(f(i))).collect());
    match values {
        Values::Given(row) => Ok(row.clone()),
        Values::Word(word) => match word.as_str() {
            "zero" => each(|_| 0.0),
            "ramp" => each(|i| (i % 4) as f64 / 8.0 + 1.0 / 64.0),
            "alternating" => each(|i| if i % 2 == 0 { 1.0 } else { -1.0 }),
            "waves" => each(|i| ((i % 9) as f64 - 4.0) / 2.0),
            other => Err(Error::input(format!("unknown word {other:?}"))),
        },
    }
}

/// w(λ), rounded once.
fn solution(map: &Map, lambda: &[Number]) -> Result<Row> {
    let lambda: Vec<f64> = lambda.iter().map(|x| x.0).collect();
    let truth = Truth::solve(map, &lambda).map_err(|e| Error::input(e.to_string()))?;
    let rounded = |w: &Vector| w.iter().map(|v| Number(*v)).collect();
    Ok(match Kinks::solve(&truth) {
        Some(kinks) => kinks.w.iter().map(|v| Number(v.to_f64())).collect(),
        None => rounded(truth.w()),
    })
}

/// As many steps as the system of AID-CG has unknowns.
fn unknowns(case: &Case) -> Result<usize> {
    // Its own steps are what is asked for here.
    let asked = Case {
        steps: Some(vec![0]),
        ..case.clone()
    };
    let posed = Posed::of(&asked)?;
    debug_assert_eq!(posed.method, Method::AID_CG);
    let evidence = posed.evidence(Roundoff::DOUBLE, Declared::default());
    let unknowns = evidence.most_unknowns(Where::Iterate(0));
    unknowns.ok_or_else(|| Error::input("has no system"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_of_the_list_is_one_and_its_id_is_its_own() {
        let groups = list().unwrap();
        let mut ids = BTreeSet::new();
        for group in &groups {
            assert!(!group.comment.is_empty() && !group.flags.is_empty());
            for case in &group.cases {
                if case.method == "aid-cg" {
                    assert_eq!(
                        case.steps,
                        Some(vec![unknowns(case).unwrap()]),
                        "{}",
                        case.id
                    );
                }
                Posed::of(case).unwrap_or_else(|e| panic!("{}: {e}", case.id));
                assert!(ids.insert(case.id.clone()), "{}", case.id);
            }
        }
        assert!(ids.len() >= 150, "{}", ids.len());
        for refusal in refusals().unwrap() {
            assert!(Posed::of(&refusal.case).is_err(), "{}", refusal.id);
            assert!(ids.insert(refusal.id));
        }
        let used: BTreeSet<Flag> = groups.iter().flat_map(|g| g.flags.clone()).collect();
        for (flag, bug, effect) in Flag::NOTES {
            let shown = used.contains(flag) || *flag == Flag::InvalidInput;
            assert!(shown, "no case shows {flag:?}");
            assert!(bug.ends_with('.') && effect.ends_with('.'));
        }
    }
}
