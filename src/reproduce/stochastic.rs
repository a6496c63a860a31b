//! What both halves of Figure 2 share: NSID, SID and AID-FP against epochs.
//!
//! w is where the deterministic iteration ends up; y is the gradient of the validation loss there.
//! One iteration of AID-FP is an epoch; NSID and SID with J = k minibatches take 2k·b/n of them,
//! and every point is a run of its own, with samples of its own. Steps: decreasing β/(γ+i) with
//! Lemma D.3's β and γ = 2β, or constant (the paper tuned its own).

use super::experiment::{Curve, Fact, LEAST_PROBLEMS, Measured, Statement};
use super::summary::geometric;
use crate::case::{At, Case, Draw, Factory, Method, Role, Samples, Target};
use crate::error::{Error, Result};
use crate::linalg::product::norm2;
use crate::maps::Map;
use crate::methods::Ours;
use crate::tol::{REPRODUCED_RATE, REPRODUCED_STAYS};

/// Epochs at which errors are shown.
pub(super) const EPOCHS: [usize; 12] = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100];

/// Epochs between which statements are judged, and further runs at each.
const EARLY: usize = 10;
const LATE: usize = 100;
const REPLICATES: u64 = 8;

/// Times J of the later number of epochs, by which a plateau is judged: with J = k the noise of w̄
/// and ∂₂T̂, which falls with J, hides where v stays.
const MANY: usize = 4;

/// Everything above, for the fingerprint of an experiment.
pub(super) const DESIGN: ([usize; 12], [usize; 3], u64) = (EPOCHS, [EARLY, LATE, MANY], REPLICATES);

pub(super) const AID_FP: &str = "AID-FP";
pub(super) const NSID_DEC: &str = "NSID dec";
pub(super) const NSID_CONST: &str = "NSID const";
pub(super) const SID_DEC: &str = "SID dec";
pub(super) const SID_CONST: &str = "SID const";
pub(super) const RATE: &str = "ρᵏ, the local rate of AID-FP";

/// J = k of so many epochs, for n rows and minibatches of b.
pub(super) fn updates(epochs: usize, rows: usize, batch: usize) -> usize {
    (epochs * rows / (2 * batch)).max(1)
}

/// A method with its steps and its stream of samples.
struct Steps<'s> {
    method: Method,
    stream: u64,
    eta: &'s dyn Fn(usize) -> f64,
}

/// One problem with its exact answer.
pub(super) struct Setting<'r> {
    /// Φ with its samples.
    pub(super) map: &'r Map,
    /// Where AID-FP runs: the same map, or its mean alone.
    pub(super) mean: &'r Map,
    pub(super) lambda: &'r [f64],
    pub(super) w: &'r [f64],
    pub(super) y: &'r [f64],
    /// Dᵀy.
    pub(super) exact: &'r [f64],
    /// Rows, and rows of a minibatch.
    pub(super) rows: usize,
    pub(super) batch: usize,
    pub(super) seed: u64,
    /// The contraction factor that β is made of.
    pub(super) q: f64,
    /// The local rate.
    pub(super) rho: f64,
    /// The constant step.
    pub(super) constant: f64,
}

impl Setting<'_> {
    fn error(&self, estimate: &[f64]) -> f64 {
        let gaps: Vec<f64> = estimate
            .iter()
            .zip(self.exact)
            .map(|(a, b)| a - b)
            .collect();
        norm2(&gaps)
    }

    /// AID-FP: one iteration an epoch.
    fn aid_fp(&self) -> Result<Vec<f64>> {
        let method = Method::AID_FP;
        let target = Target::Cotangent(self.y);
        let at = At::Point(self.w);
        let case = Case::new(
            method.algorithm,
            self.mean,
            self.lambda,
            at,
            target,
            &EPOCHS,
        );
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

    /// The error of one run of NSID or SID with k of so many epochs and J minibatches; `run` tells
    /// runs apart.
    fn error_of(&self, steps: &Steps<'_>, epochs: usize, j: usize, run: u64) -> Result<f64> {
        let (n, batch) = (self.rows, self.batch);
        let k = self.updates(epochs);
        let draw = |role, count| {
            let replicate = (steps.stream << 48) | (run << 32) | epochs as u64;
            Draw::new((self.seed, replicate), role, n, (count, batch)).independent()
        };
        let (inner, linear) = (draw(Role::Inner, j)?, draw(Role::Linear, k)?);
        let eta: Vec<f64> = (0..k).map(steps.eta).collect();
        let (wanted, target) = ([k], Target::Cotangent(self.y));
        let method = steps.method;
        let at = At::Point(self.w);
        let case = Case::new(method.algorithm, self.map, self.lambda, at, target, &wanted)
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
            .map(|epochs| self.error_of(steps, epochs, self.updates(epochs), 0))
            .collect()
    }

    fn updates(&self, epochs: usize) -> usize {
        updates(epochs, self.rows, self.batch)
    }

    /// The root mean square error of further runs, for the methods of which something is said.
    fn level(&self, label: &str, steps: &Steps<'_>, epochs: usize) -> Result<Option<f64>> {
        let j = match label {
            NSID_DEC | SID_DEC => self.updates(epochs),
            NSID_CONST => MANY * self.updates(LATE),
            _ => return Ok(None),
        };
        let one = |run| Ok(self.error_of(steps, epochs, j, run)?.powi(2));
        let all = (1..=REPLICATES).map(one).collect::<Result<Vec<f64>>>()?;
        Ok(Some((all.iter().sum::<f64>() / REPLICATES as f64).sqrt()))
    }

    /// The curves of all methods and the local rate, and what statements are judged by.
    pub(super) fn measure(&self) -> Result<(Vec<Curve>, Vec<Fact>)> {
        let beta = 2.0 / (1.0 - self.q * self.q);
        let gamma = 2.0 * beta;
        let decreasing = |i: usize| beta / (gamma + i as f64);
        let constant = |_: usize| self.constant;
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
        let (mut curves, mut facts) = (Vec::new(), vec![Fact::new("gamma", gamma)]);
        for (label, steps) in &all {
            curves.push(curve(label, false, self.sampled(steps)?));
            for epochs in [EARLY, LATE] {
                if let Some(level) = self.level(label, steps, epochs)? {
                    facts.push(Fact::new(&level_of(label, epochs), level));
                }
            }
        }
        curves.extend([
            curve(RATE, true, self.local(&aid)),
            curve(AID_FP, false, aid),
        ]);
        Ok((curves, facts))
    }

    /// C·ρᵏ through the error at the middle one of the epochs shown.
    fn local(&self, error: &[f64]) -> Vec<f64> {
        let anchor = EPOCHS.len() / 2;
        let at = |n: usize| {
            let steps = EPOCHS[n] as f64 - EPOCHS[anchor] as f64;
            error[anchor] * libm::pow(self.rho, steps)
        };
        (0..EPOCHS.len()).map(at).collect()
    }
}

