//! One conversation after another with a subject: hello, then cases in lock-step.

use std::collections::BTreeSet;
use std::time::Duration;

use super::peer::{Broken, Launch, Peer};
use crate::case::{Algorithm, Answer, Status, Trouble};
use crate::claims::Claim;
use crate::error::{Error, Result};
use crate::evidence::Declared;
use crate::linalg::Matrix;
use crate::tol::Roundoff;
use crate::wire::{
    Case, Eval, Evals, FromSubject, HelloFromSubject, HelloToSubject, LONGEST_ID, METHODS, Number,
    PROTOCOL, Posed, Problem, ServedMap, Stop, ToSubject, parse_from_subject, unknown_fields,
};

/// A process may need to load libraries before it says hello.
const FIRST_PATIENCE: Duration = Duration::from_secs(60);

/// Whether `implicit` finds w(λ) itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// It differentiates at the w given.
    Never,
    /// It can do both.
    Too,
    /// It always finds its own, and takes what is given for a start.
    Always,
}

/// Unknown names that are kept.
const MOST_UNKNOWN: usize = 10;

/// What a subject says of itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Declaration {
    /// Its name and version, printable and short.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The methods it does, by the names of the protocol.
    pub methods: Vec<String>,
    /// The families it does.
    pub problems: Vec<String>,
    /// The arithmetic it computes in.
    pub roundoff: Roundoff,
    /// It can give D itself.
    pub jacobian: bool,
    /// ITD can linearise at given points.
    pub path: bool,
    /// The largest d it does.
    pub max_dim: usize,
    /// The tolerances of `implicit`.
    pub declared: Declared,
    /// Whether it finds fixed points of its own.
    pub own: Own,
    /// Maps of its own.
    pub maps: Vec<ServedMap>,
    /// Methods and families that it names and the protocol does not, printable and short.
    pub unknown: Vec<String>,
}

impl Declaration {
    /// Reads a hello.
    ///
    /// # Errors
    /// Another version of the protocol, an unknown dtype, a tolerance that is no tolerance; the
    /// field is named.
    pub fn of(hello: &HelloFromSubject) -> Result<Self> {
        if hello.protocol != PROTOCOL {
            let text = format!(
                "this ratecert speaks version {PROTOCOL}, the subject version {}",
                hello.protocol
            );
            return Err(Error::input(text).in_field("protocol"));
        }
        let roundoff = match hello.dtype.as_deref() {
            None | Some("f64") => Roundoff::DOUBLE,
            Some("f32") => Roundoff::SINGLE,
            Some(other) => {
                let text = format!("expected f64 or f32, got {:?}", plain(other));
                return Err(Error::input(text).in_field("dtype"));
            }
        };
        let tolerance = |field: &str, given: Option<Number>| match given.map(|n| n.0) {
            None => Ok(0.0),
            Some(v) if (0.0..1.0).contains(&v) => Ok(v),
            Some(v) => {
                let text = format!("must be in [0, 1), got {v}");
                Err(Error::input(text).in_field(field))
            }
        };
        if hello.max_dim == Some(0) {
            return Err(Error::input("must be at least 1").in_field("max_dim"));
        }
        Ok(Self {
            name: plain(&hello.name),
            version: plain(&hello.version),
            methods: hello.methods.clone(),
            problems: hello.problems.clone(),
            roundoff,
            jacobian: hello.jacobian.unwrap_or(false),
            path: hello.path.unwrap_or(false),
            max_dim: hello.max_dim.unwrap_or(usize::MAX),
            declared: Declared {
                linear: tolerance("tolerance", hello.tolerance)?,
                solver: tolerance("solver_tolerance", hello.solver_tolerance)?,
            },
            own: match (hello.solver_tolerance, hello.own_point.unwrap_or(false)) {
                (None, true) => {
                    let text = "needs solver_tolerance";
                    return Err(Error::input(text).in_field("own_point"));
                }
                (None, false) => Own::Never,
                (Some(_), false) => Own::Too,
                (Some(_), true) => Own::Always,
            },
            maps: named_once(hello.maps.clone().unwrap_or_default())?,
            unknown: [
                (&hello.methods, &METHODS[..]),
                (&hello.problems, &Problem::KINDS[..]),
            ]
            .into_iter()
            .flat_map(|(said, known)| said.iter().filter(|s| !known.contains(&s.as_str())))
            .map(|s| plain(s))
            .take(MOST_UNKNOWN)
            .collect(),
        })
    }

