//! A case message as a case, with the instance that it speaks of.

use super::case::{Case as Message, Objective as ObjectiveMessage};
use super::number::{Number, floats, matrix, row, rows, vector};
use super::problem::{Problem, Sigma};
use super::{LARGEST_STEP, LONGEST_ID, MOST_STEPS};
use crate::case::{Algorithm, At, Batches, Case, Method, Samples, Target};
use crate::error::{Error, Result};
use crate::evidence::{Declared, Evidence, Given, Request, Sequence, Where};
use crate::instances::{Instance, Kind, Sizes, Spec, check_run, check_sizes, moderate};
use crate::linalg::product::norm2;
use crate::objectives::{HoldOut, Objective};
use crate::tol::{COTANGENT_RANGE, Roundoff};

/// A case that came as a message: everything it lends, owned.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Posed {
    /// The id of the message.
    pub id: String,
    /// The method in the mode in which it is asked.
    pub method: Method,
    /// Φ, λ, the start or the point, y, E and the sizes of minibatches.
    pub instance: Instance,
    /// The steps; for `implicit` none are sent, and one estimate is wanted.
    pub steps: Vec<usize>,
    /// Points given to ITD.
    pub path: Option<Vec<Vec<f64>>>,
    /// Indices and step sizes of NSID and SID.
    pub samples: Option<Given>,
    /// `implicit` finds its own fixed point.
    pub own: bool,
}

impl Posed {
    /// Reads a message.
    ///
    /// # Errors
    /// Names the field: an unknown method, shapes that do not fit, entries that are not finite or
    /// out of range, fields that are missing or belong to other methods.
    pub fn of(message: &Message) -> Result<Self> {
        let m = message;
        check_id(&m.id)?;
        let hypergradient = m.method == "hypergradient";
        let method = m.asks()?;
        let algorithm = method.algorithm;
        check_sizes(m.problem.dim(), m.lambda.len()).map_err(|e| e.in_field("problem"))?;
        moderate("lambda", &floats(&m.lambda))?;
        m.problem
            .check_moderate()
            .map_err(|e| e.in_field("problem"))?;
        let map = m.problem.map(method.is_stochastic());
        let map = map.map_err(|e| e.in_field("problem"))?;
        let mut instance = Instance::new(map, floats(&m.lambda))?;
        instance.spec = Spec {
            params: m.lambda.len(),
            ..Spec::typical(
                alike(&m.problem, method.is_stochastic()),
                m.problem.dim().max(1),
            )
        };
        let (start, own) = start(m, algorithm)?;
        instance.start = start;
        let field = match (&m.w, &m.w0) {
            (Some(_), _) => "w",
            (None, Some(_)) => "w0",
            (None, None) => "path[0]",
        };
        instance.map.check_w(field, &instance.start)?;
        moderate(field, &instance.start)?;
        let path: Option<Vec<Vec<f64>>> =
            { m.path.as_ref() }.map(|p| p.iter().map(|w| floats(w)).collect());
        for (t, w) in path.iter().flatten().enumerate() {
            moderate(&format!("path[{t}]"), w)?;
        }
        if let Some(samples) = samples(m, method)? {
            instance.samples = Some(Sizes::new(
                samples.linear.size(),
                samples.inner.size(),
                samples.inner.len(),
            ));
            let population = instance.map.samples().map_or(0, |s| s.inner().population());
            in_population("inner_samples", &samples.inner, population)?;
            in_population("samples", &samples.linear, population)?;
            return Self::finished(m, method, instance, path, Some(samples), own);
        }
        if hypergradient {
            let Some(objective) = &m.objective else {
                return Err(Error::input("is missing").in_field("objective"));
            };
            instance.objective = Some(read_objective(objective)?);
        } else if m.objective.is_some() {
            return Err(Error::input("belongs to hypergradients").in_field("objective"));
        }
        Self::finished(m, method, instance, path, None, own)
    }

