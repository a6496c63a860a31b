//! Instances and problems as JSON, in the form the protocol uses (matrices are lists of rows).

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map as Object, Value, json};

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Vector};
use crate::maps::{
    Activation, Affine, AffineForm, Bilinear, Clip, ElasticNet, Layer, Loss, MaxMin, Problem, Prox,
    ProxGradient, Scaling, SimplexQp,
};
use crate::numerals::float::number;

/// A matrix as a list of rows.
pub fn rows_of(m: &Matrix) -> Value {
    m.row_iter()
        .map(|r| r.iter().map(|v| number(*v)).collect::<Value>())
        .collect()
}

pub(super) fn list(v: &[f64]) -> Value {
    v.iter().map(|x| number(*x)).collect()
}

/// A problem in the protocol's form.
pub fn problem_to_json(problem: &Problem) -> Value {
    let kind = problem.kind();
    match problem {
        Problem::Affine(Affine { a, b, c }) => {
            json!({"kind": kind, "A": rows_of(a), "B": rows_of(b), "c": list(c.as_slice())})
        }
        Problem::Scaling(Scaling { rotation, c }) => {
            json!({"kind": kind, "Q": rows_of(rotation), "c": list(c.as_slice())})
        }
        Problem::Layer(Layer {
            a,
            v,
            b,
            c,
            activation,
        }) => json!({
            "kind": kind, "A": rows_of(a), "V": rows_of(v), "B": rows_of(b), "c": list(c.as_slice()),
            "activation": activation.name()
        }),
        Problem::Clip(Clip { a, b, c, lo, hi }) => json!({
            "kind": kind, "A": rows_of(a), "B": rows_of(b), "c": list(c.as_slice()),
            "lo": list(lo.as_slice()), "hi": list(hi.as_slice())
        }),
        Problem::ElasticNet(ElasticNet { x, y, step }) => {
            json!({"kind": kind, "X": rows_of(x), "y": list(y.as_slice()), "step": number(*step)})
        }
        Problem::ProxGradient(ProxGradient {
            x,
            y,
            step,
            loss,
            prox,
        }) => {
            let mut o = json!({
                "kind": kind, "X": rows_of(x), "y": list(y.as_slice()), "step": number(*step),
                "loss": loss.name(), "prox": prox.name()
            });
            match prox {
                Prox::Soft => {}
                Prox::Group { size } => o["size"] = json!(size),
                Prox::Groups { groups, weights } => {
                    o["groups"] = groups.iter().map(|g| g.len()).collect();
                    o["weights"] = list(weights);
                }
                Prox::Intervals { lower, upper } => {
                    o["lower"] = list(lower);
                    o["upper"] = list(upper);
                }
                Prox::Box { lo, hi } => {
                    o["lo"] = number(*lo);
                    o["hi"] = number(*hi);
                }
            }
            o
        }
        Problem::Bilinear(Bilinear { a, b, c }) => {
            json!({"kind": kind, "A": rows_of(a), "B": b.iter().map(rows_of).collect::<Value>(), "C": rows_of(c)})
        }
        Problem::SimplexQp(SimplexQp { a, b, c }) => {
            json!({"kind": kind, "A": rows_of(a), "B": rows_of(b), "c": list(c.as_slice())})
        }
        // A mean is read and written with its samples.
        Problem::Composed(_) => json!({"kind": kind}),
        Problem::MaxMin(MaxMin { forms, least }) => {
            let form = |f: &AffineForm| json!({"A": rows_of(&f.a), "B": rows_of(&f.b), "c": list(f.c.as_slice())});
            json!({
                "kind": kind, "forms": forms.iter().map(form).collect::<Value>(), "least": least
            })
        }
    }
}

