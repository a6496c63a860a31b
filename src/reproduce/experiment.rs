//! What an experiment is: jobs, what each measures, and what all of them say together.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::report::Panel;

/// Problems below which a statement about them is not judged.
pub(super) const LEAST_PROBLEMS: usize = 3;

/// How large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A few seconds: to see that it works.
    Small,
    /// What an experiment takes unless told otherwise: the sizes of the paper, or fewer images
    /// where those of the paper are not at hand.
    Usual,
    /// The sizes of the paper.
    Paper,
}

impl Scale {
    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Usual => "usual",
            Self::Paper => "paper",
        }
    }
}

/// A part of an experiment that is run at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Which panel it belongs to.
    pub panel: usize,
    /// Its seed.
    pub seed: u64,
}

/// Values of one method in one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The method, or what is predicted of it.
    pub label: String,
    /// It is predicted: a bound or a rate.
    pub predicted: bool,
    /// Steps or epochs.
    pub x: Vec<f64>,
    /// Errors.
    #[serde(with = "crate::numerals::numbers")]
    pub y: Vec<f64>,
}

/// A number that is known of a problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// Its value.
    #[serde(with = "crate::numerals::numbers")]
    pub value: f64,
}

impl Fact {
    pub(super) fn new(name: &str, value: f64) -> Self {
        let name = name.into();
        Self { name, value }
    }
}

/// What a job found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The job.
    pub job: Job,
    /// Its curves.
    pub curves: Vec<Curve>,
    /// Step at which the support was identified, where that is looked at.
    pub identified: Option<usize>,
    /// Facts of the problem: q, ρ, the size of the support, ...
    pub facts: Vec<Fact>,
    /// Why the problem could not be run; it is then left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl Measured {
    /// The curve of this label.
    pub fn curve(&self, label: &str) -> Option<&Curve> {
        self.curves.iter().find(|c| c.label == label)
    }

    /// A fact by name; NaN where there is none.
    pub fn fact(&self, name: &str) -> f64 {
        let found = self.facts.iter().find(|f| f.name == name);
        found.map_or(f64::NAN, |f| f.value)
    }

    /// A job whose problem could not be run.
    pub(super) fn failed(job: &Job, why: String) -> Self {
        Self {
            job: job.clone(),
            curves: Vec::new(),
            identified: None,
            facts: Vec::new(),
            failed: Some(why),
        }
    }
}

/// A qualitative statement of the paper as a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    /// In words.
    pub says: String,
    /// Whether it is seen; `None` where there are too few problems to say.
    pub seen: Option<bool>,
    /// What was measured.
    pub measured: String,
}

/// What an experiment says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Findings {
    /// The figure.
    pub panels: Vec<Panel>,
    /// What the caption says.
    pub caption: String,
    /// The statements.
    pub statements: Vec<Statement>,
}

impl Findings {
    /// What to conclude: how many of the paper's statements are seen, and which are not.
    pub fn finding(&self) -> String {
        let judged = self.statements.iter().filter(|s| s.seen.is_some());
        let missed = self.statements.iter().filter(|s| s.seen == Some(false));
        let missed: Vec<&str> = missed.map(|s| s.says.as_str()).collect();
        match (judged.count(), &missed[..]) {
            (0, _) => "There are too few problems to judge a statement of the paper.".into(),
            (1, []) => "The statement of the paper about it is seen.".into(),
            (n, []) => format!("All {n} statements of the paper about it are seen."),
            (_, missed) => format!("Not seen: {}.", missed.join("; ")),
        }
    }
}

/// An experiment of the paper.
pub trait Experiment: Sync {
    /// Its name: `figure-1`, ...
    fn name(&self) -> &'static str;
    /// Where its files go unless told otherwise: its name, with the scale where it is not the usual
    /// one.
    fn directory(&self) -> String {
        match self.scale() {
            Scale::Small => format!("{}-small", self.name()),
            Scale::Usual | Scale::Paper => self.name().into(),
        }
    }
    /// How large it is.
    fn scale(&self) -> Scale;
    /// A title for the figure.
    fn title(&self) -> String;
    /// Everything that determines its numbers, for the journal.
    fn fingerprint(&self) -> String;
    /// Its jobs, in the order in which results are reported.
    fn jobs(&self) -> Vec<Job>;
    /// A job uses all threads itself: jobs are run one after the other.
    fn parallel_inside(&self) -> bool {
        false
    }
    /// Runs one.
    ///
    /// # Errors
    /// When w(λ) is not certified, or a method does not answer.
    fn run(&self, job: &Job) -> Result<Measured>;
    /// What all results say together.
    fn conclude(&self, results: &[Measured]) -> Findings;
}
