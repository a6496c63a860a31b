//! What an implementation hands over: estimates at the steps asked for, what they cost, how it
//! ended.

use crate::linalg::Matrix;

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// Evaluations of Φ, or of T̂ on one sample, each with its selection.
    pub map_evaluations: usize,
    /// Products of ∂₁Φ, or of ∂₁T̂ on one sample, or their transposes with one vector.
    pub jacobian_products: usize,
    /// Largest number of bytes of iterates and derivatives held at once.
    pub bytes_held: usize,
}

/// In which way an implementation failed to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// It says that it could not do it.
    Error,
    /// It refused, or did not understand, what it was given.
    Input,
    /// It ended before it answered.
    Crash,
    /// It did not answer in time.
    Hang,
    /// What it said is no message.
    Malformed,
    /// It answered something else than what was asked.
    OutOfOrder,
    /// Its estimates have the wrong number or shape.
    WrongShape,
    /// An estimate is not finite.
    NonFinite,
}

impl Trouble {
    /// The name in verdicts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Input => "input",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::Malformed => "malformed",
            Self::OutOfOrder => "out-of-order",
            Self::WrongShape => "wrong-shape",
            Self::NonFinite => "non-finite",
        }
    }

    /// The conversation broke, not only this answer: the next question needs a fresh process.
    pub fn ends_conversation(self) -> bool {
        matches!(
            self,
            Self::Crash | Self::Hang | Self::Malformed | Self::OutOfOrder
        )
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// All steps were taken.
    Completed,
    /// All steps were taken, and the implementation says that it has not converged; its estimates
    /// are judged.
    NotConverged {
        /// The step at which it gave up.
        step: usize,
    },
    /// The derivative or the iterate left every reasonable range at this step.
    Diverged {
        /// The step.
        step: usize,
    },
    /// A NaN or an infinity appeared at this step.
    NotANumber {
        /// The step.
        step: usize,
    },
    /// The implementation does not do cases of this sort, and why. Neutral.
    Skipped(String),
    /// It failed to answer, and why.
    Failed {
        /// In which way.
        trouble: Trouble,
        /// In words.
        why: String,
    },
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::NotConverged { step } => write!(f, "did not converge up to step {step}"),
            Self::Diverged { step } => write!(f, "diverged at step {step}"),
            Self::NotANumber { step } => write!(f, "NaN at step {step}"),
            Self::Skipped(why) => write!(f, "skipped: {why}"),
            Self::Failed { trouble, why } => write!(f, "{}: {why}", trouble.name()),
        }
    }
}

/// The answer to a case.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// One estimate per step asked for, in order, fewer if the run stopped early: D (d×m) where the
    /// target is the Jacobian, else an m-vector as one column.
    pub estimates: Vec<Matrix>,
    /// Cost of the whole run.
    pub cost: Cost,
    /// How it ended.
    pub status: Status,
}

impl Answer {
    /// Estimates alone, of a run that came to its end.
    pub fn completed(estimates: Vec<Matrix>) -> Self {
        Self {
            estimates,
            cost: Cost::default(),
            status: Status::Completed,
        }
    }

    /// No estimates, and why.
    pub fn without(status: Status) -> Self {
        Self {
            estimates: Vec::new(),
            cost: Cost::default(),
            status,
        }
    }

    /// No estimates: the implementation says that it failed.
    pub fn failed(why: impl Into<String>) -> Self {
        Self::without(Status::Failed {
            trouble: Trouble::Error,
            why: why.into(),
        })
    }
}
