//! The integral of a selection of D_Φ along one curve, against the increment of Φ.
//!
//! Where Φ is piecewise polynomial the integrand on a piece is a polynomial in s of degree at most
//! 7, for which Gauss-Legendre with 4 nodes is exact. Elsewhere (tanh, logistic losses, groups)
//! every panel is halved once more, and what that changes is added to the floor: it estimates an
//! error that is 2⁸ times smaller.
//!
//! Pieces are told apart by bisection at the ends, the middle and the nodes of a panel. A piece
//! that is entered and left between them on the side where it was entered does no harm: it agrees
//! with the one that is seen where the curve enters and where it leaves, and the integral of
//! either over the stretch is the difference of these two values.

use crate::linalg::product::norm2;
use crate::maps::{Linearization, Map, Rounding, Tie, Units};
use crate::tol::{BOUND_ROOM, Roundoff, UNIT, gamma};

/// Nodes and weights of Gauss-Legendre with 4 points on [-1, 1] (Abramowitz and Stegun, table
/// 25.4): exact to degree 7.
const NODES: [(f64, f64); 4] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    (-0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
    (0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];
/// Panels a curve starts with; each is halved while the piece at its ends, middle and nodes
/// differs.
const PANELS: usize = 64;
/// Panels are halved down to 2⁻⁴⁰ of the curve: what lies in one that still straddles a kink is
/// charged to the floor.
const DEPTH: usize = 40;
/// Panels in all: each crossing costs at most DEPTH of them.
const MOST_PANELS: usize = 20_000;
/// Nodes on straight lines are multiples of this, so that dyadic data stay exact.
const NODE_GRID: f64 = 1.0 / (1u64 << 20) as f64;

/// V(w, λ) applied to a velocity (w', λ'): the selection under test.
pub(super) type Selected<'a> = &'a mut dyn FnMut(&[f64], &[f64], &[f64], &[f64]) -> Vec<f64>;

/// γ(s) = p_0 + p_1 s + p_2 s² in (w, λ).
struct Curve {
    points: [Vec<f64>; 3],
}

impl Curve {
    fn at(&self, s: f64) -> Vec<f64> {
        let [p0, p1, p2] = &self.points;
        (0..p0.len())
            .map(|i| p0[i] + s * (p1[i] + s * p2[i]))
            .collect()
    }

    fn velocity(&self, s: f64) -> Vec<f64> {
        let [_, p1, p2] = &self.points;
        (0..p1.len()).map(|i| p1[i] + 2.0 * s * p2[i]).collect()
    }

    fn is_straight(&self) -> bool {
        self.points[2].iter().all(|v| *v == 0.0)
    }
}

/// What is looked at at one place of a curve.
struct Seen {
    /// The piece of every unit, and the bound it is at.
    piece: Vec<[f64; 2]>,
    /// Φ.
    value: Vec<f64>,
}

/// Tells pieces of Φ apart along a curve.
struct Pieces<'a> {
    map: &'a Map,
    curve: &'a Curve,
    lin: Linearization<'static>,
    /// What rounding may move the input of each unit by.
    units: Vec<[f64; 2]>,
    /// The units are projections onto intervals: their two bounds are told apart by the value.
    boxed: bool,
}

impl<'a> Pieces<'a> {
    fn new(map: &'a Map, curve: &'a Curve) -> Self {
        Self {
            map,
            curve,
            lin: map.linearization(),
            units: map
                .rounding(&curve.points[0][map.dims().w..], Roundoff::DOUBLE)
                .units,
            boxed: map.structure().bounded,
        }
    }

    fn at(&mut self, s: f64) -> Seen {
        let x = self.curve.at(s);
        let (w, lambda) = x.split_at(self.map.dims().w);
        let lin = &mut self.lin;
        self.map.linearize(w, lambda, &mut Tie::Weight(0.0), lin);
        let norm = norm2(w);
        // A unit within rounding of its kink is on neither side. Its slope does not matter: either
        // its input does not change along the curve, or the stretch is as short as rounding.
        let piece = lin.piece().enumerate().map(|(i, key)| {
            let band = self.units.get(i).map_or(0.0, |u| Rounding::at(*u, norm));
            if lin.margin[i] <= 4.0 * band {
                [f64::MAX, 0.0]
            } else if self.boxed && lin.slope[i] == 0.0 {
                // The bound it is at: both have slope 0.
                [key, lin.value[i]]
            } else {
                [key, 0.0]
            }
        });
        Seen {
            piece: piece.collect(),
            value: lin.value.clone(),
        }
    }

    /// Whether one piece is seen at the ends, the middle and the nodes of [a, b].
    fn is_one(&mut self, a: f64, b: f64) -> bool {
        let [n0, n1, n2, n3] = NODES.map(|n| 0.5 * (1.0 + n.0));
        let probes = [0.0, n0, n1, 0.5, n2, n3, 1.0].map(|x| self.at(a + x * (b - a)));
        let units = &self.map.structure().units;
        probes
            .windows(2)
            .all(|p| p[0].piece == p[1].piece && !turned(units, &p[0].value, &p[1].value))
    }
}

