//! What checks on exact runs of ITD in rationals share.

use super::check::Context;
use super::finding::{Finding, Reason, is_worse, part};
use crate::error::Result;
use crate::evidence::Exact;
use crate::theory::{Level, tau};
use crate::tol::bound_room;
use crate::truth::kinks::{Kinks, RationalRun};
use crate::truth::reference::{Rational, Scalar};

/// Largest dimension of an exact run: numbers grow by two dozen bits a step.
pub(super) const MOST_DIM: usize = 8;

/// What is exact about an instance with the sets at its w(λ) in rationals, or why nothing is said:
/// not solved, or of a dimension beyond `most`.
///
/// # Errors
/// When w(λ) is not certified.
pub(super) fn in_rationals(
    c: Context<'_>,
    most: usize,
) -> Result<std::result::Result<(&Exact, &Kinks), Finding>> {
    let exact = c.e.exact()?;
    Ok(match c.e.kinks()? {
        None => Err(not_solved()),
        Some(kinks) if kinks.w.len() > most => {
            let text = "too large for exact arithmetic";
            Err(Finding::undecided(Reason::TooLarge, text))
        }
        Some(kinks) => Ok((exact, kinks)),
    })
}

/// Where w(λ) is not known in rationals.
pub(super) fn not_solved() -> Finding {
    Finding::undecided(
        Reason::TooLarge,
        "no exact rational solution: the map is not piecewise affine, or too large to solve in rationals",
    )
}

/// Where the sets known are too small for an implementation of fewer digits.
pub(super) fn blurred(unit: usize) -> Finding {
    let text =
        format!("unit {unit} is off its kink at w(λ), but within the implementation's rounding");
    Finding::undecided(Reason::AmbiguousUnits, text)
}

/// Where the run itself, or one of the elements it is compared with, cannot be had.
pub(super) fn no_run() -> Finding {
    Finding::undecided(Reason::Error, "the exact run could not be done")
}

/// w_0, exactly.
pub(super) fn start(exact: &Exact) -> Vec<Rational> {
    let w0 = exact.iterate(0).iter();
    w0.map(|v| Rational::exactly(*v)).collect()
}

/// The bounds of Theorem 4.1 at its three levels, in the order of [`Level::NAMES`], for
/// t = 0, 1, ... with the distances e_t of an exact run.
pub(super) fn bounds(exact: &Exact, e: &[f64]) -> [Vec<f64>; 3] {
    let mut th = exact.theorem().clone();
    th.e0 = e[0];
    th.tau = tau(th.q, th.e0, th.moduli.r);
    [
        (0..e.len()).map(|t| th.paper_itd(t)).collect(),
        th.trajectory_itd(e),
        th.sharp_itd(e),
    ]
}

/// An excess of an exact run beside its bound.
#[derive(Clone, Copy)]
pub(super) struct Excess {
    /// Excess over bound, which may be exceeded by rounding in the bound.
    pub(super) ratio: f64,
    pub(super) step: usize,
    pub(super) level: Level,
    pub(super) excess: f64,
    pub(super) bound: f64,
}

/// The largest excess over bound of all steps and levels of a run.
pub(super) fn worst(exact: &Exact, run: &RationalRun) -> Excess {
    let mut out = Excess {
        ratio: f64::NEG_INFINITY,
        step: 0,
        level: Level::Paper,
        excess: 0.0,
        bound: 0.0,
    };
    let all = bounds(exact, &run.e);
    for ((_, level), bound) in Level::NAMES.iter().zip(&all) {
        for (step, excess) in run.excess.iter().enumerate() {
            let ratio = part(*excess, bound[step] * bound_room(step));
            if is_worse(ratio, out.ratio) {
                out = Excess {
                    ratio,
                    step,
                    level: *level,
                    excess: *excess,
                    bound: bound[step],
                };
            }
        }
    }
    out
}

/// What the floors f^w_t of the iterates add to the recursion's inhomogeneity over t steps.
pub(super) fn drift(exact: &Exact, t: usize) -> f64 {
    let (th, run) = (exact.theorem(), exact.run());
    let mut total = 0.0;
    for s in 0..t {
        let (e, f) = (run.e[s], run.floor.w[s]);
        let at = |e: f64| (th.b * th.moduli.c(1, e) + th.moduli.c(2, e)) * e;
        total = th.q * total + (at(e + f) - at(e)).max(0.0);
    }
    total
}