    /// Whether it does the method of a claim, in the way the claim asks it.
    pub fn does_claim(&self, claim: &Claim) -> bool {
        let name = match claim.method.algorithm {
            _ if claim.hypergradient => "hypergradient",
            Algorithm::Itd => "itd",
            Algorithm::AidFp => "aid-fp",
            Algorithm::AidCg => "aid-cg",
            Algorithm::Implicit => "implicit",
            Algorithm::Nsid => "nsid",
            Algorithm::Sid => "sid",
        };
        let whole = !claim.method.is_reverse();
        let path = claim.families.iter().all(|f| f.is_given_path());
        self.methods.iter().any(|m| m == name) && (self.jacobian || !whole) && (self.path || !path)
    }

    /// Whether a case is one of those that it says it does.
    pub fn does(&self, case: &Case, d: usize) -> bool {
        self.methods.contains(&case.method)
            && self.problems.iter().any(|p| p == case.problem.kind())
            && (self.jacobian || case.want.is_none())
            && (self.path || case.path.is_none())
            && (self.own != Own::Never || case.method != "implicit" || case.w0.is_none())
            && d <= self.max_dim
    }
}

/// A name from elsewhere, fit for a terminal and a table.
fn plain(text: &str) -> String {
    // Characters that turn the direction of what follows are no better than control characters.
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = text
        .chars()
        .filter(|c| !(c.is_control() || turns(*c)))
        .take(60);
    shown.collect::<String>().trim().to_string()
}

/// A conversation.
pub struct Session<'l> {
    launch: &'l dyn Launch,
    peer: Option<Box<dyn Peer + 'l>>,
    patience: Duration,
    strict: bool,
    declaration: Declaration,
    hello: String,
}

impl<'l> Session<'l> {
    /// Starts a subject and says hello. `strict` refuses fields that the protocol does not have.
    ///
    /// # Errors
    /// When it cannot be started. That it does not answer, or answers what is no hello, is its own
    /// trouble.
    pub fn open(
        launch: &'l dyn Launch,
        patience: Duration,
        strict: bool,
    ) -> Result<std::result::Result<Self, Broken>> {
        let mut peer = launch.start()?;
        Ok(
            greet(peer.as_mut(), patience, strict).map(|(declaration, hello)| Self {
                launch,
                peer: Some(peer),
                patience,
                strict,
                declaration,
                hello,
            }),
        )
    }

    /// What it said of itself.
    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// Its hello as it came.
    pub fn hello(&self) -> &str {
        &self.hello
    }

    /// The command that starts it.
    pub fn command(&self) -> String {
        self.launch.command()
    }

    /// Asks a case. The line that came is returned beside what it amounts to.
    pub fn ask(&mut self, case: &Case, posed: &Posed) -> (Answer, Option<String>) {
        let line = ToSubject::Case(Box::new(case.clone())).to_line();
        let Some(peer) = self.peer.as_mut() else {
            let why = "the conversation has ended".to_string();
            return (failed(Trouble::Crash, why), None);
        };
        match peer.ask(&line, self.patience) {
            Ok(line) => {
                let answer = read_answer(posed, &line, self.strict);
                (answer, Some(line))
            }
            Err(broken) => (failed(broken.trouble, broken.why), None),
        }
    }

