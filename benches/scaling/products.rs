//! Products, of matrices and of maps.

use ratecert::linalg::Matrix;
use ratecert::linalg::product::{Packed, add_weighted_rows, gemm_few_tr, gemv, gemv_tr};
use ratecert::maps::composite::{Loss, Prox, ProxGradient};
use ratecert::maps::{Map, Tie};

use crate::limits::{Item, against_limits, heading};
use crate::problems::{Net, affine, layer};
use crate::timing::{Machine, normal};

pub fn products(machine: &Machine, d: usize) {
    heading(&format!("d = {d}: products"));
    let a = normal(d, d, 1);
    let packed = Packed::new(&a);
    let x: Vec<f64> = (0..d).map(|i| (i as f64).sin()).collect();
    let half: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, v)| v * (i % 2) as f64)
        .collect();
    let few = normal(d, 2, 2);
    let rows = 10_000.min(4_000_000 / d);
    let data: Vec<f64> = normal(rows * d, 1, 3).as_slice().to_vec();
    let batch: Vec<usize> = (0..100).map(|k| (k * 7919) % rows).collect();
    let [mut o1, mut o2, mut o3, mut o4, mut o5] = [(); 5].map(|()| vec![0.0; d]);
    let [mut m1, mut m2] = [(); 2].map(|()| Matrix::zeros(d, 2));
    let mut entries = Vec::new();
    let items = vec![
        Item::new("Ax", d * d, 2 * d * d, || gemv(1.0, &a, &x, 0.0, &mut o1)),
        Item::new("Ax, packed", d * d, 2 * d * d, || {
            packed.times(1.0, &x, 0.0, &mut o2)
        }),
        Item::new("Ax, half of x is 0", d * d / 2, d * d, || {
            packed.times_nonzero(1.0, &half, 0.0, &mut o3, &mut entries);
        }),
        Item::new("A[x y]", d * d, 4 * d * d, || {
            packed.times_few(1.0, &few, 0.0, &mut m1)
        }),
        Item::new("Aᵀx", d * d, 2 * d * d, || {
            gemv_tr(1.0, &a, &x, 0.0, &mut o4)
        }),
        Item::new("Aᵀ[x y]", d * d, 4 * d * d, || {
            gemm_few_tr(1.0, &a, &few, 0.0, &mut m2)
        }),
        Item::new("X_bᵀX_bv, 100 rows at random", 100 * d, 400 * d, || {
            add_weighted_rows(&data, &x, batch.len(), |k| batch[k], |_, s| s, &mut o5);
        }),
    ];
    against_limits(machine, items);
}

/// The four products of a map. Three read so many numbers of its data and multiply so many (a vector),
/// ∂₂Φᵀ reads and multiplies so many.
pub fn map_products<'a>(
    name: &str,
    map: &'a Map,
    (w, y): (&'a [f64], &'a [f64]),
    [numbers, multiplied, second]: [usize; 3],
) -> Vec<Item<'a>> {
    let (m, lambda) = (map.dims().lambda, &[0.67, 0.1]);
    let linearized = move || {
        let mut lin = map.linearization();
        map.linearize(w, lambda, &mut Tie::Weight(0.0), &mut lin);
        lin
    };
    let (mut lin, l2, l3, l4) = (linearized(), linearized(), linearized(), linearized());
    let [mut w2, mut w3, mut w4] = [(); 3].map(|()| map.workspace());
    let (mut by_w, mut by_lambda) = (vec![0.0; w.len()], vec![0.0; m]);
    // D has the rows of the support, as in a run.
    let mut d0 = Matrix::zeros(w.len(), m);
    map.push_forward(&l3, &normal(w.len(), m, 1), &mut d0, &mut w3);
    let mut pushed = d0.clone();
    vec![
        Item::new(&format!("{name}: Φ"), numbers, 2 * multiplied, move || {
            map.linearize_in(w, lambda, &mut Tie::Weight(0.0), &mut lin);
        }),
        Item::new(
            &format!("{name}: ∂₁Φᵀy"),
            numbers,
            2 * multiplied,
            move || {
                map.vjp_w(&l2, y, &mut by_w, &mut w2);
            },
        ),
        Item::new(
            &format!("{name}: ∂₁ΦD + ∂₂Φ"),
            numbers,
            2 * m * multiplied,
            move || {
                map.push_forward(&l3, &d0, &mut pushed, &mut w3);
            },
        ),
        Item::new(
            &format!("{name}: ∂₂Φᵀy"),
            second,
            2 * second,
            move || {
                map.vjp_lambda(&l4, y, &mut by_lambda, &mut w4);
            },
        ),
    ]
}

pub fn maps(machine: &Machine, d: usize) {
    heading(&format!("d = {d}: maps"));
    let net = Net::new(2 * d, d);
    let (y, affine, layer) = (net.cotangent(), affine(d), layer(d));
    let labels = net.y.map(|v| v.signum());
    let n = 2 * d;
    let logistic = Map::new(ProxGradient {
        x: net.x.clone(),
        y: labels,
        step: net.step,
        loss: Loss::Logistic,
        prox: Prox::Soft,
    })
    .expect("a logistic regression");
    let at = (&net.w[..], &y[..]);
    let half = d * net.support();
    let mut items = map_products("affine", &affine, at, [d * d, d * d, 2 * d]);
    items.extend(map_products(
        "elastic net, half",
        &net.map,
        at,
        [half, half, 2 * d],
    ));
    items.extend(map_products(
        "logistic, n = 2d",
        &logistic,
        at,
        [n * d, 2 * n * d, 2 * d],
    ));
    items.extend(map_products(
        "layer",
        &layer,
        at,
        [2 * d * d, 2 * d * d, d * d],
    ));
    against_limits(machine, items);
}
