//! Metamorphic twins: the same problem in two encodings must get the same verdicts.

use nalgebra::{DMatrix, DVector};
use ratecert::case::Factory;
use ratecert::checks::Ruling;
use ratecert::claims::{Catalogue, Claim, Label};
use ratecert::evidence::Evidence;
use ratecert::instances::{Instance, Kind, Random, Spec};
use ratecert::judge::{Judging, judge};
use ratecert::linalg::Matrix;
use ratecert::maps::{
    Activation, Affine, AffineForm, Clip, ElasticNet, Layer, Loss, Map, MaxMin, Problem, Prox,
    ProxGradient, Tie,
};
use ratecert::methods::Ours;
use ratecert::truth::Truth;

/// Judges both by every claim that asks for steps, with this crate's own implementations, and
/// compares rulings check by check. Inconclusive must match too, except where rounding decides how
/// far a window reaches. Claims that are inconclusive on both compare nothing and do not count.
fn same_verdicts(a: &Instance, b: &Instance) {
    let catalogue = Catalogue::builtin().unwrap();
    let wanted = ["bound", "exact", "limit", "below", "gap", "tail", "cg"];
    let claims = catalogue.claims().iter().filter(|c| {
        let named = wanted.iter().any(|w| c.name.contains(w));
        named && !c.name.contains("kink") && !c.method.is_stochastic()
    });
    let mut decided = 0;
    for claim in claims {
        let (one, two) = (rulings(claim, a), rulings(claim, b));
        assert_eq!(one, two, "{}", claim.name);
        assert!(one.iter().all(|(_, r)| *r != Ruling::Fail));
        decided += usize::from(one.iter().any(|(_, r)| *r == Ruling::Pass));
    }
    assert!(decided >= 8, "{decided} claims decide anything");
}

fn rulings(claim: &Claim, instance: &Instance) -> Vec<(String, Ruling)> {
    let evidence = Evidence::new(instance, claim.method, claim.horizon());
    let judging = Judging {
        share: 1.0,
        record: false,
    };
    let mut ours = Ours.make(claim.method).unwrap();
    let judged = judge(
        claim,
        &evidence,
        &Label::named("twin"),
        judging,
        ours.as_mut(),
    );
    let one = |v: &ratecert::claims::Verdict| (v.id.clone(), v.status);
    judged.verdicts.iter().map(one).collect()
}

fn draw(kind: Kind, dim: usize, seed: u64) -> Instance {
    let spec = Spec {
        q: 0.7,
        ..Spec::typical(kind, dim)
    };
    Instance::generate(&spec, seed).unwrap()
}

fn with(i: &Instance, problem: Problem) -> Instance {
    let mut other = i.clone();
    other.map = Map::new(problem).unwrap();
    other
}

/// The nonnegative quadratic programme's projected step is a layer of ReLUs with A = I.
#[test]
fn a_projection_is_a_layer() {
    for seed in 0..3 {
        let i = draw(Kind::NonnegativeQp, 4, seed);
        let Problem::Clip(Clip { a, b, c, .. }) = i.map.problem().clone() else {
            panic!("a projected gradient step is a clip")
        };
        let layer = Problem::Layer(Layer {
            a: DMatrix::identity(4, 4),
            v: a,
            b,
            c,
            activation: Activation::Relu,
        });
        same_verdicts(&i, &with(&i, layer));
    }
}

/// 2·[X; 0; 0; 0] with 4n rows has the same XᵀX/n, bit for bit, but takes the other form of the
/// product.
#[test]
fn the_gram_form_is_the_data_form() {
    for seed in 0..3 {
        let i = draw(Kind::ElasticNetWide, 9, seed);
        let Problem::ElasticNet(ElasticNet { x, y, step }) = i.map.problem().clone() else {
            panic!("an elastic net is an elastic net")
        };
        let (n, d) = x.shape();
        let taller = Problem::ElasticNet(ElasticNet {
            x: DMatrix::from_fn(4 * n, d, |r, k| if r < n { 2.0 * x[(r, k)] } else { 0.0 }),
            y: DVector::from_fn(4 * n, |r, _| if r < n { 2.0 * y[r] } else { 0.0 }),
            step,
        });
        same_verdicts(&i, &with(&i, taller));
    }
}

