//! The path-integral test of conservativity: ∫ Vγ' ds = Φ(γ(1)) - Φ(γ(0)) for any selection V ∈ D_Φ(γ(s)) (Theorem 2.4).
//!
//! Curves are polynomial pieces in (w, λ) through w(λ), through random points, and along kinks (where a unit's input is
//! constantly zero, so that every selection is asked for on a whole interval). Where Φ is piecewise polynomial the integrand on a piece is
//! a polynomial in s of degree at most 7, for which Gauss-Legendre with 4 nodes is exact; elsewhere (tanh, logistic losses, groups)
//! every panel is halved once more, and what that changes is added to the floor: an estimate of an error that is 2⁸ times smaller.
//!
//! Pieces are told apart by bisection at the ends, the middle and the nodes of a panel. A piece that is entered and left between them
//! on the side where it was entered does no harm: it agrees with the one that is seen where the curve enters and where it leaves, and the integral of either over
//! the stretch is the difference of these two values.

use super::{Check, Exact, Finding};
use crate::instances::Random;
use crate::linalg::Matrix;
use crate::maps::{Map, Role, Tie, Units};
use crate::tol::{BOUND_ROOM, UNIT, gamma};

/// Nodes and weights of Gauss-Legendre with 4 points on [-1, 1] (Abramowitz and Stegun, table 25.4): exact to degree 7.
const NODES: [(f64, f64); 4] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    (-0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
    (0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];
/// Panels a curve starts with; each is halved while the piece at its ends, middle and nodes differs.
const PANELS: usize = 64;
/// Panels are halved down to 2⁻⁴⁰ of the curve: what lies in one that still straddles a kink is charged to the floor.
const DEPTH: usize = 40;

/// Panels in all: each crossing costs at most DEPTH of them.
const MOST_PANELS: usize = 20_000;
/// Nodes on straight lines are multiples of this, so that dyadic data stay exact.
const NODE_GRID: f64 = 1.0 / (1u64 << 20) as f64;

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
}

/// What is looked at at one place of a curve.
struct Seen {
    /// The piece of every unit, and the bound it is at.
    piece: Vec<[f64; 2]>,
    /// Φ.
    value: Vec<f64>,
}

/// A group has turned by more than 60° from one place to the next: it may have passed through its ball, whose two sides are one piece.
/// Where no group turns more, its distance from 0 is at least comparable to the step, and the quadrature sees what it sees.
fn turned(units: &Units, before: &[f64], after: &[f64]) -> bool {
    let Units::Balls(groups) = units else {
        return false;
    };
    groups.iter().any(|range| {
        let (a, b) = (&before[range.clone()], &after[range.clone()]);
        let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        let norm = crate::linalg::product::norm2;
        dot < 0.5 * norm(a) * norm(b)
    })
}

/// V(w, λ) applied to a velocity: the selection under test.
pub(crate) type Selected<'a> = &'a mut dyn FnMut(&[f64], &[f64], &[f64], &[f64]) -> Vec<f64>;

