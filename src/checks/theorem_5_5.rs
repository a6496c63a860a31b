//! Theorem 5.5, or E.6 where hypergradients are wanted: t, J and k grow together and E Δ² = O(1/k);
//! held fixed, any one leaves a floor.

use super::check::{Check, Context, Needs};
use super::data::{Data, Moments, Series};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit, is_worse, part};
use super::moments::room;
use crate::case::Target;
use crate::error::Result;
use crate::evidence::{MeanSquare, Run, Sampled, met};
use crate::linalg::{Matrix, Vector};
use crate::maps::composite::Sample;
use crate::theory::{Theorem54, Theorem55};
use crate::tol::{STILL_THERE, WELL_BELOW, gamma};
use crate::truth::expectation::{Readout, conditional_readout, mean_of_samples};

pub(super) const ENTRY: Entry = Entry {
    name: "theorem-5-5",
    about: "the exact error is below C/k along Theorem 5.5's schedule, and keeps its floors off it",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(AlongTheSchedule { bilevel: false })),
};

pub(super) const BILEVEL: Entry = Entry {
    name: "theorem-e-6-rate",
    about: "the exact error of hypergradients is below C/k along Theorem E.6's schedule, and keeps its floors off it",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(AlongTheSchedule { bilevel: true })),
};

/// J = ⌈k/16⌉: the law of w̄ stays enumerable for the k that are looked at.
const J_PER_K: f64 = 1.0 / 16.0;

/// ρ₀ of the planted approximate fixed points, ‖w_t - w(λ)‖² = ρ₀/t.
const RHO: f64 = 0.25;

/// What is held fixed, one at a time.
const HELD: [&str; 3] = ["t = 1", "J = 1", "k = 1"];

/// E‖r - r*‖² ≤ C/k, or E‖g - ∇f‖².
#[derive(Debug)]
struct AlongTheSchedule {
    bilevel: bool,
}

impl Check for AlongTheSchedule {
    fn label(&self) -> &'static str {
        "bound"
    }

    fn name(&self) -> String {
        let entry = if self.bilevel { BILEVEL } else { ENTRY };
        entry.name.into()
    }

    fn catches(&self, _: f64) -> String {
        "A mean square error above C/k along the schedule, or less than a quarter of the exact floor where t, J or k is held fixed (the floors judged are named in each verdict).".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn knows(&self, target: Target<'_>) -> bool {
        self.bilevel == matches!(target, Target::Hypergradient(_))
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        along(c, self.bilevel)
    }
}

/// The exact error along the schedule against its theorem.
fn along(c: Context<'_>, bilevel: bool) -> Result<Finding> {
    let (name, figure) = if bilevel {
        ("Theorem E.6", "bilevel-schedule")
    } else {
        ("Theorem 5.4", "schedule")
    };
    let s = c.e.sampled()?;
    let halves = std::iter::successors(Some(c.steps), |k| (*k > 1).then_some(k / 2));
    let mut ks: Vec<usize> = halves.collect();
    ks.reverse();
    let planted = Planted::new(s, &ks)?;
    let Some(seen) = planted.follow(&ks)? else {
        let why = "w̄ has too many outcomes to enumerate";
        return Ok(Finding::undecided(Reason::TooLarge, why));
    };
    let (above, floors) = planted.judge_floors(&seen, ks[0])?;
    let (ratio, measured, bound, k) = seen.worst;
    let detail = format!(
        "exact along t = k, J = k/16, k = 1..{} (γ = {:.1}): at most {ratio:.2e} of {name}'s bound, at k = {k}, that at most {:.2e} of C/k, C = {:.3e}; {floors}",
        c.steps, planted.theorem.linear.gamma, seen.of_constant, planted.constant
    );
    let holds = ratio <= 1.0 && seen.of_constant <= 1.0 && above;
    let finding = Finding::below(holds, Unit::Bound, measured, bound, detail).at_step(k);
    let drawn = c
        .draw
        .then(|| seen.figure(planted.theorem.linear.gamma, (figure, name)));
    Ok(finding.with(drawn))
}

/// The theorem on an instance, with approximate fixed points planted at the distances √(ρ₀/t).
struct Planted<'e> {
    s: Sampled<'e>,
    star: &'e [f64],
    /// r* at w(λ).
    wanted: std::rc::Rc<Vector>,
    theorem: Theorem55,
    /// C.
    constant: f64,
}

/// What was seen along the schedule.
struct Seen {
    /// Part of the bound, error, bound and k where that part is largest.
    worst: (f64, f64, f64, usize),
    /// Largest part of C/k that the bound takes.
    of_constant: f64,
    /// k.
    steps: Vec<usize>,
    /// Error, bound, C/k, and the error with t, J and k held at 1.
    curves: [Vec<f64>; 6],
}

