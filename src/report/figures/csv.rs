//! What a figure draws, as CSV: the numbers beside the picture.
//!
//! Owns columns and quoting. Must not know how anything is drawn.

use super::shown::Shown;
use crate::checks::{Curve, Fit, Moments, Plot, Race, Slack};
use crate::claims::Verdict;

/// A table under construction.
struct Csv(String);

impl Csv {
    fn new(columns: &[&str]) -> Self {
        let mut csv = Self(String::new());
        csv.line(columns.iter().map(|c| quoted(c)));
        csv
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) {
        for (i, cell) in cells.enumerate() {
            if i > 0 {
                self.0.push(',');
            }
            self.0 += &cell;
        }
        self.0.push('\n');
    }

    /// A row of names, then numbers.
    fn row(&mut self, names: &[&str], numbers: impl IntoIterator<Item = f64>) {
        let names = names.iter().map(|n| quoted(n));
        self.line(names.chain(numbers.into_iter().map(plain)));
    }
}

/// Four digits: what can be read off a figure.
fn plain(x: f64) -> String {
    digits(x, 4)
}

/// Digits of a rate.
const RATE: usize = 9;

/// So many significant digits. NaN is an empty cell.
fn digits(x: f64, significant: usize) -> String {
    if x.is_nan() {
        return String::new();
    }
    let whole = x == x.trunc() && x.abs() < f64::from(u32::MAX);
    if whole || x.is_infinite() {
        return x.to_string();
    }
    let text = format!("{x:.*e}", significant - 1);
    match text.split_once('e') {
        Some((mantissa, "0")) => trimmed(mantissa).to_owned(),
        Some((mantissa, "-1")) => format!("{:.*}", trimmed(mantissa).len().max(2) - 1, x),
        Some((mantissa, exponent)) => format!("{}e{exponent}", trimmed(mantissa)),
        None => text,
    }
}

fn trimmed(mantissa: &str) -> &str {
    mantissa.trim_end_matches('0').trim_end_matches('.')
}

/// A name: quoted where commas, quotes or line ends ask for it (RFC 4180), and no formula where a
/// spreadsheet would take it for one.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@']);
    let text = &format!("{}{text}", if formula { "'" } else { "" });
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn at(values: &[f64], i: usize) -> f64 {
    values.get(i).copied().unwrap_or(f64::NAN)
}

