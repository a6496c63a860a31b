//! The deterministic side: w(λ), J, exact runs, Theorem 4.1 on this instance, each computed when
//! first asked for.

use std::cell::OnceCell;
use std::rc::Rc;

use super::keyed::Keyed;
use super::path::path;
use super::request::Where;
use crate::instances::{Instance, Path};
use crate::linalg::eigen::Enclosure;
use crate::linalg::norm::spectral_upper;
use crate::linalg::{Matrix, Vector};
use crate::theory::{Level, Theorem41};
use crate::tol::gamma;
use crate::truth::{
    AidLimit, AidRun, ItdRun, Iterates, Tail, Truth, aid_limit, aid_run, itd_run, itd_run_along,
    iterates,
};

/// Everything exact about a deterministic instance.
#[derive(Debug)]
pub struct Exact {
    /// w(λ), J, constants.
    pub truth: Truth,
    /// y of the instance (d).
    pub cotangent: Vector,
    /// Seed for sampling, derived from the instance.
    pub seed: u64,
    /// τ asked for.
    pub tau: Option<usize>,
    start: Vec<f64>,
    horizon: usize,
    path_kind: Option<Path>,
    solution: OnceCell<Vector>,
    path: OnceCell<Option<Vec<Vec<f64>>>>,
    iterates: OnceCell<Iterates>,
    run: OnceCell<ItdRun>,
    theorem: OnceCell<Theorem41>,
    recursions: [OnceCell<Vec<f64>>; 2],
    tail: OnceCell<Option<Tail>>,
    aid: Keyed<(Where, usize), AidRun>,
    limits: Keyed<(Where, u64), AidLimit>,
}

impl Exact {
    /// Of a solved instance; exact runs take `horizon` steps.
    pub fn new(instance: &Instance, truth: Truth, horizon: usize) -> Self {
        Self {
            truth,
            cotangent: Vector::from_column_slice(&instance.cotangent),
            seed: instance.seed,
            tau: instance.spec.tau,
            start: instance.start.clone(),
            horizon,
            path_kind: instance.spec.path,
            solution: OnceCell::new(),
            path: OnceCell::new(),
            iterates: OnceCell::new(),
            run: OnceCell::new(),
            theorem: OnceCell::new(),
            recursions: Default::default(),
            tail: OnceCell::new(),
            aid: Keyed::default(),
            limits: Keyed::default(),
        }
    }

    /// The same along given points.
    #[must_use]
    pub(super) fn along(self, path: Vec<Vec<f64>>) -> Self {
        // The cell is fresh.
        let _ = self.path.set(Some(path));
        self
    }

    /// w(λ) as an implementation is given it (d).
    pub fn solution(&self) -> &Vector {
        let round = || self.truth.given(self.truth.w());
        self.solution.get_or_init(round)
    }

    /// How far that is from w(λ) at most (Euclidean).
    pub fn distance_of_solution(&self) -> f64 {
        let rounded = (self.truth.w() - self.solution()).norm();
        self.truth.fixed_point.error + rounded * (1.0 + gamma(self.start.len() + 4))
    }

    /// The points ITD is given, where it does not run Φ itself.
    pub fn path(&self) -> Option<&[Vec<f64>]> {
        let make = || {
            let kind = self.path_kind?;
            let steps = self.horizon + 1;
            let points = path(&self.truth, &self.start, kind, self.seed, steps);
            let u = self.truth.roundoff();
            let round = |w: Vec<f64>| w.into_iter().map(|v| u.nearest(v)).collect();
            Some(points.into_iter().map(round).collect())
        };
        self.path.get_or_init(make).as_deref()
    }

    /// ITD from w_0, exactly.
    pub fn run(&self) -> &ItdRun {
        self.run.get_or_init(|| match self.path() {
            Some(path) => itd_run_along(&self.truth, path),
            None => itd_run(&self.truth, &self.start, self.horizon),
        })
    }

    /// The iterates alone, where nothing else of the exact run was asked for.
    fn distances(&self) -> [&[f64]; 2] {
        match self.run.get() {
            Some(run) => [&run.e, &run.e_given],
            None => [&self.alone().e, &self.alone().e_given],
        }
    }

    fn alone(&self) -> &Iterates {
        self.iterates.get_or_init(|| {
            let path = self.path();
            let start = path.map_or(&self.start, |path| &path[0]);
            let steps = path.map_or(self.horizon, |path| path.len() - 1);
            iterates(&self.truth, start, path, steps)
        })
    }

    fn points(&self) -> &[Vector] {
        match self.run.get() {
            Some(run) => &run.w,
            None => &self.alone().w,
        }
    }

    /// The last step of the exact run.
    pub fn last(&self) -> usize {
        self.points().len() - 1
    }

