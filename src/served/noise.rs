//! The noise of values, component by component (theory, section 10, item 1).
//!
//! Owns the estimate ε, and what is added to it by declared tolerances and reduced precision. A
//! constant bias it cannot see, nor that inner iterations stop.

use super::caller::{Asked, Caller, Part};
use super::report::Found;
use super::units::Units;
use crate::linalg::random::Random;
use crate::tol::{
    Roundoff, SERVED_DECLARED, SERVED_NOISE_BASE, SERVED_NOISE_STEPS, SERVED_PRODUCT_NOISE, UNIT,
};

/// Points on a line.
const POINTS: usize = 8;
/// Points of the domain that help to tell the precision.
const ELSEWHERE: usize = 16;
/// Distinct numbers from which outputs that are all single-precision numbers are taken for such.
const DISTINCT: usize = 8;

/// What is known of the noise of a map.
#[derive(Clone, Debug)]
pub(super) struct Noise {
    /// The roundoff u of the values.
    pub(super) values: f64,
    /// The roundoff u_p of the products.
    pub(super) products: f64,
    /// Products are numbers of single precision.
    pub(super) single_products: bool,
    /// ε (d), at the points where it was estimated.
    pub(super) epsilon: Vec<f64>,
}

impl Noise {
    /// ‖ε/s‖.
    pub(super) fn norm(&self, units: &Units) -> f64 {
        units.norm(&self.epsilon)
    }

    /// What products contribute that are less precise than values: 16u_p.
    fn reduced(&self) -> f64 {
        if self.products > self.values {
            SERVED_PRODUCT_NOISE * self.products
        } else {
            0.0
        }
    }

    /// ε where products are compared with values.
    pub(super) fn with_products(&self, units: &Units) -> Vec<f64> {
        widened(self.epsilon.clone(), units, self.reduced())
    }

    /// Whether values or products are numbers of single precision.
    pub(super) fn is_single(&self) -> bool {
        self.values > UNIT || self.single_products
    }
}

/// ε at some points: lines through them (three a point, and the median of three, or one a point and
/// the largest), and with each all the lengths.
fn levels(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    bases: &[Vec<f64>],
    median: bool,
    known: &[Vec<f64>],
    random: &mut Random,
) -> Asked<(Vec<f64>, bool)> {
    let lengths = SERVED_NOISE_STEPS;
    let mut points = Vec::new();
    for base in bases {
        let v = units.direction(base, 1.0, random);
        for h in lengths {
            for k in 0..POINTS {
                let step = k as f64 * h;
                points.push(base.iter().zip(&v).map(|(x, v)| x + step * v).collect());
            }
        }
    }
    let values = caller.values(part, &points)?;
    let is_single = recognised(&[&values[..], known].concat());
    let u = if is_single {
        Roundoff::SINGLE.value()
    } else {
        UNIT
    };
    let mut epsilon = vec![0.0f64; units.d];
    for (i, e) in epsilon.iter_mut().enumerate() {
        for n in 0..lengths.len() {
            let mut of_lines: Vec<f64> = (0..bases.len())
                .map(|line| {
                    let first = (line * lengths.len() + n) * POINTS;
                    let run: Vec<f64> =
                        values[first..first + POINTS].iter().map(|v| v[i]).collect();
                    level(&run)
                })
                .collect();
            of_lines.sort_by(f64::total_cmp);
            let at = if median {
                of_lines.len() / 2
            } else {
                of_lines.len() - 1
            };
            *e = e.max(of_lines[at]);
        }
        let largest = values.iter().fold(units.s[i], |m, v| m.max(v[i].abs()));
        *e = e.max(u * largest);
    }
    // A soft-thresholded component is exactly 0 here and has noise a step further.
    let mut relative: Vec<f64> = epsilon.iter().zip(&units.s).map(|(e, s)| e / s).collect();
    relative.sort_by(f64::total_cmp);
    let usual = relative[relative.len() / 2];
    epsilon
        .iter_mut()
        .zip(&units.s)
        .for_each(|(e, s)| *e = e.max(s * usual));
    Ok((epsilon, is_single))
}

