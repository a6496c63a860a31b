//! SID settles at its exact bias, and NSID goes below it: no sampling anywhere.

use super::check::{Check, Context, Needs};
use super::data::{Data, Moments, Series};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use super::moments::{horizon, logarithmic};
use crate::error::Result;
use crate::evidence::{Run, Sampled};
use crate::linalg::Vector;
use crate::tol::{CLEARLY_BELOW, LIMIT_STEPS, SETTLED, gamma};
use crate::truth::expectation::{Readout, SidLimit};

pub(super) const ENTRY: Entry = Entry {
    name: "sid-plateau",
    about: "SID settles at its exact bias, and NSID goes below it where theory says clearly",
    fits: For::Stochastic,
    parse: |_| Ok(Box::new(SidPlateau)),
};

/// J of both methods.
const INNER: usize = 64;

/// lim E‖r_k - r*‖² of SID.
#[derive(Debug)]
struct SidPlateau;

impl Check for SidPlateau {
    fn label(&self) -> &'static str {
        "expectation"
    }

    fn name(&self) -> String {
        "sid-plateau".into()
    }

    fn redraws(&self) -> bool {
        true
    }

    fn catches(&self, slack: f64) -> String {
        let percent = 100.0 * slack;
        format!(
            "A plateau of SID more than {percent} % off its exact bias, or NSID not below it where its exact limit is at most half of it."
        )
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn judge(&self, c: Context<'_>, _: &[&Run]) -> Result<Finding> {
        let s = c.e.sampled()?;
        let limit = s.sid_limit_at(s.w)?;
        if !limit.stable {
            let abscissa = limit.abscissa;
            let detail = format!(
                "SID's mean iteration is not known to be stable: spectral abscissa {:.3} to {:.3}",
                abscissa.lower, abscissa.upper
            );
            return Ok(Finding::undecided(Reason::NothingToSee, detail));
        }
        let star = s.limit_at(s.w)?;
        let bias = (&limit.r - &*star).norm_squared();
        if bias <= gamma(1 << 10) * star.norm_squared() {
            let why = "SID has no bias here: no sample crosses a kink";
            return Ok(Finding::not_applicable(Reason::NothingToSee, why));
        }
        let beta = 2.0 / (1.0 - limit.abscissa.middle().max(s.q));
        let offset = s.rate()?.gamma.max(2.0 * beta);
        let read = limit.readout(s.map, s.w, s.lambda, 0.0, s.sizes.inner_batch, INNER)?;
        // Where it goes: the bias and what J inner minibatches leave at v_SID.
        let spread = read
            .spread
            .as_ref()
            .map_or(0.0, |g| (limit.v.transpose() * g * &limit.v)[0]);
        let plateau = bias + spread;
        let sid = Course::find(c, &s, (&limit, &read, &star), beta, offset)?;
        let many = || Finding::undecided(Reason::TooLarge, "the law of w̄ has too many outcomes");
        let Some(law) = s.law(s.w, INNER)? else {
            return Ok(many());
        };
        let eta = |k: usize| beta / (offset + k as f64);
        let Some(nsid) = law.mse(&s.setting(), &sid.steps, &star, eta)? else {
            return Ok(many());
        };
        // NSID has no bias, but an error of its own that J and k leave; it has to win where theory
        // puts that clearly below.
        let expected = law
            .asymptote(&s.setting(), &star, beta)?
            .map(|a| a.floor + a.constant / (offset + sid.last as f64));
        let figure = c.draw.then(|| sid.figure(offset, &nsid, plateau));
        let finding = settled(c, &sid, bias, plateau, offset, &nsid, expected);
        Ok(finding.with(figure))
    }
}

/// Exact mean square errors of SID, up to where they have settled.
struct Course {
    steps: Vec<usize>,
    mse: Vec<f64>,
    last: usize,
    /// The plateau from k/2 and k.
    extrapolated: f64,
    /// Its relative change from k/2 to k.
    moved: f64,
}

