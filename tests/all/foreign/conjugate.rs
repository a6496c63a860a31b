//! AID-CG: (I - ∂₁Φᵀ)v = y by conjugate gradients on the support of an elastic net, by normal
//! equations elsewhere.

use ratecert::case::{Case, Method};
use ratecert::linalg::{Matrix, Vector};

use super::problem::{blocks, jacobians, known, point, step};
use super::{Memory, Row};

/// What can go wrong on the way.
#[derive(Clone, Copy, Default)]
struct Bugs {
    /// Hand out the iterate before the converged one.
    stale: bool,
    old_residual: bool,
    /// p = r + f(β)p.
    beta: Option<fn(f64) -> f64>,
    /// Stop at this relative residual.
    stop: f64,
    /// A ridge left in the Hessian.
    ridge: f64,
    plain: bool,
    warm: bool,
    sign_lost: bool,
    no_mask: bool,
    cap: Option<usize>,
    at_zero: bool,
}

fn solve(memory: &mut Memory, case: &Case<'_>, bugs: Bugs) -> Option<Vec<Matrix>> {
    if !known(case) {
        return None;
    }
    let mut w = Vector::from_column_slice(case.w());
    if bugs.at_zero {
        w.fill(0.0);
    }
    let at = point(case, &w);
    let (mut first, mut second) = jacobians(case, &w);
    if bugs.no_mask {
        second = blocks(case, &at, &at.slopes, &at.slopes.map(|_| 1.0)).1;
    }
    if bugs.sign_lost && step(case).is_some() {
        (0..w.len()).for_each(|i| second[(i, 0)] *= at.z[i].signum());
    }
    if let Some(eta) = step(case) {
        (0..w.len()).for_each(|i| first[(i, i)] -= eta * bugs.ridge);
    }
    let y = Vector::from_column_slice(case.cotangent()?);
    let d = w.len();
    let system = Matrix::identity(d, d) - first.transpose();
    let support: Vec<usize> = match step(case) {
        Some(_) if !bugs.plain => (0..d).filter(|i| at.slopes[*i] > 0.0).collect(),
        _ => (0..d).collect(),
    };
    let (k, b) = if step(case).is_some() && !bugs.plain {
        let rows = system.select_rows(&support).select_columns(&support);
        (rows, y.select_rows(&support))
    } else if bugs.plain {
        (system, y)
    } else {
        (system.tr_mul(&system), system.tr_mul(&y))
    };
    let mut x = b.map(|_| 0.0);
    if bugs.warm
        && let Some(kept) = memory.state.take().filter(|m| m.len() == x.len())
    {
        x.copy_from_slice(kept.as_slice());
    }
    let (mut r, mut p) = (b.clone(), b.clone());
    let mut out = Vec::new();
    let mut ended = false;
    let last = case.horizon();
    for n in 0..=last {
        if case.steps.contains(&n) {
            let mut v = Vector::zeros(d);
            support.iter().zip(x.iter()).for_each(|(i, x)| v[*i] = *x);
            let u = second.tr_mul(&v);
            out.push(Matrix::from_column_slice(u.len(), 1, u.as_slice()));
        }
        ended |= r.norm() <= bugs.stop * b.norm() || bugs.cap == Some(n);
        if n == last || ended {
            continue;
        }
        let image = &k * &p;
        let rr = r.norm_squared();
        let alpha = rr / p.dot(&image);
        if !alpha.is_finite() {
            ended = true;
            continue;
        }
        let before = x.clone();
        x += &p * alpha;
        let old = r.clone();
        r -= image * alpha;
        if bugs.stale && r.norm() <= 1e-9 * b.norm() {
            (x, ended) = (before, true);
            continue;
        }
        let beta = r.norm_squared() / rr;
        let beta = bugs.beta.map_or(beta, |f| f(beta));
        p = if bugs.old_residual { old } else { r.clone() } + p * beta;
    }
    memory.state = Some(Matrix::from_column_slice(x.len(), 1, x.as_slice()));
    Some(out)
}

macro_rules! row {
    ($about:literal, [$($name:literal),*], $($field:ident: $value:expr),*) => {
        Row {
            about: $about,
            names: &[$($name),*],
            method: Method::AID_CG,
            run: |memory, case| {
                #[allow(clippy::needless_update)]
                let bugs = Bugs { $($field: $value,)* ..Bugs::default() };
                solve(memory, case, bugs)
            },
        }
    };
}

pub const FAULTS: &[Row] = &[
    row!("stale iterate on convergence", ["stale-on-convergence"], stale: true),
    row!("old residual in the direction", ["old-residual"], old_residual: true),
    row!("β turned round", ["wrong-beta"], beta: Some(|b| 1.0 / b)),
    row!("0.8 of β", ["wrong-beta"], beta: Some(|b| 0.8 * b)),
    row!("steepest descent", ["steepest-descent", "wrong-beta"], beta: Some(|_| 0.0)),
    row!("stops at a relative residual 0.02", ["cg-stop"], stop: 0.02),
    row!("damping 0.07 in the Hessian", ["ridge-in-system"], ridge: 0.07),
    row!("plain CG", ["plain-cg"], plain: true),
    row!("warm start", ["warm-start-without-residual"], warm: true),
    row!("sign lost", ["sign-lost"], sign_lost: true),
    row!("∂₂Φ without mask", ["second-without-mask"], no_mask: true),
    row!("one step at most", ["cg-iteration-count"], cap: Some(1)),
    row!("Jacobian at zero", ["jacobian-at-zero"], at_zero: true),
];

pub const RIGHT: &[Row] = &[row!("right", [], stale: false)];
