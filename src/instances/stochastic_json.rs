//! Composite maps G∘E T̂ as JSON.

use serde_json::{Value, json};

use super::json::{Fields, list, rows_of};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::maps::composite::{Activation, Channel, Composite, FiniteSum, Inner, NoiseModel, Outer};
use crate::numerals::float::number;

/// A composite map in the form of files.
pub(super) fn map_to_json(map: &Composite) -> Value {
    json!({
        "kind": "stochastic",
        "inner": inner_to_json(map.inner()),
        "outer": outer_to_json(map.outer()),
    })
}

/// Reads a composite map; errors name the field.
pub(super) fn map_from_json(value: &Value) -> Result<Composite> {
    let object = Fields::of(value)?;
    let inner = inner(object.get("inner")?).map_err(|e| e.in_field("inner"))?;
    let outer = outer(object.get("outer")?).map_err(|e| e.in_field("outer"))?;
    Composite::new(inner, outer)
}

fn inner_to_json(inner: &Inner) -> Value {
    match inner {
        Inner::FiniteSum(f) => {
            let x = Matrix::from_fn(f.rows(), f.dim(), |i, j| f.row(i)[j]);
            let y: Vec<f64> = (0..f.rows()).map(|i| f.target(i)).collect();
            json!({
                "kind": "finite-sum", "X": rows_of(&x), "y": list(&y), "step": number(f.eta()),
                "loss": FiniteSum::LOSSES.iter().find(|l| l.1 == f.loss()).map_or("", |l| l.0)
            })
        }
        Inner::Noise(f) => {
            let channel = |c: &Channel| {
                let matrix = |m: &Option<Matrix>| m.as_ref().map_or(Value::Null, rows_of);
                let e = c.e.as_ref().map_or(Value::Null, |e| list(e.as_slice()));
                json!({"N": matrix(&c.n), "M": matrix(&c.m), "e": e})
            };
            json!({
                "kind": "noise", "A": rows_of(&f.a), "B": rows_of(&f.b), "c": list(f.c.as_slice()),
                "bilinear": f.bilinear.iter().map(rows_of).collect::<Value>(),
                "channels": f.channels.iter().map(channel).collect::<Value>()
            })
        }
    }
}

fn inner(value: &Value) -> Result<Inner> {
    let object = Fields::of(value)?;
    match object.text("kind")? {
        "finite-sum" => {
            let x = object.matrix("X")?;
            let sum = FiniteSum::new(
                x.transpose().as_slice().to_vec(),
                object.vector("y")?.as_slice().to_vec(),
                x.ncols(),
                object.number("step")?,
                object.named("loss", &FiniteSum::LOSSES)?,
            )?;
            Ok(Inner::FiniteSum(sum))
        }
        "noise" => {
            let channel = |(n, value): (usize, &Value)| -> Result<Channel> {
                let of = |e: Error| e.in_field(format!("channels[{n}]"));
                let object = Fields::of(value).map_err(of)?;
                let absent = |name: &str| value.get(name).is_none_or(Value::is_null);
                let matrix = |name: &str| match absent(name) {
                    true => Ok(None),
                    false => object.matrix(name).map(Some).map_err(of),
                };
                Ok(Channel {
                    n: matrix("N")?,
                    m: matrix("M")?,
                    e: match absent("e") {
                        true => None,
                        false => Some(object.vector("e").map_err(of)?),
                    },
                })
            };
            let bilinear = object.list("bilinear")?.iter().enumerate().map(|(l, v)| {
                let one = json!({ "bilinear": v });
                Fields::of(&one)?
                    .matrix("bilinear")
                    .map_err(|e| e.in_field(format!("[{l}]")))
            });
            let channels = object.list("channels")?.iter().enumerate().map(channel);
            Ok(Inner::Noise(NoiseModel {
                a: object.matrix("A")?,
                bilinear: bilinear.collect::<Result<_>>()?,
                b: object.matrix("B")?,
                c: object.vector("c")?,
                channels: channels.collect::<Result<_>>()?,
            }))
        }
        other => {
            let text = format!("unknown inner map {other:?}; one of finite-sum, noise");
            Err(Error::input(text).in_field("kind"))
        }
    }
}

fn outer_to_json(outer: &Outer) -> Value {
    match outer {
        Outer::Identity => json!({"kind": "identity"}),
        Outer::Soft { eta } => json!({"kind": "soft", "step": number(*eta)}),
        Outer::GroupSoft {
            eta,
            groups,
            weights,
        } => {
            let sizes: Vec<usize> = groups.iter().map(ExactSizeIterator::len).collect();
            json!({
                "kind": "group-soft", "step": number(*eta), "sizes": sizes, "weights": list(weights)
            })
        }
        Outer::Box { lower, upper } => {
            json!({"kind": "box", "lo": list(lower), "hi": list(upper)})
        }
        Outer::Nonnegative => json!({"kind": "nonnegative"}),
        Outer::Layer {
            v,
            b,
            c,
            activation,
        } => json!({
            "kind": "layer", "V": rows_of(v), "B": rows_of(b), "c": list(c.as_slice()),
            "activation": activation.name()
        }),
    }
}

fn outer(value: &Value) -> Result<Outer> {
    let object = Fields::of(value)?;
    let entries = |name: &str| Ok::<_, Error>(object.vector(name)?.as_slice().to_vec());
    Ok(match object.text("kind")? {
        "identity" => Outer::Identity,
        "soft" => Outer::Soft {
            eta: object.number("step")?,
        },
        "group-soft" => {
            let mut groups = Vec::new();
            let mut start = 0usize;
            for (g, size) in object.list("sizes")?.iter().enumerate() {
                let size = size.as_u64().and_then(|n| usize::try_from(n).ok());
                let end = size.and_then(|n| start.checked_add(n)).ok_or_else(|| {
                    Error::input("expected a nonnegative integer").in_field(format!("sizes[{g}]"))
                })?;
                groups.push(start..end);
                start = end;
            }
            Outer::GroupSoft {
                eta: object.number("step")?,
                groups,
                weights: entries("weights")?,
            }
        }
        "box" => Outer::Box {
            lower: entries("lo")?,
            upper: entries("hi")?,
        },
        "nonnegative" => Outer::Nonnegative,
        "layer" => Outer::Layer {
            v: object.matrix("V")?,
            b: object.matrix("B")?,
            c: object.vector("c")?,
            activation: object.named("activation", &Activation::NAMES)?,
        },
        other => {
            let text = format!(
                "unknown outer map {other:?}; one of identity, soft, group-soft, box, nonnegative, layer"
            );
            return Err(Error::input(text).in_field("kind"));
        }
    })
}
