//! AID-FP against ITD around identification: exact errors and printed bounds on instances with a
//! prescribed τ.

use super::canvas::{BLUE, Colour, MARK_IDENTIFIED, MARK_TAU, ORANGE, SKY, VERMILLION};
use super::chart::{Look, Panel, Scale, Series, chart};
use super::csv;
use super::shown::{Shown, claims};
use crate::checks::Race;
use crate::report::figure::Figure;
use crate::report::format::number;

/// Panels shown.
const PANELS: usize = 6;
const DASHES: [(Colour, &[f64]); 4] = [
    (ORANGE, &[9.0, 4.0]),
    (SKY, &[9.0, 4.0]),
    (MARK_TAU, &[6.0, 4.0]),
    (MARK_IDENTIFIED, &[1.5, 3.0]),
];

/// The figure of the races with the most to see (largest τ first), or none.
pub(super) fn figure(all: &[Shown<'_, Race>]) -> Option<Figure> {
    let mut shown: Vec<Shown<'_, Race>> = Vec::new();
    for &race in all {
        // One of each kind.
        match shown.iter_mut().find(|r| r.from.kind == race.from.kind) {
            Some(other) if other.tau < race.tau => *other = race,
            Some(_) => {}
            None => shown.push(race),
        }
    }
    shown.truncate(PANELS);
    if shown.is_empty() {
        return None;
    }
    let title = "AID-FP against ITD around identification".to_owned();
    let list: Vec<String> = shown
        .iter()
        .map(|r| {
            format!(
                "{} (q {}, R {})",
                r.from.instance(),
                number(r.q),
                number(r.r)
            )
        })
        .collect();
    let panels: Vec<Panel> = shown.iter().map(|r| panel(*r)).collect();
    Some(Figure {
        name: "identification".into(),
        caption: format!(
            "Exact errors of ITD at t and of AID-FP at w_t after k = t steps, with Theorem 4.1's bounds as printed, on instances whose \
             w_0 was chosen for a given τ (dashed mark); the dotted mark is the step from which on w_t lies on the solution's piece. \
             Before it AID-FP differentiates the wrong piece at every step of its recursion, ITD only at the steps that lie \
             before it; afterwards AID-FP's bound has lost M/R and ITD's keeps min(t,τ)M/R. Instances: {}.",
            list.join("; ")
        ),
        svg: chart(&title, &panels, &DASHES),
        claims: claims(&shown),
        data: csv::races(&shown),
        title,
        ..Figure::default()
    })
}

fn panel(race: Shown<'_, Race>) -> Panel {
    let series = |name: &str, colour, look, values: &[f64]| Series {
        name: name.into(),
        colour,
        look,
        points: values
            .iter()
            .enumerate()
            .map(|(t, v)| (t as f64, *v))
            .collect(),
    };
    let tau = race.tau.map(|t| (t as f64, "τ".to_owned(), MARK_TAU));
    let identified = race
        .identified
        .map(|t| (t as f64, "identified".to_owned(), MARK_IDENTIFIED));
    Panel {
        heading: race.from.kind.clone(),
        note: format!("q = {}, R = {}", number(race.q), number(race.r)),
        across: ("step t (AID-FP: k = t)".into(), Scale::Linear(true)),
        up: Scale::Log,
        series: vec![
            series("bound of ITD", ORANGE, Look::Line(1.8), &race.itd_bound),
            series("bound of AID-FP", SKY, Look::Line(1.8), &race.aid_bound),
            series("error of ITD", VERMILLION, Look::Dotted(1.4), &race.itd),
            series("error of AID-FP", BLUE, Look::Dotted(1.4), &race.aid),
        ],
        marks: identified.into_iter().chain(tau).collect(),
    }
}