    /// Asks for many values of a served map. A conversation that broke is begun anew for the next
    /// question, where it can be.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn evaluate(&mut self, id: &str, items: Vec<Eval>) -> Result<Vec<Vec<f64>>> {
        let count = items.len();
        let message = ToSubject::Evals(Evals {
            id: id.into(),
            items,
        });
        let Some(peer) = self.peer.as_mut() else {
            return Err(Error::input("the conversation has ended"));
        };
        let line = match peer.ask(&message.to_line(), self.patience) {
            Ok(line) => line,
            Err(broken) => {
                let _ = self.renew();
                let text = format!("{}: {}", broken.trouble.name(), broken.why);
                return Err(Error::input(text));
            }
        };
        let values = self.values(id, count, &line);
        if matches!(&values, Err((true, _))) {
            // What comes next might belong to this question still.
            let _ = self.renew();
        }
        values.map_err(|(_, e)| e)
    }

    /// The values that a line holds, or whether the conversation is out of step, and why.
    fn values(
        &self,
        id: &str,
        count: usize,
        line: &str,
    ) -> std::result::Result<Vec<Vec<f64>>, (bool, Error)> {
        let broken = |text: String| {
            let text = format!("{text}; it said {:?}", start(line));
            (true, Error::input(text))
        };
        let message = parse_from_subject(line).map_err(|e| broken(format!("malformed: {e}")))?;
        known(line, &message, self.strict).map_err(|why| broken(format!("malformed: {why}")))?;
        let floats = |row: &Vec<Number>| -> Vec<f64> { row.iter().map(|x| x.0).collect() };
        match message {
            FromSubject::Values(values) if values.id == id && values.values.len() == count => {
                Ok(values.values.iter().map(floats).collect())
            }
            FromSubject::Value(value) if value.id == id && count == 1 => {
                Ok(vec![floats(&value.value)])
            }
            FromSubject::Values(values) if values.id == id => {
                let got = values.values.len();
                Err(broken(format!("{got} values for {count} evaluations")))
            }
            FromSubject::Error(error) => {
                let text: String = error.message.chars().take(400).collect();
                Err((false, Error::input(format!("it says {text:?}"))))
            }
            _ => Err(broken("out of order".into())),
        }
    }

    /// Ends the conversation and starts another, with a fresh process. `false` where there is no
    /// other one, or it does not say hello.
    pub fn renew(&mut self) -> bool {
        if !self.launch.restarts() {
            return false;
        }
        self.stop();
        let Ok(mut peer) = self.launch.start() else {
            return false;
        };
        let greeted = greet(peer.as_mut(), self.patience, self.strict).is_ok();
        self.peer = greeted.then_some(peer);
        greeted
    }

    /// Whether nothing can be asked any more after this trouble.
    pub fn is_over(&self, trouble: Trouble) -> bool {
        self.peer.is_none() || matches!(trouble, Trouble::Crash | Trouble::Hang)
    }

    /// Says goodbye.
    pub fn stop(&mut self) {
        if let Some(mut peer) = self.peer.take() {
            peer.stop(&ToSubject::Stop(Stop {}).to_line());
        }
    }
}

fn greet(
    peer: &mut dyn Peer,
    patience: Duration,
    strict: bool,
) -> std::result::Result<(Declaration, String), Broken> {
    let hello = ToSubject::Hello(HelloToSubject::new(PROTOCOL)).to_line();
    let line = peer.ask(&hello, patience.max(FIRST_PATIENCE))?;
    let malformed = |why: String| Broken {
        trouble: Trouble::Malformed,
        why: format!("{why}; it said {:?}", start(&line)),
    };
    let message = parse_from_subject(&line).map_err(|e| malformed(e.to_string()))?;
    let FromSubject::Hello(said) = &message else {
        return Err(malformed("the answer to hello is no hello".into()));
    };
    known(&line, &message, strict).map_err(malformed)?;
    let declaration = Declaration::of(said).map_err(|e| malformed(e.to_string()))?;
    Ok((declaration, line))
}

fn known(line: &str, message: &FromSubject, strict: bool) -> std::result::Result<(), String> {
    if !strict {
        return Ok(());
    }
    // Numbers that are none, or a depth that nobody reads, may hide in fields that are passed over.
    if let Err(e) = serde_json::from_str::<serde_json::Value>(line) {
        return Err(format!("not valid JSON: {e}"));
    }
    match unknown_fields(line, &message.to_line()).first() {
        Some(field) => Err(format!("field `{field}`: not in the protocol")),
        None => Ok(()),
    }
}

/// The first characters of a line, for a message.
fn start(line: &str) -> String {
    const SHOWN: usize = 120;
    let mut text: String = line.chars().take(SHOWN).collect();
    if line.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}

fn failed(trouble: Trouble, why: String) -> Answer {
    Answer::without(Status::Failed { trouble, why })
}

/// Names stand in every question and in the ids of verdicts.
fn named_once(maps: Vec<ServedMap>) -> Result<Vec<ServedMap>> {
    let is_name =
        |name: &str| (1..=LONGEST_ID).contains(&name.len()) && !name.contains(char::is_control);
    if let Some(n) = maps.iter().position(|m| !is_name(&m.name)) {
        let text = format!("must have 1 to {LONGEST_ID} bytes without control characters");
        return Err(Error::input(text).in_field(format!("maps[{n}].name")));
    }
    let mut seen = BTreeSet::new();
    if let Some(n) = maps.iter().position(|m| !seen.insert(&m.name)) {
        let text = format!("another map is called {:?}", maps[n].name);
        return Err(Error::input(text).in_field(format!("maps[{n}].name")));
    }
    Ok(maps)
}

