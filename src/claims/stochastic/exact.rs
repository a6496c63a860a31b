//! With the indices and step sizes given, nothing is random: every estimate equals the recursion.

use super::super::checks::Finding;
use super::{Setting, decided};
use crate::error::Result;
use crate::faults::stochastic::diagnose;
use crate::instances::mix;
use crate::linalg::Dd;
use crate::linalg::product::norm2;
use crate::methods::nsid::{
    Batches, Iid, Method, Role, StepSize, StochasticCase, StochasticDifferentiator,
};
use crate::truth::reference::stochastic::Given;

/// Sequences of indices tried per instance; the first with Lemma D.3's steps, the second with constant
/// ones, the third with given ones in no order.
const SEQUENCES: u64 = 3;

pub(super) fn judge(
    s: &Setting<'_>,
    subject: &mut dyn StochasticDifferentiator,
) -> Result<Finding> {
    let i = s.instance;
    let sid = s.claim.method.stochastic() == Some(Method::Sid);
    let last = s.check.steps;
    let mut steps: Vec<usize> = [0, 1, 2, 5, 10, 20, 40]
        .into_iter()
        .filter(|k| *k < last)
        .collect();
    steps.push(last);
    let rate = s.rate()?;
    let mut worst = (f64::NEG_INFINITY, f64::NAN, f64::NAN, 0);
    let (mut compared, mut resolution, mut doubtful) = (0, f64::INFINITY, 0);
    for sequence in 0..SEQUENCES {
        let seed = mix(&[i.seed, 2]);
        let n = i.map.inner().population();
        let draw =
            |role, count, size| Batches::draw(&mut Iid::new(seed, sequence, role, n), count, size);
        let inner = draw(Role::Inner, i.inner, i.inner_batch)?;
        let samples = draw(Role::Linear, last, i.batch)?;
        let schedule = match sequence {
            0 => StepSize::Decreasing {
                beta: rate.beta,
                gamma: rate.gamma,
            },
            1 => StepSize::Constant(0.375),
            _ => StepSize::Given((0..last).map(|k| 0.5 / (1 + (5 * k) % 7) as f64).collect()),
        };
        let eta: Vec<f64> = (0..last).map(|k| schedule.at(k)).collect();
        let case = StochasticCase {
            map: &i.map,
            lambda: &i.lambda,
            w: &i.w,
            cotangent: &i.cotangent,
            inner_samples: &inner,
            samples: &samples,
            step_sizes: &eta,
            steps: &steps,
        };
        let estimates = match subject.run(&case) {
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
        let exact = Given {
            map: &i.map,
            lambda: &i.lambda,
            w: &i.w,
            y: &i.cotangent,
            inner: inner.iter().collect(),
            samples: samples.iter().collect(),
            eta: &eta,
            steps: &steps,
            sid,
        }
        .run();
        if exact.comparable < steps.len() {
            doubtful += 1;
        }
        for k in 0..exact.comparable {
            let (r, want) = (&estimates[k], &exact.estimates[k]);
            let deviation = if r.len() == want.len() {
                let difference: Vec<f64> = r
                    .iter()
                    .zip(want)
                    .map(|(a, b)| (Dd::from(*a) - *b).hi())
                    .collect();
                norm2(&difference)
            } else {
                f64::NAN
            };
            let floor = s.check.slack * exact.floor[k];
            let ratio = if deviation == 0.0 {
                0.0
            } else {
                deviation / floor
            };
            // NaN must lose.
            if !(ratio <= worst.0) {
                worst = (ratio, deviation, floor, steps[k]);
            }
            compared += 1;
            let size = norm2(&want.iter().map(|v| v.hi()).collect::<Vec<_>>());
            if size > 0.0 {
                resolution = resolution.min(floor / size);
            }
            if !(ratio <= 1.0) {
                let name = match diagnose(s.claim.method, &case, &estimates, &exact.floor) {
                    Some(name) => format!("; the estimates are those of `{name}`"),
                    None => String::new(),
                };
                let detail = format!(
                    "at k = {}: deviates from the recursion with the given indices by {deviation:e}, floor {floor:e}{name}",
                    steps[k]
                );
                return Ok(decided(false, deviation, floor, detail));
            }
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
        "{compared} estimates, worst at k = {k}; a relative deviation of {resolution:.1e} would have failed{doubt}"
    );
    Ok(decided(ratio <= 1.0, deviation, floor, detail))
}
