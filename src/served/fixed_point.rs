//! Fixed points by values of Φ (theory, section 10, item 6).
//!
//! Owns the iteration, in lockstep for many starts so that each step is one message, and Newton
//! steps on served products where they halve the residual: values certify.

use super::caller::{Asked, Caller, Part};
use super::units::Units;
use crate::linalg::solve::solve;
use crate::linalg::{Matrix, Vector};
use crate::tol::{
    SERVED_FAR, SERVED_MATRIX, SERVED_NEW_MINIMUM, SERVED_SETTLED, SERVED_SLOWEST, SERVED_STEPS,
};

/// Steps over which the ratio of residuals is observed, and without a new minimum at the floor.
const WINDOW: usize = 20;
/// Steps without a new minimum above the floor, at least.
const PATIENCE: f64 = 60.0;
/// Steps of Φ before the first Newton step.
const FIRST: usize = 8;
/// A Newton step is tried where this many steps of Φ lie ahead.
const AHEAD: f64 = 30.0;

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At the level of noise, or at an exact fixed point.
    Settled,
    /// Without a new minimum for long, above the level of noise.
    Stalled,
    /// Far beyond the scales.
    Diverged,
}

/// A point with the smallest residual seen.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    /// (ŵ, λ).
    pub(super) x: Vec<f64>,
    /// ‖Φ(ŵ) - ŵ‖ in units of the scales.
    pub(super) residual: f64,
    /// Steps of Φ taken.
    pub(super) steps: usize,
    /// The observed ratio of residuals of steps of Φ.
    pub(super) ratio: f64,
    pub(super) end: End,
}

struct Run {
    at: Vec<f64>,
    best: Settled,
    /// The residual that the next one has to be below by a tenth.
    minimum: f64,
    since: usize,
    history: Vec<f64>,
    newton: usize,
    gap: usize,
    done: bool,
}

impl Run {
    fn new(x: Vec<f64>) -> Self {
        let best = Settled {
            x: x.clone(),
            residual: f64::INFINITY,
            steps: 0,
            ratio: 0.0,
            end: End::Stalled,
        };
        let (minimum, history) = (f64::INFINITY, Vec::new());
        Self {
            at: x,
            best,
            minimum,
            since: 0,
            history,
            newton: FIRST,
            gap: FIRST,
            done: false,
        }
    }

    /// Takes Φ at the current point; r is 0, or no new minimum (by a tenth) for 20 steps at
    /// r ≤ 20‖ε‖, or for max(60, 3/(1-r̂)) steps.
    fn step(&mut self, units: &Units, value: &[f64], floor: f64, enough: f64) {
        let d = units.d;
        let moved: Vec<f64> = value.iter().zip(&self.at).map(|(v, w)| v - w).collect();
        let r = units.norm(&moved);
        self.best.steps += 1;
        if r < self.best.residual {
            self.best.residual = r;
            self.best.x.clone_from(&self.at);
        }
        if r <= SERVED_NEW_MINIMUM * self.minimum {
            self.minimum = r;
            self.since = 0;
        } else {
            self.since += 1;
        }
        self.history.push(r);
        if self.history.len() > WINDOW && r > floor {
            let before = self.history[self.history.len() - 1 - WINDOW];
            self.best.ratio = (r / before).powf(1.0 / WINDOW as f64).min(SERVED_SLOWEST);
        } else if self.history.len() > 1 && self.history.len() <= WINDOW && r > floor {
            let count = (self.history.len() - 1) as f64;
            self.best.ratio = (r / self.history[0]).powf(1.0 / count).min(SERVED_SLOWEST);
        }
        let patience = PATIENCE.max(3.0 / (1.0 - self.best.ratio));
        let settled = SERVED_SETTLED * floor;
        let end = if !(units.norm(value) <= SERVED_FAR) {
            Some(End::Diverged)
        } else if self.best.residual <= enough
            || (self.since >= WINDOW && self.best.residual <= settled)
        {
            Some(End::Settled)
        } else if self.since as f64 >= patience || self.best.steps >= SERVED_STEPS {
            let at_floor = self.best.residual <= settled;
            Some(if at_floor { End::Settled } else { End::Stalled })
        } else {
            None
        };
        if let Some(end) = end {
            self.best.end = end;
            self.done = true;
        } else {
            self.at[..d].copy_from_slice(value);
        }
    }

