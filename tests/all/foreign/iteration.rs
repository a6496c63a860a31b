//! ITD and AID-FP: D ← ∂₁Φ·D + ∂₂Φ, v ← ∂₁Φᵀv + y, p ← ∂₁Φᵀp.

use nalgebra::DMatrix;
use ratecert::case::{Case, Method, Target};
use ratecert::linalg::{Matrix, Vector};
use ratecert::maps::{Activation, Problem};

use super::problem::{blocks, jacobians, known, path, point, point_at, step};
use super::{Memory, Row};

type Estimates = Option<Vec<Matrix>>;
type Blocks = (Matrix, Matrix);

/// States D_0, ..., D_n with these blocks, start and rule for what a step makes of (D_s, next, s);
/// `None` of the rule ends the recursion.
fn carried(
    start: Matrix,
    n: usize,
    mut at: impl FnMut(usize) -> Blocks,
    mut rule: impl FnMut(&Matrix, Matrix, usize) -> Option<Matrix>,
) -> Vec<Matrix> {
    let mut out = vec![start];
    let mut ended = false;
    for s in 0..n {
        let (first, second) = at(s);
        if !ended {
            match rule(&out[s], first * &out[s] + second, s) {
                Some(next) => out.push(next),
                None => ended = true,
            }
        }
        if ended {
            out.push(out[s].clone());
        }
    }
    out
}

fn pick(case: &Case<'_>, states: &[Matrix]) -> Vec<Matrix> {
    case.steps.iter().map(|t| states[*t].clone()).collect()
}

fn zero(case: &Case<'_>) -> Matrix {
    Matrix::zeros(case.w().len(), case.lambda.len())
}

fn plain(_: &Matrix, next: Matrix, _: usize) -> Option<Matrix> {
    Some(next)
}

/// ITD in forward mode, linearised at what `at` makes of (path, t).
fn itd(case: &Case<'_>, at: impl Fn(&[Vector], usize) -> Blocks) -> Estimates {
    itd_with(case, at, plain)
}

fn itd_with(
    case: &Case<'_>,
    at: impl Fn(&[Vector], usize) -> Blocks,
    rule: impl FnMut(&Matrix, Matrix, usize) -> Option<Matrix>,
) -> Estimates {
    if !known(case) {
        return None;
    }
    let w = path(case, case.horizon() + 1);
    Some(pick(
        case,
        &carried(zero(case), case.horizon(), |s| at(&w, s), rule),
    ))
}

/// ITD in reverse mode: the adjoint over the steps that `order` lists for t, and a rule for the
/// adjoint.
fn reverse(
    case: &Case<'_>,
    order: impl Fn(&[Vector], usize) -> Vec<usize>,
    mut rule: impl FnMut(Vector, &Vector) -> Vector,
    stop: f64,
) -> Estimates {
    if !known(case) {
        return None;
    }
    let y = Vector::from_column_slice(case.cotangent()?);
    let w = path(case, case.horizon() + 1);
    let factors: Vec<Blocks> = w.iter().map(|w| jacobians(case, w)).collect();
    let one = |t: &usize| {
        let (mut p, mut u) = (y.clone(), Vector::zeros(case.lambda.len()));
        for s in order(&w, *t) {
            let part = factors[s].1.tr_mul(&p);
            u += &part;
            p = rule(factors[s].0.tr_mul(&p), &y);
            if part.norm() < stop {
                break;
            }
        }
        Matrix::from_column_slice(u.len(), 1, u.as_slice())
    };
    Some(case.steps.iter().map(one).collect())
}

fn backwards(_: &[Vector], t: usize) -> Vec<usize> {
    (0..t).rev().collect()
}

fn keep(p: Vector, _: &Vector) -> Vector {
    p
}

/// AID-FP in reverse mode with these blocks and a rule for (v, next, y, k); `None` ends it.
fn aid(
    case: &Case<'_>,
    (first, second): Blocks,
    mut rule: impl FnMut(&Vector, Vector, &Vector, usize) -> Option<Vector>,
) -> Estimates {
    let y = Vector::from_column_slice(case.cotangent()?);
    let mut v = Vector::zeros(y.len());
    let mut ended = false;
    let mut out = Vec::new();
    for k in 0..=case.horizon() {
        if case.steps.contains(&k) {
            let u = second.tr_mul(&v);
            out.push(Matrix::from_column_slice(u.len(), 1, u.as_slice()));
        }
        if !ended {
            match rule(&v, first.tr_mul(&v), &y, k) {
                Some(next) => v = next,
                None => ended = true,
            }
        }
    }
    Some(out)
}

