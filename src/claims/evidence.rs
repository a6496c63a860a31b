//! The exact side of an instance, the runs a check asks for, and the comparison of what a method
//! returned with what is exact.

use super::path::path;
use crate::instances::Instance;
use crate::linalg::eigen::Enclosure;
use crate::linalg::norm::spectral_upper;
use crate::linalg::{Matrix, Vector};
use crate::methods::Method;
use crate::theory::{Level, Theorem41};
use crate::tol::gamma;
use crate::trajectory::{Estimates, Trajectory};
use crate::truth::{
    AidLimit, AidRun, ItdRun, Tail, Truth, aid_limit, aid_run, itd_run, itd_run_along,
};

/// Everything exact about an instance, computed once and shared by the checks of a claim.
pub struct Exact {
    /// w(λ), J, constants.
    pub truth: Truth,
    /// ITD from w_0, exactly.
    pub run: ItdRun,
    /// Theorem 4.1's constants.
    pub theorem: Theorem41,
    /// TRAJECTORY and SHARP bounds of ITD for t = 0..=steps+1.
    pub itd_bounds: [Vec<f64>; 2],
    /// One step of the exact tail, on piecewise-affine maps.
    pub tail: Option<Tail>,
    /// y of the instance, and its norm.
    pub cotangent: Vector,
    /// Seed for sampling, derived from the instance.
    pub seed: u64,
    /// The points ITD is given, where it does not run Φ itself.
    pub path: Option<Vec<Vec<f64>>>,
    /// τ asked for.
    pub tau: Option<usize>,
    /// Keep the estimates of the method for checks on sets.
    pub keep_estimates: bool,
}

impl Exact {
    /// Runs the exact recursion for `steps` steps. w_0 and cotangent must fit (instances are checked).
    pub fn new(instance: &Instance, truth: Truth, steps: usize) -> Self {
        let path = instance
            .spec
            .path
            .map(|kind| path(&truth, &instance.w0, kind, instance.seed, steps + 1));
        let run = match &path {
            Some(path) => itd_run_along(&truth, path),
            None => itd_run(&truth, &instance.w0, steps),
        };
        let d_fix = truth
            .jacobian
            .as_ref()
            .map(|j| spectral_upper(&j.j) + j.error);
        let theorem = Theorem41::new(truth.constants.q, &truth.moduli, run.e[0], d_fix);
        let itd_bounds = [theorem.trajectory_itd(&run.e), theorem.sharp_itd(&run.e)];
        let tail = Tail::at_solution(&truth);
        let cotangent = Vector::from_column_slice(&instance.cotangent);
        Self {
            truth,
            run,
            theorem,
            itd_bounds,
            tail,
            cotangent,
            seed: instance.seed,
            path,
            tau: instance.spec.tau,
            keep_estimates: instance.spec.kind.is_kinked(),
        }
    }

    /// ρ: spectral radius of ∂₁Φ at w(λ), enclosed; `None` at a kink, where ∂₁Φ is a set.
    pub fn rho(&self) -> Option<Enclosure> {
        self.truth.spectrum().map(|s| s.rho)
    }

    /// f^J, 0 where the derivative is a set.
    pub fn jacobian_error(&self) -> f64 {
        self.truth.jacobian.as_ref().map_or(0.0, |j| j.error)
    }

    /// The bound for ITD at t, or AID-FP at w_t after k steps, at a level.
    pub fn bound(&self, level: Level, aid: bool, t: usize, k: usize) -> f64 {
        // AID is given w_t as binary64 has it.
        let e = || self.run.e_given[t.min(self.run.e.len() - 1)];
        match (level, aid) {
            (Level::Paper, false) => self.theorem.paper_itd(t),
            (Level::Trajectory, false) => self.itd_bounds[0][t],
            (Level::Sharp, false) => self.itd_bounds[1][t],
            (Level::Paper, true) => self.theorem.paper_aid(t, k),
            (Level::Trajectory, true) => self.theorem.aid(e(), k),
            (Level::Sharp, true) => self.theorem.sharp_aid(e(), k),
        }
    }

    /// Rounding floor of ITD at t, as a norm of D or per ‖y‖.
    pub fn itd_floor(&self, method: Method, t: usize) -> f64 {
        if method.is_reverse() {
            let m = self.truth.lambda.len();
            self.run
                .floor
                .reverse(&self.truth.constants, &self.truth.rounding, m, t)
        } else {
            self.run.floor.d[t]
        }
    }

    /// D_t is comparable exactly: no selection before t was in doubt.
    pub fn comparable(&self, t: usize) -> bool {
        self.run.doubt_from.is_none_or(|from| t <= from)
    }
}

