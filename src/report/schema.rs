//! The JSON Schemas of the files of a run and of its baselines.

use schemars::{JsonSchema, Schema};

use super::run::RunInfo;
use crate::baseline::{Baseline, Samples};
use crate::claims::{Record, Verdict};
use crate::wire::schema_of;

/// Each by name, with what it is of.
pub fn result_schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("verdict", titled::<Verdict>("A line of verdicts.jsonl")),
        ("record", titled::<Record>("A line of records.jsonl")),
        (
            "run",
            titled::<RunInfo>("run.json; beside these fields it has `schema`, the format version"),
        ),
        ("baseline", titled::<Baseline>("A file of rates/baselines")),
        (
            "samples",
            titled::<Samples>("A file of rates/baselines/samples"),
        ),
    ]
}

fn titled<T: JsonSchema>(title: &str) -> Schema {
    let mut schema = schema_of::<T>();
    schema.insert("title".into(), title.into());
    schema
}