impl Course {
    fn find(
        c: Context<'_>,
        s: &Sampled<'_>,
        (limit, read, star): (&SidLimit, &Readout, &Vector),
        beta: f64,
        offset: f64,
    ) -> Result<Self> {
        let mut recursion = limit.recursion(s.map, s.w, s.lambda, s.y, 0.0, s.sizes.batch)?;
        let mut last = horizon(c, offset);
        loop {
            let mut steps = logarithmic(last);
            steps.extend([last / 4, last / 2]);
            steps.sort_unstable();
            steps.dedup();
            let mut at = recursion.start();
            let mut mse = Vec::with_capacity(steps.len());
            for k in &steps {
                while at.i < *k {
                    let h = beta / (offset + at.i as f64);
                    recursion.step(&mut at, h);
                }
                mse.push(read.mse(&recursion, &at, star));
            }
            // One Richardson step in 1/(γ+k) from k/2 to k, and the one before, which says how far
            // it still is.
            let richardson = |k: usize| {
                let [a, b] = [k / 2, k].map(|k| steps.binary_search(&k).unwrap_or(0));
                let [x, z] = [a, b].map(|n| offset + steps[n] as f64);
                (z * mse[b] - x * mse[a]) / (z - x)
            };
            let (before, extrapolated) = (richardson(last / 2), richardson(last));
            let moved = (extrapolated / before - 1.0).abs();
            if moved <= SETTLED * c.slack || last == LIMIT_STEPS {
                return Ok(Self {
                    steps,
                    mse,
                    last,
                    extrapolated,
                    moved,
                });
            }
            last = (2 * last).min(LIMIT_STEPS);
        }
    }

    fn figure(&self, gamma: f64, nsid: &[f64], plateau: f64) -> Data {
        let n = self.steps.len();
        Data::Moments(Moments {
            figure: "plateau".into(),
            gamma,
            steps: self.steps.clone(),
            series: vec![
                Series::new("SID: E‖r - r*‖²", self.mse.clone()),
                Series::new("NSID: E‖r - r*‖²", nsid.to_vec()),
                Series::new("SID's exact plateau", vec![plateau; n]),
            ],
        })
    }
}

/// SID's course against its plateau, and NSID's against SID's.
fn settled(
    c: Context<'_>,
    sid: &Course,
    bias: f64,
    plateau: f64,
    offset: f64,
    nsid: &[f64],
    expected: Option<f64>,
) -> Finding {
    let (last, reached) = (sid.last, sid.extrapolated);
    if !(sid.moved <= SETTLED * c.slack) {
        let detail = format!(
            "the extrapolated plateau still moves by {:.1e} at k = {last}; γ = {offset:.1}",
            sid.moved
        );
        return Finding::undecided(Reason::NotSettled, detail);
    }
    let deviation = (reached / plateau - 1.0).abs();
    let wins = expected.is_some_and(|e| e <= CLEARLY_BELOW * plateau);
    let n = nsid.len();
    let own = nsid[n - 1];
    let detail = format!(
        "SID's squared bias {bias:.3e}, plateau {plateau:.3e}, reached {reached:.3e} at k = {last}; NSID at the same J = {INNER} and k has {own:.3e}, expected {:.3e}",
        expected.unwrap_or(f64::NAN)
    );
    if !(deviation <= c.slack) {
        return Finding::below(false, Unit::Tolerance, reached, plateau, detail)
            .headroom(c.slack / deviation)
            .at_step(last);
    }
    if !wins {
        let detail = format!(
            "J and k leave NSID about as much as SID's bias: {detail}; SID's plateau is as predicted to {deviation:.1e}"
        );
        return Finding::undecided(Reason::NothingToSee, detail);
    }
    let from = (0..n)
        .find(|k| (*k..n).all(|l| nsid[l] < sid.mse[l]))
        .map_or(last, |k| sid.steps[k]);
    let slack = (c.slack / deviation).min(plateau / own);
    Finding::decided(
        own < plateau,
        Unit::Tolerance,
        [reached, plateau, slack],
        format!("{detail}; below SID from k = {from} on"),
    )
    .at_step(last)
}
