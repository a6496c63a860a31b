//! The order of the checks, and what rests on what (theory, section 10, "Order").
//!
//! Owns the sequence, the random streams of the checks, and what becomes of troubles. Must not know
//! how a check judges.

use super::caller::{Asked, Caller, Part, Question};
use super::conservative;
use super::consistency;
use super::contraction;
use super::entry;
use super::evaluation::ServedMap;
use super::fixed_point::{End, Settled, settle};
use super::hypergradient;
use super::jacobian::{self, Solution};
use super::neighbours;
use super::noise::{self, Noise};
use super::report::{Found, Report};
use super::samples;
use super::solution_map::{self, Derivative, Setting};
use super::solution_slope;
use super::spec::{ServedHypergradient, ServedInner, ServedSpec};
use super::spectral::radius;
use super::stochastic;
use super::units::Units;
use crate::checks::Reason;
use crate::error::{Error, Result};
use crate::linalg::random::{Random, hash, mix};
use crate::tol::SERVED_DIRECT;

/// The checks in their order.
pub const CHECKS: [&str; 15] = [
    "noise",
    "consistency",
    "conservative",
    "products",
    "neighbours",
    "samples",
    "contraction",
    "fixed-point",
    "jacobian",
    "hypergradient-conduct",
    "hypergradient-limit",
    "hypergradient-steps",
    "nsid-moments",
    "solution-map",
    "solution-path",
];

/// Those that need ŵ ...
const LIMITS: std::ops::Range<usize> = 6..15;
/// ... settled, ...
const SETTLED: std::ops::Range<usize> = 8..15;
/// ... and those of them on a hypergradient.
const HYPERGRADIENT: std::ops::Range<usize> = 9..13;

/// Troubles after which a map is given up.
const TROUBLES: usize = 3;

/// How far an examination goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Curves in (w, λ) on which products are judged.
    pub paths: usize,
    /// Curves in λ on which the derivative of w(·) is judged.
    pub solution_paths: usize,
    /// Most evaluations.
    pub budget: usize,
    /// The checks wanted; all where it is empty.
    pub checks: Vec<String>,
}

impl Default for Options {
    /// Four paths, which see what is smoothed over a kink in nearly all instances; two in λ, whose
    /// points cost an iteration each; a budget that d = 200 fits into.
    fn default() -> Self {
        Self {
            paths: 4,
            solution_paths: 2,
            budget: 2_000_000,
            checks: Vec::new(),
        }
    }
}

struct Examination<'a> {
    caller: Caller<'a>,
    seed: u64,
    options: &'a Options,
    findings: Vec<Found>,
    troubles: usize,
}

