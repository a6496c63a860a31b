//! NSID by Algorithms 1 and 3, with products of the samples only.

use ratecert::case::{Case, Method};
use ratecert::linalg::Matrix;
use ratecert::maps::composite::{Gamma, Inner, Sample};

use super::{Memory, Row};

/// What can go wrong on the way.
#[derive(Clone, Copy, Default)]
struct Bugs {
    /// Γ at every minibatch, in the system and in the estimate.
    sid: bool,
    gamma_at_w: bool,
    shared: bool,
    first_only: bool,
    /// A repeated index counts once.
    once: bool,
    next_eta: bool,
    frozen: bool,
    start: bool,
    /// |v_{i+1} - v_i| at which nothing moves any more.
    stop: f64,
    single: bool,
    scale: Option<f64>,
    cap: Option<usize>,
    keep: bool,
}

fn run(memory: &mut Memory, case: &Case<'_>, bugs: Bugs) -> Option<Vec<Matrix>> {
    let (map, given, y) = (case.map.samples()?, case.samples?, case.cotangent()?);
    let (w, lambda, d) = (case.w(), case.lambda, case.w().len());
    let (t, g) = (map.inner(), map.outer());
    let linear: Vec<&[usize]> = given.linear.iter().collect();
    let mut inner: Vec<&[usize]> = given.inner.iter().collect();
    if bugs.first_only {
        inner.truncate(1);
    }
    if bugs.shared {
        inner = (0..inner.len())
            .map(|j| linear.get(j).copied().unwrap_or(inner[j]))
            .collect();
    }
    let gamma_of = |batch: &[usize]| -> Gamma {
        let (mut u, mut gamma) = (vec![0.0; d], g.gamma(d));
        t.apply(w, lambda, Sample::Batch(batch), &mut u);
        g.linearize(
            if bugs.gamma_at_w { w } else { &u },
            lambda,
            0.0,
            &mut gamma,
        );
        gamma
    };
    let pooled = inner.concat();
    let fixed = gamma_of(&pooled);
    let product = |batch: &[usize], gamma: &Gamma, v: &[f64]| -> Vec<f64> {
        let (mut masked, mut out) = (vec![0.0; d], vec![0.0; d]);
        g.d1(gamma, v, true, &mut masked);
        match t {
            Inner::FiniteSum(sum) if bugs.once => {
                let mut seen: Vec<usize> = Vec::new();
                let shrink = 1.0 - sum.eta() * lambda[1];
                (0..d).for_each(|j| out[j] = shrink * masked[j]);
                for &i in batch {
                    if seen.contains(&i) {
                        continue;
                    }
                    seen.push(i);
                    let dot =
                        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                    let row = sum.row(i);
                    let h = sum.curvature(dot(row, w)) * dot(row, &masked);
                    let c = sum.eta() / batch.len() as f64;
                    (0..d).for_each(|j| out[j] -= c * h * row[j]);
                }
            }
            _ => t.d1_tr(w, lambda, Sample::Batch(batch), &masked, &mut out),
        }
        out
    };
    let read = |batch: &[usize], gamma: &Gamma, v: &[f64]| -> Vec<f64> {
        let (mut masked, mut r) = (vec![0.0; d], vec![0.0; lambda.len()]);
        g.d1(gamma, v, true, &mut masked);
        t.add_d2_tr(w, lambda, Sample::Batch(batch), &masked, &mut r);
        g.add_d2_tr(gamma, v, &mut r);
        r
    };
    let round = |v: &mut [f64]| {
        if bugs.single {
            v.iter_mut().for_each(|x| *x = f64::from(*x as f32));
        }
    };
    let mut v = if bugs.start { y.to_vec() } else { vec![0.0; d] };
    if bugs.keep
        && let Some(kept) = memory.state.take().filter(|m| m.len() == d)
    {
        v.copy_from_slice(kept.as_slice());
    }
    let mut out = Vec::new();
    let mut ended = false;
    for i in 0..=case.horizon() {
        if case.steps.contains(&i) {
            let mut r = if bugs.sid {
                let each = inner.iter().map(|b| read(b, &gamma_of(b), &v));
                let zero = vec![0.0; lambda.len()];
                let sum = each.fold(zero, |s, r| s.iter().zip(&r).map(|(a, b)| a + b).collect());
                sum.iter().map(|x| x / inner.len() as f64).collect()
            } else {
                read(&pooled, &fixed, &v)
            };
            r.iter_mut().for_each(|x| *x *= bugs.scale.unwrap_or(1.0));
            round(&mut r);
            out.push(Matrix::from_vec(r.len(), 1, r));
        }
        ended |= bugs.cap == Some(i);
        if i == case.horizon() || ended {
            continue;
        }
        let batch = linear[if bugs.frozen { 0 } else { i }];
        let mut p = if bugs.sid {
            product(batch, &gamma_of(batch), &v)
        } else {
            product(batch, &fixed, &v)
        };
        round(&mut p);
        let eta = given.eta[if bugs.next_eta {
            (i + 1).min(given.eta.len() - 1)
        } else {
            i
        }];
        let mut next: Vec<f64> = (0..d).map(|j| v[j] + eta * (p[j] + y[j] - v[j])).collect();
        round(&mut next);
        let moved: f64 = next.iter().zip(&v).map(|(a, b)| (a - b).powi(2)).sum();
        v = next;
        ended = moved.sqrt() < bugs.stop;
    }
    memory.state = Some(Matrix::from_column_slice(d, 1, &v));
    Some(out)
}

macro_rules! row {
    ($about:literal, [$($name:literal),*], $($field:ident: $value:expr),*) => {
        Row {
            about: $about,
            names: &[$($name),*],
            method: Method::NSID,
            run: |memory, case| run(memory, case, Bugs { $($field: $value,)* ..Bugs::default() }),
        }
    };
}

pub const FAULTS: &[Row] = &[
    row!("SID for NSID", ["sid-for-nsid"], sid: true),
    row!("Γ at w", ["gamma-at-w"], gamma_at_w: true),
    row!("ξ⁽¹⁾ from the linear system", ["shared-samples"], shared: true),
    row!("the first inner minibatch only", ["inner-ignored"], first_only: true),
    row!("a repeated index counted once", ["repeated-once"], once: true),
    row!("next step size", ["step-off-by-one"], next_eta: true),
    row!("one minibatch for all", ["frozen-minibatch"], frozen: true),
    row!("starts at y", ["starts-at-cotangent"], start: true),
    row!("stops when v moves below 2e-2", ["absolute-stop-of-v"], stop: 2e-2),
    row!("single precision", ["single-precision"], single: true),
    row!("scaled by 0.3", ["scaled"], scale: Some(0.3)),
    row!("fifteen updates at most", ["update-cap"], cap: Some(15)),
    row!("keeps v", ["keeps-state"], keep: true),
];

pub const RIGHT: &[Row] = &[row!("right", [], sid: false)];
