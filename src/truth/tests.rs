use super::*;
use crate::linalg::{Dd, Matrix, Vector};
use crate::maps::{Activation, ElasticNet, Layer, Map, Problem, Tie};
use reference::{Naive, Rational, Scalar};

pub(crate) fn net() -> (Map, [f64; 2]) {
    let x = Matrix::from_fn(6, 4, |i, j| {
        ((i * 7 + j * 3 + i * j * 5) % 11) as f64 / 5.0 - 1.0
    });
    let y = Vector::from_fn(6, |i, _| ((i * 5) % 7) as f64 / 3.0 - 1.0);
    (
        Map::new(Problem::ElasticNet(ElasticNet { x, y, step: 0.25 })).unwrap(),
        [0.05, 0.3],
    )
}

fn layer(activation: Activation) -> (Map, [f64; 2]) {
    let f = |i: usize, j: usize| ((i * 5 + j * 3 + 1) % 7) as f64 / 20.0 - 0.15;
    let problem = Problem::Layer(Layer {
        a: Matrix::from_fn(3, 4, f),
        v: Matrix::from_fn(4, 3, |i, j| 3.0 * f(j, i)),
        b: Matrix::from_fn(4, 2, |i, j| 4.0 * f(i + 1, j)),
        c: Vector::from_column_slice(&[0.3, -0.4, 0.2, 0.1]),
        activation,
    });
    (Map::new(problem).unwrap(), [0.4, -0.7])
}

#[test]
fn fixed_points_and_jacobians_agree_with_a_double_double_solve() {
    for (map, lambda) in [
        net(),
        layer(Activation::Relu),
        layer(Activation::Tanh),
        layer(Activation::Abs),
    ] {
        let truth = Truth::solve(&map, &lambda).unwrap();
        assert!(truth.fixed_point.error < 1e-14, "{:?}", truth.fixed_point);
        let naive: Naive<Dd> = Naive::new(map.problem(), &lambda);
        let w: Vec<Dd> = truth.w().iter().map(|v| Dd::exactly(*v)).collect();
        let p = naive.at(&w, &mut Tie::Weight(0.0)).unwrap();
        let j = truth.jacobian.as_ref().unwrap();
        let mut m = naive.jacobian_w(&p);
        for (k, column) in m.iter_mut().enumerate() {
            for (i, v) in column.iter_mut().enumerate() {
                *v = Dd::from(if i == k { 1.0 } else { 0.0 }) - *v;
            }
        }
        let b: Vec<Vec<Dd>> = (0..2).map(|k| naive.column(&p, k)).collect();
        let exact = reference::solve(&m, &b).unwrap();
        for k in 0..2 {
            for i in 0..j.j.nrows() {
                assert!((exact[k][i].hi() - j.j[(i, k)]).abs() <= j.error);
            }
        }
        assert!(j.error < 1e-12);
    }
}

/// An elastic net with κ = 1/(1-q) of a thousand: w and J are known to the last bits all the same,
/// and J in rational arithmetic is within its bound.
#[test]
fn a_bad_condition_does_not_widen_the_bounds() {
    let mut stream = crate::linalg::stream::Stream(5);
    let (n, d) = (9, 8);
    let mut x = stream.matrix(n, d);
    // Two columns that are nearly one.
    let like = x.column(0) + stream.matrix(n, 1).column(0) * 0.01;
    x.set_column(1, &like);
    let y = &x * stream.matrix(d, 1).column(0);
    let step = 1.9 / (x.singular_values().max().powi(2) / n as f64);
    let map = Map::new(ElasticNet { x, y, step }).unwrap();
    let lambda = [0.001, 0.0005];
    let truth = Truth::solve(&map, &lambda).unwrap();
    let (j, w) = (truth.jacobian.as_ref().unwrap(), truth.w());
    assert!(truth.kappa() > 500.0, "{}", truth.kappa());
    assert!(w.iter().any(|v| *v != 0.0));
    assert!(truth.fixed_point.error <= 1e-15 * w.norm());
    assert!(j.error <= 1e-15 * j.j.norm(), "{} {}", j.error, j.j.norm());
    // On its piece w(λ) solves a linear system, and J another.
    let naive: Naive<Rational> = Naive::new(map.problem(), &lambda);
    let start: Vec<Rational> = w.iter().map(|v| Rational::exactly(*v)).collect();
    let newton = |at: &[Rational]| {
        let p = naive.at(at, &mut Tie::Weight(0.0)).unwrap();
        let mut m = naive.jacobian_w(&p);
        for (k, column) in m.iter_mut().enumerate() {
            for (i, v) in column.iter_mut().enumerate() {
                *v = Rational::exactly(f64::from(u8::from(i == k))) - &*v;
            }
        }
        (p, m)
    };
    let (p, m) = newton(&start);
    let r = p.value.iter().zip(&start).map(|(v, w)| v - w).collect();
    let delta = reference::solve(&m, &vec![r]).unwrap().remove(0);
    let exact: Vec<Rational> = start.iter().zip(&delta).map(|(w, d)| w + d).collect();
    let (p, m) = newton(&exact);
    assert_eq!(p.value, exact);
    let off = delta.iter().map(|v| v.to_f64().powi(2)).sum::<f64>().sqrt();
    assert!(off <= truth.fixed_point.error && off > 0.0);
    let columns: Vec<Vec<Rational>> = (0..2).map(|k| naive.column(&p, k)).collect();
    let solved = reference::solve(&m, &columns).unwrap();
    let off = |k: usize, i: usize| (&solved[k][i] - Rational::exactly(j.j[(i, k)])).to_f64();
    let off = (0..2)
        .flat_map(|k| (0..d).map(move |i| off(k, i).powi(2)))
        .sum::<f64>()
        .sqrt();
    assert!(off <= j.error, "{off} {}", j.error);
    // The bound is not far off either.
    assert!(j.error <= 20.0 * off.max(1e-17), "{off} {}", j.error);
}

