//! What holds between answers whatever Φ is (theory, section 10, item 2): no differences involved.
//!
//! A product that is consistently wrong passes all of this.

use super::caller::{Asked, Caller, Part};
use super::noise::Noise;
use super::report::Found;
use super::units::Units;
use crate::checks::Reason;
use crate::linalg::random::Random;
use crate::tol::{
    Roundoff, SERVED_ADDITIVITY, SERVED_ADJOINT, SERVED_DECLARED, SERVED_INEXACT,
    SERVED_PRECISIONS, SERVED_SCALING, UNIT,
};

/// Pairs (u, v) of which the median names the precision.
const PAIRS: usize = 16;
/// Those that are judged.
const JUDGED: usize = 4;

/// One thing that was not as it has to be.
struct Broken {
    relative: f64,
    allowed: f64,
    text: String,
    fault: String,
    /// Small disagreement is inexactness; a state or an absolute tolerance is a fault at any size.
    exact: bool,
}

/// Judges a part at displaced points; sets `noise.products` to the precision seen.
pub(super) fn judge(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    noise: &mut Noise,
    x: &[f64],
    random: &mut Random,
) -> Asked<Found> {
    let (products, tolerance) = (caller.spec.products, caller.spec.tolerance);
    // Every other point from the domain: near the start products may all be 0.
    let points: Vec<_> = (0..PAIRS)
        .map(|k| match k % 2 {
            0 => units.displaced(x, random),
            _ => units.point(random),
        })
        .collect();
    let us: Vec<_> = (0..PAIRS).map(|_| units.functional(random)).collect();
    let vs: Vec<_> = points
        .iter()
        .map(|x| units.direction(x, 1.0, random))
        .collect();
    let pairs =
        |vs: &[Vec<f64>]| -> Vec<_> { points.iter().cloned().zip(vs.iter().cloned()).collect() };
    let by_u = if products.vjp {
        caller.vjps(part, &pairs(&us))?
    } else {
        Vec::new()
    };
    let by_v = if products.jvp {
        caller.jvps(part, &pairs(&vs))?
    } else {
        Vec::new()
    };
    let mut broken = Vec::new();
    let declared = SERVED_DECLARED * tolerance;
    let mut seen = Vec::new();

    // (b) first: what changes from call to call spoils the rest.
    repeats(
        caller,
        part,
        units,
        declared,
        &points[0],
        random,
        &mut broken,
    )?;

    // (e) the precision in use, then (a) adjointness in units of it.
    let numbers: Vec<f64> = by_u.iter().chain(&by_v).flatten().copied().collect();
    let rounded = numbers.iter().all(|v| Roundoff::SINGLE.nearest(*v) == *v);
    noise.single_products = rounded && numbers.iter().any(|v| *v != v.trunc());
    if products.vjp && products.jvp {
        let ratios: Vec<Option<f64>> = (0..PAIRS)
            .map(|k| adjoint(&us[k], &by_v[k], &by_u[k], &vs[k]))
            .collect();
        // Where both products are 0 nothing is rounded.
        let mut sorted: Vec<f64> = ratios.iter().copied().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        let root = (units.d as f64).sqrt();
        let shown = root * sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        let row = SERVED_PRECISIONS.iter().find(|row| shown <= row.0);
        let known = noise.values.max(UNIT);
        noise.products = match row {
            Some(row) if shown > declared => row.1.max(known),
            _ => known,
        };
        let reduced = row.filter(|row| row.1 > UNIT && shown > declared);
        // The rounding of single precision shows in the numbers themselves.
        if let Some((.., name)) = reduced.filter(|_| !noise.single_products) {
            broken.push(Broken {
                relative: shown,
                allowed: SERVED_PRECISIONS[0].0,
                text: format!(
                    "jvp and vjp agree only to {shown:.1e} (√d times the median of {PAIRS} \
                     pairs), as in {name}, and are not numbers of single precision"
                ),
                fault: format!("products agree as in {name}"),
                exact: false,
            });
        }
        let u = noise.products;
        let allowed = (SERVED_ADJOINT[0] + SERVED_ADJOINT[1] * root) * u + declared;
        let worst = ratios
            .iter()
            .flatten()
            .take(JUDGED)
            .copied()
            .fold(0.0, f64::max);
        seen.push(format!(
            "adjointness holds to {worst:.1e} of {allowed:.1e} allowed"
        ));
        if !(worst <= allowed) {
            broken.push(Broken {
                relative: worst,
                allowed,
                text: format!("⟨u, jvp v⟩ and ⟨vjp u, v⟩ differ by {worst:.1e} of their terms"),
                fault: "jvp and vjp are not transposes".into(),
                exact: false,
            });
        }
    } else if noise.single_products {
        noise.products = noise.values.max(Roundoff::SINGLE.value());
    }
    linear(
        caller,
        part,
        units,
        noise,
        declared,
        &points[1],
        random,
        &mut broken,
        &mut seen,
    )?;
    Ok(ruling(broken, &seen, noise))
}

