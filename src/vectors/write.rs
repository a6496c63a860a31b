//! The files written, and compared with those of a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use self::erased::Json as _;
use super::expected::{Exact, exact};
use super::file::{Expected, Member, ProblemOrRecipe, SCHEMA, TruthNote, VectorCase, VectorFile};
use super::flag::Flag;
use super::list::{Group, list, refusals};
use super::recipe::checksum;
use crate::error::{Error, Result};
use crate::files;
use crate::tol::MOST_DATA;
use crate::wire::{Case, Estimate, Number, Posed, Row, schema_of, schemas};

/// Where the list stands, for the provenance of a file.
const FROM: &str = "vectors/cases.toml";

/// Every file by its path below the directory, with its text: groups, `refusals.json`,
/// `flags.json`, `index.json` and the schemas.
///
/// # Errors
/// When a case has no exact answer, or two ways to it disagree.
pub fn files() -> Result<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    let mut index = Vec::new();
    for group in list()? {
        let file = vector_file(&group).map_err(|e| e.in_field(group.id.clone()))?;
        let methods: BTreeSet<&str> = file.cases.iter().map(|c| c.method.as_str()).collect();
        index.push(json!({
            "file": format!("{}.json", group.id),
            "cases": file.cases.len(),
            "methods": methods,
            "family": group.cases.first().map(|c| c.problem.kind()),
            "flags": group.flags,
        }));
        out.insert(format!("{}.json", group.id), text(&file));
    }
    for file in refused()? {
        index.push(json!({
            "file": format!("{}.json", file.id),
            "cases": 1,
            "methods": [file.cases[0].method],
            "family": match &file.problem {
                ProblemOrRecipe::Problem(p) => p.kind(),
                ProblemOrRecipe::Recipe { .. } => "",
            },
            "flags": file.flags,
        }));
        out.insert(format!("{}.json", file.id), text(&file));
    }
    let flags: BTreeMap<String, Value> = { Flag::NOTES.iter() }
        .map(|(flag, bug, effect)| (format!("{flag:?}"), json!({ "bug": bug, "effect": effect })))
        .collect();
    out.insert("flags.json".into(), pretty(&json!(flags)));
    out.insert("index.json".into(), pretty(&json!(index)));
    for (name, schema) in schemas() {
        out.insert(format!("schemas/{name}.json"), deep(&schema));
    }
    let schema = schema_of::<VectorFile>().to_value();
    out.insert("schemas/vectors.json".into(), deep(&schema));
    Ok(out)
}

fn vector_file(group: &Group) -> Result<VectorFile> {
    let mut cases = Vec::new();
    let mut rational = true;
    let mut sampled = false;
    let mut solved = true;
    for case in &group.cases {
        let named = |e: Error| e.in_field(case.id.clone());
        let posed = Posed::of(case).map_err(named)?;
        let exact = exact(&posed).map_err(named)?;
        rational &= exact.rational;
        sampled |= posed.samples.is_some();
        solved &= matches!(case.method.as_str(), "aid-cg" | "implicit");
        cases.push(vector_case(case, expected(&posed, exact)));
    }
    let way = match (solved, sampled) {
        (true, _) => "Gaussian elimination for (I - d1 Phi) D = d2 Phi at the point",
        (false, true) => "The recursion with the given minibatches and step sizes",
        (false, false) => {
            "The recursion (for aid-cg and implicit Gaussian elimination at the point)"
        }
    };
    let check = if rational {
        "The same in rational arithmetic where there are at most 16 steps, and this crate's binary64 methods, which compute the same by products, to their rounding floor."
    } else {
        "This crate's binary64 methods, which compute the same by products, to their rounding floor."
    };
    Ok(VectorFile {
        schema: SCHEMA,
        id: group.id.clone(),
        comment: group.comment.clone(),
        flags: group.flags.clone(),
        truth: TruthNote {
            method: format!(
                "{way}, in double-double arithmetic straight from the data, rounded once."
            ),
            digits: 31,
            check: check.into(),
        },
        provenance: FROM.into(),
        problem: match (&group.recipe, group.cases.first()) {
            (Some(recipe), _) => ProblemOrRecipe::Recipe {
                checksum: checksum(&recipe.problem()),
                recipe: recipe.recipe,
                dim: recipe.dim,
            },
            (None, Some(case)) => ProblemOrRecipe::Problem(case.problem.clone()),
            (None, None) => return Err(Error::input("has no cases")),
        },
        cases,
    })
}

fn refused() -> Result<Vec<VectorFile>> {
    let file = |refusal: super::list::Refusal| {
        let why = match Posed::of(&refusal.case) {
            Err(e) => e.to_string(),
            Ok(_) => {
                let text = "is a valid case";
                return Err(Error::input(text).in_field(refusal.id));
            }
        };
        Ok(VectorFile {
            schema: SCHEMA,
            id: refusal.id,
            comment: refusal.comment,
            flags: vec![Flag::InvalidInput],
            truth: TruthNote {
                method: "Its hypotheses are violated: there is no answer.".into(),
                digits: 0,
                check: "This crate refuses it.".into(),
            },
            provenance: FROM.into(),
            problem: ProblemOrRecipe::Problem(refusal.case.problem.clone()),
            cases: vec![vector_case(&refusal.case, Expected::Refuse { why })],
        })
    };
    refusals()?.into_iter().map(file).collect()
}

