//! Implementations in binary32, emulated operation by operation: correct ones pass with u = 2⁻²⁴
//! and fail with u = 2⁻⁵³, and products of fewer digits (TF32) inside them are caught.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ratecert::Roundoff;
use ratecert::case::{Answer, At, Case, Factory, Implementation, Method, Target};
use ratecert::checks::Ruling;
use ratecert::claims::{Catalogue, Label, Profile, Verdict, subject_claims};
use ratecert::conformance::Conformance;
use ratecert::instances::{Instance, Kind, Spec};
use ratecert::judge::{Judging, judge};
use ratecert::linalg::{Matrix, Vector};
use ratecert::maps::{Activation, Affine, Map, Problem};
use ratecert::methods::Ours;
use ratecert::objectives::{HoldOut, Objective};
use ratecert::runner::Plan;
use ratecert::subject::Local;
use ratecert::testing::{Violation, certify, certify_single};
use ratecert::truth::Truth;
use ratecert::wire::Server;

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

    fn by_rows(&self, m: &Matrix, x: &[f64]) -> Vec<f64> {
        let row = |r: usize| self.dot(m.row(r).iter().copied().zip(x.iter().copied()));
        (0..m.nrows()).map(row).collect()
    }

    fn by_columns(&self, m: &Matrix, y: &[f64]) -> Vec<f64> {
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
        let affine = |a, b, c: &Vector| {
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

    /// y, or ∇₁E(w, λ); and 0, or ∇₂E(w, λ).
    fn seed(&self, case: &Case<'_>, w: &[f64]) -> [Vec<f64>; 2] {
        match case.target {
            Target::Cotangent(y) => [y.to_vec(), vec![0.0; self.lambda.len()]],
            Target::Hypergradient(Objective::LeastSquares(o)) => {
                let fitted = self.by_rows(&o.x, w);
                let residual: Vec<f64> = fitted
                    .iter()
                    .zip(&o.y)
                    .map(|(a, b)| single(a - b))
                    .collect();
                let n = o.y.len() as f64;
                let gradient = self.by_columns(&o.x, &residual);
                let ridge = self.lambda.iter().map(|l| self.times(o.ridge, *l));
                [
                    gradient.iter().map(|g| single(g / n)).collect(),
                    ridge.collect(),
                ]
            }
            _ => panic!("reverse mode"),
        }
    }

    fn run(&self, case: &Case<'_>) -> Vec<Vec<f64>> {
        let y_at = |w: &[f64]| self.seed(case, w);
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
                    let [mut v, direct] = y_at(&points[*t].0);
                    let mut out = vec![0.0; m];
                    for (w, p) in points[..*t].iter().rev() {
                        let [next, by_lambda] = self.pull(p, w, &v);
                        out = Self::sum(&out, &by_lambda);
                        v = next;
                    }
                    Self::sum(&out, &direct)
                };
                case.steps.iter().map(backward).collect()
            }
            At::Point(w) => {
                let (p, mut v) = (self.at(w), vec![0.0; w.len()]);
                let [y, direct] = y_at(w);
                let mut all = Vec::new();
                for _ in 0..=last {
                    let [next, by_lambda] = self.pull(&p, w, &v);
                    all.push(Self::sum(&by_lambda, &direct));
                    v = Self::sum(&next, &y);
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
    let u = Roundoff::SINGLE;
    for instance in instances() {
        let rounded = instance.clone().in_roundoff(u).unwrap();
        let all = [&rounded.lambda, &rounded.start, &rounded.cotangent];
        assert!(all.into_iter().flatten().all(|x| *x == single(*x)));
        let again = rounded.clone().in_roundoff(u).unwrap();
        assert_eq!(again.map.problem(), rounded.map.problem());
        assert_eq!(rounded.spec, instance.spec);
    }
}

/// The emulation as an implementation.
struct Emulated(fn(f64) -> f64);

impl Implementation for Emulated {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let rounded = Rounded {
            problem: case.map.problem(),
            lambda: case.lambda,
            input: self.0,
        };
        // What is given belongs to the arithmetic.
        let given = case.w().iter().chain(case.lambda);
        assert!(given.into_iter().all(|x| *x == single(*x)), "{:?}", case.at);
        let column = |u: Vec<f64>| Matrix::from_vec(u.len(), 1, u);
        Answer::completed(rounded.run(case).into_iter().map(column).collect())
    }
}

/// Hypergradients in binary32: the rounding of ∇₁E and ∇₂E is part of the floor, and TF32 in them
/// is not.
#[test]
fn hypergradients_in_binary32() {
    let catalogue = Catalogue::builtin().unwrap();
    for name in [
        "itd-reverse-exact",
        "itd-reverse-limit",
        "aid-fp-exact",
        "aid-fp-limit",
    ] {
        let claim = catalogue.select(&[name.into()]).unwrap().remove(0);
        let (mut right, mut caught) = (0, 0);
        for instance in instances() {
            let instance = instance.in_roundoff(Roundoff::SINGLE).unwrap();
            let d = instance.start.len();
            let entry = |i: usize, j: usize| single(((3 * i + 5 * j) % 7) as f64 / 3.0 - 1.0);
            let objective = Objective::LeastSquares(HoldOut::new(
                Matrix::from_fn(d + 2, d, entry),
                Vector::from_fn(d + 2, |i, _| entry(i, 4)),
                single(0.3),
            ));
            let evidence = claim.evidence(&instance, Roundoff::SINGLE);
            let evidence = evidence.targeting(Target::Hypergradient(&objective));
            let (share, record) = (1e-9, false);
            let label = Label::named("hypergradient");
            let ruled = |input: fn(f64) -> f64| {
                let judging = Judging { share, record };
                judge(&claim, &evidence, &label, judging, &mut Emulated(input)).verdicts
            };
            for v in ruled(|x| x) {
                assert_ne!(
                    v.status,
                    Ruling::Fail,
                    "{name} {:?} {}",
                    instance.spec,
                    v.detail
                );
                right += usize::from(v.status == Ruling::Pass);
            }
            caught += ruled(tf32)
                .iter()
                .filter(|v| v.status == Ruling::Fail)
                .count();
        }
        // The limit alone is blunter than the recursion: its floor has κ in it.
        let least = if name.ends_with("limit") { 25 } else { 40 };
        assert!(
            right >= 50 && caught >= least,
            "{name}: {right} pass, {caught} caught"
        );
    }
}

/// Where a unit is beside its kink for binary64 and at it for binary32, its side is not determined.
#[test]
fn margins_between_the_two_arithmetics_fail_nobody() {
    let mut judged = 0;
    for method in [Method::ITD_REVERSE, Method::AID_FP] {
        for kind in [Kind::ElasticNetMargin, Kind::LayerRelu, Kind::BoxQp] {
            for (exponent, seed) in (3..10).flat_map(|e| (0..3).map(move |s| (e, s))) {
                let spec = Spec {
                    margin: Some(10f64.powi(-exponent)),
                    q: 0.7,
                    ..Spec::typical(kind, 4)
                };
                let instance = Instance::generate(&spec, seed).unwrap();
                let mut emulated = Emulated(|x| x);
                let answer = |case: &Case<'_>| {
                    let all = emulated.run(case).estimates;
                    all.iter().map(|u| u.as_slice().to_vec()).collect()
                };
                match certify_single(method, &instance, answer) {
                    Err(Violation::Failed(v)) => panic!("{spec:?}: {} {}", v.check, v.detail),
                    outcome => judged += usize::from(outcome.is_ok()),
                }
            }
        }
    }
    assert!(judged >= 60, "{judged}");
}

