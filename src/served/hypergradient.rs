//! The user's hypergradient g(y) at a generic λ (theory, section 10, item 9).
//!
//! Owns conduct, the limit Ĵᵀy with its floor, and the step recursion. Cotangents y = ỹ/s, results
//! in units of the scales: g̃ = S_λ g = J̃ᵀỹ.

use super::caller::{Asked, Caller, Part, Question};
use super::jacobian::{Linear, Solution};
use super::krylov;
use super::noise::Noise;
use super::report::Found;
use super::spec::{ServedHypergradient, ServedInner};
use super::units::Units;
use crate::checks::Reason;
use crate::linalg::random::Random;
use crate::linalg::{Matrix, Vector, norm};
use crate::tol::{
    SERVED_MOST_STEPS, SERVED_RECURSION, SERVED_SCALING, SERVED_SOLVE, SERVED_TRUNCATED,
};

/// Steps at which the recursion is looked at.
const STEPS: [usize; 7] = [0, 1, 2, 3, 5, 10, 20];
/// Points near which the curvature of Φ is looked at.
const NEAR: usize = 3;

/// The steps after which an iterative hypergradient is at its limit; none for implicit ones.
pub(super) fn steps(inner: ServedInner, ratio: f64) -> Vec<usize> {
    if matches!(inner, ServedInner::Implicit | ServedInner::Nsid) {
        return Vec::new();
    }
    let needed = SERVED_TRUNCATED.ln() / ratio.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    // A polynomial factor and the first steps come on top.
    vec![((1.2 * needed).ceil() as usize + 60).min(SERVED_MOST_STEPS)]
}

/// The limit would take more steps than are asked for.
pub(super) fn is_out_of_reach(inner: ServedInner, ratio: f64) -> bool {
    steps(inner, ratio).first() == Some(&SERVED_MOST_STEPS)
}

/// The last of several m-vectors, in units of the scales.
pub(super) fn last(units: &Units, g: &[f64]) -> Vector {
    let m = units.s.len() - units.d;
    let g = &g[g.len() - m..];
    Vector::from_fn(m, |j, _| g[j] * units.s[units.d + j])
}

/// y in units of the scales.
pub(super) fn scaled(units: &Units, y: &[f64]) -> Vector {
    Vector::from_fn(units.d, |i, _| y[i] * units.s[i])
}

/// (a) g(2⁻²⁰y) = 2⁻²⁰g(y) and repeated calls bit for bit, g(0) = 0.
pub(super) fn conduct(caller: &mut Caller<'_>, units: &Units, question: &Question) -> Asked<Found> {
    let check = "hypergradient-conduct";
    let y = &question.y;
    let small = y.iter().map(|y| y * SERVED_SCALING).collect();
    let ys = [y.clone(), y.clone(), small, vec![0.0; y.len()], y.clone()];
    let all = ys.map(|y| Question {
        y,
        ..question.clone()
    });
    let g = caller.hypergradients(&all)?;
    let size = last(units, &g[0]).norm();
    let off = |a: &[f64], b: &[f64]| {
        let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        last(units, &difference).norm() / size
    };
    if g[0] != g[1] || g[0] != g[4] {
        let relative = off(&g[0], &g[1]).max(off(&g[0], &g[4]));
        let text = format!("the same question asked again differs by {relative:.1e}");
        return Ok(Found::failed(check, [relative, 0.0], text)
            .naming("the hypergradient is not a function of its arguments"));
    }
    if g[3].iter().any(|v| *v != 0.0) {
        let text = "the hypergradient of y = 0 is not 0";
        let fault = "not linear in the cotangent";
        return Ok(Found::failed(check, [f64::NAN, 0.0], text).naming(fault));
    }
    let down: Vec<f64> = g[0].iter().map(|v| v * SERVED_SCALING).collect();
    if down != g[2] {
        let relative = off(&down, &g[2]) / SERVED_SCALING;
        let text =
            format!("g(2⁻²⁰y) is not 2⁻²⁰g(y), by {relative:.1e}: no relative stopping does that");
        let fault = "an absolute stopping tolerance";
        return Ok(Found::failed(check, [relative, 0.0], text).naming(fault));
    }
    let text = "repeated calls and g(2⁻²⁰y) = 2⁻²⁰g(y) have the same bits, and g(0) = 0";
    Ok(Found::passed(check, [0.0, 1.0], text))
}

