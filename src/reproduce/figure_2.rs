//! Figure 2, elastic net: NSID, SID and AID-FP against epochs.
//!
//! Section 7 and Appendix F.4: n = 50,000 rows of which 10,000 train, d = 100, 30 informative features with a
//! random covariance, noise 0.01, λ = (0.1, 0.01), minibatches of 1 % of the training rows. w is where ISTA
//! ends up; y is the gradient of the validation loss there. One iteration of AID-FP is an epoch; NSID and SID
//! with J = k minibatches take 2k·b/n of them, and every point is a run of its own, with samples of its own.
//! Steps: decreasing β/(γ+i) with Lemma D.3's β and γ = 2β, or constant (the paper tuned its own).
//! Errors are against the exact J at w(λ).

use super::experiment::{Curve, Experiment, Findings, Job, Measured, Scale, Statement};
use super::problem::{Problem, Size};
use super::summary::{median_of, panel};
use crate::case::{At, Case, Draw, Factory, Method, Role, Samples, Target};
use crate::error::{Error, Result};
use crate::linalg::Vector;
use crate::maps::Map;
use crate::maps::composite::Composite;
use crate::methods::Ours;
use crate::theory::{LemmaD3, Theorem54};

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
        format!(
            "ratecert {version} figure-2-elastic-net {scale} {} seeds",
            self.seeds
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
        let all: Vec<&Measured> = results.iter().collect();
        let of = |name: &str| median_of(results.iter().map(|m| m.fact(name)));
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
            "Median over {} problems, with the smallest and largest values; λ = ({}, {}), minibatches of {}. NSID and SID with J = k minibatches, every point from scratch. Dashed: Theorem 5.4 \
             for the steps of Lemma D.3, which are too small to see anything in so few epochs, and the local rate of AID-FP. J is exact.",
            self.seeds, self.lambda[0], self.lambda[1], self.batch
        );
        Findings {
            panels: vec![drawn],
            caption,
            statements: said(&all),
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

    /// NSID or SID with these steps, a run for every point.
    fn sampled(&self, method: Method, stream: u64, eta: impl Fn(usize) -> f64) -> Result<Vec<f64>> {
        let mut ours = Ours.make(method)?;
        let (n, batch) = (self.experiment.size.train, self.experiment.batch);
        let mut one = |epochs: usize| {
            let k = self.experiment.updates(epochs);
            let draw = |role| {
                let replicate = (stream << 32) | epochs as u64;
                Draw::new((self.seed, replicate), role, n, (k, batch)).independent()
            };
            let (inner, linear) = (draw(Role::Inner)?, draw(Role::Linear)?);
            let eta: Vec<f64> = (0..k).map(&eta).collect();
            let (steps, target) = ([k], Target::Cotangent(self.y));
            let at = At::Point(self.w);
            let lambda = &self.problem.lambda;
            let case = Case::new(method.algorithm, self.map, lambda, at, target, &steps)
                .with_samples(Samples::new(&inner, &linear, &eta));
            let answer = ours.run(&case);
            let missing = || Error::input(format!("{method}: {}", answer.status));
            let estimate = answer.estimates.first().ok_or_else(missing)?;
            Ok(self.error(estimate.as_slice()))
        };
        EPOCHS.into_iter().map(&mut one).collect()
    }

    fn measure(&self, job: &Job) -> Result<Measured> {
        let q = self.problem.truth.constants.q;
        let beta = 2.0 / (1.0 - q * q);
        let gamma = 2.0 * beta;
        let decreasing = |i: usize| beta / (gamma + i as f64);
        let aid = self.aid_fp()?;
        let curve = |label: &str, predicted: bool, y: Vec<f64>| Curve {
            label: label.into(),
            predicted,
            x: EPOCHS.map(|e| e as f64).to_vec(),
            y,
        };
        let curves = vec![
            curve(NSID_DEC, false, self.sampled(Method::NSID, 1, decreasing)?),
            curve(
                NSID_CONST,
                false,
                self.sampled(Method::NSID, 2, |_| CONSTANT)?,
            ),
            curve(SID_DEC, false, self.sampled(Method::SID, 3, decreasing)?),
            curve(
                SID_CONST,
                false,
                self.sampled(Method::SID, 4, |_| CONSTANT)?,
            ),
            curve(RATE, true, self.local(&aid)),
            curve(AID_FP, false, aid),
            curve(BOUND, true, self.bound()),
        ];
        Ok(Measured {
            job: job.clone(),
            curves,
            identified: None,
            facts: self.problem.facts(),
        })
    }

    /// C·ρᵏ through the error after a quarter of the epochs.
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

/// What the paper says.
fn said(all: &[&Measured]) -> Vec<Statement> {
    // Geometric means over problems and three points: a single error is one draw.
    let (early, late) = ([5, 7, 10], [50, 70, 100]);
    let level = |label: &str, epochs: [usize; 3]| {
        let own = all.iter().filter_map(|m| m.curve(label));
        let points = own.flat_map(|c| {
            let pairs = EPOCHS.iter().zip(&c.y);
            pairs
                .filter(|(e, _)| epochs.contains(e))
                .map(|(_, y)| libm::log(*y))
        });
        let logs: Vec<f64> = points.collect();
        libm::exp(logs.iter().sum::<f64>() / logs.len() as f64)
    };
    let fall = |label: &str| level(label, late) / level(label, early);
    let words = |label: &str| {
        format!(
            "{label}: {:.2e} at 5 to 10 epochs, {:.2e} at 50 to 100",
            level(label, early),
            level(label, late)
        )
    };
    // A decade of k at the rate 1/√k.
    let wanted = 0.1f64.sqrt();
    vec![
        Statement {
            says: "NSID with decreasing steps converges, at about 1/√k".into(),
            holds: fall(NSID_DEC) < 2.0 * wanted,
            measured: format!(
                "{}: a factor {:.2}, 1/√k gives {wanted:.2}",
                words(NSID_DEC),
                fall(NSID_DEC)
            ),
        },
        Statement {
            says: "SID with decreasing steps does not: its bias is left".into(),
            holds: fall(SID_DEC) > 0.6 && level(SID_DEC, late) > 2.0 * level(NSID_DEC, late),
            measured: format!(
                "{}: a factor {:.2}, and {:.1} times NSID's error",
                words(SID_DEC),
                fall(SID_DEC),
                level(SID_DEC, late) / level(NSID_DEC, late)
            ),
        },
        Statement {
            says: "with constant steps NSID reaches a plateau".into(),
            holds: fall(NSID_CONST) > 0.6 && level(NSID_CONST, late) > level(NSID_DEC, late),
            measured: format!("{}: a factor {:.2}", words(NSID_CONST), fall(NSID_CONST)),
        },
    ]
}
