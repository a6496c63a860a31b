//! The problems that are timed.

use std::hint::black_box;

use ratecert::case::{Algorithm, At, Case, Draw, Implementation, Role, Samples, Target};
use ratecert::linalg::{Matrix, Vector};
use ratecert::maps::composite::{Activation, Composite};
use ratecert::maps::{Affine, ElasticNet, Layer, Map, Tie};

use crate::limits::REPETITIONS;
use crate::timing::{cotangent, normal, race};

/// About ‖A‖, by the power method.
pub fn norm(a: &Matrix) -> f64 {
    let mut x = Vector::from_element(a.ncols(), 1.0);
    for _ in 0..200 {
        x = a.tr_mul(&(a * &x));
        x /= x.norm();
    }
    (a * x).norm()
}

/// A regression with about half of its support, its λ, and a point near w(λ).
pub struct Net {
    pub x: Matrix,
    pub y: Vector,
    pub step: f64,
    pub lambda: [f64; 2],
    pub map: Map,
    pub w: Vec<f64>,
}

impl Net {
    pub fn new(n: usize, d: usize) -> Self {
        let x = normal(n, d, 1);
        let y = &x * normal(d, 1, 2).column(0) + normal(n, 1, 3).column(0);
        let ridge = 0.1;
        let step = 1.0 / (norm(&x).powi(2) / n as f64 + ridge);
        let data = ElasticNet {
            x: x.clone(),
            y: y.clone(),
            step,
        };
        let map = Map::new(data).expect("a regression");
        // The median of a normal entry's modulus: half of the weights are thresholded away.
        let lambda = [0.67, ridge];
        let mut w = vec![0.0; d];
        let mut lin = map.linearization();
        for _ in 0..500 {
            map.linearize(&w, &lambda, &mut Tie::Weight(0.0), &mut lin);
            w.copy_from_slice(&lin.value);
        }
        Self {
            x,
            y,
            step,
            lambda,
            map,
            w,
        }
    }

    pub fn support(&self) -> usize {
        self.w.iter().filter(|v| **v != 0.0).count()
    }

    pub fn cotangent(&self) -> Vec<f64> {
        cotangent(self.w.len())
    }
}

pub fn affine(d: usize) -> Map {
    let a = normal(d, d, 4);
    let a = &a * (0.9 / norm(&a));
    let (b, c) = (normal(d, 2, 5), normal(d, 1, 6).column(0).into_owned());
    Map::new(Affine { a, b, c }).expect("affine")
}

pub fn layer(d: usize) -> Map {
    let [a, v] = [7, 8].map(|seed| {
        let a = normal(d, d, seed);
        &a * (0.9 / norm(&a))
    });
    let (b, c) = (normal(d, 2, 9), normal(d, 1, 10).column(0).into_owned());
    let activation = Activation::Relu;
    Map::new(Layer {
        a,
        b,
        c,
        v,
        activation,
    })
    .expect("a layer")
}

/// Seconds of a step of a method on a map, from a run of so many.
pub fn step(
    own: &mut dyn Implementation,
    algorithm: Algorithm,
    (net, map): (&Net, &Map),
    forward: bool,
    t: usize,
) -> f64 {
    let (y, steps, zero) = (net.cotangent(), [t], vec![0.0; net.w.len()]);
    let at = match algorithm {
        Algorithm::Itd => At::Start(&zero),
        _ => At::Point(&net.w),
    };
    let target = if forward {
        Target::Jacobian
    } else {
        Target::Cotangent(&y)
    };
    let case = Case::new(algorithm, map, &net.lambda, at, target, &steps);
    let mut run = || {
        black_box(own.run(&case));
    };
    race(REPETITIONS, &mut [&mut run])[0] / t as f64
}

/// Seconds of an update of NSID or SID on a map with samples, from a run of so many.
pub fn update(own: &mut dyn Implementation, algorithm: Algorithm, net: &Net, k: usize) -> f64 {
    let n = net.x.nrows();
    let x = net.x.transpose().as_slice().to_vec();
    let y = net.y.as_slice().to_vec();
    let samples = Composite::elastic_net(x, y, net.w.len(), net.step).expect("an elastic net");
    let map = Map::sampled(samples).expect("a mean");
    let batch = 100.min(n);
    let draw = |role, count| {
        let draw = Draw::new((1, 1), role, n, (count, batch)).independent();
        draw.expect("rows to draw from")
    };
    let (inner, linear) = (draw(Role::Inner, 10), draw(Role::Linear, k));
    let (eta, y, steps) = (vec![0.1; k], net.cotangent(), [k]);
    let case = Case::new(
        algorithm,
        &map,
        &net.lambda,
        At::Point(&net.w),
        Target::Cotangent(&y),
        &steps,
    );
    let case = case.with_samples(Samples::new(&inner, &linear, &eta));
    let mut run = || {
        black_box(own.run(&case));
    };
    race(REPETITIONS, &mut [&mut run])[0] / k as f64
}