/// Where a method is to start or to differentiate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// ITD from w_0.
    Start,
    /// AID at the exact iterate w_t, rounded.
    Iterate(usize),
    /// AID at w(λ), rounded.
    Solution,
}

/// One run of the method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where.
    pub at: At,
    /// Increasing steps.
    pub steps: Vec<usize>,
}

impl Request {
    /// Runs that look at the whole course: all steps in forward mode, a growing selection where each
    /// step costs a pass of its own; AID at a selection of iterates, k growing, and k = t.
    pub fn along(exact: &Exact, method: Method, steps: usize) -> Vec<Self> {
        let steps = steps.min(exact.run.w.len() - 1);
        if !method.is_aid() {
            let steps = if method.is_reverse() {
                growing(steps)
            } else {
                (0..=steps).collect()
            };
            return vec![Self {
                at: At::Start,
                steps,
            }];
        }
        let ks = if method.is_reverse() {
            (0..=steps).collect()
        } else {
            growing(steps)
        };
        [0, 1, 2, 5, steps / 4, steps / 2, steps]
            .into_iter()
            .filter(|t| *t <= steps)
            .scan(None, |last, t| {
                let fresh = *last != Some(t);
                *last = Some(t);
                Some((fresh, t))
            })
            .filter(|(fresh, _)| *fresh)
            .map(|(_, t)| Self {
                at: At::Iterate(t),
                steps: ks.clone(),
            })
            .collect()
    }

    /// The point of the run.
    pub fn point<'a>(&self, instance: &'a Instance, exact: &'a Exact) -> &'a [f64] {
        match self.at {
            At::Start => exact.path.as_ref().map_or(&instance.w0, |path| &path[0]),
            At::Iterate(t) => exact.run.w[t].as_slice(),
            At::Solution => exact.truth.w().as_slice(),
        }
    }
}

/// 0, 1, 2, 3, 5, 8, 12, ... up to and including `last`.
pub fn growing(last: usize) -> Vec<usize> {
    let mut out = vec![0];
    let mut next = 1;
    while next < last {
        out.push(next);
        next += (next / 2).max(1);
    }
    if last > 0 {
        out.push(last);
    }
    out
}

/// One estimate beside what is exact. Norms are operator norms of d×m errors, or Euclidean norms of
/// m-vectors divided by ‖y‖.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Where the method ran.
    pub at: At,
    /// Iterate: t for ITD, the t of w_t for AID (0 at the solution).
    pub t: usize,
    /// Steps of the method (= t for ITD).
    pub k: usize,
    /// ‖estimate - J‖, NaN where J is a set.
    pub error: f64,
    /// The same for every column of D (entry of Dᵀy).
    pub columns: Vec<f64>,
    /// The exact counterpart of `columns`, where the exact recursion covers the step.
    pub exact_columns: Option<Vec<f64>>,
    /// ‖estimate - exact recursion‖ (Frobenius), where the exact recursion covers the step.
    pub deviation: Option<f64>,
    /// Norm of the exact value, where known.
    pub size: f64,
    /// Rounding floor of the estimate.
    pub floor: f64,
    /// How far selections at units in doubt can carry it besides: 0 where none is, infinite where that is not enclosed.
    pub band: f64,
    /// No selection was in doubt up to here.
    pub comparable: bool,
    /// The estimate itself, D or Dᵀy as one column, where the exact derivative may be a set.
    pub estimate: Option<Matrix>,
}

/// Compares a trajectory with what is exact. Estimates of a wrong shape become NaN errors, which fail.
pub fn compare(
    exact: &Exact,
    method: Method,
    request: &Request,
    trajectory: &Trajectory,
) -> Vec<Comparison> {
    if method == Method::AidCg {
        return at_limit(exact, request, trajectory);
    }
    let horizon = request.steps.last().copied().unwrap_or(0);
    let aid = match request.at {
        At::Start => None,
        At::Iterate(t) => aid_run(&exact.truth, &exact.run.w[t], horizon),
        // The limit at w(λ) is J; how it gets there is not compared step by step.
        At::Solution => aid_run(&exact.truth, exact.truth.w(), 0),
    };
    let count = trajectory.estimates.len().min(request.steps.len());
    (0..count)
        .map(|i| one(exact, method, request, aid.as_ref(), trajectory, i))
        .collect()
}

/// The limit of AID at the point of a run, with this weight at ties.
pub(super) fn aid_limit_at(exact: &Exact, at: At, weight: f64) -> Option<AidLimit> {
    match at {
        At::Start => None,
        At::Iterate(t) => aid_limit(&exact.truth, &exact.run.w[t], weight),
        At::Solution => aid_limit(&exact.truth, exact.truth.w(), weight),
    }
}

