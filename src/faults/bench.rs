//! What was observed beside what is correct, and how much of the difference a candidate explains.

use std::mem::discriminant;

use super::edit::Edit;
use super::mistake::Mistake;
use super::simulated::Simulated;
use crate::case::{Answer, Case, Implementation, Method, Status};
use crate::linalg::Matrix;
use crate::tol::{
    DIAGNOSIS_MATCH, DIAGNOSIS_NOISE, DIAGNOSIS_ROUNDING, DIAGNOSIS_SINGLE, Roundoff,
};

/// A case with what an implementation answered to it.
pub struct Observation<'a> {
    /// The case.
    pub case: Case<'a>,
    /// The answer.
    pub answer: &'a Answer,
    /// How far rounding alone may carry an estimate from the correct one; 0 where that is not
    /// known.
    pub floor: f64,
    /// The arithmetic that the implementation is said to compute in.
    pub roundoff: Roundoff,
}

/// The observations of all objects.
pub(super) struct Bench<'a> {
    method: Method,
    objects: Vec<Vec<Seen<'a>>>,
    /// Every estimate is a number of single precision, and the correct ones are not.
    single: bool,
    /// It is said to compute with fewer digits than binary64.
    declared: bool,
}

/// One observation.
struct Seen<'a> {
    case: Case<'a>,
    roundoff: Roundoff,
    observed: Answer,
    correct: Answer,
    /// Largest distance of the estimates from the correct ones, and the largest size of those.
    deviation: f64,
    size: f64,
    /// What rounding may do.
    room: f64,
    wrong: bool,
}

/// How well a candidate explains the observations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Score {
    /// The largest part of a deviation that is left: 0 explains all, 1 nothing.
    pub left: f64,
    /// The deviation of the simulation along that observed, in units of it, minus 1: negative where
    /// the simulation departs too little, positive where it departs too much.
    pub along: f64,
    /// Less than 1 where rounding that cannot be simulated is part of the explanation.
    pub weight: f64,
}

impl Score {
    /// Its weight for a full match, 0 for none.
    pub(super) fn confidence(&self) -> f64 {
        if self.left < 1.0 {
            self.weight / (1.0 + (self.left / DIAGNOSIS_MATCH).powi(2))
        } else {
            0.0
        }
    }

    /// Departs where nothing was observed, or ends otherwise.
    const TOO_MUCH: Self = Self {
        left: f64::INFINITY,
        along: f64::INFINITY,
        weight: 1.0,
    };
}

impl<'a> Bench<'a> {
    pub(super) fn new(method: Method, objects: &[Vec<Observation<'a>>]) -> Self {
        let object = |observations: &Vec<Observation<'a>>| {
            let mut right = Simulated::new(method, &[]);
            let all = observations.iter();
            all.filter(|o| !matches!(o.answer.status, Status::Skipped(_)))
                .map(|o| Seen::new(o, &mut right))
                .collect()
        };
        let objects: Vec<Vec<Seen<'a>>> = objects.iter().map(object).collect();
        // What is declared to compute in binary32 looks so without being wrong.
        let declared = { objects.iter().flatten() }.any(|s| s.roundoff != Roundoff::DOUBLE);
        let single = !declared && looks_single(objects.iter().flatten());
        Self {
            method,
            objects,
            single,
            declared,
        }
    }

    /// Some answer is not the correct one.
    pub(super) fn is_wrong(&self) -> bool {
        self.wrong().next().is_some()
    }

    fn wrong(&self) -> impl Iterator<Item = &Seen<'a>> {
        self.objects.iter().flatten().filter(|s| s.wrong)
    }

    /// Numbers beyond rounding that there are to explain; a parameter can be fitted to few of them
    /// whatever is wrong.
    pub(super) fn numbers(&self) -> usize {
        let of = |s: &Seen<'_>| {
            let pairs = s.observed.estimates.iter().zip(&s.correct.estimates);
            let off = |(a, b): (&Matrix, &Matrix)| {
                let beyond = |(a, b): (&f64, &f64)| !((a - b).abs() <= s.room);
                a.iter().zip(b.iter()).filter(|p| beyond(*p)).count()
            };
            pairs.map(off).sum::<usize>()
        };
        self.wrong().map(of).sum()
    }

    /// Deviation in units of what rounding may do, where it stands out most.
    pub(super) fn resolution(&self) -> f64 {
        let each = self.wrong().map(|s| {
            if s.room > 0.0 {
                s.deviation / s.room
            } else {
                f64::INFINITY
            }
        });
        each.fold(1.0, f64::max)
    }

    /// How well these departures explain what was observed. Ends at the first observation of which
    /// a larger part than `cut` is left.
    pub(super) fn score(&self, edits: &[Edit], cut: f64) -> Score {
        let noise = edits.iter().map(Edit::noise).fold(0.0, f64::max);
        let is_single = |e: &Edit| {
            let sampled = Edit::Sampled(Mistake::SinglePrecision);
            matches!(e, Edit::SingleEnds) || *e == sampled
        };
        if self.declared && edits.iter().any(is_single) {
            return Score::TOO_MUCH;
        }
        let single = self.single && edits.iter().any(is_single);
        let (mut left, mut weight) = (0.0f64, 1.0f64);
        let (mut along, mut count) = (0.0, 0.0);
        for object in &self.objects {
            let mut simulated = Simulated::new(self.method, edits);
            for seen in object {
                let answer = stopped(simulated.run(&seen.case), seen.case.steps);
                if !seen.wrong {
                    let (off, _) = distance(&answer.estimates, &seen.correct.estimates);
                    let room = 10.0 * seen.room + DIAGNOSIS_NOISE * noise * seen.size;
                    if !(same_end(&answer, &seen.correct) && off <= room) {
                        return Score::TOO_MUCH;
                    }
                    continue;
                }
                if !same_end(&answer, &seen.observed) {
                    return Score::TOO_MUCH;
                }
                let (one, plain) = seen.explained(&answer, noise, single);
                left = if one <= left { left } else { one };
                weight = weight.min(plain);
                along += seen.along(&answer);
                count += 1.0;
                if !(left <= cut) {
                    break;
                }
            }
            if !(left <= cut) {
                break;
            }
        }
        Score {
            left,
            along: along / count - 1.0,
            weight,
        }
    }
}

