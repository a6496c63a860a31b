//! The solution map λ ↦ w(λ) by values alone (theory, section 10, item 8).
//!
//! Owns the λ-paths, on which derivatives at kinks of w(·) are judged. Slopes are
//! `solution_slope`'s. Independent of all products: only the noise of w(·), Kε, is scaled by them.

use super::caller::{Asked, Caller, Part, Question};
use super::fixed_point::{End, settle_to};
use super::hypergradient;
use super::jacobian::{Growth, Solution, growth};
use super::noise::{self, Noise};
use super::panels::{self, Along, Kind, Rules, Walk, Witness};
use super::report::Found;
use super::spec::ServedInner;
use super::units::{Curve, Units};
use crate::checks::Reason;
use crate::linalg::random::Random;
use crate::linalg::solve::solve;
use crate::linalg::{Matrix, Vector};
use crate::tol::{SERVED_INEXACT, SERVED_SOLUTION_PANEL};

/// Places of a path at which K is looked at before.
const GRID: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// How a derivative of ⟨y, w(·)⟩, or of w(·), is had along a path.
pub(super) enum Derivative<'a> {
    /// The user's hypergradient of y.
    Served { y: &'a [f64], inner: ServedInner },
    /// Ĵ from products.
    Products,
}

/// w(·) along a curve in λ.
struct Path<'a, 'b> {
    caller: &'a mut Caller<'b>,
    units: &'a Units,
    curve: &'a Curve,
    floor: f64,
    newton: bool,
    derivative: &'a Derivative<'a>,
    /// Steps after which an iterative hypergradient is at its limit.
    steps: Vec<usize>,
    /// Points of w(·) seen, from which the next iterations start.
    seen: Vec<(f64, Vec<f64>)>,
    unsettled: bool,
}

impl Path<'_, '_> {
    /// Fixed points at parameters of the curve, all at once, started between known ones.
    fn points(&mut self, at: &[f64], enough: f64) -> Asked<Vec<Vec<f64>>> {
        let d = self.units.d;
        let start = |t: &f64| {
            let mut x = self.curve.point(*t);
            let after = self.seen.partition_point(|p| p.0 < *t);
            let (Some(a), Some(b)) = (
                self.seen.get(after.saturating_sub(1)),
                self.seen.get(after.min(self.seen.len().saturating_sub(1))),
            ) else {
                return x;
            };
            let weight = if b.0 > a.0 {
                ((t - a.0) / (b.0 - a.0)).clamp(0.0, 1.0)
            } else {
                0.0
            };
            for i in 0..d {
                x[i] = a.1[i] + weight * (b.1[i] - a.1[i]);
            }
            x
        };
        let starts: Vec<_> = at.iter().map(start).collect();
        let ends = settle_to(
            self.caller,
            self.units,
            [self.floor, enough],
            starts,
            self.newton,
        )?;
        self.unsettled |= ends.iter().any(|s| s.end != End::Settled);
        Ok(ends.into_iter().map(|s| s.x).collect())
    }

    /// The largest growth at these places.
    fn growth(&mut self, at: &[f64]) -> Asked<Growth> {
        let points = self.points(at, 0.0)?;
        self.remember(at, &points);
        growth(self.caller, self.units, &points)
    }

    /// Iterative hypergradients are asked at as many steps as this growth needs.
    fn prepare(&mut self, growth: Growth) {
        if let Derivative::Served { inner, .. } = self.derivative {
            self.steps = hypergradient::steps(*inner, growth.ratio);
        }
    }

    fn is_out_of_reach(&self, growth: Growth) -> bool {
        match self.derivative {
            Derivative::Served { inner, .. } => {
                hypergradient::is_out_of_reach(*inner, growth.ratio)
            }
            Derivative::Products => false,
        }
    }

    fn remember(&mut self, at: &[f64], points: &[Vec<f64>]) {
        for (t, x) in at.iter().zip(points) {
            let place = self.seen.partition_point(|p| p.0 < *t);
            self.seen.insert(place, (*t, x[..self.units.d].to_vec()));
        }
    }

    fn functional(&self, x: &[f64]) -> Vec<f64> {
        let w = &x[..self.units.d];
        match self.derivative {
            Derivative::Served { y, .. } => vec![w.iter().zip(*y).map(|(w, y)| w * y).sum()],
            Derivative::Products => w.iter().zip(&self.units.s).map(|(w, s)| w / s).collect(),
        }
    }
}

impl Along for Path<'_, '_> {
    fn values(&mut self, at: &[f64]) -> Asked<Vec<Vec<f64>>> {
        let points = self.points(at, 0.0)?;
        let values = points.iter().map(|x| self.functional(x)).collect();
        self.remember(at, &points);
        Ok(values)
    }

