//! Figure 1: ITD, AID-FP and AID-CG on an elastic net, before and after its support is identified.
//!
//! Section 7 and Appendix F.3: n = 500 rows of which 100 train and 240 validate, d = 100, 30
//! informative, noise 0.1, λ = (0.02, 0.002) and (0.002, 0.002), ISTA from 0 with η = 2/(L+μ+2λ₂).
//! At every t shown the error is ‖D_tᵀy_t - Jᵀy_t‖, y_t the gradient of the validation loss at w_t,
//! against the exact J (the paper has a long run of AID-FP instead: Appendix F.1).

use super::experiment::{
    Curve, Experiment, Fact, Findings, Job, LEAST_PROBLEMS, Measured, Scale, Statement,
};
use super::problem::{Problem, Size};
use super::summary::{geometric, left_out, median_of, panel};
use crate::case::{At, Case, Factory, Method, Target};
use crate::error::{Error, Result};
use crate::instances::hash;
use crate::linalg::norm::spectral_upper;
use crate::linalg::{Matrix, Vector};
use crate::maps::Tie;
use crate::methods::{ConjugateGradients, Ours};
use crate::theory::Theorem41;
use crate::tol::{REPRODUCED_BEHIND, REPRODUCED_FLOOR, REPRODUCED_SOLVED};

/// Figure 1 at a scale.
pub(super) struct Figure1 {
    scale: Scale,
    size: Size,
    seeds: u64,
    /// λ with the number of steps shown.
    panels: Vec<([f64; 2], usize)>,
}

/// Points of a curve.
const POINTS: usize = 60;

const ITD: &str = "ITD";
const AID_FP: &str = "AID-FP";
const AID_CG: &str = "AID-CG, symmetric system";
const PLAIN_CG: &str = "AID-CG, plain CG on I - ∂₁Φᵀ";
const BOUNDS: [&str; 2] = ["Theorem 4.1, ITD", "Theorem 4.1, AID-FP"];
const RATE: &str = "ρᵗ, the local rate";

impl Figure1 {
    pub(super) fn new(scale: Scale, seeds: Option<u64>) -> Self {
        let paper = scale == Scale::Paper;
        let [train, validation, dim, informative] = if paper {
            [100, 240, 100, 30]
        } else {
            [40, 60, 20, 6]
        };
        Self {
            scale,
            size: Size {
                train,
                validation,
                dim,
                informative,
                noise: 0.1,
                correlated: false,
            },
            seeds: seeds.unwrap_or(if paper { 5 } else { 3 }),
            panels: if paper {
                vec![([0.02, 0.002], 600), ([0.002, 0.002], 3000)]
            } else {
                vec![([0.02, 0.002], 120), ([0.002, 0.002], 240)]
            },
        }
    }
}

impl Experiment for Figure1 {
    fn name(&self) -> &'static str {
        "figure-1"
    }

    fn scale(&self) -> Scale {
        self.scale
    }

    fn title(&self) -> String {
        "Figure 1: implicit derivatives of an elastic net along ISTA".into()
    }

    fn fingerprint(&self) -> String {
        let (version, scale) = (env!("CARGO_PKG_VERSION"), self.scale.name());
        let all = hash(&format!("{:?} {:?} {POINTS}", self.size, self.panels));
        format!(
            "ratecert {version} figure-1 {scale} {} seeds, parameters {all:016x}",
            self.seeds
        )
    }

    fn jobs(&self) -> Vec<Job> {
        let panels = 0..self.panels.len();
        panels
            .flat_map(|panel| (0..self.seeds).map(move |seed| Job { panel, seed }))
            .collect()
    }

    fn run(&self, job: &Job) -> Result<Measured> {
        let (lambda, last) = self.panels[job.panel];
        let problem = Problem::draw(self.size, lambda, job.seed)?;
        Run::new(&problem, last)?.measure(job)
    }

    fn conclude(&self, results: &[Measured]) -> Findings {
        let mut panels = Vec::new();
        let (mut statements, mut facts) = (Vec::new(), Vec::new());
        for (n, (lambda, _)) in self.panels.iter().enumerate() {
            let here = |m: &&Measured| m.job.panel == n && m.failed.is_none();
            let own: Vec<&Measured> = results.iter().filter(here).collect();
            let of = |name: &str| median_of(own.iter().map(|m| m.fact(name)));
            let title = format!("λ = ({}, {})", lambda[0], lambda[1]);
            facts.push(format!(
                "{} of {} coefficients, q = {:.4}, ρ = {:.3}",
                of("support"),
                self.size.dim,
                of("q"),
                of("rho")
            ));
            let mut drawn = panel(&title, "step t", "‖D_tᵀy_t - Jᵀy_t‖", false, &own);
            let steps = own.iter().filter_map(|m| m.identified).map(|t| t as f64);
            let ends = steps.fold([f64::INFINITY, 0.0], |[a, b], t| [a.min(t), b.max(t)]);
            drawn.mark = (ends[1] > 0.0).then(|| ("support identified".into(), ends));
            panels.push(drawn);
            statements.extend(said(&own, *lambda));
        }
        let caption = format!(
            "Median over {} problems, with the smallest and largest values. Above and below: the two λ of the paper ({}). Vertical: the first and the last step at which a problem has the support of \
             w(λ) for good. Grey: Theorem 4.1 with measured distances and refined moduli, times ‖y_t‖; and the local rate ρᵗ through AID-FP's error half way between identification and rounding. J is exact. AID-CG on I - ∂₁Φᵀ is the common implementation.{}",
            self.seeds,
            facts.join("; "),
            left_out(results)
        );
        Findings {
            panels,
            caption,
            statements,
        }
    }
}

