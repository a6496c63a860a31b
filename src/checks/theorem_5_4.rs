//! Theorem 5.4, or E.6 where hypergradients are wanted, against the exact mean square error.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse, part};
use super::moments::room;
use crate::case::Target;
use crate::error::Result;
use crate::evidence::{MeanSquare, Run};
use crate::tol::gamma;

pub(super) const ENTRY: Entry = Entry {
    name: "theorem-5-4",
    about: "Theorem 5.4 bounds the exact error at several w, J and k",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(Bound { bilevel: false })),
};

pub(super) const BILEVEL: Entry = Entry {
    name: "theorem-e-6",
    about: "Theorem E.6 bounds the exact error of hypergradients at several w, J and k",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(Bound { bilevel: true })),
};

/// Distances ‖w - w(λ)‖ tried.
const DISTANCES: [f64; 4] = [0.0, 0.001, 0.1, 1.0];

/// J tried.
const INNER: [usize; 3] = [1, 4, 16];

/// sqrt(E‖r - r*‖²), or sqrt(E‖g - ∇f‖²), ≤ the bound.
#[derive(Debug)]
struct Bound {
    bilevel: bool,
}

/// The value furthest beyond its bound, or nearest to it.
struct Nearest {
    ratio: f64,
    measured: f64,
    bound: f64,
    place: String,
    step: usize,
}

impl Check for Bound {
    fn label(&self) -> &'static str {
        "bound"
    }

    fn name(&self) -> String {
        let entry = if self.bilevel { BILEVEL } else { ENTRY };
        entry.name.into()
    }

    fn catches(&self, _: f64) -> String {
        let theorem = if self.bilevel { "E.6" } else { "5.4" };
        format!("A constant of Theorem {theorem} that is too small where it matters.")
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn knows(&self, target: Target<'_>) -> bool {
        self.bilevel == matches!(target, Target::Hypergradient(_))
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        below(c)
    }
}

/// Every exact error that can be enumerated against its bound.
fn below(c: Context<'_>) -> Result<Finding> {
    let s = c.e.sampled()?;
    let (star, star_error) = s.solution()?;
    let wanted = s.limit_at(star)?;
    let mut steps = vec![0, 10, c.steps / 10, c.steps];
    steps.sort_unstable();
    steps.dedup();
    let mut nearest: Option<Nearest> = None;
    let (mut compared, mut left_out) = (0, 0);
    for distance in DISTANCES {
        let w = s.away_from_solution(distance)?;
        let theorem = MeanSquare::over(&s, std::slice::from_ref(&w))?;
        let rho = (distance * (1.0 + gamma(w.len() + 8)) + star_error).powi(2);
        // What the error of the computed w(λ) can move the reference: the theorem without
        // noise.
        let floor = theorem.noiseless().bound(star_error.powi(2), 1, 0.0)?;
        for j in INNER {
            let rate = theorem.rate(j)?;
            let law = s.law(&w, j)?;
            let curve = law.map(|l| l.mse(&s.setting(), &steps, &wanted, |k| rate.step(k)));
            let Some(curve) = curve.transpose()?.flatten() else {
                left_out += 1;
                continue;
            };
            for (k, mse) in steps.iter().zip(&curve) {
                let bound = theorem.bound(rho, j, rate.at(*k))?;
                let ratio = part(mse.sqrt(), bound * room(w.len(), *k) + floor);
                compared += 1;
                let worst = nearest.as_ref().map_or(f64::NEG_INFINITY, |n| n.ratio);
                if is_worse(ratio, worst) {
                    nearest = Some(Nearest {
                        ratio,
                        measured: mse.sqrt(),
                        bound,
                        place: format!("at ‖w - w(λ)‖ = {distance}, J = {j}, k = {k}"),
                        step: *k,
                    });
                }
            }
        }
    }
    let Some(nearest) = nearest else {
        let why = "w̄ has too many outcomes to enumerate";
        return Ok(Finding::undecided(Reason::TooLarge, why));
    };
    Ok(nearest.finding(compared, left_out))
}

impl Nearest {
    fn finding(self, compared: usize, left_out: usize) -> Finding {
        let holds = self.ratio <= 1.0;
        let verb = if holds { "tightest" } else { "exceeded" };
        let mut detail = format!(
            "{compared} exact values of sqrt(E‖·‖²), no sampling; {verb} {}, {:.2e} of the bound",
            self.place, self.ratio
        );
        if left_out > 0 {
            detail += &format!("; {left_out} (w, J) left out: too many outcomes of w̄");
        }
        Finding::below(holds, Unit::Bound, self.measured, self.bound, detail).at_step(self.step)
    }
}
