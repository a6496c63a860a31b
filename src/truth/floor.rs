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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tol::Roundoff;

    /// Multiples of 2⁻²⁰, all different, in units of which the floors are of order 1.
    fn setting() -> (Constants, Rounding) {
        let unit = (-20f64).exp2();
        let constants = Constants {
            l2_per_w: 0.25,
            ..Constants::with(0.75, 3.0, 5.0)
        };
        let rounding = Rounding {
            u: Roundoff::SINGLE,
            value: [2.0, 3.0].map(|x| x * unit),
            push_w: [5.0, 7.0].map(|x| x * unit),
            push_lambda: [11.0, 13.0, 17.0].map(|x| x * unit),
            units: Vec::new(),
        };
        (constants, rounding)
    }

    #[track_caller]
    fn near(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (g, w) in got.iter().zip(want) {
            assert!((g - w).abs() <= 4e-15 * w, "{g:e} for {w:e}");
        }
    }

    /// A floor that is too high hides faults, and no instance shows it: here are numbers, computed
    /// with 40 digits by another program from the recursions of theory, section 9.
    #[test]
    fn floors_by_hand() {
        let (c, r) = setting();
        let mut floor = Floor::start();
        for (w, d, d2) in [(1.5, 2.5, 3.5), (1.25, 2.25, 3.25), (1.125, 2.125, 3.125)] {
            floor.push(&c, &r, 4, w, d, d2);
        }
        near(
            &floor.w,
            &[
                0.0,
                5.722_045_898_437_5e-6,
                9.536_754_077_998_921e-6,
                1.215_937_390_954_685_6e-5,
            ],
        );
        near(
            &floor.d,
            &[
                0.0,
                9.313_225_746_154_785e-5,
                2.459_392_948_044_294_4e-4,
                4.151_425_794_649_732e-4,
            ],
        );
        let reverse = [0, 1, 2, 3].map(|t| floor.reverse(&c, &r, 4, t));
        near(
            &reverse,
            &[
                0.0,
                5.882_978_444_304_854_5e-5,
                2.580_678_526_819_683_4e-4,
                5.775_596_989_114_531e-4,
            ],
        );
        let aid = AidFloor::new(&c, &r, 1.5, 3.5, &[0.0, 2.5, 3.25, 3.75]);
        near(
            &aid.d,
            &[
                0.0,
                5.841_255_187_988_281e-5,
                1.369_424_825_981_013_8e-4,
                2.062_569_329_256_943_6e-4,
            ],
        );
        near(
            &aid.reverse,
            &[
                0.0,
                5.862_117_161_825_608_5e-5,
                1.511_432_973_356_136_7e-4,
                2.569_527_512_198_21e-4,
            ],
        );
    }
}
