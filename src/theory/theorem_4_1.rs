//! Theorem 4.1: linear rates of nonsmooth ITD and AID-FP.
//!
//! Problem: w(λ) = Φ(w(λ), λ) under Assumption 3.1. Method: ITD (13), AID-FP (14), any selection of
//! D_Φ at every step. Metric: Δ(D_t, D_fix(λ)), operator norm; for cotangents ‖yᵀ·‖ ≤ the same
//! times ‖y‖. Kind: upper bound, attained by Φ = λQw + c. Reference: Grazzi, Pontil, Salzo (ICML
//! 2024), Theorem 4.1 with its proof (Appendix C), constants explicit.
//!
//! Every step obeys Δ_{t+1} ≤ qΔ_t + (B C_1(e_t) + C_2(e_t)) e_t, with B =
//! ‖D_{Φ,2}(w(λ),λ)‖sup/(1-q) and C_j(e) = L_j + (M_j/R)·1{e ≥ R}. Three levels: PAPER puts e_t ≤
//! qᵗe_0, TRAJECTORY the measured e_t, SHARP the refined moduli ω_j(e_t), ‖D_fix‖sup and the true
//! Δ_0.

use super::hypothesis::Hypothesis;
use super::theorem::{Row, Table, Theorem};
use crate::maps::Moduli;
use crate::tol::TAU_LIMIT;

/// How much of the instance a bound uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A priori: constants and e_0 only, e_t ≤ qᵗe_0.
    Paper,
    /// The recursion with the measured e_t = ‖w_t - w(λ)‖.
    Trajectory,
    /// The recursion with e_t and the refined moduli, ‖D_fix‖sup in place of B, also for Δ_0: the
    /// true Δ_0 of D_0 = 0 where D_fix is one matrix, an upper bound of it elsewhere.
    Sharp,
}

impl Level {
    /// All levels with their names.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("paper", Self::Paper),
        ("trajectory", Self::Trajectory),
        ("sharp", Self::Sharp),
    ];

    /// The name in claims.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, l)| *l == self)
            .map_or("", |(n, _)| n)
    }
}

/// The constants of Theorem 4.1 on one instance, and its bounds of Δ(D_t, D_fix(λ)) in the operator
/// norm, for D_0 = 0.
///
/// ```
/// use ratecert::maps::Moduli;
/// use ratecert::theory::Theorem41;
///
/// // Φ(w, λ) = λw + c at λ = q = 1/2, d = 1, w_0 = 0, c = 1: w(λ) = 2, ∂₂Φ = w, L_2 = 1.
/// let theorem = Theorem41::new(0.5, &Moduli::smooth(0.0, 1.0, 2.0), 2.0, None);
/// assert_eq!(theorem.b, 4.0);
/// // w_t - w(λ) = -2·2⁻ᵗ, and the recursion D_{t+1} = D_t/2 + w_t from 0 towards J = 4.
/// let (mut w, mut d) = (0.0, 0.0);
/// for t in 0..20 {
///     let error = f64::abs(d - 4.0);
///     // Here w_0 - w(λ) and J have opposite signs: the bound is an equality.
///     assert!((error - theorem.paper_itd(t)).abs() < 1e-12);
///     (w, d) = (0.5 * w + 1.0, 0.5 * d + w);
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Theorem41 {
    /// q < 1, a bound of ‖D_{Φ,1}‖sup (Assumption 3.1).
    pub q: f64,
    /// L_j, M_j, R, ω_j and ‖D_{Φ,2}‖sup at w(λ).
    pub moduli: Moduli,
    /// B = ‖D_{Φ,2}(w(λ),λ)‖sup/(1-q), a bound of ‖D_fix‖sup.
    pub b: f64,
    /// e_0 = ‖w_0 - w(λ)‖ (Euclidean).
    pub e0: f64,
    /// The least bound of ‖D_fix‖sup known: ‖J‖ where the derivative is one matrix, else B.
    pub d_fix_sup: f64,
    /// τ: the smallest t ≥ 0 with qᵗe_0 < R.
    pub tau: usize,
}

