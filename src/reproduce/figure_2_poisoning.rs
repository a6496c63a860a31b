//! Figure 2, data poisoning: NSID, SID and AID-FP against epochs, λ with a million entries.
//!
//! Section 7 and Appendix F.4: multiclass logistic regression with λ₁ = 0.02 and λ₂ = 0.1 on
//! images, 30 % of the training rows corrupted by noise Γ, which is what w is differentiated by:
//! 784 entries for every corrupted row. Half of the images train and half validate; minibatches of
//! 1 % of the training rows. Noise is normal, projected on [-0.1, 0.1] (the interval of the paper
//! is not printed in the copy at hand); every seed draws the corrupted rows, the noise and the
//! minibatches.
//!
//! The step is ten times 2/(L+2λ₂), as the authors', where the Hessian at w(Γ) allows it:
//! Assumption 3.1 is then not certified, and no bound is drawn. Lemma D.3's β takes the local rate
//! in place of q, estimated as what is drawn. Errors are against the certified Dᵀy of
//! [`crate::truth::poisoned`].

use super::experiment::{Experiment, Fact, Findings, Job, Measured, Scale};
use super::images::{Images, Source};
use super::stochastic::{DESIGN, NSID_CONST, NSID_DEC, SID_CONST, SID_DEC, Setting, said};
use super::summary::{framed, left_out, median_of, panel};
use crate::error::{Error, Result};
use crate::instances::{Random, hash, mix};
use crate::linalg::product::norm2;
use crate::maps::composite::{Composite, Inner, Outer, Poisoned};
use crate::maps::{Map, Poisoning};
use crate::truth::poisoned::PoisonedTruth;

/// Figure 2's data poisoning on some images.
pub(super) struct Figure2Poisoning {
    scale: Scale,
    seeds: u64,
    source: Source,
    images: Images,
}

/// λ₁ and λ₂.
const PENALTIES: [f64; 2] = [0.02, 0.1];

/// Part of the training rows that is corrupted, and the bound of the noise.
const CORRUPTED: f64 = 0.3;
const NOISE: f64 = 0.1;

/// Times the certified step; at most so much over the largest curvature at w(Γ), where steps would
/// diverge from 2 on.
const TIMES: f64 = 10.0;
const MOST: f64 = 1.5;

/// The constant step.
const CONSTANT: f64 = 0.5;

/// b·d from which a job uses all threads itself: below, minibatches are not worth a second thread,
/// and jobs run side by side.
const LARGE: usize = 1 << 20;

/// Errors so many times below the least of NSID's and SID's are not drawn.
const FRAME: f64 = 30.0;

/// Iterations of the estimates of curvatures.
const ITERATIONS: usize = 200;

impl Figure2Poisoning {
    /// With images of a source.
    ///
    /// # Errors
    /// Images that cannot be had.
    pub(super) fn new(scale: Scale, seeds: Option<u64>, source: Source) -> Result<Self> {
        Ok(Self {
            scale,
            seeds: seeds.unwrap_or(5),
            images: source.load()?,
            source,
        })
    }

    /// Rows that train, and as many validate.
    fn rows(&self) -> usize {
        self.images.labels.len() / 2
    }

    /// How many of them are corrupted.
    fn corrupted(&self) -> usize {
        (self.rows() as f64 * CORRUPTED) as usize
    }

    fn batch(&self) -> usize {
        (self.rows() / 100).max(1)
    }

    /// Rows from `first` on, those given corrupted.
    fn part(&self, first: usize, corrupted: Vec<usize>) -> Result<Poisoned> {
        let (n, p) = (self.rows(), self.images.width);
        let pixels = &self.images.pixels[first * p..(first + n) * p];
        let labels = self.images.labels[first..first + n].to_vec();
        Poisoned::new(pixels, labels, self.images.classes, corrupted)
    }
}

