//! Maps that a subject serves, examined over the protocol.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::checks::{Finding, Unit};
use crate::claims::{InstanceId, SCHEMA, Verdict};
use crate::error::{Error, Result};
use crate::instances::{Kind, Spec};
use crate::served::{
    Evaluation, Found, Options, ServedDomain, ServedHypergradient, ServedMap, ServedProducts,
    ServedSpec, examine,
};
use crate::subject::Session;
use crate::wire::{Eval, ServedMap as Announced};

/// What the verdicts on served maps say instead of a theorem and a method.
pub const SERVED: &str = "served map";

/// The verdicts on one map. An announcement that cannot be meant is a failure of its own.
pub(super) fn examined(
    session: &mut Session<'_>,
    announced: &Announced,
    seed: u64,
    replay: &str,
    stop: &AtomicBool,
) -> Vec<Verdict> {
    let outcome = spec(announced).and_then(|spec| {
        let findings = findings(session, announced, &spec, seed, stop)?;
        let verdict = |found: &Found| verdict(found, &spec, seed, replay);
        Ok(findings.iter().map(verdict).collect())
    });
    outcome.unwrap_or_else(|e| {
        let found = Found {
            check: "malformed",
            finding: Finding::failed(Unit::Exact, format!("its announcement: {e}")),
            fault: None,
        };
        let named = ServedSpec::new(&announced.name, vec![0.0], Vec::new());
        vec![verdict(&found, &named, seed, replay)]
    })
}

fn findings(
    session: &mut Session<'_>,
    announced: &Announced,
    spec: &ServedSpec,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Vec<Found>> {
    let mut map = Remote {
        session,
        name: &announced.name,
        asked: 0,
        stop,
    };
    let report = examine(spec, &mut map, seed, &Options::default())?;
    Ok(report.findings)
}

/// What a subject announced, as a description of a map.
fn spec(m: &Announced) -> Result<ServedSpec> {
    let floats = |row: &[crate::wire::Number]| -> Vec<f64> { row.iter().map(|x| x.0).collect() };
    let (w0, lambda) = (floats(&m.w0), floats(&m.lambda));
    let product = |name: &str| m.products.iter().any(|p| p == name);
    if let Some(other) = m
        .products
        .iter()
        .find(|p| !["vjp", "jvp"].contains(&p.as_str()))
    {
        let shown: String = other.chars().take(40).collect();
        let text = format!("expected vjp or jvp, got {shown:?}");
        return Err(Error::input(text).in_field("products"));
    }
    let boxes = |rows: &[[crate::wire::Number; 2]]| -> Vec<[f64; 2]> {
        rows.iter().map(|[lo, hi]| [lo.0, hi.0]).collect()
    };
    let around = |x: &f64| {
        let half = 0.5 * x.abs().max(1.0);
        [x - half, x + half]
    };
    let domain = m.domain.as_ref().map(|d| ServedDomain {
        lambda: match &d.lambda {
            Some(rows) => boxes(rows),
            None => lambda.iter().map(around).collect(),
        },
        w: d.w.as_ref().map(|rows| boxes(rows)),
    });
    let hypergradient = match &m.hypergradient {
        None => None,
        Some(h) => Some(ServedHypergradient {
            inner: { h.inner.parse() }.map_err(|e: Error| e.in_field("hypergradient.inner"))?,
            linear_tolerance: h.linear_tolerance.map_or(0.0, |t| t.0),
            step_tolerance: h.step_tolerance.map_or(0.0, |t| t.0),
        }),
    };
    let mut spec = ServedSpec::new(&m.name, w0, lambda);
    (spec.dim, spec.params) = (m.dim, m.params);
    spec.domain = domain;
    spec.products = ServedProducts {
        vjp: product("vjp"),
        jvp: product("jvp"),
    };
    spec.tolerance = m.tolerance.map_or(0.0, |t| t.0);
    spec.samples = m.samples.unwrap_or(0);
    spec.outer = m.outer.unwrap_or(false);
    spec.hypergradient = hypergradient;
    spec.check()?;
    Ok(spec)
}

/// A map on the other side of the conversation.
struct Remote<'r, 's> {
    session: &'r mut Session<'s>,
    name: &'r str,
    asked: usize,
    stop: &'r AtomicBool,
}

impl ServedMap for Remote<'_, '_> {
    fn phi(&mut self, w: &[f64], lambda: &[f64]) -> Result<Vec<f64>> {
        let item = Evaluation {
            what: crate::served::What::Phi,
            w: w.to_vec(),
            lambda: lambda.to_vec(),
            u: Vec::new(),
            sample: None,
            steps: Vec::new(),
            drawn: None,
        };
        let mut values = self.eval(std::slice::from_ref(&item))?;
        Ok(values.pop().unwrap_or_default())
    }

    fn eval(&mut self, items: &[Evaluation]) -> Result<Vec<Vec<f64>>> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::interrupted("stopped"));
        }
        self.asked += 1;
        let id = format!("{}/{}", self.name, self.asked);
        let items = items.iter().map(|e| Eval::of(self.name, e));
        self.session.evaluate(&id, items.collect())
    }
}

fn verdict(found: &Found, spec: &ServedSpec, seed: u64, replay: &str) -> Verdict {
    let Finding {
        ruling,
        measured,
        bound,
        slack,
        detail,
        unit,
        headroom,
        attained,
        step,
        reason,
        ..
    } = found.finding.clone();
    let detail = match &found.fault {
        Some(fault) => format!("{detail}; it looks like: {fault}"),
        None => detail,
    };
    Verdict {
        schema: SCHEMA,
        id: format!("map/{}/{}", spec.name, found.check),
        claim: "map".into(),
        theorem: SERVED.into(),
        method: SERVED.into(),
        instance: InstanceId {
            kind: SERVED.into(),
            id: spec.name.clone(),
            seed,
            // It has none of its own: a size is all that is known.
            spec: Spec::typical(Kind::AffineNormal, spec.dim),
            redrawn: 0,
        },
        status: ruling,
        check: found.check.into(),
        measured,
        bound,
        slack,
        detail,
        replay: replay.into(),
        unit,
        headroom,
        attained,
        step,
        reason,
        smallest: None,
        diagnosis: None,
    }
}