impl Theorem41 {
    /// From q, the moduli at w(λ), e_0 and an upper bound of ‖D_fix‖sup where one better than B is
    /// known.
    pub fn new(q: f64, moduli: &Moduli, e0: f64, d_fix_sup: Option<f64>) -> Self {
        let b = moduli.d2_sup / (1.0 - q);
        Self {
            q,
            moduli: moduli.clone(),
            b,
            e0,
            d_fix_sup: d_fix_sup.map_or(b, |v| v.min(b)),
            tau: tau(q, e0, moduli.r),
        }
    }

    /// B L_1 + L_2, what a step adds per e_t where no other piece is reached.
    pub fn smooth_part(&self) -> f64 {
        self.b * self.moduli.l[0] + self.moduli.l[1]
    }

    /// (B M_1 + M_2)/R, what it adds besides while e_t ≥ R; 0 for R = ∞.
    pub fn jump_part(&self) -> f64 {
        if self.moduli.r.is_infinite() {
            0.0
        } else {
            (self.b * self.moduli.m[0] + self.moduli.m[1]) / self.moduli.r
        }
    }

    /// PAPER, ITD after t steps: qᵗΔ_0 + q^{t-1}e_0[t(BL_1+L_2) + min(t,τ)(BM_1+M_2)/R], the second
    /// term 0 at t = 0, with Δ_0 ≤ ‖D_0‖ + B = B.
    pub fn paper_itd(&self, t: usize) -> f64 {
        let first = power(self.q, t) * self.b;
        if t == 0 {
            return first;
        }
        let bracket = t as f64 * self.smooth_part() + t.min(self.tau) as f64 * self.jump_part();
        first + power(self.q, t - 1) * self.e0 * bracket
    }

    /// qᵗe_0, which e_t is at most.
    pub fn distance(&self, t: usize) -> f64 {
        power(self.q, t) * self.e0
    }

    /// PAPER, AID-FP at w_t with k steps: q^k B + (1-q^k)/(1-q)·(B C_1 + C_2)(qᵗe_0)·qᵗe_0.
    pub fn paper_aid(&self, t: usize, k: usize) -> f64 {
        self.aid(self.distance(t), k)
    }

    /// TRAJECTORY, AID-FP with k steps at a w with ‖w - w(λ)‖ ≤ e: q^k B + (1-q^k)/(1-q)·(B C_1(e)
    /// + C_2(e))·e.
    pub fn aid(&self, e: f64, k: usize) -> f64 {
        let c = self.b * self.moduli.c(1, e) + self.moduli.c(2, e);
        power(self.q, k) * self.b + geometric(self.q, k) * c * e
    }

    /// SHARP, AID-FP with k steps at a w with ‖w - w(λ)‖ ≤ e: q^k‖D_fix‖sup +
    /// (1-q^k)/(1-q)·(‖D_fix‖sup ω_1(e) + ω_2(e)).
    pub fn sharp_aid(&self, e: f64, k: usize) -> f64 {
        power(self.q, k) * self.d_fix_sup + geometric(self.q, k) * self.refined(e)
    }

    /// TRAJECTORY, ITD, for t = 0..=e.len(): Δ_{t+1} = qΔ_t + (B C_1(e_t) + C_2(e_t))e_t from Δ_0 =
    /// B, with the measured e_t.
    pub fn trajectory_itd(&self, e: &[f64]) -> Vec<f64> {
        self.recursion(self.b, e, |e| {
            (self.b * self.moduli.c(1, e) + self.moduli.c(2, e)) * e
        })
    }

    /// SHARP, ITD, for t = 0..=e.len(): Δ_{t+1} = qΔ_t + ‖D_fix‖sup ω_1(e_t) + ω_2(e_t) from Δ_0 =
    /// ‖D_fix‖sup.
    pub fn sharp_itd(&self, e: &[f64]) -> Vec<f64> {
        self.recursion(self.d_fix_sup, e, |e| self.refined(e))
    }

    /// ‖D_fix‖sup ω_1(e) + ω_2(e).
    fn refined(&self, e: f64) -> f64 {
        self.d_fix_sup * self.moduli.omega(1, e) + self.moduli.omega(2, e)
    }

