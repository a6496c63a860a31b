//! What a theorem says, on one instance, in a form that can be printed.

use super::hypothesis::Hypothesis;
use crate::linalg::eigen::Enclosure;

/// A lemma or theorem with its constants on one instance. Its bound is a method of its own, since
/// what it depends on differs; [`Theorem::table`] shows it at a few points.
pub trait Theorem {
    /// "Theorem 4.1", "Lemma D.3", ...
    fn name(&self) -> &'static str;
    /// What it says, in words and formulas.
    fn statement(&self) -> &'static str;
    /// What has to hold.
    fn hypotheses(&self) -> &'static [Hypothesis];
    /// Every constant in it.
    fn constants(&self) -> Vec<Row>;
    /// Its bound at a few points.
    fn table(&self) -> Table;
}

/// A named constant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// As in the paper.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
    /// What it is.
    pub about: &'static str,
}

/// The value of a constant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A number.
    Number(f64),
    /// Two numbers that belong together, such as L_1 and L_2.
    Pair([f64; 2]),
    /// A count; `None` where there is none, which the text says why.
    Count(Option<usize>, &'static str),
    /// A number known to within an enclosure.
    Enclosed(Enclosure),
    /// No number, and why.
    None(String),
}

impl Row {
    /// A number.
    pub fn number(name: &'static str, value: f64, about: &'static str) -> Self {
        let value = Value::Number(value);
        Self { name, value, about }
    }

    /// Two numbers.
    pub fn pair(name: &'static str, values: [f64; 2], about: &'static str) -> Self {
        let value = Value::Pair(values);
        Self { name, value, about }
    }

    /// A count, or the word for its absence.
    pub fn count(
        name: &'static str,
        count: Option<usize>,
        otherwise: &'static str,
        about: &'static str,
    ) -> Self {
        let value = Value::Count(count, otherwise);
        Self { name, value, about }
    }

    /// A number known to within an enclosure.
    pub fn enclosed(name: &'static str, value: Enclosure, about: &'static str) -> Self {
        let value = Value::Enclosed(value);
        Self { name, value, about }
    }

    /// A number that may not exist.
    pub fn maybe(
        name: &'static str,
        value: Option<f64>,
        otherwise: &str,
        about: &'static str,
    ) -> Self {
        let value = value.map_or_else(|| Value::None(otherwise.into()), Value::Number);
        Self { name, value, about }
    }
}

/// Numbers at a few points.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// What is shown.
    pub title: String,
    /// The columns, the first one being a count.
    pub columns: Vec<&'static str>,
    /// The points, and one number per further column.
    pub rows: Vec<(usize, Vec<f64>)>,
}
