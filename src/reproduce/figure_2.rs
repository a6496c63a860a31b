//! Figure 2, elastic net: NSID, SID and AID-FP against epochs.
//!
//! Section 7 and Appendix F.4: n = 50,000 rows of which 10,000 train, d = 100, 30 informative features with a
//! random covariance, noise 0.01, λ = (0.1, 0.01), minibatches of 1 % of the training rows. w is where ISTA
//! ends up; y is the gradient of the validation loss there. One iteration of AID-FP is an epoch; NSID and SID
//! with J = k minibatches take 2k·b/n of them, and every point is a run of its own, with samples of its own.
//! Steps: decreasing β/(γ+i) with Lemma D.3's β and γ = 2β, or constant (the paper tuned its own).
//! Errors are against the exact J at w(λ).

use super::experiment::{
    Curve, Experiment, Fact, Findings, Job, LEAST_PROBLEMS, Measured, Scale, Statement,
};
use super::problem::{Problem, Size};
use super::summary::{geometric, left_out, median_of, panel};
use crate::case::{At, Case, Draw, Factory, Method, Role, Samples, Target};
use crate::error::{Error, Result};
use crate::instances::hash;
use crate::linalg::Vector;
use crate::maps::Map;
use crate::maps::composite::Composite;
use crate::methods::Ours;
use crate::theory::{LemmaD3, Theorem54};
use crate::tol::{REPRODUCED_RATE, REPRODUCED_STAYS};

/// Figure 2's elastic net at a scale.
pub(super) struct Figure2Net {
    scale: Scale,
    size: Size,
    batch: usize,
    seeds: u64,
    lambda: [f64; 2],
}

/// Epochs at which errors are shown.
const EPOCHS: [usize; 12] = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100];

/// Epochs between which statements are judged, and further runs at each.
const EARLY: usize = 10;
const LATE: usize = 100;
const REPLICATES: u64 = 8;

/// A method with its steps and its stream of samples.
struct Steps<'s> {
    method: Method,
    stream: u64,
    eta: &'s dyn Fn(usize) -> f64,
}

/// The constant step.
const CONSTANT: f64 = 0.2;

const AID_FP: &str = "AID-FP";
const NSID_DEC: &str = "NSID dec";
const NSID_CONST: &str = "NSID const";
const SID_DEC: &str = "SID dec";
const SID_CONST: &str = "SID const";
const BOUND: &str = "Theorem 5.4 with Lemma D.3's own steps";
const RATE: &str = "ρᵏ, the local rate of AID-FP";

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

    /// J = k of so many epochs.
    fn updates(&self, epochs: usize) -> usize {
        (epochs * self.size.train / (2 * self.batch)).max(1)
    }
}

impl Experiment for Figure2Net {
    fn name(&self) -> &'static str {
        "figure-2-elastic-net"
    }

    fn title(&self) -> String {
        "Figure 2: stochastic implicit derivatives of an elastic net".into()
    }

    fn fingerprint(&self) -> String {
        let (version, scale) = (env!("CARGO_PKG_VERSION"), self.scale.name());
        let all = (
            self.size,
            self.batch,
            self.lambda,
            EPOCHS,
            CONSTANT,
            REPLICATES,
        );
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
        let run = Run {
            experiment: self,
            problem: &problem,
            map: &map,
            w,
            y: cotangent.as_slice(),
            exact: &exact,
            seed: job.seed,
        };
        run.measure(job)
    }

    fn conclude(&self, results: &[Measured]) -> Findings {
        let all: Vec<&Measured> = results.iter().filter(|m| m.failed.is_none()).collect();
        let of = |name: &str| median_of(all.iter().map(|m| m.fact(name)));
        let title = format!(
            "n = {}, d = {}, {} coefficients, q = {:.4}, ρ = {:.4}",
            self.size.train,
            self.size.dim,
            of("support"),
            of("q"),
            of("rho")
        );
        let drawn = panel(&title, "epochs", "‖r - Jᵀy‖", true, &all);
        let caption = format!(
            "Median over {} problems, with the smallest and largest values; λ = ({}, {}), minibatches of {}. NSID and SID with J = k minibatches, every point from scratch. Dashed: the local rate of AID-FP, and \
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
            statements: said(&all, self),
        }
    }
}