/// r = |⟨u, jvp v⟩ - ⟨vjp u, v⟩| over the sum of the moduli of all terms; none where these are 0.
fn adjoint(u: &[f64], vv: &[f64], vu: &[f64], v: &[f64]) -> Option<f64> {
    let terms = |a: &[f64], b: &[f64]| -> (f64, f64) {
        let products = a.iter().zip(b).map(|(a, b)| a * b);
        products.fold((0.0, 0.0), |(s, m), p| (s + p, m + p.abs()))
    };
    let ((left, sizes), (right, others)) = (terms(u, vv), terms(vu, v));
    let all = sizes + others;
    (all > 0.0).then(|| (left - right).abs() / all)
}

/// The largest difference of components over the largest modulus among `sizes`, in units of s (of
/// 1/s for transposed products).
fn gap(a: &[f64], b: &[f64], sizes: &[&[f64]], s: &[f64], transposed: bool) -> f64 {
    let scaled = |v: f64, s: f64| if transposed { v * s } else { v / s };
    let largest = |v: &[f64]| {
        v.iter()
            .zip(s)
            .fold(0.0f64, |m, (v, s)| m.max(scaled(*v, *s).abs()))
    };
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let (gap, size) = (
        largest(&difference),
        sizes.iter().map(|v| largest(v)).fold(0.0, f64::max),
    );
    if gap == 0.0 { 0.0 } else { gap / size.max(gap) }
}

fn distance(a: &[f64], b: &[f64], s: &[f64], transposed: bool) -> f64 {
    gap(a, b, &[a], s, transposed)
}

/// (b) The same question twice, and again after others: the same bits.
fn repeats(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    declared: f64,
    x: &[f64],
    random: &mut Random,
    broken: &mut Vec<Broken>,
) -> Asked<()> {
    let other = units.point(random);
    let (u, v) = (units.functional(random), units.direction(x, 1.0, random));
    let at = |u: &[f64]| [x, x, &other, x].map(|x| (x.to_vec(), u.to_vec())).to_vec();
    let points = [x, x, &other, x].map(<[f64]>::to_vec);
    let (products, d) = (caller.spec.products, units.d);
    let mut look = |name: &str, answers: &[Vec<f64>], s: &[f64], inverse: bool| {
        for (k, when) in [(1, "at once"), (3, "after a call elsewhere")] {
            let relative = distance(&answers[0], &answers[k], s, inverse);
            if relative > declared || relative.is_nan() {
                broken.push(Broken {
                    relative,
                    allowed: declared,
                    text: format!("the same `{name}` asked again {when} differs by {relative:.1e}"),
                    fault: format!("`{name}` is not a function of its arguments"),
                    exact: true,
                });
                break;
            }
        }
    };
    look("phi", &caller.values(part, &points)?, &units.s[..d], false);
    if products.vjp {
        look("vjp", &caller.vjps(part, &at(&u))?, &units.s, true);
    }
    if products.jvp {
        look("jvp", &caller.jvps(part, &at(&v))?, &units.s[..d], false);
    }
    Ok(())
}

