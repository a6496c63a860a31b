//! Exit codes.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    Holds = 0,
    Violated = 1,
    Refused = 2,
    Undecided = 3,
    Drifted = 4,
    Interrupted = 130,
}

impl Exit {
    /// What each code says.
    pub(super) const MEANINGS: [(Self, &'static str); 6] = [
        (Self::Holds, "all claims hold"),
        (Self::Violated, "a claim is violated, or a subject failed"),
        (Self::Refused, "bad usage or bad input"),
        (
            Self::Undecided,
            "nothing is violated, but a claim is undecided, or anything is under --strict",
        ),
        (Self::Drifted, "`baseline check` found drift"),
        (Self::Interrupted, "interrupted, --resume goes on"),
    ];

    /// The number that the shell sees.
    pub(super) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