    /// The iterate w_t of the exact run, its last one for larger t.
    pub fn iterate(&self, t: usize) -> &Vector {
        let w = self.points();
        &w[t.min(w.len() - 1)]
    }

    /// e_t = ‖w_t - w(λ)‖ of the exact run (Euclidean), its last one for larger t.
    pub fn distance(&self, t: usize) -> f64 {
        let e = self.distances()[0];
        e[t.min(e.len() - 1)]
    }

    /// The same for w_t rounded, the point that AID is given.
    pub fn distance_given(&self, t: usize) -> f64 {
        let e = self.distances()[1];
        e[t.min(e.len() - 1)]
    }

    /// Theorem 4.1's constants.
    pub fn theorem(&self) -> &Theorem41 {
        self.theorem.get_or_init(|| {
            let j = self.truth.jacobian.as_ref();
            let d_fix = j.map(|j| spectral_upper(&j.j) + j.error);
            let q = self.truth.constants.q;
            Theorem41::new(q, self.truth.moduli(), self.distance(0), d_fix)
        })
    }

    /// One step of the exact tail, on piecewise-affine maps.
    pub fn tail(&self) -> Option<&Tail> {
        let make = || Tail::at_solution(&self.truth);
        self.tail.get_or_init(make).as_ref()
    }

    /// ρ: spectral radius of ∂₁Φ at w(λ), enclosed; `None` at a kink, where ∂₁Φ is a set.
    pub fn rho(&self) -> Option<Enclosure> {
        self.truth.spectrum().map(|s| s.rho)
    }

    /// f^J, the Frobenius bound of the error of Ĵ; 0 where the derivative is a set.
    pub fn jacobian_error(&self) -> f64 {
        self.truth.jacobian.as_ref().map_or(0.0, |j| j.error)
    }

    /// The bound for ITD at t, or AID-FP at w_t after k steps, at a level. Beyond the exact run e_t
    /// is its last one, an upper bound.
    pub fn bound(&self, level: Level, aid: bool, t: usize, k: usize) -> f64 {
        let th = self.theorem();
        let recursion = |which: usize| {
            let values = self.recursions[which].get_or_init(|| {
                let e = &self.run().e;
                if which == 0 {
                    th.trajectory_itd(e)
                } else {
                    th.sharp_itd(e)
                }
            });
            values[t.min(values.len() - 1)]
        };
        match (level, aid) {
            (Level::Paper, false) => th.paper_itd(t),
            (Level::Trajectory, false) => recursion(0),
            (Level::Sharp, false) => recursion(1),
            (Level::Paper, true) => th.paper_aid(t, k),
            (Level::Trajectory, true) => th.aid(self.distance_given(t), k),
            (Level::Sharp, true) => th.sharp_aid(self.distance_given(t), k),
        }
    }

    /// D_t is comparable exactly: no selection before t was in doubt.
    pub fn comparable(&self, t: usize) -> bool {
        self.run().doubt_from.is_none_or(|from| t <= from)
    }

    /// AID-FP at a place, exactly, for `steps` steps; at w(λ) for none, since its limit there is J
    /// and how it gets there is not compared step by step.
    pub fn aid(&self, at: Where, steps: usize) -> Option<Rc<AidRun>> {
        let steps = if at == Where::Solution { 0 } else { steps };
        let make = || match at {
            Where::Iterate(t) => aid_run(&self.truth, self.iterate(t), steps),
            Where::Solution => aid_run(&self.truth, self.solution(), 0),
            Where::Own => aid_run(&self.truth, &Vector::from_column_slice(&self.start), steps),
            Where::Start => None,
        };
        self.aid.get((at, steps), make)
    }

    /// The limit of AID at a place, with this weight at ties.
    pub fn aid_limit(&self, at: Where, weight: f64) -> Option<Rc<AidLimit>> {
        let make = || match at {
            Where::Iterate(t) => aid_limit(&self.truth, self.iterate(t), weight),
            Where::Solution => aid_limit(&self.truth, self.solution(), weight),
            Where::Own => aid_limit(&self.truth, &Vector::from_column_slice(&self.start), weight),
            Where::Start => None,
        };
        self.limits.get((at, weight.to_bits()), make)
    }

    /// J (d×m), where the derivative is one matrix.
    pub fn jacobian(&self) -> Option<&Matrix> {
        self.truth.jacobian.as_ref().map(|j| &j.j)
    }
}

/// What tests tamper with, to see the checks fail.
#[cfg(test)]
impl Exact {
    pub(crate) fn theorem_mut(&mut self) -> &mut Theorem41 {
        self.theorem();
        self.theorem.get_mut().unwrap()
    }

    pub(crate) fn run_mut(&mut self) -> &mut ItdRun {
        self.run();
        self.run.get_mut().unwrap()
    }
}
