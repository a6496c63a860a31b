//! ITD in rationals with any selection at ties, and an element of D_fix that follows it.

use super::super::reference::{Columns, Naive, Point, Rational, Scalar, solve};
use super::solution::{Kinks, exact_fixed_point, rounded};
use crate::linalg::Matrix;
use crate::linalg::random::Random;
use crate::maps::Tie;

/// How ties are decided along a run; the two blocks of D_Φ = D_{Φ,1} × D_{Φ,2} may differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selection {
    /// The same weight of the upper slope at every tie, in both blocks.
    Fixed(f64),
    /// A random multiple of 1/16 per tie and block, from this seed.
    Random(u64),
    /// At every step the vertex that leads furthest away from X_0.
    Adversarial,
}

impl Selection {
    /// The selection in words, for reports.
    pub fn describe(self) -> String {
        match self {
            Self::Fixed(w) => format!("weight {w} at ties"),
            Self::Random(_) => "random weights at ties".into(),
            Self::Adversarial => "adversarial weights at ties".into(),
        }
    }
}

/// Most ties for which every vertex is tried by the adversary; beyond, it flips all weights
/// together.
const MAX_ADVERSARIAL_TIES: usize = 2;

/// A run of ITD in rationals, with the element X_t of D_fix that follows it.
pub struct RationalRun {
    /// Upper bounds of e_t = ‖w_t - w(λ)‖ (Euclidean).
    pub e: Vec<f64>,
    /// ‖D_t - X_t‖ with X_t ∈ D_fix: upper bounds of the excess to D_fix, exact but for the
    /// final rounding.
    pub excess: Vec<f64>,
    /// D_t (d×m) rounded to binary64, and ‖·‖_F of what the rounding took from it.
    pub d: Vec<(Matrix, f64)>,
    /// Number of ties met on the way.
    pub ties: usize,
}

/// A step that was tried: the distance of D_{t+1} to X_0, then D_{t+1} itself, then the points at
/// which the two blocks were linearised.
type Candidate = (f64, Columns<Rational>, Point<Rational>, Point<Rational>);

/// Runs ITD from w_0 and D_0 = 0 for `steps` steps in rationals, beside elements X_t of D_fix that
/// start at the element X_0 of D_joint with the lower slopes.
///
/// X_{t+1} = A X_t + B with [A, B] ∈ D_Φ(w(λ)): the units that are at their kink at w(λ) have the
/// slopes that the run used, all others those of w(λ). In ∂₂Φ of an elastic net a unit has slope 0
/// where the sign of z differs from that at w(λ) (theory, section 3).
pub fn rational_run(
    kinks: &Kinks,
    w0: &[Rational],
    steps: usize,
    selection: Selection,
) -> Option<RationalRun> {
    let naive = &kinks.naive;
    let (d, m) = naive.dims();
    let mut w = w0.to_vec();
    let mut columns: Columns<Rational> = vec![vec![Rational::exactly(0.0); d]; m];
    let low = kinks.form.range[0];
    let mut element = kinks.exact_element(&vec![low; kinks.count()], &vec![low; kinks.count()])?;
    let anchor = element.clone();
    let mut out = RationalRun {
        e: Vec::with_capacity(steps + 1),
        excess: Vec::with_capacity(steps + 1),
        d: Vec::with_capacity(steps + 1),
        ties: 0,
    };
    let mut random = Random::new(match selection {
        Selection::Random(seed) => seed,
        _ => 0,
    });
    let star_sign = sign_at(&kinks.naive.at(&kinks.w, &mut Tie::Weight(0.0))?);
    for t in 0..=steps {
        let delta: Vec<Rational> = w.iter().zip(&kinks.w).map(|(a, b)| a - b).collect();
        out.e.push(Kinks::norm_of(&[delta]));
        out.excess
            .push(Kinks::norm_of(&subtract(&columns, &element)));
        out.d.push(rounded(&columns, d));
        if t == steps {
            break;
        }
        let probe = naive.at(&w, &mut Tie::Weight(0.0))?;
        let ties: Vec<usize> = (0..probe.margin.len())
            .filter(|&i| probe.margin[i].vanishes())
            .collect();
        out.ties += ties.len();
        // Weights per tie for the two blocks.
        let choices: Vec<[Vec<f64>; 2]> = match selection {
            Selection::Fixed(x) => vec![[vec![x; ties.len()], vec![x; ties.len()]]],
            Selection::Random(_) => {
                let mut draw = || random.integer(0, 16) as f64 / 16.0;
                let first = ties.iter().map(|_| draw()).collect();
                vec![[first, ties.iter().map(|_| draw()).collect()]]
            }
            Selection::Adversarial => vertices(ties.len()),
        };
        let mut best: Option<Candidate> = None;
        for [first, second] in &choices {
            let of = |weights: &[f64]| {
                naive.at(
                    &w,
                    &mut Tie::Ask(&mut |i| {
                        ties.iter()
                            .position(|t| *t == i)
                            .map_or(0.0, |p| weights[p])
                    }),
                )
            };
            let (a, b) = (of(first)?, of(second)?);
            let next = advance(kinks, &a, &b, &columns);
            let far = if choices.len() == 1 {
                0.0
            } else {
                Kinks::norm_of(&subtract(&next, &anchor))
            };
            if best.as_ref().is_none_or(|x| far > x.0) {
                best = Some((far, next, a, b));
            }
        }
        let (_, next, a, b) = best?;
        // X_t is carried on at w(λ), not at w_t.
        let (mut sa, mut sb) = (
            naive.at(&kinks.w, &mut Tie::Weight(0.0))?,
            naive.at(&kinks.w, &mut Tie::Weight(0.0))?,
        );
        let sign = sign_at(&b);
        for &i in &kinks.active {
            sa.slope[i] = a.slope[i].clone();
            sb.slope[i] = if kinks.signed() && sign[i] != star_sign[i] {
                Rational::exactly(0.0)
            } else {
                b.slope[i].clone()
            };
        }
        element = advance(kinks, &sa, &sb, &element);
        columns = next;
        w = a.value;
    }
    Some(out)
}