/// (b) |g - Ĵᵀy| ≤ f_g := 4K(d+16)u_p‖Ĵ‖‖y‖ + 4L̂_g·b + 8u_p‖g‖, with Σ‖∂₁Φᵏ‖ for K in iterations;
/// a declared relative residual τ_l adds K‖∂₂Φ‖τ_l‖y‖, a declared step tolerance τ_w adds L̂_gKτ_w.
pub(super) fn limit(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    declared: &ServedHypergradient,
    solution: &Solution,
    linear: &Linear,
    question: &Question,
) -> Asked<Found> {
    let check = "hypergradient-limit";
    if is_out_of_reach(declared.inner, solution.settled.ratio) {
        let text = format!(
            "at the ratio {:.6} the limit takes more than {SERVED_MOST_STEPS} steps",
            solution.settled.ratio
        );
        return Ok(Found::open(
            check,
            Reason::IllConditioned,
            [f64::NAN; 2],
            text,
        ));
    }
    let y = scaled(units, &question.y);
    let g = caller.hypergradients(std::slice::from_ref(question))?;
    let g = last(units, &g[0]);
    let truth = linear.j.tr_mul(&y);
    let change = linear
        .near
        .iter()
        .map(|(j, size)| (j.tr_mul(&y) - &truth).norm() / size)
        .fold(0.0, f64::max);
    let k = solution.k;
    // An iteration makes more of its roundings than a solve does.
    let grown = match declared.inner {
        ServedInner::Implicit | ServedInner::Nsid => 1.0,
        ServedInner::Itd | ServedInner::AidFp => (solution.sum / k).max(1.0),
    };
    let floor = (SERVED_SOLVE * grown * linear.rounding + linear.declared) * y.norm()
        + 4.0 * change * solution.b
        + 8.0 * noise.products * g.norm()
        + k * linear.c.norm() * declared.linear_tolerance * y.norm()
        + change * k * declared.step_tolerance;
    let gap = (&g - &truth).norm();
    let size = truth.norm().max(g.norm());
    let (relative, least) = (
        gap / size.max(f64::MIN_POSITIVE),
        floor / size.max(f64::MIN_POSITIVE),
    );
    let rho = solution.settled.ratio;
    let told = if rho > 0.0 && least < 1.0 {
        (least.ln() / rho.ln()).max(0.0)
    } else {
        0.0
    };
    let text = format!(
        "g and Ĵᵀy differ by {relative:.1e}, {:.2e} times the floor; a relative error of \
         {least:.1e} would have been seen, so a truncation after up to about {told:.0} steps (ratio \
         {rho:.3}); products judged elsewhere are taken to be right",
        gap / floor
    );
    if gap <= floor {
        return Ok(Found::seeing(check, [gap, floor], least, text));
    }
    let size = (relative, noise.is_single());
    let fault = "the hypergradient has another limit";
    Ok(Found::beyond(
        check,
        [gap, floor],
        size,
        text,
        "hypergradient",
        fault,
    ))
}

/// (b) without a matrix: Jᵀy by GMRES; ‖∂₂Φ‖ times the error K̂·residual of v, and the terms of (b)
/// with K̂ from solves, which is a bound from below.
pub(super) fn limit_by_solves(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    declared: &ServedHypergradient,
    solution: &Solution,
    question: &Question,
    random: &mut Random,
) -> Asked<Found> {
    let check = "hypergradient-limit";
    let x = &solution.settled.x;
    let y = scaled(units, &question.y);
    let g = caller.hypergradients(std::slice::from_ref(question))?;
    let g = last(units, &g[0]);
    let k = krylov::inverse_norm(caller, units, x, random)?;
    let here = krylov::image(caller, units, x, &y)?;
    let other = units.displaced(x, random);
    let other = [&other[..units.d], &x[units.d..]].concat();
    let moved: Vec<f64> = other
        .iter()
        .zip(x)
        .take(units.d)
        .map(|(a, b)| a - b)
        .collect();
    let there = krylov::image(caller, units, &other, &y)?;
    let change = (&there.g - &here.g).norm() / units.norm(&moved).max(f64::MIN_POSITIVE);
    // ‖∂₂Φᵀv‖/‖v‖ stands for ‖∂₂Φ‖.
    let slope = here.g.norm() / here.size.max(f64::MIN_POSITIVE);
    let b = k * (solution.settled.residual + 3.0 * noise.norm(units));
    let floor = SERVED_SOLVE
        * k
        * (units.d + 16) as f64
        * noise.products
        * here.g.norm().max(y.norm() * slope)
        + k * here.residual * slope
        + 4.0 * change * b
        + 8.0 * noise.products * g.norm()
        + k * slope * declared.linear_tolerance * y.norm()
        + change * k * declared.step_tolerance;
    let (gap, size) = (
        (&g - &here.g).norm(),
        here.g.norm().max(g.norm()).max(f64::MIN_POSITIVE),
    );
    let (relative, least) = (gap / size, floor / size);
    let text = format!(
        "g and Jᵀy by GMRES (residual {:.1e}, K̂ = {k:.2} from solves of random y, a bound from \
         below) differ by {relative:.1e}; a relative error of {least:.1e} would have been seen",
        here.residual
    );
    if gap <= floor {
        return Ok(Found::seeing(check, [gap, floor], least, text));
    }
    let size = (relative, noise.is_single());
    let fault = "the hypergradient has another limit";
    Ok(Found::beyond(
        check,
        [gap, floor],
        size,
        text,
        "hypergradient",
        fault,
    ))
}

