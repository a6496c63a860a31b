//! What an implementation in another process gets right: methods × families × checks.
//!
//! Owns the table and the badge, over one run or several, as text and Markdown. Must not know files
//! or mathematics.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::facts::{figures, sentences};
use super::format::{count, visible};
use super::run::Run;
use crate::checks::Ruling;
use crate::claims::{Counts, Verdict};
use crate::conformance::SERVED;

/// Failing verdicts shown of one method and check.
const SHOWN: usize = 2;

/// The checks in the order in which they are shown; others, troubles among them, come after.
const ORDER: [&str; 10] = [
    "exact-trajectory",
    "limit",
    "local-rate",
    "bound",
    "termination",
    "solve",
    "set-bound",
    "joint-limit",
    "precision",
    "repeatable",
];

/// The verdicts of a run by method and family, and by check.
#[derive(Clone, Debug)]
pub struct Grid<'r> {
    /// The checks that occur.
    pub checks: Vec<&'r str>,
    /// (method, family) with the counts of each check, in order of first occurrence.
    pub rows: Vec<Row<'r>>,
}

/// One method on one family.
#[derive(Clone, Debug)]
pub struct Row<'r> {
    /// The claim's name: the method with what is asked of it.
    pub method: &'r str,
    /// The family.
    pub family: &'r str,
    /// By check, in the order of the grid; none where the check does not occur.
    pub cells: Vec<Counts>,
}

impl<'r> Grid<'r> {
    /// Of a run.
    pub fn of(run: &'r Run) -> Self {
        let mut checks: Vec<&str> = Vec::new();
        let mut places: BTreeMap<(usize, &str), Vec<&Verdict>> = BTreeMap::new();
        let mut methods: Vec<&str> = run.info.claims.iter().map(|c| c.name.as_str()).collect();
        for v in run.verdicts.iter().filter(|v| !is_map(v)) {
            if !checks.contains(&v.check.as_str()) {
                checks.push(&v.check);
            }
            let method = methods.iter().position(|m| *m == v.claim);
            let method = method.unwrap_or_else(|| {
                methods.push(&v.claim);
                methods.len() - 1
            });
            let place = (method, v.instance.kind.as_str());
            places.entry(place).or_default().push(v);
        }
        checks.sort_by_key(|c| ORDER.iter().position(|o| o == c).unwrap_or(ORDER.len()));
        let rows = places.into_iter().map(|((method, family), verdicts)| Row {
            method: methods[method],
            family,
            cells: { checks.iter() }
                .map(|c| Counts::of(verdicts.iter().copied().filter(|v| v.check == *c)))
                .collect(),
        });
        Self {
            rows: rows.collect(),
            checks,
        }
    }

    /// Each method as one row over all families.
    fn by_method(&self) -> Vec<Row<'r>> {
        let mut out: Vec<Row<'r>> = Vec::new();
        for row in &self.rows {
            match out.iter_mut().find(|r| r.method == row.method) {
                Some(sum) => {
                    let cells = sum.cells.iter_mut().zip(&row.cells);
                    cells.for_each(|(a, b)| a.join(b));
                }
                None => out.push(Row {
                    family: "all",
                    ..row.clone()
                }),
            }
        }
        out
    }
}

/// A verdict on a map that the subject brought itself.
fn is_map(v: &Verdict) -> bool {
    v.method == SERVED
}

/// The maps of a run, in order.
pub(super) fn maps(run: &Run) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    for v in run.verdicts.iter().filter(|v| is_map(v)) {
        if !out.contains(&v.instance.id.as_str()) {
            out.push(&v.instance.id);
        }
    }
    out
}

pub(super) fn of_map<'r>(run: &'r Run, map: &'r str) -> impl Iterator<Item = &'r Verdict> {
    let own = move |v: &&Verdict| is_map(v) && v.instance.id == map;
    run.verdicts.iter().filter(own)
}

fn word(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Pass => "pass",
        Ruling::Fail => "FAIL",
        Ruling::Inconclusive => "open",
        Ruling::NotApplicable => "-",
    }
}

/// "12", "3 of 15 fail", "-".
pub(super) fn cell(c: &Counts) -> String {
    match (c.fail, c.pass, c.inconclusive) {
        (0, 0, 0) if c.not_applicable > 0 => "n/a".into(),
        (0, 0, 0) => "-".into(),
        (0, 0, n) => format!("{n} open"),
        (0, pass, 0) => pass.to_string(),
        (0, pass, n) => format!("{pass} +{n} open"),
        (fail, _, _) => format!("{fail} of {} FAIL", c.applicable()),
    }
}

