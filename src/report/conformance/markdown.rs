//! The conformance of runs as Markdown.

use std::fmt::Write as _;

use super::grid::{Grid, cell, compared, facts, headline, maps, of_map, said, shown, word};
use crate::report::facts::figures;
use crate::report::format::visible;
use crate::report::run::Run;

/// The conformance of runs as Markdown: one column a subject, one row a method and family, then
/// the checks of each.
pub fn conformance_markdown(runs: &[Run]) -> String {
    let mut out = String::new();
    if let [run] = runs {
        let _ = writeln!(
            out,
            "# {}\n\n{}.\n",
            plain(&headline(run)),
            plain(&facts(run))
        );
    } else {
        out += "# What each implementation gets right\n\n";
        for run in runs {
            let _ = writeln!(out, "- {}: {}.", plain(&headline(run)), plain(&facts(run)));
        }
        out.push('\n');
        comparison(&mut out, runs);
    }
    for run in runs {
        let grid = Grid::of(run);
        for map in maps(run) {
            let _ = writeln!(
                out,
                "\n## The map {}\n\n| check | | |\n|---|---|---|",
                plain(map)
            );
            for v in of_map(run, map) {
                let word = word(v.status);
                let _ = writeln!(
                    out,
                    "| {} | {word} | {} |",
                    plain(&v.check),
                    plain(&v.detail)
                );
            }
            out.push('\n');
        }
        if runs.len() > 1 {
            let _ = writeln!(out, "\n## {}\n", plain(&headline(run)));
        }
        if grid.rows.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "| method | family | {} |\n|---|---|{}",
            grid.checks
                .iter()
                .map(|c| plain(c))
                .collect::<Vec<_>>()
                .join(" | "),
            "--:|".repeat(grid.checks.len())
        );
        for row in &grid.rows {
            let cells: Vec<String> = row.cells.iter().map(cell).collect();
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                plain(row.method),
                plain(row.family),
                cells.join(" | ")
            );
        }
        let failing = shown(run);
        if !failing.is_empty() {
            out += "\n### Failures\n\n";
        }
        for v in failing {
            let _ = writeln!(out, "- `{}`: {}", code(&v.id), plain(&v.check));
            if !v.measured.is_nan() {
                let _ = writeln!(out, "  {}", plain(&figures(v)));
            }
            for sentence in said(v) {
                let _ = writeln!(out, "  {}", plain(&sentence));
            }
            let _ = writeln!(out, "  `{}`", code(&v.replay));
        }
    }
    out
}

fn comparison(out: &mut String, runs: &[Run]) {
    let names: Vec<String> = runs
        .iter()
        .map(|r| {
            r.info
                .subject
                .as_ref()
                .map_or("?".into(), |s| plain(&s.name))
        })
        .collect();
    let _ = writeln!(
        out,
        "| method | {} |\n|---|{}",
        names.join(" | "),
        "--:|".repeat(names.len())
    );
    for (method, cells) in compared(runs) {
        let cells: Vec<String> = cells.iter().map(cell).collect();
        let _ = writeln!(out, "| {} | {} |", plain(method), cells.join(" | "));
    }
}

/// Foreign text within Markdown.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        if "\\`*_{}[]<>()#+!|~&".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn code(text: &str) -> String {
    visible(text).replace('`', "'")
}
