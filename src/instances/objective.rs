//! Outer objectives, drawn with an instance.

use super::instance::Instance;
use super::random::{Random, mix};
use crate::linalg::{Matrix, Vector};
use crate::objectives::{Classes, HoldOut, Objective, ObjectiveKind};

/// Weight of ½‖λ‖².
const RIDGE: f64 = 0.1;

/// An objective of this kind on d + 2 hold-out rows.
pub(super) fn drawn(kind: ObjectiveKind, instance: &Instance) -> Objective {
    let dims = instance.map.dims();
    let (d, m) = (dims.w, dims.lambda);
    let mut random = Random::new(mix(&[instance.seed, 6]));
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