/// The headline: who, how much, and whether all is well.
pub(super) fn headline(run: &Run) -> String {
    let counts = Counts::of(&run.verdicts);
    let subject = run.info.subject.as_ref();
    let name = subject.map_or("the subject".into(), |s| {
        let both = format!("{} {}", s.name, s.version);
        visible(both.trim())
    });
    let name = if name.is_empty() {
        "the subject".to_string()
    } else {
        name
    };
    let given_up = subject.and_then(|s| s.given_up.as_deref());
    match (given_up, counts.fail, counts.pass) {
        (Some(why), _, _) => format!("{name} was given up: {}", visible(why)),
        (None, 0, 0) => format!("nothing of {name} could be judged"),
        (None, 0, pass) if counts.inconclusive > 0 => {
            let open = counts.inconclusive;
            format!(
                "{name} passes {}, {open} decide nothing",
                count(pass, "check")
            )
        }
        (None, 0, pass) => format!("{name} passes {}", count(pass, "check")),
        (None, fail, _) => format!("{name} fails {fail} of {} checks", counts.decided()),
    }
}

/// What was asked and what came of it, in one line.
pub(super) fn facts(run: &Run) -> String {
    let subject = run.info.subject.as_ref();
    let sent = subject.map_or(run.info.instances, |s| s.cases);
    let left_out = subject.map_or(0, |s| s.left_out);
    let counts = Counts::of(&run.verdicts);
    let not_posed = match subject.map_or(0, |s| s.not_posed) {
        0 => String::new(),
        n => format!(", {n} could not be posed"),
    };
    // A run of maps alone asks no cases.
    let asked = match (sent, left_out) {
        (0, 0) => String::new(),
        _ => format!(
            "{} asked, {left_out} left out because it does not do them{not_posed}; ",
            count(sent, "case")
        ),
    };
    let mut out = format!(
        "{asked}{} pass, {} fail, {} inconclusive, {} not applicable",
        counts.pass, counts.fail, counts.inconclusive, counts.not_applicable
    );
    let _ = write!(
        out,
        "; profile {}, seed {}, {:.1} s, ratecert {}",
        visible(&run.info.profile),
        run.info.seed,
        run.info.seconds,
        visible(&run.info.version)
    );
    let unknown = subject.map_or(&[][..], |s| &s.unknown);
    if !unknown.is_empty() {
        let _ = write!(
            out,
            "; unknown names in its hello: {}",
            visible(&unknown.join(", "))
        );
    }
    out
}

/// The failing verdicts to show: a few of every method and check.
fn shown(run: &Run) -> Vec<&Verdict> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let failing = { run.verdicts.iter() }.filter(|v| v.status == Ruling::Fail && !is_map(v));
    failing
        .filter(|v| {
            let n = counts.entry((&v.claim, &v.check)).or_default();
            *n += 1;
            *n <= SHOWN
        })
        .collect()
}

/// What is said of a verdict; troubles with the conversation have no margin.
fn said(v: &Verdict) -> Vec<String> {
    if v.measured.is_nan() {
        return vec![v.detail.clone()];
    }
    sentences(v)
}

