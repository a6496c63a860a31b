//! An instance as `generate` writes it and `explain --instance` reads it.

use serde_json::{Map as Object, Value, json};

use super::instance::{Instance, Sizes, first_unit_vector};
use super::json::{Fields, list, parse, problem_from_json, problem_to_json};
use super::kind::Kind;
use super::spec::Spec;
use super::stochastic_json::{map_from_json, map_to_json};
use crate::error::{Error, Result};
use crate::maps::Map;

/// The form of instances in files: one JSON object.
#[derive(Clone, Copy, Debug)]
pub struct InstanceFile;

impl InstanceFile {
    /// The JSON object of an instance, without ground truth.
    pub fn to_json(instance: &Instance) -> Object<String, Value> {
        let mut o = Object::new();
        let mut put = |key: &str, value: Value| o.insert(key.into(), value);
        put("schema", json!(1));
        put("kind", json!(instance.spec.kind.name()));
        put("seed", json!(instance.seed));
        put("spec", json!(instance.spec));
        let problem = match instance.map.samples() {
            None => problem_to_json(instance.map.problem()),
            Some(samples) => map_to_json(samples),
        };
        put("problem", problem);
        put("lambda", list(&instance.lambda));
        put(start_key(instance.samples), list(&instance.start));
        put("cotangent", list(&instance.cotangent));
        if let Some(sizes) = instance.samples {
            put("batch", json!(sizes.batch));
            put("inner_batch", json!(sizes.inner_batch));
            put("inner", json!(sizes.inner));
        }
        o
    }

    /// Reads an instance; the start (zero) and `cotangent` (first unit vector) may be missing,
    /// ground truth is ignored (it is computed again).
    ///
    /// # Errors
    /// Names the line and the field: malformed JSON, wrong shapes, NaN, λ out of range, empty
    /// minibatches.
    pub fn parse(text: &str) -> Result<Instance> {
        parse(text, read)
    }
}

/// NSID and SID differentiate at a point; the others start from one.
fn start_key(samples: Option<Sizes>) -> &'static str {
    if samples.is_some() { "w" } else { "w0" }
}

fn read(value: &Value) -> Result<Instance> {
    let object = Fields::of(value)?;
    let problem = object.get("problem")?;
    let stochastic = problem.get("kind").is_some_and(|k| k == "stochastic");
    let map = if stochastic {
        map_from_json(problem).and_then(Map::sampled)
    } else {
        problem_from_json(problem).and_then(Map::new)
    };
    let map = map.map_err(|e| e.in_field("problem"))?;
    let lambda = object.vector("lambda")?.as_slice().to_vec();
    let mut instance = Instance::new(map, lambda)?;
    if stochastic {
        let positive = |name: &str| match object.count(name)? {
            0 => Err(Error::input("must be at least 1").in_field(name)),
            n => Ok(n),
        };
        instance.samples = Some(Sizes {
            batch: positive("batch")?,
            inner_batch: positive("inner_batch")?,
            inner: positive("inner")?,
        });
    }
    let d = instance.start.len();
    let optional = |name: &str, default: Vec<f64>| -> Result<Vec<f64>> {
        let v = match value.get(name) {
            None => default,
            Some(_) => object.vector(name)?.as_slice().to_vec(),
        };
        instance.map.check_w(name, &v)?;
        Ok(v)
    };
    let start = optional(start_key(instance.samples), vec![0.0; d])?;
    let cotangent = optional("cotangent", first_unit_vector(d))?;
    (instance.start, instance.cotangent) = (start, cotangent);
    instance.spec = match value.get("spec") {
        Some(spec) => serde_json::from_value(spec.clone())
            .map_err(|e| Error::input(e.to_string()).in_field("spec"))?,
        None if stochastic => Spec::typical(Kind::SumElasticNet, d.max(1)),
        None => instance.spec,
    };
    instance.seed = value.get("seed").and_then(Value::as_u64).unwrap_or(0);
    Ok(instance)
}
