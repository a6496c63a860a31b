//! Checks that live in rationals: selections, inclusions, one-sided derivatives, agreement with binary64.

use super::{Check, Exact, Finding};
use crate::claims::verdict::{Plot, Points};
use crate::instances::Random;
use crate::linalg::Matrix;
use crate::methods::{Case, Method};
use crate::theory::Level;
use crate::tol::{DISTANCE_GAP, EXACT_NEWTON_DIM, UNIT, bound_room};
use crate::trajectory::Estimates;
use crate::truth::kinks::{Course, Image, Kinks, Selection, Set, Shadow, course};
use crate::truth::reference::{Rational, Scalar};

/// Largest dimension of an exact run: numbers grow by two dozen bits a step.
const MOST_DIM: usize = 8;

const SELECTIONS: [Selection; 5] = [
    Selection::Fixed(0.0),
    Selection::Fixed(0.5),
    Selection::Fixed(1.0),
    Selection::Random(0x5eed),
    Selection::Adversarial,
];

/// The three bounds for t = 0..=steps with the distances of an exact run.
fn bounds(exact: &Exact, e: &[f64]) -> [Vec<f64>; 3] {
    let mut th = exact.theorem.clone();
    th.e0 = e[0];
    th.tau = crate::theory::tau(th.q, th.e0, th.moduli.r);
    [
        (0..e.len()).map(|t| th.paper_itd(t)).collect(),
        th.trajectory_itd(e),
        th.sharp_itd(e),
    ]
}

/// The largest excess/bound over steps and levels: (ratio, step, level, excess, bound).
fn worst(exact: &Exact, run: &Course) -> (f64, usize, Level, f64, f64) {
    let mut out = (f64::NEG_INFINITY, 0, Level::Paper, 0.0, 0.0);
    let all = bounds(exact, &run.e);
    for ((_, level), bound) in Level::NAMES.iter().zip(&all) {
        for (t, x) in run.excess.iter().enumerate() {
            let ratio = if *x == 0.0 {
                0.0
            } else {
                x / (bound[t] * bound_room(t))
            };
            if !(ratio <= out.0) {
                out = (ratio, t, *level, *x, bound[t]);
            }
        }
    }
    out
}

pub(super) fn selections(check: &Check, exact: &Exact, kinks: &Kinks) -> Finding {
    if kinks.w.len() > MOST_DIM {
        return Finding::inconclusive("too large for an exact run");
    }
    let w0: Vec<Rational> = exact.run.w[0]
        .iter()
        .map(|v| Rational::exactly(*v))
        .collect();
    let mut top = (f64::NEG_INFINITY, 0, Level::Paper, 0.0, 0.0);
    let (mut what, mut ties) = (String::new(), 0);
    for (from, start) in [("w_0", &w0), ("w(λ)", &kinks.w)] {
        for selection in SELECTIONS {
            let selection = match selection {
                Selection::Random(_) => Selection::Random(exact.seed),
                other => other,
            };
            let steps = if from == "w_0" {
                check.steps
            } else {
                check.steps.min(8)
            };
            let Some(run) = course(kinks, start, steps, selection) else {
                return Finding::inconclusive("the exact run could not be done");
            };
            ties += run.ties;
            let here = worst(exact, &run);
            if !(here.0 <= top.0) {
                top = here;
                what = format!(
                    "{} from {from}, {} bound at t = {}",
                    selection.describe(),
                    here.2.name(),
                    here.1
                );
            }
            if !(here.0 <= 1.0) {
                let (d, lost) = &run.d[here.1];
                let most = here.4 * bound_room(here.1) + lost;
                let lower = kinks
                    .outside_fix(Image::Whole, d, most)
                    .map_or(0.0, |o| o.lower);
                let detail = format!(
                    "{what}: the shadow is {:e} away, bound {:e}",
                    here.3, here.4
                );
                if lower > most {
                    return Finding::decided(false, lower, here.4, here.4 / lower, detail);
                }
                return Finding::inconclusive(detail);
            }
        }
    }
    let detail = format!("{ties} ties decided in rationals; closest {what}");
    Finding {
        plot: picture(kinks),
        ..Finding::decided(true, top.3, top.4, top.4 / top.3, detail)
    }
}