/// (A, B, c, w_0, y) → (QAQᵀ, QB, Qc, Qw_0, Qy).
#[test]
fn an_affine_map_may_be_rotated() {
    for (kind, seed) in [(Kind::AffineNormal, 0), (Kind::AffineNonNormal, 1)] {
        let i = draw(kind, 5, seed);
        let Problem::Affine(Affine { a, b, c }) = i.map.problem().clone() else {
            panic!("an affine map is affine")
        };
        let q = Random::new(seed + 40).orthogonal(5);
        let turn = |v: &[f64]| (&q * DVector::from_column_slice(v)).as_slice().to_vec();
        let rotated = Problem::Affine(Affine {
            a: &q * a * q.transpose(),
            b: &q * b,
            c: &q * c,
        });
        let mut twin = with(&i, rotated);
        twin.start = turn(&i.start);
        twin.cotangent = turn(&i.cotangent);
        same_verdicts(&i, &twin);
    }
}

/// An elastic net is a proximal gradient step on the quadratic loss, and with one coordinate per
/// group its prox is the group soft-threshold.
#[test]
fn an_elastic_net_is_a_proximal_gradient_step() {
    for seed in 0..3 {
        let i = draw(Kind::ElasticNet, 5, seed);
        let Problem::ElasticNet(ElasticNet { x, y, step }) = i.map.problem().clone() else {
            panic!("an elastic net is an elastic net")
        };
        let as_step = |prox| {
            Problem::ProxGradient(ProxGradient {
                x: x.clone(),
                y: y.clone(),
                step,
                loss: Loss::Quadratic,
                prox,
            })
        };
        same_verdicts(&i, &with(&i, as_step(Prox::Soft)));
        // With groups of one the constants differ (L_1 > 0), the derivative does not.
        let grouped = with(&i, as_step(Prox::Group { size: 1 }));
        same_derivative(&i, &grouped, |j| j.clone());
        all_pass(&grouped);
    }
}

/// max(0, z) is the larger of two affine forms.
#[test]
fn a_projection_is_an_extreme_of_affine_forms() {
    for seed in 0..3 {
        let i = draw(Kind::NonnegativeQp, 4, seed);
        let Problem::Clip(Clip { a, b, c, .. }) = i.map.problem().clone() else {
            panic!("a projected gradient step is a clip")
        };
        let zero = AffineForm {
            a: DMatrix::zeros(4, 4),
            b: DMatrix::zeros(4, b.ncols()),
            c: DVector::zeros(4),
        };
        let extreme = Problem::MaxMin(MaxMin {
            forms: vec![zero, AffineForm { a, b, c }],
            least: vec![false; 4],
        });
        same_verdicts(&i, &with(&i, extreme));
    }
}