    fn recursion(&self, start: f64, e: &[f64], added: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut out = Vec::with_capacity(e.len() + 1);
        let mut delta = start;
        out.push(delta);
        for e in e {
            delta = self.q * delta + added(*e);
            out.push(delta);
        }
        out
    }
}

/// τ = min{t ≥ 0 : qᵗe_0 < R} (Theorem 4.1), by a loop: e_0 = Rq⁻ʲ is an edge case that logarithms
/// get wrong. No more than 10⁷ steps are counted, far more than any q and R that are drawn need.
///
/// ```
/// assert_eq!(ratecert::theory::tau(0.5, 1.0, 0.25), 3); // 2⁻² is not below R.
/// assert_eq!(ratecert::theory::tau(0.5, 1.0, f64::INFINITY), 0);
/// ```
pub fn tau(q: f64, e0: f64, r: f64) -> usize {
    let (mut e, mut t) = (e0, 0);
    while e >= r && t < TAU_LIMIT {
        e *= q;
        t += 1;
    }
    t
}

/// qᵗ.
fn power(q: f64, t: usize) -> f64 {
    q.powi(t.min(i32::MAX as usize) as i32)
}

/// (1-q^k)/(1-q).
fn geometric(q: f64, k: usize) -> f64 {
    (1.0 - power(q, k)) / (1.0 - q)
}

/// The theorem beside the distances e_t of one run of the iterates.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OnRun {
    /// The constants.
    pub theorem: Theorem41,
    /// e_t = ‖w_t - w(λ)‖ for t = 0, 1, ...
    pub e: Vec<f64>,
    /// The bound of AID-FP at w_t with k = t instead of ITD's.
    pub aid: bool,
}

/// Steps at which the bound is shown.
const STEPS: [usize; 7] = [0, 1, 2, 5, 10, 20, 50];

