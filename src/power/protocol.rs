//! The power of the protocol: the fault catalogue as implementations in other processes, judged by
//! what `subject` sends and named from what comes back.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rayon::prelude::*;

use super::result::{FaultPower, LOOKS_RIGHT, Options, Power, UNKNOWN};
use crate::case::{Answer, Factory, Implementation, Method};
use crate::checks::Ruling;
use crate::claims::{Claim, Diagnosis, Verdict};
use crate::conformance::{Conformance, Conformed};
use crate::error::{Error, Result};
use crate::faults::{Edit, Fault, Shows, Simulated, catalogue, variants};
use crate::linalg::Matrix;
use crate::subject::{Local, read_answer};
use crate::tol::DIAGNOSIS_SAME;
use crate::wire::{Posed, Server, ToSubject, parse_to_subject};

/// An implementation of every method, of these with departures.
struct Planted<'e> {
    edits: &'e [Edit],
    methods: &'e [Method],
}

impl Factory for Planted<'_> {
    fn make(&self, method: Method) -> Result<Box<dyn Implementation + '_>> {
        let planted = self.methods.contains(&method);
        let edits = if planted { self.edits } else { &[] };
        Ok(Box::new(Simulated::new(method, edits)))
    }
}

/// Measures what `subject` catches of the catalogue, by the claims of `rates/subject`.
///
/// # Errors
/// When the threads cannot be started.
pub fn of_protocol(claims: &[Claim], options: &Options) -> Result<Power> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs.unwrap_or(0))
        .build()
        .map_err(|e| Error::usage(format!("cannot start the threads: {e}")))?;
    let measured = |rows: Vec<Fault>, faults: bool| -> Result<Vec<Measured>> {
        let rows: Vec<Measured> = rows
            .par_iter()
            .map(|fault| one(claims, options, (fault, faults)))
            .collect::<Result<Vec<_>>>()?
            .concat();
        Ok(rows)
    };
    pool.install(|| {
        let (faults, variants) = (measured(catalogue(), true)?, measured(variants(), false)?);
        let unseen = faults.iter().filter_map(|m| match m {
            Measured::Unseen(fault, method) => Some((fault.clone(), method.clone())),
            Measured::Row(_) => None,
        });
        let rows = |all: &[Measured]| -> Vec<FaultPower> {
            let row = |m: &Measured| match m {
                Measured::Row(row) => Some(row.as_ref().clone()),
                Measured::Unseen(..) => None,
            };
            all.iter().filter_map(row).collect()
        };
        Ok(Power {
            schema: 1,
            seed: options.seed,
            unseen: unseen.collect(),
            faults: rows(&faults),
            variants: rows(&variants),
            sizes: Vec::new(),
        })
    })
}

/// One fault in one method.
#[derive(Clone)]
enum Measured {
    Row(Box<FaultPower>),
    /// No case that was sent shows it: its answers are the right ones.
    Unseen(String, String),
}

/// One fault in all the methods that it can occur in, in one conversation.
fn one(
    claims: &[Claim],
    options: &Options,
    (fault, a_fault): (&Fault, bool),
) -> Result<Vec<Measured>> {
    let bilevel = fault.shows() == Shows::InHypergradients;
    let plain = |c: &&Claim| c.hypergradient == bilevel;
    let own: Vec<Claim> = claims.iter().filter(plain).cloned().collect();
    let methods = Method::NAMES.iter().map(|n| n.1);
    let methods: Vec<Method> = methods
        .filter(|m| fault.occurs_in(*m) && own.iter().any(|c| c.method == *m))
        .collect();
    let (conformed, said) = conformed(own, options, fault, &methods)?;
    let mut out = Vec::new();
    for method in methods {
        let of = |v: &&Verdict| v.method == method.name();
        let failing: Vec<&Verdict> = { conformed.verdicts.iter() }
            .filter(|v| of(v) && v.status == Ruling::Fail)
            .collect();
        let first = failing.first();
        let wrong = said.iter().any(|(m, wrong)| *m == method && *wrong);
        if first.is_none() && !wrong && a_fault {
            out.push(Measured::Unseen(fault.name.into(), method.name().into()));
            continue;
        }
        let mut before: Vec<&str> = Vec::new();
        for v in conformed.verdicts.iter().filter(of) {
            let id = v.instance.id.as_str();
            if !before.contains(&id) {
                before.push(id);
            }
            if first.is_some_and(|f| f.id == v.id) {
                break;
            }
        }
        let (named, confidence) = best(failing.iter().filter_map(|v| v.diagnosis.as_ref()));
        out.push(Measured::Row(Box::new(FaultPower {
            fault: fault.name.into(),
            about: fault.about.into(),
            method: method.name().into(),
            caught: first.is_some(),
            by: first.map(|f| format!("{}/{}", f.claim, f.check)),
            after: before.len(),
            named,
            confidence,
            claims: Vec::new(),
        })));
    }
    Ok(out)
}

