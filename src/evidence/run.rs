//! A run of an implementation beside what is exact.

use std::cell::OnceCell;

use super::comparison::Comparison;
use super::request::Request;
use super::whole::Evidence;
use crate::case::Answer;

/// What an implementation answered to a request, compared with the exact values when a check first
/// looks.
#[derive(Debug)]
pub struct Run {
    /// The request.
    pub request: Request,
    /// The answer; its estimates fit the request in number and shape.
    pub answer: Answer,
    compared: OnceCell<Vec<Comparison>>,
}

impl Run {
    /// An answer to a request.
    pub fn new(request: Request, answer: Answer) -> Self {
        Self {
            request,
            answer,
            compared: OnceCell::new(),
        }
    }

    /// One comparison per estimate.
    pub fn comparisons(&self, e: &Evidence<'_>) -> &[Comparison] {
        self.compared
            .get_or_init(|| e.compare(&self.request, &self.answer.estimates))
    }
}