/// One problem.
struct Run<'r> {
    experiment: &'r Figure2Net,
    problem: &'r Problem,
    /// The same map as samples reach it.
    map: &'r Map,
    w: &'r [f64],
    y: &'r [f64],
    exact: &'r Vector,
    seed: u64,
}

impl Run<'_> {
    fn error(&self, estimate: &[f64]) -> f64 {
        (Vector::from_column_slice(estimate) - self.exact).norm()
    }

    /// AID-FP: one iteration an epoch.
    fn aid_fp(&self) -> Result<Vec<f64>> {
        let (method, p) = (Method::AID_FP, self.problem);
        let target = Target::Cotangent(self.y);
        let at = At::Point(self.w);
        let case = Case::new(method.algorithm, &p.map, &p.lambda, at, target, &EPOCHS);
        let answer = Ours.make(method)?.run(&case);
        if answer.estimates.len() < EPOCHS.len() {
            return Err(Error::input(format!("{method}: {}", answer.status)));
        }
        Ok(answer
            .estimates
            .iter()
            .map(|u| self.error(u.as_slice()))
            .collect())
    }

    /// The error of one run of NSID or SID with J = k of so many epochs; `run` tells runs apart.
    fn error_of(&self, steps: &Steps<'_>, epochs: usize, run: u64) -> Result<f64> {
        let (n, batch) = (self.experiment.size.train, self.experiment.batch);
        let k = self.experiment.updates(epochs);
        let draw = |role| {
            let replicate = (steps.stream << 48) | (run << 32) | epochs as u64;
            Draw::new((self.seed, replicate), role, n, (k, batch)).independent()
        };
        let (inner, linear) = (draw(Role::Inner)?, draw(Role::Linear)?);
        let eta: Vec<f64> = (0..k).map(steps.eta).collect();
        let (wanted, target) = ([k], Target::Cotangent(self.y));
        let (method, lambda) = (steps.method, &self.problem.lambda);
        let at = At::Point(self.w);
        let case = Case::new(method.algorithm, self.map, lambda, at, target, &wanted)
            .with_samples(Samples::new(&inner, &linear, &eta));
        let answer = Ours.make(method)?.run(&case);
        let missing = || Error::input(format!("{method}: {}", answer.status));
        let estimate = answer.estimates.first().ok_or_else(missing)?;
        Ok(self.error(estimate.as_slice()))
    }

    /// A run for every point.
    fn sampled(&self, steps: &Steps<'_>) -> Result<Vec<f64>> {
        EPOCHS
            .into_iter()
            .map(|epochs| self.error_of(steps, epochs, 0))
            .collect()
    }

    /// The root mean square error of further runs.
    fn level(&self, steps: &Steps<'_>, epochs: usize) -> Result<f64> {
        let one = |run| Ok(self.error_of(steps, epochs, run)?.powi(2));
        let all = (1..=REPLICATES).map(one).collect::<Result<Vec<f64>>>()?;
        Ok((all.iter().sum::<f64>() / REPLICATES as f64).sqrt())
    }

    fn measure(&self, job: &Job) -> Result<Measured> {
        let q = self.problem.truth.constants.q;
        let beta = 2.0 / (1.0 - q * q);
        let gamma = 2.0 * beta;
        let decreasing = |i: usize| beta / (gamma + i as f64);
        let constant = |_: usize| CONSTANT;
        let steps = |method, stream, eta| Steps {
            method,
            stream,
            eta,
        };
        let all: [(&str, Steps<'_>); 4] = [
            (NSID_DEC, steps(Method::NSID, 1, &decreasing)),
            (NSID_CONST, steps(Method::NSID, 2, &constant)),
            (SID_DEC, steps(Method::SID, 3, &decreasing)),
            (SID_CONST, steps(Method::SID, 4, &constant)),
        ];
        let aid = self.aid_fp()?;
        let curve = |label: &str, predicted: bool, y: Vec<f64>| Curve {
            label: label.into(),
            predicted,
            x: EPOCHS.map(|e| e as f64).to_vec(),
            y,
        };
        let mut facts = self.problem.facts();
        facts.push(Fact::new("gamma", gamma));
        let mut curves = Vec::new();
        for (label, steps) in &all {
            curves.push(curve(label, false, self.sampled(steps)?));
            for epochs in [EARLY, LATE] {
                let name = format!("{label} at {epochs}");
                facts.push(Fact::new(&name, self.level(steps, epochs)?));
            }
        }
        curves.extend([
            curve(RATE, true, self.local(&aid)),
            curve(AID_FP, false, aid),
            curve(BOUND, true, self.bound()),
        ]);
        Ok(Measured {
            job: job.clone(),
            curves,
            identified: None,
            facts,
            failed: None,
        })
    }

    /// C·ρᵏ through the error at the middle one of the epochs shown.
    fn local(&self, error: &[f64]) -> Vec<f64> {
        let rho = self
            .problem
            .truth
            .spectrum()
            .map_or(f64::NAN, |s| s.rho.middle());
        let anchor = EPOCHS.len() / 2;
        let at = |n: usize| {
            let steps = EPOCHS[n] as f64 - EPOCHS[anchor] as f64;
            error[anchor] * libm::pow(rho, steps)
        };
        (0..EPOCHS.len()).map(at).collect()
    }

    /// Theorem 5.4's bound at w = w(λ) along J = k, with the steps that its hypotheses ask for.
    fn bound(&self) -> Vec<f64> {
        let (Some(map), lambda) = (self.map.samples(), self.problem.lambda.as_slice()) else {
            return vec![f64::NAN; EPOCHS.len()];
        };
        let variance = map.variance(self.w, lambda, self.experiment.batch);
        let theorem = Theorem54::new(map, self.w, lambda, self.y, &variance);
        let lemma = LemmaD3 {
            q: map.q(lambda),
            sigma1: variance.sigma1,
            y_norm: Vector::from_column_slice(self.y).norm(),
        };
        let rho = self.problem.truth.fixed_point.error.powi(2);
        let at = |epochs: usize| {
            let k = self.experiment.updates(epochs);
            let rate = lemma.rate(1.0, 1.0).ok()?;
            theorem.bound(rho, k, rate.at(k)).ok()
        };
        EPOCHS.map(|e| at(e).unwrap_or(f64::NAN)).to_vec()
    }
}