/// One problem, followed along ISTA.
struct Run<'p> {
    problem: &'p Problem,
    jacobian: &'p Matrix,
    /// The steps shown, and the iterate at each.
    steps: Vec<usize>,
    points: Vec<Vec<f64>>,
    /// ‖w_t - w(λ)‖ at every step.
    distance: Vec<f64>,
    identified: Option<usize>,
}

impl<'p> Run<'p> {
    fn new(problem: &'p Problem, last: usize) -> Result<Self> {
        let star = problem.truth.w();
        let steps: Vec<usize> = (0..=POINTS).map(|n| n * last / POINTS).collect();
        let mut w = vec![0.0; star.len()];
        let (mut points, mut distance) = (Vec::new(), Vec::new());
        let mut identified = None;
        let mut lin = problem.map.linearization();
        for t in 0..=last {
            let off = w.iter().zip(star.iter()).map(|(a, b)| (a - b).powi(2));
            distance.push(off.sum::<f64>().sqrt());
            if steps.contains(&t) {
                points.push(w.clone());
            }
            let tie = &mut Tie::Weight(0.0);
            problem.map.linearize(&w, &problem.lambda, tie, &mut lin);
            let same = w
                .iter()
                .zip(star.iter())
                .all(|(a, b)| (*a != 0.0) == (*b != 0.0));
            identified = identified.filter(|_| same).or(same.then_some(t));
            w.clone_from(&lin.value);
        }
        Ok(Self {
            problem,
            jacobian: problem.jacobian()?,
            steps,
            points,
            distance,
            identified,
        })
    }