    fn finished(
        m: &Message,
        method: Method,
        mut instance: Instance,
        mut path: Option<Vec<Vec<f64>>>,
        samples: Option<Given>,
        own: bool,
    ) -> Result<Self> {
        match (&m.cotangent, method.is_reverse(), &instance.objective) {
            (Some(y), true, None) => {
                instance.cotangent = floats(y);
                instance.map.check_w("cotangent", &instance.cotangent)?;
                in_range(&instance.cotangent)?;
            }
            (None, true, Some(_)) | (None, false, _) => {}
            (None, true, None) => return Err(Error::input("is missing").in_field("cotangent")),
            (Some(_), _, _) => {
                let text = "belongs to cases that ask for Dᵀy";
                return Err(Error::input(text).in_field("cotangent"));
            }
        }
        let steps = match (&m.steps, method.algorithm) {
            (None, Algorithm::Implicit) => vec![0],
            (Some(_), Algorithm::Implicit) => {
                return Err(Error::input("implicit has no steps").in_field("steps"));
            }
            (Some(steps), _) => steps.clone(),
            (None, _) => return Err(Error::input("is missing").in_field("steps")),
        };
        if steps.is_empty() || steps.len() > MOST_STEPS {
            let text = format!("1 to {MOST_STEPS} are allowed, got {}", steps.len());
            return Err(Error::input(text).in_field("steps"));
        }
        if let Some(k) = steps.iter().position(|k| *k > LARGEST_STEP) {
            let text = format!("at most {LARGEST_STEP}, got {}", steps[k]);
            return Err(Error::input(text).in_field(format!("steps[{k}]")));
        }
        let last = steps.iter().copied().max().unwrap_or(0);
        let dims = instance.map.dims();
        check_run(dims.w, dims.lambda, last).map_err(|e| e.in_field("steps"))?;
        if let Some(path) = &mut path {
            // What lies beyond the last step is not asked about.
            path.truncate(last + 1);
        }
        let posed = Self {
            id: m.id.clone(),
            method,
            instance,
            steps,
            path,
            samples,
            own,
        };
        posed.case().validate()?;
        Ok(posed)
    }

    /// The case that a method is asked.
    pub fn case(&self) -> Case<'_> {
        let i = &self.instance;
        let at = match &self.path {
            Some(path) => At::Path(path),
            None if self.method.is_aid() && !self.own => At::Point(&i.start),
            None => At::Start(&i.start),
        };
        let algorithm = self.method.algorithm;
        let case = Case::new(algorithm, &i.map, &i.lambda, at, self.target(), &self.steps);
        match &self.samples {
            None => case,
            Some(given) => case.with_samples(Samples::new(&given.inner, &given.linear, &given.eta)),
        }
    }

    fn target(&self) -> Target<'_> {
        match &self.instance.objective {
            Some(objective) => Target::Hypergradient(objective),
            None if self.method.is_reverse() => Target::Cotangent(&self.instance.cotangent),
            None => Target::Jacobian,
        }
    }

    /// What is exactly known of it, for an implementation that computes with this unit roundoff and
    /// says this of its accuracy.
    pub fn evidence(&self, u: Roundoff, declared: Declared) -> Evidence<'_> {
        let last = self.steps.last().copied().unwrap_or(0);
        let evidence = Evidence::new(&self.instance, self.method, last)
            .targeting(self.target())
            .in_roundoff(u)
            .declaring(declared);
        match (&self.path, &self.samples) {
            (Some(path), _) => evidence.along(path.clone()),
            (None, Some(given)) => evidence.sampling(given.clone()),
            (None, None) => evidence,
        }
    }

    /// The run that it asks for.
    pub fn request(&self) -> Request {
        let at = match self.method.algorithm {
            Algorithm::Itd => Where::Start,
            Algorithm::Nsid | Algorithm::Sid => Where::Own,
            _ if self.own => Where::Start,
            // The point given is the start of the exact run.
            _ => Where::Iterate(0),
        };
        Request {
            sequence: self.samples.as_ref().map(|_| Sequence::EXPLICIT),
            ..Request::new(at, self.steps.clone())
        }
    }
}

/// The methods by the names of the protocol.
pub(crate) const METHODS: [&str; 7] = [
    "itd",
    "aid-fp",
    "aid-cg",
    "implicit",
    "nsid",
    "sid",
    "hypergradient",
];

