//! The messages of both directions, and how a line is read.

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::case::Case;
use super::number::{Number, Row, Rows};
use super::served::{Eval, Evals, ServedMap};
use crate::error;
use crate::numerals::locate;

/// What ratecert says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ToSubject {
    /// The first message.
    Hello(HelloToSubject),
    /// A case.
    Case(Box<Case>),
    /// One evaluation of a served map.
    Eval(Box<Eval>),
    /// Many of them.
    Evals(Evals),
    /// The last message.
    Stop(Stop),
}

/// What an implementation says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FromSubject {
    /// The answer to hello.
    Hello(Box<HelloFromSubject>),
    /// The answer to a case.
    Result(Result),
    /// It does not do such cases.
    Skipped(Skipped),
    /// It could not do it.
    Error(Error),
    /// The value of an evaluation.
    Value(Value),
    /// The values of many, in order.
    Values(Values),
}

/// The first message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct HelloToSubject {
    /// The version spoken.
    pub protocol: u32,
}

impl HelloToSubject {
    /// Says this version.
    pub fn new(protocol: u32) -> Self {
        Self { protocol }
    }
}

/// What an implementation is and does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct HelloFromSubject {
    /// The version spoken.
    pub protocol: u32,
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// The methods it does.
    #[serde(default)]
    pub methods: Vec<String>,
    /// The families it does.
    #[serde(default)]
    pub problems: Vec<String>,
    /// f64 (the default) or f32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    /// It can give D itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jacobian: Option<bool>,
    /// ITD can linearise at given points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<bool>,
    /// The largest d it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_dim: Option<usize>,
    /// Relative residual to which `implicit` solves its linear system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Number>,
    /// ‖Φ(w, λ) - w‖ relative to max(1, ‖w‖) at which `implicit` leaves its own w.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solver_tolerance: Option<Number>,
    /// `implicit` always finds w(λ) itself: cases come with w0 only. Needs `solver_tolerance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_point: Option<bool>,
    /// Maps of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maps: Option<Vec<ServedMap>>,
}

/// The last message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Stop {}

/// The answer to a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Result {
    /// That of the case.
    pub id: String,
    /// One per entry of `steps` (one in all for `implicit`).
    pub estimates: Vec<Estimate>,
    /// ok (the default) or not-converged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// An estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a list of numbers, or a list of rows")]
#[non_exhaustive]
pub enum Estimate {
    /// Dᵀy or a hypergradient (m).
    Vector(Row),
    /// D, d rows of m numbers.
    Matrix(Rows),
}

/// The implementation does not do such cases: neutral.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Skipped {
    /// That of the case.
    pub id: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// The implementation could not do it: a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Error {
    /// That of the case or evaluation; may be empty where a message was not understood.
    #[serde(default)]
    pub id: String,
    /// In words.
    #[serde(default)]
    pub message: String,
}

/// The value of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Value {
    /// That of the evaluation.
    pub id: String,
    /// The numbers.
    pub value: Row,
}

/// The values of many evaluations, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[non_exhaustive]
pub struct Values {
    /// That of the message that asked.
    pub id: String,
    /// One list per item.
    pub values: Vec<Row>,
}

impl ToSubject {
    /// The line, without its newline.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl FromSubject {
    /// The line, without its newline.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What it answers, where it says so.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Hello(_) => None,
            Self::Result(m) => Some(&m.id),
            Self::Skipped(m) => Some(&m.id),
            Self::Error(m) => Some(&m.id),
            Self::Value(m) => Some(&m.id),
            Self::Values(m) => Some(&m.id),
        }
    }
}