/// Units of an elastic net at their kinks, or too near to tell, leave no single J.
#[test]
fn an_elastic_net_near_its_kinks_has_no_single_jacobian() {
    let map = Map::new(ElasticNet {
        x: Matrix::identity(3, 3) * 3f64.sqrt(),
        y: Vector::from_column_slice(&[1.0, 0.5, -1.0]) * 3f64.sqrt(),
        step: 1.0,
    })
    .unwrap();
    // w(λ) = 0 exactly from λ₁ = z_0 on.
    let mut lin = map.linearization();
    map.linearize(&[0.0; 3], &[1.0, 0.5], &mut Tie::Weight(0.0), &mut lin);
    let z = lin.z[0];
    for (lambda, near) in [
        (z, true),
        (z.next_down(), true),
        (z.next_up(), true),
        (0.9 * z, false),
        (1.1 * z, false),
    ] {
        let truth = Truth::solve(&map, &[lambda, 0.5]).unwrap();
        let kinks: &[usize] = if near { &[0, 2] } else { &[] };
        assert_eq!(truth.moduli().kinks, kinks, "{lambda}");
        assert_eq!(truth.jacobian.is_none(), near, "{lambda}");
    }
}

#[test]
fn exact_rationals_and_double_double_agree_on_the_recursion() {
    let (map, lambda) = net();
    let truth = Truth::solve(&map, &lambda).unwrap();
    let run = itd_run(&truth, &[0.0; 4], 6);
    let exact: Naive<Rational> = Naive::new(map.problem(), &lambda);
    let mut itd = reference::Itd::start(&exact, &[0.0; 4]);
    for t in 0..=6 {
        for j in 0..2 {
            for i in 0..4 {
                let got = run.d[t][(i, j)];
                assert!((got - itd.d[j][i].to_f64()).abs() <= f64::EPSILON * got.abs());
            }
        }
        itd.step(&mut Tie::Weight(0.0)).unwrap();
    }
}

#[test]
fn the_tail_continues_the_run() {
    for (map, lambda) in [net(), layer(Activation::Relu)] {
        let truth = Truth::solve(&map, &lambda).unwrap();
        let d = map.dims().w;
        let run = itd_run(&truth, &vec![0.0; d], 60);
        let from = run.identified.unwrap();
        let tail = Tail::at_solution(&truth).unwrap();
        let s = 60 - from;
        let (delta, e) = tail
            .power(s)
            .unwrap()
            .advance(&(&run.w[from] - truth.w()), &run.error[from]);
        assert!((e - &run.error[60]).norm() < 1e-13);
        assert!((delta - (&run.w[60] - truth.w())).norm() < 1e-13);
    }
}

#[test]
fn a_map_that_is_no_contraction_has_no_truth() {
    let (map, _) = net();
    // Step 0.25 with λ₂ = 20: |1 - η(μ+λ₂)| > 1.
    let failure = Truth::solve(&map, &[0.1, 20.0]).unwrap_err();
    assert!(matches!(failure, Unsolved::NotContraction { q } if q > 1.0));
    assert!(failure.to_string().contains("Assumption 3.1(ii)"));
}

