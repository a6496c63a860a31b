//! Medians over seeds, and what is written of a reproduction.

use serde::Serialize;

use super::experiment::{Experiment, Findings, Measured};
use crate::report::{Line, Panel, Trace};

/// The median (of an even number the geometric mean of the middle two, which are positive or
/// infinite); NaN where there is none, or one of them is NaN.
pub(super) fn median_of(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    if sorted.is_empty() || sorted.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    if low == high {
        low
    } else {
        low.sqrt() * high.sqrt()
    }
}

/// The geometric mean of positive numbers; NaN where there is none.
pub(super) fn geometric(values: impl Iterator<Item = f64>) -> f64 {
    let logs: Vec<f64> = values.map(libm::log).collect();
    libm::exp(logs.iter().sum::<f64>() / logs.len() as f64)
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

/// Leaves out what lies far below the lines named, so that the frame is theirs; says which of the
/// others go on below, with a leading blank.
pub(super) fn framed(panel: &mut Panel, by: &[&str], depth: f64) -> String {
    let named = panel
        .traces
        .iter()
        .filter(|t| by.contains(&t.label.as_str()));
    let least = named.flat_map(|t| t.median.iter().copied());
    let least = least.fold(f64::INFINITY, f64::min) / depth;
    let mut cut = Vec::new();
    for trace in &mut panel.traces {
        let below = trace.median.iter().position(|v| *v < least);
        let Some(from) = below else { continue };
        if trace.line == Line::Measured {
            let (last, x) = (trace.median.last(), trace.x.last());
            let (last, x) = (
                last.copied().unwrap_or(f64::NAN),
                x.copied().unwrap_or(f64::NAN),
            );
            cut.push(format!(
                "{} goes on below the frame, to {last:.0e} at {x}",
                trace.label
            ));
        }
        trace.x.truncate(from);
        trace.median.truncate(from);
        trace.spread.truncate(from);
    }
    let text = cut.join("; ");
    if text.is_empty() {
        text
    } else {
        format!(" {text}.")
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

/// The statements in Markdown, with the figure where there is one.
pub fn markdown(experiment: &dyn Experiment, findings: &Findings, drawn: bool) -> String {
    let name = experiment.name();
    let figure = if drawn {
        format!("![{name}]({name}.svg)\n\n")
    } else {
        String::new()
    };
    let mut out = format!(
        "# {}\n\n{figure}**{}** {}\n\n| statement | seen | measured |\n|---|---|---|\n",
        experiment.title(),
        findings.finding(),
        findings.caption
    );
    for s in &findings.statements {
        let seen = match s.seen {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "too few problems",
        };
        out += &format!(
            "| {} | {seen} | {} |\n",
            s.says,
            s.measured.replace('|', "\\|")
        );
    }
    out + &format!("\n{}\n", experiment.fingerprint())
}

/// How many problems could not be run, in words with a leading blank.
pub(super) fn left_out(results: &[Measured]) -> String {
    let failed: Vec<&Measured> = results.iter().filter(|m| m.failed.is_some()).collect();
    match failed.first() {
        None => String::new(),
        Some(first) => format!(
            " {} problems could not be run and are left out (seed {}: {}).",
            failed.len(),
            first.job.seed,
            first.failed.as_deref().unwrap_or_default()
        ),
    }
}
