//! How loose the bounds are: bound over exact error at the last step clear of rounding, by level
//! and method.

use super::csv;
use super::palette::{method_name, of_method};
use super::rows::{Row, Spread, Strip};
use super::sheet::{NARROW, WIDE};
use super::shown::{Shown, claims};
use crate::checks::Slack;
use crate::report::figure::Figure;
use crate::report::format::{count, numberless};
use crate::report::page::words::{fold, times};
use crate::tol::{ATTAINED, CLEAR_OF_FLOOR};

/// A slack that lets an error of the same size as the answer pass.
const GROSS: f64 = 2.0;

const LEVELS: [(&str, &str); 3] = [
    ("paper", "a priori"),
    ("trajectory", "trajectory"),
    ("sharp", "refined"),
];

/// One figure of all methods; none where no bound was compared with an error above rounding.
pub(super) fn figure(all: &[Shown<'_, Slack>]) -> Option<Figure> {
    let rows: Vec<Row> = LEVELS
        .iter()
        .flat_map(|level| level_rows(all, level))
        .collect();
    let compared: usize = rows.iter().map(|r| r.values.len()).sum();
    let below = all.iter().filter(|s| is_below(s)).count();
    if compared == 0 && below == 0 {
        return None;
    }
    let open: usize = rows.iter().map(|r| r.open).sum();
    let strip = Strip {
        headline: match below {
            0 => "A bound that holds is no proof of a right answer".into(),
            n => format!("{} below the error", count(n, "bound")),
        },
        axis: Spread::Log,
        accepted: [1.0, f64::INFINITY],
        word: "bound holds",
        title: "bound ÷ error above rounding",
        column: "median",
    };
    let mut caption = String::from(
        "Each dot is an instance at the last step whose error stands clear of rounding, the bar their median. At 1 a bound is attained; an implementation whose error were \
         that many times too large would still stay below it, hence the checks from the other side.",
    );
    if open > 0 {
        caption += &format!(
            " Open marks at the edge: {} with an error at rounding, which nothing is compared with.",
            count(open, "value")
        );
    }
    let zero = all.iter().filter(|s| lost(s)).count();
    if zero > 0 {
        caption += &format!(
            " Not drawn: {} of 0, which the scale has not.",
            count(zero, "bound")
        );
    }
    Some(Figure {
        name: "slack".into(),
        title: "How loose Theorem 4.1 is".into(),
        finding: finding(all),
        caption,
        svg: strip.drawing(&rows, WIDE),
        narrow: Some(strip.drawing(&rows, NARROW)),
        claims: claims(all),
        data: csv::slacks(all),
    })
}

/// The rows of a level, one a method.
fn level_rows(all: &[Shown<'_, Slack>], (level, name): &(&str, &str)) -> Vec<Row> {
    let mut methods: Vec<&str> = all.iter().map(|s| method_name(&s.from.method)).collect();
    methods.sort_unstable_by(|a, b| b.cmp(a));
    methods.dedup();
    let each = methods.into_iter().filter_map(|method| {
        let own = all.iter().filter(|s| s.level == **level);
        let own = own.filter(|s| method_name(&s.from.method) == method);
        let own: Vec<_> = own.filter(|s| !s.slack.is_nan()).collect();
        let values: Vec<f64> = own
            .iter()
            .filter(|s| compared(s))
            .map(|s| room(s))
            .collect();
        let median = median(values.iter().copied());
        (!own.is_empty()).then(|| Row {
            name: method.into(),
            more: (*name).into(),
            colour: of_method(method),
            open: own.len() - values.len() - own.iter().filter(|s| lost(s)).count(),
            median: median.map(|m| (m, times(m))),
            values,
        })
    });
    each.collect()
}

/// Whether there is an error above rounding, and a bound of it.
fn compared(slack: &Slack) -> bool {
    slack.clear && slack.slack.is_finite() && slack.slack > 0.0
}

/// Whether the error exceeds its bound.
fn is_below(slack: &Slack) -> bool {
    slack.clear && room(slack) < 1.0
}

/// Whether it does, and the scale cannot show it.
fn lost(slack: &Slack) -> bool {
    is_below(slack) && !compared(slack)
}

/// Bound over error; what is below 1 by no more than rounding in an error that stands clear of it
/// is 1.
fn room(slack: &Slack) -> f64 {
    if slack.slack < 1.0 && slack.slack * (1.0 + 1.0 / CLEAR_OF_FLOOR) >= 1.0 {
        1.0
    } else {
        slack.slack
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

fn finding(all: &[Shown<'_, Slack>]) -> String {
    let of = |level: &str| {
        let own = all.iter().filter(|s| s.level == level && compared(s));
        median(own.map(|s| s.slack))
    };
    let missing = all.iter().filter(|s| s.clear && s.slack.is_nan()).count();
    let rest = numberless(missing);
    let below = all.iter().filter(|s| is_below(s)).count();
    if below > 0 {
        return format!(
            "{} below 1: the error exceeds its bound.{rest}",
            count(below, "bound")
        );
    }
    match (of("paper"), of("sharp")) {
        (Some(paper), Some(sharp)) if sharp < paper && sharp >= GROSS => format!(
            "Refined moduli take the median slack from {} to {}, and leave room for a gross error: a bound \
             that holds proves little alone.{rest}",
            times(paper),
            times(sharp)
        ),
        (Some(paper), Some(sharp)) => format!(
            "The median slack is {} a priori and {} with refined moduli.{rest}",
            times(paper),
            times(sharp)
        ),
        _ => {
            let all = all.iter().filter(|s| compared(s));
            match all.map(|s| room(s)).reduce(f64::min) {
                Some(least) if least > ATTAINED => format!(
                    "The bounds hold with room to spare: the closest is {} the error.{rest}",
                    fold(least)
                ),
                _ => format!("The bounds hold, and the closest is attained.{rest}"),
            }
        }
    }
}