/// The kind of drawn instances that are most like a problem: what verdicts on it say.
fn alike(problem: &Problem, samples: bool) -> Kind {
    match problem {
        Problem::Affine { .. } => Kind::AffineNonNormal,
        Problem::Layer { activation, .. } => match activation {
            Sigma::Relu => Kind::LayerRelu,
            Sigma::Abs => Kind::LayerAbs,
            Sigma::LeakyRelu => Kind::LayerLeakyRelu,
            Sigma::Tanh => Kind::LayerTanh,
        },
        Problem::ElasticNet { .. } if samples => Kind::SumElasticNet,
        Problem::ElasticNet { .. } => Kind::ElasticNet,
        Problem::QuadraticProgram { .. } => Kind::QuadraticProgram,
        Problem::Bilinear { .. } => Kind::Bilinear,
    }
}

/// The start or the point, and whether the implementation finds its own.
fn start(m: &Message, algorithm: Algorithm) -> Result<(Vec<f64>, bool)> {
    let alone = |field: &str, others: [bool; 2]| {
        if others.contains(&true) {
            let text = "only one of w0, w and path is asked for";
            return Err(Error::input(text).in_field(field));
        }
        Ok(())
    };
    match (algorithm, &m.w0, &m.w, &m.path) {
        (Algorithm::Itd, Some(w0), w, path) => {
            alone("w0", [w.is_some(), path.is_some()])?;
            Ok((floats(w0), false))
        }
        (Algorithm::Itd, None, w, Some(path)) => {
            alone("path", [w.is_some(), false])?;
            let first = path.first().map(|w| floats(w));
            let first = first.ok_or_else(|| Error::input("is empty").in_field("path"))?;
            Ok((first, false))
        }
        (Algorithm::Itd, None, _, None) => Err(Error::input("is missing").in_field("w0")),
        (Algorithm::Implicit, Some(w0), None, None) => Ok((floats(w0), true)),
        (_, w0, Some(w), path) => {
            alone("w", [w0.is_some(), path.is_some()])?;
            Ok((floats(w), false))
        }
        (_, _, None, _) => Err(Error::input("is missing").in_field("w")),
    }
}

fn samples(m: &Message, method: Method) -> Result<Option<Given>> {
    let given = [
        ("inner_samples", m.inner_samples.is_some()),
        ("samples", m.samples.is_some()),
        ("step_sizes", m.step_sizes.is_some()),
    ];
    if let Some((field, _)) = given.iter().find(|g| g.1 != method.is_stochastic()) {
        let text = if method.is_stochastic() {
            "is missing"
        } else {
            "belongs to nsid and sid"
        };
        return Err(Error::input(text).in_field(*field));
    }
    let (Some(inner), Some(linear), Some(eta)) = (&m.inner_samples, &m.samples, &m.step_sizes)
    else {
        return Ok(None);
    };
    let eta = floats(eta);
    if let Some(k) = eta.iter().position(|v| !v.is_finite()) {
        let text = format!("must be finite, got {}", eta[k]);
        return Err(Error::input(text).in_field(format!("step_sizes[{k}]")));
    }
    Ok(Some(Given {
        inner: Batches::new(inner).map_err(|e| e.in_field("inner_samples"))?,
        linear: Batches::new(linear).map_err(|e| e.in_field("samples"))?,
        objective: None,
        eta,
    }))
}

fn in_population(field: &str, batches: &Batches, population: usize) -> Result<()> {
    let outside = batches.flat().iter().position(|i| *i >= population);
    match outside {
        None => Ok(()),
        Some(k) => {
            let (batch, at) = (k / batches.size(), k % batches.size());
            let text = format!(
                "there are {population} rows, got index {}",
                batches.flat()[k]
            );
            Err(Error::input(text).in_field(format!("{field}[{batch}][{at}]")))
        }
    }
}

/// An id becomes part of the ids of verdicts, which stand on terminals and in commands.
///
/// # Errors
/// Says what it may hold.
fn check_id(id: &str) -> Result<()> {
    let plain = |c: char| !(c.is_control() || c.is_whitespace());
    if (1..=LONGEST_ID).contains(&id.len()) && id.chars().all(plain) {
        return Ok(());
    }
    let text = format!("must have 1 to {LONGEST_ID} bytes without blanks or control characters");
    Err(Error::input(text).in_field("id"))
}