/// The recursions with served products, in units of the scales: for ITD
/// D_{t+1} = ∂₁Φ(w_t)D_t + ∂₂Φ(w_t), D_0 = 0, for AID-FP the same at one point. Returns (Dᵀy,
/// floor) at the steps.
fn recursion(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    unrolled: bool,
    curvature: f64,
    question: &Question,
) -> Asked<Vec<(Vector, f64)>> {
    let (d, n) = caller.dims();
    let most = question.steps.last().copied().unwrap_or(0);
    let mut points = vec![question.x.clone()];
    while unrolled && points.len() < most {
        let at = points[points.len() - 1].clone();
        let value = caller
            .values(Part::Whole, std::slice::from_ref(&at))?
            .remove(0);
        points.push([&value[..], &at[d..]].concat());
    }
    let jacobians = caller.jacobians(Part::Whole, &points, &units.s, n)?;
    let y = scaled(units, &question.y);
    let (mut carried, mut error) = (Matrix::zeros(d, n - d), 0.0f64);
    // Two computations of w_t differ by what the noise of each step has become.
    let mut drift = 0.0f64;
    let mut out = Vec::new();
    for t in 0..=most {
        if question.steps.contains(&t) {
            let size = carried.tr_mul(&y).norm();
            out.push((
                carried.tr_mul(&y),
                (error + noise.products * size) * y.norm(),
            ));
        }
        let Some(v) = jacobians.get(if unrolled { t } else { 0 }) else {
            break;
        };
        let (a, c) = (v.columns(0, d), v.columns(d, n - d));
        let q = norm::spectral_upper(&a.into_owned());
        let size = a.norm() * carried.norm() + c.norm();
        let rounding = SERVED_RECURSION * (d + 16) as f64 * noise.products * size;
        error = q * error + rounding + curvature * (carried.norm() + 1.0) * drift;
        drift = if unrolled {
            q * drift + noise.norm(units)
        } else {
            0.0
        };
        carried = a * &carried + c;
    }
    Ok(out)
}

/// (c) Step by step against the recursion with served products, to the floors of section 9.
pub(super) fn recursive(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    inner: ServedInner,
    curvature: f64,
    x: &[f64],
    random: &mut Random,
) -> Asked<Found> {
    let unrolled = inner == ServedInner::Itd;
    step_by_step(caller, units, noise, |caller| {
        let x = if unrolled {
            units.displaced(x, random)
        } else {
            x.to_vec()
        };
        let question = Question {
            x,
            steps: STEPS.to_vec(),
            y: units.functional(random),
            drawn: None,
        };
        let due = recursion(caller, units, noise, unrolled, curvature, &question)?;
        Ok((question, due))
    })
}

