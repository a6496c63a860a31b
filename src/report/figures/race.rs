//! ITD against AID-FP around identification: exact errors and printed bounds on instances with a
//! prescribed τ.

use super::csv;
use super::graph::{Graph, Ink, Line, Scale};
use super::palette::{BLUE, MAUVE, SOFT, THEORY_DASHED, THEORY_DOTTED};
use super::sheet::{arranged, sheet};
use super::shown::{Shown, claims};
use crate::checks::Race;
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::{digits, fold, times};

/// A fall of AID-FP's error by less than this within one step is no jump.
const JUMP: f64 = 10.0;

/// The figure of the race with the largest fall of AID-FP's error at identification and of the one
/// with the least; none where there is no race.
pub(super) fn figure(all: &[Shown<'_, Race>]) -> Option<Figure> {
    let fallen = |r: &Shown<'_, Race>| fall(r).unwrap_or(f64::NAN);
    let mut known: Vec<Shown<'_, Race>> = all.to_vec();
    known.retain(|r| !fallen(r).is_nan());
    known.sort_by(|a, b| fallen(a).total_cmp(&fallen(b)));
    // Of those without a jump, the one that has τ furthest away: there the bounds have most to say.
    let calm = known.iter().filter(|r| fallen(r) < JUMP);
    let calm = calm.max_by_key(|r| r.tau).copied();
    let jump = known.last().filter(|r| fallen(r) >= JUMP).copied();
    let mut shown: Vec<Shown<'_, Race>> = jump.into_iter().chain(calm).collect();
    if shown.is_empty() {
        shown.extend(all.first());
    }
    let panels: Vec<Graph> = shown.iter().map(|r| panel(*r)).collect();
    if panels.is_empty() {
        return None;
    }
    let jumps = known.iter().filter(|r| fallen(r) >= JUMP).count();
    let finding = finding(jump, jumps, known.len(), all.len() - known.len());
    let [svg, narrow] = sheet(&arranged(panels));
    Some(Figure {
        name: "identification".into(),
        title: "ITD against AID-FP around identification".into(),
        finding,
        caption: "Exact errors of ITD at t and of AID-FP at w_t after k = t steps; grey dotted: Theorem 4.1 a priori, \
                  whose bound for AID-FP loses M/R at τ, while ITD's keeps min(t, τ)M/R. Before \"on the piece\" AID-FP \
                  differentiates the wrong piece in all its steps, ITD only in those that lie before. Open marks: errors at rounding."
            .into(),
        svg,
        narrow: Some(narrow),
        claims: claims(all),
        data: csv::races(&shown),
    })
}

fn finding(jump: Option<Shown<'_, Race>>, jumps: usize, known: usize, unknown: usize) -> String {
    let rest = match unknown {
        0 => String::new(),
        n => format!(" On {n} more no fall can be read off."),
    };
    if known == 0 {
        return format!(
            "On none of {} can a fall of AID-FP's error be read off.",
            count(unknown, "instance")
        );
    }
    let instances = count(known, "instance");
    let Some(race) = jump else {
        return format!(
            "On none of {instances} does AID-FP's error fall by a factor of {} or more at identification.{rest}",
            digits(JUMP)
        );
    };
    let most = match fall(&race) {
        Some(f) if f.is_finite() => format!("by up to {}", fold(f)),
        _ => "down to exactly 0".into(),
    };
    // What ITD does in the same step.
    let kept = fall_of(&race, &race.itd).is_some_and(|f| f < JUMP);
    let kept = if kept {
        "; ITD keeps what it collected before and only then decays"
    } else {
        ""
    };
    format!(
        "Once the iterates are on the piece of w(λ), AID-FP's error falls within a step, by a factor of {} or more \
         on {jumps} of {instances}, {most}{kept}.{rest}",
        digits(JUMP)
    )
}

/// By which factor AID-FP's error falls when the iterates reach the piece for good.
fn fall(race: &Race) -> Option<f64> {
    fall_of(race, &race.aid)
}

/// By which factor these errors fall at identification: infinite down to 0, none where that is not
/// known.
fn fall_of(race: &Race, errors: &[f64]) -> Option<f64> {
    let t = race.identified.filter(|t| *t > 0)?;
    let (before, after) = (*errors.get(t - 1)?, *errors.get(t)?);
    let known = before.is_finite() && after.is_finite() && (before > 0.0 || after > 0.0);
    known.then_some(before / after)
}

fn panel(race: Shown<'_, Race>) -> Graph {
    let error = |label: &str, colour, values: &[f64], floor: &[f64]| {
        let least = |t: usize| floor.get(t).copied().unwrap_or(0.0);
        let each = |clear: bool| {
            let all = values.iter().copied().enumerate();
            let kept = all.filter(move |(t, v)| v.is_finite() && (*v > least(*t)) == clear);
            kept.map(|(t, v)| (t as f64, v))
        };
        Line {
            label: label.into(),
            ink: Ink::line(colour, 1.9),
            points: each(true).collect(),
            edge: each(false).map(|p| p.0).collect(),
            ..Line::default()
        }
    };
    let bound = |label: &str, values: &[f64]| Line {
        label: label.into(),
        ink: Ink::line(THEORY_DOTTED, 1.5),
        points: values
            .iter()
            .enumerate()
            .map(|(t, v)| (t as f64, *v))
            .collect(),
        ..Line::default()
    };
    let marks = [
        (race.tau, "τ", THEORY_DASHED),
        (race.identified, "on the piece", SOFT),
    ];
    let marks = marks.into_iter().filter_map(|(at, name, colour)| {
        let at = at.filter(|t| *t > 0)?;
        Some((at as f64, format!("{name} {at}"), colour))
    });
    Graph {
        headline: match fall(&race) {
            Some(f) if f.is_infinite() => "AID-FP's error falls to 0 at once".into(),
            Some(f) if f >= JUMP => format!("AID-FP's error falls {} at once", fold(f)),
            Some(f) if f > 1.0 => format!("Hardly a fall: {} at identification", times(f)),
            Some(_) => "No fall of AID-FP's error at identification".into(),
            None => "ITD and AID-FP, step by step".into(),
        },
        note: format!(
            "{}, q = {}, R = {}",
            race.from.instance(),
            digits(race.q),
            digits(race.r)
        ),
        titles: ["step t (AID-FP: k = t)".into(), "‖error‖".into()],
        x: Scale::Linear,
        y: Scale::Log,
        lines: vec![
            bound("ITD's bound", &race.itd_bound),
            bound("AID-FP's bound", &race.aid_bound),
            error("ITD", MAUVE, &race.itd, &race.itd_floor),
            error("AID-FP", BLUE, &race.aid, &race.aid_floor),
        ],
        marks: marks.collect(),
        ..Graph::default()
    }
}
