//! What figures say of runs in which nothing succeeds.

use super::tests_samples::{of_fit, plateaus, race, records, sets, slack, verdicts};
use super::*;
use crate::checks::{Data, Fit, Ruling};
use crate::claims::{Record, Verdict};
use crate::report::tests::fit;

const CLAIMS: [&str; 5] = ["All ", "No error", "No sampled", "∞ times", " 0 runs"];

fn modest(figures: &[Figure]) {
    for f in figures {
        assert!(!f.finding.is_empty() && f.finding != ".", "{}", f.name);
        for claim in CLAIMS {
            let met = f.finding.contains(claim) || f.svg.contains(claim);
            assert!(!met, "{} claims \"{claim}\": {}", f.name, f.finding);
        }
    }
}

fn all(with: impl Fn(&mut f64)) -> Vec<Record> {
    let mut all = records();
    for record in &mut all {
        match &mut record.data {
            Data::Curve(c) => c.error.iter_mut().for_each(&with),
            Data::Fit(f) => with(&mut f.fitted),
            Data::Moments(m) => {
                let first = m.series.iter_mut().take(1);
                first.for_each(|s| s.values.iter_mut().for_each(&with));
            }
            Data::Slack(s) => {
                s.slack = 1.0 / s.slack;
                with(&mut s.slack);
                s.slack = 1.0 / s.slack;
            }
            Data::Race(r) => r.aid.iter_mut().for_each(&with),
            Data::Plot(p) => {
                let first = p.series.iter_mut().take(1);
                first.for_each(|s| s.y.iter_mut().for_each(&with));
            }
        }
    }
    all
}

fn failing(with: impl Fn(&mut f64)) -> Vec<Verdict> {
    let mut all = verdicts();
    for v in &mut all {
        v.status = Ruling::Fail;
        with(&mut v.measured);
    }
    all
}

fn named(figures: &[Figure], name: &str) -> String {
    let found = figures.iter().find(|f| f.name == name);
    found.map_or_else(String::new, |f| f.finding.clone())
}

#[test]
fn nothing_is_claimed_of_an_empty_run_nor_where_no_number_is_known() {
    modest(&draw(&[], &[]));
    let mut verdicts = verdicts();
    for v in &mut verdicts {
        (v.measured, v.bound) = (f64::NAN, f64::NAN);
    }
    let nan = |x: &mut f64| *x = f64::NAN;
    modest(&draw(&verdicts, &all(nan)));
    modest(&draw(&failing(nan), &all(nan)));
}

#[test]
fn nothing_is_claimed_where_everything_fails() {
    let large = |x: &mut f64| *x = 1e9 * (*x + 1.0);
    let figures = draw(&failing(large), &all(large));
    modest(&figures);
    let said = |name: &str| named(&figures, name);
    assert!(said("moduli").starts_with("2 of 2 verdicts fail"));
    assert!(said("path-integrals").starts_with("On 2 of 2 instances"));
    assert!(said("rates").starts_with("2 of 2 fitted local rates lie outside"));
    assert!(said("slack").contains("the error exceeds its bound"));
    assert!(
        said("kink-distances").contains("further from D_fix than"),
        "{}",
        said("kink-distances")
    );
}

#[test]
fn a_failure_without_number_is_no_success() {
    let mut verdicts = verdicts();
    (verdicts[0].status, verdicts[0].measured) = (Ruling::Fail, f64::NAN);
    let lost = Fit {
        fitted: f64::NAN,
        ..fit()
    };
    let [whole, mut part] = plateaus();
    if let Data::Moments(m) = &mut part.data {
        m.series[0].values.fill(f64::NAN);
    }
    let records = [of_fit("itd", fit()), of_fit("itd", lost), whole, part];
    let figures = draw(&verdicts, &records);
    modest(&figures);
    assert!(named(&figures, "moduli").starts_with("1 of 2 verdicts fails"));
    for name in ["rates", "fitted-rates", "nsid-plateau"] {
        let said = named(&figures, name);
        assert!(said.contains("1 more has no number"), "{said}");
    }
}

#[test]
fn detection_asks_every_method_at_every_larger_size() {
    let of = |method: &str, size: f64, caught: usize, drawn: usize| Detection {
        method: method.into(),
        claim: "overall".into(),
        size,
        caught,
        drawn,
    };
    let said = |sizes: &[Detection]| detection(sizes).map(|f| f.finding).unwrap_or_default();
    let mut sizes = vec![
        of("itd", 1.0, 9, 9),
        of("itd", 0.1, 9, 9),
        of("itd", 0.01, 9, 9),
        of("nsid", 1.0, 9, 9),
        of("nsid", 0.1, 8, 9),
        of("nsid", 0.01, 9, 9),
    ];
    assert!(said(&sizes).ends_with("relative size of 1."));
    sizes[3].caught = 0;
    sizes[3].drawn = 0;
    assert!(said(&sizes).starts_with("There is no size"));
}

#[test]
fn an_infinite_fall_is_a_fall_and_an_unknown_one_is_none() {
    let (mut exact, mut unknown) = (race(1.0), race(1.0));
    if let Data::Race(r) = &mut exact.data {
        r.aid[13..].fill(0.0);
    }
    if let Data::Race(r) = &mut unknown.data {
        r.identified = None;
    }
    let said = named(&draw(&[], &[exact, unknown.clone()]), "identification");
    assert!(
        said.contains("on 1 of 1 instance, down to exactly 0"),
        "{said}"
    );
    assert!(said.contains("On 1 more no fall"), "{said}");
    let said = named(&draw(&[], &[unknown]), "identification");
    assert!(
        said.contains("can a fall of AID-FP's error be read off"),
        "{said}"
    );
}

#[test]
fn sets_without_a_walk_say_nothing_of_it_and_a_bound_of_zero_is_below_its_error() {
    let mut short = sets();
    if let Data::Plot(p) = &mut short.data {
        p.series.truncate(3);
    }
    let said = named(&draw(&[], &[short]), "sets");
    assert_eq!(said, "At a kink the derivative is a set.");
    let zero = [slack("itd", "paper", 0.0, true)];
    let said = named(&draw(&[], &zero), "slack");
    assert!(said.starts_with("1 bound below 1"), "{said}");
}
