//! Dimensions of a map and the constants of Assumption 3.1.

/// Dimensions of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dims {
    /// d = dim w.
    pub w: usize,
    /// m = dim λ.
    pub lambda: usize,
    /// Number of scalar units with a slope (rows of a layer, coordinates of a prox); 0 where Φ is
    /// one smooth piece without units.
    pub units: usize,
}

/// Constants of Assumption 3.1 that hold for every w at one λ; all are upper bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Constants {
    /// ‖D_{Φ,1}‖sup ≤ q, in the spectral norm, certified and rounded up; no contraction is proved
    /// where q ≥ 1.
    pub q: f64,
    /// L_1, a Lipschitz constant in w of ∂₁ of every piece (spectral over Euclidean norm).
    pub l1: f64,
    /// L_2, a Lipschitz constant in w of ∂₂ of every piece; see `l2_per_w`.
    pub l2: f64,
    /// Where ∂₂ is not globally Lipschitz: ‖∂₂π(u) - ∂₂π(w)‖ ≤ (l2 + l2_per_w‖w‖)‖u-w‖ for all u.
    /// Zero for most maps.
    pub l2_per_w: f64,
}

impl Constants {
    /// Constants of a map whose ∂₂ is globally Lipschitz.
    pub fn with(q: f64, l1: f64, l2: f64) -> Self {
        Self {
            q,
            l1,
            l2,
            l2_per_w: 0.0,
        }
    }

    /// L_2 at a point of Euclidean norm `w_norm`: l2 + l2_per_w·`w_norm`.
    pub fn l2_at(&self, w_norm: f64) -> f64 {
        self.l2 + self.l2_per_w * w_norm
    }
}