#[test]
fn a_solution_on_a_kink_has_no_single_jacobian() {
    // Φ(w) = relu(0.5w + λ) at λ = 0: w(λ) = 0 exactly on the kink.
    let one = |v: f64| Matrix::from_element(1, 1, v);
    let problem = Problem::Layer(Layer {
        a: one(1.0),
        v: one(0.5),
        b: one(1.0),
        c: Vector::zeros(1),
        activation: Activation::Relu,
    });
    let truth = Truth::solve(&Map::new(problem).unwrap(), &[0.0]).unwrap();
    assert_eq!(truth.moduli().kinks, vec![0]);
    assert!(truth.jacobian.is_none());
    let run = itd_run(&truth, &[0.0], 3);
    assert_eq!(run.doubt_from, Some(0));
    // Weight 0 gives D_t = 0; any slopes s_t ∈ [0, 1] give D_{t+1} = s_t(D_t/2 + 1), at most 1,
    // 1.5, 1.75: the band is exactly that.
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-10;
    for (t, most) in [0.0, 1.0, 1.5, 1.75].into_iter().enumerate() {
        assert_eq!(run.d[t][(0, 0)], 0.0);
        assert!(close(run.band[t], most), "{:?}", run.band);
    }
    let aid = aid_run(&truth, truth.w(), 3).unwrap();
    assert!(aid.doubt && close(aid.band[3][0], 1.75));
    // (D^k)ᵀy with any slopes at every product is at most 2 here, and the band of reverse mode
    // holds it.
    assert!(
        aid.band[3][1] >= 1.75 && aid.band[3][1] < 8.0,
        "{:?}",
        aid.band
    );
    // Away from kinks there is no band.
    let smooth = Truth::solve(&net().0, &net().1).unwrap();
    assert!(
        itd_run(&smooth, &[0.0; 4], 3)
            .band
            .iter()
            .all(|b| *b == 0.0)
    );
}

/// ρ and the second modulus of matrices that no Schur form in binary64 can tell, from the
/// eigenvalues of the generated entries in 2,000 bits (FLINT, outside this crate).
#[cfg(feature = "instances")]
#[test]
fn the_local_rate_is_enclosed_where_eigenvectors_are_no_help() {
    use crate::instances::{Instance, Kind, Spec};
    for (kind, dim, seed, rho, second) in [
        (
            Kind::AffineNonNormal,
            20,
            77,
            0.147_384_854_545_386_5,
            0.145_846_742_256_346_14,
        ),
        (
            Kind::AffineNonNormal,
            15,
            1,
            0.195_900_763_394_581_12,
            0.195_900_763_394_581_12,
        ),
        (
            Kind::AffineNonNormal,
            40,
            3,
            0.333_335_684_179_308_76,
            0.332_226_338_151_684_4,
        ),
        (
            Kind::ElasticNetNearDuplicated,
            40,
            77,
            0.800_000_006_889_862,
            0.800_000_006_889_801_9,
        ),
    ] {
        let spec = Spec {
            dim,
            rows: 2 * dim,
            ..Spec::typical(kind, 1)
        };
        let instance = Instance::generate(&spec, seed).unwrap();
        let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
        let s = truth.spectrum().unwrap();
        // Sixteen digits are quoted.
        let near = |e: crate::linalg::eigen::Enclosure, x: f64| {
            e.lower <= x * (1.0 + 1e-15) && x * (1.0 - 1e-15) <= e.upper
        };
        assert!(near(s.rho, rho) && near(s.second, second), "{s:?}, {rho}");
        assert!(s.rho.relative() <= crate::tol::SPECTRUM_WIDTH, "{s:?}");
        assert!(s.complex != Some(seed != 1), "{s:?}");
    }
}

#[test]
fn nothing_is_identified_where_pieces_meet() {
    // Φ(w) = A max(w + λ, 0) turns the iterates about the kink at w(λ) = 0: the second one lies now
    // on this side, now on that, for good.
    let problem = Problem::Layer(Layer {
        a: Matrix::from_row_slice(1, 1, &[-0.5]),
        v: Matrix::from_element(1, 1, 1.0),
        b: Matrix::from_element(1, 1, 1.0),
        c: Vector::zeros(1),
        activation: Activation::Abs,
    });
    let truth = Truth::solve(&Map::new(problem).unwrap(), &[0.0]).unwrap();
    assert_eq!(truth.moduli().kinks, vec![0]);
    for w0 in [0.0, 0.5, -0.5] {
        assert_eq!(itd_run(&truth, &[w0], 12).identified, None, "w_0 = {w0}");
    }
    assert!(truth.spectrum().is_none());
}

/// Distances to w(λ) far below u‖ŵ‖, against a run in sixty digits outside this crate; the point
/// that AID is given is no nearer than its rounding.
#[cfg(feature = "instances")]
#[test]
fn distances_to_the_solution_do_not_end_at_its_rounding() {
    use crate::instances::{Instance, Kind, Spec};
    let spec = Spec {
        dim: 10,
        rows: 11,
        q: 0.304_708_410_880_090_6,
        ..Spec::typical(Kind::LogisticBox, 1)
    };
    let instance = Instance::generate(&spec, 17_429_280_163_626_175_238).unwrap();
    let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
    let run = itd_run(&truth, &instance.start, 40);
    for (t, e, given) in [(32, 7.7105e-19, 7.3343e-18), (40, 4.8188e-23, 7.2262e-18)] {
        assert!((run.e[t] / e - 1.0).abs() < 1e-3, "e_{t} = {:e}", run.e[t]);
        let at = run.e_given[t];
        assert!((at / given - 1.0).abs() < 1e-3, "given w_{t}: {at:e}");
    }
    // What that takes: far below the rounding of ŵ, 1e-17 here.
    let left = truth.fixed_point.rest_error;
    assert!(left < 1e-26, "{left:e}");
}
