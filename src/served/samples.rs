//! Stochastic maps: T̂(·, i) and their mean (theory, section 10, item 10).
//!
//! Owns the exact mean over all indices; T̂(·, i) themselves are judged like any map.

use super::caller::{Asked, Caller, Part};
use super::conservative;
use super::consistency;
use super::evaluation::What;
use super::noise;
use super::report::Found;
use super::units::Units;
use crate::checks::Reason;
use crate::linalg::Dd;
use crate::linalg::random::Random;
use crate::tol::{SERVED_DECLARED, SERVED_INDICES, SERVED_INSIDE};

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

/// |n⁻¹Σ_i T̂_i - T| ≤ 4u((d+4)·mean|T̂_i| + |T|), and what T may round as a sum, over all indices, and the same for products along
/// one direction and one functional; then items 2-4 for three T̂(·, i).
pub(super) fn judge(caller: &mut Caller<'_>, units: &Units, random: &mut Random) -> Asked<Found> {
    let check = "samples";
    let (n, products) = (caller.spec.samples, caller.spec.products);
    let start = units.trajectory[0].clone();
    let (noise, _) = noise::estimate(caller, Part::Mean, units, &start, random)?;
    if n > SERVED_INDICES {
        let text = format!("{n} indices are more than are summed");
        return Ok(Found::open(
            check,
            Reason::TooLarge,
            [n as f64, SERVED_INDICES as f64],
            text,
        ));
    }
    let x = units.displaced(&start, random);
    let (v, u) = (units.direction(&x, 1.0, random), units.functional(random));
    let mut worst = (0.0f64, 0.0f64, 1.0f64, "phi");
    for what in [What::Phi, What::Jvp, What::Vjp] {
        let u = match what {
            What::Jvp if products.jvp => &v[..],
            What::Vjp if products.vjp => &u[..],
            What::Phi => &[][..],
            _ => continue,
        };
        let all = caller.samples(what, n, &x, u)?;
        let pair = [(x.clone(), u.to_vec())];
        let whole = match what {
            What::Jvp => caller.jvps(Part::Mean, &pair)?,
            What::Vjp => caller.vjps(Part::Mean, &pair)?,
            _ => caller.values(Part::Mean, std::slice::from_ref(&x))?,
        };
        let whole = &whole[0];
        let (mean, size) = mean(&all);
        let rounding = if what == What::Phi {
            noise.values
        } else {
            noise.products
        };
        let declared = SERVED_DECLARED * caller.spec.tolerance;
        for i in 0..mean.len() {
            let terms = (units.d + 4) as f64 * size[i] + whole[i].abs();
            // What cancelled inside does not show in the results (w - η∇f where it contracts), and
            // T may itself be a sum of n terms.
            let inside = (SERVED_INSIDE + n as f64) * rounding;
            let inside = match what {
                What::Phi => 4.0 * noise.epsilon[i] + inside * size[i],
                What::Jvp => inside * units.s[i],
                _ => inside / units.s[i],
            };
            let declared = declared * (size[i] + whole[i].abs());
            let allowed = 4.0 * rounding * terms + inside + declared;
            let gap = (mean[i] - whole[i]).abs();
            let part = crate::checks::part(gap, allowed);
            if part > worst.0 {
                worst = (part, gap, allowed, what.name());
            }
        }
    }
    let (part, gap, allowed, what) = worst;
    if !(part <= 1.0) {
        let text = format!(
            "the mean of T̂(·, i) over all {n} indices differs from T in `{what}` by {gap:.1e}, \
             {part:.1e} times its rounding"
        );
        return Ok(Found::failed(check, [gap, allowed], text).naming("T is not the mean of T̂"));
    }
    let mut said = Vec::new();
    for _ in 0..INDICES.min(n) {
        let part = Part::Sample(random.below(n as u64) as usize);
        let (mut noise, _) = noise::estimate(caller, part, units, &start, random)?;
        let mut found = vec![];
        if products.vjp || products.jvp {
            found.push(consistency::judge(
                caller, part, units, &mut noise, &start, random,
            )?);
            let special = [start.clone(), units.point(random)];
            let paths = conservative::walk(caller, part, units, &noise, &special, random)?;
            found.push(paths.ruling(&noise, None));
            found.push(conservative::products(
                caller, part, units, &noise, &start, random,
            )?);
        }
        if let Some(bad) = found.into_iter().find(|f| f.fails() || f.fault.is_some()) {
            let Part::Sample(i) = part else { continue };
            let detail = format!("T̂(·, {i}), {}: {}", bad.check, bad.finding.detail);
            let finding = crate::checks::Finding {
                detail,
                ..bad.finding
            };
            return Ok(Found {
                check,
                finding,
                fault: bad.fault,
            });
        }
        if let Part::Sample(i) = part {
            said.push(i.to_string());
        }
    }
    let text = format!(
        "the mean over all {n} indices is T to {part:.1e} of its rounding, and so are products \
         along one direction and one functional; T̂(·, i) for i = {} are consistent and \
         conservative like a map, others were not looked at",
        said.join(", ")
    );
    Ok(Found::passed(check, [gap, allowed], text))
}