/// Whether a group has turned by more than 60° from one place to the next: it may then have passed
/// through its ball, whose two sides are one piece. Where no group turns more, its distance from 0
/// is at least comparable to the step, and the quadrature sees what it sees.
fn turned(units: &Units, before: &[f64], after: &[f64]) -> bool {
    let Units::Balls(groups) = units else {
        return false;
    };
    groups.iter().any(|range| {
        let (a, b) = (&before[range.clone()], &after[range.clone()]);
        let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        dot < 0.5 * norm2(a) * norm2(b)
    })
}

/// The integral of Vγ' over [a, b] by 4 nodes, and that of ‖Vγ'‖.
fn quadrature(
    curve: &Curve,
    d: usize,
    on_grid: bool,
    selected: Selected<'_>,
    [a, b]: [f64; 2],
) -> (Vec<f64>, f64) {
    let (mut sum, mut size) = (vec![0.0; d], 0.0);
    for (node, weight) in NODES {
        let s = 0.5 * (a + b) + 0.5 * (b - a) * node;
        // On a straight line the integrand is constant on an affine piece: short nodes meet ties
        // exactly.
        let s = if on_grid && b - a >= NODE_GRID {
            (s / NODE_GRID).round() * NODE_GRID
        } else {
            s
        };
        let (x, v) = (curve.at(s), curve.velocity(s));
        let image = selected(&x[..d], &x[d..], &v[..d], &v[d..]);
        let weight = 0.5 * (b - a) * weight;
        for (t, i) in sum.iter_mut().zip(&image) {
            *t += weight * i;
        }
        size += weight * image.iter().map(|x| x * x).sum::<f64>().sqrt();
    }
    (sum, size)
}

/// The integral over a whole curve.
struct Total {
    /// ∫Vγ'.
    integral: Vec<f64>,
    /// ∫‖Vγ'‖.
    size: f64,
    panels: usize,
    /// What panels that straddle a kink, and the quadrature, may amount to.
    unresolved: f64,
}

fn integrate(map: &Map, curve: &Curve, smooth: bool, selected: Selected<'_>) -> Total {
    let d = map.dims().w;
    let on_grid = curve.is_straight() && !smooth;
    let mut pieces = Pieces::new(map, curve);
    let mut total = Total {
        integral: vec![0.0; d],
        size: 0.0,
        panels: 0,
        unresolved: 0.0,
    };
    let mut stack: Vec<(f64, f64, usize)> = (0..PANELS)
        .rev()
        .map(|i| (i as f64 / PANELS as f64, (i + 1) as f64 / PANELS as f64, 0))
        .collect();
    while let Some((a, b, depth)) = stack.pop() {
        let mid = 0.5 * (a + b);
        let one_piece = pieces.is_one(a, b);
        let may_halve = depth < DEPTH && total.panels + stack.len() < MOST_PANELS;
        if !one_piece && may_halve {
            stack.push((mid, b, depth + 1));
            stack.push((a, mid, depth + 1));
            continue;
        }
        let mut over = |ends| quadrature(curve, d, on_grid, selected, ends);
        let (mut sum, mut size) = over([a, b]);
        if smooth {
            let (left, right) = (over([a, mid]), over([mid, b]));
            let halves: Vec<f64> = left.0.iter().zip(&right.0).map(|(l, r)| l + r).collect();
            let change = sum.iter().zip(&halves).map(|(s, h)| (s - h).powi(2));
            let change = change.sum::<f64>().sqrt();
            // Near a group's ball the integrand bends sharply.
            if change > BOUND_ROOM * size && may_halve {
                stack.push((mid, b, depth + 1));
                stack.push((a, mid, depth + 1));
                continue;
            }
            total.unresolved += change;
            (sum, size) = (halves, left.1 + right.1);
        }
        total.panels += 1;
        for (t, v) in total.integral.iter_mut().zip(&sum) {
            *t += v;
        }
        total.size += size;
        if !one_piece {
            total.unresolved += 4.0 * size;
        }
    }
    total
}

