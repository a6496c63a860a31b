//! Products against values on curves (theory, section 10, item 4) and at points (item 3).
//!
//! Owns the curves and the rulings. The walk along one is `panels`', the name of a fault `entry`'s.

use super::caller::{Asked, Caller, Part};
use super::entry::along_direction;
use super::noise::{self, Noise};
use super::panels::{self, Along, Kind, Rules, Walk, Witness};
use super::report::Found;
use super::units::{Curve, Units};
use crate::checks::Reason;
use crate::linalg::random::Random;
use crate::tol::{SERVED_INEXACT, SERVED_PANEL};

/// Φ along a curve: all components with a jvp, ⟨u, Φ⟩ without.
struct Path<'a, 'b> {
    caller: &'a mut Caller<'b>,
    part: Part,
    curve: &'a Curve,
    functional: Option<&'a [f64]>,
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Along for Path<'_, '_> {
    fn values(&mut self, at: &[f64]) -> Asked<Vec<Vec<f64>>> {
        let points: Vec<_> = at.iter().map(|t| self.curve.point(*t)).collect();
        let values = self.caller.values(self.part, &points)?;
        Ok(match self.functional {
            Some(u) => values.iter().map(|v| vec![inner(u, v)]).collect(),
            None => values,
        })
    }

    fn slopes(&mut self, at: &[f64]) -> Asked<Vec<Vec<f64>>> {
        let pairs: Vec<_> = at
            .iter()
            .map(|t| {
                let second = self
                    .functional
                    .map_or_else(|| self.curve.velocity(*t), <[f64]>::to_vec);
                (self.curve.point(*t), second)
            })
            .collect();
        if self.functional.is_none() {
            return self.caller.jvps(self.part, &pairs);
        }
        let products = self.caller.vjps(self.part, &pairs)?;
        let terms = products.iter().zip(at);
        Ok(terms
            .map(|(g, t)| vec![inner(g, &self.curve.velocity(*t))])
            .collect())
    }
}

/// Everything that was seen on the curves of one part.
#[derive(Default)]
pub(super) struct Paths {
    walks: Vec<Walk>,
    kind: Option<Kind>,
    /// The narrowest witness, with its place.
    worst: Option<(Witness, Vec<f64>)>,
}

/// Walks along curves through the special points, until two disjoint witnesses are found.
pub(super) fn walk(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    noise: &Noise,
    special: &[Vec<f64>],
    random: &mut Random,
) -> Asked<Paths> {
    let mut paths = Paths::default();
    for (n, x) in special.iter().enumerate() {
        let curve = units.curve(&units.inside(x.clone()), n % 2 == 1, random);
        let ends: Vec<_> = [0.0, 0.5, 1.0].map(|t| curve.point(t)).to_vec();
        let epsilon = noise::along(caller, part, units, noise, &ends, random)?;
        let functional = (!caller.spec.products.jvp).then(|| units.functional(random));
        let epsilon = match &functional {
            // ε_u = 2‖u∘ε‖.
            Some(u) => {
                let squares = u.iter().zip(&epsilon).map(|(u, e)| (u * e) * (u * e));
                vec![2.0 * squares.sum::<f64>().sqrt()]
            }
            None => epsilon,
        };
        let rules = Rules {
            epsilon: &epsilon,
            u: noise.values,
            least: SERVED_PANEL,
        };
        let functional = functional.as_deref();
        let mut path = Path {
            caller,
            part,
            curve: &curve,
            functional,
        };
        let walk = panels::walk(&mut path, &rules, random)?;
        let larger = |a: &&Witness, b: &&Witness| a.relative.total_cmp(&b.relative);
        if let Some(w) = walk.witnesses.iter().max_by(larger) {
            let mut w = w.clone();
            // The larger witness of two curves gives the name.
            if paths
                .worst
                .as_ref()
                .is_none_or(|(worst, _)| worst.relative < w.relative)
            {
                let kind = panels::name(&mut path, &rules, &mut w, random)?;
                if kind == Kind::Jump {
                    // A jump is measured by the scale, not by the panel it happens to lie in.
                    let scale = functional.map_or(units.s[w.component], |_| 1.0);
                    w.relative = w.gap.abs() / scale;
                }
                paths.kind = Some(kind);
                let place = curve.point(0.5 * (w.from + w.to));
                paths.worst = Some((w, place));
            }
        }
        paths.walks.push(walk);
        if paths.is_proven() {
            break;
        }
    }
    Ok(paths)
}

impl Paths {
    /// Two disjoint witnesses: on one curve, or on two.
    fn is_proven(&self) -> bool {
        let with = self
            .walks
            .iter()
            .filter(|w| !w.witnesses.is_empty())
            .count();
        with >= 2 || self.walks.iter().any(Walk::is_proven)
    }

