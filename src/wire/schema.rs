//! The closed JSON Schemas of the messages, one a type.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value as Json, json};

use super::case::Case;
use super::message::{
    Error, HelloFromSubject, HelloToSubject, Result, Skipped, Stop, Value, Values,
};
use super::served::{Eval, Evals};

/// Every message by file name (without `.json`), what it is, and its schema: `to-subject-*` and
/// `from-subject-*`.
pub fn schemas() -> Vec<(&'static str, Json)> {
    vec![
        ("to-subject-hello", message::<HelloToSubject>("hello")),
        ("to-subject-case", message::<Case>("case")),
        ("to-subject-eval", message::<Eval>("eval")),
        ("to-subject-evals", message::<Evals>("evals")),
        ("to-subject-stop", message::<Stop>("stop")),
        ("from-subject-hello", message::<HelloFromSubject>("hello")),
        ("from-subject-result", message::<Result>("result")),
        ("from-subject-skipped", message::<Skipped>("skipped")),
        ("from-subject-error", message::<Error>("error")),
        ("from-subject-value", message::<Value>("value")),
        ("from-subject-values", message::<Values>("values")),
    ]
}

/// The schema of a type, draft 2020-12.
pub(crate) fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>()
}

/// The same with the field `type`.
fn message<T: JsonSchema>(kind: &str) -> Json {
    let mut schema = schema_of::<T>().to_value();
    if let Some(object) = schema.as_object_mut() {
        let properties = object.entry("properties").or_insert_with(|| json!({}));
        properties["type"] = json!({ "const": kind });
        let required = object.entry("required").or_insert_with(|| json!([]));
        if let Some(list) = required.as_array_mut() {
            list.insert(0, json!("type"));
        }
        object.insert("additionalProperties".into(), json!(false));
    }
    schema
}
