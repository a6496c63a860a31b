//! Products against finite differences and each other, constants against samples.

use proptest::prelude::*;

use super::composite::{Activation, NoiseModel, Outer, Poisoned};
use super::data::Data;
use super::*;
use crate::linalg::{Matrix, Vector};

fn matrix(r: usize, c: usize, seed: &mut u64) -> Matrix {
    let mut stream = crate::linalg::stream::Stream(*seed);
    let drawn = stream.matrix(r, c);
    *seed = stream.0;
    drawn
}

fn v(r: usize, s: &mut u64) -> Vector {
    Vector::from_column_slice(matrix(r, 1, s).as_slice())
}

fn maps(mut seed: u64) -> Vec<(Map, Vec<f64>)> {
    let s = &mut seed;
    let (d, m, h, n) = (4, 3, 5, 7);
    let lambda = matrix(m, 1, s).as_slice().to_vec();
    let mut out = vec![
        (
            Problem::Affine(Affine {
                a: matrix(d, d, s) * 0.3,
                b: matrix(d, m, s),
                c: v(d, s),
            }),
            lambda.clone(),
        ),
        (
            Problem::Scaling(Scaling {
                rotation: matrix(d, d, s),
                c: v(d, s),
            }),
            vec![0.4],
        ),
    ];
    let all = [
        Activation::Relu,
        Activation::Abs,
        Activation::LeakyRelu,
        Activation::Tanh,
    ];
    for activation in all {
        out.push((
            Problem::Layer(Layer {
                a: matrix(d, h, s) * 0.3,
                v: matrix(h, d, s) * 0.3,
                b: matrix(h, m, s),
                c: v(h, s),
                activation,
            }),
            lambda.clone(),
        ));
    }
    let labels = |n, s: &mut u64| v(n, s).map(|x| if x < 0.0 { -1.0 } else { 1.0 });
    let boxed = |lo, hi| Prox::Box { lo, hi };
    for prox in [
        Prox::Soft,
        Prox::Group { size: 3 },
        Prox::Groups {
            groups: vec![0..1, 1..4],
            weights: vec![0.7, 1.5],
        },
        Prox::Intervals {
            lower: vec![-0.3, 0.0, f64::NEG_INFINITY, f64::NEG_INFINITY],
            upper: vec![0.2, f64::INFINITY, 0.1, f64::INFINITY],
        },
        boxed(-0.3, 0.2),
        boxed(0.0, f64::INFINITY),
    ] {
        for loss in [Loss::Quadratic, Loss::Logistic] {
            let y = match loss {
                Loss::Quadratic => v(n, s),
                Loss::Logistic => labels(n, s),
            };
            out.push((
                Problem::ProxGradient(ProxGradient {
                    x: matrix(n, d, s),
                    y,
                    step: 0.4,
                    loss,
                    prox: prox.clone(),
                }),
                vec![0.1, 0.05],
            ));
        }
    }
    for bilinear in [0, m] {
        let layer = |activation, s: &mut u64| {
            let inner = matrix(d, d, s);
            let norm = inner.norm();
            Outer::Layer {
                v: inner / norm,
                b: matrix(d, m, s),
                c: v(d, s),
                activation,
            }
        };
        for outer in [
            Outer::Identity,
            Outer::Nonnegative,
            Outer::Box {
                lower: vec![-0.3, 0.0, f64::NEG_INFINITY, -1.0],
                upper: vec![0.2, 0.4, 0.1, f64::INFINITY],
            },
            layer(Activation::Relu, s),
            layer(Activation::Tanh, s),
        ] {
            let inner = NoiseModel {
                a: matrix(d, d, s) * 0.3,
                bilinear: (0..bilinear).map(|_| matrix(d, d, s) * 0.2).collect(),
                b: matrix(d, m, s),
                c: v(d, s),
                channels: Vec::new(),
            };
            out.push((Problem::Composed(Composed { inner, outer }), lambda.clone()));
        }
    }
    out.push((
        Problem::Bilinear(Bilinear {
            a: matrix(d, d, s) * 0.3,
            b: (0..m).map(|_| matrix(d, d, s) * 0.2).collect(),
            c: matrix(d, m, s),
        }),
        lambda.clone(),
    ));
    for (d, scale) in [(4, 0.3), (6, 1.0), (1, 0.5)] {
        out.push((
            Problem::SimplexQp(SimplexQp {
                a: matrix(d, d, s) * scale,
                b: matrix(d, m, s) * 0.3,
                c: v(d, s) * 0.5,
            }),
            lambda.clone(),
        ));
    }
    for (step, least) in [(0.5, -0.4), (0.125, f64::NEG_INFINITY)] {
        out.push((
            Problem::QuadraticProgram(QuadraticProgram {
                q: matrix(d, d, s) * 0.3 + Matrix::identity(d, d) * 2.0,
                lower: v(d, s).map(|x| x.min(least)),
                upper: v(d, s).map(|x| x.max(0.2)),
                step,
            }),
            v(d, s).as_slice().to_vec(),
        ));
    }
    for forms in [2, 3] {
        let form = |s: &mut u64| AffineForm {
            a: matrix(d, d, s) * 0.3,
            b: matrix(d, m, s),
            c: v(d, s),
        };
        out.push((
            Problem::MaxMin(MaxMin {
                forms: (0..forms).map(|_| form(s)).collect(),
                least: vec![true, false, true, false],
            }),
            lambda.clone(),
        ));
    }
    for (classes, corrupted) in [(3, vec![4, 0]), (2, vec![6])] {
        let rows = matrix(n, d, s);
        let labels = (0..n).map(|i| (i * i) % classes).collect();
        let noise = matrix(corrupted.len() * d, 1, s);
        let inner = Poisoned::new(rows.as_slice(), labels, classes, corrupted).unwrap();
        let inner = inner.with(0.4, 0.05).unwrap();
        let threshold = 0.1;
        out.push((
            Problem::Poisoning(Poisoning { inner, threshold }),
            noise.as_slice().to_vec(),
        ));
    }
    out.push((
        Problem::ElasticNet(ElasticNet {
            x: matrix(n, d, s),
            y: v(n, s),
            step: 0.4,
        }),
        vec![0.1, 0.05],
    ));
    out.push((
        Problem::ElasticNet(ElasticNet {
            x: matrix(2, 6, s),
            y: v(2, s),
            step: 0.4,
        }),
        vec![0.05, 0.2],
    ));
    out.into_iter()
        .map(|(p, l)| (Map::new(p).unwrap(), l))
        .collect()
}