/// Ours, said to compute in binary32.
struct Declared;

impl Factory for Declared {
    fn make(&self, method: Method) -> ratecert::Result<Box<dyn Implementation + '_>> {
        Ours.make(method)
    }

    fn roundoff(&self) -> Roundoff {
        Roundoff::SINGLE
    }
}

/// The emulation with products of this many digits, behind the protocol.
struct Behind(fn(f64) -> f64);

impl Factory for Behind {
    fn make(&self, _: Method) -> ratecert::Result<Box<dyn Implementation + '_>> {
        Ok(Box::new(Emulated(self.0)))
    }

    fn roundoff(&self) -> Roundoff {
        Roundoff::SINGLE
    }
}

/// Behind the protocol, who says binary32 passes with it, and TF32 is seen and called that.
#[test]
fn reduced_products_are_seen_behind_the_protocol() {
    let conformed = |input: fn(f64) -> f64| {
        let plan = Conformance {
            claims: subject_claims().unwrap(),
            times: 1,
            shard: None,
            profile: Profile::Test,
            seed: 0,
            patience: Duration::from_secs(1),
            strict: true,
            only: Vec::new(),
        };
        let behind = Behind(input);
        let launch = Local::new(|| {
            Server::new(&behind, "emulated", "1").saying(|hello| {
                hello.methods = ["itd", "aid-fp"].map(Into::into).into();
                hello.problems = ["affine", "elastic-net"].map(Into::into).into();
                hello.jacobian = None;
                hello.path = None;
            })
        });
        let stop = AtomicBool::new(false);
        let run = plan.run(&launch, &stop, &mut |_, _| {}, &mut |_| Ok(()));
        run.unwrap().verdicts
    };
    let count = |verdicts: &[Verdict], status: Ruling, precision: bool| {
        let of = |v: &&Verdict| v.status == status && (v.check == "precision") == precision;
        verdicts.iter().filter(of).count()
    };
    let right = conformed(single);
    for v in &right {
        assert_ne!(v.status, Ruling::Fail, "{}: {}", v.id, v.detail);
        assert!(
            v.check != "precision" || v.status == Ruling::Pass,
            "{}: {}",
            v.id,
            v.detail
        );
    }
    let passed = count(&right, Ruling::Pass, true);
    let reduced = conformed(tf32);
    let open = count(&reduced, Ruling::Inconclusive, true);
    let failed = count(&reduced, Ruling::Fail, false);
    println!(
        "{passed} pass; TF32: {open} seen, {failed} fail of {}",
        reduced.len()
    );
    assert!(
        passed >= 10 && open * 2 > passed && failed >= 10,
        "{passed} {open} {failed}"
    );
    let said =
        { reduced.iter() }.find(|v| v.check == "precision" && v.status == Ruling::Inconclusive);
    assert!(
        said.unwrap()
            .detail
            .contains("reduced-precision products (TF32")
    );
}