/// Reads a problem in the protocol's form; errors name the field.
pub fn problem_from_json(value: &Value) -> Result<Problem> {
    let object = Fields::of(value)?;
    let problem = match object.text("kind")? {
        "affine" => Problem::Affine(Affine {
            a: object.matrix("A")?,
            b: object.matrix("B")?,
            c: object.vector("c")?,
        }),
        "scaling" => Problem::Scaling(Scaling {
            rotation: object.matrix("Q")?,
            c: object.vector("c")?,
        }),
        "layer" => {
            let activation = object.named("activation", &Activation::NAMES)?;
            Problem::Layer(Layer {
                a: object.matrix("A")?,
                v: object.matrix("V")?,
                b: object.matrix("B")?,
                c: object.vector("c")?,
                activation,
            })
        }
        "clip" => Problem::Clip(Clip {
            a: object.matrix("A")?,
            b: object.matrix("B")?,
            c: object.vector("c")?,
            lo: object.vector("lo")?,
            hi: object.vector("hi")?,
        }),
        "elastic-net" => Problem::ElasticNet(ElasticNet {
            x: object.matrix("X")?,
            y: object.vector("y")?,
            step: object.number("step")?,
        }),
        "prox-gradient" => Problem::ProxGradient(ProxGradient {
            x: object.matrix("X")?,
            y: object.vector("y")?,
            step: object.number("step")?,
            loss: object.named("loss", &Loss::NAMES)?,
            prox: match object.text("prox")? {
                "soft" => Prox::Soft,
                "group" => Prox::Group {
                    size: object.count("size")?,
                },
                "box" => Prox::Box {
                    lo: object.number("lo")?,
                    hi: object.number("hi")?,
                },
                other => {
                    let message = format!("unknown prox {other:?}; one of soft, group, box");
                    return Err(Error::input(message).in_field("prox"));
                }
            },
        }),
        "max-min" => Problem::MaxMin(max_min(&object)?),
        "bilinear" => {
            let one = |(k, value): (usize, &Value)| {
                let object = json!({ "B": value });
                let read = Fields::of(&object)?.matrix("B");
                read.map_err(|e| e.in_field(format!("[{k}]")))
            };
            let all = object.list("B")?.iter().enumerate().map(one);
            Problem::Bilinear(Bilinear {
                a: object.matrix("A")?,
                b: all.collect::<Result<_>>()?,
                c: object.matrix("C")?,
            })
        }
        "simplex-qp" => Problem::SimplexQp(SimplexQp {
            a: object.matrix("A")?,
            b: object.matrix("B")?,
            c: object.vector("c")?,
        }),
        other => {
            let names = Problem::KINDS.join(", ");
            let message = format!("unknown problem {other:?}; one of {names}");
            return Err(Error::input(message).in_field("kind"));
        }
    };
    problem.validate()?;
    Ok(problem)
}

fn max_min(object: &Fields<'_>) -> Result<MaxMin> {
    let read = |(j, value): (usize, &Value)| -> Result<AffineForm> {
        let of = |e: Error| e.in_field(format!("forms[{j}]"));
        let form = Fields::of(value).map_err(of)?;
        Ok(AffineForm {
            a: form.matrix("A").map_err(of)?,
            b: form.matrix("B").map_err(of)?,
            c: form.vector("c").map_err(of)?,
        })
    };
    let forms = object.list("forms")?.iter().enumerate().map(read);
    let least = object.list("least")?.iter().enumerate().map(|(i, v)| {
        v.as_bool()
            .ok_or_else(|| Error::input("expected true or false").in_field(format!("least[{i}]")))
    });
    Ok(MaxMin {
        forms: forms.collect::<Result<_>>()?,
        least: least.collect::<Result<_>>()?,
    })
}

/// Parses `text` and reads it; errors get the line of the field they name.
pub(super) fn parse<T>(text: &str, read: impl FnOnce(&Value) -> Result<T>) -> Result<T> {
    let value: Value = serde_json::from_str(text)
        .map_err(|e| Error::input(format!("not valid JSON: {e}")).at_line(e.line()))?;
    read(&value).map_err(|e| match e.field().and_then(|f| line_of(text, f)) {
        Some(line) => e.at_line(line),
        None => e,
    })
}

