//! How much Φ expands where it was looked at (theory, section 10, item 5).
//!
//! q̂ is a sampled lower bound and says nothing elsewhere; a refutation is a proof by values. Owns
//! the sampling, the refutation, and the Lyapunov norm of ŵ.

use super::caller::{Asked, Caller, Part};
use super::fixed_point::{End, Settled, settle};
use super::noise::Noise;
use super::report::Found;
use super::spectral::{largest, lyapunov, radius};
use super::units::Units;
use crate::checks::Reason;
use crate::linalg::random::Random;
use crate::linalg::{Matrix, Vector};
use crate::tol::{
    SERVED_APART, SERVED_APART_LEAST, SERVED_ASCENT, SERVED_MATRIX, SERVED_SECANT, SERVED_SLOWEST,
};

/// Points of the domain and of the trajectory, and rounds of ascent with proposals a message.
const DOMAIN: usize = 64;
const TRAJECTORY: usize = 30;
const ROUNDS: usize = 8;
const PROPOSALS: usize = 8;
/// Starts from which a second fixed point is looked for.
const STARTS: usize = 8;
/// Steps of a secant in units of the scales.
const SECANTS: [f64; 4] = [1.0, 0.1, 0.01, 0.001];
/// ρ is above 1 where it is by more than the squarings leave.
const BEYOND: f64 = 1.0 + 1.0 / (1u64 << 14) as f64;

/// The Jacobians seen, their largest norm, and where.
struct Sampled {
    matrices: Vec<Matrix>,
    q: f64,
    at: Vec<f64>,
    top: Vector,
}

fn sample(caller: &mut Caller<'_>, units: &Units, random: &mut Random) -> Asked<Sampled> {
    let d = units.d;
    let mut points: Vec<_> = (0..DOMAIN).map(|_| units.point(random)).collect();
    let trajectory = &units.trajectory;
    let step = trajectory.len().div_ceil(TRAJECTORY);
    points.extend(
        trajectory
            .iter()
            .step_by(step)
            .map(|x| units.displaced(x, random)),
    );
    let mut sampled = Sampled {
        matrices: Vec::new(),
        q: -1.0,
        at: points[0].clone(),
        top: Vector::zeros(d),
    };
    let mut look = |caller: &mut Caller<'_>, points: Vec<Vec<f64>>, random: &mut Random| {
        let found = caller.jacobians(Part::Whole, &points, &units.s, d)?;
        for (x, a) in points.into_iter().zip(found) {
            let (q, top) = largest(&a, random);
            if q > sampled.q {
                (sampled.q, sampled.at, sampled.top) = (q, x, top);
            }
            sampled.matrices.push(a);
        }
        Asked::Ok(sampled.at.clone())
    };
    let mut best = look(caller, points, random)?;
    for round in 0..ROUNDS {
        let size = SERVED_ASCENT / (1 << (round / 2)) as f64;
        let points = (0..PROPOSALS)
            .map(|_| units.near(&best, size, random))
            .collect();
        best = look(caller, points, random)?;
    }
    Ok(sampled)
}

/// A secant that expands, or `None`: ‖Φ(w) - Φ(w')‖ > (1 + 1e-9)‖w - w'‖ + 2‖ε‖.
fn secant(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    sampled: &Sampled,
) -> Asked<Option<(f64, f64)>> {
    let mut points = vec![sampled.at.clone()];
    for step in SECANTS {
        for sign in [1.0, -1.0] {
            let mut x = sampled.at.clone();
            for i in 0..units.d {
                x[i] += sign * step * units.s[i] * sampled.top[i];
            }
            points.push(units.clamped(x));
        }
    }
    let values = caller.values(Part::Whole, &points)?;
    let apart = |a: &[f64], b: &[f64]| {
        let difference: Vec<f64> = a.iter().zip(b).take(units.d).map(|(a, b)| a - b).collect();
        units.norm(&difference)
    };
    let mut worst: Option<(f64, f64)> = None;
    for k in 1..points.len() {
        let before = apart(&points[0], &points[k]);
        let after = apart(&values[0], &values[k]);
        let allowed = (1.0 + SERVED_SECANT) * before + 2.0 * noise.norm(units);
        if after > allowed && worst.is_none_or(|w| after / before > w.0) {
            worst = Some((after / before, before));
        }
    }
    Ok(worst)
}

/// A second fixed point from eight starts: how far it is from ŵ.
fn second(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    at: &Settled,
    newton: bool,
    random: &mut Random,
) -> Asked<Option<f64>> {
    let floor = noise.norm(units);
    let lambda = &at.x[units.d..];
    let start = |random: &mut Random| [&units.point(random)[..units.d], lambda].concat();
    let starts: Vec<_> = (0..STARTS).map(|_| start(random)).collect();
    let error =
        |s: &Settled| 3.0 * (s.residual + 3.0 * floor) / (1.0 - s.ratio.min(SERVED_SLOWEST));
    let mut farthest = None;
    for other in settle(caller, units, floor, starts, newton)? {
        if other.end != End::Settled {
            continue;
        }
        let pairs = other.x.iter().zip(&at.x).take(units.d);
        let distance = units.norm(&pairs.map(|(a, b)| a - b).collect::<Vec<_>>());
        let least = SERVED_APART_LEAST * (units.d as f64).sqrt();
        if distance > (SERVED_APART * (error(&other) + error(at))).max(least) {
            farthest = Some(distance.max(farthest.unwrap_or(0.0)));
        }
    }
    Ok(farthest)
}

