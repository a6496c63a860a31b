//! With the indices and step sizes given, nothing is random: every estimate equals the recursion.

use super::super::checks::{Finding, is_worse, part};
use super::{Setting, decided};
use crate::error::Result;
use crate::faults::stochastic::{Answer, diagnose, diagnose_sampling};
use crate::instances::{StochasticInstance, mix};
use crate::linalg::Dd;
use crate::linalg::product::norm2;
use crate::methods::nsid::{
    Batches, Draw, Iid, Method, Role, StepSize, StochasticCase, StochasticDifferentiator,
};
use crate::theory::Rate;
use crate::truth::reference::{ExactRun, Given};

/// Sequences of indices tried per instance; the first with Lemma D.3's steps, the second with constant
/// ones, the third with given ones in no order.
const SEQUENCES: u64 = 3;

/// Sequences from which a fault is named: enough for J minibatches of two values that are not all equal.
const DIAGNOSIS_SEQUENCES: u64 = 8;

/// Updates of the runs from which a fault is named.
const DIAGNOSIS_STEPS: usize = 40;

/// Indices and step sizes of one sequence.
struct Sequence {
    inner: Batches,
    samples: Batches,
    eta: Vec<f64>,
    steps: Vec<usize>,
}

impl Sequence {
    fn draw(i: &StochasticInstance, number: u64, last: usize, rate: &Rate) -> Result<Self> {
        let mut steps: Vec<usize> = [0, 1, 2, 5, 10, 20, 40]
            .into_iter()
            .filter(|k| *k < last)
            .collect();
        steps.push(last);
        let seed = mix(&[i.seed, 2]);
        let n = i.map.inner().population();
        let draw =
            |role, count, size| Batches::draw(&mut Iid::new(seed, number, role, n), count, size);
        let schedule = match number {
            0 => StepSize::Decreasing {
                beta: rate.beta,
                gamma: rate.gamma,
            },
            1 => StepSize::Constant(0.375),
            _ => StepSize::Given((0..last).map(|k| 0.5 / (1 + (5 * k) % 7) as f64).collect()),
        };
        Ok(Self {
            inner: draw(Role::Inner, i.inner, i.inner_batch)?,
            samples: draw(Role::Linear, last, i.batch)?,
            eta: (0..last).map(|k| schedule.at(k)).collect(),
            steps,
        })
    }

    fn case<'a>(&'a self, i: &'a StochasticInstance) -> StochasticCase<'a> {
        StochasticCase {
            map: &i.map,
            lambda: &i.lambda,
            w: &i.w,
            cotangent: &i.cotangent,
            inner_samples: &self.inner,
            samples: &self.samples,
            step_sizes: &self.eta,
            steps: &self.steps,
        }
    }

    fn exact(&self, i: &StochasticInstance, sid: bool) -> ExactRun {
        Given {
            map: &i.map,
            lambda: &i.lambda,
            w: &i.w,
            y: &i.cotangent,
            inner: self.inner.iter().collect(),
            samples: self.samples.iter().collect(),
            eta: &self.eta,
            steps: &self.steps,
            sid,
        }
        .run()
    }
}

/// Runs of one sequence each, in the order of the calls.
struct Run {
    sequence: Sequence,
    estimates: Vec<Vec<f64>>,
    floor: Vec<f64>,
}

fn named_by(s: &Setting<'_>, runs: &[Run]) -> Vec<&'static str> {
    let answers: Vec<Answer<'_>> = runs
        .iter()
        .map(|run| Answer {
            case: run.sequence.case(s.instance),
            estimates: &run.estimates,
            floor: &run.floor,
        })
        .collect();
    diagnose(s.claim.method, &answers)
}

/// Names the fault of a failing implementation, not yet called, on one instance: the mistakes whose estimates fit all sequences of
/// given indices, or those in what it draws where the estimates are right. Empty: unknown.
pub(super) fn name_fault(
    s: &Setting<'_>,
    subject: &mut dyn StochasticDifferentiator,
) -> Result<Vec<&'static str>> {
    let i = s.instance;
    let sid = s.claim.method.stochastic() == Some(Method::Sid);
    let rate = s.rate()?;
    let mut runs = Vec::new();
    let mut right = true;
    for number in 0..DIAGNOSIS_SEQUENCES {
        let sequence = Sequence::draw(i, number, DIAGNOSIS_STEPS, &rate)?;
        let Ok(estimates) = subject.run(&sequence.case(i)) else {
            return Ok(Vec::new());
        };
        let exact = sequence.exact(i, sid);
        if estimates.len() != sequence.steps.len() {
            return Ok(Vec::new());
        }
        right &= (0..exact.comparable)
            .all(|k| deviation(&estimates[k], &exact.estimates[k]) <= exact.floor[k]);
        runs.push(Run {
            sequence,
            estimates,
            floor: exact.floor[..exact.comparable].to_vec(),
        });
    }
    Ok(if right {
        sampling(i, DIAGNOSIS_STEPS, subject)
    } else {
        named_by(s, &runs)
    })
}