impl<'e> Planted<'e> {
    fn new(s: Sampled<'e>, ks: &[usize]) -> Result<Self> {
        let (star, star_error) = s.solution()?;
        let last = ks[ks.len() - 1];
        // The constants uniformly over the w in use.
        let all = std::iter::once(&1).chain(ks);
        let points = all.map(|k| at(&s, *k)).collect::<Result<Vec<_>>>()?;
        let uniform = MeanSquare::over(&s, &points)?;
        // ‖w_t - w(λ)‖ ≤ √(ρ₀/t), the error of the computed w(λ) included: √t times it is at most
        // √last times.
        let far = RHO.sqrt() * (1.0 + gamma(star.len() + 16)) + (last as f64).sqrt() * star_error;
        let theorem = Theorem55 {
            constants: Theorem54 {
                y_norm: uniform.y_norm(1),
                ..uniform.lower
            },
            outer: uniform.outer,
            linear: uniform.rate(1)?,
            rho0: far.powi(2),
            t_per_k: 1.0,
            j_per_k: J_PER_K,
        };
        Ok(Self {
            wanted: s.limit_at(star)?,
            constant: met(theorem.constant())?,
            s,
            star,
            theorem,
        })
    }

    /// E‖r - r*‖² at these t, J and k; `None` where w̄ has too many outcomes.
    fn mse(&self, t: usize, j: usize, k: usize) -> Result<Option<f64>> {
        let Some(law) = self.s.law(&at(&self.s, t)?, j)? else {
            return Ok(None);
        };
        let eta = |i: usize| self.theorem.linear.step(i);
        let curve = law.mse(&self.s.setting(), &[k], &self.wanted, eta)?;
        Ok(curve.map(|c| c[0]))
    }

    fn follow(&self, ks: &[usize]) -> Result<Option<Seen>> {
        let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0);
        let mut of_constant = f64::NEG_INFINITY;
        let mut curves: [Vec<f64>; 6] = Default::default();
        for k in ks {
            let (t, j) = self.theorem.schedule(*k);
            let Some(grown) = self.mse(t, j, *k)? else {
                return Ok(None);
            };
            let bound = met(self.theorem.bound(*k))?;
            let room = room(self.star.len(), *k);
            let ratio = part(grown, bound * room);
            if is_worse(ratio, worst.0) {
                worst = (ratio, grown, bound, *k);
            }
            let of = part(bound * *k as f64, self.constant * room);
            if is_worse(of, of_constant) {
                of_constant = of;
            }
            curves[0].push(grown);
            curves[1].push(bound);
            curves[2].push(self.constant / *k as f64);
            let held = [(1, j, *k), (t, 1, *k), (t, j, ks[0])];
            for (curve, (t, j, k)) in curves[3..].iter_mut().zip(held) {
                curve.push(self.mse(t, j, k)?.unwrap_or(f64::NAN));
            }
        }
        Ok(Some(Seen {
            worst,
            of_constant,
            steps: ks.to_vec(),
            curves,
        }))
    }

    /// Whether the error stays above the floors that can be seen here, and in words which those
    /// are.
    fn judge_floors(&self, seen: &Seen, k: usize) -> Result<(bool, String)> {
        let n = seen.curves[0].len() - 1;
        let grown = seen.curves[0][n];
        let (mut held, mut unseen) = (Vec::new(), Vec::new());
        let mut above = true;
        // Below γ the steps have hardly moved v: what is left then is the start, not a floor.
        let last = seen.steps[n];
        let settled = last as f64 >= self.theorem.linear.gamma;
        for ((name, curve), floor) in HELD.iter().zip(&seen.curves[3..]).zip(self.floors(k)?) {
            if settled && floor > WELL_BELOW * grown {
                above &= curve[n] >= STILL_THERE * floor;
                held.push(format!(
                    "{name} leaves {:.2e} (exact floor {floor:.2e}) where the growing schedule has {grown:.2e}",
                    curve[n]
                ));
            } else {
                unseen.push(*name);
            }
        }
        let mut text = format!("{} of 3 floors judged", held.len());
        for floor in held {
            text += &format!("; {floor}");
        }
        if !unseen.is_empty() {
            let why = if settled { "" } else { " before k = γ" };
            text += &format!("; no floor to see here{why}: {}", unseen.join(", "));
        }
        Ok((above, text))
    }

    /// What is left of E‖r - r*‖² when everything but t, J or k has converged: with w_1 and no
    /// noise; with the w̄ of one minibatch at w(λ); with v_k at w(λ) and no noise in w̄. NaN where
    /// the law of w̄ is out of reach.
    fn floors(&self, k: usize) -> Result<[f64; 3]> {
        let (s, star, wanted) = (&self.s, self.star, &*self.wanted);
        let by_t = (&*s.limit_at(&at(s, 1)?)? - wanted).norm_squared();
        let mut by_j = f64::NAN;
        if let Some(law) = mean_of_samples(s.map, s.sizes.inner_batch) {
            by_j = 0.0;
            for o in law {
                let (gamma, read) = conditional_readout(s.map, star, s.lambda, &o.samples, 0.0)?;
                let recursion = s.setting().recursion(star, &gamma, 1.0)?;
                let d = star.len();
                let solved = recursion.solved(Matrix::zeros(d, d))?;
                by_j += o.probability * read.mse(&recursion, &solved, wanted);
            }
        }
        let gamma = s.map.mean_gamma(star, s.lambda, 0.0);
        let g = s.map.outer();
        let d2 = s.map.inner().d2_matrix(star, s.lambda, Sample::Mean);
        let read = Readout {
            k: (g.d1_matrix(&gamma) * d2 + g.d2_matrix(&gamma, s.map.params())).transpose(),
            spread: None,
        };
        // As many minibatches ζ as it takes for their noise to be gone.
        let mut recursion = s.setting().recursion(star, &gamma, f64::INFINITY)?;
        let linear = &self.theorem.linear;
        let at = recursion.moments(k, |i| linear.step(i));
        Ok([by_t, by_j, read.mse(&recursion, &at, wanted)])
    }
}

