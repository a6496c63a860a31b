//! Lemma 2.5 and Theorem B.2 at a point on kinks: the excess of D_Φ(u) over the *set* D_Φ(w(λ)).

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::pieces::units_at_kinks;
use super::rational_runs::in_rationals;
use crate::error::{Error, Result};
use crate::evidence::{Exact, Run};
use crate::instances::Random;
use crate::linalg::{Matrix, Vector};
use crate::maps::{Linearization, Rounding, Tie};
use crate::sets::{DiagonalBox, Effort, Enclosure, distance};
use crate::tol::{DISTANCE_GAP, UNIT, bound_room, gamma};
use crate::truth::kinks::Kinks;

/// Directions sampled.
const DIRECTIONS: usize = 6;
/// Distances along each, in multiples of R (of 1 where R is infinite).
const RADII: [f64; 7] = [0.001, 0.5, 0.999, 1.001, 2.0, 8.0, 64.0];

pub(super) const ENTRY: Entry = Entry {
    name: "kink-modulus",
    about: "Lemma 2.5 with the excess over the set D_Φ(w(λ)) at a point on kinks",
    fits: For::Deterministic,
    parse: |_| Ok(Box::new(KinkModulus)),
};

/// Lemma 2.5 with the excess at a point on kinks.
#[derive(Debug)]
struct KinkModulus;

impl Check for KinkModulus {
    fn label(&self) -> &'static str {
        "kink-modulus"
    }

    fn catches(&self, _: f64) -> String {
        "M, R or L too small at a kink.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let (exact, kinks) = match in_rationals(c, usize::MAX)? {
            Ok(known) => known,
            Err(finding) => return Ok(finding),
        };
        let Some(mut sampler) = Sampler::new(exact, kinks) else {
            let text = "the sets at w(λ) could not be formed";
            return Ok(Finding::undecided(Reason::Error, text));
        };
        let mut random = Random::new(exact.seed);
        let d = exact.truth.w().len();
        let r = exact.truth.moduli().r;
        let scale = if r.is_finite() { r } else { 1.0 };
        let mut closest: Option<(f64, Excess)> = None;
        for n in 0..DIRECTIONS {
            let direction = if n == 0 {
                Vector::zeros(d)
            } else {
                let x = random.normals(d);
                &x / x.norm()
            };
            for factor in RADII {
                let u = exact.truth.w() + &direction * (factor * scale);
                for one in sampler.at(&u, random.bits())? {
                    if !one.holds() {
                        return Ok(one.violation(r));
                    }
                    let ratio = one.ratio();
                    if ratio > closest.as_ref().map_or(f64::NEG_INFINITY, |c| c.0) {
                        closest = Some((ratio, one));
                    }
                }
            }
        }
        let Some((_, one)) = closest else {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "no point was sampled",
            ));
        };
        let detail = format!("{}; closest {}", units_at_kinks(kinks.count()), one.what(r));
        let measured = one.excess.upper;
        // What exceeds its bound by rounding alone is measured by what rounding may add.
        let (unit, bound) = if measured <= one.bound {
            (Unit::Modulus, one.bound)
        } else {
            (Unit::Floor, one.most)
        };
        Ok(Finding::below(true, unit, measured, bound, detail))
    }
}

/// The excess of one selection at one point, beside one of its bounds.
struct Excess {
    /// 1 for D_Φ,1, 2 for D_Φ,2.
    block: usize,
    /// "ω".
    name: &'static str,
    /// At least ‖u - w(λ)‖.
    away: f64,
    excess: Enclosure,
    bound: f64,
    /// The bound with what rounding may add.
    most: f64,
}

impl Excess {
    /// What is no number does not hold.
    fn holds(&self) -> bool {
        self.excess.lower <= self.most && !self.excess.upper.is_nan() && !self.bound.is_nan()
    }

    fn ratio(&self) -> f64 {
        if self.bound > 0.0 {
            self.excess.upper / self.bound
        } else {
            0.0
        }
    }

    fn what(&self, r: f64) -> String {
        let (j, name, away) = (self.block, self.name, self.away);
        format!("Δ(D_Φ,{j}(u), D_Φ,{j}(w(λ))) with {name} at ‖u - w(λ)‖ = {away:.3e} (R = {r:.3e})")
    }

    fn violation(&self, r: f64) -> Finding {
        let (what, lower) = (self.what(r), self.excess.lower);
        let detail = if lower > self.most {
            format!("{what}: certified lower bound exceeds it")
        } else {
            format!("{what}: the excess or its bound is no number")
        };
        Finding::below(false, Unit::Modulus, lower, self.bound, detail)
    }
}

