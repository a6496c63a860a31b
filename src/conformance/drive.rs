//! The conversation from hello to stop, and what becomes of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::explain;
use super::item::{Item, Ready, drawn_items, fixed_items};
use super::plan::{Asked, Conformance, judged};
use super::served::examined;
use crate::case::{Answer, Status, Trouble};
use crate::checks::{Finding, Reason, Ruling, Unit};
use crate::claims::{Claim, Profile, Verdict};
use crate::error::{Error, Result};
use crate::evidence::Declared;
use crate::judge::Judged;
use crate::linalg::Matrix;
use crate::subject::{Declaration, Launch, Session, quoted};
use crate::wire::{ToSubject, parse_from_subject};

/// Failures of one claim, family and check after which no more of that claim on that family is
/// asked.
const ENOUGH: usize = 20;

/// Troubles with the conversation after which a subject is given up, and with the answers of one
/// claim after which that claim is.
const STRIKES: usize = 3;

/// What came out.
#[derive(Debug, Default)]
pub struct Conformed {
    /// In the order in which cases were asked.
    pub verdicts: Vec<Verdict>,
    /// What the subject said of itself; `None` where it did not get that far.
    pub declaration: Option<Declaration>,
    /// Cases that were sent.
    pub sent: usize,
    /// Cases that it does not do, by what it said of itself.
    pub left_out: usize,
    /// Cases that could not be posed: their instance is not solved.
    pub not_posed: usize,
    /// Why it was given up, if it was.
    pub given_up: Option<String>,
    /// Time spent waiting for answers.
    pub waited: Duration,
}

/// What is written of a conversation, line by line.
pub type Recorder<'r> = &'r mut dyn FnMut(&str) -> Result<()>;

/// Called with (done, total).
pub type Progress<'p> = &'p mut dyn FnMut(usize, usize);

impl Conformance {
    /// Conducts it.
    ///
    /// # Errors
    /// The subject cannot be started, the recording cannot be written, or the run is interrupted.
    pub fn run(
        &self,
        launch: &dyn Launch,
        stop: &AtomicBool,
        progress: Progress<'_>,
        record: Recorder<'_>,
    ) -> Result<Conformed> {
        let mut out = Conformed::default();
        let mut session = match Session::open(launch, self.patience, self.strict)? {
            Ok(session) => session,
            Err(broken) => {
                let why = format!("{}: {}", broken.trouble.name(), broken.why);
                out.given_up = Some(format!("it did not say hello: {why}"));
                return Ok(out);
            }
        };
        record(session.hello())?;
        let subject = session.declaration().clone();
        let items = self.items(&subject)?;
        let mut asked: Vec<Asked> = Vec::new();
        let mut tally = Tally::default();
        let mut seen: BTreeMap<String, (String, Vec<Matrix>)> = BTreeMap::new();
        let total = items.len();
        for (done, item) in items.into_iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                session.stop();
                return Err(Error::interrupted(format!(
                    "{done} of {total} cases were asked"
                )));
            }
            progress(done, total);
            let ready = match item.ready(&self.claims, &subject) {
                Ok(Some(ready)) => ready,
                Ok(None) => {
                    out.left_out += 1;
                    continue;
                }
                // An instance that is not solved decides nothing.
                Err(_) => {
                    out.not_posed += 1;
                    continue;
                }
            };
            if tally.enough(item.claim, ready.case.problem.kind()) {
                continue;
            }
            out.sent += 1;
            let clock = Instant::now();
            let (answer, line) = session.ask(&ready.case, &ready.posed);
            out.waited += clock.elapsed();
            record(&ToSubject::Case(Box::new(ready.case.clone())).to_line())?;
            // What is no answer to this case would make the recording unreadable. Only an error may
            // come without a name.
            let trouble = trouble(&answer);
            let broken = trouble.is_some_and(Trouble::ends_conversation);
            let named =
                |line: &str| trouble != Some(Trouble::Error) || is_answer(line, &ready.case.id);
            let line = line.filter(|line| !broken && named(line));
            record(&line.unwrap_or_else(|| instead(&ready.case.id, &answer)))?;
            let claim = &self.claims[item.claim];
            let mut judged = judged(claim, &ready, &item.name(), &answer, &subject);
            repeated(claim, &ready, &item.name(), &answer, &mut seen, &mut judged);
            let from = out.verdicts.len();
            let replay = self.replay_command(&ready.case.id, &session.command());
            let kind = ready.case.problem.kind();
            out.verdicts
                .extend(judged.verdicts.into_iter().map(|mut v| {
                    v.replay.clone_from(&replay);
                    v.instance.kind = kind.into();
                    v
                }));
            tally.count(item.claim, &out.verdicts[from..]);
            asked.push(Asked {
                item,
                ready,
                answer,
                verdicts: from..out.verdicts.len(),
            });
            let Some(trouble) = trouble else { continue };
            if let Some(why) = tally.strike(asked[asked.len() - 1].item.claim, trouble) {
                out.given_up = Some(why);
                break;
            }
            if !session.renew() && (trouble.ends_conversation() && session.is_over(trouble)) {
                out.given_up = Some(format!("{}: it cannot be started anew", trouble.name()));
                break;
            }
        }
        progress(total, total);
        let has_maps = self.shard.is_none_or(|(i, n)| i == n);
        if out.given_up.is_none() && has_maps {
            let command = session.command();
            for map in &subject.maps {
                let id = format!("map/{}", map.name);
                if !self.only.is_empty() && !self.only.iter().any(|o| id.contains(o.as_str())) {
                    continue;
                }
                let replay = self.replay_command(&id, &command);
                let clock = Instant::now();
                let verdicts = examined(&mut session, map, self.seed, &replay, stop);
                // What was found out is of a conversation cut short.
                if stop.load(Ordering::Relaxed) {
                    session.stop();
                    return Err(Error::interrupted("all cases were asked, not all maps"));
                }
                out.verdicts.extend(verdicts);
                out.waited += clock.elapsed();
            }
        }
        session.stop();
        if stop.load(Ordering::Relaxed) {
            return Err(Error::interrupted("all was asked, nothing was explained"));
        }
        explain::explain(self, launch, &subject, &asked, &mut out.verdicts)?;
        out.declaration = Some(subject);
        Ok(out)
    }

    /// The command that asks one case again.
    fn replay_command(&self, id: &str, command: &str) -> String {
        let mut out = String::from("ratecert subject");
        if self.profile != Profile::Quick {
            out += &format!(" --profile {}", self.profile.name());
        }
        if self.times != 1 {
            out += &format!(" --times {}", self.times);
        }
        if self.seed != 0 {
            out += &format!(" --seed {}", self.seed);
        }
        let id = quoted(id);
        if command.is_empty() {
            format!("{out} --stdio --case {id}")
        } else {
            format!("{out} --case {id} -- {command}")
        }
    }

    fn items(&self, subject: &Declaration) -> Result<Vec<Item>> {
        let does = |case: &crate::wire::Case, d: usize| subject.does(case, d);
        let mut items = fixed_items(&self.claims, self.profile, does)?;
        let mut drawn = drawn_items(
            &self.claims,
            (self.profile, self.times, self.seed),
            items.len(),
            |claim| subject.does_claim(claim),
        );
        let (i, n) = self.shard.unwrap_or((1, 1));
        // Blocks, so that shards one after another are the whole in its order.
        let [from, to] = [i - 1, i].map(|k| drawn.len() * k / n);
        drawn.truncate(to);
        drawn.drain(..from);
        if i > 1 {
            items.clear();
        }
        items.extend(drawn);
        if !self.only.is_empty() {
            let wanted = |item: &Item| {
                let id = format!("{}/{}", self.claims[item.claim].name, item.name());
                self.only.iter().any(|o| id.contains(o.as_str()))
            };
            items.retain(wanted);
        }
        Ok(items)
    }
}

