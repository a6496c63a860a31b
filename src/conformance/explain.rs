//! Failures explained: asked again of a fresh process, made small, named.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::item::{Ready, Source, drawn, drawn_items};
use super::plan::{Asked, Conformance, judged};
use crate::case::{Answer, Status};
use crate::checks::Ruling;
use crate::claims::{Claim, Diagnosis, Smallest, Verdict};
use crate::error::Result;
use crate::evidence::Declared;
use crate::faults::{Observation, diagnose};
use crate::instances::Spec;
use crate::judge::Judged;
use crate::runner::floor;
use crate::subject::{Declaration, Launch, Session};
use crate::tol::SHRINK_TRIES;
use crate::wire::{Case, Posed};

/// Failing cases of a claim and check that are asked again.
const REPLAYED: usize = 2;
/// Failing cases of one claim and problem kind from which a fault is named, and cases that are
/// right.
const LOOKED_AT: usize = 3;
const RIGHT: usize = 2;
/// Later steps are asked for only where the earlier ones are right.
const SHORT: usize = 200;
/// What is said of a failure that does not come again.
const EARLIER: &str = "; right on a fresh process: it depends on earlier cases";
/// For all explanations of a run; what is left after it stays unexplained.
const BUDGET: Duration = Duration::from_secs(60);
/// For the shrinking of one failure.
const SHRINKING: Duration = Duration::from_secs(20);

/// Adds to failing verdicts whether they come again, the smallest failing instance and the name of
/// the fault.
pub(super) fn explain(
    plan: &Conformance,
    launch: &dyn Launch,
    subject: &Declaration,
    asked: &[Asked],
    verdicts: &mut [Verdict],
) -> Result<()> {
    if !launch.restarts() {
        name_from_what_was_said(plan, subject, asked, verdicts);
        return Ok(());
    }
    let until = Instant::now() + BUDGET;
    let bench = Bench {
        plan,
        launch,
        subject,
        until,
    };
    // By claim and check: whether failures come again, and the smallest instance of one that does.
    let mut looked: BTreeMap<(Key, &str), usize> = BTreeMap::new();
    let mut shrunk: BTreeMap<Key, bool> = BTreeMap::new();
    let mut again: Vec<&Asked> = Vec::new();
    for one in asked.iter().filter(|a| !is_trouble(&a.answer)) {
        for n in failing(one, verdicts) {
            let key = (one.item.claim, verdicts[n].check.clone());
            let kind = one.ready.case.problem.kind();
            // The first failures are asked again, and the first one that can be made smaller.
            let small = matches!(one.item.source, Source::Drawn { .. })
                && !shrunk.get(&key).copied().unwrap_or(false);
            let count = looked.entry((key.clone(), kind)).or_default();
            if (*count >= REPLAYED && !small) || bench.is_late() {
                continue;
            }
            *count += 1;
            match bench.comes_again(one, &verdicts[n].check) {
                Some(true) => again.push(one),
                Some(false) => {
                    verdicts[n].detail += EARLIER;
                    continue;
                }
                None => continue,
            }
            if small {
                shrunk.insert(key, true);
                verdicts[n].smallest = bench.shrink(one, &verdicts[n]);
            }
        }
    }
    for (key, n) in not_made_small(asked, verdicts, &shrunk) {
        if bench.is_late() {
            break;
        }
        verdicts[n].smallest = bench.smallest_drawn(key.0, &verdicts[n]);
    }
    let mut names = Names::new();
    for one in &again {
        let key = one.claim_and_kind();
        if names.contains_key(&key) || bench.is_late() {
            continue;
        }
        if let Some(diagnosis) = bench.name(&key, &again, asked) {
            names.insert(key, diagnosis);
        }
    }
    assign(&names, asked, verdicts);
    Ok(())
}

/// By claim and problem kind: the name.
type Names = BTreeMap<(usize, String), Diagnosis>;

/// Puts the names at the failures that come again.
fn assign(names: &Names, asked: &[Asked], verdicts: &mut [Verdict]) {
    for one in asked.iter().filter(|a| !is_trouble(&a.answer)) {
        let name = names.get(&one.claim_and_kind());
        for n in failing(one, verdicts) {
            if !verdicts[n].detail.ends_with(EARLIER) {
                verdicts[n].diagnosis = name.cloned();
            }
        }
    }
}

/// A claim and a check by name.
type Key = (usize, String);

/// The first failing verdict of every claim and check of which none was made small.
fn not_made_small(
    asked: &[Asked],
    verdicts: &[Verdict],
    shrunk: &BTreeMap<Key, bool>,
) -> Vec<(Key, usize)> {
    let mut out: Vec<(Key, usize)> = Vec::new();
    for one in asked.iter().filter(|a| !is_trouble(&a.answer)) {
        for n in failing(one, verdicts) {
            let key = (one.item.claim, verdicts[n].check.clone());
            let later = verdicts[n].detail.ends_with(EARLIER);
            let known = shrunk.contains_key(&key) || out.iter().any(|(k, _)| *k == key);
            if !(known || later) {
                out.push((key, n));
            }
        }
    }
    out
}

