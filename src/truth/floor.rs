//! Rounding floors: how far a correct implementation may be from the exact recursion
//! (theory, section 9). Each local defect contracts by q afterwards.

use crate::maps::{Constants, Rounding};

/// f^w_t and f^D_t along ITD, with what the reverse mode needs to derive its own.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Floor {
    /// f^w_t: bound of ‖fl(w_t) - w_t‖.
    pub w: Vec<f64>,
    /// f^D_t: bound of ‖fl(D_t) - D_t‖_F in forward mode.
    pub d: Vec<f64>,
    w_norm: Vec<f64>,
    d2_norm: Vec<f64>,
}

impl Floor {
    pub(super) fn start() -> Self {
        Self {
            w: vec![0.0],
            d: vec![0.0],
            ..Self::default()
        }
    }

    /// Appends step t → t+1 from the norms at t: ‖w_t‖, ‖D_t‖_F, ‖∂₂Φ(w_t)‖_F.
    pub(super) fn push(
        &mut self,
        c: &Constants,
        r: &Rounding,
        m: usize,
        w_norm: f64,
        d_norm: f64,
        d2_norm: f64,
    ) {
        let t = self.w.len() - 1;
        let (fw, fd) = (self.w[t], self.d[t]);
        // The rounded iterates are what the next step sees: add the floor to every norm.
        let (w, d) = (w_norm + fw, d_norm + fd);
        let moved = (c.l1 * d + c.l2_at(w) * (m as f64).sqrt()) * fw;
        self.w.push(c.q * fw + Rounding::at(r.value, w));
        self.d.push(c.q * fd + r.forward_step(w, d) + moved);
        self.w_norm.push(w);
        self.d2_norm.push(d2_norm);
    }

    /// Bound of ‖fl(D_tᵀy) - D_tᵀy‖ per ‖y‖ in reverse mode over a stored or recomputed trajectory.
    pub fn reverse(&self, c: &Constants, r: &Rounding, m: usize, t: usize) -> f64 {
        let (mut p, mut fp) = (1.0, 0.0);
        let (mut f, mut size) = (0.0, 0.0);
        for s in (0..t).rev() {
            let (w, fw) = (self.w_norm[s], self.w[s]);
            let d2 = self.d2_norm[s];
            let total = p + fp;
            f += d2 * fp
                + (Rounding::at(r.push_lambda, w) + c.l2_at(w) * (m as f64).sqrt() * fw) * total;
            size += d2 * total;
            fp = c.q * fp + (Rounding::at(r.push_w, w) + c.l1 * fw) * total;
            p *= c.q;
        }
        f + r.u.gamma(t + 1) * size
    }
}

/// Rounding floors of AID-FP at one point, for k = 0..=K (theory, section 9).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AidFloor {
    /// Forward mode: bound of ‖fl(D^k) - D^k‖_F.
    pub d: Vec<f64>,
    /// Reverse mode: bound of ‖fl(∂₂ᵀv_k) - ∂₂ᵀv_k‖ per ‖y‖.
    pub reverse: Vec<f64>,
}

impl AidFloor {
    /// `d_norm[k]` = ‖D^k‖_F, `d2_norm` = ‖∂₂Φ(w)‖_F.
    pub(super) fn new(
        c: &Constants,
        r: &Rounding,
        w_norm: f64,
        d2_norm: f64,
        d_norm: &[f64],
    ) -> Self {
        let (push, last) = (
            Rounding::at(r.push_w, w_norm),
            Rounding::at(r.push_lambda, w_norm),
        );
        let (mut f, mut fv, mut v) = (0.0, 0.0, 0.0);
        let mut out = Self {
            d: Vec::new(),
            reverse: Vec::new(),
        };
        for dk in d_norm {
            out.d.push(f);
            out.reverse.push(d2_norm * fv + last * (v + fv));
            f = c.q * f + r.forward_step(w_norm, dk + f);
            // v_{k+1} = ∂₁ᵀv_k + y, ‖y‖ = 1: the sum rounds once more.
            let next = c.q * v + 1.0;
            fv = c.q * fv + push * (v + fv) + r.u.value() * (next + fv);
            v = next;
        }
        out
    }
}
