//! `generate`: an instance with its ground truth as JSON.

use serde_json::Value;

use super::exit::Exit;
use super::output;
use super::truth;
use crate::case::Method;
use crate::error::Result;
use crate::evidence::Evidence;
use crate::instances::{Instance, InstanceFile, Kind, Spec};

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
            .map(|(_, name, about, _)| format!("{name:24} {about}\n"))
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
    let instance = Instance::generate(&spec, arguments.seed)?;
    // NSID's evidence and ITD's differ in their target alone, which the truth does not depend on.
    let method = if kind.is_stochastic() {
        Method::NSID
    } else {
        Method::ITD
    };
    let truth = truth::of(&Evidence::new(&instance, method, 0))?;
    let mut object = InstanceFile::to_json(&instance);
    object.insert("truth".into(), truth);
    let text = serde_json::to_string(&Value::Object(object)).unwrap_or_default();
    output::print(&(text + "\n"))?;
    Ok(Exit::Holds)
}
