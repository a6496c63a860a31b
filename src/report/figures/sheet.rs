//! Panels on a sheet, wide and narrow: side by side, and one below the other.
//!
//! Owns widths and rows. Must not know what a panel shows.

use super::canvas::draw;
use super::graph::Graph;

/// A figure of one panel.
pub(super) const WIDE: f64 = 560.0;
/// On small screens.
pub(super) const NARROW: f64 = 344.0;
/// Two panels side by side.
const TWO: f64 = 2.0 * NARROW + GAP;
const GAP: f64 = 16.0;

/// Rows of panels, wide and narrow.
pub(super) fn sheet(rows: &[Vec<Graph>]) -> [String; 2] {
    let alone = rows.iter().all(|row| row.len() < 2);
    let wide = if alone { WIDE } else { TWO };
    let below: Vec<Vec<Graph>> = rows.iter().flatten().map(|g| vec![g.clone()]).collect();
    [drawing(rows, wide), drawing(&below, NARROW)]
}

/// Panels one below the other on a sheet of this width.
pub(super) fn below(panels: Vec<Graph>, wide: f64) -> String {
    let rows: Vec<Vec<Graph>> = panels.into_iter().map(|g| vec![g]).collect();
    drawing(&rows, wide)
}

/// At most four panels, two in a row; the first of three above the others.
pub(super) fn arranged(mut panels: Vec<Graph>) -> Vec<Vec<Graph>> {
    panels.truncate(4);
    match panels.len() {
        0 => Vec::new(),
        1 => vec![panels],
        3 => {
            let rest = panels.split_off(1);
            vec![panels, rest]
        }
        _ => {
            let rest = panels.split_off(2);
            [panels, rest]
                .into_iter()
                .filter(|r| !r.is_empty())
                .collect()
        }
    }
}

fn drawing(rows: &[Vec<Graph>], wide: f64) -> String {
    let each = |row: &[Graph]| (wide - GAP * (row.len() as f64 - 1.0)) / row.len() as f64;
    let heights: Vec<f64> = rows
        .iter()
        .map(|row| row.iter().map(|g| g.height(each(row))).fold(0.0, f64::max))
        .collect();
    let total = heights.iter().sum::<f64>() + GAP * (rows.len() as f64 - 1.0).max(0.0);
    draw(wide, total, |canvas| {
        let mut top = 0.0;
        for (row, height) in rows.iter().zip(&heights) {
            for (i, graph) in row.iter().enumerate() {
                let left = i as f64 * (each(row) + GAP);
                graph.draw(canvas, (left, top + height), each(row), *height);
            }
            top += height + GAP;
        }
    })
}