/// At fixed (λ₁, λ₂) the elastic net with b + μ in place of b is a layer in μ: soft(z) = relu(z -
/// θ) - relu(-z - θ); and its solution is w = Q⁻¹(b + μ - u), Q = H + λ₂I, with u the fixed point
/// of a projected gradient step on the box-constrained dual min ½(b+μ-u)ᵀQ⁻¹(b+μ-u), |u_i| ≤ λ₁.
/// Hence ∂w/∂μ = Q⁻¹(I - ∂u/∂μ).
#[test]
fn an_elastic_net_is_a_layer_and_a_box_constrained_dual() {
    for seed in 0..3 {
        let i = draw(Kind::ElasticNet, 4, seed);
        let Problem::ElasticNet(ElasticNet { x, y, step }) = i.map.problem().clone() else {
            panic!("an elastic net is an elastic net")
        };
        let (n, d) = x.shape();
        let (lambda1, lambda2) = (i.lambda[0], i.lambda[1]);
        let unit = DMatrix::<f64>::identity(d, d);
        let q = x.tr_mul(&x) / n as f64 + &unit * lambda2;
        let b = x.tr_mul(&y) / n as f64;
        // μ enters both encodings linearly; it is 0 here.
        let mut stacked = DMatrix::zeros(2 * d, d);
        stacked.rows_mut(0, d).copy_from(&(&unit - &q * step));
        stacked.rows_mut(d, d).copy_from(&(&q * step - &unit));
        let mut by_mu = DMatrix::zeros(2 * d, d);
        by_mu.rows_mut(0, d).copy_from(&(&unit * step));
        by_mu.rows_mut(d, d).copy_from(&(&unit * -step));
        let mut a = DMatrix::zeros(d, 2 * d);
        a.columns_mut(0, d).copy_from(&unit);
        a.columns_mut(d, d).copy_from(&(-&unit));
        let threshold = step * lambda1;
        // ‖A‖‖V‖ = 2q certifies a contraction for q < 1/2 only, so the layer is compared by its
        // derivative.
        let layer = Problem::Layer(Layer {
            a,
            v: stacked,
            b: by_mu,
            c: DVector::from_fn(2 * d, |k, _| {
                if k < d {
                    step * b[k] - threshold
                } else {
                    -step * b[k - d] - threshold
                }
            }),
            activation: Activation::Relu,
        });
        let inverse = q.clone().try_inverse().unwrap();
        // ‖I - sQ⁻¹‖ < 1 for s below 2 over the largest eigenvalue of Q⁻¹.
        let spectrum = inverse.clone().symmetric_eigenvalues();
        let s = 2.0 / (spectrum.max() + spectrum.min());
        let dual = Problem::Clip(Clip {
            a: &unit - &inverse * s,
            b: &inverse * s,
            c: &inverse * &b * s,
            lo: DVector::from_element(d, -lambda1),
            hi: DVector::from_element(d, lambda1),
        });
        let mut in_mu = i.clone();
        in_mu.lambda = vec![0.0; d];
        let dual = with(&in_mu, dual);
        all_pass(&dual);
        let truth = Truth::solve(&dual.map, &dual.lambda).unwrap();
        let own = Truth::solve(&i.map, &i.lambda).unwrap();
        let w = &inverse * (&b - truth.w());
        assert!((w - own.w()).amax() < 1e-12, "primal and dual solutions");
        let by_dual = &inverse * (&unit - &truth.jacobian.as_ref().unwrap().j);
        // ∂₁Φ of the layer at w(λ) is that of the elastic net, and so is its implicit derivative in
        // μ.
        let map = Map::new(layer).unwrap();
        let mut lin = map.linearization();
        map.linearize(
            own.w().as_slice(),
            &in_mu.lambda,
            &mut Tie::Weight(0.0),
            &mut lin,
        );
        let p = map.jacobian_w(&lin);
        assert!((&p - &own.jacobian.as_ref().unwrap().p).amax() < 1e-14);
        let by_layer = (&unit - p).lu().solve(&map.jacobian_lambda(&lin)).unwrap();
        assert!((by_layer - by_dual).amax() < 1e-11, "layer and dual");
    }
}

/// Every check of the claims that same_verdicts looks at passes (or says why it cannot tell).
fn all_pass(i: &Instance) {
    same_verdicts(i, i);
}

/// J of the second is `change` of J of the first, to the sum of their certified errors.
fn same_derivative(a: &Instance, b: &Instance, change: impl Fn(&Matrix) -> Matrix) {
    let solve = |i: &Instance| Truth::solve(&i.map, &i.lambda).unwrap().jacobian.unwrap();
    let (a, b) = (solve(a), solve(b));
    assert!((change(&a.j) - b.j).norm() <= a.error + b.error);
}
