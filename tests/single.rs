//! Implementations in binary32, emulated operation by operation: correct ones pass with u = 2⁻²⁴
//! and fail with u = 2⁻⁵³, and products of fewer digits (TF32) inside them are caught.

use ratecert::case::{At, Case, Method, Target};
use ratecert::instances::{Instance, Kind, Spec};
use ratecert::maps::{Activation, Problem};
use ratecert::testing::{Violation, certify, certify_single};

fn single(x: f64) -> f64 {
    f64::from(x as f32)
}

/// Rounded to 11 significant bits, as TF32 rounds the inputs of products.
fn tf32(x: f64) -> f64 {
    let shift = 2f64.powi(42) * x + x;
    shift - (shift - x)
}

/// A map at λ, every operation rounded to binary32, the inputs of products first by `input`.
struct Rounded<'a> {
    problem: &'a Problem,
    lambda: &'a [f64],
    input: fn(f64) -> f64,
}

/// Φ(w), the mask or slopes there, and the sign of what a threshold takes off.
struct Point {
    value: Vec<f64>,
    slope: Vec<f64>,
    sign: Vec<f64>,
}

impl Rounded<'_> {
    fn times(&self, a: f64, b: f64) -> f64 {
        single((self.input)(a) * (self.input)(b))
    }

    fn dot(&self, pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
        pairs.fold(0.0, |sum, (a, b)| single(sum + self.times(a, b)))
    }

    fn by_rows(&self, m: &ratecert::linalg::Matrix, x: &[f64]) -> Vec<f64> {
        let row = |r: usize| self.dot(m.row(r).iter().copied().zip(x.iter().copied()));
        (0..m.nrows()).map(row).collect()
    }

    fn by_columns(&self, m: &ratecert::linalg::Matrix, y: &[f64]) -> Vec<f64> {
        let column = |j: usize| self.dot(m.column(j).iter().copied().zip(y.iter().copied()));
        (0..m.ncols()).map(column).collect()
    }

    fn sum(a: &[f64], b: &[f64]) -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| single(a + b)).collect()
    }

    /// A v of the elastic net: (1-ηλ₂)v - η Xᵀ(Xv)/n.
    fn net(&self, v: &[f64]) -> Vec<f64> {
        let Problem::ElasticNet(e) = self.problem else {
            unreachable!()
        };
        let keep = single(1.0 - single(e.step * self.lambda[1]));
        let gradient = self.by_columns(&e.x, &self.by_rows(&e.x, v));
        let scale = single(e.step / e.x.nrows() as f64);
        let one = |(v, g): (&f64, &f64)| single(single(keep * v) - single(scale * g));
        v.iter().zip(&gradient).map(one).collect()
    }

    fn at(&self, w: &[f64]) -> Point {
        let affine = |a, b, c: &ratecert::linalg::Vector| {
            let linear = Self::sum(&self.by_rows(a, w), &self.by_rows(b, self.lambda));
            Self::sum(&linear, c.as_slice())
        };
        let (value, slope, sign): (Vec<f64>, Vec<f64>, Vec<f64>) = match self.problem {
            Problem::Affine(p) => {
                let value = affine(&p.a, &p.b, &p.c);
                let d = value.len();
                (value, vec![1.0; d], vec![0.0; d])
            }
            Problem::Clip(p) => {
                let z = affine(&p.a, &p.b, &p.c);
                let inside = |i: usize| z[i] > p.lo[i] && z[i] < p.hi[i];
                let slope: Vec<f64> = (0..z.len())
                    .map(|i| f64::from(u8::from(inside(i))))
                    .collect();
                let value = (0..z.len()).map(|i| z[i].clamp(p.lo[i], p.hi[i])).collect();
                (value, slope, vec![0.0; z.len()])
            }
            Problem::Layer(p) => {
                assert_eq!(p.activation, Activation::Relu);
                let z = affine(&p.v, &p.b, &p.c);
                let active: Vec<f64> = z.iter().map(|z| z.max(0.0)).collect();
                let slope = z.iter().map(|z| f64::from(u8::from(*z > 0.0))).collect();
                (self.by_rows(&p.a, &active), slope, Vec::new())
            }
            Problem::ElasticNet(e) => {
                let b = self.by_columns(&e.x, e.y.as_slice());
                let scale = single(e.step / e.x.nrows() as f64);
                let shift: Vec<f64> = b.iter().map(|b| single(scale * b)).collect();
                let z = Self::sum(&self.net(w), &shift);
                let threshold = single(e.step * self.lambda[0]);
                let slope = z.iter().map(|z| f64::from(u8::from(z.abs() > threshold)));
                let soft = |z: &f64| single((z.abs() - threshold).max(0.0)).copysign(*z);
                let sign = z.iter().map(|z| z.signum());
                (
                    z.iter().map(soft).collect(),
                    slope.collect(),
                    sign.collect(),
                )
            }
            other => panic!("{} has no implementation here", other.kind()),
        };
        Point { value, slope, sign }
    }

    /// ∂₁Φᵀv and ∂₂Φᵀv.
    fn pull(&self, p: &Point, w: &[f64], v: &[f64]) -> [Vec<f64>; 2] {
        let masked =
            |v: &[f64]| -> Vec<f64> { v.iter().zip(&p.slope).map(|(v, s)| v * s).collect() };
        match self.problem {
            Problem::Affine(m) => [self.by_columns(&m.a, v), self.by_columns(&m.b, v)],
            Problem::Clip(m) => {
                let v = masked(v);
                [self.by_columns(&m.a, &v), self.by_columns(&m.b, &v)]
            }
            Problem::Layer(m) => {
                let v = masked(&self.by_columns(&m.a, v));
                [self.by_columns(&m.v, &v), self.by_columns(&m.b, &v)]
            }
            Problem::ElasticNet(e) => {
                let v = masked(v);
                let along = |u: &[f64]| {
                    let sum = self.dot(u.iter().copied().zip(v.iter().copied()));
                    -single(e.step * sum)
                };
                [self.net(&v), vec![along(&p.sign), along(w)]]
            }
            other => panic!("{} has no implementation here", other.kind()),
        }
    }

    fn run(&self, case: &Case<'_>) -> Vec<Vec<f64>> {
        let Target::Cotangent(y) = case.target else {
            panic!("reverse mode")
        };
        let last = case.steps.last().copied().unwrap_or(0);
        let m = self.lambda.len();
        match case.at {
            At::Start(w0) => {
                let mut points = vec![(w0.to_vec(), self.at(w0))];
                for t in 0..last {
                    let w = points[t].1.value.clone();
                    points.push((w.clone(), self.at(&w)));
                }
                let backward = |t: &usize| {
                    let (mut v, mut out) = (y.to_vec(), vec![0.0; m]);
                    for (w, p) in points[..*t].iter().rev() {
                        let [next, by_lambda] = self.pull(p, w, &v);
                        out = Self::sum(&out, &by_lambda);
                        v = next;
                    }
                    out
                };
                case.steps.iter().map(backward).collect()
            }
            At::Point(w) => {
                let (p, mut v) = (self.at(w), vec![0.0; w.len()]);
                let mut all = Vec::new();
                for _ in 0..=last {
                    let [next, by_lambda] = self.pull(&p, w, &v);
                    all.push(by_lambda);
                    v = Self::sum(&next, y);
                }
                case.steps.iter().map(|k| all[*k].clone()).collect()
            }
            _ => panic!("no other places are asked for"),
        }
    }
}