impl Experiment for Figure2Poisoning {
    fn name(&self) -> &'static str {
        "figure-2-poisoning"
    }

    fn scale(&self) -> Scale {
        self.scale
    }

    fn directory(&self) -> String {
        match self.scale {
            Scale::Usual => self.name().into(),
            Scale::Small | Scale::Paper => format!("{}-{}", self.name(), self.scale.name()),
        }
    }

    fn title(&self) -> String {
        "Figure 2: stochastic implicit derivatives in data poisoning".into()
    }

    fn fingerprint(&self) -> String {
        let (version, scale, seeds) = (env!("CARGO_PKG_VERSION"), self.scale.name(), self.seeds);
        let parameters = (
            PENALTIES, CORRUPTED, NOISE, TIMES, MOST, CONSTANT, ITERATIONS,
        );
        let parameters = hash(&format!("{parameters:?} {DESIGN:?}"));
        let pixels = self.images.pixels.iter().map(|v| v.to_bits());
        let labels = self.images.labels.iter().map(|l| *l as u64);
        let images = pixels.chain(labels).fold(0, |all, next| mix(&[all, next]));
        format!(
            "ratecert {version} figure-2-poisoning {scale} {seeds} seeds, parameters {parameters:016x}, images {images:016x}"
        )
    }

    fn jobs(&self) -> Vec<Job> {
        (0..self.seeds).map(|seed| Job { panel: 0, seed }).collect()
    }

    fn parallel_inside(&self) -> bool {
        // Passes over few rows are not worth a second thread.
        self.batch() * self.images.width * self.images.classes > LARGE
    }

    fn run(&self, job: &Job) -> Result<Measured> {
        let (n, p) = (self.rows(), self.images.width);
        let mut random = Random::new(job.seed);
        let corrupted = random.subset(n, self.corrupted());
        let noise: Vec<f64> = (0..corrupted.len() * p)
            .map(|_| random.normal().clamp(-NOISE, NOISE))
            .collect();
        let rows = self.part(0, corrupted)?;
        let with = |step: f64| -> Result<Poisoning> {
            let inner = rows.with(step, PENALTIES[1])?;
            let threshold = step * PENALTIES[0];
            Ok(Poisoning { inner, threshold })
        };
        // The solution hardly depends on the rounding of the step; what is judged is solved with
        // the step in use.
        let first = PoisonedTruth::solve(&with(1.0)?, &noise)?;
        let [least, most] = first.curvature(ITERATIONS);
        let step = (TIMES * first.certified_step()).min(MOST / most);
        // Estimates of eigenvalues differ in their last bits between platforms.
        let step = f64::from(step as f32);
        let map = with(step)?;
        let truth = first.solve_again(&map)?;
        if truth.support().is_empty() {
            return Err(Error::input("w(Γ) = 0: there is nothing to estimate"));
        }
        let validation = self.part(n, Vec::new())?;
        let (y, probabilities) = validation.gradient(truth.w(), &[]);
        let exact = truth.hypergradient(&y)?;
        let rho = (1.0 - step * least).abs().max((1.0 - step * most).abs());
        let outer = Outer::FixedSoft {
            threshold: map.threshold,
        };
        let samples = Composite::new(Inner::Poisoned(map.inner.clone()), outer)?;
        let sampled = Map::sampled(samples)?;
        let setting = Setting {
            map: &sampled,
            mean: &sampled,
            lambda: &noise,
            w: truth.w(),
            y: &y,
            exact: &exact.value,
            rows: n,
            batch: self.batch(),
            seed: job.seed,
            q: rho,
            rho,
            constant: CONSTANT,
        };
        let (curves, measured) = setting.measure()?;
        let mut facts = vec![
            Fact::new("rho", rho),
            Fact::new("q", truth.q(step)),
            Fact::new("step", step),
            Fact::new("certified step", truth.certified_step()),
            Fact::new("support", truth.support().len() as f64),
            Fact::new("error of w", truth.error()),
            Fact::new("size of the hypergradient", norm2(&exact.value)),
            Fact::new("error of the hypergradient", exact.error),
            Fact::new("accuracy", accuracy(&validation, &probabilities)),
        ];
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
        let (n, p, c) = (self.rows(), self.images.width, self.images.classes);
        let entries = self.corrupted() * p;
        let title = format!(
            "n = {n}, d = {p}·{c}, {entries} parameters, {} coefficients, ρ = {:.4}",
            of("support"),
            of("rho")
        );
        let mut drawn = panel(&title, "epochs", "‖r - Dᵀy‖", true, &all);
        let below = framed(
            &mut drawn,
            &[NSID_DEC, NSID_CONST, SID_DEC, SID_CONST],
            FRAME,
        );
        let caption = format!(
            "Median over {} samplings of noise, corrupted rows and minibatches, with the smallest and largest values; {}; λ₁ = {}, λ₂ = {}, minibatches of {}. NSID and SID with J = k \
             minibatches, every point from scratch. Grey: the local rate of AID-FP, estimated; the step is {:.1} times the certified one, so that Theorem 5.4 bounds nothing here. ‖Dᵀy‖ = {:.1e}, \
             certified to {:.0e}. Validation accuracy {:.0} %.{below}{}",
            self.seeds,
            self.source.name(),
            PENALTIES[0],
            PENALTIES[1],
            self.batch(),
            of("step") / of("certified step"),
            of("size of the hypergradient"),
            of("error of the hypergradient"),
            100.0 * of("accuracy"),
            left_out(results)
        );
        Findings {
            panels: vec![drawn],
            caption,
            statements: said(&all, n, self.batch()),
        }
    }
}

/// The part of the rows whose label has the largest probability.
fn accuracy(rows: &Poisoned, probabilities: &[f64]) -> f64 {
    let (n, c) = (rows.rows(), rows.classes());
    let right = |i: &usize| {
        let p = &probabilities[i * c..][..c];
        p.iter().all(|other| *other <= p[rows.label(*i)])
    };
    (0..n).filter(right).count() as f64 / n as f64
}
