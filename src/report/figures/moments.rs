//! Exact moments of NSID and SID against the number of updates: the 1/k regime and its constant,
//! plateaus, schedules.

use super::canvas::{BLUE, BROWN, Colour, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION};
use super::chart::{Look, Panel, Scale, Series, chart};
use super::csv;
use super::name::stem;
use super::shown::{Shown, claims};
use crate::checks::Moments;
use crate::report::figure::Figure;

/// Panels of one figure.
const PANELS: usize = 6;
const COLOURS: [Colour; 8] = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BROWN, INK];

/// What is said about a kind of curve: its title, the horizontal axis, the caption.
struct Kind {
    name: &'static str,
    title: &'static str,
    axis: &'static str,
    shifted: bool,
    caption: &'static str,
}

const KINDS: [Kind; 7] = [
    Kind {
        name: "simulated",
        title: "replicates beside the exact mean square error",
        axis: "γ + k",
        shifted: true,
        caption: "Mean square errors of independent replicates of the implementation, and the exact expectation of the same quantity, \
                  which needs no samples.",
    },
    Kind {
        name: "limit",
        title: "(γ+k)·E‖v_k - v̂‖² and its limit",
        axis: "γ + k",
        shifted: true,
        caption: "The exact second moment of Algorithm 3 times γ+k, without sampling noise. It settles at tr Σ of the Lyapunov \
                  equation only far beyond k = γ; Lemma D.3's constant c bounds it from above at every k.",
    },
    Kind {
        name: "constant",
        title: "Constant steps: E‖v_k - v̂‖² and its plateau",
        axis: "k",
        shifted: false,
        caption: "With a constant step η the mean square error falls geometrically and then rests at the fixed point of the \
                  second-moment recursion, which is at most ησ̂₁/(1-q²): no constant step converges.",
    },
    Kind {
        name: "plateau",
        title: "SID's bias: E‖r_k - r*‖² of SID and NSID",
        axis: "k",
        shifted: false,
        caption: "Exact mean square errors of the vector-Jacobian product at the same samples and steps. SID differentiates through the \
                  outer map at every sample and rests at its exact bias; NSID goes on falling until J binds.",
    },
    Kind {
        name: "schedule",
        title: "Theorem 5.5: t, J and k growing together, and one of them held fixed",
        axis: "k",
        shifted: false,
        caption: "Exact mean square errors of NSID along the schedule of Theorem 5.5 and with t, J or k held at 1: what is held fixed \
                  leaves a floor where that source of error matters on the instance.",
    },
    Kind {
        name: "bilevel-schedule",
        title: "Theorem E.6: t, J and k growing together, and one of them held fixed",
        axis: "k",
        shifted: false,
        caption: "Exact mean square errors of NSID-Bilevel along the schedule of Theorem E.6 and with t, J or k held at 1: what is held \
                  fixed leaves a floor where that source of error matters on the instance.",
    },
    Kind {
        name: "bilevel",
        title: "Hypergradients: E‖g_k - ∇f‖² and what is left of it",
        axis: "γ + k",
        shifted: true,
        caption: "Exact mean square errors of NSID-Bilevel at a fixed w. What the samples of the linear system leave falls like \
                  constant/(γ+k); what ξ⁽¹⁾ and ζ leave is the floor of J, which no k removes.",
    },
];

/// One figure for every claim and kind of curve.
pub(super) fn figures(all: &[Shown<'_, Moments>]) -> Vec<Figure> {
    let mut groups: Vec<(&str, &str, Vec<Shown<'_, Moments>>)> = Vec::new();
    for &c in all {
        match groups
            .iter_mut()
            .find(|g| g.0 == c.from.claim && g.1 == c.figure)
        {
            Some(group) => group.2.push(c),
            None => groups.push((&c.from.claim, &c.data.figure, vec![c])),
        }
    }
    groups
        .into_iter()
        .map(|(claim, figure, mut curves)| {
            curves.truncate(PANELS);
            let known = KINDS.iter().find(|k| k.name == figure);
            let title = known.map_or_else(
                || format!("{claim}: {figure}"),
                |k| format!("{claim}: {}", k.title),
            );
            let panels: Vec<Panel> = curves.iter().map(|c| panel(*c, known)).collect();
            let instances: Vec<String> = curves.iter().map(|c| c.from.instance()).collect();
            Figure {
                name: stem(&format!("moments {claim} {figure}")),
                caption: format!(
                    "{} Instances: {}.",
                    known.map_or("Exact moments against the number of updates.", |k| k
                        .caption),
                    instances.join("; ")
                ),
                svg: chart(&title, &panels, &[]),
                claims: claims(&curves),
                data: csv::moments(&curves),
                title,
                ..Figure::default()
            }
        })
        .collect()
}

fn panel(curve: Shown<'_, Moments>, kind: Option<&Kind>) -> Panel {
    let shift = if kind.is_some_and(|k| k.shifted) {
        curve.gamma
    } else {
        0.0
    };
    let series = curve.series.iter().enumerate().map(|(i, s)| {
        let values = curve.steps.iter().zip(&s.values);
        Series {
            name: s.name.clone(),
            colour: COLOURS[i % COLOURS.len()],
            look: if i == 0 {
                Look::Dotted(1.6)
            } else {
                Look::Line(1.6)
            },
            points: values
                .map(|(k, v)| (*k as f64 + shift, *v))
                .filter(|p| p.0 > 0.0)
                .collect(),
        }
    });
    Panel {
        heading: curve.from.kind.clone(),
        note: if curve.gamma.is_finite() {
            format!("{}, γ = {:.1}", curve.from.method, curve.gamma)
        } else {
            curve.from.method.clone()
        },
        across: (kind.map_or("k", |k| k.axis).into(), Scale::Log),
        up: Scale::Log,
        series: series.collect(),
        marks: Vec::new(),
    }
}