/// The most confident name of all failing verdicts.
fn best<'d>(all: impl Iterator<Item = &'d Diagnosis>) -> (String, f64) {
    let mut out = (String::new(), 0.0);
    for diagnosis in all {
        match diagnosis {
            Diagnosis::Names(names) => {
                let confidence = names.iter().map(|n| n.confidence).fold(0.0, f64::max);
                if confidence > out.1 {
                    let joined: Vec<&str> = names.iter().map(|n| n.fault.as_str()).collect();
                    out = (joined.join(" or "), confidence);
                }
            }
            Diagnosis::Unknown if out.0.is_empty() => out.0 = UNKNOWN.into(),
            Diagnosis::LooksRight if out.0.is_empty() => out.0 = LOOKS_RIGHT.into(),
            Diagnosis::Unknown | Diagnosis::LooksRight => {}
        }
    }
    out
}

/// What `subject` says of an implementation with this fault in these methods, and of every answer
/// whether it is another one than the correct simulation gives.
fn conformed(
    claims: Vec<Claim>,
    options: &Options,
    fault: &Fault,
    methods: &[Method],
) -> Result<(Conformed, Vec<(Method, bool)>)> {
    let plan = Conformance {
        claims,
        times: 1,
        shard: None,
        profile: options.profile,
        seed: options.seed,
        patience: Duration::from_secs(1),
        strict: true,
        only: Vec::new(),
    };
    let planted = Planted {
        edits: fault.edits,
        methods,
    };
    let launch = Local::new(|| Server::new(&planted, "planted", ""));
    let stop = AtomicBool::new(false);
    let mut said = Vec::new();
    let mut right = Vec::new();
    let mut posed: Option<Posed> = None;
    let mut record = |line: &str| {
        match parse_to_subject(line) {
            Ok(ToSubject::Case(case)) => posed = Posed::of(&case).ok(),
            _ => {
                if let Some(posed) = posed.take() {
                    let answer = read_answer(&posed, line, false);
                    said.push((posed.method, differs(&posed, &answer, &mut right)));
                }
            }
        }
        Ok(())
    };
    let conformed = plan.run(&launch, &stop, &mut |_, _| {}, &mut record)?;
    Ok((conformed, said))
}

/// Whether an answer is another one than that of the correct simulation.
fn differs(posed: &Posed, answer: &Answer, right: &mut Vec<(Method, Simulated)>) -> bool {
    let n = match right.iter().position(|(m, _)| *m == posed.method) {
        Some(n) => n,
        None => {
            right.push((posed.method, Simulated::new(posed.method, &[])));
            right.len() - 1
        }
    };
    let want = right[n].1.run(&posed.case());
    let off = |(a, b): (&Matrix, &Matrix)| {
        a.shape() != b.shape() || !((a - b).norm() <= DIAGNOSIS_SAME * b.norm())
    };
    answer.estimates.len() != want.estimates.len()
        || answer.estimates.iter().zip(&want.estimates).any(off)
}
