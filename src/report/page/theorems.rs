//! The theorems in the order of the page, and which claims belong to each.
//!
//! Owns that table. Their words, formulas and hypotheses stand in `templates/theorems/`, one file a
//! row. The order never changes, so that two reports lie side by side.

use crate::report::tally::Tally;

/// One section of the page.
#[derive(Debug)]
pub(super) struct Theorem {
    /// Id of the section, and the name of its template.
    pub(super) id: &'static str,
    /// As it is called in the navigation and in filters.
    pub(super) short: &'static str,
    /// Heading of the scoreboard's row.
    pub(super) title: &'static str,
    /// What follows the title in the section's own heading.
    pub(super) about: &'static str,
    /// One line: what it means where it holds.
    pub(super) line: &'static str,
    /// What stands in the field `theorem` of the claims gathered here.
    pub(super) gathers: &'static [&'static str],
}

/// The theorems, and last what belongs to none of them.
pub(super) const THEOREMS: [Theorem; 7] = [
    Theorem {
        id: "theorem-2-5",
        short: "2.5",
        title: "Lemmas 2.5, 3.2 and B.1, Theorem B.2",
        about: "the modulus of the derivative",
        line: "The constants q, L, M, R hold where they are sampled",
        gathers: &["Lemma 2.5", "Lemma 3.2", "Lemma B.1", "Theorem B.2"],
    },
    Theorem {
        id: "theorem-4-1",
        short: "4.1",
        title: "Theorem 4.1",
        about: "linear rates of ITD and AID-FP",
        line: "Errors below the bounds, at the predicted rate, with the exact limit",
        gathers: &[
            "Theorem 4.1",
            "Equation (10)",
            "Equation (13)",
            "Equation (14)",
        ],
    },
    Theorem {
        id: "kinks",
        short: "Kinks",
        title: "Theorem 4.1 at kinks",
        about: "the derivative as a set",
        line: "Where w(λ) is on a kink the derivative is a set",
        gathers: &[
            "Section 4, closing remark",
            "Equations (10), (11)",
            "Section 3",
        ],
    },
    Theorem {
        id: "theorem-5-4",
        short: "5.4 · 5.5",
        title: "Lemmas D.2, D.3, Theorems 5.4, 5.5",
        about: "NSID",
        line: "O(1/k) with its exact constant",
        gathers: &[
            "Lemma D.2",
            "Lemma D.3",
            "Theorem 5.4",
            "Theorem 5.5",
            "Section 5",
            "Algorithm 1",
            "Algorithm 3",
            "Algorithms 1 and 3",
            "Algorithm 3 with G = identity",
        ],
    },
    Theorem {
        id: "theorem-e-3",
        short: "E.3 · E.6",
        title: "Lemma E.2, Theorems E.3 and E.6",
        about: "bilevel hypergradients",
        line: "Hypergradients at the rates of the derivatives they are made of",
        gathers: &["Lemma E.2", "Theorem E.3", "Theorem E.6", "Algorithm 2"],
    },
    Theorem {
        id: "theorem-2-4",
        short: "2.4",
        title: "Theorem 2.4",
        about: "the derivative is conservative",
        line: "Path integrals of every selection give back Φ",
        gathers: &["Theorem 2.4"],
    },
    Theorem {
        id: "other",
        short: "Other",
        title: "Other claims",
        about: "of no theorem of the paper",
        line: "Claims whose field `theorem` names none of the above",
        gathers: &[],
    },
];

/// What holds off kinks is gathered by [`RATES`], what is claimed only on them by [`KINKS`].
const RATES: usize = 1;
const KINKS: usize = 2;
/// Claims of users.
pub(super) const OTHER: usize = THEOREMS.len() - 1;

/// The row of a claim with this `theorem`, all of whose instances lie on kinks or not.
pub(super) fn place(theorem: &str, on_kinks: bool) -> usize {
    let row = THEOREMS.iter().position(|t| t.gathers.contains(&theorem));
    match row {
        Some(RATES) if on_kinks => KINKS,
        Some(row) => row,
        None => OTHER,
    }
}

/// The row of a claim in a run. A claim without verdicts (of another shard) goes by its name.
pub(super) fn place_of(claim: &Tally<'_>) -> usize {
    let on_kinks = if claim.verdicts.is_empty() {
        claim.claim.starts_with("kink-")
    } else {
        let mut kinds = claim.verdicts.iter().map(|v| v.instance.spec.kind);
        kinds.all(|k| k.is_kinked())
    };
    place(claim.theorem, on_kinks)
}

/// The claims by theorem, in the order of the page, with the heading of each; theorems without
/// claims are left out.
pub(in crate::report) fn by_theorem<'t, 'a>(
    claims: &'t [Tally<'a>],
) -> Vec<(String, Vec<&'t Tally<'a>>)> {
    let of = |(at, theorem): (usize, &Theorem)| {
        let own: Vec<&Tally<'a>> = claims.iter().filter(|t| place_of(t) == at).collect();
        (!own.is_empty()).then(|| (format!("{}: {}", theorem.title, theorem.about), own))
    };
    THEOREMS.iter().enumerate().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::{Catalogue, subject_claims};

    #[test]
    fn every_claim_at_hand_belongs_to_a_theorem() {
        let builtin = Catalogue::builtin().unwrap().select(&[]).unwrap();
        let mut members = [0; THEOREMS.len()];
        for claim in builtin.iter().chain(&subject_claims().unwrap()) {
            let on_kinks = claim.families.iter().all(|f| f.kind.is_kinked());
            let at = place(&claim.theorem, on_kinks);
            assert_ne!(at, OTHER, "{}: {}", claim.name, claim.theorem);
            members[at] += 1;
            // The name says the same, which is what a claim without verdicts goes by.
            let by_name = place(&claim.theorem, claim.name.starts_with("kink-"));
            assert_eq!(at, by_name, "{}", claim.name);
        }
        assert!(members[..OTHER].iter().all(|n| *n > 0), "{members:?}");
        assert_eq!(place("Theorem 9.9", false), OTHER);
        assert_eq!(place("Theorem 9.9", true), OTHER);
    }
}
