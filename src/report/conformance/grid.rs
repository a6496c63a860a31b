//! What an implementation in another process gets right: methods × families × checks.
//!
//! Owns the table, the badge and the words for them. Must not know how they are laid out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::checks::Ruling;
use crate::claims::{Counts, Verdict};
use crate::conformance::SERVED;
use crate::report::facts::sentences;
use crate::report::format::{count, visible};
use crate::report::run::Run;

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
pub(in crate::report) fn maps(run: &Run) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    for v in run.verdicts.iter().filter(|v| is_map(v)) {
        if !out.contains(&v.instance.id.as_str()) {
            out.push(&v.instance.id);
        }
    }
    out
}

pub(in crate::report) fn of_map<'r>(
    run: &'r Run,
    map: &'r str,
) -> impl Iterator<Item = &'r Verdict> {
    let own = move |v: &&Verdict| is_map(v) && v.instance.id == map;
    run.verdicts.iter().filter(own)
}

pub(super) fn word(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Pass => "pass",
        Ruling::Fail => "FAIL",
        Ruling::Inconclusive => "open",
        Ruling::NotApplicable => "-",
    }
}

/// "12", "3 of 15 fail", "-".
pub(in crate::report) fn cell(c: &Counts) -> String {
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
pub(in crate::report) fn headline(run: &Run) -> String {
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
pub(in crate::report) fn facts(run: &Run) -> String {
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
pub(super) fn shown(run: &Run) -> Vec<&Verdict> {
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
pub(super) fn said(v: &Verdict) -> Vec<String> {
    if v.measured.is_nan() {
        return vec![v.detail.clone()];
    }
    sentences(v)
}

/// Methods against subjects: the counts over all families and checks.
pub(in crate::report) fn compared(runs: &[Run]) -> Vec<(&str, Vec<Counts>)> {
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
