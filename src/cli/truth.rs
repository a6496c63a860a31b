//! The ground truth of an instance as JSON.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::evidence::{Evidence, Exact, Known};
use crate::numerals::{number, value};
use crate::truth::Truth;

/// What is exactly known of the instance.
///
/// # Errors
/// When w(λ) is not certified.
pub(super) fn of(e: &Evidence<'_>) -> Result<Value> {
    let solved = e.solved();
    let exact = solved
        .map_err(|why| Error::input(format!("no ground truth: {why}")).in_field("problem"))?;
    if e.instance.samples.is_some() {
        expectations(e)
    } else {
        let mut out = deterministic(exact);
        let objective = e.instance.objective.as_ref();
        if let (Some(objective), Some(object)) = (objective, out.as_object_mut()) {
            let w = exact.truth.w().as_slice();
            let f = objective.value(w, &e.instance.lambda);
            object.insert("f".into(), number(f));
            if let Some((gradient, error)) = e.hypergradient(exact) {
                object.insert("hypergradient".into(), list(&gradient));
                object.insert("hypergradient_error".into(), number(error));
            }
        }
        Ok(out)
    }
}

fn list(v: &[f64]) -> Value {
    v.iter().map(|x| number(*x)).collect()
}

/// w(λ), the noiseless vector-Jacobian product, variances at w(λ), Lemma D.3's steps and the exact
/// limits.
fn expectations(e: &Evidence<'_>) -> Result<Value> {
    let known = Known::of(e)?;
    let v = &known.variance;
    let sid = known.sid.as_ref();
    Ok(json!({
        "q": number(known.q),
        "w": list(&known.w), "w_error": number(known.w_error),
        "v": list(known.star.v.as_slice()), "r": list(known.star.r.as_slice()),
        "s2": number(v.s2), "sigma1": number(known.linear_sigma1), "sigma2": number(v.sigma2),
        "beta": number(known.rate.beta), "gamma": number(known.rate.gamma), "c": number(known.rate.c),
        "trace_sigma": known.limit.map_or(Value::Null, number),
        "sid_r": sid.map_or(Value::Null, |r| list(r.as_slice())),
    }))
}

fn deterministic(exact: &Exact) -> Value {
    let truth = &exact.truth;
    let m = truth.moduli();
    let mut out = json!({
        "q": truth.constants.q,
        "L": list(&m.l), "M": list(&m.m), "R": number(m.r), "d2_sup": m.d2_sup,
        "w": list(truth.w().as_slice()), "w_error": truth.fixed_point.error,
        "residual": truth.fixed_point.residual, "kinks": m.kinks,
    });
    if let (Some(j), Some(object)) = (&truth.jacobian, out.as_object_mut()) {
        object.insert("jacobian".into(), value(&j.j));
        object.insert("jacobian_error".into(), json!(j.error));
    }
    if let Some(object) = out.as_object_mut() {
        object.extend(local_rate(truth));
    }
    out
}

/// ρ and the second modulus as middle and radius of their enclosures; null and why where there is
/// none.
fn local_rate(truth: &Truth) -> Map<String, Value> {
    let spectrum = truth.spectrum();
    let value = match spectrum.filter(|s| s.rho.upper.is_finite()) {
        Some(s) => json!({
            "rho": s.rho.middle(), "rho_radius": s.rho.radius(),
            "rho_second": s.second.middle(), "rho_second_radius": s.second.radius(),
            "rho_complex": s.complex,
        }),
        None if spectrum.is_some() => {
            json!({"rho": null, "rho_reason": "∂₁Φ at w(λ) is too large to enclose"})
        }
        None => json!({
            "rho": null, "rho_reason": "w(λ) is on a kink: ∂₁Φ is a set of matrices there",
        }),
    };
    value.as_object().cloned().unwrap_or_default()
}
