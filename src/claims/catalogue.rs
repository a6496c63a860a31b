//! The claims at hand: those embedded in the binary and those of other directories.

use std::path::Path;

use super::claim::Claim;
use crate::case::Method;
use crate::error::{Error, Result};
use crate::files;
use crate::tol::MOST_CLAIM;

include!(concat!(env!("OUT_DIR"), "/claims.rs"));

/// The files of `rates/claims` as they were at build time: (file name, text).
pub fn embedded() -> &'static [(&'static str, &'static str)] {
    EMBEDDED
}

/// The claim that any implementation of a method is held to: by `testing`, by a subject, by
/// recorded answers.
///
/// # Errors
/// Where there is none for the method.
pub fn conformance(method: Method) -> Result<Claim> {
    let file = format!("{method}.toml");
    let found = CONFORMANCE.iter().find(|(name, _)| *name == file);
    let (_, text) =
        found.ok_or_else(|| Error::usage(format!("there is no conformance claim for {method}")))?;
    Claim::parse(text, &format!("rates/conformance/{file}"))
}

/// The claims that implementations in other processes are held to, in the order of their names.
///
/// # Errors
/// None for those at hand: a test reads them.
pub fn subject_claims() -> Result<Vec<Claim>> {
    let parse = |(file, text): &(&str, &str)| Claim::parse(text, &format!("rates/subject/{file}"));
    SUBJECT.iter().map(parse).collect()
}

/// Claims by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    claims: Vec<Claim>,
    /// Names of claims that gave way.
    replaced: Vec<String>,
}

impl Catalogue {
    /// These claims.
    pub fn of(claims: Vec<Claim>) -> Self {
        Self {
            claims,
            ..Self::default()
        }
    }

    /// The claims embedded in the binary.
    ///
    /// # Errors
    /// None for those at hand: a test parses them all.
    pub fn builtin() -> Result<Self> {
        let mut catalogue = Self::default();
        for (file, text) in embedded() {
            catalogue.add(Claim::parse(text, &format!("rates/claims/{file}"))?)?;
        }
        Ok(catalogue)
    }

    /// Adds every `*.toml` of a directory, in order of file name. One that is named like a claim
    /// that is there already takes its place: a copy may be changed under its own name. See
    /// [`Catalogue::replaced`].
    ///
    /// # Errors
    /// A directory or a file that cannot be read, one without claims, a claim that is refused, two
    /// claims of the directory with one name.
    pub fn add_directory(&mut self, dir: &Path) -> Result<()> {
        let mut files = files::entries(dir)?;
        files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
        if files.is_empty() {
            return Err(Error::input("holds no *.toml claims").in_file(dir.display().to_string()));
        }
        let mut own = Self::default();
        for path in files {
            let text = files::read_regular(&path, MOST_CLAIM)?;
            let file = path.display().to_string();
            let added = Claim::parse(&text, &file).and_then(|claim| own.add(claim));
            added.map_err(|e| e.in_file(file))?;
        }
        for claim in own.claims {
            match self.claims.iter_mut().find(|c| c.name == claim.name) {
                Some(there) => {
                    self.replaced.push(claim.name.clone());
                    *there = claim;
                }
                None => self.claims.push(claim),
            }
        }
        Ok(())
    }

    /// The claims that gave way to others of their name, by name.
    pub fn replaced(&self) -> &[String] {
        &self.replaced
    }

    fn add(&mut self, claim: Claim) -> Result<()> {
        if self.claims.iter().any(|c| c.name == claim.name) {
            let message = format!("a claim named {:?} exists already", claim.name);
            return Err(Error::input(message).in_field("name"));
        }
        self.claims.push(claim);
        Ok(())
    }

    /// All claims, in order of file name, the embedded ones first.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// What is said of a name that nobody has: those that look like it.
    fn alike(&self, name: &str) -> String {
        let likeness = |c: &Claim| strsim::normalized_damerau_levenshtein(name, &c.name);
        let mut alike: Vec<(f64, &str)> = { self.claims.iter() }
            .map(|c| (likeness(c), c.name.as_str()))
            .filter(|(likeness, _)| *likeness >= ALIKE)
            .collect();
        alike.sort_by(|a, b| b.0.total_cmp(&a.0));
        let names: Vec<&str> = alike.iter().take(NAMED).map(|(_, name)| *name).collect();
        match names.as_slice() {
            [] => format!(
                "; `ratecert explain --list` names the {}",
                self.claims.len()
            ),
            names => format!("; did you mean {}?", names.join(", ")),
        }
    }

    /// The claims that match any of the names or globs (`*`, `?`), all for an empty list.
    ///
    /// # Errors
    /// When a pattern matches nothing.
    pub fn select(&self, patterns: &[String]) -> Result<Vec<Claim>> {
        for p in patterns {
            if !self.claims.iter().any(|c| matches(p, &c.name)) {
                let text = format!("no claim matches {p:?}{}", self.alike(p));
                return Err(Error::usage(text));
            }
        }
        let chosen =
            |c: &&Claim| patterns.is_empty() || patterns.iter().any(|p| matches(p, &c.name));
        Ok(self.claims.iter().filter(chosen).cloned().collect())
    }
}

/// Part of the letters that a name shares with what was typed, from which on it is named; and how
/// many are.
const ALIKE: f64 = 0.6;
const NAMED: usize = 3;

/// Glob matching with `*` and `?`.
fn matches(pattern: &str, name: &str) -> bool {
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut i, mut j) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while j < n.len() {
        if i < p.len() && (p[i] == '?' || p[i] == n[j]) && p[i] != '*' {
            i += 1;
            j += 1;
        } else if i < p.len() && p[i] == '*' {
            star = Some((i, j));
            i += 1;
        } else if let Some((si, sj)) = star {
            i = si + 1;
            j = sj + 1;
            star = Some((si, sj + 1));
        } else {
            return false;
        }
    }
    p[i..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (p, n, want) in [
            ("itd-*", "itd-bound", true),
            ("*", "x", true),
            ("*-limit", "aid-fp-limit", true),
            ("i?d-bound", "itd-bound", true),
            ("itd", "itd-bound", false),
            ("*-x*", "itd-bound", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(p, n), want, "{p} {n}");
        }
    }

    #[test]
    fn every_embedded_claim_parses_and_is_named_after_its_file() {
        let catalogue = Catalogue::builtin().unwrap();
        assert_eq!(catalogue.claims().len(), embedded().len());
        for (claim, (file, _)) in catalogue.claims().iter().zip(embedded()) {
            assert_eq!(format!("{}.toml", claim.name), *file);
        }
        let refused = |name: &str| catalogue.select(&[name.into()]).unwrap_err();
        assert!(refused("nope").is_usage());
        let said = refused("nope").to_string();
        assert!(
            said.ends_with("`ratecert explain --list` names the 72"),
            "{said}"
        );
        let said = refused("itd-bond").to_string();
        assert!(
            said.contains("did you mean itd-bound, bitd-bound"),
            "{said}"
        );
    }

    #[test]
    fn every_method_has_a_conformance_claim() {
        for (name, method) in Method::NAMES {
            let claim = conformance(method).unwrap();
            assert_eq!(
                (claim.method, claim.name),
                (method, format!("conformance-{name}"))
            );
        }
    }
}
