//! The exact answers to fixed cases: the formulas in double-double arithmetic straight from the
//! data, rounded once, and looked at a second way.

use crate::case::{Algorithm, Factory, Target};
use crate::checks::Ruling;
use crate::claims::conformance;
use crate::error::{Error, Result};
use crate::evidence::{Declared, Evidence, Request, Run, Where};
use crate::judge::answered;
use crate::linalg::Dd;
use crate::linalg::product::norm2;
use crate::maps::Tie;
use crate::methods::Ours;
use crate::objectives::{Objective, Rows};
use crate::tol::{CHECKED_STEPS, CHECKED_UNKNOWNS, DD_AGREES, Roundoff, UNIT, VECTOR_TIES};
use crate::truth::kinks::Kinks;
use crate::truth::reference::{self, Columns, Given, Itd, Naive, Rational, Scalar, Seed, aid_fp};
use crate::wire::Posed;

/// The exact estimates of a case, one list of numbers per step (D by rows where D is wanted).
#[derive(Clone, Debug)]
pub(super) struct Exact {
    /// Rounded once.
    pub estimates: Vec<Vec<f64>>,
    /// ‖estimate - exact‖, at most.
    pub error: Vec<f64>,
    /// How far a correct binary64 implementation may be from the exact estimates.
    pub floor: Vec<f64>,
    /// How far any selection at ties may be from them besides; 0 where there is no tie.
    pub radius: Vec<f64>,
    /// The same with weights ½ and 1 at ties, where there are any.
    pub others: Vec<(f64, Vec<Vec<f64>>)>,
    /// Steps whose estimates agree with rationals to the last digit of double-double arithmetic.
    pub rational: bool,
}

/// w and D at a step.
type State<T> = (Vec<T>, Columns<T>);

/// # Errors
/// When it cannot be computed, or the two ways disagree.
pub(super) fn exact(posed: &Posed) -> Result<Exact> {
    let lost = || Error::input("has no exact answer");
    let estimates = images(posed, 0.0).ok_or_else(lost)?;
    let evidence = posed.evidence(Roundoff::DOUBLE, Declared::default());
    let rounded: Vec<Vec<f64>> = estimates.iter().map(|e| round(e)).collect();
    let (floor, radius) = allowed(posed, &evidence, &rounded).ok_or_else(lost)?;
    let tie = radius.iter().any(|r| *r > 0.0);
    let mut others = Vec::new();
    if tie {
        for weight in VECTOR_TIES {
            let other = images(posed, weight).ok_or_else(lost)?;
            others.push((weight, other.iter().map(|e| round(e)).collect()));
        }
    }
    let error = rounded.iter().map(|e| rounded_up(UNIT * norm2(e) * 1.01));
    let exact = Exact {
        error: error.collect(),
        floor: floor.into_iter().map(rounded_up).collect(),
        radius: radius.into_iter().map(rounded_up).collect(),
        rational: agrees_with_rationals(posed, &estimates)?,
        estimates: rounded,
        others,
    };
    passes_in_binary64(posed)?;
    Ok(exact)
}

/// Two significant digits, rounded up: certified norms may differ in their last bits between
/// machines, and vectors must not.
fn rounded_up(x: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    let scale = libm::pow(10.0, libm::floor(libm::log10(x)) - 1.0);
    let digits = (x / scale * 1.02).ceil();
    format!("{:e}", digits * scale)
        .parse::<f64>()
        .ok()
        .map_or(x, shortest)
}

/// The nearest number with two significant digits.
fn shortest(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}

fn round(exact: &[Dd]) -> Vec<f64> {
    // No negative zeros: they would be another number for a reader of text.
    exact.iter().map(|v| v.hi() + 0.0).collect()
}

/// What is seen of the exact states, with this weight at ties.
fn images(posed: &Posed, tie: f64) -> Option<Vec<Vec<Dd>>> {
    if let Some(given) = &posed.samples {
        let i = &posed.instance;
        let run = Given {
            map: i.map.samples()?,
            lambda: &i.lambda,
            w: &i.start,
            seed: Seed::new(&i.cotangent, None),
            inner: given.inner.iter().collect(),
            samples: given.linear.iter().collect(),
            eta: &given.eta,
            steps: &posed.steps,
            sid: posed.method.algorithm == Algorithm::Sid,
            u: Roundoff::DOUBLE,
        }
        .run();
        return (run.comparable == posed.steps.len()).then_some(run.estimates);
    }
    let states = states::<Dd>(posed, tie)?;
    Some(states.iter().map(|s| image(posed, s)).collect())
}