/// D_imp, D_joint and walks into D_fix where they lie in a plane: d = 1, two parameters, one kink.
fn picture(kinks: &Kinks) -> Option<Plot> {
    const LINES: usize = 12;
    const STEPS: usize = 24;
    const THINNEST: f64 = 0.1;
    if (
        kinks.w.len(),
        kinks.form.right_lambda.ncols(),
        kinks.count(),
    ) != (1, 2, 1)
    {
        return None;
    }
    let [lo, hi] = kinks.form.range;
    let slope = |n: usize, of: usize| lo + (hi - lo) * n as f64 / of as f64;
    let point = |d: &Matrix| (d[(0, 0)], d[(0, 1)]);
    let element = |s: f64, s2: f64| kinks.element(&[s], &[s2]).map(|e| point(&e.0));
    // Where little but the unit on its kink moves with λ, the set is a segment to the eye.
    let (from, a, b) = (element(lo, lo)?, element(hi, lo)?, element(lo, hi)?);
    let (a, b) = ((a.0 - from.0, a.1 - from.1), (b.0 - from.0, b.1 - from.1));
    if (a.0 * b.1 - a.1 * b.0).abs() <= THINNEST * (a.0.hypot(a.1) * b.0.hypot(b.1)) {
        return None;
    }
    // The grid as one line, to and fro in either direction.
    let mut grid = Vec::new();
    for turned in [false, true] {
        for i in 0..=LINES {
            for j in 0..=LINES {
                let j = if i % 2 == 0 { j } else { LINES - j };
                let (a, b) = if turned { (j, i) } else { (i, j) };
                grid.push(element(slope(a, LINES), slope(b, LINES))?);
            }
        }
    }
    let joint: Option<Vec<_>> = (0..=4 * LINES)
        .map(|n| element(slope(n, 4 * LINES), slope(n, 4 * LINES)))
        .collect();
    let walk = |selection: Selection| {
        let run = course(kinks, &kinks.w, STEPS, selection)?;
        Some(run.d.iter().map(|(d, _)| point(d)).collect::<Vec<_>>())
    };
    let mut d = Matrix::zeros(1, 2);
    let middle = slope(1, 2);
    let aid: Vec<_> = (0..=STEPS)
        .map(|_| {
            let at = point(&d);
            d = kinks.step(&[middle], &[middle], &d);
            at
        })
        .collect();
    Some(Plot::new(
        "implicit-set",
        format!("q = {:.2}", kinks.q),
        vec![
            Points::new("D_imp", grid),
            Points::new("D_joint", joint?),
            Points::new("ITD, adversarial selections", walk(Selection::Adversarial)?),
            Points::new("ITD, random selections", walk(Selection::Random(1))?),
            Points::new("ITD, slope at its lower end", walk(Selection::Fixed(0.0))?),
            Points::new("AID-FP, joint middle slope", aid),
        ],
    ))
}

/// D_joint ⊂ D_imp ⊂ D_fix on random elements; for `strict`, how far the larger reaches beyond the smaller's hull.
pub(super) fn inclusion(exact: &Exact, kinks: &Kinks, strict: bool) -> Finding {
    if kinks.w.len() > EXACT_NEWTON_DIM {
        return Finding::inconclusive("too large for rationals");
    }
    if kinks.count() == 0 {
        return Finding::inconclusive("no unit at its kink: the three sets are one matrix");
    }
    if strict {
        return strictness(kinks);
    }
    let mut random = Random::new(exact.seed);
    let [lo, hi] = kinks.form.range;
    let mut draw = || -> Vec<f64> {
        (0..kinks.count())
            .map(|_| lo + (hi - lo) * random.integer(0, 16) as f64 / 16.0)
            .collect()
    };
    let mut worst = 0.0f64;
    for _ in 0..3 {
        let (s, s2) = (draw(), draw());
        // An element of D_imp solves X = AX + B exactly, so D_imp ⊂ D_fix.
        match kinks.solves_set_equation(&s, &s2) {
            Some(true) => {}
            Some(false) => {
                return Finding::decided(
                    false,
                    f64::NAN,
                    0.0,
                    f64::NAN,
                    format!("the element with slopes {s:?}, {s2:?} does not solve X = AX + B"),
                );
            }
            None => return Finding::inconclusive("an element could not be solved for"),
        }
        let Some((x, error)) = kinks.element(&s, &s) else {
            return Finding::inconclusive("an element could not be solved for");
        };
        // conv D_joint ⊂ conv D_imp, seen through the vertices of the latter.
        let Some(to_imp) = kinks.distance_to_imp_hull(Image::Whole, &x) else {
            return Finding::inconclusive("too many kinks");
        };
        let allowed = 4.0 * error + 4.0 * UNIT * x.norm();
        worst = worst.max(to_imp.upper);
        if to_imp.lower > allowed {
            return Finding::decided(
                false,
                to_imp.lower,
                allowed,
                allowed / to_imp.lower,
                format!("the element of D_joint with slopes {s:?} is outside conv D_imp"),
            );
        }
    }
    Finding::decided(
        true,
        worst,
        0.0,
        f64::NAN,
        format!(
            "3 random elements: each of D_imp solves X = AX + B in rationals; each of D_joint is within {worst:.1e} of the hull of the vertices of D_imp"
        ),
    )
}

