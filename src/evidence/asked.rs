//! A request written out as the case that an implementation is asked.

use std::rc::Rc;

use super::request::{Request, Where};
use super::sequence::Given;
use super::whole::Evidence;
use crate::case::{At, Case, Samples};
use crate::error::Result;
use crate::tol::Roundoff;

/// A request together with all that its case lends.
pub struct Asked<'e> {
    e: &'e Evidence<'e>,
    at: At<'e>,
    steps: Vec<usize>,
    given: Option<Rc<Given>>,
}

impl<'e> Asked<'e> {
    /// The request with what its case lends on this instance.
    ///
    /// # Errors
    /// When the place of the request is not known on this instance, or its samples cannot be drawn.
    pub fn new(e: &'e Evidence<'e>, request: &Request) -> Result<Self> {
        let at = match request.at {
            Where::Own if e.method.is_aid() => At::Point(&e.instance.start),
            Where::Own => At::Start(&e.instance.start),
            Where::Start => match e.exact()?.path() {
                Some(path) => At::Path(path),
                None => At::Start(&e.instance.start),
            },
            Where::Iterate(t) => At::Point(e.exact()?.iterate(t).as_slice()),
            Where::Solution => At::Point(e.exact()?.solution().as_slice()),
        };
        let last = request.steps.last().copied().unwrap_or(0);
        let given = match request.sequence {
            Some(sequence) => Some(e.sampled()?.given(sequence, last)?),
            None => None,
        };
        Ok(Self {
            e,
            at,
            steps: request.steps.clone(),
            given,
        })
    }

    /// The arithmetic of the implementation that is asked.
    pub fn roundoff(&self) -> Roundoff {
        self.e.roundoff()
    }

    /// The case.
    pub fn case(&self) -> Case<'_> {
        let i = self.e.instance;
        let algorithm = self.e.method.algorithm;
        let case = Case::new(
            algorithm,
            &i.map,
            &i.lambda,
            self.at,
            self.e.target,
            &self.steps,
        );
        match &self.given {
            None => case,
            Some(given) => {
                let samples = Samples::new(&given.inner, &given.linear, &given.eta);
                case.with_samples(samples.with_objective(given.objective.as_ref()))
            }
        }
    }
}
