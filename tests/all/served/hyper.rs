//! Hypergradient routines as other people write them, right and wrong.

use ratecert::linalg::{Matrix, Vector};
use ratecert::served::{ServedHypergradient, ServedInner, ServedMap, ServedSpec};

use super::models::Model;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mistake {
    None,
    /// Ends after t steps whatever is asked.
    Truncated(usize),
    /// The adjoint system to this relative residual.
    Tolerance(f64),
    /// The same, absolute.
    Absolute(f64),
    /// (I - ∂₁Φᵀ + μI).
    Damping(f64),
    /// At a w of its own, iterated until the last step is this small.
    Unconverged(f64),
    Untransposed,
    OneStep,
    MissingColumn,
    /// The derivative of w(·) without what λ does at the solution: v of the first λ.
    Frozen,
}

/// A model with a hypergradient.
pub struct Hyper {
    pub model: Model,
    pub inner: ServedInner,
    pub mistake: Mistake,
    pub declared: [f64; 2],
    frozen: Option<Vec<f64>>,
}

impl Hyper {
    pub fn new(model: Model, inner: ServedInner, mistake: Mistake) -> Self {
        Self {
            model,
            inner,
            mistake,
            declared: [0.0; 2],
            frozen: None,
        }
    }

    pub fn spec(&self) -> ServedSpec {
        let mut spec = self.model.spec();
        spec.hypergradient = Some(ServedHypergradient {
            inner: self.inner,
            linear_tolerance: self.declared[0],
            step_tolerance: self.declared[1],
        });
        spec
    }

    fn matrices(&mut self, w: &[f64], l: &[f64]) -> (Matrix, Matrix) {
        let v = self.model.derivative(w, l);
        let d = self.model.d;
        (
            v.columns(0, d).into_owned(),
            v.columns(d, self.model.m).into_owned(),
        )
    }

    fn implicit(&mut self, w: &[f64], l: &[f64], y: &Vector) -> Vec<f64> {
        let mut w = match self.mistake {
            Mistake::Unconverged(stop) => self.model.solve(l, stop),
            _ => w.to_vec(),
        };
        if self.mistake == Mistake::Frozen {
            w = self.frozen.get_or_insert(w).clone();
        }
        let (a, c) = self.matrices(&w, l);
        let d = self.model.d;
        let mut system = Matrix::identity(d, d) - a.transpose();
        match self.mistake {
            Mistake::Damping(mu) => system += Matrix::identity(d, d) * mu,
            Mistake::Untransposed => system = system.transpose(),
            _ => {}
        }
        let v = match self.mistake {
            Mistake::Tolerance(tau) => neumann(&a, y, tau * y.norm(), usize::MAX),
            Mistake::Absolute(tau) => neumann(&a, y, tau, usize::MAX),
            Mistake::OneStep => y.clone(),
            _ => system.lu().solve(y).unwrap(),
        };
        c.tr_mul(&v).as_slice().to_vec()
    }
}

/// v ← Aᵀv + y from 0 until the residual is at most `stop`.
fn neumann(a: &Matrix, y: &Vector, stop: f64, most: usize) -> Vector {
    let mut v = Vector::zeros(y.len());
    for _ in 0..most.min(200_000) {
        let next = a.tr_mul(&v) + y;
        let residual = (&next - &v).norm();
        if residual <= stop {
            break;
        }
        v = next;
    }
    v
}

impl ServedMap for Hyper {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        self.model.phi(w, l)
    }

    fn vjp(&mut self, w: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
        self.model.vjp(w, l, u)
    }

    fn jvp(&mut self, w: &[f64], l: &[f64], dw: &[f64], dl: &[f64]) -> ratecert::Result<Vec<f64>> {
        self.model.jvp(w, l, dw, dl)
    }

    fn hypergradient(
        &mut self,
        w: &[f64],
        l: &[f64],
        y: &[f64],
        steps: &[usize],
    ) -> ratecert::Result<Vec<Vec<f64>>> {
        let y = Vector::from_column_slice(y);
        let cap = match self.mistake {
            Mistake::Truncated(t) => t,
            _ => usize::MAX,
        };
        let mut out: Vec<Vec<f64>> = match self.inner {
            ServedInner::Implicit | ServedInner::Nsid => vec![self.implicit(w, l, &y)],
            ServedInner::AidFp => {
                let (a, c) = self.matrices(w, l);
                let run = |k: &usize| c.tr_mul(&neumann(&a, &y, -1.0, (*k).min(cap)));
                steps.iter().map(|k| run(k).as_slice().to_vec()).collect()
            }
            ServedInner::Itd => {
                let most = steps.last().copied().unwrap_or(0).min(cap);
                let mut at = w.to_vec();
                let mut tape = Vec::new();
                for _ in 0..most {
                    tape.push(self.matrices(&at, l));
                    at = self.model.value(&at, l);
                }
                let run = |t: usize| {
                    let (mut v, mut g) = (y.clone(), Vector::zeros(l.len()));
                    for (a, c) in tape[..t].iter().rev() {
                        g += c.tr_mul(&v);
                        v = a.tr_mul(&v);
                    }
                    g.as_slice().to_vec()
                };
                steps.iter().map(|t| run((*t).min(cap))).collect()
            }
        };
        if self.mistake == Mistake::MissingColumn {
            out.iter_mut().for_each(|g| g[0] = 0.0);
        }
        Ok(out)
    }
}
