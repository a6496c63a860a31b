//! Medians over seeds, and what is written of a reproduction.

use serde::Serialize;

use super::experiment::{Experiment, Findings, Measured};
use crate::report::{Line, Panel, Trace};

/// The median of finite and infinite numbers (the upper one of two); NaN where there is none.
pub(super) fn median_of(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The curves of several jobs as one panel, in the order of the first job.
pub(super) fn panel(title: &str, x: &str, y: &str, log_x: bool, all: &[&Measured]) -> Panel {
    let first = all.first().map_or(&[][..], |m| m.curves.as_slice());
    let trace = |of: &super::experiment::Curve| {
        let at = |n: usize| {
            let own = all.iter().filter_map(move |m| m.curve(&of.label)?.y.get(n));
            own.copied().collect::<Vec<f64>>()
        };
        let ends = |n: usize| {
            let fold = |[a, b]: [f64; 2], v: f64| [a.min(v), b.max(v)];
            at(n)
                .into_iter()
                .filter(|v| v.is_finite())
                .fold([f64::INFINITY, 0.0], fold)
        };
        let several = all.len() > 1 && !of.predicted;
        Trace {
            label: of.label.clone(),
            line: if of.predicted {
                Line::Predicted
            } else {
                Line::Measured
            },
            x: of.x.clone(),
            median: (0..of.x.len())
                .map(|n| median_of(at(n).into_iter()))
                .collect(),
            spread: (0..of.x.len()).filter(|_| several).map(ends).collect(),
        }
    };
    Panel {
        title: title.into(),
        x_title: x.into(),
        y_title: y.into(),
        log_x,
        traces: first.iter().map(trace).collect(),
        mark: None,
    }
}

/// Everything as JSON.
pub fn json(experiment: &dyn Experiment, results: &[Measured], findings: &Findings) -> String {
    #[derive(Serialize)]
    struct File<'a> {
        schema: u32,
        experiment: &'a str,
        run: String,
        statements: &'a [super::experiment::Statement],
        results: &'a [Measured],
    }
    let file = File {
        schema: 1,
        experiment: experiment.name(),
        run: experiment.fingerprint(),
        statements: &findings.statements,
        results,
    };
    // Plain data with text for keys.
    serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
}

/// The statements and the figure in Markdown.
pub fn markdown(experiment: &dyn Experiment, findings: &Findings) -> String {
    let name = experiment.name();
    let mut out = format!(
        "# {}\n\n![{name}]({name}.svg)\n\n{}\n\n| statement | seen | measured |\n|---|---|---|\n",
        experiment.title(),
        findings.caption
    );
    for s in &findings.statements {
        let seen = if s.holds { "yes" } else { "**no**" };
        out += &format!(
            "| {} | {seen} | {} |\n",
            s.says,
            s.measured.replace('|', "\\|")
        );
    }
    out + &format!("\n{}\n", experiment.fingerprint())
}