impl<'a> Seen<'a> {
    fn new(o: &Observation<'a>, right: &mut Simulated) -> Self {
        let correct = stopped(right.run(&o.case), o.case.steps);
        let observed = stopped(o.answer.clone(), o.case.steps);
        let (deviation, size) = distance(&observed.estimates, &correct.estimates);
        let lost = DIAGNOSIS_ROUNDING * o.roundoff.value() / Roundoff::DOUBLE.value();
        let room = o.floor.max(size * lost);
        Self {
            case: o.case,
            roundoff: o.roundoff,
            wrong: !(same_end(&observed, &correct) && deviation <= room),
            observed,
            correct,
            deviation,
            size,
            room,
        }
    }

    /// The part of the deviation that a simulation leaves, and its weight.
    fn explained(&self, simulated: &Answer, noise: f64, single: bool) -> (f64, f64) {
        let off = distance(&self.observed.estimates, &simulated.estimates).0;
        // Nothing but the end to explain.
        let deviation = if self.deviation > 0.0 {
            self.deviation
        } else {
            self.size.max(self.room)
        };
        let part = |room: f64| ((off - room) / deviation).max(0.0);
        let exact = if off <= 2.0 * self.room {
            0.0
        } else {
            part(2.0 * self.room)
        };
        if exact == 0.0 || noise == 0.0 || off.is_nan() {
            return (if off.is_nan() { 1.0 } else { exact }, 1.0);
        }
        if single && deviation <= DIAGNOSIS_SINGLE * Roundoff::SINGLE.value() * self.size {
            return (0.0, 0.5);
        }
        let rounding = DIAGNOSIS_NOISE * noise * self.size;
        (part(rounding), 0.5 * (1.0 - rounding / deviation).max(0.0))
    }

    /// The deviation of a simulation along that observed, in units of it.
    fn along(&self, simulated: &Answer) -> f64 {
        let (mut product, mut square) = (0.0, 0.0);
        let estimates = self.observed.estimates.iter().zip(&self.correct.estimates);
        for ((observed, correct), simulated) in estimates.zip(&simulated.estimates) {
            if observed.shape() != correct.shape() || simulated.shape() != correct.shape() {
                return f64::NAN;
            }
            let by = observed - correct;
            product += by.dot(&(simulated - correct));
            square += by.norm_squared();
        }
        if square > 0.0 { product / square } else { 1.0 }
    }
}

/// The answer up to the first estimate that is not finite.
fn stopped(mut answer: Answer, steps: &[usize]) -> Answer {
    let finite = |m: &Matrix| m.iter().all(|v| v.is_finite());
    let Some(n) = answer.estimates.iter().position(|m| !finite(m)) else {
        return answer;
    };
    answer.estimates.truncate(n);
    let step = steps.get(n).copied().unwrap_or(0);
    answer.status = Status::NotANumber { step };
    answer
}

/// Two answers end in the same way, and where they come to their end have estimates for the same
/// steps.
fn same_end(a: &Answer, b: &Answer) -> bool {
    // Not converged is a statement: its estimates are there.
    let judged = |s: &Status| matches!(s, Status::Completed | Status::NotConverged { .. });
    let whole = judged(&a.status);
    (whole && judged(&b.status) || discriminant(&a.status) == discriminant(&b.status))
        && (!whole || a.estimates.len() == b.estimates.len())
}

/// Largest distance of two lists of estimates and the largest size of the second. NaN is larger
/// than any number.
fn distance(a: &[Matrix], b: &[Matrix]) -> (f64, f64) {
    let pairs = a.iter().zip(b).map(|(a, b)| {
        let fits = a.shape() == b.shape();
        let off = if fits { (a - b).norm() } else { f64::INFINITY };
        (off, b.norm())
    });
    let larger = |x: f64, y: f64| if y <= x { x } else { y };
    pairs.fold((0.0f64, 0.0f64), |(d, s), (x, y)| {
        (larger(d, x), larger(s, y))
    })
}

/// All estimates are numbers of single precision although the correct ones are not: a program that
/// works in single precision hands out such numbers, in whatever order it adds.
fn looks_single<'s, 'a: 's>(all: impl Iterator<Item = &'s Seen<'a>>) -> bool {
    let is_single = |v: &f64| f64::from(*v as f32) == *v;
    let mut telling = 0;
    for seen in all {
        let pairs = seen.observed.estimates.iter().zip(&seen.correct.estimates);
        for (observed, correct) in pairs {
            if !observed.iter().all(is_single) {
                return false;
            }
            // A zero is a number of any precision.
            let pairs = observed.iter().zip(correct.iter());
            telling += pairs.filter(|(o, c)| **o != 0.0 && !is_single(c)).count();
        }
    }
    telling >= crate::tol::DIAGNOSIS_NUMBERS
}
