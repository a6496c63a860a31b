//! `explain`: a claim in words, and every constant of its theorem on an instance.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::exit::Exit;
use super::output;
use super::values::{catalogue, read};
use crate::case::Target;
use crate::claims::Claim;
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::instances::{Instance, InstanceFile, check_run};
use crate::numerals::number;
use crate::report::wrapped;
use crate::theory::{Hypothesis, Row, Table, Theorem, Value};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Name of the claim
    #[arg(required_unless_present = "list")]
    claim: Option<String>,
    /// Name the claims with their titles
    #[arg(long, conflicts_with = "claim")]
    list: bool,
    /// Instance file as `generate` writes it; the claim's first family by default
    #[arg(long, value_name = "FILE")]
    instance: Option<PathBuf>,
    /// Directory with further claims (*.toml)
    #[arg(long = "claims", value_name = "DIR")]
    claims_dir: Option<PathBuf>,
    /// What is printed: text, or JSON with all digits, w(λ) and J
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Steps of the exact run that is shown.
const STEPS: usize = 50;

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let catalogue = catalogue(arguments.claims_dir.as_ref())?;
    let Some(name) = &arguments.claim else {
        output::print(&list(catalogue.claims()))?;
        return Ok(Exit::Holds);
    };
    let claims = catalogue.select(std::slice::from_ref(name))?;
    let [claim] = claims.as_slice() else {
        let text = format!("{name:?} matches {} claims; name one", claims.len());
        return Err(Error::usage(text));
    };
    let file = arguments.instance.as_ref().map(|p| p.display().to_string());
    let located = |e: Error| match &file {
        Some(file) => e.in_file(file.clone()),
        None => e,
    };
    let instance = match &arguments.instance {
        Some(path) => InstanceFile::parse(&read(path)?).map_err(located)?,
        None => Instance::generate(&claim.families[0].draw(0, 0), 0)?,
    };
    let dims = instance.map.dims();
    check_run(dims.w, dims.lambda, STEPS).map_err(located)?;
    if claim.method.is_stochastic() != instance.samples.is_some() {
        let kind = if claim.method.is_stochastic() {
            "a problem with samples (`generate --list` calls these kinds stochastic)"
        } else {
            "a deterministic problem"
        };
        let text = format!(
            "{} is about {}, which takes {kind}",
            claim.name, claim.method
        );
        return Err(located(Error::input(text).in_field("problem")));
    }
    let evidence = Evidence::new(&instance, claim.method, STEPS);
    let evidence = match &instance.objective {
        _ if !claim.hypergradient => evidence,
        Some(objective) => evidence.targeting(Target::Hypergradient(objective)),
        None => {
            let text = format!("{} is about hypergradients, and there is none", claim.name);
            return Err(located(Error::input(text).in_field("objective")));
        }
    };
    let unsolved = |e: Error| match e.field() {
        Some(_) => located(e),
        None => located(e.in_field("problem")),
    };
    let theorem = evidence.theorem(&claim.theorem).map_err(unsolved)?;
    let certificates = evidence.certificates().map_err(unsolved)?;
    let parts = Parts {
        claim,
        evidence: &evidence,
        theorem: theorem.as_ref(),
        certificates: &certificates,
    };
    output::print(&match arguments.format {
        Format::Text => parts.text(),
        Format::Json => parts.json(),
    })?;
    Ok(Exit::Holds)
}

/// Names and titles, a claim a line.
fn list(claims: &[Claim]) -> String {
    let width = claims.iter().map(|c| c.name.chars().count()).max();
    let width = width.unwrap_or(0);
    let rest = " ".repeat(width + 2);
    let line = |c: &Claim| wrapped(&c.title, &format!("{:width$}  ", c.name), &rest) + "\n";
    claims.iter().map(line).collect()
}

/// What is explained.
struct Parts<'a> {
    claim: &'a Claim,
    evidence: &'a Evidence<'a>,
    theorem: &'a dyn Theorem,
    certificates: &'a [Row],
}

