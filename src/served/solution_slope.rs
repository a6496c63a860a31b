//! Slopes of λ ↦ w(λ), by fixed points from values alone, against J (theory, section 10, item 8a).
//!
//! Owns this comparison at a generic λ. At kinks of w(·) the λ-paths of `solution_map` decide.

use super::caller::{Asked, Caller};
use super::fixed_point::{End, settle};
use super::interpolation::slopes;
use super::jacobian::{Linear, Solution};
use super::noise::Noise;
use super::report::Found;
use super::units::Units;
use crate::checks::Reason;
use crate::linalg::Vector;
use crate::linalg::random::Random;
use crate::tol::{SERVED_INEXACT, UNIT};

/// Nodes of the interpolation, less one.
const ORDER: usize = 8;

/// (a) Slopes of w(·) along λ at a displaced λ against Ĵ: |slope - Ĵv| ≤ est + f_J, component by
/// component in units of the scales.
pub(super) fn slope(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    solution: &Solution,
    linear: &Linear,
    random: &mut Random,
) -> Asked<Found> {
    let check = "solution-map";
    let (d, n) = caller.dims();
    let x = &solution.settled.x;
    let mut v = units.direction(x, 1.0, random);
    v[..d].fill(0.0);
    let direction = Vector::from_fn(n - d, |j, _| v[d + j] / units.s[d + j]);
    let product = &linear.j * &direction;
    let floor = noise.norm(units);
    let epsilon = vec![solution.k * floor; d];
    let mut unsettled = false;
    let found = slopes(ORDER, &epsilon, &vec![1.0; d], |at| {
        let start = |t: &f64| {
            let mut start: Vec<f64> = x.iter().zip(&v).map(|(x, v)| x + t * v).collect();
            for i in 0..d {
                start[i] += t * product[i] * units.s[i];
            }
            units.clamped(start)
        };
        let ends = settle(caller, units, floor, at.iter().map(start).collect(), true)?;
        unsettled |= ends.iter().any(|s| s.end != End::Settled);
        let scaled = |x: &[f64]| x.iter().zip(&units.s).take(d).map(|(w, s)| w / s).collect();
        Ok(ends.iter().map(|s| scaled(&s.x)).collect())
    })?;
    let (mut gap, mut bound, mut least, mut resolved) = (0.0f64, 1.0, 0.0f64, 0);
    let size = product.amax();
    for (i, slope) in found.iter().enumerate() {
        let Some(slope) = slope else { continue };
        resolved += 1;
        let allowed = slope.error + linear.error * direction.norm() + 8.0 * UNIT * size;
        let off = (slope.value - product[i]).abs();
        least = least.max(allowed / size.max(slope.value.abs()));
        if off / allowed > gap / bound {
            (gap, bound) = (off, allowed);
        }
    }
    if resolved == 0 || unsettled {
        let text = if unsettled {
            "iterations near this λ do not settle"
        } else {
            "no slope of w(·) was resolved around this λ: kinks, curvature, or w(·) does not move"
        };
        return Ok(Found::open(
            check,
            Reason::NothingToSee,
            [f64::NAN; 2],
            text,
        ));
    }
    let text = format!(
        "slopes of w(·) along a direction of λ, from fixed points by values, against J from \
         products: off by {gap:.1e} of {bound:.1e} allowed, {resolved} of {d} components; a \
         relative error of {least:.1e} would have been seen"
    );
    if gap <= bound {
        return Ok(Found::seeing(check, [gap, bound], least, text));
    }
    let relative = gap / size.max(f64::MIN_POSITIVE);
    if relative <= SERVED_INEXACT[usize::from(noise.is_single())] {
        let fault = format!("inexact J, {relative:.1e}, floor {least:.1e}");
        return Ok(Found::open(check, Reason::Inexact, [gap, bound], text).naming(fault));
    }
    Ok(Found::failed(check, [gap, bound], text).naming("J is not the derivative of w(·)"))
}