/// (c) Scaling by 2⁻²⁰ bit for bit, (d) additivity to 1e3·u of the largest entry.
#[expect(clippy::too_many_arguments)]
fn linear(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    noise: &Noise,
    declared: f64,
    x: &[f64],
    random: &mut Random,
    broken: &mut Vec<Broken>,
    seen: &mut Vec<String>,
) -> Asked<()> {
    let products = caller.spec.products;
    let allowed = SERVED_ADDITIVITY * noise.products + declared;
    for (name, transposed) in [("vjp", true), ("jvp", false)] {
        if !(if transposed {
            products.vjp
        } else {
            products.jvp
        }) {
            continue;
        }
        let mut draw = || {
            if transposed {
                units.functional(random)
            } else {
                units.direction(x, 1.0, random)
            }
        };
        let (a, b) = (draw(), draw());
        let sum = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let small = a.iter().map(|a| a * SERVED_SCALING).collect();
        let pairs = [a, b, sum, small].map(|u: Vec<f64>| (x.to_vec(), u));
        let answers = if transposed {
            caller.vjps(part, &pairs)?
        } else {
            caller.jvps(part, &pairs)?
        };
        let s = if transposed {
            &units.s[..]
        } else {
            &units.s[..units.d]
        };
        let scaled: Vec<f64> = answers[0].iter().map(|v| v * SERVED_SCALING).collect();
        let relative = distance(&scaled, &answers[3], s, transposed);
        if scaled != answers[3] {
            broken.push(Broken {
                relative,
                allowed: 0.0,
                text: format!("`{name}` of 2⁻²⁰u is not 2⁻²⁰ times that of u, by {relative:.1e}"),
                fault: "an absolute stopping tolerance in a product".into(),
                exact: true,
            });
        }
        let added: Vec<f64> = answers[0]
            .iter()
            .zip(&answers[1])
            .map(|(a, b)| a + b)
            .collect();
        let relative = gap(
            &added,
            &answers[2],
            &[&answers[0], &answers[1], &added],
            s,
            transposed,
        );
        seen.push(format!("additivity of `{name}` to {relative:.1e}"));
        if !(relative <= allowed) {
            broken.push(Broken {
                relative,
                allowed,
                text: format!("`{name}` of a sum is not the sum, by {relative:.1e}"),
                fault: format!("`{name}` is not linear"),
                exact: false,
            });
        }
    }
    Ok(())
}

fn ruling(broken: Vec<Broken>, seen: &[String], noise: &Noise) -> Found {
    let check = "consistency";
    let inexact = SERVED_INEXACT[usize::from(noise.is_single())];
    let fails = |b: &Broken| b.exact || !(b.relative <= inexact);
    let Some(worst) = broken.iter().find(|b| fails(b)).or(broken.first()) else {
        let precision = format!("products rounded at {:.1e}", noise.products);
        let detail = format!(
            "{}; repeated and scaled calls have the same bits; {precision}; a product that is \
             consistently wrong passes this",
            seen.join("; ")
        );
        return Found::passed(check, [0.0, 1.0], detail);
    };
    let text = broken
        .iter()
        .map(|b| b.text.as_str())
        .collect::<Vec<_>>()
        .join("; ");
    let numbers = [worst.relative, worst.allowed];
    if fails(worst) {
        return Found::failed(check, numbers, text).naming(&worst.fault);
    }
    let text = format!("{text}; nothing declares it, and it is small");
    let fault = format!(
        "inexact products, {:.1e}, floor {:.1e}",
        worst.relative, worst.allowed
    );
    Found::open(check, Reason::Inexact, numbers, text).naming(fault)
}
