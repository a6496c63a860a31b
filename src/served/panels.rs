//! Conservativity, panel by panel (theory, section 10, item 4).
//!
//! Along a curve γ a conservative V satisfies F(γ(b)) - F(γ(a)) = ∫Vγ' whatever it selects at
//! kinks, which are met at single parameters only. Panels are judged one by one: a derivative
//! smoothed symmetrically over a kink has a total discrepancy of 0. Owns the subdivision, the
//! witnesses and their names. Must not know what F and V are.

use super::caller::Asked;
use super::interpolation::{Chebyshev, integral, tail};
use crate::linalg::random::Random;
use crate::tol::{SERVED_OFF_CENTRE, SERVED_PANELS, SERVED_RATIOS};

/// Clenshaw-Curtis with 17 nodes.
const ORDER: usize = 16;
/// Coefficients that have to be small where a panel holds neither kink nor curvature.
const TAIL: usize = 5;
/// Suspicious levels in a row that make a witness.
const LEVELS: u8 = 3;
/// Halvings after which a witness is named by its ratios.
const HALVINGS: usize = 8;
/// Fewer say nothing.
const NAMED: usize = 3;

/// F and Vγ' along a curve, at parameters in [0, 1].
pub(super) trait Along {
    fn values(&mut self, at: &[f64]) -> Asked<Vec<Vec<f64>>>;
    fn slopes(&mut self, at: &[f64]) -> Asked<Vec<Vec<f64>>>;
}

/// The noise of F and the arithmetic it is computed in, and how far panels are split.
pub(super) struct Rules<'a> {
    pub(super) epsilon: &'a [f64],
    pub(super) u: f64,
    pub(super) least: f64,
}

/// A panel on which the increment and the integral of a component differ.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    pub(super) component: usize,
    pub(super) from: f64,
    pub(super) to: f64,
    /// F(γ(b)) - F(γ(a)) - ∫Vγ'.
    pub(super) gap: f64,
    pub(super) tolerance: f64,
    /// |gap| over (b-a) times the largest |Vγ'| seen of the component.
    pub(super) relative: f64,
}

/// What was seen on one curve.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    pub(super) witnesses: Vec<Witness>,
    /// Panels of least length whose discrepancy their kink explains.
    pub(super) kinks: usize,
    pub(super) panels: usize,
    /// More panels would have been needed.
    pub(super) unfinished: bool,
    /// The smallest relative error that would have been seen, by component; infinite where
    /// Vγ' is 0.
    pub(super) resolution: Vec<f64>,
}

impl Walk {
    /// Two of the witnesses are disjoint.
    pub(super) fn is_proven(&self) -> bool {
        let w = &self.witnesses;
        w.iter()
            .enumerate()
            .any(|(k, a)| w[..k].iter().any(|b| a.to <= b.from || b.to <= a.from))
    }
}

/// A panel with the components that are open on it.
struct Panel {
    from: f64,
    to: f64,
    ends: [Vec<f64>; 2],
    /// (component, suspicious levels in a row).
    open: Vec<(usize, u8)>,
}

/// What one component shows on a panel.
struct Shown {
    gap: f64,
    tolerance: f64,
    tail: f64,
    range: f64,
    largest: f64,
}

struct Walker<'a> {
    along: &'a mut dyn Along,
    rules: &'a Rules<'a>,
    chebyshev: Chebyshev,
}

impl Walker<'_> {
    /// Vγ' at the nodes of all panels: one batch.
    fn slopes(&mut self, panels: &[Panel]) -> Asked<Vec<Vec<f64>>> {
        let nodes = &self.chebyshev.nodes;
        let place = |p: &Panel, x: f64| {
            // Both ends to the bit, so that neighbours share them.
            if x == -1.0 {
                p.from
            } else if x == 1.0 {
                p.to
            } else {
                0.5 * ((p.from + p.to) + (p.to - p.from) * x)
            }
        };
        let at: Vec<f64> = panels
            .iter()
            .flat_map(|p| nodes.iter().map(move |x| place(p, *x)))
            .collect();
        self.along.slopes(&at)
    }

    /// tol = 8ε + 8u(|F_a| + |F_b| + (b-a)·max|Vγ'|).
    fn show(&self, panel: &Panel, slopes: &[Vec<f64>], i: usize) -> Shown {
        let run: Vec<f64> = slopes.iter().map(|v| v[i]).collect();
        let c = self.chebyshev.coefficients(&run);
        let length = panel.to - panel.from;
        let (a, b) = (panel.ends[0][i], panel.ends[1][i]);
        let (lo, hi) = run
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| {
                (lo.min(*v), hi.max(*v))
            });
        let largest = lo.abs().max(hi.abs());
        let sizes = a.abs() + b.abs() + length * largest;
        Shown {
            gap: (b - a) - 0.5 * length * integral(&c),
            tolerance: 8.0 * self.rules.epsilon[i] + 8.0 * self.rules.u * sizes,
            tail: tail(&c, TAIL) * length,
            range: length * (hi - lo),
            largest,
        }
    }
}

