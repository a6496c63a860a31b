//! Runs of more verdicts than a report has.

use super::{run, verdict};
use crate::checks::Ruling;
use crate::report::gather::{Gather, KEPT};
use crate::report::{Run, Summary, markdown, text};

/// `n` verdicts of two claims: every thousandth fails, every 500th is undecided.
fn large(n: usize) -> Run {
    let mut run = run();
    run.verdicts.clear();
    for at in 0..n {
        let claim = if at < n / 2 { "a" } else { "b" };
        let status = match at {
            _ if at % 1000 == 7 => Ruling::Fail,
            _ if at % 500 == 3 => Ruling::Inconclusive,
            _ => Ruling::Pass,
        };
        // The least headroom of those that pass is somewhere in the middle.
        let mut v = verdict(claim, at, "bound", status, 2.0 + ((at * 7919) % n) as f64);
        v.headroom = v.slack;
        run.verdicts.push(v);
    }
    run
}

#[test]
fn a_large_run_is_counted_in_full_and_shown_in_part() {
    let n = 3 * KEPT;
    let whole = large(n);
    let shown = whole.shown();
    assert!(shown.verdicts.len() < 2000, "{}", shown.verdicts.len());
    let (all, part) = (Summary::of(&whole), Summary::of(&shown));
    assert_eq!(all.counts, part.counts);
    assert_eq!(all.headline(), part.headline());
    assert_eq!(all.closing(), part.closing());
    for (a, b) in all.claims.iter().zip(&part.claims) {
        assert_eq!(
            (a.standing.clone(), a.instances),
            (b.standing.clone(), b.instances)
        );
        // What stands for the claim is among what is kept.
        assert_eq!(a.worst().map(|v| &v.id), b.worst().map(|v| &v.id));
        let tightest = |t: &crate::report::Tally<'_>| {
            t.tightest.iter().map(|v| v.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(tightest(a), tightest(b));
    }
    // Texts that count and name the worst say the same of both.
    assert_eq!(
        text(&whole, Default::default()),
        text(&shown, Default::default())
    );
    assert_eq!(markdown(&whole), markdown(&shown));
    let page = crate::report::html(&whole.shown(), &[]);
    assert!(
        page.contains("of 74\u{202f}775 that pass"),
        "what is left out is said"
    );
}

/// A run of ordinary size is shown whole, to the last one.
#[test]
fn up_to_the_limit_nothing_is_left_out() {
    let run = large(KEPT);
    assert!(!run.is_large() && run.shown().counted.is_none());
    assert_eq!(run.shown().verdicts.len(), KEPT);
    assert!(large(KEPT + 1).shown().counted.is_some());
}

/// Thinning early, in the middle of the file, keeps what thinning once at its end does.
#[test]
fn what_is_kept_does_not_depend_on_when_it_is_thinned() {
    let whole = large(5 * KEPT);
    let (mut often, mut once) = (Gather::default(), Gather::default());
    for v in &whole.verdicts {
        often.verdict(v.clone());
        once.hold(v.clone());
    }
    assert!(often.finish() == once.finish());
}
