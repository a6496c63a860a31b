//! (γ+k) times what the samples of the linear system leave of E‖g_k - ∇f‖² tends to its constant,
//! on both sides: no sampling.
//!
//! With J minibatches fixed, E‖g_k - ∇f(w)‖² = floor + (constant + o(1))/(γ+k): the floor is what
//! ξ⁽¹⁾ and ζ leave, the constant E tr KΣKᵀ with Σ of the Lyapunov equation for v̂ = (I-P)⁻¹y, y
//! random. The part E Var(g_k | ξ⁽¹⁾, ζ) = E tr KC_kKᵀ has the limit without the terms of order
//! k^(-β(1-q)) that E(g_k | ξ⁽¹⁾, ζ) = KA_ky + h brings. These are held to what they can be:
//! A_k - N⁻¹ is -ΠM̄_i·N⁻¹, so that by Minkowski's inequality sqrt(E‖KA_ky + h - ∇f‖²) is within
//! Π(1-η_i(1-q))·κ·sqrt(E‖K‖²E‖y‖²) of sqrt(floor), at every k.

use super::check::{Check, Context, Needs};
use super::data::{Data, Moments, Series};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse, part};
use super::moments::{horizon, logarithmic, richardson};
use crate::case::Target;
use crate::error::Result;
use crate::evidence::{Asymptote, Course, Run};
use crate::theory::Rate;
use crate::tol::{FLOOR_ROUNDING, LIMIT_STEPS, SETTLED, bound_room};

pub(super) const ENTRY: Entry = Entry {
    name: "bilevel-constant",
    about: "(γ+k) times the exact variance of hypergradients tends to tr KΣKᵀ, on both sides, above the exact floor of J",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(BilevelConstant)),
};

/// (γ+k)·E Var(g_k | ξ⁽¹⁾, ζ) → E tr KΣKᵀ.
#[derive(Debug)]
struct BilevelConstant;

impl Check for BilevelConstant {
    fn label(&self) -> &'static str {
        "limit"
    }

    fn name(&self) -> String {
        "bilevel-constant".into()
    }

    fn redraws(&self) -> bool {
        true
    }

    fn catches(&self, slack: f64) -> String {
        let percent = 100.0 * slack;
        format!(
            "A limit of (γ+k) times the variance more than {percent} % off, on either side, or an error that does not come down to the floor of J as it must."
        )
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn knows(&self, target: Target<'_>) -> bool {
        matches!(target, Target::Hypergradient(_))
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let s = c.e.sampled()?;
        let rate = s.rate()?;
        let (setting, j) = (s.setting(), s.sizes.inner);
        let Some(law) = s.law(s.w, j)? else {
            let why = "w̄ has too many outcomes to enumerate";
            return Ok(Finding::undecided(Reason::TooLarge, why));
        };
        let wanted = s.limit_at(s.w)?;
        let Some(limit) = law.asymptote(&setting, &wanted, rate.beta)? else {
            let why = "βN - I/2 is not stable: the rate is slower than 1/k";
            return Ok(Finding::undecided(Reason::NothingToSee, why));
        };
        if limit.constant == 0.0 {
            let why = "nothing in the linear system varies, and the error is smaller than any c/k";
            return Ok(Finding::not_applicable(Reason::NothingToSee, why));
        }
        let mut last = horizon(c, rate.gamma);
        let seen = loop {
            let course = law.course(&setting, last, &wanted, |k| rate.step(k))?;
            let Some(course) = course else {
                let why = "too many outcomes of w̄ for so many steps";
                return Ok(Finding::undecided(Reason::TooLarge, why));
            };
            let seen = Seen::of(course, &rate, limit, s.q);
            if seen.moved <= SETTLED * c.slack || last == LIMIT_STEPS {
                break seen;
            }
            last = (2 * last).min(LIMIT_STEPS);
        };
        if !(seen.moved <= SETTLED * c.slack) {
            let detail = format!(
                "the extrapolated product still moves by {:.1e} at k = {last}; γ = {:.1}",
                seen.moved, rate.gamma
            );
            return Ok(Finding::undecided(Reason::NotSettled, detail));
        }
        let deviation = (seen.extrapolated / limit.constant - 1.0).abs();
        let detail = format!(
            "at the instance's own w, J = {j}: (γ+k)·E Var(g_k | ξ⁽¹⁾, ζ) extrapolates to {:.3e} at k = {last}, E tr KΣKᵀ = {:.3e}; E‖g_k - ∇f‖² {:.3e}, floor of J {:.3e}; the rest at most {:.2e} of what it can be",
            seen.extrapolated, limit.constant, seen.course.mse[last], limit.floor, seen.rest,
        );
        if !(seen.rest <= 1.0) {
            let detail = format!(
                "the root of the rest of E‖g_k - ∇f‖² is further from that of the floor of J than it can be: {detail}"
            );
            let finding = Finding::below(false, Unit::Bound, seen.rest, 1.0, detail);
            return Ok(finding.at_step(last));
        }
        let holds = deviation <= c.slack;
        let numbers = [seen.extrapolated, limit.constant, c.slack / deviation];
        let finding = Finding::decided(holds, Unit::Tolerance, numbers, detail);
        let figure = c.draw.then(|| seen.figure(&rate, limit));
        Ok(finding.at_step(last).with(figure))
    }
}

