//! Error and bounds against the step: one instance where a bound is attained, one where it is
//! nearly, one where it is loose, one that is exact in finitely many steps.
//!
//! Owns the choice of instances and how a curve becomes a panel. Must not know the formulas behind
//! the curves.

use super::csv;
use super::graph::{Graph, Ink, Line, Scale};
use super::palette::{SOFT, THEORY, THEORY_DASHED, THEORY_DOTTED, method_name, of_method};
use super::sheet::{arranged, sheet};
use super::shown::{Shown, claims};
use crate::checks::{Curve, Ruling, Unit};
use crate::claims::Verdict;
use crate::report::figure::Figure;
use crate::report::format::{count, number};
use crate::report::page::words::{digits, fold, times};
use crate::tol::{CLEAR_OF_FLOOR, RHO_DIGITS, bound_room};

/// A bound within this of the error is attained, to the eye.
const ATTAINED: f64 = 1.01;
/// Decades above the largest error up to which a bound is drawn.
const ABOVE: i32 = 24;
/// Decades below the largest error down to which bounds are drawn.
const BELOW: i32 = 20;

/// What is known of a curve without its picture.
struct Seen<'a> {
    curve: Shown<'a, Curve>,
    /// The first step with an error above a bound and what rounding may add, or above what its
    /// claim allows.
    crossed: Option<usize>,
    /// No error of it is a number.
    empty: bool,
    /// Bounds over error (refined, a priori) at the last step whose error stands clear of rounding.
    slack: Option<[f64; 2]>,
    /// The first step from which on every error is at rounding or 0.
    ended: Option<usize>,
    /// Whether the error stands clear of rounding to the end.
    clear: bool,
}

