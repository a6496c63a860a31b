//! One estimate beside what is exact.

use super::exact::Exact;
use super::floors;
use super::request::{Request, Where};
use super::solver;
use super::target::{Shown, unit};
use super::whole::Evidence;
use crate::case::{Algorithm, Target};
use crate::linalg::Matrix;
use crate::linalg::norm::spectral_upper;
use crate::tol::LIMIT_ENCLOSED_STEPS;

/// One estimate beside what is exact. Norms are operator norms of d×m errors, or Euclidean norms of
/// m-vectors in units of ‖y‖ (of 1 where y = 0, and for hypergradients).
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Where the method ran.
    pub at: Where,
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
    /// Rounding floor of the estimate (theory, section 9), in the norm of `error`.
    pub floor: f64,
    /// How far selections at units in doubt can carry it besides: 0 where none is, infinite where
    /// that is not enclosed.
    pub band: f64,
    /// No selection was in doubt up to here.
    pub comparable: bool,
}

impl Comparison {
    /// Where nothing exact is known of an estimate.
    fn unknown(at: Where, k: usize) -> Self {
        Self {
            at,
            t: at.iterate(),
            k,
            error: f64::NAN,
            columns: Vec::new(),
            exact_columns: None,
            deviation: None,
            size: f64::NAN,
            floor: f64::NAN,
            band: f64::INFINITY,
            comparable: false,
        }
    }
}

