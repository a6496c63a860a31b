//! The examination of one implementation on one instance.

use std::collections::VecDeque;

use super::outcome::{self, Outcome};
use super::replicates::{self, Folding};
use crate::case::{Implementation, Target};
use crate::checks::{self, Check, Context, Finding, Needs, Reason, Ruling, Unit};
use crate::claims::{Claim, InstanceId, Label, Origin, Record, SCHEMA, Verdict};
use crate::error::Result;
use crate::evidence::{Evidence, Request, Run};

/// How an examination is conducted.
#[derive(Clone, Copy, Debug)]
pub struct Judging {
    /// False-alarm probability of each check that samples.
    pub share: f64,
    /// Record what figures and baselines are made of, besides what the checks leave behind anyhow.
    pub record: bool,
}

/// What a claim says about one instance.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// One verdict per check, in the order of the claim, then those of troubles that have no check.
    pub verdicts: Vec<Verdict>,
    /// What was recorded: that of the checks, then that of the drawings.
    pub records: Vec<Record>,
    /// Per verdict the run that failed it, if one did.
    pub blamed: Vec<Option<Request>>,
}

/// A check, or a drawing, on its way through the examination.
struct Item<'c> {
    name: String,
    check: &'c dyn Check,
    context: Context<'c>,
    requests: Result<Vec<Request>>,
}

impl<'c> Item<'c> {
    fn new(name: String, check: &'c dyn Check, context: Context<'c>) -> Self {
        let requests = match check.needs() {
            _ if !check.knows(context.e.target) => Ok(Vec::new()),
            Needs::Replicates => Ok(Vec::new()),
            _ => check.requests(context),
        };
        Self {
            name,
            check,
            context,
            requests,
        }
    }

    fn wanted(&self) -> &[Request] {
        self.requests.as_deref().unwrap_or_default()
    }
}

/// Judges `subject` by every check of `claim` on the instance that `e` speaks of.
pub fn judge(
    claim: &Claim,
    e: &Evidence<'_>,
    label: &Label,
    judging: Judging,
    subject: &mut dyn Implementation,
) -> Judged {
    let mut judged = Judged::default();
    let id = label.to_string();
    let missing = claim.hypergradient && !matches!(e.target, Target::Hypergradient(_));
    let missing = missing.then(|| "the instance has no outer objective".to_string());
    let broken = || claim.hypotheses.iter().find_map(|h| e.broken(*h));
    if let Some(why) = missing.or_else(broken) {
        for check in &claim.checks {
            let finding = Finding::not_applicable(Reason::Hypothesis, why.clone());
            judged.rule(
                claim,
                e,
                &id,
                &check.name,
                check.check.label(),
                finding,
                None,
            );
        }
        return judged;
    }
    let known: Vec<(&dyn Check, usize)> = claim
        .checks
        .iter()
        .map(|c| (c.check.as_ref(), c.steps))
        .collect();
    let drawings = if judging.record {
        checks::drawings(claim.method, &known, label.plot)
    } else {
        Vec::new()
    };
    let mut items: Vec<Item<'_>> = Vec::new();
    for c in &claim.checks {
        let context = c.context(e, judging.share, label.plot);
        items.push(Item::new(c.name.clone(), c.check.as_ref(), context));
    }
    let count = items.len();
    for drawing in &drawings {
        let context = Context {
            e,
            steps: claim.horizon(),
            slack: 1.0,
            share: judging.share,
            draw: label.plot,
        };
        items.push(Item::new(drawing.name(), drawing.as_ref(), context));
    }
    let outcomes = run_all(e, &distinct(&items, count), subject);
    let mut findings = folded(e, &items, subject);
    let mut troubles: Vec<(&'static str, String, Request)> = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let (finding, blamed) = match findings[n].take() {
            _ if !item.check.knows(e.target) => {
                let text = "it says nothing about hypergradients";
                let finding = Finding::not_applicable(Reason::NothingToSee, text);
                (Ok(finding), None)
            }
            Some(finding) => (finding, None),
            None if n < count => ruled(item, &outcomes, &mut troubles),
            // A drawing judges nothing.
            None => ruled(item, &outcomes, &mut Vec::new()),
        };
        let finding = finding.unwrap_or_else(|e| Finding::undecided(Reason::Error, e.to_string()));
        judged.record(claim, e, label, &item.name, &finding);
        if n < count {
            let kind = item.check.label();
            judged.rule(claim, e, &id, &item.name, kind, finding, blamed);
        }
    }
    for (name, why, request) in troubles {
        let finding = Finding::failed(Unit::Exact, why);
        judged.rule(claim, e, &id, name, name, finding, Some(request));
    }
    judged
}

