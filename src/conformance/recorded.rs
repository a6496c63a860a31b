//! Recorded conversations judged.

use std::collections::BTreeMap;

use super::drive::Conformed;
use super::item::Ready;
use super::plan::judged;
use super::recipe::claim_of;
use crate::case::{Answer, Status, Trouble};
use crate::claims::Claim;
use crate::error::{Error, Result};
use crate::evidence::Declared;
use crate::subject::{Declaration, read_answer};
use crate::tol::Roundoff;
use crate::wire::{
    Case, FromSubject, HelloFromSubject, PROTOCOL, Posed, ToSubject, parse_from_subject,
    parse_to_subject, type_of,
};

/// Judges lines as `subject --record` writes them: a hello of the subject (which may be missing),
/// and each case followed, at once or later, by its answer.
///
/// # Errors
/// Names the line: what is no message, an answer without its case, cases without answers.
pub fn check(claims: &[Claim], text: &str) -> Result<Conformed> {
    let mut subject = anonymous()?;
    let mut waiting: BTreeMap<String, (usize, Case)> = BTreeMap::new();
    let mut out = Conformed::default();
    for (n, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let at = |e: Error| e.at_line(n + 1);
        match type_of(line).map_err(at)?.as_str() {
            "case" => {
                let ToSubject::Case(case) = parse_to_subject(line).map_err(at)? else {
                    continue;
                };
                Posed::of(&case).map_err(at)?;
                if waiting.contains_key(&case.id) {
                    let text = format!("the case {:?} came before and is not answered", case.id);
                    return Err(at(Error::input(text).in_field("id")));
                }
                waiting.insert(case.id.clone(), (n + 1, *case));
            }
            // Both sides say hello; that of the subject says more.
            "hello" => {
                let theirs = format!(r#"{{"type":"hello","protocol":{PROTOCOL}}}"#);
                if line.trim() != theirs
                    && let FromSubject::Hello(hello) = parse_from_subject(line).map_err(at)?
                {
                    subject = Declaration::of(&hello).map_err(at)?;
                }
            }
            "stop" => {}
            "result" | "skipped" | "error" => {
                let message = parse_from_subject(line).map_err(at)?;
                let id = message.id().unwrap_or_default();
                let Some((_, case)) = waiting.remove(id) else {
                    let text = format!("no case {id:?} is waiting for an answer");
                    return Err(at(Error::input(text).in_field("id")));
                };
                let posed = Posed::of(&case).map_err(at)?;
                let answer = recorded_trouble(&message, line)
                    .unwrap_or_else(|| read_answer(&posed, line, false));
                let Some(claim) = claim_of(claims, &case) else {
                    let text = format!("no claim speaks of such cases ({})", case.method);
                    return Err(at(Error::input(text).in_field("method")));
                };
                out.sent += 1;
                let ready = Ready {
                    case,
                    posed,
                    spec: None,
                };
                let own = format!("{}/", claims[claim].name);
                let id = &ready.case.id;
                let name = id.strip_prefix(&own).unwrap_or(id).to_string();
                let judged = judged(&claims[claim], &ready, &name, &answer, &subject);
                let kind = ready.case.problem.kind();
                out.verdicts
                    .extend(judged.verdicts.into_iter().map(|mut v| {
                        v.instance.kind = kind.into();
                        v.replay = "ratecert check FILE".into();
                        v
                    }));
            }
            other => {
                let text = format!("{other:?} does not belong into a recording");
                return Err(at(Error::input(text).in_field("type")));
            }
        }
    }
    if let Some((line, case)) = waiting.values().min_by_key(|(line, _)| *line) {
        let text = format!("the case {:?} has no answer", case.id);
        return Err(Error::input(text).at_line(*line));
    }
    if out.sent == 0 {
        return Err(Error::input("there is no case with an answer in it"));
    }
    out.declaration = Some(subject);
    Ok(out)
}

/// A recording without a hello is judged in binary64, without tolerances.
fn anonymous() -> Result<Declaration> {
    let hello = HelloFromSubject {
        protocol: PROTOCOL,
        ..HelloFromSubject::default()
    };
    let subject = Declaration::of(&hello)?;
    debug_assert_eq!(subject.roundoff, Roundoff::DOUBLE);
    debug_assert_eq!(subject.declared, Declared::default());
    Ok(subject)
}

/// What a recorder wrote where no line came from the subject.
fn recorded_trouble(message: &FromSubject, line: &str) -> Option<Answer> {
    #[derive(serde::Deserialize)]
    struct Noted {
        trouble: Option<String>,
    }
    let FromSubject::Error(error) = message else {
        return None;
    };
    let noted: Noted = serde_json::from_str(line).ok()?;
    let name = noted.trouble?;
    let all = [
        Trouble::Crash,
        Trouble::Hang,
        Trouble::Malformed,
        Trouble::OutOfOrder,
    ];
    let trouble = all.into_iter().find(|t| t.name() == name)?;
    Some(Answer::without(Status::Failed {
        trouble,
        why: error.message.clone(),
    }))
}