fn given(case: &Case<'_>) -> Option<Vector> {
    known(case).then(|| Vector::from_column_slice(case.w()))
}

fn add(_: &Vector, next: Vector, y: &Vector, _: usize) -> Option<Vector> {
    Some(next + y)
}

/// The slopes changed by a function of (slope, input).
fn resloped(case: &Case<'_>, w: &Vector, f: impl Fn(f64, f64) -> f64) -> Blocks {
    let p = point(case, w);
    let s = p.slopes.zip_map(&p.z, f);
    blocks(case, &p, &s, &s)
}

fn layer(case: &Case<'_>) -> Option<Activation> {
    match case.problem() {
        Problem::Layer(p) => Some(p.activation),
        _ => None,
    }
}

/// Everything in single precision, from the data on.
fn single(case: &Case<'_>) -> Estimates {
    if !known(case) {
        return None;
    }
    let low = |m: &Matrix| -> DMatrix<f32> { m.map(|v| v as f32) };
    let high = |m: &DMatrix<f32>| -> Matrix { m.map(f64::from) };
    let lambda: Vec<f64> = case.lambda.iter().map(|v| f64::from(*v as f32)).collect();
    let mut w = Vector::from_column_slice(case.w()).map(|v| f64::from(v as f32));
    let mut d = low(&zero(case));
    let mut states = vec![high(&d)];
    for t in 0..case.horizon() {
        let p = point_at(case, &w, &lambda);
        let (first, second) = blocks(case, &p, &p.slopes, &p.slopes);
        d = low(&first) * d + low(&second);
        states.push(high(&d));
        w = match case.path().and_then(|q| q.get(t + 1)) {
            Some(w) => Vector::from_column_slice(w),
            None => p.value,
        };
        w.iter_mut().for_each(|v| *v = f64::from(*v as f32));
    }
    Some(pick(case, &states))
}

/// Forward differences along the columns of D.
fn differences(case: &Case<'_>, h: f64) -> Estimates {
    if !known(case) {
        return None;
    }
    let w = path(case, case.horizon());
    let mut d = zero(case);
    let mut states = vec![d.clone()];
    for w in &w[..case.horizon()] {
        let base = point(case, w).value;
        let mut next = zero(case);
        for j in 0..case.lambda.len() {
            let along = (point(case, &(w + d.column(j) * h)).value - &base) / h;
            let mut lambda = case.lambda.to_vec();
            lambda[j] += h;
            next.set_column(j, &(along + (point_at(case, w, &lambda).value - &base) / h));
        }
        d = next;
        states.push(d.clone());
    }
    Some(pick(case, &states))
}

/// The same, added to what was handed out before.
fn added(memory: &mut Memory, mut estimates: Vec<Matrix>) -> Estimates {
    let before = memory
        .state
        .take()
        .filter(|m| m.shape() == estimates[0].shape());
    if let Some(before) = before {
        estimates.iter_mut().for_each(|m| *m += &before);
    }
    memory.state = estimates.last().cloned();
    Some(estimates)
}

fn at_w(case: &Case<'_>) -> impl Fn(&[Vector], usize) -> Blocks {
    |w, t| jacobians(case, &w[t])
}

/// Iterates w_{t+1} = Φ(w_t + β(w_t - w_{t-1})).
fn accelerated(case: &Case<'_>, beta: f64) -> Vec<Vector> {
    let mut w = vec![Vector::from_column_slice(case.w())];
    for t in 0..=case.horizon() {
        let back = if t == 0 { &w[0] } else { &w[t - 1] };
        let from = &w[t] + (&w[t] - back) * beta;
        w.push(point(case, &from).value);
    }
    w
}

macro_rules! rows {
    ($($method:ident $about:literal [$($name:literal),*] $run:expr;)*) => {
        &[$(Row {
            about: $about,
            names: &[$($name),*],
            method: Method::$method,
            run: $run,
        }),*]
    };
}