/// The exact course, as long as it takes to settle.
struct Seen {
    course: Course,
    /// The limit of the product from k/2 and k, and its relative change from k/2 to k.
    extrapolated: f64,
    moved: f64,
    /// The distance of the root of the rest of E‖g_k - ∇f‖² from that of the floor, as the largest
    /// part of what it can be at any k.
    rest: f64,
}

impl Seen {
    fn of(course: Course, rate: &Rate, limit: Asymptote, q: f64) -> Self {
        let last = course.mse.len() - 1;
        let richardson = |k: usize| richardson(&course.variance, rate.gamma, k);
        let (before, extrapolated) = (richardson(last / 2), richardson(last));
        let (mut left, mut rest) = (1.0, 0.0f64);
        for (k, (mse, variance)) in course.mse.iter().zip(&course.variance).enumerate() {
            let off = ((mse - variance).max(0.0).sqrt() - limit.floor.sqrt()).abs();
            let most = left * course.reach / (1.0 - q);
            // Roots of differences: what is lost of the mean square errors, at most.
            let lost = (FLOOR_ROUNDING * mse.max(limit.floor)).sqrt();
            let ratio = part((off - lost).max(0.0), most * bound_room(k));
            rest = if is_worse(ratio, rest) { ratio } else { rest };
            left *= 1.0 - rate.step(k) * (1.0 - q);
        }
        Self {
            moved: (extrapolated / before - 1.0).abs(),
            extrapolated,
            rest,
            course,
        }
    }

    fn figure(&self, rate: &Rate, limit: Asymptote) -> Data {
        let steps = logarithmic(self.course.mse.len() - 1);
        let n = steps.len();
        let at = |values: &[f64]| steps.iter().map(|k| values[*k]).collect::<Vec<f64>>();
        let predicted = steps
            .iter()
            .map(|k| limit.floor + limit.constant / (rate.gamma + *k as f64));
        Data::Moments(Moments {
            figure: "bilevel".into(),
            gamma: rate.gamma,
            series: vec![
                Series::new("E‖g_k - ∇f‖²", at(&self.course.mse)),
                Series::new("E Var(g_k | ξ⁽¹⁾, ζ)", at(&self.course.variance)),
                Series::new("floor + constant/(γ+k)", predicted.collect()),
                Series::new("floor of J", vec![limit.floor; n]),
            ],
            steps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Method;
    use crate::evidence::Evidence;
    use crate::instances::{Instance, Kind, Spec};
    use crate::objectives::ObjectiveKind;

    /// Constants and floors that are a little off are told from the right ones.
    #[test]
    fn a_wrong_constant_or_floor_is_seen_on_either_side() {
        let spec = Spec {
            q: 0.4,
            objective: Some(ObjectiveKind::JointLeastSquares),
            ..Spec::typical(Kind::SumTiny, 2)
        };
        let i = Instance::generate(&spec, 3).unwrap();
        let target = Target::Hypergradient(i.objective.as_ref().unwrap());
        let e = Evidence::new(&i, Method::NSID, 60).targeting(target);
        let s = e.sampled().unwrap();
        let rate = s.rate().unwrap();
        let (setting, j) = (s.setting(), s.sizes.inner);
        let law = s.law(s.w, j).unwrap().unwrap();
        let wanted = s.limit_at(s.w).unwrap();
        let limit = law.asymptote(&setting, &wanted, rate.beta);
        let limit = limit.unwrap().unwrap();
        let course = law.course(&setting, 20_000, &wanted, |k| rate.step(k));
        let course = course.unwrap().unwrap();
        let seen = |limit| Seen::of(course.clone(), &rate, limit, s.q);
        let right = seen(limit);
        let off = |constant: f64| (right.extrapolated / constant - 1.0).abs();
        assert!(off(limit.constant) < 0.002, "{}", off(limit.constant));
        assert!(right.rest <= 1.0, "{}", right.rest);
        assert!(off(1.02 * limit.constant) > 0.01 && off(0.98 * limit.constant) > 0.01);
        for times in [0.7, 1.4] {
            let floor = times * limit.floor;
            assert!(seen(Asymptote { floor, ..limit }).rest > 1.0, "{times}");
        }
    }
}
