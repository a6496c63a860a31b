//! Instances that cannot decide a check are drawn again, by what is exact alone.

use crate::case::{Answer, Case, Factory, Implementation, Method};
use crate::checks::{Check, Context, Finding, Reason, Ruling, undecided_exactly};
use crate::claims::{Catalogue, Claim, Profile, share};
use crate::error::{Error, Result};
use crate::evidence::{Evidence, Request, Run};
use crate::instances::Instance;
use crate::judge::{Judging, judge};
use crate::methods::Ours;
use crate::tol::{REDRAWS, Roundoff};

fn claim(name: &str) -> Claim {
    Catalogue::builtin()
        .unwrap()
        .select(&[name.into()])
        .unwrap()
        .remove(0)
}

/// The family of a claim in which draws fail most often.
fn relu(claim: &Claim) -> usize {
    let relu = |f: &crate::claims::Family| f.kind.name() == "layer-relu";
    claim.families.iter().position(relu).unwrap()
}

fn rulings(claim: &Claim, instance: &Instance, label: &crate::claims::Label) -> Vec<Ruling> {
    let e = claim.evidence(instance, Roundoff::DOUBLE);
    let judging = Judging {
        share: share(1e-9, 1).unwrap(),
        record: false,
    };
    let mut subject = Ours.make(claim.method).unwrap();
    let judged = judge(claim, &e, label, judging, subject.as_mut());
    judged.verdicts.iter().map(|v| v.status).collect()
}

#[test]
fn what_stands_decides_and_what_was_given_up_did_not() {
    for name in ["itd-local-rate", "aid-fp-local-rate", "bitd-local-rate"] {
        let claim = claim(name);
        let family = relu(&claim);
        let mut redrawn = 0;
        for index in 0..claim.families[family].count(Profile::Quick) {
            let (instance, label) = claim.instance(0, family, index).unwrap();
            assert_eq!(
                rulings(&claim, &instance, &label),
                [Ruling::Pass],
                "{label}"
            );
            if label.redrawn > 0 {
                let (spec, seed, label) = claim.draw(0, family, index);
                let first = Instance::generate(&spec, seed).unwrap();
                assert_eq!(rulings(&claim, &first, &label), [Ruling::Inconclusive]);
            }
            redrawn += label.redrawn;
        }
        assert!(redrawn > 0, "{name}");
    }
}

/// An answer that makes no error is never held against a method: it passes or decides nothing.
#[test]
fn exact_answers_never_fail() {
    let catalogue = Catalogue::builtin().unwrap();
    for claim in catalogue.claims() {
        for c in claim.checks.iter().filter(|c| c.check.redraws()) {
            for family in 0..claim.families.len() {
                let (spec, seed, _) = claim.draw(3, family, 0);
                let instance = Instance::generate(&spec, seed).unwrap();
                let e: Evidence<'_> = claim.evidence(&instance, Roundoff::DOUBLE);
                let context = c.context(&e, 1.0, false);
                let Ok(requests) = c.check.requests(context) else {
                    continue;
                };
                let runs: Option<Vec<_>> = requests.iter().map(|r| e.exactly(r)).collect();
                let Some(runs) = runs else { continue };
                let runs: Vec<_> = runs.iter().collect();
                let finding = c.check.judge(context, &runs).unwrap();
                assert_ne!(
                    finding.ruling,
                    Ruling::Fail,
                    "{} on {}: {}",
                    claim.name,
                    spec.kind.name(),
                    finding.detail
                );
                let undecided = finding.ruling == Ruling::Inconclusive;
                assert_eq!(undecided_exactly(c.check.as_ref(), context), undecided);
            }
        }
    }
}

/// A check that cannot say what it wants, or cannot judge what it gets, or leaves things open.
#[derive(Debug, PartialEq)]
enum Odd {
    NoRequests,
    NoJudgement,
    Open,
}

impl Check for Odd {
    fn label(&self) -> &'static str {
        "odd"
    }

    fn catches(&self, _: f64) -> String {
        String::new()
    }

    fn requests(&self, _: Context<'_>) -> Result<Vec<Request>> {
        match self {
            Self::NoRequests => Err(Error::input("no requests")),
            _ => Ok(Vec::new()),
        }
    }

    fn judge(&self, _: Context<'_>, _: &[&Run]) -> Result<Finding> {
        match self {
            Self::Open => Ok(Finding::undecided(Reason::NothingToSee, "open")),
            _ => Err(Error::input("no judgement")),
        }
    }
}

/// What cannot be computed is no reason for another draw: it has to be seen.
#[test]
fn errors_are_not_undecided() {
    let claim = claim("itd-local-rate");
    let (spec, seed, _) = claim.draw(0, 0, 0);
    let instance = Instance::generate(&spec, seed).unwrap();
    let e = claim.evidence(&instance, Roundoff::DOUBLE);
    let context = claim.checks[0].context(&e, 1.0, false);
    let undecided = |check: Odd| undecided_exactly(&check, context);
    assert!(undecided(Odd::Open));
    assert!(!undecided(Odd::NoRequests) && !undecided(Odd::NoJudgement));
}

/// A method that answers nothing usable.
struct Useless;

impl Implementation for Useless {
    fn run(&mut self, _: &Case<'_>) -> Answer {
        Answer::failed("no idea")
    }
}

impl Factory for Useless {
    fn make(&self, _: Method) -> Result<Box<dyn Implementation>> {
        Ok(Box::new(Self))
    }
}

/// Which instances there are does not depend on who is judged on them.
#[test]
fn every_implementation_gets_the_same_instances() {
    let seeds = |factory: &dyn Factory| {
        let plan = super::Plan {
            claims: vec![claim("itd-local-rate")],
            profile: Profile::Test,
            seed: 1,
            jobs: None,
            shard: None,
            times: 1,
            alpha: 1e-9,
            factory,
        };
        let stop = std::sync::atomic::AtomicBool::new(false);
        let run = plan.run(None, &stop, &|_, _| {}).unwrap();
        let mut seeds: Vec<(String, u64, usize)> = { run.verdicts.iter() }
            .map(|v| (v.instance.id.clone(), v.instance.seed, v.instance.redrawn))
            .collect();
        seeds.dedup();
        seeds
    };
    let ours = seeds(&Ours);
    assert_eq!(ours, seeds(&Useless));
    assert!(ours.iter().any(|s| s.2 > 0));
}

/// Where no draw decides, the first one stands, and all tries are counted.
#[test]
fn a_family_that_never_decides_is_left_undecided() {
    let text = include_str!("../../rates/claims/itd-local-rate.toml");
    let start = text.find("[[instances]]").unwrap();
    let end = text.find("[[checks]]").unwrap();
    let family = "[[instances]]\nkind = \"diabetes\"\nlambda = [[0.3, 0.1]]\n\
                  count = { test = 1, quick = 1, full = 1 }\n\n";
    let text = format!("{}{family}{}", &text[..start], &text[end..]);
    let claim = Claim::parse(&text, "a.toml").unwrap();
    let (instance, label) = claim.instance(0, 0, 0).unwrap();
    let (_, seed, _) = claim.draw(0, 0, 0);
    assert_eq!((label.redrawn, instance.seed), (REDRAWS, seed));
    assert_eq!(rulings(&claim, &instance, &label), [Ruling::Inconclusive]);
}
