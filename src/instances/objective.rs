//! Outer objectives, drawn with an instance.

use super::random::{Random, mix};
use crate::linalg::{Matrix, Vector};
use crate::objectives::{Classes, HoldOut, Objective, ObjectiveKind};

/// Weight of ½‖λ‖².
const RIDGE: f64 = 0.1;

/// An objective of this kind on d + 2 hold-out rows, for the instance of this seed with d = dim w
/// and m = dim λ.
pub(super) fn drawn(kind: ObjectiveKind, (d, m): (usize, usize), seed: u64) -> Objective {
    let mut random = Random::new(mix(&[seed, 6]));
    let n = d + 2;
    let rows = |random: &mut Random, columns: usize| {
        Matrix::from_row_slice(n, columns, random.normals(n * columns).as_slice())
    };
    if kind == ObjectiveKind::CrossEntropy {
        let classes = [3, 2]
            .into_iter()
            .find(|c| d.is_multiple_of(*c))
            .unwrap_or(d);
        return Objective::CrossEntropy(Classes {
            x: rows(&mut random, d / classes),
            labels: (0..n).map(|_| random.integer(0, classes - 1)).collect(),
            classes,
            ridge: RIDGE,
        });
    }
    let x = rows(&mut random, d);
    let y: Vector = random.normals(n);
    let z = kind.is_joint().then(|| rows(&mut random, m));
    let of = |y: Vector| HoldOut {
        x: x.clone(),
        z: z.clone(),
        y,
        ridge: RIDGE,
    };
    match kind {
        ObjectiveKind::Logistic | ObjectiveKind::JointLogistic => {
            Objective::Logistic(of(y.map(|v| if v < 0.0 { -1.0 } else { 1.0 })))
        }
        ObjectiveKind::Absolute | ObjectiveKind::JointAbsolute => Objective::Absolute(of(y)),
        _ => Objective::LeastSquares(of(y)),
    }
}