/// The planted w_t.
fn at(s: &Sampled<'_>, t: usize) -> Result<Vec<f64>> {
    s.away_from_solution((RHO / t as f64).sqrt())
}

impl Seen {
    fn figure(self, gamma: f64, (figure, name): (&str, &str)) -> Data {
        let bound = format!("{name} along the schedule");
        let labels = [
            "mean square error, t = k, J = k/16",
            bound.as_str(),
            "C/k",
            "t held at 1",
            "J held at 1",
            "k held at 1",
        ];
        let pairs = labels.into_iter().zip(self.curves);
        Data::Moments(Moments {
            figure: figure.into(),
            gamma,
            steps: self.steps,
            series: pairs.map(|(l, c)| Series::new(l, c)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Method;
    use crate::evidence::Evidence;
    use crate::instances::{Instance, Sizes};
    use crate::maps::Map;
    use crate::maps::composite::{Composite, Inner, NoiseModel, Outer};
    use crate::objectives::{HoldOut, Objective};

    /// Φ = w/1000 + λ, and two rows far from their kinks whose gradients are 1 and -1: all there is
    /// to see is ζ's noise σ_E1/J, which Theorem 5.4 for the same ‖y‖ knows nothing of.
    #[test]
    fn the_part_of_the_objective_in_the_rate_is_needed() {
        let one = |v: f64| Matrix::from_element(1, 1, v);
        let model = NoiseModel::additive(one(0.001), one(1.0), Vector::zeros(1), 0.1);
        let map = Composite::new(Inner::Noise(model), Outer::Identity).unwrap();
        let mut i = Instance::new(Map::sampled(map).unwrap(), vec![0.5]).unwrap();
        i.samples = Some(Sizes::new(1, 1, 2));
        i.objective = Some(Objective::Absolute(HoldOut::new(
            Matrix::from_element(2, 1, 1.0),
            Vector::from_column_slice(&[-1e6, 1e6]),
            0.0,
        )));
        let target = Target::Hypergradient(i.objective.as_ref().unwrap());
        let e = Evidence::new(&i, Method::NSID, 60).targeting(target);
        let ks = [1, 16, 256, 2048];
        let planted = Planted::new(e.sampled().unwrap(), &ks).unwrap();
        let seen = planted.follow(&ks).unwrap().unwrap();
        assert!(
            seen.worst.0 <= 1.0 && seen.of_constant <= 1.0,
            "{:?}",
            seen.worst
        );
        let mut without = Planted::new(e.sampled().unwrap(), &ks).unwrap();
        without.theorem.outer = None;
        assert!(without.follow(&ks).unwrap().unwrap().worst.0 > 1.0);
        // C without it.
        let mut smaller = Planted::new(e.sampled().unwrap(), &ks).unwrap();
        smaller.constant = without.theorem.constant().unwrap();
        assert!(smaller.follow(&ks).unwrap().unwrap().of_constant > 1.0);
    }
}
