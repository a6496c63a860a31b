//! Constant steps settle at the fixed point of the second-moment recursion, below Lemma D.2's
//! plateau: no sampling.

use super::check::{Check, Context, Needs};
use super::data::{Data, Moments, Series};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::moments::{constant_step, logarithmic, room};
use super::worst::Worst;
use crate::error::Result;
use crate::evidence::Run;
use crate::tol::{LIMIT_STEPS, PLATEAU_EXPONENT, gamma};
use crate::truth::expectation::{Recursion, plateau};

pub(super) const ENTRY: Entry = Entry {
    name: "plateau",
    about: "constant steps settle where the plateau equation says, below Lemma D.2's plateau",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(Plateau)),
};

/// lim E‖v_k - v̂‖² for constant η.
#[derive(Debug)]
struct Plateau;

impl Check for Plateau {
    fn label(&self) -> &'static str {
        "expectation"
    }

    fn name(&self) -> String {
        "plateau".into()
    }

    fn catches(&self, _: f64) -> String {
        "A constant-step plateau other than the fixed point of the second-moment recursion.".into()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let s = c.e.sampled()?;
        let d = s.map.dim();
        let lemma = s.lemma_d3();
        let process = lemma.process();
        let gap = 1.0 - s.q * s.q;
        let mut recursion = s.recursion(s.w, &s.map.mean_gamma(s.w, s.lambda, 0.0))?;
        let mut worst = Worst::default();
        let mut unit = Unit::Bound;
        let mut details = String::from("; at the instance's own w");
        let mut figures = Vec::new();
        for (part, name) in [(1.0, "η"), (0.25, "η/4")] {
            let eta = constant_step(part, process.sigma2_hat);
            // S_k - S_∞ contracts by 1-η(1-q²) a step in trace norm (Lemma D.2's proof), and is fed
            // by η²N(m_kv̂ᵀ + v̂m_kᵀ), ‖m_k‖ ≤ (1-η(1-q))ᵏ‖v̂‖, the slower of the two.
            let slow = 1.0 - s.q;
            let k = (PLATEAU_EXPONENT / (eta * slow)).ceil() as usize;
            if k > LIMIT_STEPS {
                let detail = format!("the plateau of η = {eta:.2e} takes {k} steps to reach");
                let finding = Finding::undecided(Reason::TooLarge, detail);
                return Ok(finding);
            }
            let Some(plateau) = plateau(&mut recursion, eta)? else {
                let text = format!("η = {eta} ≤ 1/(1+σ̂₂), yet the second moment does not contract");
                return Ok(Finding::below(false, Unit::Bound, eta, f64::NAN, text));
            };
            let mse = recursion.moments(k, |_| eta).mse();
            // What k steps leave of the start, the certificate of the plateau, and rounding in
            // steady state.
            let fed = 2.0 * k as f64 * eta * eta * lemma.sigma1 / (1.0 - eta * slow);
            let left =
                libm::exp(-PLATEAU_EXPONENT) * (process.initial * (1.0 + fed) + plateau.trace);
            let rounding = gamma(16 * d * d) * (process.initial + plateau.trace) / (eta * gap);
            let certificate = plateau.residual * (d as f64).sqrt() / (eta * gap);
            let allowed = c.slack * (left + rounding + certificate);
            let place = || format!("at η = {eta:.4}, k = {k}");
            if worst.see((mse - plateau.trace).abs(), allowed, 1.0, place) {
                unit = Unit::Floor;
            }
            let bound = eta * process.sigma1_hat / gap;
            let place = || {
                let limit = plateau.trace;
                format!("plateau {limit:.3e} against ησ̂₁/(1-q²) at η = {eta:.4}")
            };
            if worst.see(plateau.trace, bound, room(d, 1), place) {
                unit = Unit::Bound;
            }
            details += &format!(
                "; η = {eta:.4}: plateau {:.3e}, bound {bound:.3e}",
                plateau.trace
            );
            if c.draw {
                figures.push(figure(&mut recursion, name, (eta, k), plateau.trace, bound));
            }
        }
        let mut finding = worst.finding("plateaus").with(figures);
        finding.unit = Some(unit);
        finding.detail += &details;
        Ok(finding)
    }
}

/// The way to the plateau of a step called `name`.
fn figure(
    recursion: &mut Recursion,
    name: &str,
    (eta, k): (f64, usize),
    plateau: f64,
    bound: f64,
) -> Data {
    let steps = logarithmic(k);
    let curve = recursion.mse_curve(k, |_| eta);
    let n = steps.len();
    let seen = steps.iter().map(|k| curve[*k]).collect();
    Data::Moments(Moments {
        figure: "constant".into(),
        gamma: f64::NAN,
        steps,
        series: vec![
            Series::new(format!("E‖v_k - v̂‖², step {name}"), seen),
            Series::new("its plateau", vec![plateau; n]),
            Series::new("Lemma D.2's ησ̂₁/(1-q²)", vec![bound; n]),
        ],
    })
}