/// The distinct requests of all items: those of the first `checks` items, pass 0 before pass 1,
/// then what only drawings want, so that an implementation sees the same whether something is drawn
/// or not.
fn distinct(items: &[Item<'_>], checks: usize) -> Vec<Request> {
    let mut out: Vec<Request> = Vec::new();
    for part in [&items[..checks], &items[checks..]] {
        let start = out.len();
        for request in part.iter().flat_map(Item::wanted) {
            if !out.contains(request) {
                out.push(request.clone());
            }
        }
        out[start..].sort_by_key(|r| r.pass);
    }
    out
}

fn run_all(
    e: &Evidence<'_>,
    requests: &[Request],
    subject: &mut dyn Implementation,
) -> Vec<(Request, Result<Outcome>)> {
    let run = |r: &Request| (r.clone(), outcome::run(e, r, subject));
    requests.iter().map(run).collect()
}

/// Judges the runs that an item asked for, in its own order.
fn ruled(
    item: &Item<'_>,
    outcomes: &[(Request, Result<Outcome>)],
    troubles: &mut Vec<(&'static str, String, Request)>,
) -> (Result<Finding>, Option<Request>) {
    if let Err(e) = &item.requests {
        return (Err(e.clone()), None);
    }
    let mut runs: Vec<&Run> = Vec::new();
    // What stands in the place of a judgement: a failure before trouble, and that before a skipped
    // run.
    let mut instead: Option<(u8, Result<Finding>, Option<Request>)> = None;
    for request in item.wanted() {
        let Some((_, outcome)) = outcomes.iter().find(|(r, _)| r == request) else {
            continue;
        };
        let (weight, finding, blamed) = match outcome {
            Ok(Outcome::Run(run)) => {
                runs.push(run);
                continue;
            }
            Ok(Outcome::Ruled(finding)) => {
                let weight = if finding.ruling == Ruling::Fail { 3 } else { 1 };
                (weight, Ok(finding.as_ref().clone()), Some(request.clone()))
            }
            Ok(Outcome::Trouble(trouble, why)) => {
                let name = trouble.name();
                if !troubles.iter().any(|t| t.0 == name) {
                    troubles.push((name, why.clone(), request.clone()));
                }
                let text = format!("see {name}: {why}");
                let finding = Finding::not_applicable(Reason::FailedElsewhere, text);
                (2, Ok(finding), None)
            }
            Err(e) => (0, Err(e.clone()), None),
        };
        if instead.as_ref().is_none_or(|i| i.0 < weight) {
            instead = Some((weight, finding, blamed));
        }
    }
    if let Some((_, finding, blamed)) = instead {
        return (finding, blamed);
    }
    let finding = item.check.judge(item.context, &runs);
    let blame = finding.as_ref().ok().and_then(|f| f.blame);
    let blamed = blame.and_then(|n| runs.get(n)).map(|r| r.request.clone());
    (finding, blamed)
}

/// The findings of the items that sample; `None` for the others.
fn folded(
    e: &Evidence<'_>,
    items: &[Item<'_>],
    subject: &mut dyn Implementation,
) -> Vec<Option<Result<Finding>>> {
    let mut out: Vec<Option<Result<Finding>>> = items.iter().map(|_| None).collect();
    let mut waiting: VecDeque<(usize, Folding<'_>)> = VecDeque::new();
    for (n, item) in items.iter().enumerate() {
        if item.check.needs() != Needs::Replicates {
            continue;
        }
        match item.check.replicates(item.context) {
            Ok(Ok((wanted, fold))) => waiting.push_back((n, Folding::new(wanted, fold))),
            Ok(Err(finding)) => out[n] = Some(Ok(finding)),
            Err(e) => out[n] = Some(Err(e)),
        }
    }
    while let Some((n, first)) = waiting.pop_front() {
        let mut group = vec![(n, first)];
        let (same, other): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(_, f)| f.wanted.are_those_of(&group[0].1.wanted));
        group.extend(same);
        waiting = other.into();
        let mut folds: Vec<&mut Folding<'_>> = group.iter_mut().map(|(_, f)| f).collect();
        replicates::run(e, &mut folds, subject);
        for (n, folding) in group {
            out[n] = folding.finding;
        }
    }
    out
}

impl Judged {
    /// Whether a verdict fails.
    pub fn fails(&self) -> bool {
        self.verdicts.iter().any(|v| v.status == Ruling::Fail)
    }

    /// Writes a finding down as a verdict.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn rule(
        &mut self,
        claim: &Claim,
        e: &Evidence<'_>,
        instance: &str,
        name: &str,
        kind: &str,
        finding: Finding,
        blamed: Option<Request>,
    ) {
        let instance = instance.to_string();
        let id = format!("{}/{instance}/{name}", claim.name);
        let failed = finding.ruling == Ruling::Fail;
        self.verdicts.push(Verdict {
            schema: SCHEMA,
            claim: claim.name.clone(),
            theorem: claim.theorem.clone(),
            method: claim.method.name().into(),
            instance: InstanceId {
                kind: e.instance.spec.kind.name().into(),
                id: instance,
                seed: e.instance.seed,
                spec: e.instance.spec.clone(),
                redrawn: 0,
            },
            status: finding.ruling,
            check: kind.into(),
            measured: finding.measured,
            bound: finding.bound,
            slack: finding.slack,
            detail: finding.detail,
            replay: format!("ratecert replay {id}"),
            unit: finding.unit,
            headroom: finding.headroom,
            attained: finding.attained,
            step: finding.step,
            reason: finding.reason,
            smallest: None,
            diagnosis: None,
            id,
        });
        self.blamed.push(blamed.filter(|_| failed));
    }

    /// Adds a verdict on a check that no claim has.
    pub fn add(
        &mut self,
        claim: &Claim,
        e: &Evidence<'_>,
        instance: &str,
        check: &str,
        finding: Finding,
    ) {
        self.rule(claim, e, instance, check, check, finding, None);
    }

    fn record(
        &mut self,
        claim: &Claim,
        e: &Evidence<'_>,
        label: &Label,
        check: &str,
        finding: &Finding,
    ) {
        let origin = Origin {
            claim: claim.name.clone(),
            check: check.into(),
            method: claim.method.name().into(),
            kind: label.kind.clone(),
            family: label.family,
            index: label.index,
            seed: e.instance.seed,
        };
        let records = finding.data.iter().map(|data| Record {
            origin: origin.clone(),
            data: data.clone(),
        });
        self.records.extend(records);
    }
}

/// The runs that a claim asks for on one instance, in the order in which they are asked, up to and
/// including `last`: what a fault is named from.
pub fn runs(claim: &Claim, e: &Evidence<'_>, last: Option<&Request>) -> Vec<Request> {
    let item = |c: &crate::claims::ClaimCheck| match c.check.needs() {
        Needs::Runs => c
            .check
            .requests(c.context(e, 1.0, false))
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut requests: Vec<Request> = Vec::new();
    for request in claim.checks.iter().flat_map(item) {
        if !requests.contains(&request) {
            requests.push(request);
        }
    }
    requests.sort_by_key(|r| r.pass);
    let end = last.and_then(|last| requests.iter().position(|r| r == last));
    requests.truncate(end.map_or(requests.len(), |n| n + 1));
    requests
}