fn image(posed: &Posed, (w, d): &State<Dd>) -> Vec<Dd> {
    let i = &posed.instance;
    match posed.case().target {
        Target::Jacobian => by_rows(d),
        Target::Cotangent(y) => through(d, y.iter().map(|v| Dd::from(*v)).collect()),
        Target::Hypergradient(objective) => {
            let objective: &Objective = objective;
            let [seed, direct] = objective.gradients_exactly(w, &i.lambda, Rows::All);
            let image = through(d, seed);
            image.iter().zip(&direct).map(|(a, b)| *a + *b).collect()
        }
    }
}

fn by_rows<T: Scalar>(d: &Columns<T>) -> Vec<T> {
    let rows = d.first().map_or(0, Vec::len);
    let row = |i: usize| d.iter().map(move |column| column[i].clone());
    (0..rows).flat_map(row).collect()
}

/// Dᵀy.
fn through<T: Scalar>(d: &Columns<T>, y: Vec<T>) -> Vec<T> {
    let dot = |column: &Vec<T>| {
        let products = column.iter().zip(&y).map(|(a, b)| a.clone() * b.clone());
        products.fold(T::exactly(0.0), |sum, p| sum + p)
    };
    d.iter().map(dot).collect()
}

/// (w, D) at every step wanted.
fn states<T: Scalar>(posed: &Posed, tie: f64) -> Option<Vec<State<T>>> {
    let i = &posed.instance;
    let naive: Naive<T> = Naive::new(i.map.problem(), &i.lambda);
    let mut tie = Tie::Weight(tie);
    let last = posed.steps.last().copied().unwrap_or(0);
    match posed.method.algorithm {
        Algorithm::Itd => {
            let mut run = Itd::start(&naive, &i.start);
            let mut out = Vec::new();
            for t in 0..=last {
                if let Some(w) = posed.path.as_ref().and_then(|p| p.get(t)) {
                    run.w = w.iter().map(|v| T::exactly(*v)).collect();
                }
                if posed.steps.contains(&t) {
                    out.push((run.w.clone(), run.d.clone()));
                }
                if t < last {
                    run.step(&mut tie)?;
                }
            }
            Some(out)
        }
        Algorithm::AidFp => {
            let w: Vec<T> = i.start.iter().map(|v| T::exactly(*v)).collect();
            let point = naive.at(&w, &mut tie)?;
            let mut out = Vec::new();
            aid_fp(&naive, &point, last, |k, d| {
                if posed.steps.contains(&k) {
                    out.push((w.clone(), d.clone()));
                }
            });
            Some(out)
        }
        _ => {
            let w: Vec<T> = match posed.own {
                true => own(posed)?,
                false => i.start.iter().map(|v| T::exactly(*v)).collect(),
            };
            let point = naive.at(&w, &mut tie)?;
            let mut system = naive.jacobian_w(&point);
            for (j, column) in system.iter_mut().enumerate() {
                for (i, v) in column.iter_mut().enumerate() {
                    let one = T::exactly(f64::from(u8::from(i == j)));
                    *v = one - v.clone();
                }
            }
            let (_, m) = naive.dims();
            let rhs = (0..m).map(|j| naive.column(&point, j)).collect();
            let d = reference::solve(&system, &rhs)?;
            Some(vec![(w, d); posed.steps.len()])
        }
    }
}

/// w(λ): in rationals where the map is piecewise affine, else in double-double arithmetic.
fn own<T: Scalar>(posed: &Posed) -> Option<Vec<T>> {
    let evidence = posed.evidence(Roundoff::DOUBLE, Declared::default());
    let exact = evidence.exact().ok()?;
    let parts = |hi: f64, lo: f64| T::exactly(hi) + T::exactly(lo);
    if let Some(kinks) = Kinks::solve(&exact.truth) {
        let part = |v: &Rational| {
            let hi = v.to_f64();
            parts(hi, (v - Rational::exactly(hi)).to_f64())
        };
        return Some(kinks.w.iter().map(part).collect());
    }
    let found = &exact.truth.fixed_point;
    let both = found.w.iter().zip(found.rest.iter());
    Some(both.map(|(hi, lo)| parts(*hi, *lo)).collect())
}

