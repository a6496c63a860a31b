//! (γ+k)·E‖v_k - v̂‖² tends to tr Σ of the Lyapunov equation, on both sides: no sampling.

use super::check::{Check, Context, Needs};
use super::data::{Data, Moments, Series};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::moments::{horizon, logarithmic, richardson};
use crate::error::Result;
use crate::evidence::Run;
use crate::stats::line;
use crate::theory::Rate;
use crate::tol::{LIMIT_STEPS, SETTLED};
use crate::truth::expectation::{Recursion, lyapunov};

pub(super) const ENTRY: Entry = Entry {
    name: "limit-constant",
    about: "(γ+k) times the exact mean square error tends to tr Σ, on both sides",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(LimitConstant)),
};

/// (γ+k)·MSE → tr Σ.
#[derive(Debug)]
struct LimitConstant;

impl Check for LimitConstant {
    fn label(&self) -> &'static str {
        "limit"
    }

    fn name(&self) -> String {
        "limit-constant".into()
    }

    fn redraws(&self) -> bool {
        true
    }

    fn catches(&self, slack: f64) -> String {
        let percent = 100.0 * slack;
        format!("A limit of (γ+k)·MSE more than {percent} % off tr Σ, on either side.")
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let s = c.e.sampled()?;
        let rate = s.rate()?;
        let mut recursion = s.recursion(s.w, &s.map.mean_gamma(s.w, s.lambda, 0.0))?;
        let Some(lyapunov) = lyapunov(&mut recursion, rate.beta) else {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "βN - I/2 is not stable: the rate is slower than 1/k",
            ));
        };
        if lyapunov.trace == 0.0 {
            return Ok(Finding::not_applicable(
                Reason::NothingToSee,
                "tr Σ = 0: the step matrix does not vary, and the error is smaller than any c/k",
            ));
        }
        let settled = Settled::find(c, &mut recursion, &rate);
        let last = settled.last;
        if !(settled.moved <= SETTLED * c.slack) {
            let detail = format!(
                "the extrapolated product still moves by {:.1e} at k = {last}; γ = {:.1}",
                settled.moved, rate.gamma
            );
            return Ok(Finding::undecided(Reason::NotSettled, detail));
        }
        let slope = settled.slope(&rate)?;
        let (limit, extrapolated) = (lyapunov.trace, settled.extrapolated);
        let deviation = (extrapolated / limit - 1.0).abs();
        let detail = format!(
            "at the instance's own w: (γ+k)·MSE at k = {last} is {:.3e}, extrapolated {extrapolated:.3e}, tr Σ = {limit:.3e} (Lyapunov residual {:.1e}); slope of log MSE on log(γ+k) {slope:.4}; Lemma D.3's bound is {:.1} times the limit",
            settled.product(&rate, last),
            lyapunov.residual,
            rate.c / limit
        );
        let finding = Finding::decided(
            deviation <= c.slack,
            Unit::Tolerance,
            [extrapolated, limit, c.slack / deviation],
            detail,
        );
        let figure = c.draw.then(|| settled.figure(&rate, limit));
        Ok(finding.at_step(last).with(figure))
    }
}

/// The curve of E‖v_k - v̂‖², as long as it takes to settle.
struct Settled {
    /// By k.
    curve: Vec<f64>,
    last: usize,
    /// The limit of (γ+k)·MSE from k/2 and k.
    extrapolated: f64,
    /// Its relative change from k/2 to k.
    moved: f64,
}

impl Settled {
    /// The product is tr Σ + a/(γ+k) + O(k^-p): the mean m_k = O(k^(-β(1-q))) enters the noise as
    /// η²N(m_kv̂ᵀ + v̂m_kᵀ) and leaves p = β(1-q) = 2/(1+q) > 1; its square, k^(1-2β(1-q)), is
    /// smaller. One Richardson step from k/2 and k leaves an error e(k) of order k^-p, so the steps
    /// at k/2 and k differ by (2^p-1)e(k) > e(k), which says how far it still is.
    fn find(c: Context<'_>, recursion: &mut Recursion, rate: &Rate) -> Self {
        let mut last = horizon(c, rate.gamma);
        loop {
            let curve = recursion.mse_curve(last, |i| rate.step(i));
            let richardson = |k: usize| richardson(&curve, rate.gamma, k);
            let (before, extrapolated) = (richardson(last / 2), richardson(last));
            let moved = (extrapolated / before - 1.0).abs();
            if moved <= SETTLED * c.slack || last == LIMIT_STEPS {
                return Self {
                    curve,
                    last,
                    extrapolated,
                    moved,
                };
            }
            last = (2 * last).min(LIMIT_STEPS);
        }
    }

    /// (γ+k)·MSE.
    fn product(&self, rate: &Rate, k: usize) -> f64 {
        (rate.gamma + k as f64) * self.curve[k]
    }

    /// The slope of log MSE on log(γ+k) over the last factor of eight. It is quoted, never
    /// asserted: transients of order k^(1-2β(1-q)) bend it by a few per cent long after the
    /// constant is settled.
    fn slope(&self, rate: &Rate) -> Result<f64> {
        let points: Vec<usize> = (0..=24)
            .map(|j| {
                (self.last as f64 * libm::pow(8.0, f64::from(j) / 24.0 - 1.0)).round() as usize
            })
            .collect();
        let log = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
            points.iter().map(|k| libm::log(value(*k))).collect()
        };
        let (x, y) = (log(&|k| rate.gamma + k as f64), log(&|k| self.curve[k]));
        Ok(line(&x, &y)?.slope.point)
    }

    fn figure(&self, rate: &Rate, limit: f64) -> Data {
        let steps = logarithmic(self.last);
        let n = steps.len();
        let products = steps.iter().map(|k| self.product(rate, *k)).collect();
        Data::Moments(Moments {
            figure: "limit".into(),
            gamma: rate.gamma,
            steps,
            series: vec![
                Series::new("(γ+k)·E‖v_k - v̂‖²", products),
                Series::new("tr Σ", vec![limit; n]),
                Series::new("Lemma D.3: c", vec![rate.c; n]),
            ],
        })
    }
}
