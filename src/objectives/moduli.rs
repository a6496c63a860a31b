//! The modulus of the gradients of an objective at a point (Lemma E.2).

/// Constants of Lemma E.2 at one (w, λ), with w moving: for every u
///
/// Δ(D_{E,j}(u), D_{E,j}(w)) ≤ ω_j(‖u-w‖) ≤ (L_j + (M_j/R)·1{‖u-w‖ ≥ R})·‖u-w‖, j = 1 for ∇₁E, 2
/// for ∇₂E. L, M and ω are upper bounds, R a lower bound.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GradientModuli {
    /// L_1, L_2: Lipschitz constants of the pieces' gradients.
    pub l: [f64; 2],
    /// M_1, M_2: largest jump (Euclidean norm) between a piece and the active one.
    pub m: [f64; 2],
    /// R ∈ (0, ∞]: no other piece is reached within this Euclidean distance of w.
    pub r: f64,
    /// Rows whose score is at a kink, as far as it is known: the gradient is a set there.
    pub kinks: Vec<usize>,
    /// By increasing radius, the jump part of (ω_1, ω_2) from there on.
    stairs: Vec<(f64, [f64; 2])>,
}

impl GradientModuli {
    /// Of gradients with these Lipschitz constants.
    pub(super) fn smooth(l: [f64; 2]) -> Self {
        Self {
            l,
            m: [0.0; 2],
            r: f64::INFINITY,
            kinks: Vec::new(),
            stairs: Vec::new(),
        }
    }

    /// Of gradients with one more piece each, which is reached at R.
    #[cfg(test)]
    pub(crate) fn stepped(l: [f64; 2], m: [f64; 2], r: f64) -> Self {
        Self {
            l,
            m,
            r,
            kinks: Vec::new(),
            stairs: vec![(r, m)],
        }
    }

    /// Of gradients that are constant up to jumps: `kinks` are passed with w itself, `radii` are
    /// the distances at which the other rows can pass theirs, `jump(rows)` bounds what any of the
    /// first `rows` of them (by increasing radius) and all kinks can add up to.
    pub(super) fn jumping(
        kinks: Vec<usize>,
        radii: &[f64],
        mut jump: impl FnMut(&[usize]) -> [f64; 2],
    ) -> Self {
        let mut order: Vec<usize> = (0..radii.len())
            .filter(|i| radii[*i].is_finite() && !kinks.contains(i))
            .collect();
        order.sort_by(|i, j| radii[*i].total_cmp(&radii[*j]));
        let mut passed = kinks.clone();
        let mut stairs = Vec::new();
        if !kinks.is_empty() {
            stairs.push((0.0, jump(&passed)));
        }
        for i in &order {
            passed.push(*i);
            stairs.push((radii[*i], jump(&passed)));
        }
        // What holds for more rows holds for fewer, and the bound for more may be the smaller
        // number.
        for k in (1..stairs.len()).rev() {
            let later = stairs[k].1;
            let own = &mut stairs[k - 1].1;
            *own = [own[0].min(later[0]), own[1].min(later[1])];
        }
        Self {
            l: [0.0; 2],
            m: stairs.last().map_or([0.0; 2], |s| s.1),
            r: order.first().map_or(f64::INFINITY, |i| radii[*i]),
            kinks,
            stairs,
        }
    }

    /// C_j(e) = L_j + (M_j/R)·1{e ≥ R} for the distance e = ‖u-w‖ and j ∈ {1, 2}; infinite where w
    /// is at a kink, with a jump at any distance.
    ///
    /// # Panics
    /// For other j.
    pub fn c(&self, j: usize, e: f64) -> f64 {
        let at_kink = { self.stairs.first() }.is_some_and(|s| s.0 == 0.0 && s.1[j - 1] > 0.0);
        if at_kink {
            return f64::INFINITY;
        }
        let jump = if e >= self.r {
            self.m[j - 1] / self.r
        } else {
            0.0
        };
        self.l[j - 1] + jump
    }

    /// ω_j(e) = L_j·e + the jumps that can be reached within distance e, j ∈ {1, 2}.
    ///
    /// # Panics
    /// For other j.
    pub fn omega(&self, j: usize, e: f64) -> f64 {
        let reached = self.stairs.partition_point(|s| s.0 <= e);
        let jump = match reached.checked_sub(1) {
            Some(last) => self.stairs[last].1[j - 1],
            None => 0.0,
        };
        self.l[j - 1] * e + jump
    }
}
