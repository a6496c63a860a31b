//! `generate`: an instance with its ground truth as JSON.

use serde_json::{Value, json};

use super::{Exit, output};
use crate::claims::stochastic::Known;
use crate::error::{Error, Result};
use crate::instances::{
    Instance, InstanceFile, Kind, Spec, StochasticFile, StochasticInstance, number, rows_of,
};
use crate::truth::Truth;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Kind of instance
    #[arg(required_unless_present = "list")]
    kind: Option<String>,
    /// d = dim w
    #[arg(long, value_name = "N", default_value_t = 4)]
    dim: usize,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// m = dim λ
    #[arg(long)]
    params: Option<usize>,
    /// Data rows of an elastic net, units of a layer
    #[arg(long)]
    rows: Option<usize>,
    /// Contraction factor
    #[arg(long)]
    q: Option<f64>,
    /// Margin R
    #[arg(long)]
    margin: Option<f64>,
    /// Name the kinds
    #[arg(long)]
    list: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    if arguments.list {
        let lines: Vec<String> = Kind::ALL
            .iter()
            .chain(Kind::STOCHASTIC)
            .map(|(_, name, about)| format!("{name:24} {about}\n"))
            .collect();
        output::print(&lines.concat())?;
        return Ok(Exit::Holds);
    }
    let kind = Kind::from_name(arguments.kind.as_deref().unwrap_or_default())?;
    let mut spec = Spec::typical(kind, 1);
    spec.dim = arguments.dim;
    spec.rows = arguments.rows.unwrap_or(2 * arguments.dim.min(1_000_000));
    spec.params = arguments.params.unwrap_or(spec.params);
    spec.q = arguments.q.unwrap_or(spec.q);
    spec.margin = arguments.margin.or(spec.margin);
    // Before anything of that size is allocated.
    spec.validate()?;
    let (mut object, truth) = if kind.is_stochastic() {
        let instance = StochasticInstance::generate(&spec, arguments.seed)?;
        let truth = expectations(&instance)?;
        (StochasticFile::to_json(&instance), truth)
    } else {
        let instance = Instance::generate(&spec, arguments.seed)?;
        let truth = Truth::solve(&instance.map, &instance.lambda)
            .map_err(|e| Error::input(format!("no ground truth: {e}")).in_field("problem"))?;
        (InstanceFile::to_json(&instance), ground_truth(&truth))
    };
    object.insert("truth".into(), truth);
    let text = serde_json::to_string(&Value::Object(object)).unwrap_or_default();
    output::print(&(text + "\n"))?;
    Ok(Exit::Holds)
}

fn list(v: &[f64]) -> Value {
    v.iter().map(|x| number(*x)).collect()
}

/// w(λ), the noiseless vector-Jacobian product, variances at w(λ), Lemma D.3's steps and the exact limits.
fn expectations(instance: &StochasticInstance) -> Result<Value> {
    let known = Known::of(instance)?;
    let v = &known.variance;
    Ok(json!({
        "q": number(known.q),
        "w": list(&known.solution.w), "w_error": number(known.solution.error),
        "v": list(known.star.v.as_slice()), "r": list(known.star.r.as_slice()),
        "s2": number(v.s2), "sigma1": number(known.linear_sigma1), "sigma2": number(v.sigma2),
        "beta": number(known.rate.beta), "gamma": number(known.rate.gamma), "c": number(known.rate.c),
        "trace_sigma": known.limit.map_or(Value::Null, number),
        "sid_r": known.sid.as_ref().map_or(Value::Null, |r| list(r.as_slice())),
    }))
}

/// ρ and the second modulus as middle and radius of their enclosures; null and why where there is none.
fn local_rate(truth: &Truth) -> serde_json::Map<String, Value> {
    let rho = truth.spectrum();
    let known = rho.filter(|s| s.rho.upper.is_finite());
    let value = match (known, rho) {
        (Some(s), _) => json!({
            "rho": s.rho.middle(), "rho_radius": s.rho.radius(),
            "rho_second": s.second.middle(), "rho_second_radius": s.second.radius(),
            "rho_complex": s.complex,
        }),
        (None, Some(_)) => {
            json!({"rho": null, "rho_reason": "∂₁Φ at w(λ) is too large to enclose"})
        }
        (None, None) => json!({
            "rho": null, "rho_reason": "w(λ) is on a kink: ∂₁Φ is a set of matrices there",
        }),
    };
    value.as_object().cloned().unwrap_or_default()
}

fn ground_truth(truth: &Truth) -> Value {
    let m = &truth.moduli;
    let mut out = json!({
        "q": truth.constants.q,
        "L": list(&m.l), "M": list(&m.m), "R": number(m.r), "d2_sup": m.d2_sup,
        "w": list(truth.w().as_slice()), "w_error": truth.fixed_point.error,
        "residual": truth.fixed_point.residual, "kinks": m.kinks,
    });
    if let (Some(j), Some(object)) = (&truth.jacobian, out.as_object_mut()) {
        object.insert("jacobian".into(), rows_of(&j.j));
        object.insert("jacobian_error".into(), json!(j.error));
    }
    if let Some(object) = out.as_object_mut() {
        object.extend(local_rate(truth));
    }
    out
}