pub const FAULTS: &[Row] = rows! {
    ITD "∂Φ at the iterate before" ["stale-iterate"]
        |_, c| itd(c, |w, t| jacobians(c, &w[t.saturating_sub(1)]));
    ITD "w updated before D" ["next-iterate"]
        |_, c| itd(c, |w, t| jacobians(c, &w[t + 1]));
    ITD "Jacobian at zero" ["jacobian-at-zero"]
        |_, c| itd(c, |w, _| jacobians(c, &(&w[0] * 0.0)));
    ITD "slopes of the iterate before" ["stale-mask"]
        |_, c| itd(c, |w, t| {
            let s = point(c, &w[t.saturating_sub(1)]).slopes;
            blocks(c, &point(c, &w[t]), &s, &s)
        });
    ITD "straight-through" ["threshold-without-derivative"]
        |_, c| itd(c, |w, t| resloped(c, &w[t], |_, _| 1.0));
    ITD "∂₁Φ without mask" ["first-without-mask"]
        |_, c| itd(c, |w, t| {
            let p = point(c, &w[t]);
            blocks(c, &p, &p.slopes.map(|_| 1.0), &p.slopes)
        });
    ITD "leaky slope 0.03" ["wrong-leaky-slope"]
        |_, c| itd(c, |w, t| {
            let leaky = layer(c) == Some(Activation::LeakyRelu);
            resloped(c, &w[t], |s, _| if leaky && s < 1.0 { 0.03 } else { s })
        });
    ITD "tanh' of the output" ["activation-derivative-of-output"]
        |_, c| itd(c, |w, t| {
            let tanh = layer(c) == Some(Activation::Tanh);
            resloped(c, &w[t], |s, z| if tanh { 1.0 - z.tanh().tanh().powi(2) } else { s })
        });
    ITD "transposed" ["transposed-jacobian"]
        |_, c| itd(c, |w, t| {
            let (a, b) = jacobians(c, &w[t]);
            (a.transpose(), b)
        });
    ITD "step size differentiated" ["step-differentiated"]
        |_, c| itd(c, |w, t| {
            let (a, mut b) = jacobians(c, &w[t]);
            if let Problem::ElasticNet(q) = c.problem() {
                let p = point(c, &w[t]);
                let gradient = q.x.tr_mul(&(&q.x * &w[t] - &q.y)) / q.y.len() as f64;
                for i in 0..w[t].len() {
                    let pull = gradient[i] + c.lambda[1] * w[t][i] + c.lambda[0] * p.z[i].signum();
                    b[(i, 1)] += q.step * q.step * p.slopes[i] * pull;
                }
            }
            (a, b)
        });
    ITD "ridge missing in ∂₁Φ" ["missing-ridge"]
        |_, c| itd(c, |w, t| {
            let (mut a, b) = jacobians(c, &w[t]);
            if let Some(eta) = step(c) {
                let s = point(c, &w[t]).slopes;
                (0..s.len()).for_each(|i| a[(i, i)] += eta * c.lambda[1] * s[i]);
            }
            (a, b)
        });
    ITD "estimates of the next step" ["off-by-one"]
        |_, c| {
            let steps: Vec<usize> = c.steps.iter().map(|t| t + 1).collect();
            known(c).then(|| {
                let w = path(c, c.horizon() + 2);
                let at = |s: usize| jacobians(c, &w[s]);
                let states = carried(zero(c), c.horizon() + 1, at, plain);
                steps.iter().map(|t| states[*t].clone()).collect()
            })
        };
    ITD "never more than 37 steps" ["fixed-iteration-count", "late-iteration-cap"]
        |_, c| itd_with(c, at_w(c), |_, next, s| (s < 37).then_some(next));
    ITD "never more than 45 steps" ["fixed-iteration-count", "late-iteration-cap"]
        |_, c| itd_with(c, at_w(c), |_, next, s| (s < 45).then_some(next));
    ITD "D_0 is 0.3" ["start-not-zero"]
        |_, c| known(c).then(|| {
            let w = path(c, c.horizon());
            let start = zero(c).map(|_| 0.3);
            pick(c, &carried(start, c.horizon(), |s| jacobians(c, &w[s]), plain))
        });
    ITD "damped by 0.15" ["damped"]
        |_, c| itd_with(c, at_w(c), |d, next, _| Some(d * 0.15 + next * 0.85));
    ITD "stops at a relative change 4e-5" ["relative-stop"]
        |_, c| {
            let mut ended = false;
            itd_with(c, at_w(c), |d, next, _| {
                let now = std::mem::replace(&mut ended, (&next - d).norm() < 4e-5 * next.norm());
                ended |= now;
                (!now).then_some(next)
            })
        };
    ITD "stops when w rests to 3e-6" ["stops-with-w"]
        |_, c| {
            let w = known(c).then(|| path(c, c.horizon() + 1))?;
            itd_with(c, at_w(c), |_, next, s| {
                ((&w[s + 1] - &w[s]).norm() > 3e-6).then_some(next)
            })
        };
    ITD "all estimates the last" ["aliased-estimates"]
        |_, c| itd(c, at_w(c)).map(|e| vec![e[e.len() - 1].clone(); e.len()]);
    ITD "0.7 of what it should be" ["scaled"]
        |_, c| itd(c, at_w(c)).map(|e| e.iter().map(|m| m * 0.7).collect());
    ITD "iterates accelerated, D not" ["momentum-not-differentiated"]
        |_, c| {
            if c.path().is_some() {
                return itd(c, at_w(c));
            }
            let w = known(c).then(|| accelerated(c, 0.4))?;
            Some(pick(c, &carried(zero(c), c.horizon(), |s| jacobians(c, &w[s]), plain)))
        };
    ITD "single precision throughout" ["single-pipeline"] |_, c| single(c);
    ITD "forward differences 3e-6" ["finite-differences"] |_, c| differences(c, 3e-6);
    ITD "accumulated over calls" ["accumulated"]
        |memory, c| itd(c, at_w(c)).and_then(|e| added(memory, e));
    ITD "reset every 17 steps" ["restarted"]
        |_, c| itd_with(c, at_w(c), |_, next, s| {
            Some(if (s + 1) % 17 == 0 { next * 0.0 } else { next })
        });
    ITD "implicit derivative at w_t" ["limit-for-iterate"]
        |_, c| known(c).then(|| {
            let w = path(c, c.horizon());
            let at = |t: &usize| {
                let (a, b) = jacobians(c, &w[*t]);
                let i = Matrix::identity(a.nrows(), a.nrows());
                (i - a).lu().solve(&b).unwrap()
            };
            c.steps.iter().map(at).collect()
        });
    ITD_REVERSE "stops after 50 steps" ["fixed-iteration-count", "truncated-history", "late-iteration-cap"]
        |_, c| reverse(c, |_, t| (0..t.min(50)).rev().collect(), keep, 0.0);
    ITD_REVERSE "the last 12 steps only" ["truncated-history"]
        |_, c| reverse(c, |_, t| (t.saturating_sub(12)..t).rev().collect(), keep, 0.0);
    ITD_REVERSE "forward order" ["forward-order"]
        |_, c| reverse(c, |_, t| (0..t).collect(), keep, 0.0);
    ITD_REVERSE "cotangent added at every step" ["cotangent-added-again"]
        |_, c| reverse(c, backwards, |p, y| p + y, 0.0);
    ITD_REVERSE "stops at contributions below 3e-7" ["absolute-stop"]
        |_, c| reverse(c, backwards, keep, 3e-7);
    ITD_REVERSE "tape ends where w rests to 1e-5" ["stops-with-w"]
        |_, c| reverse(c, |w, t| {
            let rests = (0..t).find(|s| (&w[s + 1] - &w[*s]).norm() <= 1e-5);
            (0..rests.map_or(t, |s| s + 1)).rev().collect()
        }, keep, 0.0);
    AID_FP "stops when v moves below 1e-6" ["absolute-stop"]
        |_, c| {
            let w = given(c)?;
            let mut ended = false;
            aid(c, jacobians(c, &w), |v, next, y, _| {
                let next = next + y;
                let now = std::mem::replace(&mut ended, (&next - v).norm() < 1e-6);
                ended |= now;
                (!now).then_some(next)
            })
        };
    AID_FP "never more than 48 steps" ["fixed-iteration-count", "late-iteration-cap", "truncated-history"]
        |_, c| {
            let w = given(c)?;
            aid(c, jacobians(c, &w), |_, next, y, k| (k < 48).then(|| next + y))
        };
    AID_FP "ridge of 0.03 left" ["ridge-in-system"]
        |_, c| {
            let w = given(c)?;
            aid(c, jacobians(c, &w), |v, next, y, _| Some(next + y - v * 0.03))
        };
    AID_FP "one-step gradient" ["jacobian-free"]
        |_, c| {
            let w = given(c)?;
            aid(c, jacobians(c, &w), |_, _, y, _| Some(y.clone()))
        };
    AID_FP "sign lost" ["sign-lost"]
        |_, c| {
            let w = given(c)?;
            let (a, mut b) = jacobians(c, &w);
            if step(c).is_some() {
                let z = point(c, &w).z;
                (0..w.len()).for_each(|i| b[(i, 0)] *= z[i].signum());
            }
            aid(c, (a, b), add)
        };
    AID_FP "λ₂ column without η" ["second-column-without-step"]
        |_, c| {
            let w = given(c)?;
            let (a, mut b) = jacobians(c, &w);
            if let Some(eta) = step(c) {
                (0..w.len()).for_each(|i| b[(i, 1)] /= eta);
            }
            aid(c, (a, b), add)
        };
    AID_FP "y added once" ["cotangent-not-added"]
        |_, c| {
            let w = given(c)?;
            aid(c, jacobians(c, &w), |_, next, y, k| Some(if k == 0 { y.clone() } else { next }))
        };
    AID_FP "at Φ(w)" ["iterate-not-given"]
        |_, c| {
            let w = point(c, &given(c)?).value;
            aid(c, jacobians(c, &w), add)
        };
    AID_FP "the residual for the map" ["residual-for-map"]
        |_, c| {
            let w = given(c)?;
            aid(c, jacobians(c, &w), |v, next, y, _| Some(next - v + y))
        };
    AID_FP "v kept between calls" ["state-kept"]
        |memory, c| {
            let w = given(c)?;
            let (a, b) = jacobians(c, &w);
            let before = memory.state.take().filter(|m| m.nrows() == w.len());
            let y = Vector::from_column_slice(c.cotangent()?);
            let mut v = Vector::zeros(w.len());
            if let Some(kept) = before {
                v.copy_from_slice(kept.as_slice());
            }
            let mut estimates = Vec::new();
            for k in 0..=c.horizon() {
                if c.steps.contains(&k) {
                    let u = b.tr_mul(&v);
                    estimates.push(Matrix::from_column_slice(u.len(), 1, u.as_slice()));
                }
                if k < c.horizon() {
                    v = a.tr_mul(&v) + &y;
                }
            }
            memory.state = Some(Matrix::from_column_slice(v.len(), 1, v.as_slice()));
            Some(estimates)
        };
    AID_FP_FORWARD "∂₂Φ at the first step only" ["direct-term-once"]
        |_, c| {
            let w = given(c)?;
            let (a, b) = jacobians(c, &w);
            let at = |s| (a.clone(), if s == 0 { b.clone() } else { &b * 0.0 });
            Some(pick(c, &carried(zero(c), c.horizon(), at, plain)))
        };
    AID_FP_FORWARD "columns of ∂₂Φ exchanged" ["swapped-parameters"]
        |_, c| {
            let w = given(c)?;
            let (a, b) = jacobians(c, &w);
            let m = b.ncols();
            let b = Matrix::from_fn(b.nrows(), m, |i, j| b[(i, m - 1 - j)]);
            Some(pick(c, &carried(zero(c), c.horizon(), |_| (a.clone(), b.clone()), plain)))
        };
    AID_FP_FORWARD "mean of the iterates" ["averaged"]
        |_, c| {
            let w = given(c)?;
            let at = |_| jacobians(c, &w);
            let states = carried(zero(c), c.horizon(), at, plain);
            let mean = |t: &usize| {
                let sum = states[1..=*t].iter().fold(zero(c), |s, d| s + d);
                sum / (*t).max(1) as f64
            };
            Some(c.steps.iter().map(mean).collect())
        };
};

pub const RIGHT: &[Row] = rows! {
    ITD "right" [] |_, c| itd(c, at_w(c));
    ITD_REVERSE "right" [] |_, c| reverse(c, backwards, keep, 0.0);
    AID_FP "right" []
        |_, c| {
            let w = given(c)?;
            aid(c, jacobians(c, &w), add)
        };
    AID_FP_FORWARD "right" []
        |_, c| {
            let w = given(c)?;
            assert!(matches!(c.target, Target::Jacobian));
            Some(pick(c, &carried(zero(c), c.horizon(), |_| jacobians(c, &w), plain)))
        };
};