/// The name of the fact that says so.
fn level_of(label: &str, epochs: usize) -> String {
    let many = if label == NSID_CONST { ", J fixed" } else { "" };
    format!("{label} at {epochs}{many}")
}

/// Values at [`EPOCHS`].
pub(super) fn curve(label: &str, predicted: bool, y: Vec<f64>) -> Curve {
    Curve {
        label: label.into(),
        predicted,
        x: EPOCHS.map(|e| e as f64).to_vec(),
        y,
    }
}

/// What the paper says, judged by further runs at two numbers of epochs.
pub(super) fn said(all: &[&Measured], rows: usize, batch: usize) -> Vec<Statement> {
    let judged = |yes: bool| (all.len() >= LEAST_PROBLEMS).then_some(yes);
    let level = |label: &str, epochs: usize| {
        let name = level_of(label, epochs);
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
    let [early, late] = [EARLY, LATE].map(|epochs| updates(epochs, rows, batch) as f64);
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
            seen: judged((REPRODUCED_STAYS..=1.0 / REPRODUCED_STAYS).contains(&fall(NSID_CONST))),
            measured: format!(
                "with J = {} throughout, {}",
                MANY * updates(LATE, rows, batch),
                words(NSID_CONST)
            ),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::experiment::Job;

    /// Problems with these errors at the earlier and the later number of epochs.
    fn planted(nsid: [f64; 2], sid: [f64; 2], constant: [f64; 2]) -> Vec<Option<bool>> {
        let level = |label, [early, late]: [f64; 2]| {
            [(EARLY, early), (LATE, late)].map(|(epochs, v)| Fact::new(&level_of(label, epochs), v))
        };
        let facts = [
            level(NSID_DEC, nsid),
            level(SID_DEC, sid),
            level(NSID_CONST, constant),
        ];
        let mut facts = facts.concat();
        facts.push(Fact::new("gamma", 20.0));
        let one = |seed| Measured {
            job: Job { panel: 0, seed },
            curves: Vec::new(),
            identified: None,
            facts: facts.clone(),
            failed: None,
        };
        let all: Vec<Measured> = (0..3).map(one).collect();
        let all: Vec<&Measured> = all.iter().collect();
        said(&all, 10_000, 100)
            .into_iter()
            .map(|s| s.seen)
            .collect()
    }

    #[test]
    fn statements_are_seen_where_they_hold_and_only_there() {
        let (falls, stays) = ([1.0, 0.32], [1.0, 0.97]);
        let yes = Some(true);
        assert_eq!(planted(falls, stays, stays), [yes, yes, yes]);
        // NSID with a bias; SID without one; constant steps that converge, and that diverge.
        assert_eq!(planted([1.0, 0.9], stays, stays)[0], Some(false));
        assert_eq!(planted([1.0, 0.1], stays, stays)[0], Some(false));
        assert_eq!(planted(falls, falls, stays)[1], Some(false));
        assert_eq!(planted(falls, stays, falls)[2], Some(false));
        assert_eq!(planted(falls, stays, [1.0, 10.0])[2], Some(false));
        assert_eq!(planted([f64::NAN; 2], stays, stays)[0], Some(false));
    }
}
