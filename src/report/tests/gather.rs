//! Runs of more verdicts than a report has.

use super::{origin, run, verdict};
use crate::checks::{Data, Reason, Ruling, Slack};
use crate::claims::Record;
use crate::report::gather::Gather;
use crate::report::lines::record_lines;
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

/// A row is looked for among the others: 10⁵ kinds of checks would take a report minutes.
#[test]
fn a_run_has_no_more_names_than_rows_can_be_found_among() {
    let most = crate::tol::MOST_NAMES;
    let read = |change: &dyn Fn(&mut crate::claims::Verdict, usize), n: usize| {
        let dir = tempfile::tempdir().unwrap();
        let lines = (0..n).map(|at| {
            let mut v = verdict("a", at, "bound", Ruling::Pass, 2.0);
            change(&mut v, at);
            v.to_line() + "\n"
        });
        std::fs::write(dir.path().join("verdicts.jsonl"), lines.collect::<String>()).unwrap();
        Gather::read(dir.path())
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    let kinds = |v: &mut crate::claims::Verdict, at| v.instance.kind = format!("kind-{at}");
    read(&kinds, most).unwrap();
    let error = read(&kinds, most + 1).unwrap_err();
    assert!(
        error.contains("verdicts.jsonl:1001: field `instance.kind`: a run has at most 1000 such"),
        "{error}"
    );
    let checks = |v: &mut crate::claims::Verdict, at| v.check = format!("check-{at}");
    read(&checks, most).unwrap();
    let error = read(&checks, most + 1).unwrap_err();
    assert!(
        error.contains(":1001: field `check`: a run has at most 1000 such"),
        "{error}"
    );
    // What a check is called in an id may be another than its kind.
    let ids = |v: &mut crate::claims::Verdict, at| v.id = format!("a/x/check-{at}");
    read(&ids, most).unwrap();
    let error = read(&ids, most + 1).unwrap_err();
    assert!(
        error.contains(":1001: field `id`: a run has at most 1000 such"),
        "{error}"
    );
    let claims = |v: &mut crate::claims::Verdict, at| v.claim = format!("claim-{at}");
    read(&claims, 10_000).unwrap();
    let error = read(&claims, 10_001).unwrap_err();
    assert!(
        error.contains(":10001: field `claim`: a run has at most 10000 claims"),
        "{error}"
    );
    // Of the slacks of a claim a file has a column for each level.
    let levels = |n: usize| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("verdicts.jsonl"), "").unwrap();
        let mut whole = large(n);
        for (at, record) in whole.records.iter_mut().enumerate() {
            record.origin.claim = "a".into();
            if let Data::Slack(slack) = &mut record.data {
                slack.level = format!("level-{at}");
            }
        }
        std::fs::write(
            dir.path().join("records.jsonl"),
            record_lines(&whole.records),
        )
        .unwrap();
        Gather::read(dir.path())
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    levels(most).unwrap();
    let error = levels(most + 1).unwrap_err();
    assert!(
        error.contains(":1001: field `data.level`: a run has at most 1000 such"),
        "{error}"
    );
    let mut info = run().info;
    let one = info.claims[0].clone();
    info.claims = vec![one; 10_001];
    let error = crate::report::RunInfo::parse(&info.to_json()).unwrap_err();
    assert_eq!(error.field(), Some("claims"), "{error}");
}