/// Where no fresh process can be had, the answers that were given are all there is.
fn name_from_what_was_said(
    plan: &Conformance,
    subject: &Declaration,
    asked: &[Asked],
    verdicts: &mut [Verdict],
) {
    let wrong = |a: &&Asked| !is_trouble(&a.answer) && !failing(a, verdicts).is_empty();
    let mut seen: BTreeMap<(usize, String), Vec<(&Posed, &Answer)>> = BTreeMap::new();
    for one in asked.iter().filter(wrong) {
        let of = seen.entry(one.claim_and_kind()).or_default();
        of.push((&one.ready.posed, &one.answer));
    }
    let named = |(key, mut of): (_, Vec<_>)| {
        of.truncate(LOOKED_AT);
        let (claim, _): &(usize, String) = &key;
        let name = named(&plan.claims[*claim], subject, &of);
        (key, name)
    };
    let names: Names = seen.into_iter().map(named).collect();
    assign(&names, asked, verdicts);
}

/// Which verdicts on a case are failures.
fn failing(one: &Asked, verdicts: &[Verdict]) -> Vec<usize> {
    let own = one.verdicts.clone();
    own.filter(|n| verdicts[*n].status == Ruling::Fail)
        .collect()
}

fn is_trouble(answer: &Answer) -> bool {
    matches!(answer.status, Status::Failed { .. })
}

/// The fault behind answers, each of an object of its own.
fn named(claim: &Claim, subject: &Declaration, seen: &[(&Posed, &Answer)]) -> Diagnosis {
    let object = |(posed, answer): &(&Posed, &Answer)| {
        let evidence = posed.evidence(subject.roundoff, Declared::default());
        floor(&evidence, posed.request(), answer)
    };
    let floors: Vec<f64> = seen.iter().map(object).collect();
    let objects: Vec<Vec<Observation<'_>>> = { seen.iter().zip(&floors) }
        .map(|((posed, answer), floor)| {
            vec![Observation {
                case: posed.case(),
                answer,
                floor: if floor.is_finite() { *floor } else { 0.0 },
                roundoff: subject.roundoff,
            }]
        })
        .collect();
    diagnose(claim.method, &objects)
}

struct Bench<'b> {
    plan: &'b Conformance,
    launch: &'b dyn Launch,
    subject: &'b Declaration,
    until: Instant,
}

