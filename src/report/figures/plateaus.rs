//! Constant steps: mean square errors beside their plateaus and the bound.

use super::csv;
use super::graph::{Graph, Ink, Line, Scale};
use super::moments::{CLOSE, last, named, of, points, rest};
use super::palette::{TEAL, THEORY, THEORY_DOTTED};
use super::sheet::sheet;
use super::shown::{Shown, claims};
use crate::checks::Moments;
use crate::report::figure::Figure;
use crate::report::format::count;
use crate::report::page::words::{digits, fold, times};
use crate::tol::ATTAINED;

/// Constant steps: the mean square error rests on its plateau below Lemma D.2's bound.
pub(super) fn figure(all: &[Shown<'_, Moments>]) -> Option<Figure> {
    let own = of(all, "constant");
    let known: Vec<(Shown<'_, Moments>, Ends)> =
        own.iter().filter_map(|m| Some((*m, ends(m)?))).collect();
    // Where a bound and the other step's plateau do not lie on each other.
    let by_room = |a: &&(_, Ends), b: &&(_, Ends)| a.1.room().total_cmp(&b.1.room());
    let first = known.iter().max_by(by_room)?.0;
    let missing = own.len() - known.len();
    let same: Vec<Shown<'_, Moments>> = known
        .iter()
        .map(|k| k.0)
        .filter(|m| m.from.claim == first.from.claim)
        .filter(|m| m.from.instance() == first.from.instance())
        .take(2)
        .collect();
    let off = known.iter().map(|k| k.1.off()).fold(0.0, f64::max);
    let rooms = || known.iter().map(|k| k.1.room());
    let (low, high) = (
        rooms().fold(f64::INFINITY, f64::min),
        rooms().fold(0.0, f64::max),
    );
    let mut lines = Vec::new();
    let longest = same
        .iter()
        .filter_map(|m| m.steps.last())
        .max()
        .copied()
        .unwrap_or(1) as f64;
    let steps: Vec<String> = same.iter().map(|m| step_of(m)).collect();
    for (m, step) in same.iter().zip(&steps) {
        let line = |name: &str, label: String, ink: Ink| {
            let mut points = points(m, named(m, name)?, 0.0);
            // What is constant goes on to the edge.
            let constant = points.last().filter(|_| !name.starts_with('E')).copied();
            points.extend(constant.map(|p| (longest, p.1)));
            Some(Line {
                label,
                ink,
                points,
                ..Line::default()
            })
        };
        lines.extend(line(
            "Lemma D.2",
            format!("bound, {step}"),
            Ink::line(THEORY_DOTTED, 1.5),
        ));
        lines.extend(line("its plateau", String::new(), Ink::line(THEORY, 1.3)));
        lines.extend(line("E‖", format!("step {step}"), Ink::dotted(TEAL, 1.6)));
    }
    let graph = Graph {
        headline: headline(&same).into(),
        note: format!(
            "{}, dots: exact; solid grey: plateau",
            first.from.instance()
        ),
        titles: ["k".into(), "E‖v_k − v̂‖²".into()],
        x: Scale::Log,
        y: Scale::Log,
        lines,
        ..Graph::default()
    };
    let [svg, narrow] = sheet(&[vec![graph]]);
    Some(Figure {
        name: "nsid-plateau".into(),
        title: "Constant steps: the mean square error and its plateau".into(),
        finding: finding(off, [low, high], known.len(), missing),
        caption: "Exact second moments of Algorithm 3. Solid grey: the fixed point of their recursion; dotted: ησ̂₁/(1−q²).".into(),
        svg,
        narrow: Some(narrow),
        claims: claims(&own),
        data: csv::moments(&own),
    })
}

/// Where a run with a constant step ends, all finite and the plateau above 0.
#[derive(Clone, Copy)]
struct Ends {
    error: f64,
    plateau: f64,
    bound: f64,
}

impl Ends {
    /// How far the error is from its plateau.
    fn off(self) -> f64 {
        (self.error / self.plateau - 1.0).abs()
    }

    /// The bound over the plateau.
    fn room(self) -> f64 {
        self.bound / self.plateau
    }
}

fn ends(moments: &Moments) -> Option<Ends> {
    let ends = Ends {
        error: last(moments, "E‖")?,
        plateau: last(moments, "its plateau")?,
        bound: last(moments, "Lemma D.2")?,
    };
    let known = ends.off().is_finite() && ends.room().is_finite();
    (known && ends.plateau > 0.0).then_some(ends)
}

fn finding(off: f64, [low, high]: [f64; 2], known: usize, missing: usize) -> String {
    let (runs, within) = (count(known, "run"), digits(100.0 * off));
    let rests = off <= CLOSE;
    let mut text = if rests {
        format!(
            "With a constant step the mean square error comes to rest on its plateau (within {within} % on {runs})"
        )
    } else {
        format!(
            "Where the plots end the mean square error is at most {within} % off its plateau on {runs}"
        )
    };
    text += &if low * ATTAINED < 1.0 {
        format!(
            "; Lemma D.2's bound lies below a plateau, at {} it",
            fold(low)
        )
    } else {
        format!(
            ", {} to {} below Lemma D.2's bound",
            times(low).trim_start_matches('×'),
            fold(high)
        )
    };
    if rests {
        text += ": no constant step converges";
    }
    format!("{text}{}.", rest(missing))
}

/// Of the runs that are drawn.
fn headline(same: &[Shown<'_, Moments>]) -> &'static str {
    let each: Vec<(String, Ends)> = same
        .iter()
        .filter_map(|m| Some((step_of(m), ends(m)?)))
        .collect();
    let rest = each.iter().all(|e| e.1.off() <= CLOSE);
    match &each[..] {
        [(step, whole), (part, smaller)]
            if rest && part.starts_with(&format!("{step}/")) && smaller.plateau < whole.plateau =>
        {
            "A smaller step rests lower"
        }
        [_] if rest => "A constant step rests on its plateau",
        _ => "Mean square errors beside their plateaus",
    }
}

/// "η/4" of "E‖v_k - v̂‖², step η/4".
fn step_of(moments: &Moments) -> String {
    let name = moments.series.first().map_or("", |s| s.name.as_str());
    let step = name.rsplit_once("step ").map_or("η", |n| n.1);
    step.to_owned()
}
