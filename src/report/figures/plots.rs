//! Figures of checks at kinks: the implicit derivative as a set, the excess against t, the bounds
//! as the margin shrinks.

use super::canvas::{BLUE, Colour, GREEN, INK, ORANGE, PURPLE, SKY, SOFT, VERMILLION};
use super::chart::{Look, Panel, Scale, Series, chart};
use super::csv;
use super::name::stem;
use super::shown::{Shown, claims};
use crate::checks::Plot;
use crate::report::figure::Figure;

/// Panels of one figure.
const PANELS: usize = 6;

/// How a kind of plot is drawn and what is said about it.
struct Kind {
    name: &'static str,
    title: &'static str,
    across: (&'static str, Scale),
    up: Scale,
    /// Look and colour of the series, in their order.
    looks: &'static [(Look, Colour)],
    caption: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "implicit-set",
        title: "D_imp in the plane, and iterates walking into D_fix",
        across: ("∂w/∂λ₁", Scale::Linear(false)),
        up: Scale::Linear(false),
        looks: &[
            (Look::Line(0.6), SOFT),
            (Look::Line(2.4), INK),
            (Look::Dotted(1.2), VERMILLION),
            (Look::Dotted(1.2), BLUE),
            (Look::Dotted(1.2), ORANGE),
            (Look::Dotted(1.2), GREEN),
        ],
        caption: "One unit exactly at its kink at w(λ), d = 1 and two parameters: ∂w/∂λ₁ across, ∂w/∂λ₂ up. The grid is D_imp, slopes s \
                  and s' of the two blocks chosen apart; the thick line is D_joint, s = s'. ITD with any selection at ties walks to D_fix; \
                  AID-FP with one joint selection walks to its element of D_joint.",
    },
    Kind {
        name: "excess",
        title: "distance to D_fix at a kink",
        across: ("t", Scale::Linear(true)),
        up: Scale::Log,
        looks: &[
            (Look::Dotted(1.6), BLUE),
            (Look::Line(1.6), VERMILLION),
            (Look::Line(1.2), SOFT),
        ],
        caption: "The distance of D_t to an element of D_fix that follows it (an upper bound of the excess), Theorem 4.1's recursion \
                  for the excess, and what rounding can do. w(λ) is exactly on kinks, where no single Jacobian exists.",
    },
    Kind {
        name: "margin",
        title: "M/R as the margin shrinks from 1e-1 to 1e-9",
        across: ("R", Scale::Log),
        up: Scale::Log,
        looks: &[
            (Look::Dotted(1.6), BLUE),
            (Look::Line(1.6), VERMILLION),
            (Look::Line(1.6), PURPLE),
            (Look::Line(1.6), SKY),
        ],
        caption: "Theorem 4.1's bounds for the instance's constants with R alone changed, at one t beyond every τ: the ratio of \
                  ITD's bound to AID-FP's, and the part min(t,τ)(BM_1+M_2)/R of it. The solution at a kink is the limit R → 0.",
    },
];

/// One figure for every claim and kind of plot.
pub(super) fn figures(all: &[Shown<'_, Plot>]) -> Vec<Figure> {
    let mut groups: Vec<(&str, &Kind, Vec<Shown<'_, Plot>>)> = Vec::new();
    for &p in all {
        let Some(kind) = KINDS.iter().find(|k| k.name == p.figure) else {
            continue;
        };
        let same = |g: &&mut (&str, &Kind, _)| g.0 == p.from.claim && g.1.name == kind.name;
        match groups.iter_mut().find(same) {
            Some(group) => group.2.push(p),
            None => groups.push((&p.from.claim, kind, vec![p])),
        }
    }
    groups
        .into_iter()
        .map(|(claim, kind, mut plots)| {
            plots.truncate(PANELS);
            let title = format!("{claim}: {}", kind.title);
            let panels: Vec<Panel> = plots.iter().map(|p| panel(*p, kind)).collect();
            let instances: Vec<String> = plots.iter().map(|p| p.from.instance()).collect();
            Figure {
                name: stem(&format!("{} {claim}", kind.name)),
                caption: format!("{} Instances: {}.", kind.caption, instances.join("; ")),
                svg: chart(&title, &panels, &[]),
                claims: claims(&plots),
                data: csv::plots(&plots),
                title,
                ..Figure::default()
            }
        })
        .collect()
}

fn panel(plot: Shown<'_, Plot>, kind: &Kind) -> Panel {
    let series = plot.series.iter().zip(kind.looks.iter().cycle());
    let log = |scale: Scale| scale == Scale::Log;
    Panel {
        heading: plot.from.kind.clone(),
        note: plot.note.clone(),
        across: (kind.across.0.into(), kind.across.1),
        up: kind.up,
        series: series
            .map(|(s, (look, colour))| Series {
                name: s.name.clone(),
                colour: *colour,
                look: *look,
                points: s
                    .x
                    .iter()
                    .copied()
                    .zip(s.y.iter().copied())
                    .filter(|(x, y)| {
                        (*x > 0.0 || !log(kind.across.1)) && (*y > 0.0 || !log(kind.up))
                    })
                    .collect(),
            })
            .collect(),
        marks: Vec::new(),
    }
}