fn at(map: &Map, w: &[f64], lambda: &[f64]) -> Linearization<'static> {
    let mut lin = map.linearization();
    map.linearize(w, lambda, &mut Tie::Weight(0.0), &mut lin);
    lin
}

/// Every family, every loss and every prox has a form in files.
#[test]
fn problems_survive_json_exactly() {
    for (map, _) in maps(3) {
        let problem = map.problem();
        let text = serde_json::to_string(problem).unwrap();
        let back: Problem = serde_json::from_str(&text).unwrap();
        assert_eq!(&back, problem, "{text}");
        assert!(text.contains(&format!("\"kind\":\"{}\"", problem.kind())));
    }
}

proptest! {
    #[test]
    fn products_are_derivatives_and_transposes_agree(seed: u64) {
        let mut s = seed;
        for (map, lambda) in maps(seed) {
            let Dims { w: d, lambda: m, .. } = map.dims();
            let w = matrix(d, 1, &mut s).as_slice().to_vec();
            let lin = at(&map, &w, &lambda);
            prop_assert!(map.apply(&w, &lambda).as_slice() == &lin.value[..]);
            let (j1, j2) = (map.jacobian_w(&lin), map.jacobian_lambda(&lin));
            let y = matrix(d, 1, &mut s);
            let (mut out1, mut out2) = (vec![0.0; d], vec![0.0; m]);
            let mut ws = map.workspace();
            map.vjp_w(&lin, y.as_slice(), &mut out1, &mut ws);
            map.vjp_lambda(&lin, y.as_slice(), &mut out2, &mut ws);
            prop_assert!((j1.tr_mul(&y).column(0) - Vector::from_vec(out1)).amax() < 1e-14);
            prop_assert!((j2.tr_mul(&y).column(0) - Vector::from_vec(out2)).amax() < 1e-14);
            // Central differences, where no unit is within reach of its kink.
            let h = 1e-6;
            if lin.margin.iter().all(|v| *v > 1e-4) {
                for k in 0..d + m {
                    let mut ends = [-h, h].map(|step| {
                        let (mut w, mut l) = (w.clone(), lambda.clone());
                        if k < d { w[k] += step } else { l[k - d] += step }
                        map.apply(&w, &l)
                    });
                    let slope = (&ends[1] - &ends[0]) / (2.0 * h);
                    ends[0].fill(0.0);
                    let want = if k < d { j1.column(k).into_owned() } else { j2.column(k - d).into_owned() };
                    prop_assert!((slope - want).amax() < 1e-8);
                }
            }
        }
    }

    #[test]
    fn constants_and_moduli_hold_on_samples(seed: u64) {
        let mut s = seed;
        for (map, lambda) in maps(seed) {
            let d = map.dims().w;
            let w = matrix(d, 1, &mut s).as_slice().to_vec();
            let lin = at(&map, &w, &lambda);
            let c = map.constants(&lambda);
            let moduli = map.moduli_at(&w, &lambda, 0.0);
            let (j1, j2) = (map.jacobian_w(&lin), map.jacobian_lambda(&lin));
            prop_assert!(crate::linalg::norm::spectral_lower(&j1) <= c.q);
            prop_assert!(j2.singular_values().max() <= moduli.d2_sup * (1.0 + 1e-14), "{map:?} {} {}", j2.singular_values().max(), moduli.d2_sup);
            for scale in [0.01, 0.1, 1.0, 10.0] {
                let u: Vec<f64> = w.iter().map(|v| v + scale * matrix(1, 1, &mut s)[0]).collect();
                let lu = at(&map, &u, &lambda);
                let e = (Vector::from_vec(u) - Vector::from_vec(w.clone())).norm();
                let gaps = [
                    (map.jacobian_w(&lu) - &j1).singular_values().max(),
                    (map.jacobian_lambda(&lu) - &j2).singular_values().max(),
                ];
                for (j, gap) in gaps.into_iter().enumerate() {
                    prop_assert!(gap <= moduli.omega(j + 1, e) + 1e-13, "ω {map:?}");
                    prop_assert!(moduli.omega(j + 1, e) <= moduli.c(j + 1, e) * e * (1.0 + 1e-12), "{map:?}");
                }
            }
        }
    }
}

