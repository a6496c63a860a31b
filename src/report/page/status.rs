//! A verdict in shape, word and colour.

use crate::checks::Ruling;
use crate::claims::Outcome;

/// The four things that can be said; the shape tells them apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Holds,
    Violated,
    Undecided,
    None,
}

impl Shape {
    /// The class that colours it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Violated => "bad",
            Self::Undecided => "open",
            Self::None => "none",
        }
    }

    /// The symbol of the page's sprite.
    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::Holds => "i-holds",
            Self::Violated => "i-violated",
            Self::Undecided => "i-undecided",
            Self::None => "i-none",
        }
    }

    /// The mark in the title of the window.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::Violated => "✗",
            Self::Undecided => "?",
            Self::None => "–",
        }
    }

    pub(super) fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Violated => Self::Violated,
            Outcome::Holds => Self::Holds,
            Outcome::Open | Outcome::Undecided => Self::Undecided,
            _ => Self::None,
        }
    }
}

/// Shape and word.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub(super) shape: Shape,
    pub(super) word: String,
}

impl Status {
    pub(super) fn new(shape: Shape, word: impl Into<String>) -> Self {
        let word = word.into();
        Self { shape, word }
    }

    pub(super) fn of(outcome: Outcome) -> Self {
        let word = match outcome {
            Outcome::Violated => "violated",
            Outcome::Holds => "holds",
            Outcome::Open => "open so far",
            Outcome::Undecided => "undecided",
            Outcome::NotApplicable => "not applicable",
            Outcome::NotJudged => "not judged",
        };
        Self::new(Shape::of(outcome), word)
    }
}

/// The word for a ruling, as filters and rows have it.
pub(super) fn ruled(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Pass => "pass",
        Ruling::Fail => "fail",
        Ruling::Inconclusive => "undecided",
        Ruling::NotApplicable => "not applicable",
    }
}

/// The shape of a ruling.
pub(super) fn shape(ruling: Ruling) -> Shape {
    match ruling {
        Ruling::Pass => Shape::Holds,
        Ruling::Fail => Shape::Violated,
        Ruling::Inconclusive => Shape::Undecided,
        Ruling::NotApplicable => Shape::None,
    }
}
