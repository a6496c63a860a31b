//! What is said of one verdict.

use super::*;
use crate::claims::{Diagnosis, Named, Smallest};
use crate::report::facts::{margin, sentences};

#[test]
fn a_failing_verdict_says_all_it_knows() {
    let mut v = verdict("a", 3, "bound", Ruling::Fail, 0.5);
    assert_eq!(sentences(&v), ["step 3 decides"]);
    (v.unit, v.headroom, v.step) = (Some(Unit::Bound), 0.5, Some(7));
    v.smallest = Some(Smallest {
        spec: v.instance.spec.clone(),
        seed: 9,
        measured: 2.0,
        bound: 1.0,
    });
    let named = |fault: &str, confidence| Named {
        fault: fault.into(),
        confidence,
    };
    v.diagnosis = Some(Diagnosis::Names(vec![named("x", 0.75), named("y", 0.5)]));
    let said = sentences(&v);
    assert_eq!(
        said[1],
        "headroom 0.5 (bound over error); first violated at step 7"
    );
    assert!(said[2].starts_with("smallest failing instance: {\"kind\":\"tight\","));
    assert!(
        said[2].ends_with("} with seed 9: measured 2, bound 1"),
        "{}",
        said[2]
    );
    assert_eq!(
        said[3],
        "diagnosis: looks like x (confidence 0.75) or y (confidence 0.50)"
    );
    // A guess is not shown.
    v.diagnosis = Some(Diagnosis::Names(vec![named("x", 0.75), named("y", 0.25)]));
    assert_eq!(
        sentences(&v)[3],
        "diagnosis: looks like x (confidence 0.75)"
    );
    v.diagnosis = Some(Diagnosis::Names(vec![named("x", 0.4)]));
    assert_eq!(sentences(&v).len(), 3);
    v.diagnosis = Some(Diagnosis::Unknown);
    assert_eq!(
        sentences(&v)[3],
        "diagnosis: no fault of the catalogue explains it, or more than three do"
    );
}

#[test]
fn an_undecided_verdict_says_why_and_a_tight_one_that_it_is() {
    let mut v = verdict("a", 0, "bound", Ruling::Inconclusive, f64::NAN);
    v.reason = Some(Reason::NoPower);
    assert_eq!(margin(&v), "nothing decided: the sample was too small");
    let mut v = verdict("a", 0, "tight", Ruling::Pass, 1.0);
    (v.unit, v.headroom, v.attained, v.step) = (Some(Unit::Bound), 1.0, true, Some(2));
    assert_eq!(
        margin(&v),
        "headroom 1 (bound over error); attained by design; tightest at step 2"
    );
}

/// What once stood in the detail is a fact of its own, and still on every page; the HTML page has
/// it as a table.
#[test]
fn every_page_shows_the_smallest_instance_and_the_diagnosis() {
    let mut run = run();
    let v = &mut run.verdicts[6];
    v.diagnosis = Some(Diagnosis::LooksRight);
    v.smallest = Some(Smallest {
        spec: v.instance.spec.clone(),
        seed: 9,
        measured: 2.0,
        bound: 1.0,
    });
    let pages = [text(&run, Shown::default()), markdown(&run), junit(&run)];
    for page in pages.map(|p| p.split_whitespace().collect::<Vec<_>>().join(" ")) {
        for said in [
            "smallest failing instance:",
            "seed 9: measured 2, bound 1",
            "diagnosis: its answers are right where the diagnosis looked",
        ] {
            assert!(page.contains(said), "{said} is not in {page}");
        }
    }
}