/// All values are numbers of single precision, and enough of them differ.
fn recognised(values: &[Vec<f64>]) -> bool {
    let single = |v: &f64| Roundoff::SINGLE.nearest(*v) == *v;
    let mut distinct: Vec<u64> = values.iter().flatten().map(|v| v.to_bits()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() >= DISTINCT && values.iter().flatten().all(single)
}

/// The least, over orders k = 3..6, of the root mean square of the differences of order k times
/// √((k!)²/(2k)!) (Moré and Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011).
fn level(run: &[f64]) -> f64 {
    let mut differences = run.to_vec();
    let mut least = f64::INFINITY;
    let mut factor = 1.0;
    for k in 1..=6usize {
        differences = differences.windows(2).map(|p| p[1] - p[0]).collect();
        // (k!)²/(2k)! from that of k - 1.
        factor *= (k * k) as f64 / ((2 * k) * (2 * k - 1)) as f64;
        if k >= 3 {
            let sum: f64 = differences.iter().map(|v| v * v).sum();
            least = least.min((factor * sum / differences.len() as f64).sqrt());
        }
    }
    least
}

/// Adds `relative` of the scales.
fn widened(mut epsilon: Vec<f64>, units: &Units, relative: f64) -> Vec<f64> {
    let scales = epsilon.iter_mut().zip(&units.s);
    scales.for_each(|(e, s)| *e += relative * s);
    epsilon
}

/// The noise near a point, and the finding. Products are taken to be as precise as values until
/// more is known.
pub(super) fn estimate(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    x: &[f64],
    random: &mut Random,
) -> Asked<(Noise, Found)> {
    let bases: Vec<_> = (0..3)
        .map(|_| units.near(x, SERVED_NOISE_BASE, random))
        .collect();
    // Where the start is on a constant piece, points elsewhere show the precision.
    let elsewhere: Vec<_> = (0..ELSEWHERE).map(|_| units.point(random)).collect();
    let known = caller.values(part, &elsewhere)?;
    let (epsilon, single) = levels(caller, part, units, &bases, true, &known, random)?;
    let values = if single {
        Roundoff::SINGLE.value()
    } else {
        UNIT
    };
    let tolerance = caller.spec.tolerance;
    let epsilon = widened(epsilon, units, SERVED_DECLARED * tolerance);
    let noise = Noise {
        values,
        products: values,
        single_products: false,
        epsilon,
    };
    let relative = |i: usize| noise.epsilon[i] / units.s[i];
    let worst = (0..units.d).map(relative).fold(0.0, f64::max);
    let precision = if single { "single" } else { "double" };
    let mut detail = format!(
        "the largest noise of a component is {worst:.1e} of its scale near the start, from 120 \
         values; outputs are numbers of {precision} precision; a constant bias would not show"
    );
    if tolerance > 0.0 {
        detail += &format!("; the declared tolerance {tolerance:.1e} is in it ten times");
    }
    let found = Found::passed("noise", [worst, worst], detail);
    Ok((noise, found))
}

/// ε along a curve: the largest of start, middle and end.
pub(super) fn along(
    caller: &mut Caller<'_>,
    part: Part,
    units: &Units,
    noise: &Noise,
    ends: &[Vec<f64>],
    random: &mut Random,
) -> Asked<Vec<f64>> {
    let (epsilon, _) = levels(caller, part, units, ends, false, &[], random)?;
    let floor = |(i, e): (usize, f64)| e.max(noise.values * units.s[i]);
    let epsilon = epsilon.into_iter().enumerate().map(floor).collect();
    let relative = SERVED_DECLARED * caller.spec.tolerance + noise.reduced();
    Ok(widened(epsilon, units, relative))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_noise_is_measured_and_a_cubic_is_not_noise() {
        let mut random = Random::new(3);
        let mut sum = 0.0;
        for _ in 0..400 {
            let run: Vec<f64> = (0..POINTS).map(|_| random.normal()).collect();
            sum += level(&run).powi(2);
        }
        let rms = (sum / 400.0f64).sqrt();
        assert!((0.4..1.1).contains(&rms), "{rms}");
        let cubic: Vec<f64> = (0..POINTS).map(|k| (k as f64).powi(3)).collect();
        assert_eq!(level(&cubic), 0.0);
    }
}