/// A selection from the value of Φ alone gives the same products, to the last bit, and the kinks of
/// a point are those of its moduli.
#[test]
fn a_value_tells_the_selection_and_kinks_need_no_moduli() {
    let [mut told, mut seen, mut some] = [0; 3];
    for seed in 0..20 {
        for (map, lambda) in maps(seed) {
            let dims = map.dims();
            let mut s = seed ^ 77;
            let (w, y) = (matrix(dims.w, 1, &mut s), matrix(dims.w, 1, &mut s));
            let x = matrix(dims.w, 3, &mut s);
            // From a point of a trajectory on, some units are off.
            let w = map.apply(w.as_slice(), &lambda).as_slice().to_vec();
            let lin = at(&map, &w, &lambda);
            let mut other = map.linearization();
            other.slope.fill(f64::NAN);
            told += usize::from(!map.reselect_in(&w, &lin.value, &lambda, &mut other));
            let all = |lin: &Linearization| {
                let (mut ws, mut forward) = (map.workspace(), Matrix::zeros(dims.w, 3));
                let (mut back, mut by_lambda) = (vec![0.0; dims.w], vec![0.0; dims.lambda]);
                map.jvp_w(lin, &x, &mut forward, &mut ws);
                map.vjp_w(lin, y.as_slice(), &mut back, &mut ws);
                map.vjp_lambda(lin, y.as_slice(), &mut by_lambda, &mut ws);
                let d0 = Matrix::from_fn(dims.w, dims.lambda, |i, j| x[(i, j % 3)]);
                let mut pushed = Matrix::zeros(dims.w, dims.lambda);
                map.push_forward(lin, &d0, &mut pushed, &mut ws);
                (forward, back, by_lambda, map.jacobian_lambda(lin), pushed)
            };
            assert_eq!(all(&lin), all(&other), "{map:?}");
            for error in [0.0, 0.1, 1.0] {
                if let Some(kinks) = map.kinks_at(&w, &lambda, error) {
                    let of_moduli = map.moduli_at(&w, &lambda, error).kinks;
                    assert_eq!(kinks, of_moduli, "{map:?}");
                    (seen, some) = (seen + 1, some + kinks.len());
                }
            }
        }
    }
    assert!(
        told >= 40 && seen >= 20 && some >= 20,
        "{told} {seen} {some}"
    );
}

