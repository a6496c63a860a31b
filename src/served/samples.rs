//! Stochastic maps: T̂(·, i) and their mean (theory, section 10, item 10).
//!
//! Owns the exact mean over all indices; T̂(·, i) themselves are judged like any map.

use super::caller::{Asked, Caller, Part};
use super::conservative;
use super::consistency;
use super::evaluation::What;
use super::noise::{self, Noise};
use super::report::Found;
use super::units::Units;
use crate::checks::{Finding, Reason, part};
use crate::linalg::Dd;
use crate::linalg::random::Random;
use crate::tol::{SERVED_CANCELLED, SERVED_DECLARED, SERVED_INDICES, SERVED_INSIDE};

const CHECK: &str = "samples";

/// Indices whose T̂ is judged as a map.
const INDICES: usize = 3;

/// n⁻¹Σ_i of vectors exactly, with the mean of the moduli.
fn mean(all: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let n = Dd::from(all.len() as f64);
    let width = all.first().map_or(0, Vec::len);
    let sum = |one: &dyn Fn(f64) -> f64, i: usize| {
        let total = all.iter().fold(Dd::ZERO, |s, v| s + Dd::from(one(v[i])));
        (total / n).hi()
    };
    (0..width)
        .map(|i| (sum(&|v| v, i), sum(&f64::abs, i)))
        .unzip()
}

/// How far T, or a product of it, is from the mean over all indices.
#[derive(Default)]
struct Means {
    /// The worst component: gap, what is allowed, and where.
    gap: f64,
    allowed: f64,
    what: &'static str,
    /// Its gap beside mean|T̂_i|.
    relative: f64,
    /// The largest ‖allowed‖/‖mean|T̂_i|‖.
    least: f64,
}

/// |n⁻¹Σ_i T̂_i - T| beside 4u((d+4)·mean|T̂_i| + |T|) and what T may round that does not show in
/// it; the same for products along one direction and one functional.
fn means(
    caller: &mut Caller<'_>,
    units: &Units,
    noise: &Noise,
    x: &[f64],
    random: &mut Random,
) -> Asked<Means> {
    let (n, products) = (caller.spec.samples, caller.spec.products);
    let (v, u) = (units.direction(x, 1.0, random), units.functional(random));
    let declared = SERVED_DECLARED * caller.spec.tolerance;
    let mut out = Means::default();
    for what in [What::Phi, What::Jvp, What::Vjp] {
        let u = match what {
            What::Jvp if products.jvp => &v[..],
            What::Vjp if products.vjp => &u[..],
            What::Phi => &[][..],
            _ => continue,
        };
        let all = caller.samples(what, n, x, u)?;
        let pair = [(x.to_vec(), u.to_vec())];
        let (whole, rounding) = match what {
            What::Jvp => (caller.jvps(Part::Mean, &pair)?, noise.products),
            What::Vjp => (caller.vjps(Part::Mean, &pair)?, noise.products),
            _ => (caller.values(Part::Mean, &[x.to_vec()])?, noise.values),
        };
        let whole = &whole[0];
        let (mean, size) = mean(&all);
        // What cancelled inside does not show in the results (w - η∇f where it contracts), and T
        // may itself be a sum of n terms.
        let inside = (SERVED_INSIDE + n as f64) * rounding;
        let (mut hidden, mut seen) = (0.0, 0.0);
        for i in 0..mean.len() {
            let unit = match what {
                What::Vjp => 1.0 / units.s[i],
                _ => units.s[i],
            };
            let inside = match what {
                What::Phi => SERVED_CANCELLED * noise.epsilon[i] + inside * size[i],
                _ => inside * unit,
            };
            let terms = (units.d + 4) as f64 * size[i] + whole[i].abs();
            let both = size[i] + whole[i].abs();
            let allowed = 4.0 * rounding * terms + inside + declared * both;
            let gap = (mean[i] - whole[i]).abs();
            (hidden, seen) = (
                hidden + (allowed / unit).powi(2),
                seen + (size[i] / unit).powi(2),
            );
            if part(gap, allowed) > part(out.gap, out.allowed) {
                (out.gap, out.allowed, out.what) = (gap, allowed, what.name());
                out.relative = gap / size[i].max(whole[i].abs());
            }
        }
        if seen > 0.0 {
            out.least = out.least.max((hidden / seen).sqrt());
        }
    }
    Ok(out)
}

