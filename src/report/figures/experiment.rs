//! An experiment: errors of several methods against steps or epochs, medians with their spread.
//!
//! Owns how such panels look. Must not know which experiment it is.

use super::graph::{Graph, Ink, Line, Scale};
use super::name::stem;
use super::palette::{
    BROWN, Colour, OCHRE, SLATE, SOFT, TEAL, THEORY_DASHED, THEORY_DOTTED, of_method,
};
use super::sheet::below;
use crate::report::figure::Figure;
use crate::report::panel::{Line as Kind, Panel, Trace};

/// Names of methods are long here.
const ROOM: f64 = 300.0;
const WIDTH: f64 = 820.0;
/// Many lines want a high frame.
const TALL: f64 = 300.0;
/// Decades shown below the largest measured error: what is lower is rounding.
const DECADES: i32 = 16;
/// Decades above it up to which bounds are shown.
const ABOVE: i32 = 8;
/// Where two methods of a family meet, the second takes another colour.
const OTHERS: [Colour; 4] = [SLATE, BROWN, OCHRE, TEAL];
/// Several predictions differ in their dash.
const PREDICTED: [Colour; 2] = [THEORY_DASHED, THEORY_DOTTED];

/// One figure of these panels, side by side; `finding` says what to conclude.
pub fn figure(
    name: &str,
    title: &str,
    (finding, caption): (&str, &str),
    panels: &[Panel],
) -> Figure {
    let mut colours: Vec<(&str, Colour)> = Vec::new();
    for trace in panels.iter().flat_map(|p| &p.traces) {
        if colours.iter().all(|c| c.0 != trace.label) {
            colours.push((&trace.label, colour(trace, &colours)));
        }
    }
    let graphs = panels.iter().map(|p| graph(p, &colours));
    Figure {
        name: stem(name),
        title: title.into(),
        finding: finding.into(),
        caption: caption.into(),
        svg: below(graphs.collect(), WIDTH),
        ..Figure::default()
    }
}

/// The colour of its method, or the first that is free.
fn colour(trace: &Trace, taken: &[(&str, Colour)]) -> Colour {
    let free = |c: &Colour| taken.iter().all(|t| t.1 != *c);
    if trace.line == Kind::Predicted {
        return PREDICTED.into_iter().find(free).unwrap_or(THEORY_DOTTED);
    }
    let own = std::iter::once(of_method(&trace.label));
    own.chain(OTHERS).find(free).unwrap_or(SOFT)
}

fn graph(panel: &Panel, colours: &[(&str, Colour)]) -> Graph {
    let measured = { panel.traces.iter() }.filter(|t| t.line == Kind::Measured);
    let values = measured.flat_map(|t| t.median.iter().chain(t.spread.iter().flatten()));
    let most = values
        .copied()
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let (least, most) = (most * 10f64.powi(-DECADES), most * 10f64.powi(ABOVE));
    let shown = |v: f64| v >= least && v <= most;
    let lines = panel.traces.iter().map(|trace| {
        let own = colours.iter().find(|c| c.0 == trace.label);
        let own = own.map_or(SOFT, |c| c.1);
        let points = trace.x.iter().copied().zip(trace.median.iter().copied());
        let bars = trace.x.iter().zip(&trace.spread);
        Line {
            label: trace.label.clone(),
            ink: match trace.line {
                Kind::Measured => Ink::dotted(own, 1.8),
                Kind::Predicted => Ink::line(own, 1.5),
            },
            points: points
                .map(|(x, v)| (x, if shown(v) { v } else { f64::NAN }))
                .collect(),
            // Down to the edge where they fall below it.
            bars: bars
                .filter(|(_, ends)| shown(ends[1]))
                .map(|(x, ends)| (*x, ends[0].max(least), ends[1]))
                .collect(),
            edge: Vec::new(),
        }
    });
    let marks = panel.mark.iter().flat_map(|(name, [from, to])| {
        let last = (from < to).then(|| (*to, "in all problems".to_owned(), SOFT));
        std::iter::once((*from, name.clone(), SOFT)).chain(last)
    });
    Graph {
        headline: panel.title.clone(),
        note: String::new(),
        titles: [panel.x_title.clone(), panel.y_title.clone()],
        x: if panel.log_x {
            Scale::Log
        } else {
            Scale::Linear
        },
        y: Scale::Log,
        lines: lines.collect(),
        marks: marks.collect(),
        room: ROOM,
        tall: TALL,
        ..Graph::default()
    }
}
