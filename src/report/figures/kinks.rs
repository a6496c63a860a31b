//! Distances to D_fix at a kink, and the bounds as the margin shrinks.

use super::csv;
use super::graph::{Graph, Ink, Line, Scale};
use super::palette::{THEORY, THEORY_DASHED, THEORY_DOTTED, method_name, of_method};
use super::sheet::{arranged, sheet};
use super::shown::{Shown, claims};
use crate::checks::{Plot, Points};
use crate::report::figure::Figure;
use crate::report::format::{count, numberless};
use crate::report::page::words::{digits, fold};
use crate::tol::{ATTAINED, CLEAR_OF_FLOOR, DISTANCE_GAP, bound_room};

/// Distances of the instance with the tightest bound and of the one with the loosest; none where
/// none was recorded.
pub(super) fn distances(all: &[Shown<'_, Plot>]) -> Option<Figure> {
    let own: Vec<Shown<'_, Plot>> = all
        .iter()
        .copied()
        .filter(|p| p.figure == "excess")
        .collect();
    let known = || own.iter().filter_map(|p| Some((room(p)?, *p)));
    let by = |a: &(f64, Shown<'_, Plot>), b: &(f64, Shown<'_, Plot>)| a.0.total_cmp(&b.0);
    let tightest = known().min_by(by);
    let loosest = known()
        .max_by(by)
        .filter(|l| tightest.is_some_and(|t| t.0 < l.0));
    let chosen: Vec<_> = tightest.into_iter().chain(loosest).collect();
    let first = chosen.first()?;
    let panels = chosen.iter().map(|(room, p)| {
        let mut graph = distance(*p);
        graph.headline = match *room {
            r if r < 1.0 => "Above the recursion".into(),
            r if r <= ATTAINED => "The bound is attained".into(),
            r => format!("The bound is {} the distance or more", fold(r)),
        };
        graph
    });
    let [svg, narrow] = sheet(&arranged(panels.collect()));
    let compared = count(known().count(), "instance");
    let beyond = known().filter(|k| k.0 < 1.0).count();
    let rest = match own.len() - known().count() {
        0 => String::new(),
        n => format!(" {n} more have too few distances clear of rounding."),
    };
    let finding = if beyond > 0 {
        format!(
            "On {beyond} of {compared} an estimate at a kink is further from D_fix than Theorem 4.1 allows.{rest}"
        )
    } else {
        let all = if rest.is_empty() { "all " } else { "" };
        let least = if first.0 <= ATTAINED {
            "attained where it is closest".to_owned()
        } else {
            format!(
                "{} the distance or more where that stands clear of rounding",
                fold(first.0)
            )
        };
        format!(
            "At kinks, where no single Jacobian exists, estimates reach D_fix as fast as Theorem 4.1 says on {all}{compared}, \
             whose bound is {least}.{rest}"
        )
    };
    let shown: Vec<Shown<'_, Plot>> = chosen.iter().map(|c| c.1).collect();
    Some(Figure {
        name: "kink-distances".into(),
        title: "Distance to D_fix at kinks".into(),
        finding,
        caption: "The distance of D_t to an element of D_fix that follows it, an upper bound of the excess; grey: Theorem 4.1's \
                  recursion for it. Shown: the instance whose bound comes closest at a step clear of rounding, and the one where it stays furthest. \
                  Open marks: distances at rounding."
            .into(),
        svg,
        narrow: Some(narrow),
        claims: claims(&own),
        data: csv::plots(&shown),
    })
}

fn series(plot: &Plot, at: usize) -> Option<&Points> {
    plot.series.get(at)
}

/// Steps clear of rounding that there have to be for a picture.
const STEPS: usize = 8;

/// The least of recursion over distance at the steps with a distance clear of rounding; what lies
/// below 1 by no more than rounding in the bound is 1.
fn room(plot: &Plot) -> Option<f64> {
    let (distance, bound, floor) = (series(plot, 0)?, series(plot, 1)?, series(plot, 2)?);
    let all = distance.y.iter().zip(&bound.y).zip(&floor.y);
    let all = distance.x.iter().zip(all);
    let clear = all.filter(|(_, ((d, _), f))| **d > CLEAR_OF_FLOOR * **f && **d > 0.0);
    let clear = clear.map(|(t, ((d, b), _))| {
        let rounding = bound_room(*t as usize) * (1.0 + DISTANCE_GAP * t);
        let ratio = b / d;
        if ratio < 1.0 && ratio * rounding >= 1.0 {
            1.0
        } else {
            ratio
        }
    });
    let clear: Vec<f64> = clear.collect();
    let known = clear.iter().all(|r| !r.is_nan());
    let least = clear.iter().copied().reduce(f64::min).filter(|_| known);
    least.filter(|r| r.is_finite() && (clear.len() >= STEPS || *r < 1.0))
}

fn distance(plot: Shown<'_, Plot>) -> Graph {
    let floor = |i: usize| {
        series(&plot, 2)
            .and_then(|s| s.y.get(i).copied())
            .unwrap_or(0.0)
    };
    let measured = series(&plot, 0);
    let each = |clear: bool| {
        let all = measured
            .into_iter()
            .flat_map(|s| s.x.iter().zip(&s.y).enumerate());
        let kept = all.filter(move |(i, (_, y))| (**y > floor(*i)) == clear);
        kept.map(|(_, (x, y))| (*x, *y)).collect::<Vec<_>>()
    };
    let bound = series(&plot, 1).map(|s| s.x.iter().copied().zip(s.y.iter().copied()).collect());
    let method = &plot.from.method;
    Graph {
        headline: String::new(),
        note: format!("{}, {}", plot.from.instance(), plot.note),
        titles: ["step t".into(), "distance to D_fix".into()],
        x: Scale::Linear,
        y: Scale::Log,
        lines: vec![
            Line {
                label: "recursion".into(),
                ink: Ink::line(THEORY, 1.5),
                points: bound.unwrap_or_default(),
                ..Line::default()
            },
            Line {
                label: method_name(method).to_owned(),
                ink: Ink::dotted(of_method(method), 1.6),
                points: each(true),
                edge: each(false).iter().map(|p| p.0).collect(),
                ..Line::default()
            },
        ],
        ..Graph::default()
    }
}

/// The bounds against R; none where that was not recorded.
pub(super) fn margins(all: &[Shown<'_, Plot>]) -> Option<Figure> {
    let own: Vec<Shown<'_, Plot>> = all
        .iter()
        .copied()
        .filter(|p| p.figure == "margin")
        .collect();
    let slopes = own.iter().filter_map(|p| slope(series(p, 0)?));
    let slopes: Vec<f64> = slopes.collect();
    let steepest = |f: fn(f64, f64) -> f64| slopes.iter().copied().reduce(f);
    let (low, high) = (steepest(f64::min)?, steepest(f64::max)?);
    let how = growth(low, high);
    let missing = own.len() - slopes.len();
    let mut graph = margin(
        *own.iter()
            .find(|p| series(p, 0).and_then(slope).is_some())?,
    );
    graph.headline = format!("The gap of the bounds {how}");
    let [svg, narrow] = sheet(&[vec![graph]]);
    Some(Figure {
        name: "margin".into(),
        title: "The bounds as the margin shrinks".into(),
        finding: format!(
            "As the margin R shrinks, ITD's bound over AID-FP's {how}: slopes from {1} to {2} over \
             the last two decades, on {0}.{3}",
            count(slopes.len(), "instance"),
            digits(low),
            digits(high),
            numberless(missing)
        ),
        caption: "Theorem 4.1's bounds for an instance's constants with R alone changed, at one t beyond every τ. Solid: ITD's bound \
                  over AID-FP's; dashed: the part min(t, τ)(BM₁+M₂)/R of it; dotted: (BM₁+M₂)/R. A solution at a kink is the limit R → 0. \
                  Nothing here is measured."
            .into(),
        svg,
        narrow: Some(narrow),
        claims: claims(&own),
        data: csv::plots(&own),
    })
}

/// Slopes this close to -1 are those of 1/R.
const LIKE: f64 = 0.02;
/// Slopes beyond this are more than a little steeper.
const STEEP: f64 = -1.5;

/// How what has these slopes against R grows as R shrinks.
fn growth(low: f64, high: f64) -> &'static str {
    if high >= 0.0 {
        "does not grow everywhere"
    } else if low >= -1.0 - LIKE && high <= -1.0 + LIKE {
        "grows like 1/R"
    } else if low > -1.0 {
        "grows slower than 1/R"
    } else if high < -1.0 && low >= STEEP {
        "grows like τ/R, a little faster than 1/R"
    } else if high < -1.0 {
        "grows faster than 1/R"
    } else {
        "grows about like 1/R"
    }
}

/// Slope in log-log over the last two decades of the smallest abscissas.
fn slope(of: &Points) -> Option<f64> {
    let mut sorted: Vec<(f64, f64)> = of.x.iter().copied().zip(of.y.iter().copied()).collect();
    sorted.retain(|p| p.0 > 0.0 && p.1 > 0.0 && p.1.is_finite());
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let first = *sorted.first()?;
    let last = sorted.iter().find(|p| p.0 >= 99.0 * first.0)?;
    let slope = (last.1 / first.1).log10() / (last.0 / first.0).log10();
    slope.is_finite().then_some(slope)
}

fn margin(plot: Shown<'_, Plot>) -> Graph {
    let inks = [
        ("ITD ÷ AID-FP", THEORY, 1.8),
        ("min(t,τ) part", THEORY_DASHED, 1.5),
        ("(BM₁+M₂)/R", THEORY_DOTTED, 1.5),
    ];
    let lines = plot
        .series
        .iter()
        .zip(inks)
        .map(|(s, (label, colour, width))| Line {
            label: label.into(),
            ink: Ink::line(colour, width),
            points: {
                // From the left to the right: labels stand at the right.
                let mut points: Vec<_> = s.x.iter().copied().zip(s.y.iter().copied()).collect();
                points.sort_by(|a: &(f64, f64), b| a.0.total_cmp(&b.0));
                points
            },
            ..Line::default()
        });
    Graph {
        headline: String::new(),
        note: format!("{}, {}", plot.from.instance(), plot.note),
        titles: ["R".into(), "ratio".into()],
        x: Scale::Log,
        y: Scale::Log,
        lines: lines.collect(),
        ..Graph::default()
    }
}