impl Examination<'_> {
    fn random(&self, check: &str) -> Random {
        Random::new(mix(&[self.seed, hash(check)]))
    }

    fn wants(&self, checks: &[&str]) -> bool {
        let wanted = &self.options.checks;
        wanted.is_empty() || wanted.iter().any(|w| checks.contains(&w.as_str()))
    }

    /// Runs a step under the name of a check; a trouble is a finding of its own.
    fn attempt<T>(
        &mut self,
        check: &str,
        step: impl FnOnce(&mut Caller<'_>, &mut Random) -> Asked<T>,
    ) -> Option<T> {
        if self.troubles >= TROUBLES {
            return None;
        }
        let mut random = self.random(check);
        match step(&mut self.caller, &mut random) {
            Ok(value) => Some(value),
            Err(trouble) => {
                self.troubles += if trouble.is_budget() { TROUBLES } else { 1 };
                self.findings.push(trouble.found(check));
                None
            }
        }
    }

    /// The same for a check that is one finding. Says whether it failed.
    fn judge(
        &mut self,
        check: &str,
        step: impl FnOnce(&mut Caller<'_>, &mut Random) -> Asked<Found>,
    ) -> bool {
        if !self.wants(&[check]) {
            return false;
        }
        match self.attempt(check, step) {
            Some(found) => {
                let fails = found.fails();
                self.findings.push(found);
                fails
            }
            None => true,
        }
    }

    fn say(&mut self, found: Found) {
        if self.wants(&[found.check]) {
            self.findings.push(found);
        }
    }
}

/// Examines a served map. The same seed and the same answers give the same findings.
///
/// # Errors
/// A description that cannot be meant, or an unknown check. What goes wrong with the map is a
/// finding.
pub fn examine(
    spec: &ServedSpec,
    map: &mut dyn ServedMap,
    seed: u64,
    options: &Options,
) -> Result<Report> {
    spec.check()?;
    if let Some(unknown) = options
        .checks
        .iter()
        .find(|c| !CHECKS.contains(&c.as_str()))
    {
        return Err(Error::usage(format!("unknown check \"{unknown}\"")).in_field("checks"));
    }
    let caller = Caller::new(spec, map, options.budget);
    let mut e = Examination {
        caller,
        seed,
        options,
        findings: Vec::new(),
        troubles: 0,
    };
    if let Some(units) = e.attempt("units", Units::find) {
        whole(&mut e, &units);
    }
    let (findings, cost) = (e.findings, e.caller.cost);
    Ok(Report {
        name: spec.name.clone(),
        seed,
        findings,
        cost,
    })
}

/// Whose products have not failed.
#[derive(Clone, Copy)]
struct Trusted {
    whole: bool,
    samples: bool,
}

fn whole(e: &mut Examination<'_>, units: &Units) {
    let start = units.trajectory[0].clone();
    let part = Part::Whole;
    let Some((mut noise, found)) =
        e.attempt("noise", |c, r| noise::estimate(c, part, units, &start, r))
    else {
        return;
    };
    e.say(found);
    let spec = e.caller.spec;
    let mut broken = false;
    if spec.has_products() {
        // The precision of products is seen here, wanted or not.
        let found = e.attempt("consistency", |c, r| {
            consistency::judge(c, part, units, &mut noise, &start, r)
        });
        broken |= found.as_ref().is_none_or(Found::fails);
        if let Some(found) = found {
            e.say(found);
        }
        if e.wants(&["conservative"]) {
            broken |= curves(e, units, &noise);
        }
        broken |= e.judge("products", |c, r| {
            conservative::products(c, part, units, &noise, &start, r)
        });
        let end = units.clamped(units.trajectory[units.trajectory.len() - 1].clone());
        let special = [("the start", start), ("the end of its trajectory", end)];
        e.judge("neighbours", |c, r| {
            neighbours::judge(c, units, &noise, &special, r)
        });
    } else {
        for check in &CHECKS[1..5] {
            e.say(Found::skipped(check, "no product is served"));
        }
    }
    let mut sampled = spec.has_products();
    if spec.samples > 0 {
        sampled &= !e.judge("samples", |c, r| samples::judge(c, units, &noise, r));
    }
    let trusted = Trusted {
        whole: spec.has_products() && !broken,
        samples: sampled && !broken,
    };
    if e.wants(&CHECKS[LIMITS]) {
        limits(e, units, &noise, trusted);
    }
}

/// Item 4 on curves through the start, the end of the trajectory and random points; 3 names the
/// entry. Says whether it failed.
fn curves(e: &mut Examination<'_>, units: &Units, noise: &Noise) -> bool {
    let part = Part::Whole;
    let count = e.options.paths;
    let mut random = e.random("special");
    let trajectory = &units.trajectory;
    let mut special = vec![
        trajectory[0].clone(),
        trajectory[trajectory.len() - 1].clone(),
    ];
    while special.len() < count {
        let pick = random.below(trajectory.len() as u64) as usize;
        let point = if special.len() % 2 == 0 {
            units.with_lambda(trajectory[pick].clone(), &mut random)
        } else {
            units.point(&mut random)
        };
        special.push(point);
    }
    special.truncate(count);
    let paths = e.attempt("conservative", |c, r| {
        conservative::walk(c, part, units, noise, &special, r)
    });
    let Some(paths) = paths else { return true };
    let entry = paths.place().and_then(|place| {
        let found = e.attempt("entry", |c, r| {
            entry::entry(c, part, units, noise, place, r)
        });
        found.flatten()
    });
    let found = paths.ruling(noise, entry);
    let fails = found.fails();
    e.findings.push(found);
    fails
}

/// Items 5 to 9.
fn limits(e: &mut Examination<'_>, units: &Units, noise: &Noise, trust: Trusted) {
    let trusted = trust.whole;
    let spec = e.caller.spec;
    let floor = noise.norm(units);
    let start = units.trajectory[0].clone();
    let newton = trusted;
    let settled = e.attempt("fixed-point", |c, _| {
        Ok(settle(c, units, floor, vec![start.clone()], newton)?.remove(0))
    });
    let Some(settled) = settled else { return };
    e.judge("contraction", |c, r| {
        contraction::judge(c, units, noise, &settled, trusted, r)
    });
    let direct = trusted && units.d <= SERVED_DIRECT;
    let known = |c: &mut Caller<'_>, settled: Settled, r: &mut Random| {
        if direct {
            jacobian::known(c, units, noise, settled, r)
        } else {
            Ok(jacobian::by_ratio(units, noise, settled))
        }
    };
    let end = settled.end;
    let Some(solution) = e.attempt("jacobian", |c, r| known(c, settled, r)) else {
        return;
    };
    e.say(jacobian::fixed_point(&solution, noise, units));
    if end != End::Settled || spec.params == 0 {
        let why = if spec.params == 0 {
            "there are no parameters"
        } else {
            "ŵ is not settled"
        };
        for check in &CHECKS[SETTLED] {
            e.say(Found::not_judged(check, why));
        }
        return;
    }
    e.say(if direct {
        jacobian::jacobian(&solution)
    } else if trusted {
        let text = format!("no matrix is formed beyond d = {SERVED_DIRECT}");
        Found::open("jacobian", Reason::TooLarge, [f64::NAN; 2], text)
    } else {
        Found::not_judged("jacobian", "products are not served, or failed")
    });
    // Exactly at the given λ there may be a kink: limits are judged at a displaced one.
    let generic = e.attempt("generic", |c, r| {
        let x = units.displaced(&solution.settled.x, r);
        let settled = settle(c, units, floor, vec![x], newton)?.remove(0);
        let mut found = known(c, settled, r)?;
        if let Some(linear) = &found.linear {
            found.settled.ratio = radius(&linear.a);
        }
        Ok(found)
    });
    let Some(generic) = generic else { return };
    match &spec.hypergradient {
        Some(h) if h.inner == ServedInner::Nsid => nsid(e, units, noise, trust.samples, &generic),
        Some(declared) => served(e, units, noise, trusted, declared, &generic),
        None => {
            for check in &CHECKS[HYPERGRADIENT] {
                e.say(Found::skipped(check, "no hypergradient is served"));
            }
        }
    }
    if let Some(linear) = &generic.linear {
        e.judge("solution-map", |c, r| {
            solution_slope::slope(c, units, noise, &generic, linear, r)
        });
    } else {
        e.say(Found::not_judged(
            "solution-map",
            "there is no J to compare with",
        ));
    }
    solution_paths(e, units, noise, direct, &generic);
}

