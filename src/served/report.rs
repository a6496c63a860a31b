//! What an examination found.
//!
//! Owns the findings with their checks, and what they cost. Must not know how they came about.

use crate::checks::{Finding, Reason, Ruling, Unit};
use crate::tol::{SERVED_COARSE, SERVED_INEXACT};

/// How much a map was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Evaluations of any kind.
    pub evaluations: usize,
    /// Those that were values of Φ (or of T, T̂, G).
    pub values: usize,
    /// Those that were products.
    pub products: usize,
    /// Those that were hypergradients.
    pub hypergradients: usize,
    /// Batches in which they were asked.
    pub messages: usize,
}

/// What one check found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name of the check, or that of the trouble with the map.
    pub check: &'static str,
    /// Ruling, measured value and bound, and in words what it assumes and could have seen.
    pub finding: Finding,
    /// The fault that shows, where one can be named.
    pub fault: Option<String>,
}

impl Found {
    /// With no fault named.
    pub(super) fn of(check: &'static str, finding: Finding) -> Self {
        Self {
            check,
            finding,
            fault: None,
        }
    }

    /// With a fault.
    pub(super) fn naming(self, fault: impl Into<String>) -> Self {
        Self {
            fault: Some(fault.into()),
            ..self
        }
    }

    /// A bound that holds, as every pass here is.
    pub(super) fn passed(
        check: &'static str,
        numbers: [f64; 2],
        detail: impl Into<String>,
    ) -> Self {
        Self::of(
            check,
            Finding::below(true, Unit::Floor, numbers[0], numbers[1], detail),
        )
    }

    /// A bound that holds, where a relative error of `least` would have been seen; one that could
    /// hide more than a tenth decides nothing.
    pub(super) fn seeing(
        check: &'static str,
        numbers: [f64; 2],
        least: f64,
        detail: impl Into<String>,
    ) -> Self {
        if least <= SERVED_COARSE {
            return Self::passed(check, numbers, detail);
        }
        let detail = format!("{}: too little to decide anything", detail.into());
        Self::open(check, Reason::NoPower, numbers, detail)
    }

    /// A bound that does not.
    pub(super) fn failed(
        check: &'static str,
        numbers: [f64; 2],
        detail: impl Into<String>,
    ) -> Self {
        Self::of(
            check,
            Finding::below(false, Unit::Floor, numbers[0], numbers[1], detail),
        )
    }

    /// A bound that does not, by this part of what is compared: small and undeclared it is inexact.
    pub(super) fn beyond(
        check: &'static str,
        numbers: [f64; 2],
        (relative, single): (f64, bool),
        detail: impl Into<String>,
        what: &str,
        fault: impl Into<String>,
    ) -> Self {
        if relative <= SERVED_INEXACT[usize::from(single)] {
            let floor = relative * numbers[1] / numbers[0];
            let inexact = format!("inexact {what}, about {relative:.1e}, floor {floor:.1e}");
            return Self::open(check, Reason::Inexact, numbers, detail).naming(inexact);
        }
        Self::failed(check, numbers, detail).naming(fault)
    }

    /// Nothing decided, with the numbers seen.
    pub(super) fn open(
        check: &'static str,
        reason: Reason,
        numbers: [f64; 2],
        detail: impl Into<String>,
    ) -> Self {
        let [measured, bound] = numbers;
        let undecided = Finding::undecided(reason, detail);
        Self::of(
            check,
            Finding {
                measured,
                bound,
                ..undecided
            },
        )
    }

    /// Not judged, because what it rests on failed.
    pub(super) fn not_judged(check: &'static str, detail: impl Into<String>) -> Self {
        let text = format!("not judged: {}", detail.into());
        Self::of(
            check,
            Finding::not_applicable(Reason::FailedElsewhere, text),
        )
    }

    /// Nothing of the kind is served.
    pub(super) fn skipped(check: &'static str, detail: impl Into<String>) -> Self {
        Self::of(check, Finding::not_applicable(Reason::Skipped, detail))
    }

    /// Whether it failed.
    pub fn fails(&self) -> bool {
        self.finding.ruling == Ruling::Fail
    }
}

/// What an examination found, in the order in which it was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The name of the map.
    pub name: String,
    /// The seed from which everything random followed.
    pub seed: u64,
    /// The findings.
    pub findings: Vec<Found>,
    /// What was asked.
    pub cost: Cost,
}

impl Report {
    /// The findings that fail.
    pub fn failures(&self) -> impl Iterator<Item = &Found> {
        self.findings.iter().filter(|f| f.fails())
    }

    /// Whether none fails.
    pub fn holds(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The finding of a check.
    pub fn find(&self, check: &str) -> Option<&Found> {
        self.findings.iter().find(|f| f.check == check)
    }

    /// Whether a check failed or named a fault: inexact products are named and do not fail.
    pub fn sees(&self, check: &str) -> bool {
        self.find(check)
            .is_some_and(|f| f.fails() || f.fault.is_some())
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} with seed {}:", self.name, self.seed)?;
        for found in &self.findings {
            let (finding, check) = (&found.finding, found.check);
            write!(
                f,
                "  {:<14} {check}: {}",
                finding.ruling.name(),
                finding.detail
            )?;
            match &found.fault {
                Some(fault) => writeln!(f, " [{fault}]")?,
                None => writeln!(f)?,
            }
        }
        let Cost {
            evaluations,
            values,
            products,
            hypergradients,
            messages,
        } = self.cost;
        write!(
            f,
            "  {evaluations} evaluations ({values} values, {products} products, {hypergradients} \
             hypergradients) in {messages} messages"
        )
    }
}
