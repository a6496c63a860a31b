//! Figure 1: ITD, AID-FP and AID-CG on an elastic net, before and after its support is identified.
//!
//! Section 7 and Appendix F.3: n = 500 rows of which 100 train and 240 validate, d = 100, 30 informative,
//! noise 0.1, λ = (0.02, 0.002) and (0.002, 0.002), ISTA from 0 with η = 2/(L+μ+2λ₂). At every t shown the
//! error is ‖D_tᵀy_t - Jᵀy_t‖, y_t the gradient of the validation loss at w_t, against the exact J (the
//! paper has a long run of AID-FP instead: Appendix F.1).

use super::experiment::{Curve, Experiment, Findings, Job, Measured, Scale, Statement};
use super::problem::{Problem, Size};
use super::summary::{median_of, panel};
use crate::case::{At, Case, Factory, Method, Target};
use crate::error::{Error, Result};
use crate::linalg::norm::spectral_upper;
use crate::linalg::{Matrix, Vector};
use crate::maps::Tie;
use crate::methods::{ConjugateGradients, Ours};
use crate::theory::Theorem41;
use crate::tol::{REPRODUCED_FLOOR, REPRODUCED_SOLVED, REPRODUCED_STALLED};

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
const PLAIN_CG: &str = "AID-CG as commonly implemented: plain CG on I - ∂₁Φᵀ";
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

    fn title(&self) -> String {
        "Figure 1: implicit derivatives of an elastic net along ISTA".into()
    }

    fn fingerprint(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "ratecert {version} figure-1 {} {} seeds",
            self.scale.name(),
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
            let own: Vec<&Measured> = results.iter().filter(|m| m.job.panel == n).collect();
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
            "Median over {} problems, with the smallest and largest values. Left and right: the two λ of the paper ({}). Dotted: the first and the last step at which a problem has the support of \
             w(λ) for good. Dashed: Theorem 4.1 with measured distances and refined moduli, times ‖y_t‖; and the local rate ρᵗ through AID-FP's error half way after identification. J is exact.",
            self.seeds,
            facts.join("; ")
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

    /// The same for plain conjugate gradients on the operator v ↦ v - ∂₁Φᵀv, which is not symmetric.
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
        facts.push(("size".into(), scale.norm()));
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
        })
    }

    /// Theorem 4.1 with measured e_t and refined moduli, times ‖y_t‖.
    fn bounds(&self) -> [Vec<f64>; 2] {
        let truth = &self.problem.truth;
        let error = truth.jacobian.as_ref().map_or(0.0, |j| j.error);
        let d_fix = spectral_upper(self.jacobian) + error;
        let theorem = Theorem41::new(
            truth.constants.q,
            &truth.moduli,
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

    /// C·ρᵗ through an error half way between identification and the end.
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
    // ITD's error over AID-FP's from identification on, where both are clear of rounding.
    let mut ratios: Vec<f64> = Vec::new();
    let (mut solved, mut plain) = (Vec::new(), Vec::new());
    for m in own {
        let size = m.fact("size");
        let (Some(itd), Some(aid), Some(from)) = (m.curve(ITD), m.curve(AID_FP), m.identified)
        else {
            continue;
        };
        let own = { itd.x.iter().zip(&itd.y).zip(&aid.y) }
            .filter(|((t, _), aid)| **t > from as f64 && **aid > REPRODUCED_FLOOR * size)
            .map(|((_, itd), aid)| itd / aid);
        ratios.extend(own);
        let last = |label: &str| m.curve(label).and_then(|c| c.y.last()).map(|v| v / size);
        solved.extend(last(AID_CG));
        plain.extend(last(PLAIN_CG));
    }
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    let middle = |v: &[f64]| median_of(v.iter().copied());
    let (solved, plain) = (middle(&solved), middle(&plain));
    vec![
        Statement {
            says: format!("{at}: after identification AID-FP is more accurate than ITD"),
            holds: !ratios.is_empty() && least > 1.0,
            measured: format!(
                "ITD's error is {least:.2} to {most:.1e} times AID-FP's, median {:.2}, at {} points",
                median_of(ratios.iter().copied()),
                ratios.len()
            ),
        },
        Statement {
            says: format!(
                "{at}: AID-CG converges on the symmetric system, and stalls as commonly implemented"
            ),
            holds: solved < REPRODUCED_SOLVED && plain > REPRODUCED_STALLED * solved,
            measured: format!(
                "median relative errors at the last step: {solved:.1e} on the symmetric system, {plain:.1e} with plain CG on I - ∂₁Φᵀ"
            ),
        },
    ]
}