    /// Components that do not move on any curve.
    fn still(&self) -> usize {
        let width = self.walks.first().map_or(0, |w| w.resolution.len());
        let moves = |i: &usize| self.walks.iter().any(|w| w.resolution[*i].is_finite());
        width - (0..width).filter(moves).count()
    }

    /// The smallest relative error that a component with a slope could have hidden, at worst.
    fn resolution(&self) -> f64 {
        let width = self.walks.first().map_or(0, |w| w.resolution.len());
        let best = |i: usize| {
            self.walks
                .iter()
                .map(|w| w.resolution[i])
                .fold(f64::INFINITY, f64::min)
        };
        (0..width)
            .map(best)
            .filter(|r| r.is_finite())
            .fold(0.0, f64::max)
    }

    /// The ruling; `entry` says which entry of V it is, where that was found.
    pub(super) fn ruling(&self, noise: &Noise, entry: Option<String>) -> Found {
        let check = "conservative";
        let count: usize = self.walks.iter().map(|w| w.panels).sum();
        let kinks: usize = self.walks.iter().map(|w| w.kinks).sum();
        let curves = self.walks.len();
        let inexact = SERVED_INEXACT[usize::from(noise.is_single())];
        let Some((worst, place)) = &self.worst else {
            if self.walks.iter().any(|w| w.unfinished) {
                let text = format!("{curves} curves need more than 4,000 panels each");
                return Found::open(check, Reason::TooLarge, [f64::NAN; 2], text);
            }
            let least = self.resolution();
            let still = self.still();
            if still == self.walks.first().map_or(0, |w| w.resolution.len()) {
                let text = "Φ does not move along these curves, and products say so too";
                return Found::open(check, Reason::NothingToSee, [f64::NAN; 2], text);
            }
            let detail = format!(
                "increments of values and integrals of products agree on {count} panels of \
                 {curves} curves ({kinks} of them around kinks, where every selection is \
                 allowed); a relative error of {least:.1e} would have been seen on these curves, \
                 where {still} components do not move; nothing is said elsewhere"
            );
            return Found::seeing(check, [0.0, least], least, detail);
        };
        let numbers = [worst.gap.abs(), worst.tolerance];
        let relative = worst.relative;
        let near = place
            .iter()
            .map(|x| format!("{x:.3e}"))
            .collect::<Vec<_>>()
            .join(", ");
        let mut text = format!(
            "component {} of the increment and of the integral differ by {:.2e} (relatively \
             {relative:.1e}, tolerance {:.1e}) on a panel of length {:.1e} near ({near})",
            worst.component,
            worst.gap.abs(),
            worst.tolerance,
            worst.to - worst.from
        );
        if !self.is_proven() {
            text += "; it is the only witness on these curves, and one alone does not decide";
            return Found::open(check, Reason::NoPower, numbers, text);
        }
        let name = match self.kind {
            Some(Kind::Jump) => "Φ jumps".to_owned(),
            _ => entry.unwrap_or_else(|| "wrong product".to_owned()),
        };
        if relative <= inexact {
            let floor = relative * worst.tolerance / worst.gap.abs();
            let fault = format!("inexact products, {relative:.1e}, floor {floor:.1e}; {name}");
            text += "; it is small, and no tolerance is declared";
            return Found::open(check, Reason::Inexact, numbers, text).naming(fault);
        }
        Found::failed(check, numbers, text).naming(name)
    }

