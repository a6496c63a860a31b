//! Metamorphic twins: the same problem in two encodings must get the same verdicts.

use nalgebra::{DMatrix, DVector};
use ratecert::claims::{Catalogue, Claim, Label, judge};
use ratecert::instances::{Instance, Kind, Random, Spec};
use ratecert::maps::{Activation, Map, Problem};

/// Judges both by every claim that asks for steps, with this crate's own implementations, and compares statuses
/// check by check. Inconclusive must match too, except where rounding decides how far a window reaches.
fn same_verdicts(a: &Instance, b: &Instance) {
    let catalogue = Catalogue::builtin().unwrap();
    let label = Label {
        instance: "twin".into(),
        replay: String::new(),
        plot: false,
    };
    let wanted = ["bound", "exact", "limit", "below", "gap", "tail", "cg"];
    let claims: Vec<&Claim> = catalogue
        .claims()
        .iter()
        .filter(|c| wanted.iter().any(|w| c.name.contains(w)) && !c.name.contains("kink"))
        .collect();
    assert!(claims.len() >= 8);
    for claim in claims {
        let statuses = |i: &Instance| -> Vec<String> {
            let judged = judge(claim, i, &label, claim.method.implementation().as_mut());
            judged
                .verdicts
                .iter()
                .map(|v| format!("{} {}", v.id, v.status.name()))
                .collect()
        };
        assert_eq!(statuses(a), statuses(b), "{}", claim.name);
        assert!(statuses(a).iter().all(|s| !s.ends_with("fail")));
    }
}

fn draw(kind: Kind, dim: usize, seed: u64) -> Instance {
    let spec = Spec {
        q: 0.7,
        ..Spec::typical(kind, dim)
    };
    Instance::generate(&spec, seed).unwrap()
}

fn with(i: &Instance, problem: Problem) -> Instance {
    Instance {
        map: Map::new(problem).unwrap(),
        ..i.clone()
    }
}

/// The nonnegative quadratic programme's projected step is a layer of ReLUs with A = I.
#[test]
fn a_projection_is_a_layer() {
    for seed in 0..3 {
        let i = draw(Kind::NonnegativeQp, 4, seed);
        let Problem::Clip { a, b, c, .. } = i.map.problem().clone() else {
            panic!("a projected gradient step is a clip")
        };
        let layer = Problem::Layer {
            a: DMatrix::identity(4, 4),
            v: a,
            b,
            c,
            activation: Activation::Relu,
        };
        same_verdicts(&i, &with(&i, layer));
    }
}

/// 2·[X; 0; 0; 0] with 4n rows has the same XᵀX/n, bit for bit, but takes the other form of the product.
#[test]
fn the_gram_form_is_the_data_form() {
    for seed in 0..3 {
        let i = draw(Kind::ElasticNetWide, 9, seed);
        let Problem::ElasticNet { x, y, step } = i.map.problem().clone() else {
            panic!("an elastic net is an elastic net")
        };
        let (n, d) = x.shape();
        let taller = Problem::ElasticNet {
            x: DMatrix::from_fn(4 * n, d, |r, k| if r < n { 2.0 * x[(r, k)] } else { 0.0 }),
            y: DVector::from_fn(4 * n, |r, _| if r < n { 2.0 * y[r] } else { 0.0 }),
            step,
        };
        same_verdicts(&i, &with(&i, taller));
    }
}

/// (A, B, c, w_0, y) → (QAQᵀ, QB, Qc, Qw_0, Qy).
#[test]
fn an_affine_map_may_be_rotated() {
    for (kind, seed) in [(Kind::AffineNormal, 0), (Kind::AffineNonNormal, 1)] {
        let i = draw(kind, 5, seed);
        let Problem::Affine { a, b, c } = i.map.problem().clone() else {
            panic!("an affine map is affine")
        };
        let q = Random::new(seed + 40).orthogonal(5);
        let turn = |v: &[f64]| (&q * DVector::from_column_slice(v)).as_slice().to_vec();
        let rotated = Problem::Affine {
            a: &q * a * q.transpose(),
            b: &q * b,
            c: &q * c,
        };
        let mut twin = with(&i, rotated);
        twin.w0 = turn(&i.w0);
        twin.cotangent = turn(&i.cotangent);
        same_verdicts(&i, &twin);
    }
}