impl Theorem for OnRun {
    fn name(&self) -> &'static str {
        "Theorem 4.1"
    }

    fn statement(&self) -> &'static str {
        "ITD: Δ(D_t, D_fix) ≤ qᵗΔ_0 + q^(t-1) e_0 [t(BL_1 + L_2) + min(t,τ)(BM_1 + M_2)/R]; \
         AID-FP at w: Δ(D^k, D_fix) ≤ q^k B + (1-q^k)/(1-q)·(B C_1(e) + C_2(e)) e, e = ‖w - w(λ)‖"
    }

    fn hypotheses(&self) -> &'static [Hypothesis] {
        &[Hypothesis::PiecewiseSmooth, Hypothesis::Contraction]
    }

    fn constants(&self) -> Vec<Row> {
        let (th, m) = (&self.theorem, &self.theorem.moduli);
        let tau = (th.tau < TAU_LIMIT).then_some(th.tau);
        let nearest = if m.kinks.is_empty() {
            "distance of w(λ) to the nearest other piece"
        } else {
            "distance to the kink of another unit: some are at theirs, or within rounding of it"
        };
        vec![
            Row::number("q", th.q, "certified upper bound of ‖D_Φ,1‖sup"),
            Row::number("κ", 1.0 / (1.0 - th.q), "1/(1-q)"),
            Row::pair(
                "L_1, L_2",
                m.l,
                "Lipschitz constants of the pieces' derivatives",
            ),
            Row::pair(
                "M_1, M_2",
                m.m,
                "upper bounds of the largest jump to another piece",
            ),
            Row::number("R", m.r, nearest),
            Row::number("‖D_Φ,2‖sup", m.d2_sup, "upper bound, at w(λ)"),
            Row::number("B", th.b, "‖D_Φ,2‖sup/(1-q) ≥ ‖D_fix‖sup"),
            Row::number(
                "‖D_fix‖sup",
                th.d_fix_sup,
                "‖J‖ where the derivative is one matrix",
            ),
            Row::number("e_0", th.e0, "‖w_0 - w(λ)‖"),
            Row::count("τ", tau, "> 10^7", "smallest t with qᵗe_0 < R"),
        ]
    }

    fn table(&self) -> Table {
        let th = &self.theorem;
        let levels = |t: usize| {
            let e = self.e[t];
            if self.aid {
                return [th.paper_aid(t, t), th.aid(e, t), th.sharp_aid(e, t)];
            }
            let along = [th.trajectory_itd(&self.e), th.sharp_itd(&self.e)];
            [th.paper_itd(t), along[0][t], along[1][t]]
        };
        let known = STEPS.into_iter().filter(|t| *t < self.e.len());
        Table {
            title: format!(
                "Bound of Theorem 4.1 for {}",
                if self.aid {
                    "AID-FP at w_t with k = t"
                } else {
                    "ITD"
                }
            ),
            columns: vec!["t", "paper", "trajectory", "sharp", "e_t"],
            rows: known
                .map(|t| {
                    let mut numbers = levels(t).to_vec();
                    numbers.push(self.e[t]);
                    (t, numbers)
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinked(r: f64) -> Theorem41 {
        let moduli = Moduli {
            l: [0.1, 0.2],
            m: [1.0, 2.0],
            r,
            r_attained: true,
            d2_sup: 0.5,
            kinks: vec![],
            stairs: vec![],
        };
        Theorem41::new(0.5, &moduli, 1.0, None)
    }

    #[test]
    fn tau_counts_exactly_at_the_edge() {
        // e_0 = R q^{-3}: qᵗe_0 < R first at t = 4, since at 3 it equals R.
        assert_eq!(tau(0.5, 8.0, 1.0), 4);
        assert_eq!(tau(0.5, 7.9, 1.0), 3);
        assert_eq!(tau(0.5, 0.1, 1.0), 0);
        assert_eq!(tau(0.5, 5.0, f64::INFINITY), 0);
        assert_eq!(tau(0.9, 0.0, 0.1), 0);
    }

    #[test]
    fn the_recursion_with_the_a_priori_errors_is_the_closed_form() {
        let th = kinked(0.1);
        let e: Vec<f64> = (0..30).map(|t| 0.5f64.powi(t)).collect();
        let recursion = th.trajectory_itd(&e);
        for (t, value) in recursion.iter().enumerate() {
            assert!((value / th.paper_itd(t) - 1.0).abs() < 1e-13, "{t}");
        }
        // AID-FP the same: k steps of Δ ← qΔ + C e at fixed e.
        for t in [0, 3, 10] {
            let fixed = th.recursion(th.b, &[e[t]; 20], |e| {
                (th.b * th.moduli.c(1, e) + th.moduli.c(2, e)) * e
            });
            for (k, value) in fixed.iter().enumerate() {
                assert!((value / th.paper_aid(t, k) - 1.0).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn aid_is_never_above_itd_and_the_gap_grows_with_one_over_r() {
        let mut last = 0.0;
        for r in [0.5, 0.05, 0.005, 0.0005] {
            let th = kinked(r);
            for t in 0..60 {
                assert!(
                    th.paper_aid(t, t) <= th.paper_itd(t) * (1.0 + 1e-14),
                    "{r} {t}"
                );
            }
            let gap = th.paper_itd(40) / th.paper_aid(40, 40);
            assert!(gap > last);
            last = gap;
        }
        assert!(last > 100.0);
    }

    #[test]
    fn one_dimensional_values_by_hand() {
        // q = 1/2, B = 1, e_0 = 1, BL_1+L_2 = 0.3, (BM_1+M_2)/R = 3/0.25 = 12, τ = 3.
        let th = kinked(0.25);
        assert_eq!((th.b, th.tau), (1.0, 3));
        assert!((th.paper_itd(0) - 1.0).abs() < 1e-15);
        assert!((th.paper_itd(2) - (0.25 + 0.5 * (0.6 + 24.0))).abs() < 1e-12);
        assert!((th.paper_itd(5) - (1.0 / 32.0 + (1.5 + 36.0) / 16.0)).abs() < 1e-12);
        assert!((th.paper_aid(2, 1) - (0.5 + 12.3 * 0.25)).abs() < 1e-12);
        assert!((th.paper_aid(3, 1) - (0.5 + 0.3 * 0.125)).abs() < 1e-12);
    }
}
