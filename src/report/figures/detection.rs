//! Detection of random faults against their size, for every method and its claims.

use super::canvas::{BLUE, BROWN, Colour, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION};
use super::chart::{Look, Panel, Scale, Series, chart};
use crate::report::figure::Figure;

const COLOURS: [Colour; 7] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BROWN];

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

/// A panel for every method; claims that never catch anything are left out.
pub fn figure(sizes: &[Detection]) -> Option<Figure> {
    let mut methods: Vec<&str> = Vec::new();
    for s in sizes {
        if !methods.contains(&s.method.as_str()) {
            methods.push(&s.method);
        }
    }
    if methods.is_empty() {
        return None;
    }
    // A claim has one colour in every panel.
    let mut checks: Vec<String> = Vec::new();
    let panels: Vec<Panel> = methods
        .iter()
        .map(|method| {
            let own = || sizes.iter().filter(|s| s.method == *method);
            let mut claims: Vec<&str> = Vec::new();
            for s in own() {
                if !claims.contains(&s.claim.as_str()) && s.claim != "overall" {
                    claims.push(&s.claim);
                }
            }
            let mut series: Vec<Series> = claims
                .iter()
                .filter_map(|claim| {
                    let points = curve(own().filter(|s| s.claim == *claim));
                    if points.iter().all(|p| p.1 == 0.0) {
                        return None;
                    }
                    let short = shorten(claim, method);
                    let place = checks.iter().position(|c| *c == short).unwrap_or_else(|| {
                        checks.push(short.clone());
                        checks.len() - 1
                    });
                    Some(Series {
                        name: short,
                        colour: COLOURS[place % COLOURS.len()],
                        look: Look::Line(1.4),
                        points,
                    })
                })
                .collect();
            series.push(Series {
                name: "any claim".into(),
                colour: INK,
                look: Look::Dotted(2.2),
                points: curve(own().filter(|s| s.claim == "overall")),
            });
            Panel {
                heading: (*method).into(),
                note: String::new(),
                across: ("relative size of the fault".into(), Scale::Log),
                up: Scale::Linear(true),
                series,
                marks: Vec::new(),
            }
        })
        .collect();
    let drawn = sizes.first().map_or(0, |s| s.drawn);
    let title = "Random faults caught, against their size".to_owned();
    Some(Figure {
        name: "detection".into(),
        caption: format!(
            "Share of {drawn} random faults of each size (an entry, a block, a step or the state of the recursion changed by that \
             relative amount) that some instance of a claim fails. Nobody tuned a check for them."
        ),
        svg: chart(&title, &panels, &[]),
        title,
        ..Figure::default()
    })
}

fn curve<'a>(sizes: impl Iterator<Item = &'a Detection>) -> Vec<(f64, f64)> {
    sizes
        .map(|s| (s.size, s.caught as f64 / s.drawn.max(1) as f64))
        .collect()
}

/// The claim without the method it is about: bound, exact, limit, ...
fn shorten(claim: &str, method: &str) -> String {
    let rest = claim
        .strip_prefix(method)
        .map(|r| r.trim_start_matches('-'));
    rest.filter(|r| !r.is_empty()).unwrap_or(claim).to_owned()
}
