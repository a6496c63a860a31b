//! One estimate beside what is exact.

use super::exact::Exact;
use super::floors;
use super::request::{Request, Where};
use super::whole::Evidence;
use crate::case::{Algorithm, Target};
use crate::linalg::norm::spectral_upper;
use crate::linalg::{Matrix, Vector};
use crate::tol::gamma;

/// One estimate beside what is exact. Norms are operator norms of d×m errors, or Euclidean norms of
/// m-vectors in units of ‖y‖ (of 1 where y = 0).
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
    /// Rounding floor of the estimate.
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

/// What is looked at of D: itself, or its image Dᵀy in units of ‖y‖.
pub(super) struct Shown<'e> {
    y: Option<(&'e Vector, f64)>,
}

impl<'e> Shown<'e> {
    /// `None` for targets that are no linear image of D.
    pub(super) fn of(exact: &'e Exact, target: Target<'_>) -> Option<Self> {
        match target {
            Target::Jacobian => Some(Self { y: None }),
            Target::Cotangent(_) => {
                let norm = exact.cotangent.norm();
                let unit = if norm > 0.0 { norm } else { 1.0 };
                Some(Self {
                    y: Some((&exact.cotangent, unit)),
                })
            }
            _ => None,
        }
    }

    fn image(&self, d: &Matrix) -> Matrix {
        match self.y {
            None => d.clone(),
            Some((y, _)) => {
                let u = d.tr_mul(y);
                Matrix::from_column_slice(u.len(), 1, u.as_slice())
            }
        }
    }

    /// Something of the size of an image, in units.
    fn scaled(&self, m: Matrix) -> Matrix {
        match self.y {
            None => m,
            Some((_, unit)) => m / unit,
        }
    }

    /// estimate - image of d, in units; NaN for a wrong shape.
    fn off(&self, estimate: &Matrix, d: &Matrix) -> Matrix {
        let want = self.image(d);
        if estimate.shape() == want.shape() {
            self.scaled(estimate - want)
        } else {
            Matrix::from_element(1, 1, f64::NAN)
        }
    }

    /// The operator norm of an error of D, the Euclidean one of its image; NaN stays NaN.
    fn norm(&self, m: &Matrix) -> f64 {
        match self.y {
            Some(_) => m.norm(),
            None if m.iter().any(|v| v.is_nan()) => f64::NAN,
            None => spectral_upper(m),
        }
    }

    /// By parameter: column norms of an error of D, entries of its image.
    fn columns(&self, m: &Matrix) -> Vec<f64> {
        match self.y {
            None => m.column_iter().map(|c| c.norm()).collect(),
            Some(_) => m.iter().map(|v| v.abs()).collect(),
        }
    }

    /// Forming the exact Dᵀy from a rounded D loses γ_d‖D‖ more. Where y = 0 nothing is rounded.
    fn floor(&self, floor: f64, d_norm: f64) -> f64 {
        match self.y {
            None => floor,
            Some((y, _)) if y.iter().all(|v| *v == 0.0) => 0.0,
            Some((y, _)) => floor + gamma(y.len() + 4) * d_norm,
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
        let shown = Shown::of(exact, self.target)?;
        let horizon = request.steps.last().copied().unwrap_or(0);
        let aid = exact.aid(request.at, horizon);
        let one = |(k, estimate): (&usize, &Matrix)| {
            let mut c = Comparison::unknown(request.at, *k);
            let reference = match (request.at, &aid) {
                (Where::Start, _) => {
                    let run = exact.run();
                    (c.t, c.floor) = (*k, floors::itd(exact, self.method, *k));
                    c.comparable = exact.comparable(*k);
                    // Beyond the run nothing is known of what comes into doubt.
                    let beyond = if c.comparable { 0.0 } else { f64::INFINITY };
                    c.band = run.band.get(*k).copied().unwrap_or(beyond);
                    run.d.get(*k).map(|d| (d, run.error.get(*k)))
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
                    run.d.get(*k).map(|d| (d, run.error.get(*k)))
                }
                (_, None) => None,
            };
            if let Some(j) = exact.jacobian() {
                let error = shown.off(estimate, j);
                (c.error, c.columns) = (shown.norm(&error), shown.columns(&error));
            }
            if let Some((d, error)) = reference {
                c.deviation = Some(shown.off(estimate, d).norm());
                c.size = shown.scaled(shown.image(d)).norm();
                c.exact_columns = error.map(|e| shown.columns(&shown.scaled(shown.image(e))));
            }
            c.floor = shown.floor(c.floor, reference.map_or(0.0, |(d, _)| d.norm()));
            c
        };
        Some(request.steps.iter().zip(estimates).map(one).collect())
    }

    /// AID-CG against the limit at its point, from the dimension of its system on.
    fn at_limit(&self, request: &Request, estimates: &[Matrix]) -> Option<Vec<Comparison>> {
        let exact = self.exact().ok()?;
        let shown = Shown::of(exact, self.target)?;
        let limit = exact.aid_limit(request.at, 0.0)?;
        let system = self.conjugate_gradients(request.at)?;
        let size = shown.scaled(shown.image(&limit.j)).norm();
        let one = |(k, estimate): (&usize, &Matrix)| {
            let deviation = shown.off(estimate, &limit.j).norm();
            Comparison {
                deviation: (*k >= system.dimension).then_some(deviation),
                size,
                floor: if exact.cotangent.amax() == 0.0 {
                    0.0
                } else {
                    system.allowance
                },
                band: if limit.doubt { f64::INFINITY } else { 0.0 },
                comparable: !limit.doubt,
                ..Comparison::unknown(request.at, *k)
            }
        };
        Some(request.steps.iter().zip(estimates).map(one).collect())
    }

    /// NSID and SID against the recursion with the same indices.
    fn by_recursion(&self, request: &Request, estimates: &[Matrix]) -> Option<Vec<Comparison>> {
        let run = self.sampled().ok()?.recursion_given(request)?;
        let unit = unit(&self.instance.cotangent);
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

/// What errors of Dᵀy are counted in.
fn unit(y: &[f64]) -> f64 {
    let norm = crate::linalg::product::norm2(y);
    if norm > 0.0 { norm } else { 1.0 }
}