/// What is wrong with how `subject` draws `count` minibatches and schedules its steps.
fn sampling(
    i: &StochasticInstance,
    count: usize,
    subject: &mut dyn StochasticDifferentiator,
) -> Vec<&'static str> {
    let request = Draw {
        seed: mix(&[i.seed, 7]),
        replicate: 0,
        role: Role::Linear,
        population: i.map.inner().population(),
        count,
        size: i.batch,
    };
    diagnose_sampling(subject, &request)
}

/// The same, as it stands at the end of a failing verdict's detail; nothing where the draws look right.
pub(super) fn named_sampling(
    i: &StochasticInstance,
    count: usize,
    subject: &mut dyn StochasticDifferentiator,
) -> String {
    match &sampling(i, count, subject)[..] {
        [] => String::new(),
        names => named(names),
    }
}

/// Names as they stand at the end of a failing verdict's detail.
pub(super) fn named(names: &[&str]) -> String {
    if names.is_empty() {
        return "; no fault of the catalogue explains it".into();
    }
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    format!("; looks like {}", quoted.join(" or "))
}

/// ‖r - r_exact‖; NaN for a wrong length.
fn deviation(r: &[f64], want: &[Dd]) -> f64 {
    if r.len() != want.len() {
        return f64::NAN;
    }
    let off: Vec<f64> = r
        .iter()
        .zip(want)
        .map(|(a, b)| (Dd::from(*a) - *b).hi())
        .collect();
    norm2(&off)
}

pub(super) fn judge(
    s: &Setting<'_>,
    subject: &mut dyn StochasticDifferentiator,
) -> Result<Finding> {
    let i = s.instance;
    let sid = s.claim.method.stochastic() == Some(Method::Sid);
    let rate = s.rate()?;
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0);
    let (mut compared, mut resolution, mut doubtful) = (0, 0.0f64, 0);
    let mut runs: Vec<Run> = Vec::new();
    for number in 0..SEQUENCES {
        let sequence = Sequence::draw(i, number, s.check.steps, &rate)?;
        let steps = &sequence.steps;
        let estimates = match subject.run(&sequence.case(i)) {
            Ok(e) if e.len() == steps.len() => e,
            Ok(e) => {
                let text = format!("{} estimates for {} steps", e.len(), steps.len());
                return Ok(decided(false, f64::NAN, f64::NAN, text));
            }
            Err(why) => {
                let text = format!("no estimates: {why}");
                return Ok(decided(false, f64::NAN, f64::NAN, text));
            }
        };
        let exact = sequence.exact(i, sid);
        if exact.comparable < steps.len() {
            doubtful += 1;
        }
        let mut failed = None;
        for k in 0..exact.comparable {
            let (r, want) = (&estimates[k], &exact.estimates[k]);
            let deviation = deviation(r, want);
            let floor = s.check.slack * exact.floor[k];
            let ratio = part(deviation, floor);
            if is_worse(ratio, worst.0) {
                worst = (ratio, deviation, floor, steps[k]);
            }
            compared += 1;
            let size = norm2(&want.iter().map(|v| v.hi()).collect::<Vec<_>>());
            if size > 0.0 {
                resolution = resolution.max(floor / size);
            }
            if !(ratio <= 1.0) {
                failed = Some((steps[k], deviation, floor));
                break;
            }
        }
        runs.push(Run {
            sequence,
            estimates,
            floor: exact.floor[..exact.comparable].to_vec(),
        });
        if let Some((k, deviation, floor)) = failed {
            let detail = format!(
                "at k = {k}: deviates from the recursion with the given indices by {deviation:e}, floor {floor:e}{}",
                named(&named_by(s, &runs))
            );
            return Ok(decided(false, deviation, floor, detail));
        }
    }
    let doubt = if doubtful > 0 {
        format!(
            "; {doubtful} of {SEQUENCES} sequences stop where a unit of G is within rounding of its kink"
        )
    } else {
        String::new()
    };
    if compared == 0 {
        return Ok(Finding::inconclusive(format!("nothing to compare{doubt}")));
    }
    let (ratio, deviation, floor, k) = worst;
    let detail = format!(
        "{compared} estimates, worst at k = {k}; a relative deviation of {resolution:.1e} of any of them would have failed{doubt}"
    );
    Ok(decided(ratio <= 1.0, deviation, floor, detail))
}
