//! The page put together.
//!
//! Owns its order: the verdict, what fails, the theorems, the baseline, what was not decided, all
//! verdicts. Reads no clock: the same run gives the same bytes.

use askama::Template;

use super::claim::ClaimView;
use super::extras::{DriftRow, DriftView, Extras, Scale};
use super::failure::{Drawing, Failure, failures};
use super::figures::{FigureView, placed};
use super::hero::Hero;
use super::ids::stems;
use super::listing::{Group, OTHERS, PASSING, groups};
use super::section::Section;
use super::status::{Shape, Status};
use super::subject::SubjectView;
use super::theorems::{OTHER, THEOREMS};
use super::tiles::{Tile, run_line, tiles};
use super::undecided::{ReasonView, reasons};
use super::words::{counted, digits, grouped, share, times};
use crate::baseline::Standing;
use crate::report::figure::Figure;
use crate::report::replay::with_commands;
use crate::report::run::Run;
use crate::report::tally::Summary;

/// The style sheet and the script of every page.
pub(super) const STYLE: &str = include_str!("../../../templates/report.css");
const SCRIPT: &str = include_str!("../../../templates/report.js");

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    shape: Shape,
    title: String,
    hero: Hero,
    tiles: Vec<Tile>,
    key: Option<FigureView<'a>>,
    facts: Vec<String>,
    subject: Option<SubjectView<'a>>,
    failures: Vec<Failure<'a>>,
    sections: Vec<Section<'a>>,
    has_power: bool,
    drift: Option<DriftPart<'a>>,
    reasons: Vec<ReasonView<'a>>,
    undecided: String,
    apart: String,
    groups: Vec<Group<'a>>,
    methods: Vec<&'a str>,
    total: String,
    shown: String,
    has_cut: bool,
}

/// Violated claims named beside the headline; all have their cards.
const LISTED: usize = 8;

impl Page<'_> {
    /// There is nothing to draw beside the headline.
    fn is_alone(&self) -> bool {
        self.key.is_none() && self.curve().is_none()
    }

    /// The first card with a curve.
    fn curve(&self) -> Option<(&Failure<'_>, &Drawing)> {
        let drawn = self
            .failures
            .iter()
            .filter_map(|f| Some((f, f.drawing.as_ref()?)));
        drawn.into_iter().find(|(_, d)| d.is_curve)
    }
}

/// The rows against the baseline, the worst first.
struct DriftPart<'a> {
    against: &'a str,
    headline: &'a str,
    words: String,
    rows: Vec<DriftLine<'a>>,
}

/// One of them.
struct DriftLine<'a> {
    claim: &'a str,
    stem: Option<String>,
    quantity: &'a str,
    baseline: String,
    now: String,
    interval: String,
    status: Status,
}

/// The page of a run with its figures inlined.
pub fn html(run: &Run, figures: &[Figure]) -> String {
    html_with(run, figures, &Extras::default())
}

/// The same with what other commands know of its claims. The page of a subject shows first what it
/// gets right.
pub fn html_with(run: &Run, figures: &[Figure], extras: &Extras) -> String {
    let run = &with_commands(run);
    let summary = Summary::of(run);
    let stems = stems(summary.claims.iter().map(|t| t.claim));
    let stem_of = |claim: &str| {
        let at = summary.claims.iter().position(|t| t.claim == claim);
        at.map(|i| stems[i].clone())
    };
    let subject = run.info.subject.as_ref().map(|_| SubjectView::of(run));
    let failures = failures(&summary.claims, &stems, &run.records);
    let hero = Hero::new(run, &summary, &failures);
    let (sections, key) = sections(&summary, &stems, figures, extras, subject.is_none());
    let groups = groups(&summary.claims, &stems);
    let shown: usize = groups.iter().map(|g| g.rows.len()).sum();
    let mut methods: Vec<&str> = groups.iter().map(|g| g.method).collect();
    methods.sort_unstable();
    methods.dedup();
    rendered(&Page {
        style: STYLE,
        script: SCRIPT,
        shape: hero.shape,
        title: format!("{} {}", hero.shape.mark(), hero.headline),
        tiles: tiles(run, &summary, extras),
        hero,
        key,
        facts: run_line(run),
        subject,
        failures,
        sections,
        has_power: extras.power.is_some(),
        drift: extras.drift.as_ref().map(|d| drift(d, stem_of)),
        reasons: reasons(run, |c| stem_of(c).unwrap_or_default()),
        undecided: grouped(summary.counts.inconclusive),
        apart: grouped(summary.counts.not_applicable),
        has_cut: groups.iter().any(|g| !g.left_out.is_empty()),
        groups,
        methods,
        total: format!(
            "{} of {}",
            counted(summary.counts.total(), "verdict"),
            counted(summary.claims.len(), "claim")
        ),
        shown: grouped(shown),
    })
}