/// Walks along a curve until every panel is resolved or two disjoint witnesses are found.
pub(super) fn walk(along: &mut dyn Along, rules: &Rules<'_>, random: &mut Random) -> Asked<Walk> {
    let width = rules.epsilon.len();
    let mut walker = Walker {
        along,
        rules,
        chebyshev: Chebyshev::new(ORDER),
    };
    let middle = split(0.0, 1.0, random);
    let mut ends = walker.along.values(&[0.0, middle, 1.0])?.into_iter();
    let (Some(a), Some(b), Some(c)) = (ends.next(), ends.next(), ends.next()) else {
        return Ok(Walk::default());
    };
    let all: Vec<(usize, u8)> = (0..width).map(|i| (i, 0)).collect();
    let mut panels = vec![
        Panel {
            from: 0.0,
            to: middle,
            ends: [a, b.clone()],
            open: all.clone(),
        },
        Panel {
            from: middle,
            to: 1.0,
            ends: [b, c],
            open: all,
        },
    ];
    let mut walk = Walk {
        resolution: vec![f64::INFINITY; width],
        ..Walk::default()
    };
    let mut largest = vec![0.0f64; width];
    while !panels.is_empty() {
        walk.panels += panels.len();
        if walk.panels > SERVED_PANELS {
            walk.unfinished = true;
            break;
        }
        let slopes = walker.slopes(&panels)?;
        let mut next = Vec::new();
        for (panel, slopes) in panels.into_iter().zip(slopes.chunks(ORDER + 1)) {
            let length = panel.to - panel.from;
            let (mut open, mut kink) = (Vec::new(), false);
            for &(i, count) in &panel.open {
                let shown = walker.show(&panel, slopes, i);
                largest[i] = largest[i].max(shown.largest);
                let gap = shown.gap.abs();
                if gap <= shown.tolerance {
                    let seen = shown.tolerance / (length * shown.largest);
                    walk.resolution[i] = walk.resolution[i].min(seen);
                    continue;
                }
                let suspicious = shown.tail <= shown.tolerance;
                let count = if suspicious { count + 1 } else { 0 };
                let bottom = length <= rules.least;
                if bottom && gap <= shown.range + shown.tolerance {
                    kink = true;
                } else if (bottom && !suspicious) || count == LEVELS {
                    // A stretch between nodes is looked for below the bottom too.
                    let (from, to, gap) = (panel.from, panel.to, shown.gap);
                    let (component, tolerance, relative) = (i, shown.tolerance, f64::NAN);
                    walk.witnesses.push(Witness {
                        component,
                        from,
                        to,
                        gap,
                        tolerance,
                        relative,
                    });
                } else {
                    open.push((i, count));
                }
            }
            walk.kinks += usize::from(kink);
            if !open.is_empty() {
                next.push(Panel { open, ..panel });
            }
        }
        if walk.is_proven() {
            break;
        }
        panels = halves(walker.along, next, random)?;
    }
    for w in &mut walk.witnesses {
        w.relative = w.gap.abs() / ((w.to - w.from) * largest[w.component]);
    }
    Ok(walk)
}

/// Near the middle.
fn split(from: f64, to: f64, random: &mut Random) -> f64 {
    let off = SERVED_OFF_CENTRE * random.between(-1.0, 1.0);
    from + (to - from) * (0.5 + off)
}

/// Every panel in two, with one batch of values.
fn halves(along: &mut dyn Along, panels: Vec<Panel>, random: &mut Random) -> Asked<Vec<Panel>> {
    if panels.is_empty() {
        return Ok(panels);
    }
    let at: Vec<f64> = panels.iter().map(|p| split(p.from, p.to, random)).collect();
    let values = along.values(&at)?;
    let mut out = Vec::with_capacity(2 * panels.len());
    for (panel, (middle, value)) in panels.into_iter().zip(at.into_iter().zip(values)) {
        let [a, b] = panel.ends;
        let open = panel.open.clone();
        out.push(Panel {
            from: panel.from,
            to: middle,
            ends: [a, value.clone()],
            open,
        });
        out.push(Panel {
            from: middle,
            to: panel.to,
            ends: [value, b],
            open: panel.open,
        });
    }
    Ok(out)
}

/// What a witness is, by how its discrepancy shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    WrongProduct,
    Jump,
    Unnamed,
}

