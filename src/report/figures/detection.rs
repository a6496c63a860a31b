//! Detection of random faults against their size: what all claims together catch, and every claim.

use super::graph::{Dots, Graph, Ink, Line, Scale};
use super::palette::{THEORY, method_name, of_method};
use super::sheet::{arranged, sheet};
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::digits;

/// Faults of one size in one method, as one claim sees them, or all together ("overall").
pub struct Detection {
    /// Method by name.
    pub method: String,
    /// Claim by name.
    pub claim: String,
    /// Relative size.
    pub size: f64,
    /// Faults caught.
    pub caught: usize,
    /// Faults drawn.
    pub drawn: usize,
}

const OVERALL: &str = "overall";

/// A panel for each of four methods; claims that never catch anything are left out.
pub fn figure(sizes: &[Detection]) -> Option<Figure> {
    let mut methods: Vec<&str> = Vec::new();
    for s in sizes {
        if !methods.contains(&s.method.as_str()) {
            methods.push(&s.method);
        }
    }
    let panels: Vec<Graph> = methods.iter().map(|m| panel(sizes, m)).collect();
    if panels.is_empty() {
        return None;
    }
    let drawn = sizes.first().map_or(0, |s| s.drawn);
    let finding = match least(sizes, &methods) {
        Some(size) => format!(
            "Random faults are caught without exception down to a relative size of {}.",
            digits(size)
        ),
        None => "There is no size from which on all random faults are caught.".into(),
    };
    let total = panels.len();
    let arranged = arranged(panels);
    let hidden = total - arranged.iter().map(Vec::len).sum::<usize>();
    let more = if hidden > 0 {
        format!(
            " Not drawn, but counted in the sentence above: {}.",
            count(hidden, "method")
        )
    } else {
        String::new()
    };
    let [svg, narrow] = sheet(&arranged);
    Some(Figure {
        name: "detection".into(),
        title: "Random faults caught, against their size".into(),
        finding,
        caption: format!(
            "Share of {drawn} random faults of each size (an entry, a block, a step or the state of the recursion changed by that \
             relative amount) that some instance of a claim fails: thick all claims together, thin each of them. Nobody tuned a check for them.{more}"
        ),
        svg,
        narrow: Some(narrow),
        ..Figure::default()
    })
}

/// The least size from which on every method has all its faults caught; none where some size has
/// not been drawn in a method.
fn least(sizes: &[Detection], methods: &[&str]) -> Option<f64> {
    let mut all: Vec<f64> = sizes.iter().map(|s| s.size).collect();
    all.sort_by(|a, b| b.total_cmp(a));
    let caught = |size: f64, method: &str| {
        let mut own = sizes
            .iter()
            .filter(|s| s.claim == OVERALL && s.method == method && s.size == size)
            .peekable();
        own.peek().is_some() && own.all(|s| s.drawn > 0 && s.caught == s.drawn)
    };
    let large = all
        .into_iter()
        .take_while(|size| methods.iter().all(|m| caught(*size, m)));
    large.last()
}

fn panel(sizes: &[Detection], method: &str) -> Graph {
    let own = || sizes.iter().filter(|s| s.method == *method);
    let mut claims: Vec<&str> = Vec::new();
    for s in own() {
        if !claims.contains(&s.claim.as_str()) && s.claim != OVERALL {
            claims.push(&s.claim);
        }
    }
    let curve = |claim: &str| -> Vec<(f64, f64)> {
        let of = own().filter(|s| s.claim == claim);
        of.map(|s| (s.size, s.caught as f64 / s.drawn.max(1) as f64))
            .collect()
    };
    let mut lines: Vec<Line> = claims
        .iter()
        .map(|claim| Line {
            ink: Ink::line(THEORY, 0.9),
            points: curve(claim),
            ..Line::default()
        })
        .filter(|l| l.points.iter().any(|p| p.1 > 0.0))
        .collect();
    lines.push(Line {
        label: "any claim".into(),
        ink: Ink {
            dots: Dots::On,
            ..Ink::line(of_method(method), 2.2)
        },
        points: curve(OVERALL),
        ..Line::default()
    });
    Graph {
        headline: method_name(method).into(),
        note: method.into(),
        titles: ["relative size of the fault".into(), "share caught".into()],
        x: Scale::Log,
        y: Scale::Between(0.0, 1.0),
        lines,
        ..Graph::default()
    }
}