/// AID-CG is compared with the limit at its point, from the dimension of its system on.
fn at_limit(exact: &Exact, request: &Request, trajectory: &Trajectory) -> Vec<Comparison> {
    let Some(limit) = aid_limit_at(exact, request.at, 0.0) else {
        return Vec::new();
    };
    let Estimates::Cotangents(us) = &trajectory.estimates else {
        return Vec::new();
    };
    let y = &exact.cotangent;
    let y_norm = y.norm();
    let want = limit.j.tr_mul(y);
    let floor = super::checks::termination_floor(exact, &limit);
    let dimension = super::checks::termination_dimension(exact, &limit);
    us.iter()
        .zip(&request.steps)
        .enumerate()
        .map(|(i, (u, &k))| {
            let fits = u.len() == want.len();
            let deviation = if fits {
                (u - &want).norm() / y_norm
            } else {
                f64::NAN
            };
            Comparison {
                at: request.at,
                t: if let At::Iterate(t) = request.at {
                    t
                } else {
                    0
                },
                k,
                error: f64::NAN,
                columns: Vec::new(),
                exact_columns: None,
                deviation: (k >= dimension).then_some(deviation),
                size: want.norm() / y_norm,
                floor,
                band: if limit.doubt { f64::INFINITY } else { 0.0 },
                comparable: !limit.doubt,
                estimate: kept(exact, trajectory, i),
            }
        })
        .collect()
}

fn one(
    exact: &Exact,
    method: Method,
    request: &Request,
    aid: Option<&AidRun>,
    trajectory: &Trajectory,
    i: usize,
) -> Comparison {
    let k = request.steps[i];
    let (t, reference, floor, band, comparable) = match (request.at, aid) {
        (At::Start, _) => {
            let last = exact.run.d.len() - 1;
            let floor = if k <= last {
                exact.itd_floor(method, k)
            } else {
                steady_floor(exact, method, k)
            };
            (
                k,
                exact.run.d.get(k).map(|d| (d, exact.run.error.get(k))),
                floor,
                // Beyond the run nothing is known of what comes into doubt.
                exact
                    .run
                    .band
                    .get(k)
                    .copied()
                    .unwrap_or(if exact.comparable(k) {
                        0.0
                    } else {
                        f64::INFINITY
                    }),
                exact.comparable(k),
            )
        }
        (at, Some(run)) => {
            let t = if let At::Iterate(t) = at { t } else { 0 };
            let last = run.d.len() - 1;
            let floors = if method.is_reverse() {
                &run.floor.reverse
            } else {
                &run.floor.d
            };
            let floor = if k <= last {
                floors[k]
            } else {
                aid_steady_floor(exact, method, run)
            };
            (
                t,
                run.d.get(k).map(|d| (d, run.error.get(k))),
                floor,
                match run.band.get(k) {
                    Some(band) => band[usize::from(method.is_reverse())],
                    None if run.doubt => f64::INFINITY,
                    None => 0.0,
                },
                !run.doubt,
            )
        }
        (_, None) => (0, None, f64::NAN, f64::INFINITY, false),
    };
    let j = exact.truth.jacobian.as_ref().map(|j| &j.j);
    let y = &exact.cotangent;
    let y_norm = y.norm();
    let (error, columns, deviation, size, exact_columns);
    match &trajectory.estimates {
        Estimates::Jacobians(ds) => {
            let d = &ds[i];
            let fits = d.shape() == exact.run.d[0].shape();
            let against = |m: &Matrix| {
                if fits {
                    d - m
                } else {
                    Matrix::from_element(1, 1, f64::NAN)
                }
            };
            let e = j.map(against);
            error = e.as_ref().map_or(f64::NAN, norm);
            columns = e.map_or_else(Vec::new, |e| e.column_iter().map(|c| c.norm()).collect());
            deviation = reference.map(|(r, _)| against(r).norm());
            size = reference.map_or(f64::NAN, |(r, _)| r.norm());
            exact_columns = reference
                .and_then(|r| r.1)
                .map(|e| e.column_iter().map(|c| c.norm()).collect());
        }
        Estimates::Cotangents(us) => {
            let u = &us[i];
            let fits = u.len() == exact.truth.lambda.len();
            let against = |m: &Matrix| {
                if fits {
                    (u - m.tr_mul(y)) / y_norm
                } else {
                    Vector::from_element(1, f64::NAN)
                }
            };
            let e = j.map(against);
            error = e.as_ref().map_or(f64::NAN, |e| e.norm());
            columns = e.map_or_else(Vec::new, |e| e.iter().map(|v| v.abs()).collect());
            deviation = reference.map(|(r, _)| against(r).norm());
            size = reference.map_or(f64::NAN, |(r, _)| r.tr_mul(y).norm() / y_norm);
            exact_columns = reference
                .and_then(|r| r.1)
                .map(|e| e.tr_mul(y).iter().map(|v| v.abs() / y_norm).collect());
        }
    }
    // Forming the exact Dᵀy from a rounded D loses γ_d‖D‖ more.
    let floor = floor
        + if method.is_reverse() {
            gamma(y.len() + 4) * reference.map_or(0.0, |(r, _)| r.norm())
        } else {
            0.0
        };
    Comparison {
        at: request.at,
        t,
        k,
        error,
        columns,
        exact_columns,
        deviation,
        size,
        floor,
        band,
        comparable,
        estimate: kept(exact, trajectory, i),
    }
}

