//! D_fix: what is proven outside, supports, and products that are found again.

use super::*;

#[test]
fn what_lies_outside_d_fix_is_proven_outside_in_rationals() {
    for kind in KINDS {
        let (_, _, kinks) = solved(kind, 2, 1, 11);
        let (x, _) = kinks.element(&kinks.corner(0), &kinks.corner(1)).unwrap();
        let inside = kinks.outside_fix(Observed::Whole, &x, 1e-9);
        assert!(inside.is_none_or(|o| o.lower <= 1e-9), "{kind:?}");
        let far = &x * 3.0 + Matrix::from_element(x.nrows(), x.ncols(), 5.0 + x.norm());
        let outside = kinks.outside_fix(Observed::Whole, &far, 0.1).unwrap();
        assert!(outside.lower > 0.1, "{kind:?} {}", outside.lower);
        let element = NearestElement::start(&kinks).unwrap();
        assert!(outside.lower <= element.distance(&far));
    }
}

#[test]
fn images_of_elements_are_seen_and_what_is_elsewhere_is_proven_outside() {
    for kind in KINDS {
        let (_, _, kinks) = solved(kind, 3, 2, 13);
        let mut random = Random::new(5);
        let d = kinks.w.len();
        let y = crate::linalg::Vector::from_fn(d, |_, _| random.normal());
        let observed = Observed::Cotangent(&y);
        let draw = |r: &mut Random| -> Vec<f64> {
            let [lo, hi] = kinks.form.range;
            let weight = |r: &mut Random| r.integer(0, 8) as f64 / 8.0;
            (0..kinks.count())
                .map(|_| lo + (hi - lo) * weight(r))
                .collect()
        };
        for _ in 0..4 {
            let (s, s2) = (draw(&mut random), draw(&mut random));
            let joint = observed.of(&kinks.element(&s, &s).unwrap().0).0;
            let (slopes, near) = kinks.fitted(Set::Joint, observed, &joint).unwrap();
            assert!(near < 1e-9, "{kind:?} {near} {slopes:?} {s:?}");
            let to_joint = kinks.distance_to(Set::Joint, observed, &joint, 40).unwrap();
            assert!(to_joint.lower <= 1e-12 && to_joint.upper < 1e-9);
            let imp = observed.of(&kinks.element(&s, &s2).unwrap().0).0;
            let to_imp = kinks.distance_to(Set::Imp, observed, &imp, 40).unwrap();
            assert!(to_imp.lower <= 1e-12 && to_imp.upper < 1e-3, "{to_imp:?}");
            // The image of D_imp is within that of D_fix.
            let outside = kinks.outside_fix(observed, &imp, 1e-9);
            assert!(outside.is_none_or(|o| o.lower <= 1e-9), "{kind:?}");
        }
        let x = kinks
            .element(&draw(&mut random), &draw(&mut random))
            .unwrap()
            .0;
        let near = observed.of(&x).0;
        let far = &near * 3.0 + Matrix::from_element(near.nrows(), 1, 5.0 + near.norm());
        let outside = kinks.outside_fix(observed, &far, 0.1).unwrap().lower;
        let ball = kinks.outside_ball(observed, &far).unwrap();
        let distance = (&far - &near).norm() / y.norm();
        assert!(
            0.1 < outside && outside <= distance * (1.0 + 1e-12),
            "{outside} {distance}"
        );
        assert!(ball <= distance * (1.0 + 1e-12));
        // What is seen of X is never further away than X.
        let whole = Matrix::from_fn(x.nrows(), x.ncols(), |_, _| random.normal());
        let seen = observed.of(&whole).0;
        let of = |i: Observed, m: &Matrix| kinks.distance_to(Set::Joint, i, m, 40).unwrap();
        assert!(of(observed, &seen).lower <= of(Observed::Whole, &whole).upper);
        for wrong in [
            Matrix::zeros(2, 2),
            Matrix::from_element(near.nrows(), 1, f64::NAN),
        ] {
            assert!(kinks.outside_fix(observed, &wrong, 0.1).is_none());
            assert!(kinks.fitted(Set::Joint, observed, &wrong).is_none());
        }
    }
}

#[test]
fn products_with_random_slopes_are_found_again_from_their_image() {
    let (mut found, mut all) = (0, 0);
    for kind in KINDS {
        for seed in 0..5 {
            let (_, _, kinks) = solved(kind, 3, 2, 17 + seed);
            let mut random = Random::new(seed);
            let d = kinks.w.len();
            let y = crate::linalg::Vector::from_fn(d, |_, _| random.normal());
            let [lo, hi] = kinks.form.range;
            let steps = 12;
            let mut draw = || -> Vec<f64> {
                let weight = |_| lo + (hi - lo) * random.integer(0, 16) as f64 / 16.0;
                (0..kinks.count()).map(weight).collect()
            };
            let mut x = Matrix::zeros(d, kinks.form.right_lambda.ncols());
            for _ in 0..steps {
                x = kinks.step(&draw(), &draw(), &x);
            }
            let shown = Observed::Cotangent(&y).of(&x).0;
            let same = |s: f64| vec![vec![s; kinks.count()]; steps];
            let starts = [same(lo), same(hi)];
            // Where the twelve steps themselves end.
            let enough = 2.0 * kinks.q.powi(12) * (x.norm() + 1.0) + 1e-12;
            let near = kinks.near_product(&y, &shown, &starts, enough).unwrap();
            all += 1;
            found += usize::from(near.distance <= enough);
        }
    }
    assert!(found * 10 >= all * 9, "{found} of {all}");
}