/// The floor of a correct binary64 implementation and what selections at ties may add, in the
/// units of the estimates.
fn allowed(
    posed: &Posed,
    evidence: &Evidence<'_>,
    rounded: &[Vec<f64>],
) -> Option<(Vec<f64>, Vec<f64>)> {
    let unit = match posed.case().target {
        Target::Cotangent(y) => {
            let norm = norm2(y);
            if norm > 0.0 { norm } else { 1.0 }
        }
        _ => 1.0,
    };
    let dims = posed.instance.map.dims();
    let matrix = |e: &Vec<f64>| match posed.method.is_reverse() {
        true => crate::linalg::Matrix::from_vec(e.len(), 1, e.clone()),
        false => crate::linalg::Matrix::from_row_slice(dims.w, dims.lambda, e),
    };
    let answer = crate::case::Answer::completed(rounded.iter().map(matrix).collect());
    let run = Run::new(posed.request(), answer.clone());
    let mut all = run.comparisons(evidence).to_vec();
    if posed.method.algorithm == Algorithm::AidCg && all.iter().any(|c| !c.comparable) {
        // The limit is that of any solver; so is what selections do to it.
        let mut solver = posed.clone();
        solver.method = crate::case::Method::IMPLICIT;
        let evidence = solver.evidence(Roundoff::DOUBLE, Declared::default());
        let request = Request::new(Where::Iterate(0), vec![0]);
        let one = crate::case::Answer::completed(answer.estimates[..1].to_vec());
        let run = Run::new(request, one);
        let band = run.comparisons(&evidence).first().map(|c| c.band)?;
        all.iter_mut().for_each(|c| c.band = band);
    }
    let floor = all.iter().map(|c| c.floor * unit).collect();
    let radius: Vec<f64> = all.iter().map(|c| c.band * unit).collect();
    radius
        .iter()
        .all(|r| r.is_finite())
        .then_some((floor, radius))
}

/// The same states in rationals, where that is feasible: every estimate to the accuracy of
/// double-double arithmetic.
fn agrees_with_rationals(posed: &Posed, estimates: &[Vec<Dd>]) -> Result<bool> {
    let map = &posed.instance.map;
    let cotangent = posed.case().cotangent().map(<[f64]>::to_vec);
    let few = posed
        .steps
        .iter()
        .take_while(|k| **k <= CHECKED_STEPS)
        .count();
    let solvable = posed.samples.is_none()
        && map.structure().affine
        && map.dims().w <= CHECKED_UNKNOWNS
        && posed.instance.objective.is_none()
        && !posed.own
        && few > 0;
    if !solvable {
        return Ok(false);
    }
    let mut shorter = posed.clone();
    shorter.steps.truncate(few);
    let Some(states) = states::<Rational>(&shorter, 0.0) else {
        return Ok(false);
    };
    for ((_, d), estimate) in states.iter().zip(estimates) {
        let want = match &cotangent {
            Some(y) => through(d, y.iter().map(|v| Rational::exactly(*v)).collect()),
            None => by_rows(d),
        };
        for (a, b) in want.iter().zip(estimate) {
            let hi = Rational::exactly(b.hi());
            let rest = (a.clone() - hi).to_f64();
            let lo = (*b - Dd::from(b.hi())).hi();
            let size = a.to_f64().abs().max(f64::MIN_POSITIVE);
            if !((rest - lo).abs() <= DD_AGREES * size) {
                return Err(Error::input(
                    "double-double arithmetic and rationals disagree",
                ));
            }
        }
    }
    Ok(true)
}

/// This crate's own method, in binary64 and by another way, passes its conformance claim there.
fn passes_in_binary64(posed: &Posed) -> Result<()> {
    let mut ours = Ours.make(posed.method)?;
    let answer = ours.run(&posed.case());
    let claim = conformance(posed.method)?;
    let evidence = posed.evidence(Roundoff::DOUBLE, Declared::default());
    let judged = answered(&claim, &evidence, &posed.id, &posed.request(), answer);
    let ruled = |ruling| judged.verdicts.iter().find(|v| v.status == ruling);
    match (ruled(Ruling::Fail), ruled(Ruling::Pass)) {
        (Some(v), _) => Err(Error::input(format!("{} fails: {}", v.check, v.detail))),
        (None, None) => Err(Error::input("nothing of it can be judged in binary64")),
        (None, Some(_)) => Ok(()),
    }
}