/// (‖∫Vγ' - [Φ]‖, what rounding, unresolved kinks and quadrature may amount to) for one curve given by its three coefficients; `smooth`
/// where the pieces of Φ are no polynomials.
pub(crate) fn path_defect(
    map: &Map,
    coefficients: [Vec<f64>; 3],
    smooth: bool,
    selected: Selected<'_>,
) -> (f64, f64) {
    let d = map.dims().w;
    let curve = Curve {
        points: coefficients,
    };
    let mut lin = map.linearization();
    let units = map.rounding(&curve.points[0][d..]).units;
    let straight = curve.points[2].iter().all(|v| *v == 0.0);
    let structure = map.structure();
    let boxed = structure.bounded;
    let mut seen = |s: f64| -> Seen {
        let x = curve.at(s);
        map.linearize(&x[..d], &x[d..], &mut Tie::Weight(0.0), &mut lin);
        let norm = crate::linalg::product::norm2(&x[..d]);
        // A unit within rounding of its kink is on neither side: its slope does not matter, for either its input does not
        // change along the curve, or the stretch is as short as rounding.
        let piece = lin.piece().enumerate().map(|(i, key)| {
            let band = units
                .get(i)
                .map_or(0.0, |u| crate::maps::Rounding::at(*u, norm));
            if lin.margin[i] <= 4.0 * band {
                [f64::MAX, 0.0]
            } else if boxed && lin.slope[i] == 0.0 {
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
    };
    let mut total = vec![0.0; d];
    let (mut size, mut panels, mut unresolved) = (0.0f64, 0usize, 0.0f64);
    let mut stack: Vec<(f64, f64, usize)> = (0..PANELS)
        .rev()
        .map(|i| (i as f64 / PANELS as f64, (i + 1) as f64 / PANELS as f64, 0))
        .collect();
    while let Some((a, b, depth)) = stack.pop() {
        let [n0, n1, n2, n3] = NODES.map(|n| 0.5 * (1.0 + n.0));
        let probes = [0.0, n0, n1, 0.5, n2, n3, 1.0].map(|x| seen(a + x * (b - a)));
        let one_piece = probes.windows(2).all(|p| {
            p[0].piece == p[1].piece && !turned(&structure.units, &p[0].value, &p[1].value)
        });
        if !one_piece && depth < DEPTH && panels + stack.len() < MOST_PANELS {
            let mid = 0.5 * (a + b);
            stack.push((mid, b, depth + 1));
            stack.push((a, mid, depth + 1));
            continue;
        }
        let mut over = |a: f64, b: f64| -> (Vec<f64>, f64) {
            let (mut sum, mut size) = (vec![0.0; d], 0.0);
            for (node, weight) in NODES {
                let s = 0.5 * (a + b) + 0.5 * (b - a) * node;
                // On a straight line the integrand is constant on an affine piece: short nodes meet ties exactly.
                let s = if straight && !smooth && b - a >= NODE_GRID {
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
        };
        let (mut sum, mut at) = over(a, b);
        if smooth {
            let mid = 0.5 * (a + b);
            let (left, right) = (over(a, mid), over(mid, b));
            let halves: Vec<f64> = left.0.iter().zip(&right.0).map(|(l, r)| l + r).collect();
            let change = sum.iter().zip(&halves).map(|(s, h)| (s - h).powi(2));
            let change = change.sum::<f64>().sqrt();
            // Near a group's ball the integrand bends sharply.
            if change > BOUND_ROOM * at && depth < DEPTH && panels + stack.len() < MOST_PANELS {
                stack.push((mid, b, depth + 1));
                stack.push((a, mid, depth + 1));
                continue;
            }
            unresolved += change;
            (sum, at) = (halves, left.1 + right.1);
        }
        panels += 1;
        for (t, v) in total.iter_mut().zip(&sum) {
            *t += v;
        }
        size += at;
        if !one_piece {
            unresolved += 4.0 * at;
        }
    }
    let (x0, x1) = (curve.at(0.0), curve.at(1.0));
    let (f0, f1) = (map.apply(&x0[..d], &x0[d..]), map.apply(&x1[..d], &x1[d..]));
    let defect = (0..d)
        .map(|i| (total[i] - (f1[i] - f0[i])).powi(2))
        .sum::<f64>()
        .sqrt();
    // Rounding: the sums, the evaluations, the nodes (u each); crossings are confined to panels of 2⁻⁴⁶, charged above.
    let dims = map.dims();
    let span: f64 = x0.iter().chain(&x1).map(|v| v * v).sum::<f64>().sqrt();
    let width = dims.w + dims.lambda + dims.units + 20;
    let rounding = map.rounding(&x0[d..]).value;
    let floor = gamma(4 * panels + width) * (size + f0.norm() + f1.norm())
        + 4.0 * crate::maps::Rounding::at(rounding, span)
        + width as f64 * UNIT * (1.0 + span) * (1.0 + size)
        + unresolved;
    (defect, floor)
}

pub(super) fn judge(_: &Check, exact: &Exact) -> Finding {
    let truth = &exact.truth;
    let (d, m) = truth.naive.dims();
    let smooth = truth.constants.l1 > 0.0;
    let mut random = Random::new(exact.seed);
    let star: Vec<f64> = truth.w().iter().chain(&truth.lambda).copied().collect();
    // λ of a penalty stays in its domain, within half of itself.
    let roles = &truth.map.structure().lambda;
    let positive = roles.iter().any(|r| *r != Role::Free);
    let mut short = |n: usize, scale: f64| -> Vec<f64> {
        (0..n)
            .map(|_| (random.normal() * 16.0 * scale).round() / 16.0)
            .collect()
    };
    let keep_lambda = |v: &mut Vec<f64>| {
        if positive {
            for (x, lambda) in v[d..].iter_mut().zip(&truth.lambda) {
                *x = x.clamp(-1.0, 1.0) * 0.125 * lambda;
            }
        }
    };
    let mut curves: Vec<(&str, [Vec<f64>; 3])> = Vec::new();
    for name in ["through w(λ)", "anywhere", "anywhere"] {
        let (mut p1, mut p2) = (short(d + m, 2.0), short(d + m, 2.0));
        keep_lambda(&mut p1);
        keep_lambda(&mut p2);
        let mut p0 = star.clone();
        if name == "anywhere" {
            let mut shift = short(d + m, 1.0);
            keep_lambda(&mut shift);
            p0.iter_mut().zip(shift).for_each(|(p, s)| *p += s);
        } else {
            // Through the solution at s = 1/2.
            for i in 0..d + m {
                p0[i] -= 0.5 * p1[i] + 0.25 * p2[i];
            }
        }
        curves.push((name, [p0, p1, p2]));
    }
    if let Some(direction) = along_kink(exact, d, m) {
        let p0: Vec<f64> = star.iter().zip(&direction).map(|(s, v)| s - v).collect();
        let p1: Vec<f64> = direction.iter().map(|v| 2.0 * v).collect();
        curves.push(("along a kink", [p0, p1, vec![0.0; d + m]]));
    }
    let mut worst = (f64::NEG_INFINITY, 0.0, 0.0, String::new());
    let mut asked = 0usize;
    let seed = exact.seed;
    for (name, curve) in curves {
        for selection in [
            "0",
            "1/2",
            "1",
            "a new random weight at every call",
            "whichever of 0 and 1 gives more at every call",
        ] {
            let mut state = seed | 1;
            let mut lin = truth.map.linearization();
            let mut ws = truth.map.workspace();
            let mut out = Matrix::zeros(d, 1);
            let mut ties = 0usize;
            let mut selected = |w: &[f64], lambda: &[f64], vw: &[f64], vl: &[f64]| -> Vec<f64> {
                let (x, y) = (
                    Matrix::from_column_slice(d, 1, vw),
                    Matrix::from_column_slice(m, 1, vl),
                );
                let mut image = |fixed: Option<f64>| -> Vec<f64> {
                    let mut weight = |_: usize| {
                        ties += 1;
                        fixed.unwrap_or_else(|| {
                            state = crate::instances::mix(&[state]);
                            (state % 17) as f64 / 16.0
                        })
                    };
                    let mut tie = Tie::Ask(&mut weight);
                    truth.map.linearize(w, lambda, &mut tie, &mut lin);
                    truth.map.jvp_w(&lin, &x, &mut out, &mut ws);
                    truth.map.add_jvp_lambda(&lin, &y, &mut out, &mut ws);
                    out.as_slice().to_vec()
                };
                match selection {
                    "0" => image(Some(0.0)),
                    "1/2" => image(Some(0.5)),
                    "1" => image(Some(1.0)),
                    "a new random weight at every call" => image(None),
                    _ => {
                        let (zero, one) = (image(Some(0.0)), image(Some(1.0)));
                        let sum = |v: &[f64]| v.iter().sum::<f64>();
                        if sum(&one) > sum(&zero) { one } else { zero }
                    }
                }
            };
            let (defect, floor) = path_defect(&truth.map, curve.clone(), smooth, &mut selected);
            asked += ties;
            let what = format!("the curve {name} with weight {selection} at ties");
            if !(defect <= floor) {
                return Finding::decided(
                    false,
                    defect,
                    floor,
                    floor / defect,
                    format!("{what}: the path integral is off by {defect:e}, floor {floor:e}"),
                );
            }
            if defect / floor > worst.0 {
                worst = (defect / floor, defect, floor, what);
            }
        }
    }
    Finding::decided(
        true,
        worst.1,
        worst.2,
        worst.2 / worst.1,
        format!("{asked} ties asked for; closest {}", worst.3),
    )
}

/// A short dyadic direction along which the input of one unit that is at its kink at w(λ) does not change.
fn along_kink(exact: &Exact, d: usize, m: usize) -> Option<Vec<f64>> {
    let unit = *exact.truth.moduli.kinks.first()?;
    let row = exact.truth.map.input_row(unit)?;
    let mut direction = vec![0.0; d + m];
    let mut nonzero = (0..d + m).filter(|&i| row[i] != 0.0);
    match (nonzero.next(), nonzero.next()) {
        (Some(i), Some(j)) => {
            direction[i] = row[j];
            direction[j] = -row[i];
        }
        (first, _) => {
            let free = (0..d + m).find(|i| Some(*i) != first)?;
            direction[free] = 1.0;
        }
    }
    Some(direction)
}
