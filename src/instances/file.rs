//! An instance as `generate` writes it and `explain --instance` reads it.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};

use super::instance::{Instance, Sizes, first_unit_vector};
use super::kind::Kind;
use super::spec::Spec;
use crate::error::{Error, Result};
use crate::maps::{Composite, Map, Problem};
use crate::numerals::{locate, numbers};
use crate::objectives::Objective;
use crate::tol::{INSTANCE_MOST, INSTANCE_SIZES, PROBLEM_MOST, RUN_MOST, SAMPLES_MOST};

/// The form of instances in files: one JSON object.
#[derive(Clone, Copy, Debug)]
pub struct InstanceFile;

/// Its fields. NSID and SID differentiate at a point, w; the others start from one, w_0.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(default)]
    schema: u32,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    seed: u64,
    spec: Option<Spec>,
    problem: Value,
    #[serde(with = "numbers")]
    lambda: Vec<f64>,
    #[serde(default, with = "numbers", skip_serializing_if = "Option::is_none")]
    w0: Option<Vec<f64>>,
    #[serde(default, with = "numbers", skip_serializing_if = "Option::is_none")]
    w: Option<Vec<f64>>,
    #[serde(default, with = "numbers", skip_serializing_if = "Option::is_none")]
    cotangent: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<Objective>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inner_batch: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inner: Option<usize>,
    /// Computed again.
    #[serde(default, rename = "truth", skip_serializing)]
    _truth: IgnoredAny,
}

/// Format version; 0 is one that does not say.
const SCHEMA: u32 = 1;

/// The kind of a problem that is reached through samples.
const STOCHASTIC: &str = "stochastic";

impl InstanceFile {
    /// The JSON object of an instance, without ground truth.
    pub fn to_json(instance: &Instance) -> Object<String, Value> {
        let sizes = instance.samples;
        let (w, w0) = match sizes {
            Some(_) => (Some(instance.start.clone()), None),
            None => (None, Some(instance.start.clone())),
        };
        let fields = Fields {
            schema: SCHEMA,
            kind: instance.spec.kind.name().into(),
            seed: instance.seed,
            spec: Some(instance.spec.clone()),
            problem: problem(&instance.map),
            lambda: instance.lambda.clone(),
            w0,
            w,
            cotangent: Some(instance.cotangent.clone()),
            objective: instance.objective.clone(),
            batch: sizes.map(|s| s.batch),
            inner_batch: sizes.map(|s| s.inner_batch),
            inner: sizes.map(|s| s.inner),
            _truth: IgnoredAny,
        };
        match serde_json::to_value(fields) {
            Ok(Value::Object(object)) => object,
            // Fields are plain data with text for keys.
            _ => Object::new(),
        }
    }

    /// Reads an instance; the start (zero) and `cotangent` (first unit vector) may be missing,
    /// ground truth is ignored (it is computed again).
    ///
    /// # Errors
    /// Names the line and the field: malformed JSON, wrong shapes, NaN, λ out of range, empty
    /// minibatches.
    pub fn parse(text: &str) -> Result<Instance> {
        locate::parsed(text, |value| instance(locate::read(value)?))
    }
}

fn problem(map: &Map) -> Value {
    let written = match map.samples() {
        None => serde_json::to_value(map.problem()),
        Some(samples) => serde_json::to_value(samples).map(|mut value| {
            value["kind"] = STOCHASTIC.into();
            value
        }),
    };
    written.unwrap_or(Value::Null)
}

/// Refuses numbers whose squares would be infinite.
pub(crate) fn moderate(name: &str, vector: &[f64]) -> Result<()> {
    match vector
        .iter()
        .position(|x| x.is_finite() && x.abs() > INSTANCE_MOST)
    {
        None => Ok(()),
        Some(i) => {
            let text = format!(
                "is {:e}, and at most {INSTANCE_MOST:e} is computed with",
                vector[i]
            );
            Err(Error::input(text).in_field(format!("{name}[{i}]")))
        }
    }
}

/// The first number of a problem whose products with others might be infinite, and where it stands.
/// Bounds of boxes that are infinite are texts.
fn largest(value: &Value) -> Option<(String, f64)> {
    match value {
        Value::Number(n) => {
            let x = n.as_f64().unwrap_or(f64::INFINITY);
            (x.abs() > PROBLEM_MOST).then(|| (String::new(), x))
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(i, item)| {
            let (inner, x) = largest(item)?;
            Some((format!("[{i}]{inner}"), x))
        }),
        Value::Object(fields) => fields.iter().find_map(|(name, item)| {
            let (inner, x) = largest(item)?;
            let dot = if inner.is_empty() || inner.starts_with('[') {
                ""
            } else {
                "."
            };
            Some((format!("{name}{dot}{inner}"), x))
        }),
        _ => None,
    }
}

/// Refuses problems whose ground truth would take hours.
///
/// # Errors
/// Names d, m and what they may be.
pub(crate) fn check_sizes(d: usize, m: usize) -> Result<()> {
    let (most_d, most_m, most) = INSTANCE_SIZES;
    if d <= most_d && m <= most_m && d * m <= most {
        return Ok(());
    }
    let text = format!(
        "has d = {d} unknowns and m = {m} parameters; at most {most_d}, {most_m} and d·m = {most} are computed with"
    );
    Err(Error::input(text))
}

