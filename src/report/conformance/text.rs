//! The conformance of a run on a terminal.

use std::fmt::Write as _;

use super::grid::{Grid, cell, facts, headline, maps, of_map, said, shown, word};
use crate::report::facts::figures;
use crate::report::format::{visible, wrapped};
use crate::report::run::Run;

/// The conformance of a run for a terminal. Ends with a newline.
pub fn conformance_text(run: &Run) -> String {
    let grid = Grid::of(run);
    let mut out = String::new();
    let mut table: Vec<Vec<String>> = vec![
        ["method", "family"]
            .iter()
            .chain(&grid.checks)
            .map(|s| visible(s))
            .collect(),
    ];
    for row in &grid.rows {
        let named = [visible(row.method), visible(row.family)];
        table.push(
            named
                .into_iter()
                .chain(row.cells.iter().map(cell))
                .collect(),
        );
    }
    let widths: Vec<usize> = (0..table[0].len())
        .map(|c| {
            table
                .iter()
                .map(|r| r[c].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    if !grid.rows.is_empty() {
        for row in &table {
            let cells = row.iter().zip(&widths);
            let padded: Vec<String> = cells.map(|(c, w)| format!("{c:w$}", w = *w)).collect();
            let _ = writeln!(out, "{}", padded.join("  ").trim_end());
        }
        out.push('\n');
    }
    for map in maps(run) {
        let _ = writeln!(out, "map {}", visible(map));
        for v in of_map(run, map) {
            let line = format!("{:4} {}: {}", word(v.status), v.check, v.detail);
            let _ = writeln!(out, "{}", wrapped(&visible(&line), "  ", "       "));
        }
        out.push('\n');
    }
    for v in shown(run) {
        let _ = writeln!(out, "FAIL {}", visible(&v.id));
        if !v.measured.is_nan() {
            let _ = writeln!(out, "  {}", figures(v));
        }
        for sentence in said(v) {
            let _ = writeln!(out, "{}", wrapped(&visible(&sentence), "  ", "    "));
        }
        let _ = writeln!(out, "  again: {}\n", visible(&v.replay));
    }
    let _ = writeln!(out, "{}", headline(run));
    let _ = writeln!(out, "{}", wrapped(&facts(run), "", "  "));
    out
}