/// Whether Φ was seen to be no contraction. `settled` is the end of the iteration at the given λ;
/// without trusted products values alone decide.
pub(super) fn judge(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    settled: &Settled,
    trusted: bool,
    random: &mut Random,
) -> Asked<Found> {
    let check = "contraction";
    if settled.end == End::Diverged {
        let text = format!(
            "iterates from w0 leave for infinity after {} steps",
            settled.steps
        );
        let numbers = [settled.ratio, 1.0];
        return Ok(Found::failed(check, numbers, text).naming("Φ is no contraction"));
    }
    if let Some(distance) = second(caller, units, noise, settled, trusted, random)? {
        let text = format!(
            "there are two fixed points, {distance:.2e} apart in units of the scales: Φ contracts \
             in no norm"
        );
        let numbers = [distance, 0.0];
        return Ok(Found::failed(check, numbers, text).naming("Φ is no contraction"));
    }
    if !trusted || units.d > SERVED_MATRIX {
        let why = if trusted {
            "the dimension is above 200"
        } else {
            "products are not trusted"
        };
        let text = format!(
            "{STARTS} starts end at one fixed point; ‖∂₁Φ‖ was not looked at because {why}"
        );
        return Ok(Found::open(check, Reason::NoPower, [f64::NAN; 2], text));
    }
    let sampled = sample(caller, units, random)?;
    let (q, count) = (sampled.q, sampled.matrices.len());
    let refuted = secant(caller, units, noise, &sampled)?;
    // At a kink an unlawful selection could show a ρ that is none of Φ's: three points have to.
    let mut points = vec![settled.x.clone()];
    points.extend((0..2).map(|_| units.displaced(&settled.x, random)));
    let at = caller.jacobians(Part::Whole, &points, &units.s, units.d)?;
    let radii: Vec<f64> = at.iter().map(radius).collect();
    let rho = radii[0];
    if radii.iter().all(|rho| *rho > BEYOND) {
        let text = format!("ρ(∂₁Φ) = {rho:.6} at the fixed point: Φ contracts in no norm");
        return Ok(Found::failed(check, [rho, 1.0], text).naming("Φ is no contraction"));
    }
    let seen =
        format!("q̂ = {q:.6}, the largest ‖∂₁Φ‖ seen at {count} points in units of the scales");
    if q < 1.0 && refuted.is_none() {
        let text = format!("{seen}; ρ(∂₁Φ(ŵ)) = {rho:.6}; says nothing elsewhere");
        return Ok(Found::passed(check, [q, 1.0], text));
    }
    let how = refuted.map_or_else(
        || format!("{seen}, but no secant there expands"),
        |(ratio, length)| {
            format!("{seen}; a secant of length {length:.1e} expands {ratio:.6} times")
        },
    );
    // One norm is refuted; in that of natural units, or of ŵ, the map may still contract.
    let s = &units.s;
    let natural = |a: &Matrix| {
        let a = Matrix::from_fn(units.d, units.d, |i, j| a[(i, j)] * s[i] / s[j]);
        a.singular_values().max()
    };
    let natural = sampled.matrices.iter().map(natural).fold(0.0, f64::max);
    if natural < 1.0 {
        let text = format!(
            "{how}; in natural units the largest seen at the same points is {natural:.6}, and \
             constants hold in that norm; says nothing elsewhere"
        );
        return Ok(Found::passed(check, [natural, 1.0], text));
    }
    let in_lyapunov = (rho < 1.0)
        .then(|| lyapunov(&at[0], rho))
        .flatten()
        .and_then(|p| {
            let l = p.cholesky()?.l();
            let norm = |a: &Matrix| {
                // ‖Lᵀ A L⁻ᵀ‖ = ‖L⁻¹ Aᵀ L‖.
                l.solve_lower_triangular(&(a.transpose() * &l))
                    .map(|m| m.singular_values().max())
            };
            sampled
                .matrices
                .iter()
                .map(norm)
                .try_fold(0.0f64, |m, q| q.map(|q| m.max(q)))
        });
    match in_lyapunov {
        Some(p) if p < 1.0 => {
            let text = format!(
                "{how}; in the Lyapunov norm of ŵ the largest seen at the same points is {p:.6}, \
                 and constants hold in that norm; says nothing elsewhere"
            );
            Ok(Found::passed(check, [p, 1.0], text))
        }
        other => {
            let also = other.map_or(String::new(), |p| format!(", nor is that of ŵ's ({p:.3})"));
            let text = format!(
                "{how}; this norm is no contraction's{also}, ρ(∂₁Φ(ŵ)) = {rho:.6}: no bound is \
                 asserted, limits are judged without q"
            );
            let found = Found::open(check, Reason::Hypothesis, [q, 1.0], text);
            Ok(match refuted {
                Some(_) => found.naming("no contraction in the norm of the scales"),
                None => found,
            })
        }
    }
}