/// Whether a line can stand in a recording as what was said to this case.
fn is_answer(line: &str, id: &str) -> bool {
    parse_from_subject(line).is_ok_and(|message| message.id() == Some(id))
}

/// What is recorded where no line came.
fn instead(id: &str, answer: &Answer) -> String {
    let mut error = serde_json::json!({ "type": "error", "id": id });
    if let Status::Failed { trouble, why } = &answer.status {
        error["message"] = format!("{}: {why}", trouble.name()).into();
        error["trouble"] = trouble.name().into();
    }
    error.to_string()
}

fn trouble(answer: &Answer) -> Option<Trouble> {
    match &answer.status {
        Status::Failed { trouble, .. } => Some(*trouble),
        _ => None,
    }
}

/// A case that was asked before must get the same answer; where ties leave a choice, or sums may be
/// ordered anew, another one within rounding is no failure: that each is judged by itself says
/// enough.
fn repeated(
    claim: &Claim,
    ready: &Ready,
    name: &str,
    answer: &Answer,
    seen: &mut BTreeMap<String, (String, Vec<Matrix>)>,
    judged: &mut Judged,
) {
    let anonymous = crate::wire::Case {
        id: String::new(),
        ..ready.case.clone()
    };
    let key = ToSubject::Case(Box::new(anonymous)).to_line();
    if answer.estimates.is_empty() {
        return;
    }
    let Some((first, before)) = seen.get(&key) else {
        seen.insert(key, (ready.case.id.clone(), answer.estimates.clone()));
        return;
    };
    let same = *before == answer.estimates;
    let finding = if same {
        let detail = format!("the same numbers as for {first:?}, bit for bit");
        Finding::decided(true, Unit::Exact, [0.0, 0.0, f64::NAN], detail)
    } else {
        let off = before.iter().zip(&answer.estimates);
        let off = off.map(|(a, b)| (a - b).amax()).fold(0.0, f64::max);
        let detail =
            format!("other numbers than for {first:?}, by up to {off:e}; each is judged by itself");
        Finding::undecided(Reason::NotSettled, detail)
    };
    let evidence = ready
        .posed
        .evidence(crate::tol::Roundoff::DOUBLE, Declared::default());
    judged.add(claim, &evidence, name, "repeatable", finding);
}

/// Failures and troubles so far.
#[derive(Default)]
struct Tally {
    failures: BTreeMap<(usize, String, String), usize>,
    answers: BTreeMap<usize, usize>,
    conversation: usize,
}

impl Tally {
    fn count(&mut self, claim: usize, verdicts: &[Verdict]) {
        for v in verdicts.iter().filter(|v| v.status == Ruling::Fail) {
            let key = (claim, v.instance.kind.clone(), v.check.clone());
            *self.failures.entry(key).or_default() += 1;
        }
    }

    /// No more of this claim on this family is asked.
    fn enough(&self, claim: usize, family: &str) -> bool {
        let mut failures = self.failures.iter();
        let failed = failures.any(|((c, f, _), n)| *c == claim && f == family && *n >= ENOUGH);
        failed || self.answers.get(&claim).is_some_and(|n| *n >= STRIKES)
    }

    /// Counts a trouble; says why the subject is given up, if it is.
    fn strike(&mut self, claim: usize, trouble: Trouble) -> Option<String> {
        if !trouble.ends_conversation() {
            *self.answers.entry(claim).or_default() += 1;
            return None;
        }
        self.conversation += 1;
        (self.conversation >= STRIKES).then(|| {
            format!(
                "{STRIKES} troubles with the conversation, the last one: {}",
                trouble.name()
            )
        })
    }
}
