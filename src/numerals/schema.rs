//! The JSON Schema of floats in files.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// What stands in a schema for a float in the form of [`super::numbers`].
pub enum Float {}

impl JsonSchema for Float {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A float as a shortest decimal that round-trips, or one of three names.",
            "anyOf": [
                { "type": "number" },
                { "enum": ["NaN", "Infinity", "-Infinity"] }
            ]
        })
    }
}