/// The user's steps against those due, each with its floor. What disagrees is asked for once more
/// in another way, because a mask may change by rounding.
pub(super) fn step_by_step(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    mut due: impl FnMut(&mut Caller<'_>) -> Asked<(Question, Vec<(Vector, f64)>)>,
) -> Asked<Found> {
    let check = "hypergradient-steps";
    let m = units.s.len() - units.d;
    let mut first: Option<(Worst, usize)> = None;
    for _ in 0..2 {
        let (question, due) = due(caller)?;
        let all = { caller.hypergradients(std::slice::from_ref(&question))? }.remove(0);
        let steps = &question.steps;
        let (mut worst, mut at) = (Worst::default(), 0);
        for ((step, g), due) in steps.iter().zip(all.chunks(m)).zip(&due) {
            if worst.add(&last(units, g), due) {
                at = *step;
            }
        }
        let numbers = [worst.gap, worst.floor];
        if let Some(open) = worst.undecided(check) {
            return Ok(open);
        }
        if crate::checks::part(worst.gap, worst.floor) <= 1.0 {
            let text = format!(
                "steps {steps:?} agree with the recursion on served products; a relative error of \
                 {:.1e} would have been seen; the products are judged elsewhere",
                worst.least
            );
            return Ok(Found::seeing(check, numbers, worst.least, text));
        }
        first.get_or_insert((worst, at));
    }
    let (worst, step) = first.unwrap_or_default();
    let text = format!(
        "at step {step} g differs from the recursion on served products by {:.1e}, {:.1e} times \
         the floor, twice",
        worst.relative,
        worst.gap / worst.floor
    );
    let fault = format!("step {step} is another method's");
    Ok(worst.ruling(check, noise, text, "steps", fault))
}

/// The worst of several estimates beside what is due.
#[derive(Clone, Debug)]
pub(super) struct Worst {
    pub(super) gap: f64,
    pub(super) floor: f64,
    /// The gap beside the larger of both.
    pub(super) relative: f64,
    /// The largest floor beside what is due.
    pub(super) least: f64,
    finite: bool,
}

impl Default for Worst {
    fn default() -> Self {
        Self {
            gap: 0.0,
            floor: 1.0,
            relative: 0.0,
            least: 0.0,
            finite: true,
        }
    }
}

impl Worst {
    /// Says whether it is the worst so far.
    pub(super) fn add(&mut self, g: &Vector, (truth, floor): &(Vector, f64)) -> bool {
        let (gap, size) = ((g - truth).norm(), truth.norm());
        self.finite &= (size + floor).is_finite();
        if size > 0.0 {
            self.least = self.least.max(floor / size);
        }
        let worse = crate::checks::part(gap, *floor) > crate::checks::part(self.gap, self.floor);
        if worse {
            (self.gap, self.floor, self.relative) = (gap, *floor, gap / size.max(g.norm()));
        }
        worse
    }

    /// Nothing can be decided.
    pub(super) fn undecided(&self, check: &'static str) -> Option<Found> {
        let numbers = [f64::NAN; 2];
        if !self.finite {
            let text = "the recursion on served products grows beyond all numbers";
            return Some(Found::open(check, Reason::IllConditioned, numbers, text));
        }
        let nothing = self.least == 0.0 && self.gap == 0.0;
        let text = "all that is due is 0, and so is what came";
        nothing.then(|| Found::open(check, Reason::NothingToSee, numbers, text))
    }

    /// Of what lies above its floor: undeclared and small, it is inexact.
    pub(super) fn ruling(
        &self,
        check: &'static str,
        noise: &Noise,
        text: String,
        what: &str,
        fault: String,
    ) -> Found {
        let size = (self.relative, noise.is_single());
        Found::beyond(check, [self.gap, self.floor], size, text, what, fault)
    }
}

/// The largest change of V per unit of w near the start of a trajectory.
pub(super) fn curvature(
    caller: &mut Caller<'_>,
    units: &Units,
    x: &[f64],
    random: &mut Random,
) -> Asked<f64> {
    let n = caller.dims().1;
    let mut points = vec![x.to_vec()];
    points.extend((0..NEAR).map(|_| units.displaced(x, random)));
    let found = caller.jacobians(Part::Whole, &points, &units.s, n)?;
    let apart = |a: &[f64]| {
        let difference: Vec<f64> = a.iter().zip(x).take(units.d).map(|(a, b)| a - b).collect();
        units.norm(&difference).max(f64::MIN_POSITIVE)
    };
    let ratios = points[1..].iter().zip(&found[1..]);
    Ok(ratios
        .map(|(x, v)| (v - &found[0]).norm() / apart(x))
        .fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_is_that_of_its_own_step() {
        let v = |x: f64| Vector::from_vec(vec![x]);
        let mut worst = Worst::default();
        assert!(worst.add(&v(1.0 + 1e-9), &(v(1.0), 1e-12)));
        assert!(!worst.add(&v(1e-3), &(v(1e-3), 1e-4)));
        assert_eq!((worst.gap, worst.floor), (1.0 + 1e-9 - 1.0, 1e-12));
        assert!((worst.relative - 1e-9).abs() < 1e-12 && (worst.least - 0.1).abs() < 1e-12);
        assert!(worst.undecided("steps").is_none());
        worst.add(&v(1.0), &(v(1.0), f64::INFINITY));
        let found = worst.undecided("steps").unwrap();
        assert_eq!(found.finding.reason, Some(Reason::IllConditioned));
        let mut nothing = Worst::default();
        nothing.add(&v(0.0), &(v(0.0), 0.0));
        let found = nothing.undecided("steps").unwrap();
        assert_eq!(found.finding.reason, Some(Reason::NothingToSee));
        nothing.add(&v(1e-100), &(v(0.0), 0.0));
        assert!(nothing.undecided("steps").is_none() && nothing.gap > nothing.floor);
    }
}