    fn slopes(&mut self, at: &[f64]) -> Asked<Vec<Vec<f64>>> {
        // A derivative at a residual of ‖ε‖ is as good: the tolerance holds three of them.
        let points = self.points(at, self.floor)?;
        let (d, n) = self.caller.dims();
        match self.derivative {
            Derivative::Served { y, .. } => {
                let asked = points.into_iter().map(|x| Question {
                    x,
                    steps: self.steps.clone(),
                    y: y.to_vec(),
                    drawn: None,
                });
                let all = self.caller.hypergradients(&asked.collect::<Vec<_>>())?;
                let one = |(g, t): (&Vec<f64>, &f64)| {
                    let last = &g[g.len() - (n - d)..];
                    let velocity = self.curve.velocity(*t);
                    vec![last.iter().zip(&velocity[d..]).map(|(g, v)| g * v).sum()]
                };
                Ok(all.iter().zip(at).map(one).collect())
            }
            Derivative::Products => {
                let all = self
                    .caller
                    .jacobians(Part::Whole, &points, &self.units.s, n)?;
                let one = |(v, t): (&Matrix, &f64)| {
                    let velocity = self.curve.velocity(*t);
                    let scaled =
                        Vector::from_fn(n - d, |j, _| velocity[d + j] / self.units.s[d + j]);
                    let right = v.columns(d, n - d) * scaled;
                    let system = Matrix::identity(d, d) - v.columns(0, d);
                    let right = Matrix::from_column_slice(d, 1, right.as_slice());
                    // A singular system shows as a slope of 0, which cannot agree by chance.
                    solve(&system, &right).map_or(vec![0.0; d], |s| s.x.as_slice().to_vec())
                };
                Ok(all.iter().zip(at).map(one).collect())
            }
        }
    }
}

/// What the λ-paths rest on.
pub(super) struct Setting<'a> {
    pub(super) solution: &'a Solution,
    pub(super) derivative: &'a Derivative<'a>,
    /// Newton steps on products are allowed.
    pub(super) trusted: bool,
    /// What the derivative itself may be off by, per unit of λ in the scales.
    pub(super) error: f64,
}

