//! `generate`: an instance with its ground truth as JSON.

use serde_json::Value;

use super::exit::Exit;
use super::output;
use super::truth;
use crate::case::{Method, Target};
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::instances::{Instance, InstanceFile, Kind, Path, Spec};
use crate::objectives::ObjectiveKind;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Kind of instance
    #[arg(required_unless_present_any = ["list", "spec"])]
    kind: Option<String>,
    /// Seed
    #[arg(long, default_value_t = 0, value_parser = super::values::seed)]
    seed: u64,
    /// The whole request as JSON, as in a verdict under `instance.spec`; options change it
    #[arg(long, value_name = "JSON", conflicts_with = "kind")]
    spec: Option<String>,
    #[command(flatten)]
    fields: Fields,
    /// Name the kinds
    #[arg(long)]
    list: bool,
    /// Say in words what a kind is: its formula, what λ is, how it is drawn
    #[arg(long)]
    describe: bool,
}

/// The fields of a spec.
#[derive(clap::Args)]
struct Fields {
    /// d = dim w [default: 4, or what the kind fixes]
    #[arg(long, value_name = "N")]
    dim: Option<usize>,
    /// m = dim λ
    #[arg(long, value_name = "N")]
    params: Option<usize>,
    /// Data rows of an elastic net, units of a layer
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Contraction factor
    #[arg(long)]
    q: Option<f64>,
    /// Margin R
    #[arg(long, value_name = "R")]
    margin: Option<f64>,
    /// λ₁,λ₂ of real data
    #[arg(long, value_name = "L1,L2", value_parser = pair)]
    lambda: Option<[f64; 2]>,
    /// ‖y‖
    #[arg(long, value_name = "NORM")]
    cotangent: Option<f64>,
    /// Theorem 4.1's τ, which sets w_0
    #[arg(long, value_name = "N")]
    tau: Option<usize>,
    /// Where the points w_t come from: accelerated, averaged, given, rest
    #[arg(long, value_name = "NAME", value_parser = path)]
    path: Option<Path>,
    /// Outer objective of a bilevel problem, drawn with the instance: least-squares, logistic,
    /// absolute, cross-entropy, joint-least-squares, joint-logistic, joint-absolute
    #[arg(long, value_name = "NAME", value_parser = objective)]
    objective: Option<ObjectiveKind>,
    /// Round numbers and w_0 = 0
    #[arg(long)]
    plain: bool,
}

fn pair(text: &str) -> std::result::Result<[f64; 2], String> {
    let numbers: std::result::Result<Vec<f64>, _> =
        text.split(',').map(|v| v.trim().parse::<f64>()).collect();
    let pair = numbers.ok().and_then(|v| <[f64; 2]>::try_from(v).ok());
    pair.ok_or_else(|| format!("expected two numbers L1,L2, got {text:?}"))
}

fn path(name: &str) -> std::result::Result<Path, String> {
    serde_json::from_value(Value::String(name.into())).map_err(|e| e.to_string())
}

fn objective(name: &str) -> std::result::Result<ObjectiveKind, String> {
    ObjectiveKind::from_name(name).map_err(|e| e.to_string())
}

impl Fields {
    /// Sets what is given. What the kind does not use is refused: it would be ignored.
    fn set(&self, spec: &mut Spec) -> Result<()> {
        let given = [
            ("dim", self.dim.is_some()),
            ("params", self.params.is_some()),
            ("rows", self.rows.is_some()),
            ("q", self.q.is_some()),
            ("margin", self.margin.is_some()),
            ("lambda", self.lambda.is_some()),
            ("tau", self.tau.is_some()),
            ("path", self.path.is_some()),
            ("plain", self.plain),
        ];
        if let Some((name, _)) = given.iter().find(|(f, is)| *is && !spec.kind.uses(f)) {
            let (kind, fields) = (spec.kind.name(), spec.kind.fields().join(", "));
            return Err(Error::usage(format!(
                "--{name} changes nothing of {kind}, whose fields are {fields}"
            )));
        }
        spec.dim = self.dim.unwrap_or(spec.dim);
        spec.params = self.params.unwrap_or(spec.params);
        spec.rows = self.rows.unwrap_or(spec.rows);
        spec.q = self.q.unwrap_or(spec.q);
        spec.margin = self.margin.or(spec.margin);
        spec.lambda = self.lambda.or(spec.lambda);
        spec.cotangent = self.cotangent.or(spec.cotangent);
        spec.tau = self.tau.or(spec.tau);
        spec.path = self.path.or(spec.path);
        spec.objective = self.objective.or(spec.objective);
        spec.plain |= self.plain;
        Ok(())
    }
}

impl Arguments {
    fn wanted(&self) -> Result<Spec> {
        let mut spec = match &self.spec {
            Some(text) => {
                serde_json::from_str(text).map_err(|e| Error::usage(format!("--spec: {e}")))?
            }
            None => {
                let kind = Kind::from_name(self.kind.as_deref().unwrap_or_default())?;
                let dim = self.fields.dim.unwrap_or(4);
                let mut spec = Spec::typical(kind, 1);
                (spec.dim, spec.rows) = (dim, 2 * dim.min(1_000_000));
                spec
            }
        };
        self.fields.set(&mut spec)?;
        // Before anything of that size is allocated.
        spec.validate()?;
        let normal = spec.clone().normalised();
        for (name, given, used) in [
            ("dim", self.fields.dim, normal.dim),
            ("params", self.fields.params, normal.params),
            ("rows", self.fields.rows, normal.rows),
        ] {
            if let Some(given) = given.filter(|given| *given != used) {
                output::say(&format!(
                    "ratecert: {} takes {name} = {used} for {given}",
                    spec.kind.name()
                ));
            }
        }
        Ok(normal)
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    if arguments.list {
        let lines: Vec<String> = Kind::ALL
            .iter()
            .map(|(_, name, about, _)| format!("{name:24} {about}\n"))
            .collect();
        output::print(&lines.concat())?;
        return Ok(Exit::Holds);
    }
    if arguments.describe {
        let kind = match &arguments.kind {
            Some(name) => Kind::from_name(name)?,
            None => arguments.wanted()?.kind,
        };
        output::print(&kind.describe())?;
        return Ok(Exit::Holds);
    }
    let spec = arguments.wanted()?;
    output::print(&written(&Instance::generate(&spec, arguments.seed)?)?)?;
    Ok(Exit::Holds)
}

/// An instance with its ground truth, as one line of JSON.
///
/// # Errors
/// When there is no ground truth.
pub(super) fn written(instance: &Instance) -> Result<String> {
    let method = if instance.samples.is_some() {
        Method::NSID
    } else {
        Method::ITD_REVERSE
    };
    let evidence = Evidence::new(instance, method, 0);
    let truth = truth::of(&match &instance.objective {
        Some(objective) => evidence.targeting(Target::Hypergradient(objective)),
        None => evidence,
    })?;
    let mut object = InstanceFile::to_json(instance);
    object.insert("truth".into(), truth);
    Ok(Value::Object(object).to_string() + "\n")
}