impl Bench<'_> {
    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// A fresh process that has said hello.
    fn fresh(&self) -> Option<Session<'_>> {
        let opened = Session::open(self.launch, self.plan.patience, self.plan.strict);
        opened.ok()?.ok()
    }

    fn ask_afresh(&self, case: &Case, posed: &Posed) -> Option<Answer> {
        let mut session = self.fresh()?;
        let (answer, _) = session.ask(case, posed);
        session.stop();
        Some(answer)
    }

    fn judge(&self, claim: usize, ready: &Ready, name: &str, answer: &Answer) -> Judged {
        judged(&self.plan.claims[claim], ready, name, answer, self.subject)
    }

    /// Whether a fresh process fails the same check on the same case.
    fn comes_again(&self, one: &Asked, check: &str) -> Option<bool> {
        let answer = self.ask_afresh(&one.ready.case, &one.ready.posed)?;
        let judged = self.judge(one.item.claim, &one.ready, &one.item.name(), &answer);
        Some(fails(&judged, check))
    }

    /// Where fixed cases failed so often that no random one was asked: the first of these that
    /// fails the same check, made small.
    fn smallest_drawn(&self, claim: usize, verdict: &Verdict) -> Option<Smallest> {
        let (claims, of) = (&self.plan.claims, &self.plan.claims[claim].name);
        let own = |c: &Claim| c.name == *of;
        let counts = (self.plan.profile, 1, self.plan.seed);
        let posed = drawn_items(claims, counts, 0, own)
            .into_iter()
            .filter_map(|item| {
                let ready = item.ready(claims, self.subject).ok()??;
                Some((item, ready))
            });
        for (item, ready) in posed.take(LOOKED_AT) {
            let answer = self.ask_afresh(&ready.case, &ready.posed)?;
            let judged = self.judge(claim, &ready, &item.name(), &answer);
            if !fails(&judged, &verdict.check) {
                continue;
            }
            let one = Asked {
                item,
                ready,
                answer,
                verdicts: 0..0,
            };
            return self.shrink(&one, verdict);
        }
        None
    }

    /// Follows [`Spec::shrink`] while the same check still fails, on one fresh process.
    fn shrink(&self, one: &Asked, verdict: &Verdict) -> Option<Smallest> {
        let Source::Drawn { nth, .. } = &one.item.source else {
            return None;
        };
        let (spec, seed) = one.ready.spec.clone()?;
        let claim = &self.plan.claims[one.item.claim];
        let mut session = self.fresh()?;
        let until = self.until.min(Instant::now() + SHRINKING);
        let mut best: Option<Smallest> = None;
        let mut at: Spec = spec;
        let mut tries = 0;
        'search: loop {
            for candidate in at.shrink() {
                tries += 1;
                if tries > SHRINK_TRIES || Instant::now() >= until {
                    break 'search;
                }
                let id = format!("{}/{}/smaller.{tries}", claim.name, verdict.instance.id);
                let Ok(Some(ready)) = drawn(claim, (&candidate, seed), &id, *nth, self.subject)
                else {
                    continue;
                };
                if !self
                    .subject
                    .does(&ready.case, ready.posed.instance.map.dims().w)
                {
                    continue;
                }
                let (answer, _) = session.ask(&ready.case, &ready.posed);
                if is_trouble(&answer) && !session.renew() {
                    break 'search;
                }
                let judged = self.judge(one.item.claim, &ready, &id, &answer);
                let failing = { judged.verdicts.iter() }
                    .find(|v| v.status == Ruling::Fail && v.check == verdict.check);
                if let Some(v) = failing {
                    at = candidate;
                    best = Some(Smallest {
                        spec: ready.posed.instance.spec.clone(),
                        seed,
                        measured: v.measured,
                        bound: v.bound,
                    });
                    continue 'search;
                }
            }
            break;
        }
        session.stop();
        best
    }

    /// The name of what is behind the failures of one claim and problem kind.
    fn name(&self, key: &(usize, String), again: &[&Asked], asked: &[Asked]) -> Option<Diagnosis> {
        let of = |a: &Asked| a.claim_and_kind() == *key;
        let mut wrong: Vec<&Asked> = Vec::new();
        for one in again.iter().copied().filter(|a| of(a)) {
            if wrong.iter().all(|w| w.ready.case.id != one.ready.case.id) {
                wrong.push(one);
            }
        }
        wrong.sort_by_key(|a| a.ready.posed.instance.map.dims().w);
        let mut seen: Vec<(Posed, Answer)> = Vec::new();
        for one in wrong.iter().take(LOOKED_AT) {
            seen.extend(self.observed(one));
        }
        let right = asked.iter().filter(|a| {
            let estimates = !a.answer.estimates.is_empty();
            let known = again.iter().any(|w| w.ready.case.id == a.ready.case.id);
            of(a) && estimates && !known && !self.fails_anything(a)
        });
        for one in right.take(RIGHT) {
            seen.push((one.ready.posed.clone(), one.answer.clone()));
        }
        if seen.is_empty() {
            return None;
        }
        let borrowed: Vec<(&Posed, &Answer)> = seen.iter().map(|(p, a)| (p, a)).collect();
        Some(named(&self.plan.claims[key.0], self.subject, &borrowed))
    }

    fn fails_anything(&self, one: &Asked) -> bool {
        let judged = self.judge(one.item.claim, &one.ready, &one.item.name(), &one.answer);
        judged.verdicts.iter().any(|v| v.status == Ruling::Fail)
    }

    /// What a fresh process answers: to the first steps of the case where it is wrong there, else
    /// to all of them.
    fn observed(&self, one: &Asked) -> Option<(Posed, Answer)> {
        let case = &one.ready.case;
        let short: Option<Vec<usize>> = { case.steps.as_ref() }
            .filter(|s| s.last().is_some_and(|k| *k > SHORT))
            .map(|s| s.iter().copied().filter(|k| *k <= SHORT).collect());
        if let Some(steps) = short.filter(|s| !s.is_empty()) {
            let shorter = Case {
                steps: Some(steps),
                ..case.clone()
            };
            let posed = Posed::of(&shorter).ok()?;
            let answer = self.ask_afresh(&shorter, &posed)?;
            let ready = Ready {
                case: shorter,
                posed,
                spec: None,
            };
            let judged = self.judge(one.item.claim, &ready, "", &answer);
            if judged.verdicts.iter().any(|v| v.status == Ruling::Fail) {
                return Some((ready.posed, answer));
            }
        }
        let answer = self.ask_afresh(case, &one.ready.posed)?;
        Some((one.ready.posed.clone(), answer))
    }
}

fn fails(judged: &Judged, check: &str) -> bool {
    let mut all = judged.verdicts.iter();
    all.any(|v| v.status == Ruling::Fail && v.check == check)
}