fn solution_paths(
    e: &mut Examination<'_>,
    units: &Units,
    noise: &Noise,
    trusted: bool,
    generic: &Solution,
) {
    let spec = e.caller.spec;
    let y = units.functional(&mut e.random("cotangent"));
    // What is drawn is no function of λ.
    let served = { spec.hypergradient }.filter(|h| h.inner != ServedInner::Nsid);
    let derivative = if let Some(h) = served {
        let inner = h.inner;
        Derivative::Served { y: &y, inner }
    } else if generic.linear.is_some() {
        Derivative::Products
    } else {
        e.say(Found::not_judged(
            "solution-path",
            "there is no derivative of w(·) to judge",
        ));
        return;
    };
    let k = generic.k;
    let products = generic
        .linear
        .as_ref()
        .map_or(k * noise.products, |l| l.error);
    let size = generic.linear.as_ref().map_or(1.0, |l| l.c.norm());
    let declared = served.map_or(0.0, |h| {
        let change = generic.linear.as_ref().map_or(1.0, |l| l.curvature);
        k * size * h.linear_tolerance + k * k * change * h.step_tolerance
    });
    let error = products + declared;
    let setting = Setting {
        solution: generic,
        derivative: &derivative,
        trusted,
        error,
    };
    // J from products was judged already, but for kinks of w(·): one path sees them.
    let most = e.options.solution_paths;
    let count = if served.is_some() { most } else { most.min(1) };
    e.judge("solution-path", |c, r| {
        solution_map::paths(c, units, noise, &setting, count, r)
    });
}