/// The figure, or none where no curve was recorded.
pub(super) fn figure(verdicts: &[Verdict], all: &[Shown<'_, Curve>]) -> Option<Figure> {
    let failing: Vec<&Verdict> = { verdicts.iter() }
        .filter(|v| v.status == Ruling::Fail && v.unit == Some(Unit::Bound))
        .collect();
    let seen: Vec<Seen<'_>> = all.iter().map(|c| Seen::new(*c, &failing)).collect();
    let chosen = chosen(&seen);
    let panels: Vec<Graph> = chosen.iter().map(|(s, head)| panel(s, head)).collect();
    if panels.is_empty() {
        return None;
    }
    let shown: Vec<Shown<'_, Curve>> = chosen.iter().map(|(s, _)| s.curve).collect();
    let [svg, narrow] = sheet(&arranged(panels));
    Some(Figure {
        name: "bounds".into(),
        title: "Errors of ITD and AID-FP below the bounds of Theorem 4.1".into(),
        finding: finding(&seen),
        caption: format!(
            "Colour is measured, grey is theory: dotted a priori, dashed with measured iterates, solid \
             with refined moduli. \"On the piece\": from there on the iterates stay on the piece of w(λ); τ: where the \
             theorem says so at the latest. Open marks: errors at rounding or exactly 0, which are compared with \
             nothing. Instances: {}.",
            list(&shown)
        ),
        svg,
        narrow: Some(narrow),
        claims: claims(all),
        data: csv::curves(&shown),
    })
}

fn list(shown: &[Shown<'_, Curve>]) -> String {
    let each = shown.iter().map(|c| c.from.instance());
    each.collect::<Vec<_>>().join(", ")
}

fn finding(seen: &[Seen<'_>]) -> String {
    let all = count(seen.len(), "curve");
    let crossed = seen.iter().filter(|s| s.crossed.is_some()).count();
    let empty = seen.iter().filter(|s| s.empty).count();
    match (crossed, empty) {
        (0, 0) => {}
        (0, n) => return format!("{n} of {all} hold no error that is a number."),
        (n, _) => return format!("On {n} of {all} an error lies above what is allowed."),
    }
    let slacks = || seen.iter().filter_map(|s| s.slack).map(|s| s[0]);
    let least = slacks().fold(f64::INFINITY, f64::min);
    let most = slacks().fold(0.0, f64::max);
    if !(least <= most && most.is_finite()) {
        return format!("No error of {all} lies above its bound.");
    }
    format!(
        "No error of {all} lies above its bound, but the refined bounds exceed the errors by factors \
         from {} to {}: below the bound alone proves little.",
        times(least).trim_start_matches('×'),
        times(most).trim_start_matches('×')
    )
}

impl<'a> Seen<'a> {
    fn new(curve: Shown<'a, Curve>, failing: &[&Verdict]) -> Self {
        let c = curve.data;
        let floor = |i: usize| c.floor.get(i).copied().unwrap_or(0.0);
        let steps = 0..c.steps.len().min(c.error.len());
        let above = |i: &usize| {
            let bounds = [&c.paper, &c.trajectory, &c.sharp];
            let least = bounds.iter().filter_map(|b| b.get(*i).copied());
            let least = least.fold(f64::INFINITY, f64::min);
            c.error[*i] > least * bound_room(c.steps[*i]) + floor(*i)
        };
        let clear = |i: &usize| c.error[*i] > CLEAR_OF_FLOOR * floor(*i) && c.error[*i] > 0.0;
        let last = steps.clone().rfind(clear);
        let slack = last.and_then(|i| {
            let [sharp, paper] = [&c.sharp, &c.paper].map(|b| b.get(i).copied());
            let ratios = [sharp? / c.error[i], paper? / c.error[i]];
            ratios[0].is_finite().then_some(ratios)
        });
        let ended = steps
            .clone()
            .rev()
            .take_while(|i| at_rounding(c, *i))
            .last();
        Self {
            curve,
            crossed: steps.clone().find(above).map(|i| c.steps[i]).or_else(|| {
                let id = curve.from.instance();
                let own = |v: &&&Verdict| v.claim == curve.from.claim && v.instance.id == id;
                failing.iter().find(own).map(|v| v.step.unwrap_or(0))
            }),
            empty: !c.error.iter().any(|e| e.is_finite()),
            slack,
            ended: ended.filter(|i| *i > 0).map(|i| c.steps[i]),
            clear: last.is_some_and(|i| i + 1 == steps.end),
        }
    }

    fn refined(&self) -> f64 {
        self.slack.map_or(f64::NAN, |s| s[0])
    }

    fn kinks_matter(&self) -> bool {
        self.curve.identified.is_some_and(|t| t > 2) && self.curve.tau.is_some_and(|t| t > 2)
    }
}

/// Whether an error is at rounding or exactly 0: nothing is compared with it.
pub(super) fn at_rounding(c: &Curve, i: usize) -> bool {
    let floor = c.floor.get(i).copied().unwrap_or(0.0);
    c.error.get(i).is_some_and(|e| *e <= floor)
}

/// At most four curves with their headlines; one that crosses its bound comes first.
fn chosen<'s, 'a>(seen: &'s [Seen<'a>]) -> Vec<(&'s Seen<'a>, String)> {
    let mut out: Vec<(&Seen<'_>, String)> = Vec::new();
    let mut add = |found: Option<&'s Seen<'a>>, head: &dyn Fn(&Seen<'_>) -> String| {
        let Some(found) = found else { return };
        let new = |o: &(&Seen<'_>, String)| o.0.curve.from != found.curve.from;
        if out.len() < 4 && out.iter().all(new) {
            out.push((found, head(found)));
        }
    };
    add(seen.iter().find(|s| s.crossed.is_some()), &|s| {
        let step = s.crossed.unwrap_or(0);
        format!("Above what is allowed at step {step}")
    });
    let holds = || seen.iter().filter(|s| s.crossed.is_none());
    let clear = || holds().filter(|s| s.clear && s.refined().is_finite());
    let by = |a: &&Seen<'_>, b: &&Seen<'_>| a.refined().total_cmp(&b.refined());
    // The one with all three bounds on the error, if there is one.
    let paper = |s: &&Seen<'_>| s.slack.map_or(f64::INFINITY, |s| s[1]);
    let attained = clear().filter(|s| s.refined() <= ATTAINED);
    let attained = attained.min_by(|a, b| paper(a).total_cmp(&paper(b)));
    add(attained, &|_| "Attained: the bound is the error".into());
    let near = clear().filter(|s| s.refined() > ATTAINED);
    let with_tau = near.clone().filter(|s| s.curve.tau.is_some_and(|t| t > 2));
    let near = with_tau.min_by(by).or_else(|| near.min_by(by));
    add(near, &|s| match s.refined() {
        r if r < 10.0 => format!("Nearly attained: {} the error", fold(r)),
        r => format!("Not attained: {} the error", fold(r)),
    });
    let loose = clear().filter(|s| s.kinks_matter()).max_by(by);
    let loose = loose.or_else(|| clear().max_by(by));
    add(loose, &|s| {
        let near = if s.kinks_matter() {
            ": a kink nearby"
        } else {
            ""
        };
        format!("{} the error{near}", fold(s.refined()))
    });
    let exact = holds().filter(|s| s.ended.is_some_and(|t| t > 2));
    let exact = exact.filter(|s| s.curve.error.last() == Some(&0.0));
    let exact = exact.max_by_key(|s| s.ended);
    add(exact, &|s| {
        format!("Exact after {} steps", s.ended.unwrap_or(0))
    });
    // Where records hold none of these, any curve shows what they look like.
    let any = seen.first().filter(|_| out.is_empty());
    if let Some(s) = any {
        let head = format!(
            "{} on {}",
            method_name(&s.curve.from.method),
            s.curve.from.kind
        );
        out.push((s, head));
    }
    out
}

fn panel(seen: &Seen<'_>, headline: &str) -> Graph {
    let mut graph = graph(seen.curve, seen.crossed);
    graph.headline = headline.to_owned();
    graph
}

/// ρ, with its radius where that reaches the digits shown.
fn local(c: &Curve) -> String {
    if c.rho_radius > RHO_DIGITS * c.rho {
        format!("{} ± {}", digits(c.rho), digits(c.rho_radius))
    } else {
        digits(c.rho)
    }
}

/// Whether a ring can be drawn around the error at this step.
pub(super) fn has_place(c: &Curve, step: usize) -> bool {
    let at = c.steps.iter().position(|t| *t == step);
    let error = at.and_then(|i| c.error.get(i));
    error.is_some_and(|e| e.is_finite() && *e > 0.0)
}

/// A curve as a panel, with a ring around the error at the step `ring`.
pub(super) fn graph(curve: Shown<'_, Curve>, ring: Option<usize>) -> Graph {
    let c = curve.data;
    let n = c.steps.len().min(c.error.len());
    let step = |i: usize| c.steps[i] as f64;
    let clear: Vec<(f64, f64)> = (0..n)
        .filter(|i| !at_rounding(c, *i) && c.error[*i].is_finite())
        .map(|i| (step(i), c.error[i]))
        .collect();
    let edge = (0..n).filter(|i| at_rounding(c, *i)).map(step).collect();
    let largest = clear.iter().map(|p| p.1).fold(0.0, f64::max);
    let largest = if largest > 0.0 { largest } else { 1.0 };
    let (low, high) = (largest * 10f64.powi(-BELOW), largest * 10f64.powi(ABOVE));
    let bound = |values: &[f64], label: &str, colour| {
        let points = c.steps.iter().zip(values);
        let points = points.map(|(t, b)| (*t as f64, *b));
        Line {
            label: label.into(),
            ink: Ink::line(colour, 1.5),
            // Others interrupt the line.
            points: points
                .map(|(t, b)| (t, if b >= low && b <= high { b } else { f64::NAN }))
                .collect(),
            ..Line::default()
        }
    };
    let method = method_name(&curve.from.method);
    let mut lines = vec![
        bound(&c.paper, "a priori", THEORY_DOTTED),
        bound(&c.trajectory, "trajectory", THEORY_DASHED),
        bound(&c.sharp, "refined", THEORY),
    ];
    lines.retain(|l| l.points.iter().any(|p| p.1.is_finite()));
    lines.push(Line {
        label: format!("{method} error"),
        ink: Ink::dotted(of_method(&curve.from.method), 1.6),
        points: clear,
        edge,
        ..Line::default()
    });
    let marks = [
        (c.tau, "τ", THEORY_DASHED),
        (c.identified, "on the piece", SOFT),
    ];
    let marks = marks.into_iter().filter_map(|(at, name, colour)| {
        let at = at.filter(|t| *t > 0)? as f64;
        let shown = if at < 1e6 { at.to_string() } else { number(at) };
        Some((at, format!("{name} {shown}"), colour))
    });
    let ring = ring.filter(|s| has_place(c, *s)).and_then(|ring| {
        let i = c.steps.iter().position(|t| *t == ring)?;
        Some((step(i), *c.error.get(i)?))
    });
    Graph {
        headline: String::new(),
        note: format!(
            "{}, q = {}, ρ = {}",
            curve.from.instance(),
            digits(c.q),
            local(c)
        ),
        titles: ["step t".into(), "‖error‖".into()],
        x: Scale::Linear,
        y: Scale::Log,
        lines,
        marks: marks.collect(),
        ring,
        ..Graph::default()
    }
}
