//! The checks there are: one line each.

use super::check::{Check, Needs};
use super::entry::Entry;
use super::*;
use crate::case::Method;
use crate::error::{Error, Result};

/// All checks, in the order in which they are listed.
pub const REGISTRY: &[Entry] = &[
    bound::ENTRY,
    tight::ENTRY,
    exact_trajectory::ENTRY,
    tail::ENTRY,
    limit::ENTRY,
    local_rate::ENTRY,
    termination::ENTRY,
    solve::ENTRY,
    ordering::ENTRY,
    gap::ENTRY,
    kappa::ENTRY,
    identification::ENTRY,
    constant::ENTRY,
    modulus::ENTRY,
    conservative::ENTRY,
    adversary::ENTRY,
    lemma_b1::ENTRY,
    lemma_e2::ENTRY,
    set_bound::ENTRY,
    joint_limit::ENTRY,
    agreement::ENTRY,
    selections::ENTRY,
    closing_remark::ENTRY,
    closing_remark::SEARCH,
    inclusion::ENTRY,
    inclusion::STRICT,
    kink_modulus::ENTRY,
    one_sided::ENTRY,
    lemma_d2::ENTRY,
    lemma_d3::ENTRY,
    limit_constant::ENTRY,
    plateau::ENTRY,
    sid_plateau::ENTRY,
    theorem_5_4::ENTRY,
    theorem_5_5::ENTRY,
    theorem_5_4::BILEVEL,
    theorem_5_5::BILEVEL,
    bilevel_constant::ENTRY,
    simulation::ENTRY,
    sampled_bound::ENTRY,
];

/// The check of a name, for a method.
///
/// # Errors
/// An unknown name (the error lists those that fit the method), or a check of other methods.
pub fn find(name: &str, method: Method) -> Result<&'static Entry> {
    let Some(entry) = REGISTRY.iter().find(|e| e.name == name) else {
        let fitting = REGISTRY.iter().filter(|e| e.fits.holds(method));
        let names: Vec<&str> = fitting.map(|e| e.name).collect();
        let text = format!("unknown check {name:?}; one of {}", names.join(", "));
        return Err(Error::input(text).in_field("check"));
    };
    if entry.fits.holds(method) {
        return Ok(entry);
    }
    let text = format!("belongs to {}", entry.fits.names());
    Err(Error::input(text).in_field("check"))
}

/// What is recorded of an instance besides what its checks record: checks without a verdict. `draw`
/// asks for figures.
pub fn drawings(method: Method, checks: &[(&dyn Check, usize)], draw: bool) -> Vec<Box<dyn Check>> {
    let with = |label: &str| checks.iter().any(|(c, _)| c.label() == label);
    let mut out: Vec<Box<dyn Check>> = Vec::new();
    if with("identification") && draw {
        out.push(Box::new(race::Race));
    } else if draw
        && !method.is_stochastic()
        && checks.iter().any(|(c, _)| c.needs() != Needs::Nothing)
    {
        // Without a method there is no error to draw.
        out.push(Box::new(curve::Curve));
    }
    if draw {
        out.extend(checks.iter().filter_map(|(c, _)| c.drawing()));
    }
    let bounds = checks
        .iter()
        .filter_map(|(c, steps)| Some((c.level()?, *steps)));
    let bounds: Vec<_> = bounds.collect();
    if let Some((_, steps)) = bounds.first() {
        out.push(Box::new(slacks::Slacks {
            levels: bounds.iter().map(|b| b.0).collect(),
            steps: *steps,
        }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A check is named in verdicts as in claims, with its level or growth behind it where it has
    /// one.
    #[test]
    fn default_names_begin_with_the_name_of_the_check() {
        for entry in REGISTRY {
            let method = Method::NAMES.iter().find(|(_, m)| entry.fits.holds(*m));
            let mut table = toml::Table::new();
            table.insert("level".into(), "sharp".into());
            table.insert("growth".into(), "pure".into());
            table.insert("replicates".into(), 10.into());
            let mut keys = Keys::new(method.unwrap().1, table);
            let check = (entry.parse)(&mut keys).unwrap();
            let name = check.name();
            let rest = name.strip_prefix(entry.name);
            assert!(matches!(rest, Some("" | "-sharp" | "-pure")), "{name}");
        }
    }

    #[test]
    fn names_are_unique_and_every_error_lists_them() {
        for (i, entry) in REGISTRY.iter().enumerate() {
            assert!(REGISTRY[..i].iter().all(|e| e.name != entry.name));
            assert!(Method::NAMES.iter().any(|(_, m)| entry.fits.holds(*m)));
        }
        let error = find("bounds", Method::ITD).err().unwrap().to_string();
        for name in ["set-bound", "kink-modulus", "tail"] {
            assert!(error.contains(name), "{error}");
        }
        assert!(!error.contains("lemma-d2"));
        let error = find("tail", Method::AID_FP).err().unwrap().to_string();
        assert!(error.ends_with("belongs to itd"), "{error}");
    }
}