fn vector_case(case: &Case, expected: Expected) -> VectorCase {
    VectorCase {
        id: case.id.clone(),
        method: case.method.clone(),
        lambda: case.lambda.clone(),
        w0: case.w0.clone(),
        w: case.w.clone(),
        path: case.path.clone(),
        cotangent: case.cotangent.clone(),
        want: case.want.clone(),
        steps: case.steps.clone(),
        inner: case.inner.clone(),
        objective: case.objective.clone(),
        inner_samples: case.inner_samples.clone(),
        samples: case.samples.clone(),
        step_sizes: case.step_sizes.clone(),
        expected,
    }
}

fn expected(posed: &Posed, exact: Exact) -> Expected {
    let row = |v: &[f64]| -> Row { v.iter().map(|x| Number(*x)).collect() };
    let m = posed.instance.map.dims().lambda;
    let estimate = |e: &Vec<f64>| match posed.method.is_reverse() {
        true => Estimate::Vector(row(e)),
        false => Estimate::Matrix(e.chunks(m).map(row).collect()),
    };
    let all = |e: &[Vec<f64>]| e.iter().map(estimate).collect();
    let (error, floor) = (row(&exact.error), row(&exact.floor));
    if exact.others.is_empty() {
        return Expected::Point {
            estimates: all(&exact.estimates),
            error,
            floor,
        };
    }
    let first = (0.0, exact.estimates.clone());
    let members = std::iter::once(&first).chain(&exact.others);
    let member = |(tie, estimates): &(f64, Vec<Vec<f64>>)| Member {
        tie: Number(*tie),
        estimates: all(estimates),
    };
    Expected::Set {
        members: members.map(member).collect(),
        radius: row(&exact.radius),
        error,
        floor,
    }
}

/// A file with a line for every field, and one for every case.
fn text(file: &VectorFile) -> String {
    let compact = |v: &dyn erased::Json| v.compact();
    let fields: [(&str, &dyn erased::Json); 7] = [
        ("schema", &file.schema),
        ("id", &file.id),
        ("comment", &file.comment),
        ("flags", &file.flags),
        ("truth", &file.truth),
        ("provenance", &file.provenance),
        ("problem", &file.problem),
    ];
    let mut out = String::from("{\n");
    for (name, value) in fields {
        out += &format!("  \"{name}\": {},\n", compact(value));
    }
    let cases: Vec<String> = { file.cases.iter() }
        .map(|case| format!("    {}", case.compact()))
        .collect();
    out + &format!("  \"cases\": [\n{}\n  ]\n}}\n", cases.join(",\n"))
}

/// What can be written as JSON on one line, behind a pointer.
mod erased {
    use serde::Serialize;

    pub(super) trait Json {
        fn compact(&self) -> String;
    }

    impl<T: Serialize> Json for T {
        fn compact(&self) -> String {
            serde_json::to_string(self).unwrap_or_default()
        }
    }
}

/// A list or a table with a line for every entry.
fn pretty(value: &Value) -> String {
    let (open, entries, close) = match value {
        Value::Object(fields) => {
            let entry = |(name, value): (&String, &Value)| format!("  \"{name}\": {value}");
            ("{", fields.iter().map(entry).collect::<Vec<_>>(), "}")
        }
        Value::Array(items) => ("[", items.iter().map(|v| format!("  {v}")).collect(), "]"),
        other => return format!("{other}\n"),
    };
    format!("{open}\n{}\n{close}\n", entries.join(",\n"))
}

fn deep(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// Writes all files into a directory.
///
/// # Errors
/// Those of [`files()`], and what the system refuses.
pub fn generate(dir: &Path) -> Result<usize> {
    let files = files()?;
    let folder = dir.join("schemas");
    fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, &e))?;
    for (name, text) in &files {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|e| Error::io(&path, &e))?;
    }
    Ok(files.len())
}

/// What differs between a directory and the files as they are computed now, a line each; nothing
/// where they are the same.
///
/// # Errors
/// Those of [`files()`], and what the system refuses.
pub fn verify(dir: &Path) -> Result<Vec<String>> {
    let files = files()?;
    let mut out = Vec::new();
    for (name, text) in &files {
        match files::read(&dir.join(name), MOST_DATA) {
            Ok(found) if found == *text => {}
            Ok(found) => {
                let pairs = found.lines().zip(text.lines());
                let line = { pairs.enumerate() }.find(|(_, (a, b))| a != b);
                let at = line.map_or(found.lines().count(), |(n, _)| n + 1);
                out.push(format!("{name}:{at}: is not what is computed now"));
            }
            Err(e) => out.push(format!("{name}: {e}")),
        }
    }
    for folder in ["", "schemas"] {
        let path = dir.join(folder);
        let entries = fs::read_dir(&path).map_err(|e| Error::io(&path, &e))?;
        for entry in entries.filter_map(std::result::Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let full = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            if name.ends_with(".json") && !files.contains_key(&full) {
                out.push(format!("{full}: no entry of the list makes it"));
            }
        }
    }
    Ok(out)
}
