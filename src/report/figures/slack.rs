//! How loose the bounds are: bound over exact error at the last step clear of rounding, against κ
//! and against R.

use super::canvas::{BLUE, Colour, GREEN, VERMILLION};
use super::chart::{Look, Panel, Scale, Series, chart};
use super::csv;
use super::shown::{Shown, claims};
use crate::checks::Slack;
use crate::report::figure::Figure;
use crate::report::format::count;

const LEVELS: [(&str, &str, Colour); 3] = [
    ("paper", "bound as printed", VERMILLION),
    ("trajectory", "with measured iterates", BLUE),
    ("sharp", "refined", GREEN),
];

/// One figure for every method that has such records.
pub(super) fn figures(all: &[Shown<'_, Slack>]) -> Vec<Figure> {
    let mut methods: Vec<&str> = all.iter().map(|s| s.from.method.as_str()).collect();
    methods.sort_unstable();
    methods.dedup();
    methods
        .into_iter()
        .filter_map(|method| {
            let own: Vec<Shown<'_, Slack>> = all
                .iter()
                .copied()
                .filter(|s| s.from.method == method && s.slack.is_finite() && s.slack > 0.0)
                .collect();
            if own.is_empty() {
                return None;
            }
            let title = format!("How loose Theorem 4.1 is for {method}");
            let finite = own.iter().filter(|s| s.r.is_finite()).count();
            Some(Figure {
                name: format!("slack-{method}"),
                caption: format!(
                    "Bound over exact error at the last step whose error stands clear of rounding (at most 60), for {} and three \
                     levels of the bound: left against κ = 1/(1-q), right against R, the distance of the solution to another piece ({} with finite R). At 1 the bound \
                     is attained; an implementation whose error were that many times too large would still stay below it, which is \
                     why the bounds alone are not enough.",
                    count(own.len() / LEVELS.len().min(own.len()), "instance"),
                    finite / LEVELS.len().min(finite.max(1)),
                ),
                svg: chart(
                    &title,
                    &[
                        panel(&own, "against κ", "κ = 1/(1-q)", |s| 1.0 / (1.0 - s.q)),
                        panel(&own, "against R", "R", |s| s.r),
                    ],
                    &[],
                ),
                claims: claims(&own),
                data: csv::slacks(&own),
                title,
                ..Figure::default()
            })
        })
        .collect()
}

fn panel(all: &[Shown<'_, Slack>], heading: &str, axis: &str, x: impl Fn(&Slack) -> f64) -> Panel {
    let series = LEVELS.iter().map(|(level, name, colour)| Series {
        name: (*name).into(),
        colour: *colour,
        look: Look::Points,
        points: all
            .iter()
            .filter(|s| s.level == *level && x(s).is_finite())
            .map(|s| (x(s), s.slack))
            .collect(),
    });
    Panel {
        heading: format!("bound / error {heading}"),
        note: String::new(),
        across: (axis.into(), Scale::Log),
        up: Scale::Log,
        series: series.collect(),
        marks: Vec::new(),
    }
}