/// A whole run in binary32 comes to its end, whatever the cotangents that claims draw.
#[test]
fn a_run_in_binary32_ends() {
    let catalogue = Catalogue::builtin().unwrap();
    let names = [
        "aid-fp-exact",
        "itd-reverse-exact",
        "aid-cg-termination",
        "nsid-exact",
    ];
    let claims = catalogue.select(&names.map(String::from)).unwrap();
    let plan = Plan {
        claims,
        profile: Profile::Test,
        seed: 0,
        jobs: Some(2),
        shard: None,
        times: 1,
        alpha: 1e-9,
        factory: &Declared,
    };
    let output = plan.run(None, &AtomicBool::new(false), &|_, _| ()).unwrap();
    let failed = output.verdicts.iter().filter(|v| v.status == Ruling::Fail);
    let failed: Vec<&str> = failed.map(|v| v.id.as_str()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let passed = output.verdicts.iter().filter(|v| v.status == Ruling::Pass);
    assert!(passed.count() * 2 > output.verdicts.len());
}

/// Where rounding in binary32 hides the number itself, nothing is certified: not even zeros.
#[test]
fn nothing_is_certified_where_rounding_hides_it() {
    let (mut undecided, mut failed) = (0, 0);
    for (method, q) in [Method::ITD_REVERSE, Method::AID_FP, Method::AID_CG]
        .into_iter()
        .flat_map(|method| [0.9, 0.99, 0.999, 0.9999].map(|q| (method, q)))
    {
        for (kind, dim) in [
            (Kind::AffineSymmetric, 8),
            (Kind::AffineSymmetric, 40),
            (Kind::ElasticNet, 20),
        ] {
            let spec = Spec {
                q,
                ..Spec::typical(kind, dim)
            };
            let instance = Instance::generate(&spec, 1).unwrap();
            let zeros = |case: &Case<'_>| vec![vec![0.0; case.lambda.len()]; case.steps.len()];
            match certify_single(method, &instance, zeros) {
                Ok(()) => panic!("{method} {spec:?}: zeros are certified"),
                Err(Violation::Failed(_)) => failed += 1,
                Err(_) => undecided += 1,
            }
        }
    }
    assert!(
        failed >= 20 && undecided >= 1,
        "{failed} fail, {undecided} undecided"
    );
}

/// D has no rounding to binary32 of its own here: what is d×m is refused before anything is asked.
#[test]
fn methods_that_carry_the_whole_derivative_are_refused() {
    let instance = Instance::generate(&Spec::typical(Kind::ElasticNet, 3), 1).unwrap();
    for certify in [certify_single, certify] {
        let never = |_: &Case<'_>| -> Vec<Vec<f64>> { panic!("asked") };
        let refused = certify(Method::ITD, &instance, never).unwrap_err();
        assert!(matches!(refused, Violation::NothingJudged(_)), "{refused}");
        assert!(
            refused.to_string().contains("certify_jacobians"),
            "{refused}"
        );
    }
}

/// Where an objective is fitted at w(λ) its gradient is all rounding: of its own evaluation, and of
/// the w that it is evaluated at. A correct implementation is not failed for it.
#[test]
fn an_objective_that_is_fitted_leaves_rounding() {
    let catalogue = Catalogue::builtin().unwrap();
    let names = [
        "itd-reverse-exact",
        "itd-reverse-limit",
        "aid-fp-exact",
        "aid-fp-limit",
    ];
    for claim in catalogue.select(&names.map(String::from)).unwrap() {
        let mut right = 0;
        for seed in 0..12 {
            let d = 1 + seed % 6;
            let entry = |k: usize| single(((7 * k + 3 * seed) % 11) as f64 / 5.0 - 1.0);
            // Symmetric with spectrum in ±0.6 and one slow direction, in which w_t drifts by its
            // rounding; a solution in the thousands.
            let diagonal = |i: usize| {
                if i == 0 {
                    255.0 / 256.0
                } else {
                    single(0.6 * entry(i))
                }
            };
            let problem = Affine {
                a: Matrix::from_fn(d, d, |i, j| if i == j { diagonal(i) } else { 0.0 }),
                b: Matrix::from_fn(d, 2, |i, j| entry(i + 3 * j)),
                c: Vector::from_fn(d, |i, _| single(4096.0 * (1.0 + entry(i + 5).abs()))),
            };
            let map = Map::new(problem).unwrap();
            let lambda = vec![0.5, -0.25];
            let truth = Truth::solve(&map, &lambda).unwrap();
            let x = Matrix::from_fn(d, d, |i, j| entry(i + 2 * j) + f64::from(u8::from(i == j)));
            let y = (&x * truth.w()).map(single);
            let objective = Objective::LeastSquares(HoldOut::new(x, y, 0.0));
            let instance = Instance::new(map, lambda).unwrap();
            let evidence = claim.evidence(&instance, Roundoff::SINGLE);
            let evidence = evidence.targeting(Target::Hypergradient(&objective));
            let (share, record) = (1e-9, false);
            let judging = Judging { share, record };
            let label = Label::named("fitted");
            let judged = judge(&claim, &evidence, &label, judging, &mut Emulated(|x| x));
            for v in judged.verdicts {
                assert_ne!(
                    v.status,
                    Ruling::Fail,
                    "{} d = {d}, seed {seed}: {}",
                    v.id,
                    v.detail
                );
                right += usize::from(v.measured > 0.0);
            }
        }
        // At the limit rounding is all there is, and decides nothing.
        assert!(
            right >= 8 || claim.name.ends_with("limit"),
            "{}: {right}",
            claim.name
        );
    }
}