    /// Where the narrowest witness is.
    pub(super) fn place(&self) -> Option<&[f64]> {
        self.worst.as_ref().map(|(_, place)| &place[..])
    }
}

/// Item 3 at displaced points: |(Vv)_i - F'_i| ≤ est_i + 8u|(Vv)_i|; a failure is confirmed at
/// another point. One random dense direction tests all entries at once.
pub(super) fn products(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    noise: &Noise,
    x: &[f64],
    random: &mut Random,
) -> Asked<Found> {
    let check = "products";
    let (mut failed, mut open, mut least) = (Vec::new(), 0, 0.0f64);
    for attempt in 0..2 {
        let x = units.displaced(x, random);
        let v = units.direction(&x, 1.0, random);
        let found = along_direction(caller, part, units, &noise.with_products(units), &x, &v)?;
        // With vjp only, a functional of the resolved components.
        let mut u = units.functional(random);
        for (u, slope) in u.iter_mut().zip(&found) {
            if slope.is_none() {
                *u = 0.0;
            }
        }
        let (mut gap, mut bound, mut at, mut relative) = (0.0f64, 1.0, 0, 0.0);
        if caller.spec.products.jvp {
            let product = caller.jvps(part, &[(x, v)])?.remove(0);
            let sizes = product.iter().zip(&units.s).map(|(p, s)| p.abs() / s);
            let usual = sizes.fold(f64::MIN_POSITIVE, f64::max);
            for (i, slope) in found.iter().enumerate() {
                let Some(slope) = slope else { continue };
                let allowed = slope.error + 8.0 * noise.products * product[i].abs();
                let off = (product[i] - slope.value).abs();
                let size = slope.value.abs().max(usual * units.s[i]);
                least = least.max(allowed / size);
                if off / allowed > gap / bound {
                    (gap, bound, at, relative) = (off, allowed, i, off / size);
                }
            }
        } else {
            let product = inner(&caller.vjps(part, &[(x, u.clone())])?[0], &v);
            let terms = || u.iter().zip(&found).filter_map(|(u, f)| f.map(|f| (u, f)));
            let value: f64 = terms().map(|(u, f)| u * f.value).sum();
            let error: f64 = terms().map(|(u, f)| u.abs() * f.error).sum();
            (gap, bound) = (
                (product - value).abs(),
                error + 8.0 * noise.products * product.abs(),
            );
            let size = product.abs().max(value.abs()).max(f64::MIN_POSITIVE);
            (least, relative) = (bound / size, gap / size);
        }
        open = found.iter().filter(|f| f.is_none()).count();
        if !(gap > bound) {
            if open == units.d {
                let text = "no slope was resolved around these points: kinks, curvature, or Φ does \
                            not move";
                return Ok(Found::open(
                    check,
                    Reason::NothingToSee,
                    [f64::NAN; 2],
                    text,
                ));
            }
            let more = if attempt == 0 {
                ""
            } else {
                " (a first point disagreed)"
            };
            let detail = format!(
                "interpolated slopes of values agree with products at a displaced point{more}; {} \
                 of {} components resolved; a relative error of {least:.1e} in the product would \
                 have been seen there",
                units.d - open,
                units.d
            );
            return Ok(Found::passed(check, [gap, bound], detail));
        }
        failed.push((gap, bound, at, relative));
    }
    let (gap, bound, at, relative) = failed[0];
    let text = format!(
        "component {at} of a product differs from the slope of values by {gap:.2e}, {:.1e} times \
         what the interpolation may be off by, at two points; {open} components not resolved",
        gap / bound
    );
    let size = (relative, noise.is_single());
    Ok(Found::beyond(
        check,
        [gap, bound],
        size,
        text,
        "products",
        "wrong product",
    ))
}
