//! Lemma D.2 itself, for every i: exact second moments against the bound with the true ‖v_0 - v̂‖,
//! no sampling.

use super::check::{Check, Context, Needs};
use super::entry::{Entry, For};
use super::finding::Finding;
use super::moments::{MULTIPLIERS, along, constant_step, room};
use super::worst::Worst;
use crate::error::Result;
use crate::evidence::{Run, met};
use crate::theory;
use crate::tol::gamma;
use crate::truth::expectation::{Moments, Recursion};

pub(super) const ENTRY: Entry = Entry {
    name: "lemma-d2",
    about: "Lemma D.2 bounds the exact second moment of v_i at every i, for decreasing and constant steps",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(LemmaD2)),
};

/// E‖v_i - v̂‖² ≤ c/(γ+i), and (1-η(1-q²))ⁱ‖v_0 - v̂‖² + ησ̂₁/(1-q²) for a constant step.
#[derive(Debug)]
struct LemmaD2;

impl Check for LemmaD2 {
    fn label(&self) -> &'static str {
        "expectation"
    }

    fn name(&self) -> String {
        "lemma-d2".into()
    }

    fn catches(&self, _: f64) -> String {
        "A constant of Lemma D.2 that is too small at any i: the start from v_0 = 0, σ̂₁ from v_0 = v̂.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let s = c.e.sampled()?;
        let lemma = s.lemma_d3();
        let (beta, offset) = met(lemma.steps())?;
        let mut worst = Worst::default();
        for (which, gamma_1) in s.gammas()?.iter().enumerate() {
            let mut recursion = s.recursion(s.w, gamma_1)?;
            // From v_0 = 0 the start is most of the bound; from v_0 = v̂ the noise σ̂₁ is all of
            // it.
            let (zero, solved) = (recursion.start(), recursion.start_at(recursion.v_hat()));
            for (name, start) in [("v_0 = 0", zero), ("v_0 = v̂", solved)] {
                let from = || format!("{name}, Γ₁ number {which}");
                // The lemma itself, with the true distance of v_0 instead of its bound.
                let process = theory::LemmaD2 {
                    initial: start.mse() * (1.0 + gamma(4 * s.w.len() + 16)),
                    ..lemma.process()
                };
                for (times_beta, times_gamma) in MULTIPLIERS {
                    let rate = met(process.rate(beta * times_beta, offset * times_gamma))?;
                    let start = start.clone();
                    along(&mut worst, &mut recursion, start, &rate, c.steps, from);
                }
                constant(&mut worst, &mut recursion, &start, &process, c.steps, from)?;
            }
        }
        Ok(worst.finding("second moments E‖v_i - v̂‖²"))
    }
}

/// The constant-step form, for the longest step allowed and shorter ones.
fn constant(
    worst: &mut Worst,
    recursion: &mut Recursion,
    start: &Moments,
    process: &theory::LemmaD2,
    steps: usize,
    from: impl Fn() -> String,
) -> Result<()> {
    let d = recursion.v_hat().len();
    for part in [1.0, 0.5, 0.125] {
        let eta = constant_step(part, process.sigma2_hat);
        let curve = recursion.mse_curve_from(start.clone(), steps, |_| eta);
        for (i, mse) in curve.iter().enumerate() {
            let bound = met(process.constant_step(eta, i))?;
            worst.see_step(i, *mse, bound, room(d, i), || {
                format!("at i = {i}, constant η = {eta:.4}, {}", from())
            });
        }
    }
    Ok(())
}
