//! Figure 2, elastic net: NSID, SID and AID-FP against epochs.
//!
//! Section 7 and Appendix F.4: n = 50,000 rows of which 10,000 train, d = 100, 30 informative
//! features with a random covariance, noise 0.01, λ = (0.1, 0.01), minibatches of 1 % of the
//! training rows. Errors are against the exact J at w(λ).

use super::experiment::{Experiment, Findings, Job, Measured, Scale};
use super::problem::{Problem, Size};
use super::stochastic::{DESIGN, EPOCHS, Setting, curve, said, updates};
use super::summary::{left_out, median_of, panel};
use crate::error::Result;
use crate::instances::hash;
use crate::linalg::Vector;
use crate::maps::Map;
use crate::maps::composite::Composite;
use crate::theory::{LemmaD3, Theorem54};

/// Figure 2's elastic net at a scale.
pub(super) struct Figure2Net {
    scale: Scale,
    size: Size,
    batch: usize,
    seeds: u64,
    lambda: [f64; 2],
}

/// The constant step.
const CONSTANT: f64 = 0.2;

const BOUND: &str = "Theorem 5.4 with Lemma D.3's own steps";

impl Figure2Net {
    pub(super) fn new(scale: Scale, seeds: Option<u64>) -> Self {
        let paper = scale == Scale::Paper;
        // 60 % of what does not train validates, as in the first experiment.
        let [train, validation, dim, informative] = if paper {
            [10_000, 24_000, 100, 30]
        } else {
            [4_000, 2_400, 60, 18]
        };
        Self {
            scale,
            size: Size {
                train,
                validation,
                dim,
                informative,
                noise: 0.01,
                correlated: true,
            },
            batch: train / 100,
            seeds: seeds.unwrap_or(if paper { 10 } else { 9 }),
            lambda: [0.1, 0.01],
        }
    }
}

impl Experiment for Figure2Net {
    fn name(&self) -> &'static str {
        "figure-2-elastic-net"
    }

    fn scale(&self) -> Scale {
        self.scale
    }

    fn title(&self) -> String {
        "Figure 2: stochastic implicit derivatives of an elastic net".into()
    }

    fn fingerprint(&self) -> String {
        let (version, scale) = (env!("CARGO_PKG_VERSION"), self.scale.name());
        let all = (self.size, self.batch, self.lambda, DESIGN, CONSTANT);
        let all = hash(&format!("{all:?}"));
        let seeds = self.seeds;
        format!(
            "ratecert {version} figure-2-elastic-net {scale} {seeds} seeds, parameters {all:016x}"
        )
    }

    fn jobs(&self) -> Vec<Job> {
        (0..self.seeds).map(|seed| Job { panel: 0, seed }).collect()
    }

    fn run(&self, job: &Job) -> Result<Measured> {
        let problem = Problem::draw(self.size, self.lambda, job.seed)?;
        let (x, y) = (&problem.x, &problem.y);
        let by_rows = x.transpose().as_slice().to_vec();
        let targets = y.as_slice().to_vec();
        let composite = Composite::elastic_net(by_rows, targets, x.ncols(), problem.step)?;
        let map = Map::sampled(composite)?;
        let w = problem.truth.w().as_slice();
        let cotangent = problem.gradient(w);
        let exact = problem.jacobian()?.tr_mul(&cotangent);
        let setting = Setting {
            map: &map,
            mean: &problem.map,
            lambda: &problem.lambda,
            w,
            y: cotangent.as_slice(),
            exact: exact.as_slice(),
            rows: self.size.train,
            batch: self.batch,
            seed: job.seed,
            q: problem.truth.constants.q,
            rho: problem
                .truth
                .spectrum()
                .map_or(f64::NAN, |s| s.rho.middle()),
            constant: CONSTANT,
        };
        let (mut curves, measured) = setting.measure()?;
        curves.push(curve(BOUND, true, self.bound(&problem, &map, &cotangent)));
        let mut facts = problem.facts();
        facts.extend(measured);
        Ok(Measured {
            job: job.clone(),
            curves,
            identified: None,
            facts,
            failed: None,
        })
    }

    fn conclude(&self, results: &[Measured]) -> Findings {
        let all: Vec<&Measured> = results.iter().filter(|m| m.failed.is_none()).collect();
        let of = |name: &str| median_of(all.iter().map(|m| m.fact(name)));
        let title = format!(
            "n = {}, d = {}, {:.1} coefficients, q = {:.4}, ρ = {:.4}",
            self.size.train,
            self.size.dim,
            of("support"),
            of("q"),
            of("rho")
        );
        let drawn = panel(&title, "epochs", "‖r - Jᵀy‖", true, &all);
        let caption = format!(
            "Median over {} problems, with the smallest and largest values; λ = ({}, {}), minibatches of {}. NSID and SID with J = k minibatches, every point from scratch. Grey: the local rate of AID-FP, and \
             Theorem 5.4's bound of a root mean square error for the steps of Lemma D.3, which none of the curves takes: they are too small to see anything in so few epochs. J is exact.{}",
            self.seeds,
            self.lambda[0],
            self.lambda[1],
            self.batch,
            left_out(results)
        );
        Findings {
            panels: vec![drawn],
            caption,
            statements: said(&all, self.size.train, self.batch),
        }
    }
}

impl Figure2Net {
    /// Theorem 5.4's bound at w = w(λ) along J = k, with the steps that its hypotheses ask for.
    fn bound(&self, problem: &Problem, map: &Map, y: &Vector) -> Vec<f64> {
        let (Some(map), lambda) = (map.samples(), problem.lambda.as_slice()) else {
            return vec![f64::NAN; EPOCHS.len()];
        };
        let w = problem.truth.w().as_slice();
        let variance = map.variance(w, lambda, self.batch);
        let theorem = Theorem54::new(map, w, lambda, y.as_slice(), &variance);
        let lemma = LemmaD3 {
            q: map.q(lambda),
            sigma1: variance.sigma1,
            y_norm: y.norm(),
        };
        let rho = problem.truth.fixed_point.error.powi(2);
        let at = |epochs: usize| {
            let k = updates(epochs, self.size.train, self.batch);
            let rate = lemma.rate(1.0, 1.0).ok()?;
            theorem.bound(rho, k, rate.at(k)).ok()
        };
        EPOCHS.map(|e| at(e).unwrap_or(f64::NAN)).to_vec()
    }
}
