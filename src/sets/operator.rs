//! The search for the nearest element in the operator norm.
//!
//! Owns how hulls and boxes are put to the barrier method: whole, or column by column. Must not
//! decide anything: what it finds is offered to the certificates.

use nalgebra::DMatrix;

use super::certificate::{Best, Problem, clamp};
use super::diagonal_box::DiagonalBox;
use super::effort::Effort;
use super::jacobi::{Svd, svd};
use super::nearest::{Combination, Corner};
use super::newton::Domain;
use super::spectral::{Generators, Program, Solution, Stop, minimise};
use crate::tol::{DISTANCE_FLOOR, DISTANCE_GAP};

/// Hulls up to this many vertices go to the barrier method whole, larger ones by column generation.
const WHOLE: usize = 24;
/// Rounds of column generation, and vertices added in each.
const ROUNDS: usize = 60;
const ADDED: usize = 4;

/// The barrier method put to the certificates of `problem`.
pub(super) struct Search<'a> {
    pub problem: Problem<'a>,
    pub effort: &'a Effort,
}

impl Search<'_> {
    /// Operator norm, hull.
    pub fn hull(&self, vertices: &[DMatrix<f64>], guess: &Combination, best: &mut Best) {
        if vertices.len() > WHOLE {
            return self.generate_columns(vertices, guess, best);
        }
        let all: Vec<usize> = (0..vertices.len()).collect();
        self.restricted(vertices, &all, best);
        if !self.closed(best) {
            let support = self.independent_support(vertices, &best.weights);
            self.restricted(vertices, &support, best);
        }
    }

    /// Whether nothing is left to be won.
    pub fn closed(&self, best: &Best) -> bool {
        self.problem.closed(best, self.effort.relative_gap)
    }

    fn stop(&self) -> Stop {
        Stop {
            relative: self.effort.relative_gap,
            absolute: DISTANCE_FLOOR * self.problem.size(),
            steps: self.effort.steps,
        }
    }

    /// Operator norm, box: s = mid + half·θ with θ in the cube.
    pub fn cube(&self, set: &DiagonalBox, best: &mut Best) {
        let k = set.free_count();
        let mid: Vec<f64> = (0..k)
            .map(|i| 0.5 * set.lo()[i] + 0.5 * set.hi()[i])
            .collect();
        let half: Vec<f64> = (0..k)
            .map(|i| 0.5 * set.hi()[i] - 0.5 * set.lo()[i])
            .collect();
        let mut right = set.right().clone();
        for (mut row, &h) in right.row_iter_mut().zip(&half) {
            row *= h;
        }
        let program = Program {
            base: self.problem.a - set.element(&mid).0,
            generators: Generators::RankOne(set.left().clone(), right),
            domain: Domain::Cube,
        };
        let Some(Solution { theta, dual }) = minimise(program, self.stop()) else {
            return;
        };
        let mut s: Vec<f64> = (0..k).map(|i| mid[i] + half[i] * theta[i]).collect();
        clamp(&mut s, set);
        best.offer_point(self.problem.upper(&s), s);
        best.offer_separator(self.problem.lower(&dual), dual);
    }

    /// Operator norm, hull of the vertices `used`.
    fn restricted(&self, vertices: &[DMatrix<f64>], used: &[usize], best: &mut Best) {
        // X = Σ w_j (a - b_j).
        let (rows, cols) = self.problem.a.shape();
        let program = Program {
            base: DMatrix::zeros(rows, cols),
            generators: Generators::Dense(
                used.iter()
                    .map(|&j| &vertices[j] - self.problem.a)
                    .collect(),
            ),
            domain: Domain::Simplex,
        };
        let Some(Solution { theta, dual }) = minimise(program, self.stop()) else {
            return;
        };
        let mut weights = vec![0.0; vertices.len()];
        for (&j, &t) in used.iter().zip(&theta) {
            weights[j] = t;
        }
        best.offer_point(self.problem.upper(&weights), weights);
        best.offer_separator(self.problem.lower(&dual), dual.clone());
        best.last_dual = dual;
    }

    /// Operator norm, large hulls: solve for a few vertices, add those that the dual matrix
    /// separates least, until the certificate over all of them closes.
    fn generate_columns(&self, vertices: &[DMatrix<f64>], guess: &Combination, best: &mut Best) {
        let mut used: Vec<usize> = guess
            .corners
            .iter()
            .filter_map(|c| {
                if let Corner::Vertex(i) = c {
                    Some(*i)
                } else {
                    None
                }
            })
            .collect();
        for _ in 0..ROUNDS {
            self.restricted(vertices, &used, best);
            if self.closed(best) || best.last_dual.is_empty() {
                break;
            }
            let score = |j: usize| best.last_dual.dot(&vertices[j]);
            let held = used
                .iter()
                .map(|&j| score(j))
                .fold(f64::NEG_INFINITY, f64::max);
            let mut new: Vec<(f64, usize)> = (0..vertices.len())
                .filter(|j| !used.contains(j))
                .map(|j| (score(j), j))
                .filter(|s| s.0 > held)
                .collect();
            if new.is_empty() {
                break;
            }
            new.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
            used.extend(new.iter().take(ADDED).map(|s| s.1));
        }
    }

    /// The vertices in use, thinned by Carathéodory's theorem until they are affinely independent:
    /// dependent ones make the barrier method's equations singular, and cost it digits.
    fn independent_support(&self, vertices: &[DMatrix<f64>], weights: &[f64]) -> Vec<usize> {
        let largest = weights.iter().fold(0.0f64, |a, &b| a.max(b));
        let mut support: Vec<usize> = (0..weights.len())
            .filter(|&j| weights[j] > DISTANCE_GAP.sqrt() * largest)
            .collect();
        let mut weights: Vec<f64> = support.iter().map(|&j| weights[j]).collect();
        while support.len() > 1 {
            let n = support.len();
            let size = self.problem.size().max(f64::MIN_POSITIVE);
            let rows = self.problem.a.len();
            let gram = DMatrix::from_fn(rows + 1, n, |i, j| {
                if i == rows {
                    1.0
                } else {
                    vertices[support[j]][i] / size
                }
            });
            let Svd { sigma, v, .. } = svd(&gram.resize_vertically(n.max(rows + 1), 0.0));
            let Some(least) = (0..n).min_by(|&i, &j| sigma[i].total_cmp(&sigma[j])) else {
                break;
            };
            if sigma[least] > DISTANCE_GAP {
                break;
            }
            let null = v.column(least);
            let Some(leaving) = (0..n)
                .filter(|&j| null[j] > 0.0)
                .min_by(|&i, &j| (weights[i] / null[i]).total_cmp(&(weights[j] / null[j])))
            else {
                break;
            };
            let step = weights[leaving] / null[leaving];
            for (w, z) in weights.iter_mut().zip(null.iter()) {
                *w = (*w - step * z).max(0.0);
            }
            weights.remove(leaving);
            support.remove(leaving);
        }
        support
    }
}