/// What the paper says, judged by further runs at two numbers of epochs.
fn said(all: &[&Measured], experiment: &Figure2Net) -> Vec<Statement> {
    let judged = |yes: bool| (all.len() >= LEAST_PROBLEMS).then_some(yes);
    let level = |label: &str, epochs: usize| {
        let name = format!("{label} at {epochs}");
        geometric(all.iter().map(|m| m.fact(&name)))
    };
    let fall = |label: &str| level(label, LATE) / level(label, EARLY);
    let words = |label: &str| {
        let (early, late) = (level(label, EARLY), level(label, LATE));
        format!(
            "root mean square error {early:.2e} at {EARLY} epochs, {late:.2e} at {LATE}: a factor {:.2}",
            fall(label)
        )
    };
    // What 1/√(γ+k) does between the two.
    let [early, late] = [EARLY, LATE].map(|epochs| experiment.updates(epochs) as f64);
    let wanted = geometric(all.iter().map(|m| {
        let gamma = m.fact("gamma");
        ((gamma + early) / (gamma + late)).sqrt()
    }));
    let off = fall(NSID_DEC) / wanted;
    let beyond = level(SID_DEC, LATE) / level(NSID_DEC, LATE);
    vec![
        Statement {
            says: "NSID with decreasing steps converges like 1/√(γ+k)".into(),
            seen: judged((1.0 / REPRODUCED_RATE..=REPRODUCED_RATE).contains(&off)),
            measured: format!("{}, 1/√(γ+k) gives {wanted:.2}", words(NSID_DEC)),
        },
        Statement {
            says: "SID with decreasing steps does not: its bias is left".into(),
            seen: judged(fall(SID_DEC) > REPRODUCED_STAYS && beyond > REPRODUCED_RATE),
            measured: format!("{}, and {beyond:.1} times NSID's", words(SID_DEC)),
        },
        Statement {
            says: "with constant steps NSID reaches a plateau".into(),
            seen: judged(fall(NSID_CONST) > REPRODUCED_STAYS),
            measured: words(NSID_CONST),
        },
    ]
}