    fn case<'c>(
        &'c self,
        method: Method,
        at: At<'c>,
        target: Target<'c>,
        steps: &'c [usize],
    ) -> Case<'c> {
        let p = self.problem;
        Case::new(method.algorithm, &p.map, &p.lambda, at, target, steps)
    }

    /// The error of a method of this crate at every iterate shown, after as many steps.
    fn at_points(&self, method: Method) -> Result<Vec<f64>> {
        let mut ours = Ours.make(method)?;
        let one = |(t, w): (&usize, &Vec<f64>)| {
            let y = self.problem.gradient(w);
            let steps = [*t];
            let target = Target::Cotangent(y.as_slice());
            let answer = ours.run(&self.case(method, At::Point(w), target, &steps));
            let missing = || Error::input(format!("{method}: {}", answer.status));
            let estimate = answer.estimates.first().ok_or_else(missing)?;
            Ok(self.error(&Vector::from_column_slice(estimate.as_slice()), &y))
        };
        self.steps.iter().zip(&self.points).map(one).collect()
    }

    /// The same for plain conjugate gradients on the operator v ↦ v - ∂₁Φᵀv, which is not
    /// symmetric.
    fn plain_cg(&self) -> Vec<f64> {
        let map = &self.problem.map;
        let (mut lin, mut ws) = (map.linearization(), map.workspace());
        let mut one = |(t, w): (&usize, &Vec<f64>)| {
            let y = self.problem.gradient(w);
            let tie = &mut Tie::Weight(0.0);
            map.linearize(w, &self.problem.lambda, tie, &mut lin);
            let mut cg = ConjugateGradients::start(y.as_slice());
            for _ in 0..*t {
                cg.step(true, |p, out| {
                    map.vjp_w(&lin, p, out, &mut ws);
                    out.iter_mut().zip(p).for_each(|(o, p)| *o = p - *o);
                });
            }
            let mut u = vec![0.0; 2];
            map.vjp_lambda(&lin, &cg.x, &mut u, &mut ws);
            self.error(&Vector::from_vec(u), &y)
        };
        self.steps.iter().zip(&self.points).map(&mut one).collect()
    }

    /// ITD carries D.
    fn itd(&self) -> Result<Vec<f64>> {
        let method = Method::ITD;
        let at = At::Start(&self.points[0]);
        let mut ours = Ours.make(method)?;
        let answer = ours.run(&self.case(method, at, Target::Jacobian, &self.steps));
        if answer.estimates.len() < self.steps.len() {
            return Err(Error::input(format!("{method}: {}", answer.status)));
        }
        let pairs = answer.estimates.iter().zip(&self.points);
        let one = |(d, w): (&Matrix, &Vec<f64>)| {
            let y = self.problem.gradient(w);
            self.error(&d.tr_mul(&y), &y)
        };
        Ok(pairs.map(one).collect())
    }

    fn error(&self, estimate: &Vector, y: &Vector) -> f64 {
        (estimate - self.jacobian.tr_mul(y)).norm()
    }

    fn measure(&self, job: &Job) -> Result<Measured> {
        let curve = |label: &str, predicted: bool, y: Vec<f64>| Curve {
            label: label.into(),
            predicted,
            x: self.steps.iter().map(|t| *t as f64).collect(),
            y,
        };
        let aid = self.at_points(Method::AID_FP)?;
        let [itd_bound, aid_bound] = self.bounds();
        let mut facts = self.problem.facts();
        let scale = self
            .jacobian
            .tr_mul(&self.problem.gradient(self.problem.truth.w().as_slice()));
        facts.push(Fact::new("size", scale.norm()));
        let rate = self.local(&aid);
        Ok(Measured {
            job: job.clone(),
            curves: vec![
                curve(ITD, false, self.itd()?),
                curve(AID_CG, false, self.at_points(Method::AID_CG)?),
                curve(PLAIN_CG, false, self.plain_cg()),
                curve(AID_FP, false, aid),
                curve(BOUNDS[0], true, itd_bound),
                curve(BOUNDS[1], true, aid_bound),
                curve(RATE, true, rate),
            ],
            identified: self.identified,
            facts,
            failed: None,
        })
    }

    /// Theorem 4.1 with measured e_t and refined moduli, times ‖y_t‖.
    fn bounds(&self) -> [Vec<f64>; 2] {
        let truth = &self.problem.truth;
        let error = truth.jacobian.as_ref().map_or(0.0, |j| j.error);
        let d_fix = spectral_upper(self.jacobian) + error;
        let theorem = Theorem41::new(
            truth.constants.q,
            truth.moduli(),
            self.distance[0],
            Some(d_fix),
        );
        let itd = theorem.sharp_itd(&self.distance);
        let pairs = || self.steps.iter().zip(&self.points);
        let seen = |w: &[f64]| self.problem.gradient(w).norm();
        [
            pairs().map(|(t, w)| itd[*t] * seen(w)).collect(),
            pairs()
                .map(|(t, w)| theorem.sharp_aid(self.distance[*t], *t) * seen(w))
                .collect(),
        ]
    }

    /// C·ρᵗ through the error half way between identification and rounding.
    fn local(&self, error: &[f64]) -> Vec<f64> {
        let nothing = vec![f64::NAN; self.steps.len()];
        let (Some(from), Some(s)) = (self.identified, self.problem.truth.spectrum()) else {
            return nothing;
        };
        let after: Vec<usize> = (0..self.steps.len())
            .filter(|n| self.steps[*n] >= from)
            .collect();
        let clear: Vec<usize> = { after.iter().copied() }
            .filter(|n| error[*n] > REPRODUCED_FLOOR * error[0])
            .collect();
        let Some(&anchor) = clear.get(clear.len() / 2) else {
            return nothing;
        };
        let rho = s.rho.middle();
        let at = |n: usize| {
            let steps = self.steps[n] as f64 - self.steps[anchor] as f64;
            let known = self.steps[n] >= from;
            if known {
                error[anchor] * libm::pow(rho, steps)
            } else {
                f64::NAN
            }
        };
        (0..self.steps.len()).map(at).collect()
    }
}