/// What a line amounts to as the answer to a case.
pub fn read_answer(posed: &Posed, line: &str, strict: bool) -> Answer {
    let malformed = |why: String| {
        failed(
            Trouble::Malformed,
            format!("{why}; it said {:?}", start(line)),
        )
    };
    let message = match parse_from_subject(line) {
        Ok(message) => message,
        Err(e) => return malformed(e.to_string()),
    };
    if let Err(why) = known(line, &message, strict) {
        return malformed(why);
    }
    let id = message.id().unwrap_or_default();
    let unnamed = matches!(&message, FromSubject::Error(e) if e.id.is_empty());
    if id != posed.id && !unnamed {
        let text = format!("asked {:?}, it answered {:?}", posed.id, start(line));
        return failed(Trouble::OutOfOrder, text);
    }
    match message {
        FromSubject::Result(result) => estimates(posed, &result),
        FromSubject::Skipped(skipped) => Answer::without(Status::Skipped(plain(&skipped.reason))),
        FromSubject::Error(error) => {
            let text: String = error.message.chars().take(400).collect();
            let shown: String = text
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            failed(Trouble::Error, format!("it says {shown:?}"))
        }
        _ => failed(
            Trouble::OutOfOrder,
            format!("no answer to a case: {}", start(line)),
        ),
    }
}

fn estimates(posed: &Posed, result: &crate::wire::Result) -> Answer {
    let dims = posed.instance.map.dims();
    let wrong = |text: String| failed(Trouble::WrongShape, text);
    let status = match result.status.as_deref() {
        None | Some("ok") => Status::Completed,
        Some("not-converged") => Status::NotConverged {
            step: posed.steps.last().copied().unwrap_or(0),
        },
        Some(other) => {
            let text = format!("status must be ok or not-converged, got {:?}", plain(other));
            return failed(Trouble::Malformed, text);
        }
    };
    if result.estimates.len() != posed.steps.len() {
        return wrong(format!(
            "{} estimates for {} steps",
            result.estimates.len(),
            posed.steps.len()
        ));
    }
    let mut out = Vec::new();
    for (estimate, step) in result.estimates.iter().zip(&posed.steps) {
        let (rows, shape) = estimate.shape();
        let want = if posed.method.is_reverse() {
            (dims.lambda, 1)
        } else {
            (dims.w, dims.lambda)
        };
        let Some(matrix) = rows.filter(|_| shape == want) else {
            let [want, got] = [want, shape].map(|(rows, columns)| match columns {
                1 => format!("{rows} numbers"),
                _ => format!("{rows} rows of {columns} numbers"),
            });
            return wrong(format!("expected {want} at step {step}, got {got}"));
        };
        if let Some(v) = matrix.iter().find(|v| !v.is_finite()) {
            let text = format!("an entry of the estimate at step {step} is {v}");
            return failed(Trouble::NonFinite, text);
        }
        out.push(matrix);
    }
    Answer {
        estimates: out,
        cost: Default::default(),
        status,
    }
}

/// An estimate as a matrix, with its shape as (rows, columns); rows of unequal length have no
/// matrix.
trait Shaped {
    fn shape(&self) -> (Option<Matrix>, (usize, usize));
}

impl Shaped for crate::wire::Estimate {
    fn shape(&self) -> (Option<Matrix>, (usize, usize)) {
        match self {
            Self::Vector(v) => {
                let entries: Vec<f64> = v.iter().map(|x| x.0).collect();
                (Some(Matrix::from_vec(v.len(), 1, entries)), (v.len(), 1))
            }
            Self::Matrix(rows) => {
                let columns = rows.first().map_or(0, Vec::len);
                let entries: Vec<f64> = rows.iter().flatten().map(|x| x.0).collect();
                let even = rows.iter().all(|r| r.len() == columns);
                let matrix = even.then(|| Matrix::from_row_slice(rows.len(), columns, &entries));
                (matrix, (rows.len(), columns))
            }
        }
    }
}
