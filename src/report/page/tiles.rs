//! The vital signs: always these six, each with its number, unit and link.

use super::extras::Extras;
use super::status::Shape;
use super::words::{counted, digits, grouped, share, times};
use crate::baseline::Standing;
use crate::checks::{Data, Ruling, Unit};
use crate::claims::Outcome;
use crate::report::run::{Run, SubjectInfo};
use crate::report::tally::Summary;

/// One vital sign.
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// Whether the value is a word, and set smaller.
    pub(super) is_word: bool,
    pub(super) shape: Option<Shape>,
    /// Where the note leads, and the words that do.
    pub(super) link: Option<(&'static str, String)>,
    pub(super) note: String,
    /// The command that would fill it in.
    pub(super) command: Option<&'static str>,
}

impl Tile {
    fn new(name: &'static str, value: String, note: String) -> Self {
        Self {
            name,
            value,
            is_word: false,
            shape: None,
            link: None,
            note,
            command: None,
        }
    }

    fn absent(name: &'static str, value: &str, note: &str, command: &'static str) -> Self {
        Self {
            is_word: true,
            command: Some(command),
            ..Self::new(name, value.into(), note.into())
        }
    }

    fn shaped(self, shape: Shape) -> Self {
        let shape = Some(shape);
        Self { shape, ..self }
    }

    fn linked(self, to: &'static str, words: String) -> Self {
        let link = Some((to, words));
        Self { link, ..self }
    }
}

/// The six. The last two of a subject are its own.
pub(super) fn tiles(run: &Run, summary: &Summary<'_>, extras: &Extras) -> Vec<Tile> {
    let counts = &summary.counts;
    let claims = summary.claims.len();
    let violated = summary.claims_that(Outcome::Violated);
    let failed = Tile::new("Failed", grouped(counts.fail), String::new());
    let failed = if counts.fail > 0 {
        let note = format!("in {} of {}", grouped(violated), counted(claims, "claim"));
        failed.shaped(Shape::Violated).linked("failures", note)
    } else {
        Tile {
            note: format!("of {}", counted(claims, "claim")),
            shape: (counts.pass > 0).then_some(Shape::Holds),
            ..failed
        }
    };
    let undecided = Tile::new("Undecided", grouped(counts.inconclusive), String::new());
    let apart = match counts.not_applicable {
        0 => String::new(),
        n => format!("{} not applicable", grouped(n)),
    };
    let undecided = if counts.inconclusive > 0 {
        let open = { summary.claims.iter() }
            .filter(|t| t.standing.counts.inconclusive > 0)
            .count();
        let words = format!("in {}", counted(open, "claim"));
        let note = if apart.is_empty() {
            apart
        } else {
            format!(", {apart}")
        };
        Tile { note, ..undecided }
            .shaped(Shape::Undecided)
            .linked("undecided", words)
    } else {
        Tile {
            note: if apart.is_empty() {
                "every verdict decides".into()
            } else {
                apart
            },
            ..undecided
        }
    };
    let decided = Tile::new(
        "Decided",
        share(counts.decided(), counts.applicable()),
        format!("of {}", counted(counts.applicable(), "verdict")),
    );
    let (fifth, sixth) = match &run.info.subject {
        Some(subject) => (cases(subject), waited(subject, run.info.seconds)),
        None => (power(extras), drift(extras)),
    };
    vec![failed, undecided, decided, slack(run), fifth, sixth]
}

/// Power and baselines are about our own methods; of a subject it is told what it was asked.
fn cases(subject: &SubjectInfo) -> Tile {
    let note = match subject.left_out {
        0 => "none left out".into(),
        n => format!("{} left out: it does not do them", grouped(n)),
    };
    Tile::new("Cases asked", grouped(subject.cases), note)
}

fn waited(subject: &SubjectInfo, seconds: f64) -> Tile {
    let value = format!("{:.1} s", subject.waited);
    Tile::new(
        "Waited for answers",
        value,
        format!("of {seconds:.1} s in all"),
    )
}

/// How loose the bounds are: the median over what was recorded of it, else over the headrooms of
/// bounds that are not attained by design.
fn slack(run: &Run) -> Tile {
    const NAME: &str = "Slack of the bounds";
    let recorded = |level: &str| {
        let all = run.records.iter().filter_map(|r| match &r.data {
            Data::Slack(s) if s.level == level && s.compared() => Some(s.slack),
            _ => None,
        });
        median(all.collect())
    };
    match (recorded("sharp"), recorded("paper")) {
        (Some(sharp), Some(paper)) => {
            let note = format!("median of the sharp bound (a priori {})", times(paper));
            return Tile::new(NAME, times(sharp), note);
        }
        (Some(sharp), None) => {
            return Tile::new(NAME, times(sharp), "median of the sharp bound".into());
        }
        (None, _) => {}
    }
    let bounds = run
        .verdicts
        .iter()
        .filter(|v| v.status == Ruling::Pass && v.unit == Some(Unit::Bound) && !v.attained);
    match median(bounds.map(|v| v.headroom).collect()) {
        Some(median) => Tile::new(NAME, times(median), "median over verdicts".into()),
        None => Tile {
            is_word: true,
            ..Tile::new(NAME, "none".into(), "no bound was compared".into())
        },
    }
}

/// The middle one of the finite values.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|v| v.is_finite());
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn power(extras: &Extras) -> Tile {
    match &extras.power {
        None => Tile::absent("Power", "not measured", "here, but by ", "ratecert power"),
        Some(p) => {
            let shape = if p.caught < p.tried {
                Shape::Undecided
            } else {
                Shape::Holds
            };
            let value = format!("{} / {}", grouped(p.caught), grouped(p.tried));
            Tile::new("Power", value, "planted faults caught".into()).shaped(shape)
        }
    }
}

fn drift(extras: &Extras) -> Tile {
    let Some(view) = &extras.drift else {
        return Tile::absent(
            "Drift",
            "not compared",
            "here, but by ",
            "ratecert baseline check",
        );
    };
    let bad = |s: Standing| s == Standing::Violated || s.is_drift();
    let mut claims: Vec<&str> = { view.rows.iter() }
        .filter(|r| bad(r.verdict))
        .map(|r| r.claim.as_str())
        .collect();
    claims.sort_unstable();
    claims.dedup();
    let value = format!("{} / {}", grouped(claims.len()), grouped(view.claims));
    let tile = Tile::new("Drift", value, String::new());
    let tile = tile.linked("baseline", "against the baseline".into());
    match { view.rows.iter() }.map(|r| r.verdict).min() {
        Some(Standing::Violated | Standing::Drifted) => tile.shaped(Shape::Violated),
        Some(v) if bad(v) => tile.shaped(Shape::Undecided),
        _ => tile.shaped(Shape::Holds),
    }
}

/// The facts of the run in one line.
pub(super) fn run_line(run: &Run) -> Vec<String> {
    let info = &run.info;
    let mut facts = vec![
        format!("ratecert {}", info.version),
        format!("profile {}", info.profile),
        format!("seed {}", info.seed),
        counted(info.instances, "instance"),
        format!("{:.1} s", info.seconds),
    ];
    if !info.started.is_empty() {
        facts.push(info.started.clone());
    }
    if !info.replaced.is_empty() {
        let from = info.claims_from.as_deref().unwrap_or("elsewhere");
        let names = info.replaced.join(", ");
        facts.push(format!(
            "claims of {from} in place of those built in: {names}"
        ));
    }
    if let Some((i, n)) = info.shard {
        facts.push(format!("shard {i} of {n}"));
    }
    facts.push(format!("false-alarm probability {}", digits(info.alpha)));
    facts
}
