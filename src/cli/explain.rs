//! `explain`: a claim in words, and every constant of its theorem on an instance.

mod stochastic;

use std::fmt::Write as _;
use std::path::PathBuf;

use super::{Exit, catalogue, output, read};
use crate::claims::{Claim, Exact};
use crate::error::{Error, Result};
use crate::instances::{Instance, InstanceFile, StochasticFile, StochasticInstance};
use crate::theory::Level;
use crate::tol::TAU_LIMIT;
use crate::truth::Truth;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Name of the claim
    claim: String,
    /// Instance file as `generate` writes it; the claim's first family by default
    #[arg(long, value_name = "FILE")]
    instance: Option<PathBuf>,
    /// Directory with further claims (*.toml)
    #[arg(long = "claims", value_name = "DIR")]
    claims_dir: Option<PathBuf>,
}

/// Steps at which the bound is shown.
const STEPS: [usize; 7] = [0, 1, 2, 5, 10, 20, 50];

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let claims =
        catalogue(arguments.claims_dir.as_ref())?.select(std::slice::from_ref(&arguments.claim))?;
    let [claim] = claims.as_slice() else {
        return Err(Error::usage(format!(
            "{:?} matches {} claims; name one",
            arguments.claim,
            claims.len()
        )));
    };
    let mut text = header(claim);
    let file = arguments.instance.as_ref().map(|p| p.display().to_string());
    let located = |e: Error| match &file {
        Some(file) => e.in_file(file.clone()),
        None => e,
    };
    let given = arguments.instance.as_ref().map(|p| read(p)).transpose()?;
    if claim.method.stochastic().is_some() {
        let instance = match &given {
            Some(text) => StochasticFile::parse(text).map_err(located)?,
            None => StochasticInstance::generate(&claim.families[0].draw(0, 0), 0)?,
        };
        text += &stochastic::explain(claim, &instance).map_err(located)?;
        output::print(&text)?;
        return Ok(Exit::Holds);
    }
    let instance = match &given {
        Some(text) => InstanceFile::parse(text).map_err(located)?,
        None => Instance::generate(&claim.families[0].draw(0, 0), 0)?,
    };
    // Writing to a String cannot fail.
    let mut line = |s: String| {
        let _ = writeln!(text, "{s}");
    };
    let truth = Truth::solve(&instance.map, &instance.lambda);
    line("\nHypotheses".into());
    for h in &claim.hypotheses {
        let state = h
            .check(&truth)
            .map_or_else(|why| format!("NO: {why}"), |()| "holds".into());
        line(format!("  {:18} {} [{state}]", h.name(), h.statement()));
    }
    let truth = truth.map_err(|e| located(Error::input(e.to_string()).in_field("problem")))?;
    let exact = Exact::new(&instance, truth, STEPS[STEPS.len() - 1]);
    for l in constants(&instance, &exact) {
        line(l);
    }
    let aid = claim.method.is_aid();
    line(format!(
        "\nBound of Theorem 4.1 for {}",
        if aid {
            "AID-FP at w_t with k = t"
        } else {
            "ITD"
        }
    ));
    line(format!(
        "  {:>4} {:>12} {:>12} {:>12} {:>12}",
        "t", "paper", "trajectory", "sharp", "e_t"
    ));
    for t in STEPS {
        let [paper, trajectory, sharp] = [Level::Paper, Level::Trajectory, Level::Sharp]
            .map(|level| exact.bound(level, aid, t, t));
        line(format!(
            "  {t:>4} {paper:>12.4e} {trajectory:>12.4e} {sharp:>12.4e} {:>12.4e}",
            exact.run.e[t]
        ));
    }
    output::print(&text)?;
    Ok(Exit::Holds)
}

fn header(claim: &Claim) -> String {
    format!(
        "{}: {}\n  {}\n  {} ({}), method {}, kind {}\n  What a pass would have caught: {}\n",
        claim.name,
        claim.title,
        claim.statement,
        claim.theorem,
        claim.source,
        claim.method.name(),
        claim.kind.name(),
        claim.caught()
    )
}

fn row(name: &str, value: String, what: &str) -> String {
    format!("  {name:12} {value:>14}  {what}")
}

fn float(v: f64) -> String {
    format!("{v:.6e}")
}

fn constants(instance: &Instance, exact: &Exact) -> Vec<String> {
    let (th, truth) = (&exact.theorem, &exact.truth);
    let m = &th.moduli;
    let dims = instance.map.dims();
    let tau = if th.tau >= TAU_LIMIT {
        "> 10^7".into()
    } else {
        th.tau.to_string()
    };
    let mut out = vec![
        format!(
            "\nConstants on {} (d = {}, m = {}, seed {})",
            instance.map.problem().kind(),
            dims.w,
            dims.lambda,
            instance.seed
        ),
        row(
            "q",
            format!("{:.9}", th.q),
            "certified upper bound of ‖D_Φ,1‖sup",
        ),
        row("κ", float(truth.kappa()), "1/(1-q)"),
        row(
            "ρ",
            exact.rho().map_or("no one".into(), |r| r.to_string()),
            &local_rate(exact),
        ),
        row(
            "L_1, L_2",
            format!("{:.3e} {:.3e}", m.l[0], m.l[1]),
            "Lipschitz constants of the pieces' derivatives",
        ),
        row(
            "M_1, M_2",
            format!("{:.3e} {:.3e}", m.m[0], m.m[1]),
            "largest jump to another piece",
        ),
        row(
            "R",
            float(m.r),
            "distance of w(λ) to the nearest other piece",
        ),
        row("‖D_Φ,2‖sup", float(m.d2_sup), "at w(λ)"),
        row("B", float(th.b), "‖D_Φ,2‖sup/(1-q) ≥ ‖D_fix‖sup"),
        row(
            "‖D_fix‖sup",
            float(th.d_fix_sup),
            "‖J‖ where the derivative is one matrix",
        ),
        row("e_0", float(th.e0), "‖w_0 - w(λ)‖"),
        row("τ", tau, "smallest t with qᵗe_0 < R"),
        row(
            "f*",
            float(truth.fixed_point.error),
            "certified error of w(λ)",
        ),
    ];
    if let Some(j) = &truth.jacobian {
        out.push(row("f^J", float(j.error), "certified error of J"));
    }
    let (identified, what) = match exact.run.identified {
        None if !m.kinks.is_empty() => (
            "not defined".into(),
            "w(λ) is on a kink: several pieces meet there, and the iterates may alternate for good",
        ),
        at => (
            at.map_or("not yet".into(), |t| t.to_string()),
            "first step from which on the iterates stay on the piece of w(λ)",
        ),
    };
    out.push(row("identified", identified, what));
    out
}

/// What ρ is, with the second modulus.
fn local_rate(exact: &Exact) -> String {
    let Some(s) = exact.truth.spectrum() else {
        return "ρ: w(λ) is on a kink, ∂₁Φ is a set of matrices there".into();
    };
    let pair = if s.complex == Some(true) {
        ", a complex pair leads"
    } else {
        ""
    };
    format!(
        "spectral radius of ∂₁Φ at w(λ): the local rate (second modulus {}{pair})",
        s.second
    )
}
