//! The path-integral test of conservativity: ∫ Vγ' ds = Φ(γ(1)) - Φ(γ(0)) for any selection
//! V ∈ D_Φ(γ(s)) (Theorem 2.4).
//!
//! Curves are polynomial pieces in (w, λ) through w(λ), through random points, and along kinks,
//! where a unit's input is constantly zero, so that every selection is asked for on a whole
//! interval.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Unit};
use super::path_integral::path_defect;
use crate::error::Result;
use crate::evidence::{Exact, Run};
use crate::instances::{Random, mix};
use crate::linalg::Matrix;
use crate::maps::{Linearization, Role, Tie, Workspace};
use crate::truth::Truth;

pub(super) const ENTRY: Entry = Entry {
    name: "conservative",
    about: "path integrals of any selection of D_Φ give the increments of Φ",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(Conservative)),
};

/// Path integrals of any selection of D_Φ give the increments of Φ.
#[derive(Debug)]
struct Conservative;

impl Check for Conservative {
    fn label(&self) -> &'static str {
        "conservative"
    }

    fn catches(&self, _: f64) -> String {
        "A slope that is wrong on an interval; not one that is wrong on a null set.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let truth = &exact.truth;
        let smooth = truth.constants.l1 > 0.0;
        let mut worst = (f64::NEG_INFINITY, 0.0, 0.0, String::new());
        let mut asked = 0usize;
        for (name, curve) in curves(exact) {
            for (selection, weights) in WEIGHTS {
                let mut chosen = Chosen::new(truth, weights, exact.seed);
                let (defect, floor) =
                    path_defect(&truth.map, curve.clone(), smooth, &mut |w, l, vw, vl| {
                        chosen.along(w, l, vw, vl)
                    });
                asked += chosen.ties;
                let what = format!("the curve {name} with weight {selection} at ties");
                if !(defect <= floor) {
                    let detail = format!(
                        "{what}: the path integral is off by {defect:.3e}, floor {floor:.3e}"
                    );
                    return Ok(Finding::below(false, Unit::Floor, defect, floor, detail));
                }
                if defect / floor > worst.0 {
                    worst = (defect / floor, defect, floor, what);
                }
            }
        }
        let detail = format!("{asked} ties asked for; closest {}", worst.3);
        Ok(Finding::below(true, Unit::Floor, worst.1, worst.2, detail))
    }
}

/// Which weight of the upper slope a selection takes at ties.
#[derive(Clone, Copy)]
enum Weights {
    /// Always this one.
    Fixed(f64),
    /// A random one at every call.
    Random,
    /// 0 or 1, whichever makes the sum of the image larger.
    Larger,
}

const WEIGHTS: [(&str, Weights); 5] = [
    ("0", Weights::Fixed(0.0)),
    ("1/2", Weights::Fixed(0.5)),
    ("1", Weights::Fixed(1.0)),
    ("a new random weight at every call", Weights::Random),
    (
        "whichever of 0 and 1 gives more at every call",
        Weights::Larger,
    ),
];

/// A selection of D_Φ, applied to velocities.
struct Chosen<'a> {
    truth: &'a Truth,
    weights: Weights,
    state: u64,
    /// Ties asked for so far.
    ties: usize,
    lin: Linearization<'static>,
    ws: Workspace,
    out: Matrix,
}

impl<'a> Chosen<'a> {
    fn new(truth: &'a Truth, weights: Weights, seed: u64) -> Self {
        Self {
            truth,
            weights,
            state: seed | 1,
            ties: 0,
            lin: truth.map.linearization(),
            ws: truth.map.workspace(),
            out: Matrix::zeros(truth.w().len(), 1),
        }
    }