/// The conformance of a run for a terminal. Ends with a newline.
pub fn conformance_text(run: &Run) -> String {
    let grid = Grid::of(run);
    let mut out = String::new();
    let mut table: Vec<Vec<String>> = vec![
        ["method", "family"]
            .iter()
            .chain(&grid.checks)
            .map(|s| visible(s))
            .collect(),
    ];
    for row in &grid.rows {
        let named = [visible(row.method), visible(row.family)];
        table.push(
            named
                .into_iter()
                .chain(row.cells.iter().map(cell))
                .collect(),
        );
    }
    let widths: Vec<usize> = (0..table[0].len())
        .map(|c| {
            table
                .iter()
                .map(|r| r[c].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    if !grid.rows.is_empty() {
        for row in &table {
            let cells = row.iter().zip(&widths);
            let padded: Vec<String> = cells.map(|(c, w)| format!("{c:w$}", w = *w)).collect();
            let _ = writeln!(out, "{}", padded.join("  ").trim_end());
        }
        out.push('\n');
    }
    for map in maps(run) {
        let _ = writeln!(out, "map {}", visible(map));
        for v in of_map(run, map) {
            let word = word(v.status);
            let _ = writeln!(
                out,
                "  {word:4} {}: {}",
                visible(&v.check),
                visible(&v.detail)
            );
        }
        out.push('\n');
    }
    for v in shown(run) {
        let _ = writeln!(out, "FAIL {}", visible(&v.id));
        if !v.measured.is_nan() {
            let _ = writeln!(out, "  {}", figures(v));
        }
        for sentence in said(v) {
            let _ = writeln!(out, "  {}", visible(&sentence));
        }
        let _ = writeln!(out, "  again: {}\n", visible(&v.replay));
    }
    let _ = writeln!(out, "{}", headline(run));
    let _ = writeln!(out, "{}", facts(run));
    out
}

/// The conformance of runs as Markdown: one column a subject, one row a method and family, then
/// the checks of each.
pub fn conformance_markdown(runs: &[Run]) -> String {
    let mut out = String::new();
    if let [run] = runs {
        let _ = writeln!(
            out,
            "# {}\n\n{}.\n",
            plain(&headline(run)),
            plain(&facts(run))
        );
    } else {
        out += "# What each implementation gets right\n\n";
        for run in runs {
            let _ = writeln!(out, "- {}: {}.", plain(&headline(run)), plain(&facts(run)));
        }
        out.push('\n');
        comparison(&mut out, runs);
    }
    for run in runs {
        let grid = Grid::of(run);
        for map in maps(run) {
            let _ = writeln!(
                out,
                "\n## The map {}\n\n| check | | |\n|---|---|---|",
                plain(map)
            );
            for v in of_map(run, map) {
                let word = word(v.status);
                let _ = writeln!(
                    out,
                    "| {} | {word} | {} |",
                    plain(&v.check),
                    plain(&v.detail)
                );
            }
            out.push('\n');
        }
        if runs.len() > 1 {
            let _ = writeln!(out, "\n## {}\n", plain(&headline(run)));
        }
        if grid.rows.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "| method | family | {} |\n|---|---|{}",
            grid.checks
                .iter()
                .map(|c| plain(c))
                .collect::<Vec<_>>()
                .join(" | "),
            "--:|".repeat(grid.checks.len())
        );
        for row in &grid.rows {
            let cells: Vec<String> = row.cells.iter().map(cell).collect();
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                plain(row.method),
                plain(row.family),
                cells.join(" | ")
            );
        }
        let failing = shown(run);
        if !failing.is_empty() {
            out += "\n### Failures\n\n";
        }
        for v in failing {
            let _ = writeln!(out, "- `{}`: {}", code(&v.id), plain(&v.check));
            if !v.measured.is_nan() {
                let _ = writeln!(out, "  {}", plain(&figures(v)));
            }
            for sentence in said(v) {
                let _ = writeln!(out, "  {}", plain(&sentence));
            }
            let _ = writeln!(out, "  `{}`", code(&v.replay));
        }
    }
    out
}

/// Methods against subjects: the counts over all families and checks.
pub(super) fn compared(runs: &[Run]) -> Vec<(&str, Vec<Counts>)> {
    let grids: Vec<Vec<Row<'_>>> = runs.iter().map(|r| Grid::of(r).by_method()).collect();
    let mut methods: Vec<&str> = Vec::new();
    for row in grids.iter().flatten() {
        if !methods.contains(&row.method) {
            methods.push(row.method);
        }
    }
    let total = |rows: &Vec<Row<'_>>, method: &str| {
        let mut total = Counts::default();
        let own = rows.iter().filter(|r| r.method == method);
        own.flat_map(|r| &r.cells).for_each(|c| total.join(c));
        total
    };
    let each = methods.into_iter();
    each.map(|m| (m, grids.iter().map(|rows| total(rows, m)).collect()))
        .collect()
}

fn comparison(out: &mut String, runs: &[Run]) {
    let names: Vec<String> = runs
        .iter()
        .map(|r| {
            r.info
                .subject
                .as_ref()
                .map_or("?".into(), |s| plain(&s.name))
        })
        .collect();
    let _ = writeln!(
        out,
        "| method | {} |\n|---|{}",
        names.join(" | "),
        "--:|".repeat(names.len())
    );
    for (method, cells) in compared(runs) {
        let cells: Vec<String> = cells.iter().map(cell).collect();
        let _ = writeln!(out, "| {} | {} |", plain(method), cells.join(" | "));
    }
}

/// A badge in the form that shields.io reads.
pub fn badge(run: &Run) -> String {
    let counts = Counts::of(&run.verdicts);
    let given_up = run
        .info
        .subject
        .as_ref()
        .is_some_and(|s| s.given_up.is_some());
    let (message, color) = match (given_up, counts.fail, counts.pass) {
        (true, _, _) => ("given up".to_string(), "red"),
        (_, 0, 0) => ("nothing judged".to_string(), "lightgrey"),
        (_, 0, pass) => (format!("{pass} checks pass"), "brightgreen"),
        (_, fail, _) => (format!("{fail} of {} checks fail", counts.decided()), "red"),
    };
    let badge = serde_json::json!({
        "schemaVersion": 1, "label": "ratecert", "message": message, "color": color
    });
    format!("{badge}\n")
}

/// Foreign text within Markdown.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        if "\\`*_{}[]<>()#+!|~&".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn code(text: &str) -> String {
    visible(text).replace('`', "'")
}
