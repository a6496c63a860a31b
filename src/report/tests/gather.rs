//! Runs of more verdicts than a report has.

use super::{origin, run, verdict};
use crate::checks::{Data, Reason, Ruling, Slack};
use crate::claims::Record;
use crate::report::gather::Gather;
use crate::report::{Run, Summary, html, markdown, text};

/// Verdicts that are kept at least, here.
const MOST: usize = 2000;

/// `n` verdicts of two claims and three checks, and as many slacks: every thousandth fails, every
/// 500th is undecided, for one of two reasons, after a thousand that did not apply.
fn large(n: usize) -> Run {
    let mut run = run();
    run.verdicts.clear();
    run.records.clear();
    for at in 0..n {
        let claim = if at < n / 2 { "a" } else { "b" };
        let status = match at {
            0..1000 => Ruling::NotApplicable,
            _ if at % 1000 == 7 => Ruling::Fail,
            _ if at % 500 == 3 => Ruling::Inconclusive,
            _ => Ruling::Pass,
        };
        let check = ["bound", "limit", "local-rate"][if at < n / 3 { 0 } else { at % 3 }];
        // The least headroom of those that pass is somewhere in the middle.
        let mut v = verdict(claim, at, check, status, 2.0 + ((at * 7919) % n) as f64);
        v.headroom = v.slack;
        if status == Ruling::Inconclusive {
            v.reason = Some([Reason::TooLarge, Reason::NotSettled][at / 500 % 2]);
        }
        let mut from = origin(claim);
        from.index = at;
        let slack = Slack {
            level: "paper".into(),
            q: 0.5,
            r: f64::INFINITY,
            step: 3,
            slack: v.slack,
            clear: true,
        };
        run.records.push(Record::new(from, Data::Slack(slack)));
        run.verdicts.push(v);
    }
    run
}

#[test]
fn a_large_run_is_counted_in_full_and_shown_in_part() {
    let whole = large(10 * MOST);
    let shown = whole.shown_up_to(MOST);
    assert!(shown.verdicts.len() < MOST && shown.records.len() < MOST);
    let (all, part) = (Summary::of(&whole), Summary::of(&shown));
    assert_eq!(all.counts, part.counts);
    assert_eq!(all.headline(), part.headline());
    assert_eq!(all.closing(), part.closing());
    for (a, b) in all.claims.iter().zip(&part.claims) {
        let counts = |t: &crate::report::Tally<'_>| (t.standing.counts, t.instances);
        assert_eq!(counts(a), counts(b));
        // What stands for the claim is among what is kept.
        assert_eq!(a.worst().map(|v| &v.id), b.worst().map(|v| &v.id));
        let ids = |t: &crate::report::Tally<'_>| {
            t.tightest.iter().map(|v| v.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(a), ids(b));
    }
    // Texts that count and name the worst say the same of both.
    assert_eq!(
        text(&whole, Default::default()),
        text(&shown, Default::default())
    );
    assert_eq!(markdown(&whole), markdown(&shown));
    let [long, short] = [&whole, &*shown].map(|run| html(run, &[]));
    let undecided = |page: &str| {
        let at = page
            .find("id=\"undecided\"")
            .expect("a part on what is undecided");
        page[at..].chars().take(2000).collect::<String>()
    };
    assert_eq!(undecided(&long), undecided(&short));
    // The record with the least slack is there.
    let least = |run: &Run| {
        let slacks = run.records.iter().map(|r| match &r.data {
            Data::Slack(s) => s.slack,
            _ => f64::INFINITY,
        });
        slacks.fold(f64::INFINITY, f64::min)
    };
    assert_eq!(least(&whole), least(&shown));
}

/// A run of ordinary size is shown whole, to the last one.
#[test]
fn up_to_the_limit_nothing_is_left_out() {
    let run = large(MOST);
    let shown = run.shown_up_to(MOST);
    assert!(shown.counted.is_none() && shown.verdicts.len() == MOST);
    let more = large(MOST + 1);
    assert!(more.shown_up_to(MOST).counted.is_some());
    // What is not all there is not written as if it were.
    let dir = tempfile::tempdir().unwrap();
    let e = crate::report::write(&more.shown_up_to(MOST), dir.path()).unwrap_err();
    assert!(e.is_usage());
}

/// Thinning early, in the middle of the file, keeps what thinning once at its end does.
#[test]
fn what_is_kept_does_not_depend_on_when_it_is_thinned() {
    let whole = large(10 * MOST);
    let kept = |most: usize| {
        let mut gather = Gather::new(most);
        whole
            .verdicts
            .iter()
            .for_each(|v| gather.verdict(v.clone()));
        whole.records.iter().for_each(|r| gather.record(r.clone()));
        gather.finish()
    };
    // Thinned five times, twice, and once.
    let [often, twice, once] = [MOST, 4 * MOST, 9 * MOST].map(kept);
    assert!(often == twice && twice == once);
}