impl Parts<'_> {
    /// Those of the claim, then what else its theorem asks for.
    fn hypotheses(&self) -> Vec<Hypothesis> {
        let mut all = self.claim.hypotheses.clone();
        let others = self.theorem.hypotheses().iter();
        all.extend(others.filter(|h| !self.claim.hypotheses.contains(h)));
        all
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = self.theorem.constants();
        rows.extend(self.certificates.iter().cloned());
        rows
    }

    fn text(&self) -> String {
        let claim = self.claim;
        let said = |text: &str| wrapped(text, "  ", "    ");
        let mut lines = vec![
            wrapped(&format!("{}: {}", claim.name, claim.title), "", "  "),
            said(&claim.statement),
            said(&format!(
                "{} ({}), method {}, kind {}",
                claim.theorem,
                claim.source,
                claim.method,
                claim.kind.name()
            )),
            said(&format!(
                "What a pass would have caught: {}",
                claim.caught()
            )),
            "\nHypotheses".into(),
        ];
        for h in self.hypotheses() {
            let broken = self.evidence.broken(h);
            let state = broken.map_or("holds".into(), |why| format!("NO: {why}"));
            let text = format!("{} [{state}]", h.statement());
            lines.push(wrapped(
                &text,
                &format!("  {:18} ", h.name()),
                &" ".repeat(21),
            ));
        }
        lines.push(format!("\n{}", self.theorem.name()));
        lines.push(said(self.theorem.statement()));
        if self.theorem.name() != claim.theorem {
            lines.push(said(&format!(
                "({} has no constants of its own; those of {} follow.)",
                claim.theorem,
                self.theorem.name()
            )));
        }
        lines.push(format!(
            "\nConstants on {}",
            described(self.evidence.instance)
        ));
        lines.extend(self.rows().iter().map(line));
        lines.push(table(&self.theorem.table()));
        lines.join("\n") + "\n"
    }

    fn json(&self) -> String {
        let instance = self.evidence.instance;
        let constant =
            |row: &Row| json!({"name": row.name, "value": value(&row.value), "about": row.about});
        let hypothesis = |h: &Hypothesis| json!({"name": h.name(), "statement": h.statement(), "broken": self.evidence.broken(*h)});
        let shown = self.theorem.table();
        let row = |(k, numbers): &(usize, Vec<f64>)| {
            let mut cells = vec![json!(k)];
            cells.extend(numbers.iter().map(|v| number(*v)));
            Json::Array(cells)
        };
        let out = json!({
            "claim": self.claim.name,
            "statement": self.claim.statement,
            "hypotheses": self.hypotheses().iter().map(hypothesis).collect::<Json>(),
            "theorem": {"name": self.theorem.name(), "statement": self.theorem.statement()},
            "instance": InstanceFile::to_json(instance),
            "constants": self.rows().iter().map(constant).collect::<Json>(),
            "bound": {
                "title": shown.title,
                "columns": shown.columns,
                "rows": shown.rows.iter().map(row).collect::<Json>(),
            },
            "truth": super::truth::of(self.evidence).unwrap_or(Json::Null),
        });
        serde_json::to_string(&out).unwrap_or_default() + "\n"
    }
}

fn described(i: &Instance) -> String {
    let dims = i.map.dims();
    let sampled = match (i.samples, i.map.samples()) {
        (Some(sizes), Some(map)) => format!(
            ", {} samples, |b| = {}",
            map.inner().population(),
            sizes.batch
        ),
        _ => String::new(),
    };
    let kind = if i.samples.is_some() {
        i.spec.kind.name()
    } else {
        i.map.problem().kind()
    };
    format!(
        "{kind} (d = {}, m = {}{sampled}, seed {})",
        dims.w, dims.lambda, i.seed
    )
}

fn line(row: &Row) -> String {
    let shown = match &row.value {
        Value::Number(v) if v.is_infinite() => "∞".into(),
        Value::Number(v) if row.name == "q" => format!("{v:.9}"),
        Value::Number(v) => format!("{v:.6e}"),
        Value::Pair([a, b]) => format!("{a:.3e} {b:.3e}"),
        Value::Count(Some(n), _) => n.to_string(),
        Value::Count(None, why) => (*why).into(),
        Value::Enclosed(e) => e.to_string(),
        Value::None(why) => why.clone(),
    };
    wrapped(
        row.about,
        &format!("  {:12} {shown:>14}  ", row.name),
        &" ".repeat(31),
    )
}

fn value(v: &Value) -> Json {
    match v {
        Value::Number(v) => number(*v),
        Value::Pair(pair) => pair.iter().map(|v| number(*v)).collect(),
        Value::Count(n, _) => json!(n),
        Value::Enclosed(e) => json!({"middle": number(e.middle()), "radius": number(e.radius())}),
        Value::None(_) => Json::Null,
    }
}

fn table(t: &Table) -> String {
    let mut out = format!("\n{}\n  {:>6}", t.title, t.columns[0]);
    for name in &t.columns[1..] {
        let _ = write!(out, " {name:>14}");
    }
    for (k, numbers) in &t.rows {
        let _ = write!(out, "\n  {k:>6}");
        for v in numbers {
            let _ = match v.is_infinite() {
                true => write!(out, " {:>14}", "∞"),
                false => write!(out, " {v:>14.4e}"),
            };
        }
    }
    out
}