/// Reads a line of an implementation. Fields that are not known are ignored.
///
/// # Errors
/// Names the field: not JSON, an unknown type, a missing or mistyped field.
pub fn parse_from_subject(line: &str) -> error::Result<FromSubject> {
    const TYPES: &str = "hello, result, skipped, error, value, values";
    Ok(match type_of(line)?.as_str() {
        "hello" => FromSubject::Hello(locate::located(line)?),
        "result" => FromSubject::Result(locate::located(line)?),
        "skipped" => FromSubject::Skipped(locate::located(line)?),
        "error" => FromSubject::Error(locate::located(line)?),
        "value" => FromSubject::Value(locate::located(line)?),
        "values" => FromSubject::Values(locate::located(line)?),
        other => return Err(unknown_type(other, TYPES)),
    })
}

/// Reads a line of ratecert. Fields that are not known are ignored.
///
/// # Errors
/// As those of [`parse_from_subject`].
pub fn parse_to_subject(line: &str) -> error::Result<ToSubject> {
    Ok(match type_of(line)?.as_str() {
        "hello" => ToSubject::Hello(locate::located(line)?),
        "case" => ToSubject::Case(locate::located(line)?),
        "eval" => ToSubject::Eval(locate::located(line)?),
        "evals" => ToSubject::Evals(locate::located(line)?),
        "stop" => ToSubject::Stop(locate::located(line)?),
        other => return Err(unknown_type(other, "hello, case, eval, evals, stop")),
    })
}

fn unknown_type(got: &str, known: &str) -> error::Error {
    let shown: String = got.chars().take(40).collect();
    error::Error::input(format!("unknown {shown:?}; one of {known}")).in_field("type")
}

/// The type of a message. Its other fields are passed over: held as values they would take up to a
/// hundred times the memory of their text.
///
/// # Errors
/// What is no JSON object, or has no type that is a text.
pub(crate) fn type_of(line: &str) -> error::Result<String> {
    #[derive(Deserialize)]
    struct Typed<'l> {
        #[serde(borrow)]
        r#type: Option<&'l RawValue>,
    }
    let named = |text: &str| error::Error::input(text).in_field("type");
    let typed = serde_json::from_str::<Typed<'_>>(line);
    // A list of one would be read as the fields in order.
    let Some(typed) = typed.ok().filter(|_| is_object(line)) else {
        return Err(no_message(line));
    };
    let raw = typed.r#type.ok_or_else(|| named("is missing"))?;
    serde_json::from_str(raw.get()).map_err(|_| named("must be a string"))
}

fn is_object(line: &str) -> bool {
    line.trim_start().starts_with('{')
}

/// What is wrong with a line that is no object with one type at most.
fn no_message(line: &str) -> error::Error {
    if let Err(e) = serde_json::from_str::<IgnoredAny>(line) {
        let text = e.to_string();
        let at = text.rfind(" at line ").unwrap_or(text.len());
        return error::Error::input(format!(
            "not valid JSON: {} at character {}",
            &text[..at],
            e.column()
        ));
    }
    if is_object(line) {
        error::Error::input("stands there twice").in_field("type")
    } else {
        error::Error::input("expected a JSON object")
    }
}

/// The fields of a line that its message, read and written again, does not have: what a closed
/// schema refuses.
pub fn unknown_fields(line: &str, written: &str) -> Vec<String> {
    let parsed = [line, written].map(|text| serde_json::from_str::<Json>(text).ok());
    let mut out = Vec::new();
    if let [Some(got), Some(known)] = &parsed {
        compare(got, known, String::new(), &mut out);
    }
    out
}

fn compare(got: &Json, known: &Json, path: String, out: &mut Vec<String>) {
    match (got, known) {
        (Json::Object(got), Json::Object(known)) => {
            for (name, value) in got {
                let path = match path.as_str() {
                    "" => name.clone(),
                    outer => format!("{outer}.{name}"),
                };
                match known.get(name) {
                    Some(known) => compare(value, known, path, out),
                    // A field that is there without saying anything.
                    None if value.is_null() => {}
                    None => out.push(path),
                }
            }
        }
        (Json::Array(got), Json::Array(known)) => {
            for (i, (got, known)) in got.iter().zip(known).enumerate() {
                compare(got, known, format!("{path}[{i}]"), out);
            }
        }
        _ => {}
    }
}