fn strictness(kinks: &Kinks) -> Finding {
    let k = kinks.count();
    let corner =
        |code: usize| -> Vec<f64> { (0..k).map(|i| kinks.form.range[code >> i & 1]).collect() };
    if k > 2 {
        return Finding::inconclusive("too many kinks for rationals");
    }
    let (mut beyond_joint, mut beyond_imp) = (0.0f64, 0.0f64);
    for a in 0..1usize << k {
        for b in 0..1usize << k {
            let Some((x, error)) = kinks.element(&corner(a), &corner(b)) else {
                return Finding::inconclusive("an element could not be solved for");
            };
            let gap = kinks
                .distance_to_joint_hull(Image::Whole, &x)
                .map_or(0.0, |e| e.lower - error);
            beyond_joint = beyond_joint.max(gap);
            // X ∈ D_imp, then one more step with any vertices: an element of D_fix.
            for c in 0..1usize << k {
                for e in 0..1usize << k {
                    let next = kinks.step(&corner(c), &corner(e), &x);
                    let gap = kinks
                        .hull_gap(Set::Imp, Image::Whole, &next)
                        .map_or(0.0, |g| g.0 - error);
                    beyond_imp = beyond_imp.max(gap);
                }
            }
        }
    }
    let holds = beyond_joint > crate::tol::KINK_GAP && beyond_imp > crate::tol::KINK_GAP;
    let detail = format!(
        "a vertex of D_imp is at least {beyond_joint:.6} from conv D_joint, a product of D_fix at least {beyond_imp:.6} from conv D_imp"
    );
    if !holds {
        return Finding::inconclusive(format!("not both strict here: {detail}"));
    }
    let least = beyond_joint.min(beyond_imp);
    Finding::decided(
        true,
        least,
        crate::tol::KINK_GAP,
        least / crate::tol::KINK_GAP,
        detail,
    )
}

/// (w(λ+hδ) - w(λ))/h in rationals solves v = A_S v + B_S δ exactly, S the slopes of the sides the units move to.
pub(super) fn one_sided(exact: &Exact, kinks: &Kinks) -> Finding {
    if kinks.w.len() > EXACT_NEWTON_DIM {
        return Finding::inconclusive("too large for rationals");
    }
    let mut random = Random::new(exact.seed);
    let m = exact.truth.lambda.len();
    let affine_in = &exact.truth.map.structure().affine_in;
    let mut tried = 0;
    for _ in 0..4 {
        // w is piecewise affine in some entries only.
        let direction: Vec<f64> = (0..m)
            .map(|j| {
                if !affine_in[j] {
                    0.0
                } else {
                    random.integer(1, 8) as f64 / 4.0 * random.sign()
                }
            })
            .collect();
        let (mut found, mut computed) = (false, false);
        for bits in [12, 20, 28] {
            let h = 2f64.powi(-bits);
            let Some(v) = kinks.difference_quotient(
                exact.truth.map.problem(),
                &exact.truth.lambda,
                &direction,
                h,
            ) else {
                continue;
            };
            computed = true;
            if kinks.one_sided_vertex(&v, &direction).is_some() {
                found = true;
                break;
            }
        }
        if !computed {
            return Finding::inconclusive(format!(
                "no difference quotient along {direction:?} could be computed exactly"
            ));
        }
        if !found {
            let detail = format!(
                "along {direction:?} no difference quotient is the value of a vertex of D_joint"
            );
            return Finding::decided(false, f64::NAN, 0.0, f64::NAN, detail);
        }
        tried += 1;
    }
    Finding::decided(
        true,
        0.0,
        0.0,
        f64::NAN,
        format!(
            "{tried} one-sided derivatives equal X_S δ for a vertex X_S of D_joint, in rationals"
        ),
    )
}

