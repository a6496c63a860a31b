//! Where the pieces of a map end, found by sampling: what the moduli of D_Φ are held against.

use crate::linalg::Vector;
use crate::maps::{Map, Tie};

/// Gradients ∂z_i/∂w of the three units nearest to their kink at `at`, by differences with this
/// step: z is affine in w within R on the maps whose R is attained.
pub(super) fn nearest_units(
    map: &Map,
    lambda: &[f64],
    at: &Vector,
    step: f64,
) -> Vec<(usize, Vector)> {
    let d = at.len();
    let mut lin = map.linearization();
    let mut inputs = |u: &Vector| {
        map.linearize(u.as_slice(), lambda, &mut Tie::Weight(0.0), &mut lin);
        (lin.z.clone(), lin.margin.clone())
    };
    let (base, margin) = inputs(at);
    let mut gradients = vec![Vector::zeros(d); base.len()];
    for k in 0..d {
        let mut u = at.clone();
        u[k] += step;
        let (z, _) = inputs(&u);
        for (i, gradient) in gradients.iter_mut().enumerate() {
            gradient[k] = (z[i] - base[i]) / step;
        }
    }
    let mut units: Vec<(usize, Vector)> = gradients
        .into_iter()
        .enumerate()
        .filter(|(_, gradient)| gradient.norm() > 0.0)
        .collect();
    let radius = |(i, gradient): &(usize, Vector)| margin[*i] / gradient.norm();
    units.sort_by(|a, b| radius(a).total_cmp(&radius(b)));
    units.truncate(3);
    units
}

/// The piece at u.
pub(super) fn piece(map: &Map, lambda: &[f64], u: &Vector) -> Vec<f64> {
    let mut lin = map.linearization();
    map.linearize(u.as_slice(), lambda, &mut Tie::Weight(0.0), &mut lin);
    lin.piece().collect()
}

/// "3 units at their kink".
pub(super) fn units_at_kinks(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    let own = if count == 1 { "its" } else { "their" };
    format!("{count} unit{plural} at {own} kink")
}