/// The line on which the value at a field path starts, or what is innermost of it where a key is
/// missing.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let mut at: Option<&RawValue> = None;
    for part in field.split(['.', '[']).filter(|p| !p.is_empty()) {
        let inside = at.map_or(text, RawValue::get);
        let next = match part.strip_suffix(']') {
            Some(i) => {
                let items: Vec<&RawValue> = serde_json::from_str(inside).ok()?;
                i.parse().ok().and_then(|i: usize| items.get(i).copied())
            }
            None => {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_str(inside).ok()?;
                fields.get(part).copied()
            }
        };
        let Some(next) = next else { break };
        at = Some(next);
    }
    let start = at?.get().as_ptr() as usize - text.as_ptr() as usize;
    Some(1 + text[..start].matches('\n').count())
}

/// Typed access to the fields of a JSON object; every error names the field.
pub(super) struct Fields<'a>(&'a Object<String, Value>);

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value) -> Result<Self> {
        value
            .as_object()
            .map(Self)
            .ok_or_else(|| Error::input("expected a JSON object"))
    }

    pub(super) fn get(&self, name: &str) -> Result<&'a Value> {
        self.0
            .get(name)
            .ok_or_else(|| Error::input("is missing").in_field(name))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str> {
        self.get(name)?
            .as_str()
            .ok_or_else(|| Error::input("expected a string").in_field(name))
    }

    /// One of these names.
    pub(super) fn named<T: Copy>(&self, field: &str, names: &[(&'static str, T)]) -> Result<T> {
        let name = self.text(field)?;
        let found = names.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        found.ok_or_else(|| {
            let names: Vec<&str> = names.iter().map(|n| n.0).collect();
            Error::input(format!(
                "unknown {field} {name:?}; one of {}",
                names.join(", ")
            ))
            .in_field(field)
        })
    }

    pub(super) fn count(&self, name: &str) -> Result<usize> {
        let n = self.get(name)?.as_u64().map(usize::try_from);
        match n {
            Some(Ok(n)) => Ok(n),
            _ => Err(Error::input("expected a nonnegative integer").in_field(name)),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<&'a Vec<Value>> {
        self.get(name)?
            .as_array()
            .ok_or_else(|| Error::input("expected a list").in_field(name))
    }

    pub(super) fn number(&self, name: &str) -> Result<f64> {
        float(self.get(name)?).map_err(|e| e.in_field(name))
    }

    pub(super) fn vector(&self, name: &str) -> Result<Vector> {
        numbers(self.get(name)?)
            .map(Vector::from_vec)
            .map_err(|e| e.in_field(name))
    }

    pub(super) fn matrix(&self, name: &str) -> Result<Matrix> {
        let rows = self
            .get(name)?
            .as_array()
            .ok_or_else(|| Error::input("expected a list of rows").in_field(name))?;
        let cols = rows.first().and_then(Value::as_array).map_or(0, Vec::len);
        let mut m = Matrix::zeros(rows.len(), cols);
        for (i, row) in rows.iter().enumerate() {
            let row = numbers(row).map_err(|e| e.in_field(format!("[{i}]")).in_field(name))?;
            if row.len() != cols {
                let message = format!(
                    "expected {cols} numbers as in the first row, got {}",
                    row.len()
                );
                return Err(Error::input(message).in_field(format!("{name}[{i}]")));
            }
            m.row_mut(i).iter_mut().zip(&row).for_each(|(o, v)| *o = *v);
        }
        Ok(m)
    }
}

fn numbers(value: &Value) -> Result<Vec<f64>> {
    let items = value
        .as_array()
        .ok_or_else(|| Error::input("expected a list of numbers"))?;
    items
        .iter()
        .enumerate()
        .map(|(i, v)| float(v).map_err(|e| e.in_field(format!("[{i}]"))))
        .collect()
}

fn float(value: &Value) -> Result<f64> {
    match value {
        Value::Number(n) => n
            .as_f64()
            .ok_or_else(|| Error::input("not a binary64 number")),
        Value::String(s) => match s.as_str() {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => Err(Error::input(format!("expected a number, got {s:?}"))),
        },
        _ => Err(Error::input("expected a number")),
    }
}