/// Binary64 with shadows and rationals with shadows come to the same verdict at every level, and see the same kinks.
pub(super) fn agreement(check: &Check, exact: &Exact, kinks: &Kinks) -> Finding {
    if kinks.w.len() > MOST_DIM {
        return Finding::inconclusive("too large for an exact run");
    }
    let w0: Vec<Rational> = exact.run.w[0]
        .iter()
        .map(|v| Rational::exactly(*v))
        .collect();
    let steps = check.steps.min(exact.run.w.len() - 1);
    let Some(run) = course(kinks, &w0, steps, Selection::Fixed(0.0)) else {
        return Finding::inconclusive("the exact run could not be done");
    };
    let wanted: Vec<usize> = (0..=steps).collect();
    let trajectory = Method::Itd.implementation().run(&Case {
        map: &exact.truth.map,
        lambda: &exact.truth.lambda,
        w: exact.run.w[0].as_slice(),
        cotangent: exact.cotangent.as_slice(),
        path: None,
        steps: &wanted,
    });
    let Estimates::Jacobians(floats) = trajectory.estimates else {
        return Finding::inconclusive("no matrices");
    };
    let Some(mut shadow) = Shadow::start(kinks) else {
        return Finding::inconclusive("the shadow's first element could not be solved for");
    };
    let same_kinks = exact.truth.moduli.kinks == kinks.active;
    let all = bounds(exact, &run.e);
    // Each level at each step: does the certified excess stay below the bound?
    let (mut decisions, mut unequal) = (0, 0);
    for (t, d) in floats.iter().enumerate() {
        let measured = if t == 0 {
            shadow.distance(d)
        } else {
            shadow.follow(d)
        };
        let floor = exact.run.floor.d[t] + 2.0 * shadow.rounding() + drift(exact, t);
        for bound in &all {
            let room = bound_room(t) * (1.0 + DISTANCE_GAP * t as f64);
            let in_binary = measured <= bound[t] * room + floor;
            let in_rationals = run.excess[t] <= bound[t] * bound_room(t);
            decisions += 1;
            unequal += usize::from(in_binary != in_rationals);
        }
    }
    let refutation = |d: &Matrix| {
        kinks
            .hull_gap(Set::Imp, Image::Whole, d)
            .map(|g| g.0 > crate::tol::KINK_GAP)
    };
    let refuted = [
        floats.last().and_then(refutation),
        run.d.last().and_then(|d| refutation(&d.0)),
    ];
    // Within rounding of the kink the two may take different sides; only then may the last decision differ.
    let side_in_doubt = exact.run.doubt_from.is_some_and(|t| t < steps);
    let same_refutation = refuted[0] == refuted[1] || side_in_doubt;
    let holds = same_kinks && unequal == 0 && same_refutation;
    let detail = format!(
        "{decisions} decisions of the bounds, {unequal} of them different; the same kinks: {same_kinks}; the same answer to the closing remark: {same_refutation}"
    );
    Finding::decided(holds, unequal as f64, 0.0, f64::NAN, detail)
}

/// What the floors of the iterates add to the recursion's inhomogeneity over t steps.
fn drift(exact: &Exact, t: usize) -> f64 {
    let th = &exact.theorem;
    let mut total = 0.0;
    for s in 0..t {
        let (e, f) = (exact.run.e[s], exact.run.floor.w[s]);
        let at = |e: f64| (th.b * th.moduli.c(1, e) + th.moduli.c(2, e)) * e;
        total = th.q * total + (at(e + f) - at(e)).max(0.0);
    }
    total
}