/// Refuses exact runs whose derivatives D_0, ..., D_k (d×m each) nobody has the memory for.
///
/// # Errors
/// Names d, m and k.
pub(crate) fn check_run(d: usize, m: usize, k: usize) -> Result<()> {
    if d.saturating_mul(m).saturating_mul(k.saturating_add(1)) <= RUN_MOST {
        return Ok(());
    }
    let text = format!(
        "an exact run of {k} steps with d = {d} and m = {m} is too large: d·m·(k + 1) may be {RUN_MOST}"
    );
    Err(Error::input(text))
}

fn instance(fields: Fields) -> Result<Instance> {
    if fields.schema > SCHEMA {
        let text = format!("only schema {SCHEMA} is known, got {}", fields.schema);
        return Err(Error::input(text).in_field("schema"));
    }
    moderate("lambda", &fields.lambda)?;
    if let Some((field, x)) = largest(&fields.problem) {
        let text = format!("is {x:e}, and at most {PROBLEM_MOST:e} is computed with");
        return Err(Error::input(text).in_field(field).in_field("problem"));
    }
    let stochastic = fields.problem.get("kind").is_some_and(|k| k == STOCHASTIC);
    // Before the map is made, which computes norms of matrices; its own m after.
    let m = fields.lambda.len().max(1);
    let map = if stochastic {
        locate::read::<Composite, _>(fields.problem).and_then(|samples| {
            check_sizes(samples.dim(), m)?;
            Map::sampled(samples)
        })
    } else {
        locate::read::<Problem, _>(fields.problem).and_then(|problem| {
            check_sizes(problem.dim(), m)?;
            Map::new(problem)
        })
    };
    let sized = map.and_then(|map| check_sizes(map.dims().w, map.dims().lambda).map(|()| map));
    let map = sized.map_err(|e| e.in_field("problem"))?;
    let mut instance = Instance::new(map, fields.lambda)?;
    if stochastic {
        let positive = |name: &str, given: Option<usize>| match given {
            None => Err(Error::input("is missing").in_field(name)),
            Some(0) => Err(Error::input("must be at least 1").in_field(name)),
            Some(n) if n > SAMPLES_MOST => {
                let text = format!("at most {SAMPLES_MOST}, got {n}");
                Err(Error::input(text).in_field(name))
            }
            Some(n) => Ok(n),
        };
        instance.samples = Some(Sizes {
            batch: positive("batch", fields.batch)?,
            inner_batch: positive("inner_batch", fields.inner_batch)?,
            inner: positive("inner", fields.inner)?,
        });
        let drawn = instance
            .samples
            .map_or(0, |s| s.inner.saturating_mul(s.inner_batch));
        if drawn > SAMPLES_MOST {
            let text = format!("inner·inner_batch is at most {SAMPLES_MOST}, got {drawn}");
            return Err(Error::input(text).in_field("inner"));
        }
    }
    let sizes = [
        ("batch", fields.batch),
        ("inner_batch", fields.inner_batch),
        ("inner", fields.inner),
    ];
    if let (false, Some((name, _))) = (stochastic, sizes.iter().find(|s| s.1.is_some())) {
        return Err(Error::input("belongs to problems with samples").in_field(*name));
    }
    let d = instance.start.len();
    let ((name, start), (other, wrong)) = match stochastic {
        true => (("w", fields.w), ("w0", fields.w0)),
        false => (("w0", fields.w0), ("w", fields.w)),
    };
    if wrong.is_some() {
        let text = format!("belongs to other problems; this one has {name}");
        return Err(Error::input(text).in_field(other));
    }
    instance.start = start.unwrap_or_else(|| vec![0.0; d]);
    instance.map.check_w(name, &instance.start)?;
    moderate(name, &instance.start)?;
    instance.cotangent = fields.cotangent.unwrap_or_else(|| first_unit_vector(d));
    instance.map.check_w("cotangent", &instance.cotangent)?;
    moderate("cotangent", &instance.cotangent)?;
    if let Some(objective) = &fields.objective {
        objective.check(d, instance.lambda.len())?;
    }
    instance.objective = fields.objective;
    match fields.spec {
        Some(spec) => {
            let (kind, given) = (spec.kind.name(), &fields.kind);
            if !(given.is_empty() || given == kind) {
                let text = format!("is {given:?}, and the kind of the spec {kind:?}");
                return Err(Error::input(text).in_field("kind"));
            }
            if spec.dim != d {
                let text = format!("is {}, and the problem has dimension {d}", spec.dim);
                return Err(Error::input(text).in_field("spec.dim"));
            }
            if spec.kind.is_stochastic() != stochastic {
                let text = format!("{kind:?} is not a kind of this problem");
                return Err(Error::input(text).in_field("spec.kind"));
            }
            if spec.objective.is_some() && instance.objective.is_none() {
                let text = "is missing, and the spec has one";
                return Err(Error::input(text).in_field("objective"));
            }
            spec.validate().map_err(|e| e.in_field("spec"))?;
            instance.spec = spec;
        }
        None if stochastic => instance.spec = Spec::typical(Kind::SumElasticNet, d.max(1)),
        None => {}
    }
    instance.seed = fields.seed;
    Ok(instance)
}