/// Item 9.
fn served(
    e: &mut Examination<'_>,
    units: &Units,
    noise: &Noise,
    trusted: bool,
    declared: &ServedHypergradient,
    generic: &Solution,
) {
    let spec_has_vjp = e.caller.spec.products.vjp;
    let y = units.functional(&mut e.random("hypergradient"));
    let steps = hypergradient::steps(declared.inner, generic.settled.ratio);
    let x = match declared.inner {
        // From the start, displaced as it is where the steps are judged.
        ServedInner::Itd => {
            let lambda = &generic.settled.x[units.d..];
            [&units.trajectory[0][..units.d], lambda].concat()
        }
        _ => generic.settled.x.clone(),
    };
    let question = Question {
        x: x.clone(),
        steps,
        y,
        drawn: None,
    };
    e.judge("hypergradient-conduct", |c, _| {
        hypergradient::conduct(c, units, &question)
    });
    let Some(linear) = &generic.linear else {
        if trusted && spec_has_vjp {
            e.judge("hypergradient-limit", |c, r| {
                hypergradient::limit_by_solves(c, units, noise, declared, generic, &question, r)
            });
            let text = format!("no matrix is formed beyond d = {SERVED_DIRECT}");
            e.say(Found::skipped("hypergradient-steps", text));
            return;
        }
        for check in ["hypergradient-limit", "hypergradient-steps"] {
            e.say(Found::not_judged(
                check,
                "products are not served, or failed",
            ));
        }
        return;
    };
    e.judge("hypergradient-limit", |c, _| {
        hypergradient::limit(c, units, noise, declared, generic, linear, &question)
    });
    if declared.inner == ServedInner::Implicit {
        e.say(Found::skipped(
            "hypergradient-steps",
            "an implicit hypergradient has no steps",
        ));
        return;
    }
    e.judge("hypergradient-steps", |c, r| {
        let curvature = hypergradient::curvature(c, units, &x, r)?.max(linear.curvature);
        hypergradient::recursive(c, units, noise, declared.inner, curvature, &x, r)
    });
}

/// Item 10 for the user's NSID, at ŵ.
fn nsid(e: &mut Examination<'_>, units: &Units, noise: &Noise, trusted: bool, at: &Solution) {
    let (n, x) = (e.caller.spec.samples, &at.settled.x);
    e.judge("hypergradient-conduct", |c, r| {
        hypergradient::conduct(c, units, &stochastic::question(n, units, x, r))
    });
    let why = "what is drawn stays drawn: every step is judged";
    e.say(Found::skipped("hypergradient-limit", why));
    let both = ["hypergradient-steps", "nsid-moments"];
    if units.d > SERVED_DIRECT {
        for check in both {
            let text = format!("no matrix is formed beyond d = {SERVED_DIRECT}");
            e.say(Found::open(check, Reason::TooLarge, [f64::NAN; 2], text));
        }
    } else if !trusted {
        for check in both {
            let why = "products of Φ or T̂ are not served, or failed";
            e.say(Found::not_judged(check, why));
        }
    } else {
        e.judge(both[0], |c, r| stochastic::steps(c, units, noise, x, r));
        e.judge(both[1], |c, r| stochastic::moments(c, units, noise, x, r));
    }
}