/// (b) The increment of ⟨y, w(·)⟩ (or w(·)) along λ-paths against the integral of the derivative:
/// every conservative choice passes, at kinks of w(·) too.
pub(super) fn paths(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    setting: &Setting<'_>,
    count: usize,
    random: &mut Random,
) -> Asked<Found> {
    let check = "solution-path";
    let (d, n) = caller.dims();
    let solution = setting.solution;
    let size = match setting.derivative {
        Derivative::Served { y, .. } => y
            .iter()
            .zip(&units.s)
            .map(|(y, s)| (y * s) * (y * s))
            .sum::<f64>()
            .sqrt(),
        Derivative::Products => 1.0,
    };
    let width = if matches!(setting.derivative, Derivative::Served { .. }) {
        1
    } else {
        d
    };
    let mut walks: Vec<Walk> = Vec::new();
    let mut worst: Option<(Witness, Kind)> = None;
    let mut unsettled = false;
    for number in 0..count {
        let middle = units.with_lambda(solution.settled.x.clone(), random);
        let middle = if number == 0 {
            units.inside(solution.settled.x.clone())
        } else {
            middle
        };
        let curve = units.lambda_curve(&middle, number % 2 == 1, random);
        let speed = |t: f64| -> f64 {
            let velocity = curve.velocity(t);
            (d..n)
                .map(|j| (velocity[j] / units.s[j]).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let length = speed(0.0).max(speed(1.0));
        // The noise of Φ may be larger elsewhere than at the start.
        let places: Vec<_> = [0.0, 0.5, 1.0].map(|t| curve.point(t)).to_vec();
        let elsewhere = noise::along(caller, Part::Whole, units, noise, &places, random)?;
        let floor = noise.norm(units).max(units.norm(&elsewhere));
        let mut path = Path {
            caller,
            units,
            curve: &curve,
            floor,
            newton: setting.trusted,
            derivative: setting.derivative,
            steps: Vec::new(),
            seen: vec![(0.5, solution.settled.x[..d].to_vec())],
            unsettled: false,
        };
        let iterative = matches!(
            setting.derivative,
            Derivative::Served {
                inner: ServedInner::Itd | ServedInner::AidFp,
                ..
            }
        );
        let epsilon = |g: Growth| {
            // J and what it is off by grow with K.
            let mut error = setting.error * (g.k / solution.k).powi(2);
            if iterative {
                error *= (g.sum / g.k).max(1.0);
            }
            vec![3.0 * g.k * floor * size + error * size * length; width]
        };
        let mut growth = Growth {
            k: solution.k,
            sum: solution.sum,
            ratio: solution.settled.ratio,
        };
        if setting.trusted {
            growth = growth.or(path.growth(&GRID)?);
        }
        path.prepare(growth);
        if path.is_out_of_reach(growth) {
            let text = "hypergradients along these λ take more steps to their limit than are asked";
            return Ok(Found::open(
                check,
                Reason::IllConditioned,
                [f64::NAN; 2],
                text,
            ));
        }
        let (noise_of_w, wider);
        noise_of_w = epsilon(growth);
        let mut rules = Rules {
            epsilon: &noise_of_w,
            u: noise.values,
            least: SERVED_SOLUTION_PANEL,
        };
        let mut walk = panels::walk(&mut path, &rules, random)?;
        // Pieces between the points of the grid may be worse conditioned: looked at where it
        // matters.
        if setting.trusted && !walk.witnesses.is_empty() {
            let ends = walk
                .witnesses
                .iter()
                .flat_map(|w| [w.from, 0.5 * (w.from + w.to), w.to]);
            let there = growth.or(path.growth(&ends.collect::<Vec<_>>())?);
            if there.k > growth.k || there.sum > growth.sum || there.ratio > growth.ratio {
                if path.is_out_of_reach(there) {
                    let text = "hypergradients along these λ take more steps than are asked";
                    return Ok(Found::open(
                        check,
                        Reason::IllConditioned,
                        [f64::NAN; 2],
                        text,
                    ));
                }
                path.prepare(there);
                wider = epsilon(there);
                rules.epsilon = &wider;
                walk = panels::walk(&mut path, &rules, random)?;
            }
        }
        let larger = |a: &&Witness, b: &&Witness| a.relative.total_cmp(&b.relative);
        let beyond = worst.as_ref().map_or(0.0, |(worst, _)| worst.relative);
        let largest = walk.witnesses.iter().max_by(larger);
        if let Some(w) = largest.filter(|w| w.relative > beyond) {
            let mut w = w.clone();
            let kind = panels::name(&mut path, &rules, &mut w, random)?;
            if kind == Kind::Jump {
                w.relative = w.gap.abs() / size;
            }
            worst = Some((w, kind));
        }
        unsettled |= path.unsettled;
        walks.push(walk);
        let with = walks.iter().filter(|w| !w.witnesses.is_empty()).count();
        if with >= 2 || walks.iter().any(Walk::is_proven) {
            break;
        }
    }
    Ok(ruling(check, &walks, worst, unsettled, setting, noise))
}

fn ruling(
    check: &'static str,
    walks: &[Walk],
    worst: Option<(Witness, Kind)>,
    unsettled: bool,
    setting: &Setting<'_>,
    noise: &Noise,
) -> Found {
    let what = match setting.derivative {
        Derivative::Served { .. } => "the hypergradient served",
        Derivative::Products => "J from products",
    };
    if unsettled {
        let text = "iterations along these λ do not settle";
        return Found::open(check, Reason::NotSettled, [f64::NAN; 2], text);
    }
    let panels: usize = walks.iter().map(|w| w.panels).sum();
    let kinks: usize = walks.iter().map(|w| w.kinks).sum();
    let resolutions = walks.iter().flat_map(|w| &w.resolution).copied();
    let least = resolutions.filter(|r| r.is_finite()).fold(0.0, f64::max);
    let Some((worst, kind)) = worst else {
        let curves = walks.len();
        if walks.iter().any(|w| w.unfinished) {
            let text = format!("{curves} λ-paths need more than 4,000 panels each");
            return Found::open(check, Reason::TooLarge, [f64::NAN; 2], text);
        }
        let text = format!(
            "increments of w(·), by values alone, and integrals of {what} agree on {panels} panels \
             of {curves} λ-paths ({kinks} around kinks); a relative error of {least:.1e} would \
             have been seen on them"
        );
        return Found::seeing(check, [0.0, least], least, text);
    };
    let (gap, relative) = (worst.gap.abs(), worst.relative);
    let text = format!(
        "the increment of w(·) and the integral of {what} differ by {gap:.2e} (relatively \
         {relative:.1e}, tolerance {:.1e}) on a panel [{:.6}, {:.6}] of a λ-path",
        worst.tolerance, worst.from, worst.to
    );
    let numbers = [gap, worst.tolerance];
    let with = walks.iter().filter(|w| !w.witnesses.is_empty()).count();
    if with < 2 && !walks.iter().any(Walk::is_proven) {
        let text = text + "; it is the only witness, and one alone does not decide";
        return Found::open(check, Reason::NoPower, numbers, text);
    }
    let name = match kind {
        Kind::Jump => "w(·) jumps",
        _ => "not the derivative of w(·)",
    };
    if relative <= SERVED_INEXACT[usize::from(noise.is_single())] {
        let fault = format!("inexact, {relative:.1e}, floor {least:.1e}");
        let text = text + "; it is small, and no tolerance is declared";
        return Found::open(check, Reason::Inexact, numbers, text).naming(fault);
    }
    Found::failed(check, numbers, text).naming(name)
}