impl Kinks {
    /// Whether the sign of z enters ∂₂Φ, as it does in elastic nets.
    fn signed(&self) -> bool {
        self.form.range == [0.0, 1.0]
            && self.form.left == crate::linalg::Matrix::identity(self.w.len(), self.w.len())
    }

    /// The element of D_imp with slopes s, s' at the kinks, exactly, by columns.
    pub fn exact_element(&self, s: &[f64], s2: &[f64]) -> Option<Columns<Rational>> {
        let (mut a, mut b) = (
            self.naive.at(&self.w, &mut Tie::Weight(0.0))?,
            self.naive.at(&self.w, &mut Tie::Weight(0.0))?,
        );
        for (n, &i) in self.active.iter().enumerate() {
            a.slope[i] = Rational::exactly(s[n]);
            b.slope[i] = Rational::exactly(s2[n]);
        }
        let mut system = self.naive.jacobian_w(&a);
        for (j, column) in system.iter_mut().enumerate() {
            for (i, v) in column.iter_mut().enumerate() {
                *v = Rational::exactly(f64::from(u8::from(i == j))) - v.clone();
            }
        }
        let m = self.naive.dims().1;
        let rhs: Vec<Vec<Rational>> = (0..m).map(|j| self.naive.column(&b, j)).collect();
        solve(&system, &rhs)
    }
}

/// ∂₁Φ(a)·D + ∂₂Φ(b).
pub(super) fn advance(
    kinks: &Kinks,
    a: &Point<Rational>,
    b: &Point<Rational>,
    d: &Columns<Rational>,
) -> Columns<Rational> {
    d.iter()
        .enumerate()
        .map(|(j, column)| {
            kinks
                .naive
                .push_w(a, column)
                .into_iter()
                .zip(kinks.naive.column(b, j))
                .map(|(x, y)| x + y)
                .collect()
        })
        .collect()
}

fn sign_at(p: &Point<Rational>) -> Vec<bool> {
    p.inputs()
        .iter()
        .map(|z| *z < Rational::exactly(0.0))
        .collect()
}

fn subtract(x: &Columns<Rational>, y: &Columns<Rational>) -> Columns<Rational> {
    x.iter()
        .zip(y)
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect())
        .collect()
}