/// What the paper says of one λ.
fn said(own: &[&Measured], lambda: [f64; 2]) -> Vec<Statement> {
    let at = format!("λ = ({}, {})", lambda[0], lambda[1]);
    let count = own.len();
    let judged = |yes: bool| (count >= LEAST_PROBLEMS).then_some(yes);
    // By problem: ITD's error over AID-FP's after identification; the errors at the last step;
    // errors above their bounds.
    let ratios: Vec<f64> = own.iter().map(|m| after(m, ITD, AID_FP)).collect();
    let agree = ratios.iter().filter(|r| **r > 1.0).count();
    let end = |m: &Measured| {
        let one = |label: &str| {
            let last = m.curve(label).and_then(|c| c.y.last());
            last.map_or(f64::NAN, |y| y / m.fact("size"))
        };
        let errors = [ITD, AID_FP, AID_CG].map(one);
        errors
            .into_iter()
            .fold(0.0, |a: f64, b| if b <= a { a } else { b })
    };
    let ends: Vec<f64> = own.iter().map(|m| end(m)).collect();
    let solved = ends.iter().filter(|e| **e < REPRODUCED_SOLVED).count();
    let above = |m: &Measured, label: &str, bound: &str| {
        let (Some(error), Some(bound)) = (m.curve(label), m.curve(bound)) else {
            // No point can be told to be below a bound that is not there.
            return POINTS + 1;
        };
        let floor = REPRODUCED_FLOOR * m.fact("size");
        let pairs = error.y.iter().zip(&bound.y);
        pairs.filter(|(e, b)| !(**e <= **b + floor)).count()
    };
    let exceeded: usize = { own.iter() }
        .map(|m| above(m, ITD, BOUNDS[0]) + above(m, AID_FP, BOUNDS[1]))
        .sum();
    let slower: Vec<f64> = own.iter().map(|m| after(m, PLAIN_CG, AID_CG)).collect();
    let behind = slower.iter().filter(|r| !(**r < REPRODUCED_BEHIND)).count();
    vec![
        Statement {
            says: format!(
                "{at}: ITD, AID-FP and AID-CG on the symmetric system converge to the exact derivative"
            ),
            seen: judged(10 * solved >= 9 * count),
            measured: format!(
                "relative errors below {REPRODUCED_SOLVED:.0e} at the last step in {solved} of {count} problems, {:.1e} in the median one",
                median_of(ends.iter().copied())
            ),
        },
        Statement {
            says: format!("{at}: ITD and AID-FP stay below Theorem 4.1's bounds"),
            seen: judged(exceeded == 0),
            measured: format!("{exceeded} of {} points above", 2 * count * (POINTS + 1)),
        },
        Statement {
            says: format!("{at}: after identification AID-FP is more accurate than ITD"),
            seen: judged(agree == count),
            measured: format!(
                "in {agree} of {count} problems; ITD's error is {:.1} times AID-FP's, in the geometric mean over the steps of the median problem",
                median_of(ratios.iter().copied())
            ),
        },
        Statement {
            says: format!(
                "{at}: as commonly implemented AID-CG falls behind: it converges erratically"
            ),
            seen: judged(2 * behind > count),
            measured: format!(
                "more than ten times the error of the symmetric system after identification in {behind} of {count} problems, {:.0e} times in the median one",
                median_of(slower.iter().copied())
            ),
        },
    ]
}

/// The geometric mean of one error over another at the steps after identification, both held above
/// rounding; NaN where the support is not identified.
fn after(m: &Measured, label: &str, other: &str) -> f64 {
    let (Some(a), Some(b), Some(from)) = (m.curve(label), m.curve(other), m.identified) else {
        return f64::NAN;
    };
    let floor = REPRODUCED_FLOOR * m.fact("size");
    let held = |v: f64| {
        if v.is_finite() {
            v.max(floor)
        } else {
            f64::MAX
        }
    };
    let points = a.x.iter().zip(a.y.iter().zip(&b.y));
    let late = points.filter(|(t, (a, b))| **t > from as f64 && (**a > floor || **b > floor));
    geometric(late.map(|(_, (a, b))| held(*a) / held(*b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statements fail where a method, a bound or a comparison is spoilt.
    #[test]
    fn statements_are_not_seen_in_spoilt_results() {
        let experiment = Figure1::new(Scale::Small, None);
        let jobs = experiment.jobs();
        let results: Vec<Measured> = { jobs.iter() }
            .filter(|job| job.panel == 0)
            .map(|job| experiment.run(job).unwrap())
            .collect();
        let seen = |change: &dyn Fn(&mut Measured)| -> Vec<Option<bool>> {
            let mut changed = results.clone();
            changed.iter_mut().for_each(change);
            let all: Vec<&Measured> = changed.iter().collect();
            said(&all, [0.02, 0.002]).iter().map(|s| s.seen).collect()
        };
        let times = |m: &mut Measured, label: &str, f: f64| {
            let own = m.curves.iter_mut().find(|c| c.label == label).unwrap();
            own.y.iter_mut().for_each(|y| *y *= f);
        };
        assert_eq!(seen(&|_| {}), [Some(true); 4]);
        let stalled = |m: &mut Measured| {
            let own = m.curves.iter_mut().find(|c| c.label == ITD).unwrap();
            own.y.iter_mut().for_each(|y| *y = y.max(0.1));
        };
        assert_eq!(seen(&stalled)[0], Some(false));
        assert_eq!(seen(&|m| times(m, BOUNDS[0], 1e-12))[1], Some(false));
        assert_eq!(seen(&|m| times(m, AID_FP, 1e4))[2], Some(false));
        assert_eq!(seen(&|m| times(m, AID_CG, 1e12))[3], Some(false));
        let one = [&results[0]];
        assert!(said(&one, [0.02, 0.002]).iter().all(|s| s.seen.is_none()));
    }
}
