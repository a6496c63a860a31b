//! A second implementation of the methods, from their text, with mistakes.

mod conjugate;
mod iteration;
mod problem;
mod sampled;

use ratecert::case::{Answer, Case, Factory, Implementation, Method, Status};
use ratecert::linalg::Matrix;

/// What an object remembers between calls.
#[derive(Default)]
pub struct Memory {
    pub state: Option<Matrix>,
}

/// One mistake in one method.
#[derive(Clone, Copy)]
pub struct Row {
    /// In a few words.
    pub about: &'static str,
    /// Names of the catalogue that would be right.
    pub names: &'static [&'static str],
    /// Where.
    pub method: Method,
    /// Estimates at the steps asked for; `None` for problems it does not know.
    pub run: fn(&mut Memory, &Case<'_>) -> Option<Vec<Matrix>>,
}

struct Object<'a> {
    row: &'a Row,
    memory: Memory,
}

impl Implementation for Object<'_> {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        match (self.row.run)(&mut self.memory, case) {
            Some(estimates) => Answer::completed(estimates),
            None => Answer::without(Status::Skipped("another family".into())),
        }
    }
}

impl Factory for Row {
    fn make(&self, _: Method) -> ratecert::Result<Box<dyn Implementation + '_>> {
        Ok(Box::new(Object {
            row: self,
            memory: Memory::default(),
        }))
    }
}

/// Every mistake.
pub fn faults() -> Vec<Row> {
    [iteration::FAULTS, conjugate::FAULTS, sampled::FAULTS].concat()
}

/// The same methods without any.
pub fn right() -> Vec<Row> {
    [iteration::RIGHT, conjugate::RIGHT, sampled::RIGHT].concat()
}