/// The weights that the adversary tries: every pair of vertices where ties are few, else all up or
/// all down in each block.
fn vertices(n: usize) -> Vec<[Vec<f64>; 2]> {
    let corners: Vec<Vec<f64>> = if n <= MAX_ADVERSARIAL_TIES {
        (0..1usize << n)
            .map(|c| (0..n).map(|i| (c >> i & 1) as f64).collect())
            .collect()
    } else {
        vec![vec![0.0; n], vec![1.0; n]]
    };
    corners
        .iter()
        .flat_map(|a| corners.iter().map(|b| [a.clone(), b.clone()]))
        .collect()
}

/// Differentiating w(·) itself, in rationals.
impl Kinks {
    /// Whether the element of D_imp with slopes s, s' solves X = AX + B exactly. It is then a fixed
    /// point of one member of the set iteration (11), and hence in D_fix.
    pub fn solves_set_equation(&self, s: &[f64], s2: &[f64]) -> Option<bool> {
        let x = self.exact_element(s, s2)?;
        let (mut a, mut b) = (
            self.naive.at(&self.w, &mut Tie::Weight(0.0))?,
            self.naive.at(&self.w, &mut Tie::Weight(0.0))?,
        );
        for (n, &i) in self.active.iter().enumerate() {
            a.slope[i] = Rational::exactly(s[n]);
            b.slope[i] = Rational::exactly(s2[n]);
        }
        Some(advance(self, &a, &b, &x) == x)
    }

    /// A(s)X + B(s'), one step of the set iteration, in binary64.
    pub fn step(&self, s: &[f64], s2: &[f64], x: &crate::linalg::Matrix) -> crate::linalg::Matrix {
        self.product(&self.slopes(s), &self.form.right_w) * x
            + self.product(&self.slopes(s2), &self.form.right_lambda)
    }

    /// (w(λ+hδ) - w(λ))/h exactly; `None` where λ + hδ is not exact in binary64 (it is for short
    /// dyadic numbers) or w(λ+hδ) is not found.
    pub fn difference_quotient(
        &self,
        problem: &crate::maps::Problem,
        lambda: &[f64],
        direction: &[f64],
        h: f64,
    ) -> Option<Vec<Rational>> {
        let moved: Vec<f64> = lambda
            .iter()
            .zip(direction)
            .map(|(l, d)| l + h * d)
            .collect();
        let exact = moved
            .iter()
            .zip(lambda.iter().zip(direction))
            .all(|(m, (l, d))| {
                Rational::exactly(*m)
                    == Rational::exactly(*l) + Rational::exactly(h) * Rational::exactly(*d)
            });
        if !exact {
            return None;
        }
        let naive = Naive::new(problem, &moved);
        let guess: Vec<f64> = self.w.iter().map(Scalar::to_f64).collect();
        let w = exact_fixed_point(&naive, &guess)?;
        let h = Rational::exactly(h);
        Some(
            w.iter()
                .zip(&self.w)
                .map(|(a, b)| (a - b) / h.clone())
                .collect(),
        )
    }

    /// The vertex S of slopes at the kinks with v = A_S v + B_S δ exactly, as a bit pattern: the
    /// smallest one where the slope of a unit does not matter.
    pub fn one_sided_vertex(&self, v: &[Rational], direction: &[f64]) -> Option<usize> {
        let k = self.count();
        if k > crate::sets::MAX_ENUMERATED {
            return None;
        }
        let delta: Vec<Rational> = direction.iter().map(|x| Rational::exactly(*x)).collect();
        let corner = |code: usize| self.corner(code);
        (0..1usize << k).find(|&code| {
            let Some(mut p) = self.naive.at(&self.w, &mut Tie::Weight(0.0)) else {
                return false;
            };
            for (s, &i) in corner(code).iter().zip(&self.active) {
                p.slope[i] = Rational::exactly(*s);
            }
            let mut right = self.naive.push_w(&p, v);
            for (j, x) in delta.iter().enumerate() {
                for (r, c) in right.iter_mut().zip(self.naive.column(&p, j)) {
                    *r += c * x;
                }
            }
            right == v
        })
    }
}
