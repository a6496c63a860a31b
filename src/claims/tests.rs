//! Claims as read: what is refused, what is drawn, what is said and written.

use super::*;
use crate::checks::{Data, Ruling};
use crate::error::Result;
use crate::instances::Kind;

const CLAIM: &str = r#"schema = 1
name = "mine"
title = "A claim of mine"
statement = "AID-FP stays below its bound."
theorem = "Theorem 4.1"
source = "a user"
kind = "upper"
method = "aid-fp"
hypotheses = ["contraction"]

[[instances]]
kind = "affine-normal"
dim = [3, 9]
params = [1, 4]
q = [0.5, 0.99]
cotangent = [1e-3, 1e3]
count = { test = 1, quick = 3, full = 5 }

[[checks]]
check = "bound"
level = "paper"
slack = 1.0
reason = "the theorem"
"#;

fn parsed(text: &str) -> Result<Claim> {
    Claim::parse(text, "mine.toml")
}

fn with(from: &str, to: &str) -> Result<Claim> {
    assert!(CLAIM.contains(from), "{from}");
    parsed(&CLAIM.replacen(from, to, 1))
}

#[track_caller]
fn refused(claim: Result<Claim>, field: &str, text: &str) {
    let error = claim.unwrap_err();
    assert_eq!(error.field(), Some(field), "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

fn builtin(name: &str) -> Claim {
    let claims = Catalogue::builtin().unwrap().select(&[name.into()]);
    claims.unwrap().remove(0)
}

#[test]
fn names_fit_a_file_and_a_terminal() {
    let named = |name: &str| with("name = \"mine\"", &format!("name = {name:?}"));
    for name in ["a", "0-", &"x".repeat(80)] {
        named(name).unwrap();
    }
    for name in ["", "-a", "A", "a_b", "a/b", "é", &"x".repeat(81)] {
        refused(named(name), "name", "must consist of a-z, 0-9 and -");
    }
    let check = |name: &str| {
        with(
            "level = \"paper\"",
            &format!("level = \"paper\"\nname = {name:?}"),
        )
    };
    assert_eq!(check("tighter").unwrap().checks[0].name, "tighter");
    assert_eq!(parsed(CLAIM).unwrap().checks[0].name, "bound-paper");
    refused(check("A"), "checks[0].name", "must consist of a-z");
    for name in ["error", "input"] {
        refused(
            check(name),
            "checks[0].name",
            "stands for a failing implementation",
        );
    }
}

#[test]
fn there_is_something_and_not_too_much() {
    let (start, rest) = CLAIM.split_once("[[instances]]").unwrap();
    let (family, check) = rest.split_once("[[checks]]").unwrap();
    let claim = |families: usize, checks: usize| {
        let mut text = start.to_string();
        for _ in 0..families {
            text += "[[instances]]";
            text += family;
        }
        for n in 0..checks {
            text += &format!("[[checks]]\nname = \"c{n}\"{check}");
        }
        if families == 0 {
            text.insert_str(text.find("hypotheses").unwrap(), "instances = []\n");
        }
        if checks == 0 {
            text.insert_str(text.find("hypotheses").unwrap(), "checks = []\n");
        }
        parsed(&text)
    };
    let most = claim(1000, 100).unwrap();
    assert_eq!((most.families.len(), most.checks.len()), (1000, 100));
    refused(claim(0, 1), "instances", "must not be empty");
    refused(claim(1, 0), "checks", "must not be empty");
    refused(
        claim(1001, 1),
        "instances",
        "has 1001 entries, and 1000 are the most",
    );
    refused(
        claim(1, 101),
        "checks",
        "has 101 entries, and 100 are the most",
    );
    for field in ["title", "statement", "source", "theorem"] {
        let line = CLAIM.lines().find(|l| l.starts_with(field)).unwrap();
        refused(
            with(line, &format!("{field} = \" \"")),
            field,
            "must not be empty",
        );
    }
    refused(
        with("\"contraction\"", "\"nonsense\""),
        "hypotheses",
        "nonsense",
    );
    assert_eq!(parsed(CLAIM).unwrap().hypotheses[0].name(), "contraction");
}

#[test]
fn checks_speak_of_the_target() {
    let own = "method = \"aid-fp\"";
    refused(
        with(
            "check = \"bound\"\nlevel = \"paper\"",
            "check = \"lemma-e-2\"",
        ),
        "checks[0].check",
        "is about hypergradients",
    );
    let text = CLAIM.replace(
        "check = \"bound\"\nlevel = \"paper\"",
        "check = \"modulus\"",
    );
    parsed(&text).unwrap();
    refused(
        parsed(&text.replace(own, "method = \"aid-fp\"\nhypergradient = true")),
        "checks[0].check",
        "says nothing about hypergradients",
    );
    // Methods that carry D, and SID, have no cotangent that a gradient could be.
    for method in ["itd", "aid-fp-forward", "sid"] {
        let text = format!("method = {method:?}\nhypergradient = true");
        refused(with(own, &text), "hypergradient", "gives no hypergradients");
    }
    with(own, "method = \"itd-reverse\"\nhypergradient = true").unwrap();
    refused(
        with(own, "method = \"nsid\""),
        "instances[0].kind",
        "is not a kind of instance",
    );
}

#[test]
fn ranges_rise_and_runs_are_of_a_size() {
    for (own, other, field) in [
        ("[0.5, 0.99]", "[0.9, 0.5]", "q"),
        ("[3, 9]", "[9, 3]", "dim"),
        ("[1e-3, 1e3]", "[2.0, 1.0]", "cotangent"),
    ] {
        let error = with(own, other).unwrap_err();
        assert!(error.to_string().contains(field), "{error}");
        assert!(error.to_string().contains("must not decrease"), "{error}");
    }
    assert!(with("[3, 9]", "[9, 9]").is_ok());
    // d·m·(k + 1) of an exact run is bounded; samples are run without one.
    let large = CLAIM.replace("[3, 9]", "200").replace("[1, 4]", "100");
    let long = large.replace("slack = 1.0", "slack = 1.0\nsteps = 5000");
    assert!(parsed(&large).is_ok());
    let error = parsed(&long).unwrap_err();
    assert!(error.to_string().contains("is too large"), "{error}");
    // Classes are at least two, as many as there are unknowns.
    let classes = |dim: &str| {
        let text = CLAIM.replace("[3, 9]", dim);
        let text = text.replace("cotangent = [1e-3, 1e3]", "objective = \"cross-entropy\"");
        parsed(&text.replace("hypotheses", "hypergradient = true\nhypotheses"))
    };
    for dim in ["[2, 4]", "[3, 4]"] {
        classes(dim).unwrap();
    }
    assert!(
        classes("[1, 4]")
            .unwrap_err()
            .to_string()
            .contains("dim ≥ 2")
    );
}

/// The specs of a family are within its ranges, reach their ends, and are uniform in log κ and in
/// the logarithm of the cotangent's norm.
#[test]
fn specs_are_drawn_within_their_ranges() {
    let family = parsed(CLAIM).unwrap().families.remove(0);
    assert_eq!(
        [Profile::Test, Profile::Quick, Profile::Full].map(|p| family.count(p)),
        [1, 3, 5]
    );
    assert!(!family.is_given_path());
    assert_eq!(family.largest(), (9, 4));
    const N: usize = 4000;
    let specs: Vec<_> = (0..N).map(|i| family.draw(i, i as u64)).collect();
    let ends = |of: &dyn Fn(&crate::instances::Spec) -> usize| {
        let all = specs.iter().map(of);
        (all.clone().min().unwrap(), all.max().unwrap())
    };
    assert_eq!(ends(&|s| s.dim), (3, 9));
    assert_eq!(ends(&|s| s.params), (1, 4));
    let quarter = |of: &dyn Fn(&crate::instances::Spec) -> f64, lo: f64, hi: f64| {
        let at = |s| (of(s).ln() - lo.ln()) / (hi.ln() - lo.ln());
        let all: Vec<f64> = specs.iter().map(at).collect();
        assert!(all.iter().all(|u| (-1e-9..=1.0 + 1e-9).contains(u)));
        for q in [0.25, 0.5, 0.75] {
            // 5σ of a binomial share is below 0.04.
            let share = all.iter().filter(|u| **u < q).count() as f64 / N as f64;
            assert!((share - q).abs() < 0.04, "{q}: {share}");
        }
    };
    quarter(&|s| 1.0 / (1.0 - s.q), 2.0, 100.0);
    quarter(&|s| s.cotangent.unwrap(), 1e-3, 1e3);
    // Regressions of about as many rows as unknowns, or as they say; λ in turn.
    let family = |kind: &str, more: &str| {
        let text = CLAIM.replace("affine-normal", kind);
        let text = text.replace("params = [1, 4]", more).replace("[3, 9]", "4");
        parsed(&text).unwrap().families.remove(0)
    };
    let rows = |f: &Family| {
        let all = (0..400).map(|i| f.draw(i, i as u64).rows);
        (all.clone().min().unwrap(), all.max().unwrap())
    };
    assert_eq!(rows(&family("layer-relu", "")), (2, 14));
    assert_eq!(rows(&family("layer-relu", "rows = [5, 7]")), (5, 7));
    let turns = builtin("itd-local-rate").families;
    let turns = turns.iter().find(|f| f.kind == Kind::Diabetes).unwrap();
    for i in 0..9 {
        let lambda = turns.draw(i, 0).lambda.unwrap();
        assert_eq!(lambda[0], [0.05, 0.02, 0.3, 0.005][i % 4]);
    }
    let margin = family("elastic-net-margin", "margin = [0.01, 0.1]");
    assert!((0..50).all(|i| (0.01..=0.1).contains(&margin.draw(i, i as u64).margin.unwrap())));
}

#[test]
fn a_claim_knows_what_it_asks_for() {
    let facts = |name: &str| {
        let c = builtin(name);
        (c.needs_method(), c.draws_runs(), c.statistical_checks())
    };
    assert_eq!(facts("itd-bound"), (true, true, 0));
    assert_eq!(facts("nsid-simulation"), (true, false, 1));
    assert_eq!(facts("nsid-exact"), (true, false, 0));
    assert_eq!(facts("constants"), (false, false, 0));
    assert_eq!(builtin("nsid-simulation").horizon(), 40);
    assert!(
        builtin("itd-given-path")
            .families
            .iter()
            .any(Family::is_given_path)
    );
    let claim = parsed(&CLAIM.replace("hypotheses", "plot = true\nhypotheses")).unwrap();
    let plotted = |index| claim.draw(1, 0, index).2.plot;
    assert_eq!((plotted(0), plotted(1)), (true, false));
    assert!(!parsed(CLAIM).unwrap().draw(1, 0, 0).2.plot);
    let (spec, seed, label) = claim.draw(1, 0, 3);
    assert_eq!(
        (label.to_string().as_str(), spec.kind),
        ("affine-normal.0.3", Kind::AffineNormal)
    );
    assert_ne!(seed, claim.draw(2, 0, 3).1);
    let read = Label::parse("affine-normal.0.3").unwrap();
    assert_eq!((read.kind, read.family, read.index), (label.kind, 0, 3));
    // Two checks that would have caught the same say it once.
    let again = format!(
        "{CLAIM}\n[[checks]]\nname = \"again\"{}",
        CLAIM.split_once("[[checks]]").unwrap().1
    );
    let twice = parsed(&again).unwrap();
    let once = claim.caught();
    assert!(once.len() > 20 && once.ends_with('.'), "{once}");
    assert_eq!(twice.caught(), once);
    let other = again.replacen("level = \"paper\"", "level = \"trajectory\"", 1);
    assert!(parsed(&other).unwrap().caught().len() > once.len());
}

/// Instances on which a check would be left undecided by what is exact alone are drawn again, for
/// checks that can tell, and where the hypotheses hold.
#[test]
fn instances_that_decide_nothing_are_drawn_again() {
    let claim = builtin("itd-local-rate");
    let redrawn = (0..claim.families.len()).flat_map(|f| (0..12).map(move |i| (f, i)));
    let redrawn: Vec<usize> = redrawn
        .map(|(f, i)| claim.instance(7, f, i).unwrap().1.redrawn)
        .collect();
    let again = redrawn.iter().filter(|n| **n > 0).count();
    assert!(again > 0 && again * 2 < redrawn.len(), "{redrawn:?}");
    let plain = builtin("itd-bound");
    let none = (0..plain.families.len()).all(|f| plain.instance(7, f, 0).unwrap().1.redrawn == 0);
    assert!(none);
}

#[test]
fn names_in_files() {
    let kinds = [
        Guarantee::Upper,
        Guarantee::Tight,
        Guarantee::Rate,
        Guarantee::Exact,
    ];
    assert_eq!(
        kinds.map(Guarantee::name),
        ["upper", "tight", "rate", "exact"]
    );
    for name in ["test", "quick", "full"] {
        assert_eq!(Profile::from_name(name).unwrap().name(), name);
    }
    let outcomes = [
        Outcome::Violated,
        Outcome::Holds,
        Outcome::Open,
        Outcome::Undecided,
        Outcome::NotApplicable,
        Outcome::NotJudged,
    ];
    let names = [
        "violated",
        "holds",
        "open",
        "undecided",
        "not-applicable",
        "not-judged",
    ];
    assert_eq!(outcomes.map(Outcome::name), names);
}

/// Fields that say nothing are left out of a line, and only those.
#[test]
fn lines_of_verdicts_and_keys_of_records() {
    let least = r#"{"schema":1,"id":"c/affine.0.1/bound","claim":"c","theorem":"T","method":"itd","instance":{"kind":"affine","id":"affine.0.1","seed":3,"spec":{"kind":"affine-normal","dim":1,"params":1,"rows":1,"q":0.5}},"status":"pass","check":"bound","measured":0.0,"bound":1.0,"slack":2.0,"detail":"","replay":""}"#;
    let mut verdict: Verdict = serde_json::from_str(least).unwrap();
    assert_eq!(verdict.status, Ruling::Pass);
    assert_eq!(
        (verdict.instance.redrawn, verdict.headroom.is_nan()),
        (0, true)
    );
    assert_eq!(verdict.to_line(), least);
    assert_eq!(verdict.check_name(), "bound");
    verdict.instance.redrawn = 2;
    verdict.headroom = 0.0;
    let line = verdict.to_line();
    assert!(
        line.contains(r#""redrawn":2"#) && line.contains(r#""headroom":0.0"#),
        "{line}"
    );
    let origin = serde_json::json!({
        "claim": "c", "check": "local-rate", "method": "itd", "kind": "tight", "family": 2, "index": 1, "seed": 7,
    });
    let origin: Origin = serde_json::from_value(origin).unwrap();
    assert_eq!(origin.instance(), "tight.2.1");
    let slack = crate::checks::Slack {
        level: "paper".into(),
        q: 0.5,
        r: 1.0,
        step: 3,
        slack: 2.0,
        clear: true,
    };
    let key = Record::new(origin, Data::Slack(slack)).key();
    assert!(key.starts_with("c/tight.2/local-rate/slack"), "{key}");
}