/// ‖∫Vγ' - (Φ(γ(1)) - Φ(γ(0)))‖ for a curve given by its three coefficients, and what rounding,
/// unresolved kinks and the quadrature may amount to; `smooth` where the pieces of Φ are no
/// polynomials.
pub(super) fn path_defect(
    map: &Map,
    coefficients: [Vec<f64>; 3],
    smooth: bool,
    selected: Selected<'_>,
) -> (f64, f64) {
    let dims = map.dims();
    let d = dims.w;
    let curve = Curve {
        points: coefficients,
    };
    let total = integrate(map, &curve, smooth, selected);
    let (x0, x1) = (curve.at(0.0), curve.at(1.0));
    let (f0, f1) = (map.apply(&x0[..d], &x0[d..]), map.apply(&x1[..d], &x1[d..]));
    let defect = (0..d)
        .map(|i| (total.integral[i] - (f1[i] - f0[i])).powi(2))
        .sum::<f64>()
        .sqrt();
    // Rounding: the sums, the evaluations, the nodes (u each); crossings are confined to panels of
    // 2⁻⁴⁶, charged above.
    let span: f64 = x0.iter().chain(&x1).map(|v| v * v).sum::<f64>().sqrt();
    let width = dims.w + dims.lambda + dims.units + 20;
    let rounding = map.rounding(&x0[d..], Roundoff::DOUBLE).value;
    let floor = gamma(4 * total.panels + width) * (total.size + f0.norm() + f1.norm())
        + 4.0 * Rounding::at(rounding, span)
        + width as f64 * UNIT * (1.0 + span) * (1.0 + total.size)
        + total.unresolved;
    (defect, floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instances::{Instance, Kind, Spec};
    use crate::linalg::Matrix;
    use crate::maps::{Activation, Layer, Problem};

    /// relu(w + λ) on the line, with a derivative of our own.
    fn relu_path(derivative: fn(f64) -> f64, curve: [Vec<f64>; 3]) -> (f64, f64) {
        let one = |v: f64| Matrix::from_element(1, 1, v);
        let map = Map::new(Problem::Layer(Layer {
            a: one(1.0),
            v: one(0.5),
            b: one(1.0),
            c: nalgebra::DVector::zeros(1),
            activation: Activation::Relu,
        }))
        .unwrap();
        let mut selected = |w: &[f64], l: &[f64], vw: &[f64], vl: &[f64]| {
            vec![derivative(0.5 * w[0] + l[0]) * (0.5 * vw[0] + vl[0])]
        };
        path_defect(&map, curve, false, &mut selected)
    }

    #[test]
    fn a_slope_that_is_wrong_on_an_interval_is_rejected_and_one_wrong_at_a_point_is_not() {
        let through = || [vec![-1.0, -0.25], vec![2.0, 1.0], vec![0.5, 0.0]];
        let along = || [vec![-1.0, 0.5], vec![2.0, -1.0], vec![0.0, 0.0]];
        let relu = |z: f64| if z > 0.0 { 1.0 } else { 0.0 };
        let two_at_zero = |z: f64| {
            if z > 0.0 {
                1.0
            } else if z == 0.0 {
                2.0
            } else {
                0.0
            }
        };
        let wrong = |z: f64| if z > 0.25 { 1.0 } else { 0.0 };
        for curve in [through, along] {
            for derivative in [relu, two_at_zero] {
                let (defect, floor) = relu_path(derivative, curve());
                // A million roundings at most.
                let small = gamma(1 << 20);
                assert!(defect <= floor && floor < small, "{defect} {floor}");
            }
        }
        let (defect, floor) = relu_path(wrong, through());
        assert!(defect > 1e3 * floor, "{defect} {floor}");
    }

    /// The same on smooth pieces, along a line in w through the middle of every group's ball.
    #[test]
    fn a_slope_off_by_one_in_a_million_is_rejected_on_smooth_pieces() {
        for kind in [
            Kind::LayerTanh,
            Kind::GroupLasso,
            Kind::LogisticGroup,
            Kind::LogisticBox,
        ] {
            let instance = Instance::generate(&Spec::typical(kind, 4), 2).unwrap();
            let (map, lambda) = (&instance.map, &instance.lambda);
            let (d, m) = (map.dims().w, lambda.len());
            let start: Vec<f64> = (0..d)
                .map(|i| 3.0 + i as f64)
                .chain(lambda.clone())
                .collect();
            let velocity: Vec<f64> = (0..d)
                .map(|i| -2.0 * (3.0 + i as f64))
                .chain(vec![0.0; m])
                .collect();
            for (times, right) in [(1.0, true), (1.0 + 1e-6, false)] {
                let (mut lin, mut ws) = (map.linearization(), map.workspace());
                let mut selected = |w: &[f64], l: &[f64], vw: &[f64], vl: &[f64]| {
                    let mut out = Matrix::zeros(d, 1);
                    map.linearize(w, l, &mut Tie::Weight(0.0), &mut lin);
                    map.jvp_w(
                        &lin,
                        &Matrix::from_column_slice(d, 1, vw),
                        &mut out,
                        &mut ws,
                    );
                    map.add_jvp_lambda(
                        &lin,
                        &Matrix::from_column_slice(m, 1, vl),
                        &mut out,
                        &mut ws,
                    );
                    (out * times).as_slice().to_vec()
                };
                let curve = [start.clone(), velocity.clone(), vec![0.0; d + m]];
                let (defect, floor) = path_defect(map, curve, true, &mut selected);
                assert_eq!(defect <= floor, right, "{kind:?} {times}: {defect} {floor}");
            }
        }
    }
}