impl Evidence<'_> {
    /// Compares estimates with what is exact, in order. Those of a wrong shape become NaN, which
    /// fails.
    pub(super) fn compare(&self, request: &Request, estimates: &[Matrix]) -> Vec<Comparison> {
        let known = match self.method.algorithm {
            Algorithm::Nsid | Algorithm::Sid => self.by_recursion(request, estimates),
            Algorithm::AidCg => self.at_limit(request, estimates),
            Algorithm::Implicit => self.by_solver(request, estimates),
            Algorithm::Itd | Algorithm::AidFp => self.step_by_step(request, estimates),
        };
        known.unwrap_or_else(|| {
            let unknown = request.steps.iter().zip(estimates);
            unknown
                .map(|(k, _)| Comparison::unknown(request.at, *k))
                .collect()
        })
    }

    /// ITD and AID-FP against their recursions.
    fn step_by_step(&self, request: &Request, estimates: &[Matrix]) -> Option<Vec<Comparison>> {
        let exact = self.exact().ok()?;
        let shown = Shown::of(exact, self.target);
        let horizon = request.steps.last().copied().unwrap_or(0);
        let aid = exact.aid(request.at, horizon);
        let one = |(k, estimate): (&usize, &Matrix)| {
            let mut c = Comparison::unknown(request.at, *k);
            let mut fw = 0.0;
            let reference = match (request.at, &aid) {
                (Where::Start, _) => {
                    let run = exact.run();
                    (c.t, c.floor) = (*k, floors::itd(exact, self.method, *k));
                    c.comparable = exact.comparable(*k);
                    // Beyond the run nothing is known of what comes into doubt.
                    let beyond = if c.comparable { 0.0 } else { f64::INFINITY };
                    c.band = run.band.get(*k).copied().unwrap_or(beyond);
                    fw = floors::iterate(exact, *k);
                    let d = run.d.get(*k).map(|d| (d, &run.w[*k]));
                    (d, run.error.get(*k))
                }
                (_, Some(run)) => {
                    c.floor = floors::aid(exact, self.method, run, *k);
                    if request.at == Where::Solution {
                        c.floor += floors::given_solution(exact);
                    }
                    c.comparable = !run.doubt;
                    c.band = match run.band.get(*k) {
                        Some(band) => band[usize::from(self.method.is_reverse())],
                        None if run.doubt => f64::INFINITY,
                        None => 0.0,
                    };
                    (run.d.get(*k).map(|d| (d, &run.w)), run.error.get(*k))
                }
                (_, None) => (None, None),
            };
            if let Some(j) = exact.jacobian() {
                let error = shown.off(estimate, j, exact.truth.w());
                (c.error, c.columns) = (shown.norm(&error), shown.columns(&error));
            }
            if let Some((d, w)) = reference.0 {
                c.deviation = Some(shown.length(&shown.off(estimate, d, w)));
                c.size = shown.size(d, w);
            }
            if let (Some((d, w)), Some(error)) = reference {
                c.exact_columns = Some(shown.exact_columns((d, w), error, &exact.truth));
            }
            // Beyond the exact run both are at their limits.
            let d_norm = match (reference.0, self.target) {
                (Some((d, _)), _) => d.norm(),
                (None, Target::Hypergradient(_)) => exact.jacobian().map_or(0.0, |j| j.norm()),
                (None, _) => 0.0,
            };
            let w = reference.0.map_or(exact.truth.w(), |(_, w)| w);
            (c.floor, c.band) = shown.rounded((c.floor, c.band), (d_norm, w, fw));
            c
        };
        Some(request.steps.iter().zip(estimates).map(one).collect())
    }

    /// AID-CG against the limit at its point, from the dimension of its system on.
    fn at_limit(&self, request: &Request, estimates: &[Matrix]) -> Option<Vec<Comparison>> {
        let exact = self.exact().ok()?;
        let shown = Shown::of(exact, self.target);
        let limit = exact.aid_limit(request.at, 0.0)?;
        let system = self.conjugate_gradients(request.at)?;
        let size = shown.size(&limit.j, &limit.w);
        let floor = shown.at_limit(system.allowance, limit.j.norm(), &limit.w);
        let one = |(k, estimate): (&usize, &Matrix)| {
            let deviation = shown.length(&shown.off(estimate, &limit.j, &limit.w));
            Comparison {
                deviation: (*k >= system.dimension).then_some(deviation),
                size,
                floor,
                band: if limit.doubt { f64::INFINITY } else { 0.0 },
                comparable: !limit.doubt,
                ..Comparison::unknown(request.at, *k)
            }
        };
        Some(request.steps.iter().zip(estimates).map(one).collect())
    }

    /// The answer of a solver against the limit at its point, or at w(λ) where it finds that
    /// itself.
    fn by_solver(&self, request: &Request, estimates: &[Matrix]) -> Option<Vec<Comparison>> {
        let exact = self.exact().ok()?;
        let shown = Shown::of(exact, self.target);
        let own = request.at == Where::Start;
        let at = if own { Where::Solution } else { request.at };
        let limit = exact.aid_limit(at, 0.0)?;
        let mut allowance = solver::allowance(exact, &limit, self.declared);
        let mut e = 0.0;
        if own {
            // At ties of w(λ) nothing is decided: its band is not known.
            e = solver::distance(exact, self.declared);
            let moved = solver::moved(exact, limit.j.norm(), e);
            let most = spectral_upper(&limit.j) + limit.error + moved;
            allowance = moved + solver::allowance_elsewhere(exact, &limit, self.declared, most);
        } else if limit.doubt {
            let ties = solver::allowance_at_ties(exact, at, self.declared, limit.j.norm());
            allowance = allowance.max(ties);
        }
        let band = if limit.doubt {
            self.selections(exact, at, allowance)
        } else {
            0.0
        };
        let size = shown.size(&limit.j, &limit.w);
        let (floor, band) = match (self.target, band) {
            // A band that is not known is not made known by being seen through E.
            (_, band) if band.is_infinite() => (f64::NAN, band),
            (Target::Cotangent(y), _) if y.iter().all(|v| *v == 0.0) => (0.0, 0.0),
            (_, band) => shown.rounded((allowance, band), (limit.j.norm(), &limit.w, e)),
        };
        let one = |(k, estimate): (&usize, &Matrix)| {
            let off = shown.off(estimate, &limit.j, &limit.w);
            Comparison {
                deviation: Some(shown.length(&off)),
                error: shown.norm(&off),
                size,
                floor,
                band,
                comparable: !limit.doubt,
                ..Comparison::unknown(request.at, *k)
            }
        };
        Some(request.steps.iter().zip(estimates).map(one).collect())
    }

    /// How far selections at units in doubt can carry the limit of AID at a point, per ‖y‖: the
    /// enclosure of its recursion, followed until less than `left` is left of it.
    fn selections(&self, exact: &Exact, at: Where, left: f64) -> f64 {
        let th = exact.theorem();
        let most = th.b.max(1.0) * exact.truth.kappa();
        let steps = ((left / most).ln() / th.q.ln()).ceil();
        // At w(λ) itself the sets say more.
        if !(steps <= LIMIT_ENCLOSED_STEPS as f64) || at == Where::Solution {
            return f64::INFINITY;
        }
        let steps = steps.max(1.0) as usize;
        let run = exact.aid(at, steps);
        let last = run.as_ref().and_then(|run| run.band.last());
        // What is left of the reference, and of any other selection.
        last.map_or(f64::INFINITY, |band| band[1] + 2.0 * left)
    }

    /// NSID and SID against the recursion with the same indices.
    fn by_recursion(&self, request: &Request, estimates: &[Matrix]) -> Option<Vec<Comparison>> {
        let run = self.sampled().ok()?.recursion_given(request)?;
        let unit = match self.target {
            Target::Cotangent(y) => unit(y),
            _ => 1.0,
        };
        let one = |(n, (k, estimate)): (usize, (&usize, &Matrix))| {
            let mut c = Comparison::unknown(request.at, *k);
            let Some(want) = run.estimates.get(n).filter(|_| n < run.comparable) else {
                return c;
            };
            let fits = estimate.shape() == (want.len(), 1);
            let off: Vec<f64> = estimate
                .iter()
                .zip(want)
                .map(|(a, b)| (crate::linalg::Dd::from(*a) - *b).hi() / unit)
                .collect();
            let norm = crate::linalg::product::norm2;
            c.deviation = Some(if fits { norm(&off) } else { f64::NAN });
            c.size = norm(&want.iter().map(|v| v.hi() / unit).collect::<Vec<_>>());
            c.floor = run.floor[n] / unit;
            (c.band, c.comparable) = (0.0, true);
            c
        };
        let pairs = request.steps.iter().zip(estimates).enumerate();
        Some(pairs.map(one).collect())
    }
}