/// Measures the excess of selections of D_Φ(u) over D_Φ(w(λ)).
struct Sampler<'a> {
    exact: &'a Exact,
    kinks: &'a Kinks,
    /// D_Φ,1(w(λ)) and D_Φ,2(w(λ)).
    sets: [DiagonalBox; 2],
    lin: Linearization<'static>,
}

impl<'a> Sampler<'a> {
    /// `None` where the sets cannot be formed.
    fn new(exact: &'a Exact, kinks: &'a Kinks) -> Option<Self> {
        let f = &kinks.form;
        let (mut lo, mut hi) = (f.slope.clone(), f.slope.clone());
        for &i in &kinks.active {
            (lo[i], hi[i]) = (f.range[0], f.range[1]);
        }
        let set = |right: &Matrix| {
            let zero = Matrix::zeros(f.left.nrows(), right.ncols());
            DiagonalBox::new(&f.left, right, &zero, &lo, &hi).ok()
        };
        Some(Self {
            exact,
            kinks,
            sets: [set(&f.right_w)?, set(&f.right_lambda)?],
            lin: exact.truth.map.linearization(),
        })
    }

    /// Both blocks against both bounds, with weights at ties of u (and of the point itself) that
    /// these bits give.
    fn at(&mut self, u: &Vector, bits: u64) -> Result<Vec<Excess>> {
        let truth = &self.exact.truth;
        let (map, f) = (&truth.map, &self.kinks.form);
        let d = u.len();
        let away = (u - truth.w()).norm() * (1.0 + gamma(d + 4)) + truth.fixed_point.error;
        let mut weight = |i: usize| ((bits >> (i % 48)) & 7) as f64 / 7.0;
        let tie = &mut Tie::Ask(&mut weight);
        map.linearize(u.as_slice(), &truth.lambda, tie, &mut self.lin);
        let parts = [map.jacobian_w(&self.lin), map.jacobian_lambda(&self.lin)];
        let lost = [
            Rounding::at(truth.rounding.push_w, u.norm()),
            Rounding::at(truth.rounding.push_lambda, u.norm()),
        ];
        let mut out = Vec::new();
        for (j, (part, set)) in parts.iter().zip(&self.sets).enumerate() {
            let excess = distance(part, set, &Effort::default())
                .map_err(|_| Error::input("shapes do not fit"))?
                .distance;
            let floor = lost[j] * (d as f64).sqrt()
                + 4.0 * UNIT * part.norm()
                + f.left.norm() * f.lost[j + 1]
                + truth.moduli().l[j] * truth.fixed_point.error;
            let bounds = [
                ("L + M/R", truth.moduli().c(j + 1, away) * away),
                ("ω", truth.moduli().omega(j + 1, away)),
            ];
            out.extend(bounds.map(|(name, bound)| Excess {
                block: j + 1,
                name,
                away,
                excess,
                bound,
                most: bound * bound_room(0) * (1.0 + DISTANCE_GAP) + floor,
            }));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Ruling;
    use super::*;
    use crate::case::Method;
    use crate::evidence::Evidence;
    use crate::instances::{Instance, Kind, Spec};
    use crate::truth::Truth;

    /// The ruling with the moduli of the instance changed.
    fn ruling(change: impl Fn(&mut Truth)) -> Ruling {
        let spec = Spec {
            rows: 2,
            ..Spec::typical(Kind::KinkLayerRelu, 3)
        };
        let instance = Instance::generate(&spec.normalised(), 3).unwrap();
        let mut truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
        change(&mut truth);
        let e = Evidence::with_exact(&instance, Method::ITD, Exact::new(&instance, truth, 0));
        let context = Context {
            e: &e,
            steps: 0,
            slack: 1.0,
            share: 0.0,
            draw: false,
        };
        KinkModulus.judge(context, &[]).unwrap().ruling
    }

    /// A comparison with NaN is false: `lower > most` let it pass.
    #[test]
    fn a_modulus_that_is_no_number_fails() {
        assert_eq!(ruling(|_| {}), Ruling::Pass);
        assert_eq!(ruling(|t| t.moduli_mut().l = [f64::NAN; 2]), Ruling::Fail);
        assert_eq!(ruling(|t| t.moduli_mut().l[1] = f64::NAN), Ruling::Fail);
        assert_eq!(ruling(|t| t.fixed_point.error = f64::NAN), Ruling::Fail);
    }

    #[test]
    fn a_modulus_that_is_too_small_fails() {
        let halved = |t: &mut Truth| {
            t.moduli_mut().m.iter_mut().for_each(|m| *m *= 0.01);
            for stair in &mut t.moduli_mut().stairs {
                stair.jump.iter_mut().for_each(|j| *j *= 0.01);
            }
        };
        assert_eq!(ruling(halved), Ruling::Fail);
    }
}
