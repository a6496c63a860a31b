//! A page that compares several subjects: methods against subjects, then the grid of each.

use askama::Template;

use super::document::{STYLE, rendered};
use super::status::Shape;
use super::subject::{CellView, SubjectView, cells};
use crate::report::conformance::{compared, headline};
use crate::report::run::Run;

#[derive(Template)]
#[template(path = "report/comparison.html")]
struct Comparison<'a> {
    style: &'static str,
    shape: Shape,
    title: &'static str,
    names: Vec<&'a str>,
    methods: Vec<(&'a str, Vec<CellView>)>,
    subjects: Vec<(String, SubjectView<'a>)>,
}

/// Several runs of `ratecert subject` on one page.
pub fn conformance_html(runs: &[Run]) -> String {
    let name = |run: &'_ Run| run.info.subject.as_ref().map(|s| s.name.clone());
    let names: Vec<String> = runs.iter().map(|r| name(r).unwrap_or("?".into())).collect();
    let methods = compared(runs).into_iter();
    rendered(&Comparison {
        style: STYLE,
        shape: Shape::None,
        title: "What each implementation gets right",
        names: names.iter().map(String::as_str).collect(),
        methods: methods
            .map(|(method, counts)| (method, cells(&counts)))
            .collect(),
        subjects: { runs.iter() }
            .map(|r| (headline(r), SubjectView::of(r)))
            .collect(),
    })
}