/// Cotangents have a norm in [1e-100, 1e100], or are exactly 0.
fn in_range(y: &[f64]) -> Result<()> {
    let norm = norm2(y);
    let [least, most] = COTANGENT_RANGE;
    if norm == 0.0 || (least..=most).contains(&norm) {
        return Ok(());
    }
    let text = format!("has norm {norm:e}, outside [{least:e}, {most:e}] and not 0");
    Err(Error::input(text).in_field("cotangent"))
}

fn read_objective(message: &ObjectiveMessage) -> Result<Objective> {
    let ObjectiveMessage::LeastSquares { X, y, ridge } = message;
    Ok(Objective::LeastSquares(HoldOut {
        z: None,
        x: matrix("X", X).map_err(|e| e.in_field("objective"))?,
        y: vector(y),
        ridge: ridge.0,
    }))
}

impl Message {
    /// The method that is asked, in the mode in which it is.
    ///
    /// # Errors
    /// An unknown method, or one that does not give what is wanted.
    pub fn asks(&self) -> Result<Method> {
        let m = self;
        let named = |field: &str| {
            let inner = m.inner.as_deref().unwrap_or("");
            let text = format!("expected itd or aid-fp, got {inner:?}");
            Error::input(text).in_field(field)
        };
        let algorithm = match (m.method.as_str(), m.inner.as_deref()) {
            ("itd", _) | ("hypergradient", Some("itd")) => Algorithm::Itd,
            ("aid-fp", _) | ("hypergradient", Some("aid-fp")) => Algorithm::AidFp,
            ("hypergradient", _) => return Err(named("inner")),
            ("aid-cg", _) => Algorithm::AidCg,
            ("implicit", _) => Algorithm::Implicit,
            ("nsid", _) => Algorithm::Nsid,
            ("sid", _) => Algorithm::Sid,
            (other, _) => {
                let shown: String = other.chars().take(40).collect();
                let text = format!("unknown method {shown:?}; one of {}", METHODS.join(", "));
                return Err(Error::input(text).in_field("method"));
            }
        };
        let whole = match m.want.as_deref() {
            None => false,
            Some("jacobian") if m.method == "hypergradient" => {
                let text = "a hypergradient is a vector";
                return Err(Error::input(text).in_field("want"));
            }
            Some("jacobian") if matches!(algorithm, Algorithm::Itd | Algorithm::AidFp) => true,
            Some(other) => {
                let text = format!("{other:?} is not to be had of {}", m.method);
                return Err(Error::input(text).in_field("want"));
            }
        };
        Ok(match (algorithm, whole) {
            (Algorithm::Itd, false) => Method::ITD_REVERSE,
            (Algorithm::Itd, true) => Method::ITD,
            (Algorithm::AidFp, false) => Method::AID_FP,
            (Algorithm::AidFp, true) => Method::AID_FP_FORWARD,
            (Algorithm::AidCg, _) => Method::AID_CG,
            (Algorithm::Implicit, _) => Method::IMPLICIT,
            (Algorithm::Nsid, _) => Method::NSID,
            (Algorithm::Sid, _) => Method::SID,
        })
    }

