//! Nearest point of a polytope to the origin, in the Euclidean norm.
//!
//! Owns Wolfe's finite method (Wolfe, "Finding the nearest point in a polytope",
//! Math. Programming 11, 1976), given only an oracle for the corner that is least in
//! a direction: no vertex is listed. Its answer is a candidate; certificates are
//! computed from it elsewhere, so nothing here needs rounding bounds.

use nalgebra::{DMatrix, DVector};

use crate::tol::{DISTANCE_FLOOR, NEAREST_POINT_GAP, UNIT};

/// The name of a corner in the parameters of its set.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Corner {
    /// A vertex of a hull, by index.
    Vertex(usize),
    /// The free entries of a box.
    Entries(Vec<f64>),
}

/// A convex combination of corners.
#[derive(Clone, Debug)]
pub(super) struct Combination {
    /// The corners in use, affinely independent.
    pub corners: Vec<Corner>,
    /// Their positive weights, of sum one up to rounding.
    pub weights: Vec<f64>,
    /// The point.
    pub point: DVector<f64>,
}

/// The point of least norm of the polytope whose corner least in direction x is `corner(x)`;
/// the search begins at the corner least in direction `start`.
pub(super) fn nearest(
    start: &DVector<f64>,
    mut corner: impl FnMut(&DVector<f64>) -> (Corner, DVector<f64>),
    steps: usize,
) -> Combination {
    let (name, first) = corner(start);
    let mut size = first.norm();
    let mut corners = vec![name];
    let mut columns = vec![first.clone()];
    let mut weights = vec![1.0];
    let mut x = first;
    for _ in 0..steps {
        let norm = x.norm();
        if norm <= DISTANCE_FLOOR * size {
            break;
        }
        let (name, q) = corner(&x);
        size = size.max(q.norm());
        // ‖x‖² - ⟨x,q⟩ bounds ‖x‖ times the distance from x to the optimal value.
        let gap = norm * norm - x.dot(&q);
        if gap <= norm * (NEAREST_POINT_GAP * norm).max(DISTANCE_FLOOR * size)
            || corners.contains(&name)
        {
            break;
        }
        let before = (corners.clone(), columns.clone(), weights.clone());
        corners.push(name);
        columns.push(q);
        weights.push(0.0);
        let moved = reduce(&mut corners, &mut columns, &mut weights);
        let next = combine(&columns, &weights);
        if !moved || next.norm() >= norm * (1.0 - UNIT) {
            // Rounding has the last word: keep the better of the two.
            if next.norm() >= norm {
                (corners, _, weights) = before;
            } else {
                x = next;
            }
            break;
        }
        x = next;
    }
    Combination {
        corners,
        weights,
        point: x,
    }
}

/// Wolfe's minor cycle: moves to the least point of the affine hull, dropping corners whose
/// weights would turn negative. False where the corners are dependent to rounding.
fn reduce(
    corners: &mut Vec<Corner>,
    columns: &mut Vec<DVector<f64>>,
    weights: &mut Vec<f64>,
) -> bool {
    loop {
        let Some(affine) = affine_minimiser(columns) else {
            return false;
        };
        let mut step = 1.0;
        let mut leaving = None;
        for (i, (&w, &a)) in weights.iter().zip(&affine).enumerate() {
            if a <= 0.0 {
                let ratio = if w - a > 0.0 { w / (w - a) } else { 0.0 };
                if leaving.is_none() || ratio < step {
                    step = ratio;
                    leaving = Some(i);
                }
            }
        }
        for (w, a) in weights.iter_mut().zip(&affine) {
            *w = (*w + step * (a - *w)).max(0.0);
        }
        let Some(leaving) = leaving else { return true };
        corners.remove(leaving);
        columns.remove(leaving);
        weights.remove(leaving);
        if columns.len() == 1 {
            weights[0] = 1.0;
            return true;
        }
    }
}

fn combine(columns: &[DVector<f64>], weights: &[f64]) -> DVector<f64> {
    let mut x = DVector::zeros(columns[0].len());
    for (q, &w) in columns.iter().zip(weights) {
        x.axpy(w, q, 1.0);
    }
    x
}

/// Weights of sum one with Σ w_i q_i of least norm, by QR of the differences q_i - q_0.
fn affine_minimiser(columns: &[DVector<f64>]) -> Option<Vec<f64>> {
    let r = columns.len() - 1;
    let n = columns[0].len();
    if r > n {
        return None;
    }
    if r == 0 {
        return Some(vec![1.0]);
    }
    let differences = DMatrix::from_fn(n, r, |i, j| columns[j + 1][i] - columns[0][i]);
    let qr = differences.qr();
    let mut rhs = -&columns[0];
    qr.q_tr_mul(&mut rhs);
    let upper = qr.r();
    let largest = upper.diagonal().amax();
    if (0..r).any(|i| upper[(i, i)].abs() <= n as f64 * UNIT * largest) {
        return None;
    }
    let c = upper.solve_upper_triangular(&rhs.rows(0, r))?;
    let mut weights = vec![1.0 - c.sum()];
    weights.extend(c.iter());
    Some(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(points: &[[f64; 2]]) -> Combination {
        let points: Vec<_> = points
            .iter()
            .map(|p| DVector::from_column_slice(p))
            .collect();
        nearest(
            &points[0],
            |x| {
                let best = (0..points.len())
                    .min_by(|&i, &j| x.dot(&points[i]).total_cmp(&x.dot(&points[j])));
                let best = best.unwrap();
                (Corner::Vertex(best), points[best].clone())
            },
            100,
        )
    }

    #[test]
    fn edge_vertex_and_interior() {
        // Wolfe's own example: corners (0,2), (3,0), (-2,1) contain no origin; nearest on an edge.
        let edge = of(&[[0.0, 2.0], [3.0, 0.0], [-2.0, 1.0]]);
        assert!(
            (edge.point.norm_squared() - 9.0 / 26.0).abs() < 1e-14,
            "{}",
            edge.point
        );
        let vertex = of(&[[1.0, 1.0], [2.0, 1.0], [1.0, 3.0]]);
        assert_eq!(vertex.corners, [Corner::Vertex(0)]);
        let inside = of(&[[1.0, 0.0], [-1.0, 1.0], [-1.0, -1.0], [5.0, 5.0]]);
        assert!(inside.point.norm() < 1e-15);
        assert!((inside.weights.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }
}