#[test]
fn no_element_of_d_fix_goes_further_than_its_support_bound() {
    let (mut tighter, mut all, mut closest) = (0, 0, 0.0f64);
    for kind in KINDS {
        for (dim, rows, seed) in [(1, 1, 3), (2, 1, 0), (4, 3, 1), (20, 8, 2)] {
            let (_, _, kinks) = solved(kind, dim, rows, seed);
            let k = kinks.count();
            let (d, m) = kinks.shape();
            let mut random = Random::new(seed);
            let (centre, radius) = kinks.ball().unwrap();
            let y = crate::linalg::Vector::from_fn(d, |_, _| random.normal());
            for observed in [Observed::Whole, Observed::Cotangent(&y)] {
                let (rows, columns) = match observed {
                    Observed::Whole => (d, m),
                    Observed::Cotangent(_) => (m, 1),
                };
                for _ in 0..3 {
                    let z = Matrix::from_fn(rows, columns, |_, _| random.normal());
                    // Y, and X as Y sees it.
                    let direction = observed.direction::<f64>(&z);
                    let big = Matrix::from_fn(d, direction.len(), |i, j| direction[j][i]);
                    let seen = |x: &Matrix| {
                        let rows: Vec<Vec<f64>> = x
                            .row_iter()
                            .map(|r| observed.reduced(r.iter().copied().collect(), &z))
                            .collect();
                        Matrix::from_fn(d, direction.len(), |i, j| rows[i][j])
                    };
                    let scaled = radius * observed.scale(&z) * (1.0 + 1e-9);
                    let support = kinks.support_bound(&centre, scaled, observed, &z);
                    let size = crate::sets::nuclear_upper(&big);
                    let bound = support.of(&big, size);
                    all += 1;
                    tighter += usize::from(bound < size * scaled);
                    // Y may be that of one row, too.
                    let unit = kinks.form.right_w.row(kinks.active[0]);
                    let b: Vec<f64> = (0..direction.len()).map(|_| random.normal()).collect();
                    let single = Matrix::from_fn(d, b.len(), |i, j| unit[i] * b[j]);
                    let by_unit = support.of_unit(0, &b);
                    for trial in 0..30 {
                        // Backwards from Y: each step the vertex that adds most, or any.
                        let mut steps = Vec::new();
                        let mut now = if trial % 2 == 0 {
                            big.clone()
                        } else {
                            single.clone()
                        };
                        for _ in 0..40 {
                            let codes = [0, (1 << k) - 1, random.integer(0, (1 << k) - 1)];
                            let best = codes
                                .iter()
                                .flat_map(|a| codes.iter().map(move |b| (*a, *b)))
                                .max_by(|p, q| {
                                    let at = |(a, b): (usize, usize)| {
                                        let (s, s2) = (kinks.corner(a), kinks.corner(b));
                                        now.dot(&seen(&kinks.step(&s, &s2, &centre)))
                                    };
                                    at(*p).total_cmp(&at(*q))
                                });
                            let (a, b) = best.unwrap();
                            steps.push((a, b));
                            let slopes = kinks.slopes(&kinks.corner(a));
                            now = kinks.product(&slopes, &kinks.form.right_w).tr_mul(&now);
                        }
                        let mut x = centre.clone();
                        for (a, b) in steps.iter().rev() {
                            x = kinks.step(&kinks.corner(*a), &kinks.corner(*b), &x);
                        }
                        let beyond = seen(&(&x - &centre));
                        let (value, most) = if trial % 2 == 0 {
                            (big.dot(&beyond), bound)
                        } else {
                            (single.dot(&beyond), by_unit)
                        };
                        assert!(
                            value <= most,
                            "{kind:?} {dim} {observed:?} {value} > {most}"
                        );
                        closest = closest.max(value / most);
                    }
                }
            }
        }
    }
    // Attained where one unit is at its kink.
    assert!(closest > 0.999_999, "{closest}");
    assert!(tighter * 4 >= all * 3, "{tighter} of {all}");
}

#[test]
fn products_are_never_proven_outside() {
    for kind in KINDS {
        for seed in 0..6 {
            let (_, _, kinks) = solved(kind, 3, 2, 40 + seed);
            let mut random = Random::new(seed);
            let all = (1 << kinks.count()) - 1;
            let (mut x, _) = kinks.element(&kinks.corner(0), &kinks.corner(all)).unwrap();
            for _ in 0..25 {
                let mut code = || random.integer(0, all);
                x = kinks.step(&kinks.corner(code()), &kinks.corner(code()), &x);
            }
            let y = crate::linalg::Vector::from_fn(x.nrows(), |_, _| random.normal());
            for observed in [Observed::Whole, Observed::Cotangent(&y)] {
                let outside = kinks.outside_fix(observed, &observed.of(&x).0, 0.0);
                let lower = outside.map_or(0.0, |o| o.lower);
                assert!(lower <= 1e-12 * (1.0 + x.norm()), "{kind:?} {seed} {lower}");
            }
        }
    }
}