    /// The message that asks a case; `None` where the protocol has no words for its problem or
    /// method.
    pub fn of(id: &str, case: &Case<'_>) -> Option<Self> {
        let (name, inner) = match (case.algorithm, case.target) {
            (Algorithm::Itd, Target::Hypergradient(_)) => ("hypergradient", Some("itd")),
            (Algorithm::AidFp, Target::Hypergradient(_)) => ("hypergradient", Some("aid-fp")),
            (_, Target::Hypergradient(_)) => return None,
            (Algorithm::Itd, _) => ("itd", None),
            (Algorithm::AidFp, _) => ("aid-fp", None),
            (Algorithm::AidCg, _) => ("aid-cg", None),
            (Algorithm::Implicit, _) => ("implicit", None),
            (Algorithm::Nsid, _) => ("nsid", None),
            (Algorithm::Sid, _) => ("sid", None),
        };
        let (w0, w, path) = match case.at {
            At::Start(w0) => (Some(row(w0)), None, None),
            At::Point(w) => (None, Some(row(w)), None),
            At::Path(path) => (None, None, Some(path.iter().map(|w| row(w)).collect())),
        };
        let (want, cotangent, objective) = match case.target {
            Target::Jacobian => (Some("jacobian".to_string()), None, None),
            Target::Cotangent(y) => (None, Some(row(y)), None),
            Target::Hypergradient(Objective::LeastSquares(o)) if o.z.is_none() => {
                let message = ObjectiveMessage::LeastSquares {
                    X: rows(&o.x),
                    y: row(o.y.as_slice()),
                    ridge: Number(o.ridge),
                };
                (None, None, Some(message))
            }
            // The protocol knows no other.
            Target::Hypergradient(_) => return None,
        };
        let lists = |b: &Batches| b.iter().map(<[usize]>::to_vec).collect::<Vec<_>>();
        let steps = (case.algorithm != Algorithm::Implicit).then(|| case.steps.to_vec());
        Some(Self {
            id: id.into(),
            method: name.into(),
            problem: Problem::of(case.map)?,
            lambda: row(case.lambda),
            w0,
            w,
            path,
            cotangent,
            want,
            steps,
            inner: inner.map(Into::into),
            objective,
            inner_samples: case.samples.map(|s| lists(s.inner)),
            samples: case.samples.map(|s| lists(s.linear)),
            step_sizes: case.samples.map(|s| row(s.eta)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ToSubject, parse_to_subject};
    use super::*;

    const ITD: &str = r#"{"type":"case","id":"a","method":"itd","problem":{"kind":"affine","A":[[0.5]],"B":[[1.0]],"c":[1.0]},"lambda":[0.0],"path":[[2.0],[1.0],[3.0]],"cotangent":[1.0],"steps":[0,1]}"#;

    fn posed(line: &str) -> Result<Posed> {
        match parse_to_subject(line)? {
            ToSubject::Case(case) => Posed::of(&case),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn points_beyond_the_last_step_are_left_out() {
        assert_eq!(posed(ITD).unwrap().path, Some(vec![vec![2.0], vec![1.0]]));
    }

    /// Products of what is let in are numbers.
    #[test]
    fn huge_numbers_are_refused_with_their_field() {
        for (from, to, field) in [
            ("[[0.5]]", "[[1e51]]", "field `problem.A[0][0]`: is 1e51"),
            (
                "\"lambda\":[0.0]",
                "\"lambda\":[1e101]",
                "field `lambda[0]`: is 1e101",
            ),
            ("[2.0]", "[-1e101]", "field `path[0][0]`: is -1e101"),
            (
                "[1.0],[3.0]",
                "[1e300],[3.0]",
                "field `path[1][0]`: is 1e300",
            ),
        ] {
            assert!(ITD.contains(from), "{from}");
            let said = posed(&ITD.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(said.starts_with(field), "{said}");
        }
    }

    /// A line of a megabyte must not ask for gigabytes.
    #[test]
    fn runs_too_large_to_be_held_are_refused() {
        let (lambda, b) = (vec!["0"; 50_000].join(","), vec!["1"; 50_000].join(","));
        let asked = |steps: &str| {
            let line = ITD.replacen("[[1.0]]", &format!("[[{b}]]"), 1);
            let line = line.replacen("\"lambda\":[0.0]", &format!("\"lambda\":[{lambda}]"), 1);
            let line = line.replacen("\"path\":[[2.0],[1.0],[3.0]]", "\"w0\":[2.0]", 1);
            posed(&line.replacen("[0,1]", steps, 1))
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        assert_eq!(asked("[0,999]"), Ok(()));
        let said = asked("[0,1000]").unwrap_err();
        assert!(
            said.contains("field `steps`: an exact run of 1000 steps"),
            "{said}"
        );
    }

    #[test]
    fn a_type_is_a_text_and_stands_there_once() {
        for (line, expected) in [
            ("[1]", "expected a JSON object"),
            (
                "{\"a\":",
                "not valid JSON: EOF while parsing a value at character 5",
            ),
            ("{\"type\":1}", "field `type`: must be a string"),
            ("{\"a\":{}}", "field `type`: is missing"),
            (
                "{\"type\":\"stop\",\"type\":\"stop\"}",
                "field `type`: stands there twice",
            ),
        ] {
            assert_eq!(parse_to_subject(line).unwrap_err().to_string(), expected);
        }
    }
}