/// Error, bounds and floor against the step.
pub(super) fn curves(all: &[Shown<'_, Curve>]) -> String {
    let mut csv = Csv::new(&[
        "instance",
        "t",
        "error",
        "paper",
        "trajectory",
        "sharp",
        "floor",
    ]);
    for c in all {
        let instance = c.from.instance();
        for (i, t) in c.steps.iter().enumerate() {
            let columns = [&c.error, &c.paper, &c.trajectory, &c.sharp, &c.floor];
            let numbers = [*t as f64].into_iter();
            csv.row(&[&instance], numbers.chain(columns.map(|v| at(v, i))));
        }
    }
    csv.0
}

/// Fitted and predicted rates.
pub(super) fn fits(all: &[Shown<'_, Fit>]) -> String {
    let mut csv = Csv::new(&[
        "claim",
        "instance",
        "growth",
        "predicted",
        "fitted",
        "lower",
        "upper",
        "accepted",
    ]);
    for f in all {
        let names = [&f.from.claim, &f.from.instance(), &f.growth];
        // A deviation of 1e-6 of the rate has to survive.
        let numbers = [f.predicted, f.fitted, f.lower, f.upper, f.accepted];
        let names = names.into_iter().map(|n| quoted(n));
        csv.line(names.chain(numbers.map(|x| digits(x, RATE))));
    }
    csv.0
}

/// Bound over error: a row an instance, a column a level.
pub(super) fn slacks(all: &[Shown<'_, Slack>]) -> String {
    let mut levels: Vec<&str> = Vec::new();
    let mut rows: Vec<(String, usize, Vec<Shown<'_, Slack>>)> = Vec::new();
    for &s in all {
        if !levels.contains(&s.data.level.as_str()) {
            levels.push(&s.data.level);
        }
        let instance = s.from.instance();
        // Those of an instance stand together.
        match rows.last_mut() {
            Some(row) if row.0 == instance && row.1 == s.step => row.2.push(s),
            _ => rows.push((instance, s.step, vec![s])),
        }
    }
    let mut csv = Csv::new(&[&["instance", "q", "R", "step"][..], &levels].concat());
    for (instance, step, own) in rows {
        let Some(first) = own.first() else { continue };
        let level = |name: &&str| {
            let found = own.iter().find(|s| s.level == **name);
            found.map_or(f64::NAN, |s| s.slack)
        };
        let numbers = [first.q, first.r, step as f64].into_iter();
        csv.row(&[&instance], numbers.chain(levels.iter().map(level)));
    }
    csv.0
}

/// Errors and bounds of both methods.
pub(super) fn races(all: &[Shown<'_, Race>]) -> String {
    let mut csv = Csv::new(&[
        "instance",
        "t",
        "itd",
        "aid_fp",
        "itd_bound",
        "aid_fp_bound",
    ]);
    for r in all {
        let columns = [&r.itd, &r.aid, &r.itd_bound, &r.aid_bound];
        let longest = columns.iter().map(|c| c.len()).max().unwrap_or(0);
        for t in 0..longest {
            let numbers = [t as f64].into_iter();
            csv.row(
                &[&r.from.instance()],
                numbers.chain(columns.map(|v| at(v, t))),
            );
        }
    }
    csv.0
}

/// Moments against the number of updates: a column a series.
pub(super) fn moments(all: &[Shown<'_, Moments>]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for s in all.iter().flat_map(|m| &m.data.series) {
        if !names.contains(&s.name.as_str()) {
            names.push(&s.name);
        }
    }
    let mut csv = Csv::new(&[&["instance", "gamma", "k"][..], &names].concat());
    for m in all {
        for (i, k) in m.steps.iter().enumerate() {
            let own = |name: &&str| {
                let series = m.series.iter().find(|s| s.name == **name);
                series.map_or(f64::NAN, |s| at(&s.values, i))
            };
            let numbers = [m.gamma, *k as f64].into_iter();
            csv.row(&[&m.from.instance()], numbers.chain(names.iter().map(own)));
        }
    }
    csv.0
}

/// Points: a row a point.
pub(super) fn plots(all: &[Shown<'_, Plot>]) -> String {
    let mut csv = Csv::new(&["instance", "series", "x", "y"]);
    for p in all {
        for s in &p.series {
            for (x, y) in s.x.iter().zip(&s.y) {
                csv.row(&[&p.from.instance(), &s.name], [*x, *y]);
            }
        }
    }
    csv.0
}

/// What was measured beside what bounds it.
pub(super) fn ratios(all: &[&Verdict]) -> String {
    let mut csv = Csv::new(&["claim", "instance", "measured", "bound"]);
    for v in all {
        csv.row(&[&v.claim, &v.instance.id], [v.measured, v.bound]);
    }
    csv.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{curve, fit, origin};

    #[test]
    fn numbers_are_short_and_foreign_text_is_quoted() {
        let said = [0.0, 12.0, 0.00012345, f64::NAN, f64::INFINITY, -2.5].map(plain);
        assert_eq!(said, ["0", "12", "1.234e-4", "", "inf", "-2.5"]);
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("@a,b"), "\"'@a,b\"");
    }

    #[test]
    fn a_curve_has_a_line_a_step_and_a_fit_keeps_its_digits() {
        let (from, data) = (origin("a"), curve());
        let text = curves(&[Shown {
            from: &from,
            data: &data,
        }]);
        assert_eq!(text.lines().count(), 1 + data.steps.len());
        assert!(text.starts_with("instance,t,error,paper,"), "{text}");
        assert!(text.contains("\ntight.0.0,0,1,8,4,2,1e-16\n"), "{text}");
        let data = fit();
        let text = fits(&[Shown {
            from: &from,
            data: &data,
        }]);
        assert!(
            text.ends_with("\na,tight.0.0,pure,0.5,0.5001,0.4999,0.5003,2.5e-2\n"),
            "{text}"
        );
    }
}
