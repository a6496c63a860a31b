//! The modulus of D_Φ at a point (Lemma 2.5, Lemma 3.2, Theorem B.2).

use crate::linalg::{Matrix, norm::spectral_upper};

/// Constants of Lemma 3.2 at one (w, λ), all on the safe side: M_j, ω_j, ‖D_{Φ,2}‖sup are upper
/// bounds, R a lower bound.
///
/// Δ(D_{Φ,j}(u), D_{Φ,j}(w)) ≤ (L_j + (M_j/R)·1{‖u-w‖ ≥ R})·‖u-w‖ for every u.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Moduli {
    /// L_1, L_2: Lipschitz constants of the pieces' partial derivatives (spectral over Euclidean
    /// norm).
    pub l: [f64; 2],
    /// M_1, M_2: largest jump, in the spectral norm, between a piece and the nearest active one.
    pub m: [f64; 2],
    /// R ∈ (0, ∞]: no other piece is reached within this Euclidean distance of w.
    pub r: f64,
    /// R is the distance itself (to rounding), not only a lower bound of it.
    pub r_attained: bool,
    /// An upper bound of ‖D_{Φ,2}(w, λ)‖sup; the maximum itself (to rounding) where no unit is at a
    /// kink, or where the slopes of those that are could be enumerated.
    pub d2_sup: f64,
    /// Units at a kink as far as their input is known: within its rounding and the error of w. All
    /// other constants are those of the set with both of their slopes, whether they are exactly
    /// there or a hair beside; R is then the distance to the next kink of another unit.
    pub kinks: Vec<usize>,
    /// The refined modulus as a staircase, by increasing radius.
    pub stairs: Vec<Stair>,
}

/// From `radius` on, the jump part of ω_j is `jump[j-1]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stair {
    /// Euclidean distance at which the next pieces become reachable.
    pub radius: f64,
    /// Jump part of (ω_1, ω_2) from there on, in the spectral norm.
    pub jump: [f64; 2],
}

impl Moduli {
    /// The moduli of a map of one smooth piece: L_1, L_2 and ‖D_{Φ,2}‖sup, no jumps, R = ∞.
    pub fn smooth(l1: f64, l2: f64, d2_sup: f64) -> Self {
        Self {
            l: [l1, l2],
            m: [0.0, 0.0],
            r: f64::INFINITY,
            r_attained: true,
            d2_sup,
            kinks: Vec::new(),
            stairs: Vec::new(),
        }
    }

    /// C_j(e) = L_j + (M_j/R)·1{e ≥ R} at the distance e = ‖u-w‖ (Lemma 2.5 / 3.2), j ∈ {1, 2}.
    ///
    /// # Panics
    /// For other j.
    ///
    /// ```
    /// use ratecert::linalg::{Matrix, Vector};
    /// use ratecert::maps::{Layer, Activation, Map};
    ///
    /// // Φ(w, λ) = relu(w + λ)/2 has its kink at w = -λ: R = 3 at w = 2, λ = 1, and M_1 = 1/2.
    /// let one = |v: f64| Matrix::from_element(1, 1, v);
    /// let (a, v, b, c) = (one(0.5), one(1.0), one(1.0), Vector::zeros(1));
    /// let map = Map::new(Layer { a, v, b, c, activation: Activation::Relu })?;
    /// let moduli = map.moduli_at(&[2.0], &[1.0], 0.0);
    /// assert!((moduli.r - 3.0).abs() < 1e-9);
    /// assert_eq!(moduli.c(1, 2.0), 0.0);
    /// assert!((moduli.c(1, 4.0) - 0.5 / 3.0).abs() < 1e-9);
    /// assert!((moduli.omega(1, 4.0) - 0.5).abs() < 1e-9);
    /// # Ok::<(), ratecert::Error>(())
    /// ```
    pub fn c(&self, j: usize, e: f64) -> f64 {
        self.l[j - 1]
            + if e >= self.r {
                self.m[j - 1] / self.r
            } else {
                0.0
            }
    }

    /// The refined modulus ω_j(r) = L_j·r + the jumps reachable within radius r, a staircase
    /// (theory, section 2), j ∈ {1, 2}.
    ///
    /// # Panics
    /// For other j.
    pub fn omega(&self, j: usize, r: f64) -> f64 {
        let reached = self.stairs.partition_point(|s| s.radius <= r);
        let jump = if reached == 0 {
            0.0
        } else {
            self.stairs[reached - 1].jump[j - 1]
        };
        self.l[j - 1] * r + jump
    }
}

/// Prefixes of units that are looked at one by one: as many norms of small matrices.
const EVERY: usize = 24;

/// Builds the staircase from the flip radius of every unit: `jump(units)` bounds the jump of
/// (∂₁, ∂₂) over all subsets of `units`. Beyond [`EVERY`] units it is called for a geometric
/// selection of prefixes only; between them the next larger value is used, which is still an upper
/// bound.
pub(super) fn staircase(radii: &[f64], mut jump: impl FnMut(&[usize]) -> [f64; 2]) -> Vec<Stair> {
    let mut order: Vec<usize> = (0..radii.len()).filter(|&i| radii[i].is_finite()).collect();
    order.sort_by(|&i, &j| radii[i].total_cmp(&radii[j]));
    let mut stairs: Vec<Stair> = Vec::new();
    let mut from = 0;
    while from < order.len() {
        let width = if from < EVERY { 1 } else { from / 3 };
        let to = (from + width).min(order.len());
        let radius = radii[order[from]];
        stairs.push(Stair {
            radius,
            jump: jump(&order[..to]),
        });
        from = to;
    }
    // What holds for more units holds for fewer; the bound of the larger set may be the smaller
    // number.
    for k in (1..stairs.len()).rev() {
        let later = stairs[k].jump;
        let jump = &mut stairs[k - 1].jump;
        *jump = [jump[0].min(later[0]), jump[1].min(later[1])];
    }
    stairs
}

/// ‖M_{rows,:}‖, rounded up.
pub(super) fn rows_norm(m: &Matrix, rows: &[usize]) -> f64 {
    spectral_upper(&m.select_rows(rows))
}