    /// V(w, λ)(w', λ').
    fn along(&mut self, w: &[f64], lambda: &[f64], vw: &[f64], vl: &[f64]) -> Vec<f64> {
        let x = Matrix::from_column_slice(vw.len(), 1, vw);
        let y = Matrix::from_column_slice(vl.len(), 1, vl);
        let mut image = |fixed: Option<f64>| -> Vec<f64> {
            let (ties, state) = (&mut self.ties, &mut self.state);
            let mut weight = |_: usize| {
                *ties += 1;
                fixed.unwrap_or_else(|| {
                    *state = mix(&[*state]);
                    (*state % 17) as f64 / 16.0
                })
            };
            let (map, lin, out) = (&self.truth.map, &mut self.lin, &mut self.out);
            map.linearize(w, lambda, &mut Tie::Ask(&mut weight), lin);
            map.jvp_w(lin, &x, out, &mut self.ws);
            map.add_jvp_lambda(lin, &y, out, &mut self.ws);
            out.as_slice().to_vec()
        };
        match self.weights {
            Weights::Fixed(weight) => image(Some(weight)),
            Weights::Random => image(None),
            Weights::Larger => {
                let (zero, one) = (image(Some(0.0)), image(Some(1.0)));
                let sum = |v: &[f64]| v.iter().sum::<f64>();
                if sum(&one) > sum(&zero) { one } else { zero }
            }
        }
    }
}

/// Curves in (w, λ) by their three coefficients, with names.
fn curves(exact: &Exact) -> Vec<(&'static str, [Vec<f64>; 3])> {
    let truth = &exact.truth;
    let (d, m) = (truth.w().len(), truth.lambda.len());
    let mut random = Random::new(exact.seed);
    let star: Vec<f64> = truth.w().iter().chain(&truth.lambda).copied().collect();
    // λ of a penalty stays in its domain, within half of itself.
    let roles = &truth.map.structure().lambda;
    let positive = roles.iter().any(|r| *r != Role::Free);
    let mut short = |scale: f64| -> Vec<f64> {
        let mut v: Vec<f64> = (0..d + m)
            .map(|_| (random.normal() * 16.0 * scale).round() / 16.0)
            .collect();
        if positive {
            for (x, lambda) in v[d..].iter_mut().zip(&truth.lambda) {
                *x = x.clamp(-1.0, 1.0) * 0.125 * lambda;
            }
        }
        v
    };
    let mut out = Vec::new();
    for name in ["through w(λ)", "anywhere", "anywhere"] {
        let (p1, p2) = (short(2.0), short(2.0));
        let mut p0 = star.clone();
        if name == "anywhere" {
            let shift = short(1.0);
            p0.iter_mut().zip(shift).for_each(|(p, s)| *p += s);
        } else {
            // Through the solution at s = 1/2.
            for i in 0..d + m {
                p0[i] -= 0.5 * p1[i] + 0.25 * p2[i];
            }
        }
        out.push((name, [p0, p1, p2]));
    }
    if let Some(direction) = along_kink(exact, d, m) {
        let p0: Vec<f64> = star.iter().zip(&direction).map(|(s, v)| s - v).collect();
        let p1: Vec<f64> = direction.iter().map(|v| 2.0 * v).collect();
        out.push(("along a kink", [p0, p1, vec![0.0; d + m]]));
    }
    out
}

/// A short dyadic direction along which the input of one unit that is at its kink at w(λ) does not
/// change.
fn along_kink(exact: &Exact, d: usize, m: usize) -> Option<Vec<f64>> {
    let unit = *exact.truth.moduli().kinks.first()?;
    let row = exact.truth.map.input_row(unit)?;
    let mut direction = vec![0.0; d + m];
    let mut nonzero = (0..d + m).filter(|&i| row[i] != 0.0);
    match (nonzero.next(), nonzero.next()) {
        (Some(i), Some(j)) => {
            direction[i] = row[j];
            direction[j] = -row[i];
        }
        (first, _) => {
            let free = (0..d + m).find(|i| Some(*i) != first)?;
            direction[free] = 1.0;
        }
    }
    Some(direction)
}