/// Ties ask for their weights one by one, in order, and nothing else does.
#[test]
fn ties_of_a_threshold_are_asked_for() {
    let map = Map::new(ElasticNet {
        x: Matrix::identity(3, 3) * 3f64.sqrt(),
        y: Vector::from_column_slice(&[1.0, 0.5, -1.0]) * 3f64.sqrt(),
        step: 1.0,
    })
    .unwrap();
    // z = (1, ½, -1) to rounding: λ₁ is taken from it.
    let mut lin = map.linearization();
    map.linearize(&[0.0; 3], &[1.0, 0.0], &mut Tie::Weight(0.0), &mut lin);
    let lambda = [lin.z[0], 0.0];
    assert_eq!(lin.z[2], -lin.z[0]);
    let mut asked = Vec::new();
    let mut weight = |i: usize| {
        asked.push(i);
        0.25 + i as f64 / 8.0
    };
    map.linearize(&[0.0; 3], &lambda, &mut Tie::Ask(&mut weight), &mut lin);
    assert_eq!(asked, [0, 2]);
    assert_eq!(lin.slope, [0.25, 0.0, 0.5]);
    map.linearize(&[0.0; 3], &lambda, &mut Tie::Weight(0.75), &mut lin);
    assert_eq!(lin.slope, [0.75, 0.0, 0.75]);
    assert_eq!(lin.value, [0.0; 3]);
}

#[test]
fn nan_comes_out_as_nan() {
    for (map, lambda) in maps(5) {
        let w = vec![f64::NAN; map.dims().w];
        assert!(map.apply(&w, &lambda).iter().all(|v| v.is_nan()), "{map:?}");
    }
}

#[test]
fn lambda_out_of_its_domain_is_refused() {
    let (net, _) = maps(1).pop().unwrap();
    for (lambda, text) in [
        (
            vec![0.0, 1.0],
            "field `lambda[0]`: λ1 must be positive, got 0",
        ),
        (
            vec![1.0, -1.0],
            "field `lambda[1]`: λ2 must be nonnegative, got -1",
        ),
        (vec![1.0], "field `lambda`: expected 2 numbers, got 1"),
        (
            vec![1.0, f64::NAN],
            "field `lambda[1]`: must be finite, got NaN",
        ),
    ] {
        assert_eq!(net.check_lambda(&lambda).unwrap_err().to_string(), text);
    }
}