    /// A Newton step is due: many steps of Φ lie ahead.
    fn wants_newton(&self, floor: f64) -> bool {
        let r = self.best.residual;
        let ratio = self.best.ratio.clamp(f64::EPSILON, SERVED_SLOWEST);
        self.best.steps >= self.newton
            && r > SERVED_SETTLED * floor
            && (SERVED_SETTLED * floor / r).ln() / ratio.ln() > AHEAD
    }
}

/// Iterates Φ from starts x = (w, λ), all at once.
pub(super) fn settle(
    caller: &mut Caller<'_>,
    units: &Units,
    floor: f64,
    starts: Vec<Vec<f64>>,
    newton: bool,
) -> Asked<Vec<Settled>> {
    settle_to(caller, units, [floor, 0.0], starts, newton)
}

/// The same, ended where the residual is at most `enough`.
pub(super) fn settle_to(
    caller: &mut Caller<'_>,
    units: &Units,
    [floor, enough]: [f64; 2],
    starts: Vec<Vec<f64>>,
    newton: bool,
) -> Asked<Vec<Settled>> {
    let mut runs: Vec<Run> = starts.into_iter().map(Run::new).collect();
    let newton = newton && units.d <= SERVED_MATRIX;
    loop {
        let active: Vec<usize> = (0..runs.len()).filter(|k| !runs[*k].done).collect();
        if active.is_empty() {
            break;
        }
        let points: Vec<_> = active.iter().map(|k| runs[*k].at.clone()).collect();
        let values = caller.values(Part::Whole, &points)?;
        for (k, value) in active.iter().zip(&values) {
            runs[*k].step(units, value, floor, enough);
        }
        let due = |r: &Run| newton && !r.done && r.wants_newton(floor);
        let due: Vec<usize> = active.into_iter().filter(|k| due(&runs[*k])).collect();
        if !due.is_empty() {
            newton_steps(caller, units, &mut runs, &due)?;
        }
    }
    Ok(runs.into_iter().map(|r| r.best).collect())
}

/// w + (I - ∂₁Φ)⁻¹(Φ(w) - w) at the best points, kept where it halves the residual.
fn newton_steps(
    caller: &mut Caller<'_>,
    units: &Units,
    runs: &mut [Run],
    due: &[usize],
) -> Asked<()> {
    let d = units.d;
    let points: Vec<_> = due.iter().map(|k| runs[*k].best.x.clone()).collect();
    let values = caller.values(Part::Whole, &points)?;
    let jacobians = caller.jacobians(Part::Whole, &points, &units.s, d)?;
    let mut candidates = Vec::new();
    for ((x, value), a) in points.iter().zip(&values).zip(&jacobians) {
        let moved = Vector::from_fn(d, |i, _| (value[i] - x[i]) / units.s[i]);
        let system = Matrix::identity(d, d) - a;
        let mut next = x.clone();
        if let Some(step) = solve(&system, &Matrix::from_column_slice(d, 1, moved.as_slice())) {
            for i in 0..d {
                next[i] += units.s[i] * step.x[(i, 0)];
            }
        }
        candidates.push(units.clamped(next));
    }
    let values = caller.values(Part::Whole, &candidates)?;
    for ((k, x), value) in due.iter().zip(candidates).zip(values) {
        let run = &mut runs[*k];
        let moved: Vec<f64> = value.iter().zip(&x).map(|(v, w)| v - w).collect();
        let r = units.norm(&moved);
        if r <= 0.5 * run.best.residual {
            run.best.residual = r;
            run.minimum = r;
            run.since = 0;
            run.best.x = x;
            run.at[..d].copy_from_slice(&value);
            run.gap = 1;
        } else {
            run.gap = 2 * run.gap.max(FIRST);
        }
        run.history.clear();
        run.newton = run.best.steps + run.gap;
    }
    Ok(())
}