/// Halves a witness up to 8 times while its discrepancy is above 4 tol, keeping the larger half:
/// a wrong product halves with the panel, a jump of F stays. Narrows the witness.
pub(super) fn name(
    along: &mut dyn Along,
    rules: &Rules<'_>,
    witness: &mut Witness,
    random: &mut Random,
) -> Asked<Kind> {
    let i = witness.component;
    let mut walker = Walker {
        along,
        rules,
        chebyshev: Chebyshev::new(ORDER),
    };
    let mut ratios = Vec::new();
    let mut tolerance = witness.tolerance;
    while ratios.len() < HALVINGS && witness.gap.abs() > 4.0 * tolerance {
        let mut ends = walker
            .along
            .values(&[witness.from, witness.to])?
            .into_iter();
        let (Some(a), Some(b)) = (ends.next(), ends.next()) else {
            break;
        };
        let (from, to) = (witness.from, witness.to);
        let whole = Panel {
            from,
            to,
            ends: [a, b],
            open: Vec::new(),
        };
        let both = halves(walker.along, vec![whole], random)?;
        let slopes = walker.slopes(&both)?;
        let shown = both.iter().zip(slopes.chunks(ORDER + 1));
        let larger = shown
            .map(|(p, slopes)| (p, walker.show(p, slopes, i)))
            .max_by(|a, b| a.1.gap.abs().total_cmp(&b.1.gap.abs()));
        let Some((panel, shown)) = larger else { break };
        ratios.push(shown.gap.abs() / witness.gap.abs());
        (witness.from, witness.to, witness.gap) = (panel.from, panel.to, shown.gap);
        tolerance = shown.tolerance;
    }
    let mean = ratios.iter().sum::<f64>() / ratios.len().max(1) as f64;
    Ok(match mean {
        _ if ratios.len() < NAMED => Kind::Unnamed,
        mean if mean < SERVED_RATIOS[0] => Kind::WrongProduct,
        mean if mean > SERVED_RATIOS[1] => Kind::Jump,
        _ => Kind::Unnamed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scalar<F, G>(F, G);

    impl<F: Fn(f64) -> f64, G: Fn(f64) -> f64> Along for Scalar<F, G> {
        fn values(&mut self, at: &[f64]) -> Asked<Vec<Vec<f64>>> {
            Ok(at.iter().map(|t| vec![(self.0)(*t)]).collect())
        }
        fn slopes(&mut self, at: &[f64]) -> Asked<Vec<Vec<f64>>> {
            Ok(at.iter().map(|t| vec![(self.1)(*t)]).collect())
        }
    }

    fn rules(epsilon: &[f64]) -> Rules<'_> {
        Rules {
            epsilon,
            u: crate::tol::UNIT,
            least: crate::tol::SERVED_PANEL,
        }
    }

    fn kind(f: impl Fn(f64) -> f64, g: impl Fn(f64) -> f64) -> Option<Kind> {
        let (mut along, mut random) = (Scalar(f, g), Random::new(1));
        let rules = rules(&[1e-16]);
        let mut walk = walk(&mut along, &rules, &mut random).unwrap();
        walk.witnesses.first()?;
        Some(name(&mut along, &rules, &mut walk.witnesses[0], &mut random).unwrap())
    }

    #[test]
    fn any_selection_at_a_kink_passes_and_other_slopes_do_not() {
        let sign = |t: f64| {
            if t > 0.3 {
                1.0
            } else if t < 0.3 {
                -1.0
            } else {
                7.0
            }
        };
        assert_eq!(kind(|t| (t - 0.3).abs(), sign), None);
        assert_eq!(
            kind(|t| (20.0 * t).sin(), |t| 20.0 * (20.0 * t).cos()),
            None
        );
        let wrong = kind(
            |t| (t - 0.3).abs(),
            |t| if t > 0.3 { 1.0 } else { -1.000_001 },
        );
        assert_eq!(wrong, Some(Kind::WrongProduct));
        // Smoothed over ±ℓ: the total discrepancy is 0.
        let smoothed = kind(|t| (t - 0.3).abs(), |t| ((t - 0.3) / 1e-3).clamp(-1.0, 1.0));
        assert_eq!(smoothed, Some(Kind::WrongProduct));
        assert_eq!(kind(|t| t + f64::from(t > 0.3), |_| 1.0), Some(Kind::Jump));
    }

    #[test]
    fn a_smooth_curve_costs_three_values_and_34_products() {
        let mut along = Scalar(|t: f64| t * t, |t: f64| 2.0 * t);
        let walk = walk(&mut along, &rules(&[1e-16]), &mut Random::new(1)).unwrap();
        assert_eq!((walk.panels, walk.kinks, walk.witnesses.len()), (2, 0, 0));
        assert!(walk.resolution[0] < 1e-13);
    }
}