/// A coordinate that crosses 0 between its bounds stays on its piece.
#[test]
fn a_clip_has_one_piece_between_its_bounds() {
    let clip = Problem::Clip(Clip {
        a: Matrix::from_element(1, 1, 0.5),
        b: Matrix::from_element(1, 1, 1.0),
        c: Vector::zeros(1),
        lo: Vector::from_element(1, -1.0),
        hi: Vector::from_element(1, 1.0),
    });
    let map = Map::new(clip).unwrap();
    let piece = |w: f64| at(&map, &[w], &[0.0]).piece().collect::<Vec<f64>>();
    assert_eq!(piece(-0.5), piece(0.5));
    assert_ne!(piece(0.5), piece(2.5));
    assert_eq!(map.moduli_at(&[0.5], &[0.0], 0.0).kinks.len(), 0);
}

/// At a tie of any weight the selection is a convex combination of the projectors on both sides,
/// and its root is a root.
#[test]
fn ties_on_the_simplex_are_mixtures_of_projectors() {
    let c = Vector::from_column_slice(&[0.5, 0.5, 0.0, 0.0, -1.0]);
    let data = SimplexQp {
        a: Matrix::identity(5, 5) * 0.5,
        b: Matrix::zeros(5, 1),
        c,
    };
    let map = Map::new(data).unwrap();
    let at = |weights: [f64; 2]| {
        let mut lin = map.linearization();
        let mut ask = |i: usize| weights[i - 2];
        map.linearize(&[0.0; 5], &[0.0], &mut Tie::Ask(&mut ask), &mut lin);
        (map.jacobian_w(&lin) * 2.0, lin)
    };
    // θ = 0: coordinates 2 and 3 are at their kink.
    assert_eq!(map.moduli_at(&[0.0; 5], &[0.0], 0.0).kinks, [2, 3]);
    let corner = |i: u8, j: u8| at([f64::from(i), f64::from(j)]).0;
    for [s, t] in [[0.3, 0.0], [0.3, 1.0], [0.7, 0.2], [1.0, 0.9]] {
        let (p, lin) = at([s, t]);
        // With n = Σs before it, a tie of weight s counts with s(n + 1)/(n + s).
        let share = |s: f64, n: f64| s * (n + 1.0) / (n + s);
        let by_t = share(t, 2.0 + s);
        let mixed = |j: u8| {
            // At t = 0 and t = 1 the other tie has 2 and 3 beside it.
            let share = share(s, 2.0 + f64::from(j));
            corner(0, j) * (1.0 - share) + corner(1, j) * share
        };
        let expected = mixed(0) * (1.0 - by_t) + mixed(1) * by_t;
        assert!((&p - expected).amax() < 1e-15, "{s} {t}");
        let root = |inverse: bool| {
            let mut out = Matrix::identity(5, 5);
            for column in out.as_mut_slice().chunks_exact_mut(5) {
                map.scale_by_root(&lin, inverse, column);
            }
            out
        };
        let half = root(false);
        assert!((&half * &half - &p).amax() < 1e-14);
        assert!((root(true) * &half * &p - &p).amax() < 1e-14);
    }
}

/// Each pair of rows is compared: thousands of forms would be examined for hours.
#[test]
fn maps_have_no_more_affine_forms_than_can_be_compared() {
    let map = |d: usize, forms: usize| {
        let form = AffineForm {
            a: Matrix::zeros(d, d),
            b: Matrix::zeros(d, 1),
            c: Vector::zeros(d),
        };
        MaxMin {
            forms: vec![form; forms],
            least: vec![true; d],
        }
    };
    let (most, pairs) = crate::tol::FORMS_MOST;
    for (d, forms) in [(1, most), (pairs / (most * most), most), (40, 500)] {
        map(d, forms).validate().unwrap();
    }
    for (d, forms) in [(1, most + 1), (pairs / (most * most) + 1, most), (41, 500)] {
        let error = map(d, forms).validate().unwrap_err();
        assert_eq!(error.field(), Some("forms"), "{error}");
    }
}