/// Items 2-4 for three T̂(·, i): the first that is wrong, or which were looked at.
fn three(
    caller: &mut Caller<'_>,
    units: &Units,
    start: &[f64],
    random: &mut Random,
) -> Asked<Result<String, Found>> {
    let (n, products) = (caller.spec.samples, caller.spec.products);
    let mut said = Vec::new();
    for _ in 0..INDICES.min(n) {
        let i = random.below(n as u64) as usize;
        let part = Part::Sample(i);
        let (mut noise, _) = noise::estimate(caller, part, units, start, random)?;
        let mut found = vec![];
        if products.vjp || products.jvp {
            found.push(consistency::judge(
                caller, part, units, &mut noise, start, random,
            )?);
            let special = [start.to_vec(), units.point(random)];
            let paths = conservative::walk(caller, part, units, &noise, &special, random)?;
            found.push(paths.ruling(&noise, None));
            found.push(conservative::products(
                caller, part, units, &noise, start, random,
            )?);
        }
        if let Some(bad) = found.into_iter().find(|f| f.fails() || f.fault.is_some()) {
            let detail = format!("T̂(·, {i}), {}: {}", bad.check, bad.finding.detail);
            let finding = Finding {
                detail,
                ..bad.finding
            };
            let found = Found {
                check: CHECK,
                finding,
                fault: bad.fault,
            };
            return Ok(Err(found));
        }
        said.push(i.to_string());
    }
    Ok(Ok(format!(
        "T̂(·, i) for i = {} are consistent and conservative like a map",
        said.join(", ")
    )))
}

/// Three T̂(·, i) as maps, and the mean of all; `whole` is the noise of Φ.
pub(super) fn judge(
    caller: &mut Caller<'_>,
    units: &Units,
    whole: &Noise,
    random: &mut Random,
) -> Asked<Found> {
    let n = caller.spec.samples;
    let start = units.trajectory[0].clone();
    let three = match three(caller, units, &start, random)? {
        Ok(text) => text,
        Err(bad) => return Ok(bad),
    };
    if n > SERVED_INDICES {
        let text = format!("{three}; {n} indices are more than are summed");
        let numbers = [n as f64, SERVED_INDICES as f64];
        return Ok(Found::open(CHECK, Reason::TooLarge, numbers, text));
    }
    let (mut noise, _) = noise::estimate(caller, Part::Mean, units, &start, random)?;
    // Values may be more precise than products, which only pairs of products show.
    noise.products = noise.products.max(whole.products);
    let x = units.displaced(&start, random);
    let m = means(caller, units, &noise, &x, random)?;
    let numbers = [m.gap, m.allowed];
    let parts = part(m.gap, m.allowed);
    if !(parts <= 1.0) {
        let text = format!(
            "the mean of T̂(·, i) over all {n} indices differs from T in `{}` by {:.1e}, {parts:.1e} \
             times its rounding; {three}",
            m.what, m.gap
        );
        let size = (m.relative, noise.is_single() || whole.is_single());
        let fault = "T is not the mean of T̂";
        return Ok(Found::beyond(CHECK, numbers, size, text, "mean", fault));
    }
    let text = format!(
        "the mean over all {n} indices is T to {parts:.1e} of its rounding, and so are products \
         along one direction and one functional; a relative error of {:.1e} would have been seen; \
         {three}, others were not looked at",
        m.least
    );
    if m.least > 0.5 / n as f64 {
        let text = format!("{text}: one sample left out could hide in that");
        return Ok(Found::open(CHECK, Reason::NoPower, numbers, text));
    }
    Ok(Found::passed(CHECK, numbers, text))
}
