//! The answering side, for implementations written in Rust.

use std::io::{BufRead, Read, Write};

use super::case::Case as Message;
use super::message::{
    Error as ErrorMessage, Estimate, FromSubject, HelloFromSubject, Result as ResultMessage,
    Skipped, ToSubject, Value, Values, parse_to_subject,
};
use super::number::{Number, Row, row};
use super::posed::{METHODS, Posed};
use super::served::{Eval, ServedMap};
use super::{MOST_BYTES, PROTOCOL, Problem};
use crate::case::{Answer, Factory, Implementation, Method, Status};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::served::{self, ServedSpec};
use crate::tol::Roundoff;

/// Answers the messages of ratecert with the implementations of a factory: one object a method,
/// kept from case to case.
///
/// ```
/// use ratecert::methods::Ours;
/// use ratecert::wire::Server;
///
/// let mut server = Server::new(&Ours, "mine", "1.0");
/// let answer = server.answer(r#"{"type":"hello","protocol":1}"#).expect("an answer");
/// assert!(answer.starts_with(r#"{"type":"hello","protocol":1,"name":"mine""#));
/// ```
pub struct Server<'f> {
    factory: &'f dyn Factory,
    hello: HelloFromSubject,
    made: Vec<(Method, Box<dyn Implementation + 'f>)>,
    maps: Vec<(String, Box<dyn served::ServedMap + 'f>)>,
}

impl<'f> Server<'f> {
    /// Of a factory, which does all methods and families.
    pub fn new(factory: &'f dyn Factory, name: &str, version: &str) -> Self {
        let single = factory.roundoff() == Roundoff::SINGLE;
        let hello = HelloFromSubject {
            protocol: PROTOCOL,
            name: name.into(),
            version: version.into(),
            methods: METHODS.map(Into::into).into(),
            problems: Problem::KINDS.map(Into::into).into(),
            dtype: single.then(|| "f32".into()),
            jacobian: Some(true),
            path: Some(true),
            solver_tolerance: Some(Number(0.0)),
            ..HelloFromSubject::default()
        };
        Self {
            factory,
            hello,
            made: Vec::new(),
            maps: Vec::new(),
        }
    }

    /// The same with another hello: fewer methods or families, tolerances.
    #[must_use]
    pub fn saying(mut self, change: impl FnOnce(&mut HelloFromSubject)) -> Self {
        change(&mut self.hello);
        self
    }

    /// The same with a map of its own.
    #[must_use]
    pub fn serving(mut self, spec: &ServedSpec, map: impl served::ServedMap + 'f) -> Self {
        let announced = self.hello.maps.get_or_insert_default();
        announced.push(ServedMap::of(spec));
        self.maps.push((spec.name.clone(), Box::new(map)));
        self
    }

    /// The answer to one line; `None` after "stop".
    pub fn answer(&mut self, line: &str) -> Option<String> {
        let reply = match parse_to_subject(line) {
            Ok(ToSubject::Hello(_)) => FromSubject::Hello(Box::new(self.hello.clone())),
            Ok(ToSubject::Case(message)) => self.case(&message),
            Ok(ToSubject::Stop(_)) => return None,
            Ok(ToSubject::Eval(eval)) => {
                let id = eval.id.clone().unwrap_or_default();
                match self.values(std::slice::from_ref(&*eval)) {
                    Ok(mut values) => FromSubject::Value(Value {
                        id,
                        value: values.pop().unwrap_or_default(),
                    }),
                    Err(e) => refused(id, &e.to_string()),
                }
            }
            Ok(ToSubject::Evals(evals)) => match self.values(&evals.items) {
                Ok(values) => FromSubject::Values(Values {
                    id: evals.id,
                    values,
                }),
                Err(e) => refused(evals.id, &e.to_string()),
            },
            Err(e) => refused(String::new(), &e.to_string()),
        };
        Some(reply.to_line())
    }

    /// Answers until "stop" or the end of the input.
    ///
    /// # Errors
    /// When a line cannot be read or written, or is longer than a message may be.
    pub fn serve(&mut self, mut input: impl BufRead, mut output: impl Write) -> Result<()> {
        let io = |e: std::io::Error| Error::io("the conversation", &e);
        let mut line = String::new();
        loop {
            line.clear();
            let read = Read::take(&mut input, MOST_BYTES as u64).read_line(&mut line);
            match read.map_err(io)? {
                0 => return Ok(()),
                _ if !line.ends_with('\n') && line.len() >= MOST_BYTES => {
                    return Err(Error::input("a message is too long"));
                }
                _ => {}
            }
            let Some(answer) = self.answer(line.trim_end()) else {
                return Ok(());
            };
            writeln!(output, "{answer}").map_err(io)?;
            output.flush().map_err(io)?;
        }
    }

    fn values(&mut self, items: &[Eval]) -> Result<Vec<Row>> {
        let mut out = Vec::new();
        for item in items {
            let found = self.maps.iter_mut().find(|(name, _)| *name == item.map);
            let Some((_, map)) = found else {
                return Err(Error::input("there is no such map").in_field("map"));
            };
            let values = map.eval(&[item.evaluation()?])?;
            out.extend(values.iter().map(|v| row(v)));
        }
        Ok(out)
    }

    fn case(&mut self, message: &Message) -> FromSubject {
        let posed = match Posed::of(message) {
            Ok(posed) => posed,
            Err(e) => return refused(message.id.clone(), &e.to_string()),
        };
        let at = self.made.iter().position(|(m, _)| *m == posed.method);
        let n = match at {
            Some(n) => n,
            None => match self.factory.make(posed.method) {
                Ok(made) => {
                    self.made.push((posed.method, made));
                    self.made.len() - 1
                }
                Err(e) => return refused(message.id.clone(), &e.to_string()),
            },
        };
        let answer = self.made[n].1.run(&posed.case());
        written(posed.id.clone(), &posed, &answer)
    }
}

fn refused(id: String, why: &str) -> FromSubject {
    FromSubject::Error(ErrorMessage {
        id,
        message: why.into(),
    })
}

/// The message of an answer. A run that left every range hands out infinities where it has nothing:
/// the protocol has no other word for it.
fn written(id: String, posed: &Posed, answer: &Answer) -> FromSubject {
    let status = match &answer.status {
        Status::Skipped(why) => {
            return FromSubject::Skipped(Skipped {
                id,
                reason: why.clone(),
            });
        }
        Status::Failed { why, .. } => return refused(id, why),
        Status::NotConverged { .. } => Some("not-converged".to_string()),
        _ => None,
    };
    let dims = posed.instance.map.dims();
    let shape = if posed.method.is_reverse() {
        (dims.lambda, 1)
    } else {
        (dims.w, dims.lambda)
    };
    let nothing = match answer.status {
        Status::NotANumber { .. } => f64::NAN,
        _ => f64::INFINITY,
    };
    let missing = Matrix::from_element(shape.0, shape.1, nothing);
    let all = (0..posed.steps.len()).map(|n| answer.estimates.get(n).unwrap_or(&missing));
    let estimate = |m: &Matrix| {
        if posed.method.is_reverse() {
            Estimate::Vector(row(m.as_slice()))
        } else {
            Estimate::Matrix(super::number::rows(m))
        }
    };
    FromSubject::Result(ResultMessage {
        id,
        estimates: all.map(estimate).collect(),
        status,
    })
}