/// A template as text; writing into a string does not fail.
pub(super) fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_else(|e| e.to_string())
}

/// The theorems with their claims, and the figure beside the headline. A theorem without claims
/// keeps its place in a run of claims; a subject is held to few of them.
fn sections<'a>(
    summary: &Summary<'a>,
    stems: &[String],
    figures: &'a [Figure],
    extras: &Extras,
    keep: bool,
) -> (Vec<Section<'a>>, Option<FigureView<'a>>) {
    let power = extras.power.as_ref();
    let views: Vec<ClaimView<'a>> = { summary.claims.iter().zip(stems) }
        .map(|(t, stem)| ClaimView::new(t, stem.clone(), power))
        .collect();
    let places: Vec<(&str, usize)> = views.iter().map(|v| (v.name, v.place)).collect();
    let mut figures = placed(figures, |claim| {
        let own = places.iter().find(|(name, _)| *name == claim);
        own.map(|(_, place)| *place)
    });
    let mut members: Vec<Vec<_>> = THEOREMS.iter().map(|_| Vec::new()).collect();
    for (tally, view) in summary.claims.iter().zip(views) {
        members[view.place].push((tally, view));
    }
    let mut out = Vec::new();
    for (row, own) in members.into_iter().enumerate() {
        let figures = std::mem::take(&mut figures.rows[row]);
        let some = !own.is_empty() || !figures.is_empty();
        if some || (keep && row != OTHER) {
            out.push(Section::new(&THEOREMS[row], own, figures, power));
        }
    }
    (out, figures.key)
}

fn drift<'a>(view: &'a DriftView, stem: impl Fn(&str) -> Option<String>) -> DriftPart<'a> {
    let mut rows: Vec<&DriftRow> = view.rows.iter().collect();
    rows.sort_by_key(|r| r.verdict);
    let number = |standing| rows.iter().filter(|r| r.verdict == standing).count();
    let words: Vec<String> = { Standing::ALL.iter() }
        .map(|s| format!("{} {}", grouped(number(*s)), s.name()))
        .collect();
    let lines = rows.iter().map(|r| {
        let said = |x: f64| match r.scale {
            Scale::Number => digits(x),
            Scale::Share => share((1000.0 * x).round().max(0.0) as usize, 1000),
            Scale::Factor => times(x),
        };
        let or_dash = |x: Option<f64>| x.map_or("–".into(), said);
        DriftLine {
            claim: &r.claim,
            stem: stem(&r.claim),
            quantity: &r.quantity,
            baseline: or_dash(r.baseline),
            now: or_dash(r.now),
            interval: r
                .interval
                .map_or("–".into(), |[a, b]| format!("{} to {}", said(a), said(b))),
            status: drifted(r.verdict),
        }
    });
    DriftPart {
        against: &view.baseline,
        headline: &view.headline,
        words: words.join(", "),
        rows: lines.collect(),
    }
}

fn drifted(standing: Standing) -> Status {
    match standing {
        Standing::Violated => Status::new(Shape::Violated, "theorem violated"),
        Standing::Drifted => Status::new(Shape::Violated, "drifted"),
        Standing::Improved => Status::new(Shape::Holds, "improved"),
        Standing::New => Status::new(Shape::None, "new"),
        open => Status::new(Shape::Undecided, open.name()),
    }
}