/// Sets need the estimate, not only its distance to J.
fn kept(exact: &Exact, trajectory: &Trajectory, i: usize) -> Option<Matrix> {
    if exact.truth.jacobian.is_some() && !exact.keep_estimates {
        return None;
    }
    match &trajectory.estimates {
        Estimates::Jacobians(ds) => ds.get(i).cloned(),
        Estimates::Cotangents(us) => us
            .get(i)
            .map(|u| Matrix::from_column_slice(u.len(), 1, u.as_slice())),
    }
}

/// Operator norm; NaN stays NaN.
fn norm(m: &Matrix) -> f64 {
    if m.iter().any(|v| v.is_nan()) {
        f64::NAN
    } else {
        spectral_upper(m)
    }
}

/// f_∞ ≤ max(f_T, l/(1-q)): the floor beyond the exact run, from its last local defect.
fn steady_floor(exact: &Exact, method: Method, t: usize) -> f64 {
    let last = exact.run.d.len() - 1;
    // The norms at the end of the exact run may still grow towards those of the limit.
    let j_norm = exact.truth.jacobian.as_ref().map_or(0.0, |j| j.j.norm());
    let (w, d) = (exact.run.w[last].norm(), exact.run.d[last].norm());
    let local = local_defect(exact, w.max(exact.truth.w().norm()), d.max(j_norm));
    let reverse = if method.is_reverse() {
        gamma(t + 1) * exact.truth.kappa() * exact.truth.moduli.d2_sup
    } else {
        0.0
    };
    exact
        .itd_floor(method, last)
        .max(2.0 * exact.truth.kappa() * local)
        + reverse
}

fn aid_steady_floor(exact: &Exact, method: Method, run: &AidRun) -> f64 {
    let d_norm = exact.truth.jacobian.as_ref().map_or(0.0, |j| j.j.norm());
    let forward = exact.truth.kappa() * local_defect(exact, run.w.norm(), d_norm);
    if !method.is_reverse() {
        return forward;
    }
    let away = (&run.w - exact.truth.w()).norm();
    reverse_floor(&exact.truth, (run.w.norm(), away), 0)
}

/// What rounding moves a Dᵀy of reverse mode by at most, per ‖y‖ and whatever is selected, at points with ‖w‖ and ‖w - w(λ)‖ at most
/// these: ‖p_n‖ ≤ qⁿ‖y‖ and ‖v_k‖ ≤ κ‖y‖, their defects are carried on by at most κ‖∂₂Φ‖, and a sum of `terms` terms is formed.
pub(super) fn reverse_floor(truth: &Truth, (w_norm, away): (f64, f64), terms: usize) -> f64 {
    let kappa = truth.kappa();
    let d2 = truth.moduli.d2_sup + truth.moduli.c(2, away) * away;
    let push = crate::maps::Rounding::at(truth.rounding.push_w, w_norm);
    let last = crate::maps::Rounding::at(truth.rounding.push_lambda, w_norm);
    1.01 * kappa * (kappa * (push + 2.0 * crate::tol::UNIT) * d2 + last + gamma(terms + 1) * d2)
}

/// One step's rounding of the derivative recursion in steady state, the error of w included.
fn local_defect(exact: &Exact, w_norm: f64, d_norm: f64) -> f64 {
    let t = &exact.truth;
    let fw = 2.0 * t.kappa() * crate::maps::Rounding::at(t.rounding.value, w_norm);
    let moved =
        (t.constants.l1 * d_norm + t.constants.l2_at(w_norm) * (t.lambda.len() as f64).sqrt()) * fw;
    t.rounding.forward_step(w_norm, d_norm) + moved
}
