//! The keys of one `[[checks]]` table of a claim, as the check that owns them reads them.

use crate::case::Method;
use crate::error::{Bound, Error, Result};
use crate::theory::Level;

/// What is left of the table once the keys that all checks have were taken.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The method of the claim.
    pub method: Method,
    table: toml::Table,
    /// The keys that were asked for.
    asked: Vec<String>,
}

impl Keys {
    /// The keys of a check of a claim about this method.
    pub fn new(method: Method, table: toml::Table) -> Self {
        Self {
            method,
            table,
            asked: Vec::new(),
        }
    }

    fn take(&mut self, key: &str) -> Option<toml::Value> {
        self.asked.push(key.into());
        self.table.remove(key)
    }

    /// A string.
    ///
    /// # Errors
    /// Missing, or something else.
    pub fn text(&mut self, key: &str) -> Result<String> {
        self.optional_text(key)?.ok_or_else(|| self.missing(key))
    }

    /// A string that may be missing.
    ///
    /// # Errors
    /// Something else.
    pub fn optional_text(&mut self, key: &str) -> Result<Option<String>> {
        match self.take(key) {
            Some(toml::Value::String(s)) => Ok(Some(s)),
            Some(_) => Err(Error::input("expected a string").in_field(key)),
            None => Ok(None),
        }
    }

    /// One of these names.
    ///
    /// # Errors
    /// Missing, or unknown; the error lists the names.
    pub fn named<T: Copy>(&mut self, key: &str, names: &[(&str, T)]) -> Result<T> {
        let name = self.text(key)?;
        let found = names.iter().find(|(n, _)| *n == name);
        found.map(|(_, v)| *v).ok_or_else(|| {
            let known: Vec<&str> = names.iter().map(|n| n.0).collect();
            let text = format!("unknown {key} {name:?}; one of {}", known.join(", "));
            Error::input(text).in_field(key)
        })
    }

    /// The level of a bound.
    ///
    /// # Errors
    /// Missing, or unknown.
    pub fn level(&mut self) -> Result<Level> {
        self.named("level", &Level::NAMES)
    }

    /// A count within a bound, whose name is the key.
    ///
    /// # Errors
    /// Missing, not an integer, or out of range.
    pub fn count(&mut self, bound: &Bound) -> Result<usize> {
        self.optional_count(bound)?
            .ok_or_else(|| self.missing(bound.name))
    }

    /// A count that may be missing.
    ///
    /// # Errors
    /// Not an integer, or out of range.
    pub fn optional_count(&mut self, bound: &Bound) -> Result<Option<usize>> {
        let key = bound.name;
        match self.take(key) {
            None => Ok(None),
            Some(toml::Value::Integer(n)) => {
                let n = usize::try_from(n)
                    .map_err(|_| Error::input("must not be negative").in_field(key))?;
                bound.check_count(n).map(Some)
            }
            Some(_) => Err(Error::input("expected an integer").in_field(key)),
        }
    }

    /// A key that has to be there; one that nobody has read may be it, misspelt.
    fn missing(&self, key: &str) -> Error {
        let alike = |other: &&str| other.chars().next() == key.chars().next();
        let others = self.table.keys().map(String::as_str);
        let others: Vec<&str> = others.filter(alike).collect();
        let text = if others.is_empty() {
            "is missing".into()
        } else {
            format!("is missing, while there is `{}`", others.join("`, `"))
        };
        Error::input(text).in_field(key)
    }

    /// Refuses keys that the check of this name does not know.
    ///
    /// # Errors
    /// Names the first one.
    pub fn finish(self, check: &str) -> Result<()> {
        match self.table.keys().next() {
            None => Ok(()),
            Some(key) => {
                let mut own: Vec<&str> = self.asked.iter().map(String::as_str).collect();
                own.dedup();
                let text = format!(
                    "does not belong to check {check:?}, whose keys are {}",
                    own.join(", ")
                );
                Err(Error::input(text).in_field(key.clone()))
            }
        }
    }
}