const KINDS: [Kind; 4] = [
    Kind::AffineSymmetric,
    Kind::LayerRelu,
    Kind::ElasticNet,
    Kind::BoxQp,
];

fn instances() -> impl Iterator<Item = Instance> {
    let one = |kind, dim, seed| {
        let spec = Spec {
            q: 0.8,
            ..Spec::typical(kind, dim)
        };
        Instance::generate(&spec, seed).unwrap()
    };
    let sizes = [1, 3, 8];
    KINDS.into_iter().flat_map(move |kind| {
        sizes
            .into_iter()
            .flat_map(move |dim| (0..6).map(move |seed| one(kind, dim, seed)))
    })
}

/// (passed, failed) of all instances.
fn count(method: Method, input: fn(f64) -> f64, in_single: bool) -> (usize, usize) {
    let (mut passed, mut failed) = (0, 0);
    for instance in instances() {
        let answer = |case: &Case<'_>| {
            let problem = case.map.problem();
            Rounded {
                problem,
                lambda: case.lambda,
                input,
            }
            .run(case)
        };
        let outcome = if in_single {
            certify_single(method, &instance, answer)
        } else {
            certify(method, &instance, answer)
        };
        match outcome {
            Ok(()) => passed += 1,
            Err(Violation::Failed(v)) => {
                failed += 1;
                if in_single && input(0.1) == 0.1 {
                    panic!("{method} on {:?}: {} {}", instance.spec, v.check, v.detail);
                }
            }
            Err(_) => {}
        }
    }
    (passed, failed)
}

#[test]
fn binary32_is_judged_by_its_own_floor() {
    for method in [Method::ITD_REVERSE, Method::AID_FP] {
        let (passed, failed) = count(method, |x| x, true);
        assert!(
            failed == 0 && passed >= 60,
            "{method}: {passed} pass, {failed} fail"
        );
        let (passed, failed) = count(method, |x| x, false);
        assert!(
            failed >= 60,
            "{method} in binary64: {passed} pass, {failed} fail"
        );
        let (passed, failed) = count(method, tf32, true);
        assert!(
            failed >= 40,
            "{method} with TF32: {passed} pass, {failed} fail"
        );
    }
}

#[test]
fn data_of_another_arithmetic_are_its_numbers() {
    let u = ratecert::tol::Roundoff::SINGLE;
    for instance in instances() {
        let rounded = instance.clone().in_roundoff(u).unwrap();
        let all = [&rounded.lambda, &rounded.start, &rounded.cotangent];
        assert!(all.into_iter().flatten().all(|x| *x == single(*x)));
        let again = rounded.clone().in_roundoff(u).unwrap();
        assert_eq!(again.map.problem(), rounded.map.problem());
        assert_eq!(rounded.spec, instance.spec);
    }
}
