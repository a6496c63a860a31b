//! Which entry of V is wrong: products with unit vectors against slopes of values (theory, section
//! 10, item 3).
//!
//! Owns slopes along a direction and the names of whole patterns. Must not rule.

use super::caller::{Asked, Caller, Part};
use super::interpolation::{Slope, slopes};
use super::noise::Noise;
use super::units::Units;
use crate::linalg::Matrix;
use crate::linalg::random::Random;

/// Nodes of item 3, less one.
const ORDER: usize = 12;
/// Entries beyond this count are not looked at one by one.
const ENTRIES: usize = 40_000;

/// Slopes of values along v at x, with their errors.
pub(super) fn along_direction(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    epsilon: &[f64],
    x: &[f64],
    v: &[f64],
) -> Asked<Vec<Option<Slope>>> {
    slopes(ORDER, epsilon, &units.s[..units.d], |at| {
        let point = |t: &f64| x.iter().zip(v).map(|(x, v)| x + t * v).collect();
        caller.values(part, &at.iter().map(point).collect::<Vec<_>>())
    })
}

/// What V is instead of the derivative, near a place where it was seen to be wrong: products with
/// unit vectors against slopes along them.
pub(super) fn entry(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    noise: &Noise,
    place: &[f64],
    random: &mut Random,
) -> Asked<Option<String>> {
    let (d, n) = caller.dims();
    if d * n > ENTRIES {
        return Ok(None);
    }
    let x = units.displaced(place, random);
    let given = caller
        .jacobians(part, std::slice::from_ref(&x), &units.s, n)?
        .remove(0);
    let (mut seen, mut error) = (
        Matrix::zeros(d, n),
        Matrix::from_element(d, n, f64::INFINITY),
    );
    for j in 0..n {
        let mut v = vec![0.0; n];
        v[j] = units.direction(&x, 1.0, random)[j].abs();
        if v[j] == 0.0 {
            continue;
        }
        let found = along_direction(caller, part, units, &noise.with_products(units), &x, &v)?;
        for (i, slope) in found.iter().enumerate() {
            if let Some(slope) = slope {
                let unit = units.s[j] / v[j] / units.s[i];
                seen[(i, j)] = slope.value * unit;
                error[(i, j)] = slope.error * unit;
            }
        }
    }
    Ok(named(&given, &seen, &error, &units.s))
}

fn named(given: &Matrix, seen: &Matrix, error: &Matrix, s: &[f64]) -> Option<String> {
    let (d, n) = given.shape();
    let room = |i: usize, j: usize| error[(i, j)] + 8.0 * crate::tol::UNIT * given[(i, j)].abs();
    let is = |other: &dyn Fn(usize, usize) -> f64, columns: &[usize]| {
        columns
            .iter()
            .all(|&j| (0..d).all(|i| !((given[(i, j)] - other(i, j)).abs() > room(i, j))))
    };
    let right = |j: usize| is(&|i, j| seen[(i, j)], &[j]);
    let wrong: Vec<usize> = (0..n).filter(|j| !right(*j)).collect();
    if wrong.is_empty() {
        return None;
    }
    let which = |j: usize| {
        if j < d {
            format!("∂w_{j}")
        } else {
            format!("∂λ_{}", j - d)
        }
    };
    let columns = wrong
        .iter()
        .map(|j| which(*j))
        .collect::<Vec<_>>()
        .join(", ");
    if wrong.iter().all(|j| (0..d).all(|i| given[(i, *j)] == 0.0)) {
        return Some(format!("missing columns: {columns}"));
    }
    if is(&|i, j| -seen[(i, j)], &wrong) {
        return Some(format!("lost sign in columns {columns}"));
    }
    if wrong.iter().all(|j| *j < d) {
        // In units of s a transpose is that of natural units only after rescaling.
        let unit = |i: usize, j: usize| (s[j] / s[i]) * (s[j] / s[i]);
        let off = |i: usize, j: usize| (given[(i, j)] - seen[(j, i)] * unit(i, j)).abs();
        let all = (0..d).all(|i| {
            (0..d).all(|j| !(off(i, j) > room(i, j) + (error[(j, i)] * unit(i, j)).min(f64::MAX)))
        });
        if all && d > 1 {
            return Some("∂₁Φ is transposed".to_owned());
        }
    }
    let mut worst = (0.0, 0, 0);
    for j in wrong {
        for i in 0..d {
            let excess = (given[(i, j)] - seen[(i, j)]).abs() / room(i, j);
            if excess > worst.0 {
                worst = (excess, i, j);
            }
        }
    }
    let (_, i, j) = worst;
    Some(format!(
        "entry (Φ_{i}, {}) is {:.9e}, values give {:.9e} (in units of the scales)",
        which(j),
        given[(i, j)],
        seen[(i, j)]
    ))
}
