//! Served maps: correct ones pass, faults of known sizes are seen, and what it costs.

mod composite;
mod hyper;
mod models;

use self::composite::{Nsid, Rows, Sampled, Slip};
use self::hyper::{Hyper, Mistake};
use self::models::{Fault, KINDS, Kind, Model, Start, TIES, Tie};
use ratecert::checks::{Reason, Ruling};
use ratecert::served::{
    Evaluation, Options, Report, ServedDomain, ServedHypergradient, ServedInner, ServedMap,
    ServedSpec, examine,
};

fn options(checks: &[&str], paths: usize) -> Options {
    let checks = checks.iter().map(|c| (*c).to_owned()).collect();
    Options {
        paths,
        checks,
        ..Options::default()
    }
}

fn report(model: &mut Model, seed: u64, options: &Options) -> Report {
    let spec = model.spec();
    examine(&spec, model, seed, options).unwrap()
}

fn undecided(report: &Report) -> usize {
    report
        .findings
        .iter()
        .filter(|f| f.finding.ruling == Ruling::Inconclusive)
        .count()
}

/// Every kind, on and off kinks, with every tie: all checks, none fails.
#[test]
fn correct_maps_pass() {
    let (mut open, mut count) = (0, 0);
    for (n, kind) in KINDS.into_iter().enumerate() {
        for (k, d) in [1, 3, 8].into_iter().enumerate() {
            let start = [Start::Free, Start::OnKinks, Start::NearKinks][(n + k) % 3];
            let mut model = Model::new(kind, d, 0.7, start, 10 * n as u64 + k as u64);
            model.tie = TIES[(n + k) % 4];
            if kind == Kind::InnerSolver {
                model.tolerance = 1e-8;
            }
            let report = report(&mut model, 1, &Options::default());
            assert!(report.holds(), "{start:?} {:?} {report}", model.tie);
            open += undecided(&report);
            count += report.findings.len();
            if undecided(&report) > 0 {
                println!("{start:?} {:?} {report}", model.tie);
            }
        }
    }
    println!("{open} of {count} findings are open");
}

/// Entries from 1e-8 to 1e8, and single precision inside.
#[test]
fn correct_maps_in_other_units_and_precisions_pass() {
    for (n, kind) in KINDS.into_iter().enumerate() {
        for single in [false, true] {
            if single && kind == Kind::InnerSolver {
                continue;
            }
            let mut model = Model::new(kind, 5, 0.7, Start::Free, 77 + n as u64);
            model = if single {
                model.single()
            } else {
                model.scaled()
            };
            if kind == Kind::InnerSolver {
                model.tolerance = 1e-8;
            }
            model.tie = Tie::Random;
            let report = report(&mut model, 2, &Options::default());
            assert!(report.holds(), "single: {single} {report}");
            if undecided(&report) > 0 {
                println!("single: {single} {report}");
            }
        }
    }
}

/// An instance with one entry off by δ.
fn off_by(delta: f64, n: u64) -> Model {
    let kind = KINDS[n as usize % 8];
    let d = [2, 5, 8][n as usize / 8 % 3];
    let mut model = Model::new(kind, d, 0.7, Start::Free, 1000 + n);
    model.fault = Fault::Entry(delta);
    model
}

/// One entry off by δ: how many of 40 instances are seen (of 5 in single precision), by check.
#[test]
fn detection_of_one_entry() {
    let checks = ["consistency", "conservative", "products"];
    println!(
        "δ        item 3   item 4, four paths   one path   one path, vjp only   one path, f32"
    );
    let mut rows = Vec::new();
    for delta in [
        1e-2, 1e-4, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13,
    ] {
        let mut seen = [0; 5];
        for n in 0..40u64 {
            let four = report(&mut off_by(delta, n), n, &options(&checks, 4));
            seen[0] += usize::from(four.sees("products"));
            seen[1] += usize::from(four.sees("conservative"));
            // From 1e-6 downwards products are called inexact, which is no failure.
            assert!(delta < 2e-6 || !four.holds(), "{four}");
            let one = report(&mut off_by(delta, n), n, &options(&checks, 1));
            seen[2] += usize::from(one.sees("conservative"));
            let mut model = off_by(delta, n);
            model.products = [true, false];
            let transposed = report(&mut model, n, &options(&checks, 1));
            seen[3] += usize::from(transposed.sees("conservative"));
            if n % 8 == 3 {
                let mut model = off_by(delta, n).single();
                seen[4] +=
                    usize::from(report(&mut model, n, &options(&checks, 1)).sees("conservative"));
            }
        }
        let [a, b, c, e, f] = seen;
        println!(
            "{delta:.0e}    {a:2}       {b:2}                   {c:2}         {e:2}                   {f}"
        );
        rows.push((delta, seen));
    }
    for (delta, seen) in rows {
        let least = match delta {
            d if d >= 1e-8 => 40,
            d if d >= 1e-10 => 36,
            _ => 0,
        };
        assert!(
            seen[2] >= least && seen[1] >= least,
            "δ = {delta:e}: {seen:?}"
        );
    }
}

/// An inner solver whose tolerance nobody declares is inexact and does not fail; declared, it
/// passes.
#[test]
fn undeclared_tolerances_are_seen_and_do_not_fail() {
    let checks = ["consistency", "conservative", "products"];
    let mut seen = 0;
    for n in 0..40u64 {
        let mut model = Model::new(Kind::InnerSolver, 6, 0.7, Start::Free, 60 + n);
        model.tolerance = 1e-8;
        let mut spec = model.spec();
        spec.tolerance = 0.0;
        let undeclared = examine(&spec, &mut model, n, &options(&checks, 4)).unwrap();
        assert!(undeclared.holds(), "{undeclared}");
        seen += usize::from(undeclared.sees("conservative"));
        if n == 0 {
            println!("{undeclared}");
        }
        for tolerance in [1e-8, 1e-4] {
            let mut model = Model::new(Kind::InnerSolver, 6, 0.7, Start::Free, 60 + n);
            model.tolerance = tolerance;
            let declared = report(&mut model, n, &options(&checks, 4));
            assert!(
                declared.holds() && !declared.sees("conservative"),
                "{declared}"
            );
        }
    }
    println!("an undeclared inner tolerance of 1e-8 is seen in {seen} of 40");
    assert!(seen >= 36);
}

/// Values in double, products in single precision.
struct SingleProducts(Model);

impl ServedMap for SingleProducts {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        self.0.phi(w, l)
    }
    fn vjp(&mut self, w: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
        self.0.single = true;
        let out = self.0.vjp(w, l, u);
        self.0.single = false;
        out
    }
    fn jvp(&mut self, w: &[f64], l: &[f64], dw: &[f64], dl: &[f64]) -> ratecert::Result<Vec<f64>> {
        self.0.single = true;
        let out = self.0.jvp(w, l, dw, dl);
        self.0.single = false;
        out
    }
}

#[test]
fn products_in_single_precision_pass() {
    for n in 0..80u64 {
        let kind = KINDS[n as usize % 9];
        let d = [3, 5, 12][n as usize % 3];
        let mut map = SingleProducts(Model::new(kind, d, 0.7, Start::Free, 400 + n));
        let spec = map.0.spec();
        let report = examine(&spec, &mut map, n, &Options::default()).unwrap();
        let named = report
            .findings
            .iter()
            .any(|f| f.fault.is_some() && f.check != "contraction");
        assert!(report.holds() && !named, "{report}");
    }
}

/// Everything but iterates of Φ itself stays where the map is served.
#[test]
fn evaluations_stay_in_the_domain() {
    struct Boxed(Model, [f64; 2], usize);
    impl ServedMap for Boxed {
        fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
            let inside = |x: f64, [lo, hi]: [f64; 2]| lo <= x && x <= hi;
            let all = w.iter().all(|w| inside(*w, [-0.5, 0.5])) && inside(l[0], self.1);
            self.2 += usize::from(!all);
            self.0.phi(w, l)
        }
        fn vjp(
            &mut self,
            w: &[f64],
            l: &[f64],
            u: &[f64],
        ) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
            self.0.vjp(w, l, u)
        }
        fn jvp(
            &mut self,
            w: &[f64],
            l: &[f64],
            dw: &[f64],
            dl: &[f64],
        ) -> ratecert::Result<Vec<f64>> {
            self.0.jvp(w, l, dw, dl)
        }
    }
    let mut model = Model::new(Kind::BoxQp, 6, 0.8, Start::Free, 8);
    model.w0 = vec![0.1; 6];
    let l = model.lambda[0];
    let mut spec = model.spec();
    let around = |l: &f64| [l - 0.2, l + 0.3];
    spec.domain = Some(ServedDomain {
        lambda: model.lambda.iter().map(around).collect(),
        w: Some(vec![[-0.5, 0.5]; 6]),
    });
    let mut map = Boxed(model, around(&l), 0);
    let report = examine(&spec, &mut map, 4, &Options::default()).unwrap();
    println!("{report}");
    assert!(report.holds(), "{report}");
    assert_eq!(map.2, 0);
}

/// A program behind a pipe: 20 µs an evaluation and 0.2 ms a message.
struct Slow(Hyper);

impl ServedMap for Slow {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        self.0.phi(w, l)
    }
    fn eval(&mut self, items: &[Evaluation]) -> ratecert::Result<Vec<Vec<f64>>> {
        let began = std::time::Instant::now();
        let out = self.0.eval(items);
        let due = std::time::Duration::from_micros(200 + 20 * items.len() as u64);
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        out
    }
}

/// Faults that are there at any size: five instances each.
#[test]
fn faults_of_products_are_seen() {
    let leaky = &[Kind::Leaky][..];
    let switched = &[Kind::Relu, Kind::ElasticNet, Kind::OwnProx][..];
    let any = &[
        Kind::Relu,
        Kind::Tanh,
        Kind::Bilinear,
        Kind::ElasticNet,
        Kind::Abs,
    ][..];
    let layers = &[Kind::Tanh, Kind::Bilinear, Kind::Leaky][..];
    let curved = &[Kind::Tanh, Kind::GroupLasso][..];
    let mut rows = vec![
        (Fault::StraightThrough, switched),
        (Fault::Detached, any),
        (Fault::CachedW, curved),
        (Fault::Transposed, layers),
        (Fault::LostSign, any),
        (Fault::MissingColumn, any),
        (Fault::PlusIdentity(1e-8), any),
        (Fault::Slope(0.0101), leaky),
        (Fault::NotAdjoint, any),
        (Fault::Counter, any),
    ];
    for l in [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6] {
        rows.push((Fault::Smoothed(l), switched));
        rows.push((Fault::Shifted(l), switched));
    }
    let checks = ["consistency", "conservative", "products"];
    let mut missed = Vec::new();
    for (fault, kinds) in rows {
        let (mut seen, mut failed, mut name) = (0, 0, String::new());
        for n in 0..5u64 {
            let kind = kinds[n as usize % kinds.len()];
            let mut model = Model::new(kind, 5, 0.7, Start::Free, 300 + n);
            model.fault = fault;
            let report = report(&mut model, n, &options(&checks, 4));
            let found = report
                .findings
                .iter()
                .find(|f| f.fails() || f.fault.is_some());
            seen += usize::from(found.is_some());
            failed += usize::from(!report.holds());
            if let Some(found) = found {
                name = format!(
                    "{}: {}",
                    found.check,
                    found.fault.clone().unwrap_or_default()
                );
            }
        }
        println!("{fault:?}: {seen} of 5 seen, {failed} fail; {name}");
        if seen < 4 {
            missed.push(fault);
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

/// d = 30: what an examination costs a slow program.
#[test]
fn thirty_dimensions_are_judged_in_ten_seconds() {
    for (kind, inner) in [
        (Kind::ElasticNet, ServedInner::Implicit),
        (Kind::Tanh, ServedInner::AidFp),
    ] {
        let model = Model::new(kind, 30, 0.8, Start::OnKinks, 5);
        let mut slow = Slow(Hyper::new(model, inner, Mistake::None));
        let spec = slow.0.spec();
        let began = std::time::Instant::now();
        let report = examine(&spec, &mut slow, 3, &Options::default()).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        println!("{seconds:.2} s, {report}");
        assert!(report.holds(), "{report}");
        assert!(report.cost.evaluations < 250_000);
        assert!(seconds < 10.0, "{seconds} s");
    }
}

const HYPER: [&str; 4] = [
    "hypergradient-conduct",
    "hypergradient-limit",
    "hypergradient-steps",
    "solution-path",
];

fn hyper_report(hyper: &mut Hyper, seed: u64) -> Report {
    let spec = hyper.spec();
    let options = Options {
        paths: 1,
        ..options(&HYPER, 1)
    };
    examine(&spec, hyper, seed, &options).unwrap()
}

/// Right hypergradients of all three inner methods pass on every kind.
#[test]
fn correct_hypergradients_pass() {
    let inners = [ServedInner::Implicit, ServedInner::AidFp, ServedInner::Itd];
    let mut worst = 0.0f64;
    for (n, kind) in KINDS.into_iter().enumerate() {
        for (k, inner) in inners.into_iter().enumerate() {
            let mut model = Model::new(kind, 6, 0.8, Start::Free, 500 + n as u64);
            if (n + k) % 3 == 1 && kind != Kind::InnerSolver {
                model = model.scaled();
            } else if (n + k) % 3 == 2 && kind != Kind::InnerSolver {
                model = model.single();
            }
            if kind == Kind::InnerSolver {
                model.tolerance = 1e-8;
            }
            let mut hyper = Hyper::new(model, inner, Mistake::None);
            let report = hyper_report(&mut hyper, 9);
            assert!(report.holds(), "{inner:?} {} {report}", (n + k) % 3);
            if undecided(&report) > 0 {
                println!("{inner:?} {} {report}", (n + k) % 3);
            }
            let limit = &report.find("hypergradient-limit").unwrap().finding;
            worst = worst.max(limit.measured / limit.bound);
        }
    }
    println!("largest part of the floor at the limit: {worst:.3}");
}

/// Faults of hypergradients, their size in floors, and which check sees them.
#[test]
fn faults_of_hypergradients_are_seen() {
    use Mistake::{
        Absolute, Damping, Frozen, MissingColumn, OneStep, Tolerance, Truncated, Unconverged,
        Untransposed,
    };
    // (mistake, inner, median floors as measured in the theory where it is single-valued)
    let implicit = ServedInner::Implicit;
    let rows = [
        (Truncated(5), ServedInner::Itd, Some(1e9)),
        (Truncated(5), ServedInner::AidFp, Some(1e9)),
        (Tolerance(1e-6), implicit, Some(6e6)),
        (Tolerance(1e-8), implicit, Some(8e4)),
        (Tolerance(1e-10), implicit, Some(600.0)),
        (Tolerance(1e-12), implicit, Some(6.0)),
        (Damping(1e-2), implicit, Some(5e11)),
        (Damping(1e-8), implicit, Some(5e5)),
        (Damping(1e-10), implicit, Some(5e3)),
        (Damping(1e-12), implicit, Some(50.0)),
        (Unconverged(1e-8), implicit, Some(1e4)),
        (Untransposed, implicit, None),
        (OneStep, implicit, None),
        (MissingColumn, implicit, None),
        (Absolute(1e-4), implicit, None),
        (Absolute(1e-10), implicit, None),
        (Absolute(1e-14), implicit, None),
        (Frozen, implicit, None),
    ];
    println!("mistake: seen by conduct, limit, steps, λ-path of 5; median floors at the limit");
    for (mistake, inner, known) in rows {
        let (mut seen, mut floors, mut any) = ([0; 4], Vec::new(), 0);
        for n in 0..5u64 {
            let curved = [Kind::Tanh, Kind::GroupLasso];
            let nets = [Kind::ElasticNet, Kind::GroupLasso, Kind::OwnProx];
            let kind = match mistake {
                Unconverged(_) | Frozen => curved[n as usize % 2],
                Untransposed => [Kind::Tanh, Kind::Leaky][n as usize % 2],
                _ => nets[n as usize % 3],
            };
            let model = Model::new(kind, 10, 0.95, Start::Free, 700 + n);
            let mut hyper = Hyper::new(model, inner, mistake);
            let report = hyper_report(&mut hyper, n);
            for (k, check) in HYPER.iter().enumerate() {
                seen[k] += usize::from(report.sees(check));
            }
            any += usize::from(HYPER.iter().any(|c| report.sees(c)));
            if let Some(found) = report.find("hypergradient-limit") {
                floors.push(found.finding.measured / found.finding.bound);
            }
        }
        floors.sort_by(f64::total_cmp);
        let median = floors.get(floors.len() / 2).copied().unwrap_or(f64::NAN);
        println!("{mistake:?} {inner:?}: {seen:?}, {any} of 5, {median:.1e} ({known:?})");
        assert!(any >= 4, "{mistake:?}");
        // Within a factor of ten of what was measured for the theory; truncations are above.
        if let Some(known) = known {
            assert!(median > 0.1 * known, "{mistake:?}: {median:e}");
            let above = matches!(mistake, Truncated(_));
            assert!(above || median < 10.0 * known, "{mistake:?}: {median:e}");
        }
    }
}

/// 2,000 paths over correct maps of all kinds: none fails.
#[test]
fn two_thousand_paths_without_a_failure() {
    let checks = ["consistency", "conservative", "products"];
    let (mut paths, mut open, mut named) = (0, 0, 0);
    for n in 0..500u64 {
        let k = n as usize;
        let kind = KINDS[k % 10];
        // One in ten at d = 30.
        let d = [1, 5, 5, 2, 5, 9, 3, 1, 30, 7][(k / 10) % 10];
        let start = [Start::Free, Start::OnKinks, Start::NearKinks][(k / 3) % 3];
        let mut model = Model::new(kind, d, 0.8, start, 9000 + n);
        model.tie = TIES[(k / 7) % 4];
        match k % 4 {
            1 if kind != Kind::InnerSolver => model = model.scaled(),
            2 if kind != Kind::InnerSolver => model = model.single(),
            _ => {}
        }
        if kind == Kind::InnerSolver {
            model.tolerance = [1e-8, 1e-4][k / 10 % 2];
        }
        if k.is_multiple_of(5) {
            model.products = [true, false];
        } else if k % 5 == 1 {
            model.products = [false, true];
        }
        let report = report(&mut model, n, &options(&checks, 4));
        assert!(
            report.holds(),
            "{start:?} {:?} {} {report}",
            model.tie,
            k % 4
        );
        paths += 4;
        let found = report.find("conservative").unwrap();
        named += usize::from(report.findings.iter().any(|f| f.fault.is_some()));
        if found.finding.ruling == Ruling::Inconclusive
            || report.findings.iter().any(|f| f.fault.is_some())
        {
            open += 1;
            println!("{start:?} {:?} {} {report}", model.tie, k % 4);
        }
    }
    println!("{paths} paths, 0 fail, {open} maps undecided, {named} with a fault named");
    assert!(open <= 10 && named <= 2, "{open} {named}");
}

/// A closure as a map without products.
struct Values<F>(F);

impl<F: FnMut(&[f64], &[f64]) -> ratecert::Result<Vec<f64>>> ServedMap for Values<F> {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        (self.0)(w, l)
    }
}

fn of_values(
    w0: Vec<f64>,
    lambda: Vec<f64>,
    phi: impl FnMut(&[f64], &[f64]) -> ratecert::Result<Vec<f64>>,
) -> Report {
    let mut spec = ServedSpec::new("values", w0, lambda);
    (spec.products.vjp, spec.products.jvp) = (false, false);
    examine(&spec, &mut Values(phi), 1, &Options::default()).unwrap()
}

/// What contracts in no norm is refuted by values.
#[test]
fn maps_that_do_not_contract_are_refuted() {
    let leaving = of_values(vec![0.5, 0.5], vec![1.0], |w, l| {
        Ok(vec![1.2 * w[0] + l[0], 0.5 * w[1]])
    });
    assert!(leaving.find("contraction").unwrap().fails(), "{leaving}");
    // w = tanh(2w) has three fixed points.
    let two = of_values(vec![0.5], vec![0.1], |w, l| {
        Ok(vec![(2.0 * w[0]).tanh() + 0.1 * l[0]])
    });
    assert!(two.find("contraction").unwrap().fails(), "{two}");
    // Expanding products at a fixed point that values do not leave: a start exactly there.
    for (q, refuted) in [(0.9, false), (1.3, true)] {
        let mut model = Model::new(Kind::Bilinear, 4, q, Start::Free, 12);
        let report = report(&mut model, 1, &options(&["contraction"], 1));
        let found = report.find("contraction").unwrap();
        println!("{q}: {}", found.finding.detail);
        assert!(refuted || !found.fails(), "{report}");
    }
    let seen = (0..20)
        .filter(|n| {
            let mut model = Model::new(Kind::Relu, 6, 2.0, Start::Free, *n);
            report(&mut model, *n, &options(&["contraction"], 1)).sees("contraction")
        })
        .count();
    println!("refuted at ‖A‖‖V‖ = 2: {seen} of 20");
    assert!(seen >= 15);
}

/// Trouble with the map is a finding under its own name, and never a panic.
#[test]
fn troubles_have_names() {
    let fails = |report: &Report, check: &str| {
        assert!(
            report.find(check).is_some_and(|f| f.fails()),
            "{check}: {report}"
        );
    };
    let error = of_values(vec![0.0], vec![1.0], |_, _| {
        Err(ratecert::Error::input("no licence"))
    });
    fails(&error, "error");
    assert!(error.to_string().contains("no licence"));
    fails(
        &of_values(vec![0.0; 2], vec![1.0], |_, l| Ok(l.to_vec())),
        "wrong-shape",
    );
    fails(
        &of_values(vec![0.0], vec![1.0], |_, _| Ok(vec![f64::NAN])),
        "non-finite",
    );
    let mut calls = 0;
    let later = of_values(vec![0.0], vec![1.0], |w, l| {
        calls += 1;
        Ok(vec![if calls > 400 {
            f64::INFINITY
        } else {
            0.5 * w[0] + l[0]
        }])
    });
    fails(&later, "non-finite");
    // Declared products that are not there.
    let spec = ServedSpec::new("none", vec![0.0], vec![1.0]);
    let mut map = Values(|w: &[f64], l: &[f64]| Ok(vec![0.5 * w[0] + l[0]]));
    fails(
        &examine(&spec, &mut map, 1, &Options::default()).unwrap(),
        "error",
    );
    let small = Options {
        budget: 300,
        ..Options::default()
    };
    let mut model = Model::new(Kind::Relu, 3, 0.7, Start::Free, 1);
    let report = report(&mut model, 1, &small);
    assert!(
        report.holds() && report.find("budget").is_some(),
        "{report}"
    );
    assert!(report.cost.evaluations <= 300);
}

/// Values alone: what can be said without products is said, and nothing fails.
#[test]
fn a_map_of_values_alone_is_iterated() {
    let report = of_values(vec![0.5], vec![1.0], |w, l| {
        Ok(vec![(0.5 * w[0] + l[0]).max(0.0)])
    });
    assert!(report.holds(), "{report}");
    assert_eq!(
        report.find("fixed-point").unwrap().finding.ruling,
        Ruling::Pass
    );
}

/// The same seed gives the same findings.
#[test]
fn findings_repeat() {
    let text = |seed| {
        let mut model = Model::new(Kind::ElasticNet, 4, 0.8, Start::OnKinks, 3);
        report(&mut model, seed, &Options::default()).to_string()
    };
    assert_eq!(text(5), text(5));
    assert_ne!(text(5), text(6));
}

/// Means and samples.
#[test]
fn stochastic_maps_are_the_means_of_their_samples() {
    for (n, d) in [(40, 4), (1500, 3)] {
        let mut right = Sampled::new(n, d, Slip::None, 2);
        let spec = right.spec();
        let report = examine(&spec, &mut right, 1, &Options::default()).unwrap();
        println!("{report}");
        assert!(report.holds(), "{report}");
        for slip in [
            Slip::Divisor,
            Slip::LastLeftOut,
            Slip::NoRidge,
            Slip::Product,
        ] {
            let mut wrong = Sampled::new(n, d, slip, 2);
            let report = examine(&spec, &mut wrong, 1, &options(&["samples"], 4)).unwrap();
            let found = report.find("samples").unwrap();
            println!(
                "{slip:?}: {:.1e} floors",
                found.finding.measured / found.finding.bound
            );
            assert!(found.fails(), "{slip:?} {report}");
        }
    }
}

/// Φ(w, λ) = relu(w)/2 + λ with any slope at 0, where it starts.
struct AtKink(f64);

impl ServedMap for AtKink {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok(vec![0.5 * w[0].max(0.0) + l[0]])
    }
    fn jvp(&mut self, w: &[f64], _l: &[f64], dw: &[f64], dl: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok(vec![0.5 * self.slope(w[0]) * dw[0] + dl[0]])
    }
    fn vjp(&mut self, w: &[f64], _l: &[f64], u: &[f64]) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
        Ok((vec![0.5 * self.slope(w[0]) * u[0]], vec![u[0]]))
    }
}

impl AtKink {
    fn slope(&self, w: f64) -> f64 {
        if w == 0.0 { self.0 } else { f64::from(w > 0.0) }
    }
}

/// Φ(w, λ) = sqrt(w²)/2 + λ, of which a framework has no slope at 0.
struct Root;

impl ServedMap for Root {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok(vec![0.5 * (w[0] * w[0]).sqrt() + l[0]])
    }
    fn vjp(&mut self, w: &[f64], _l: &[f64], u: &[f64]) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
        let slope = w[0] / (w[0] * w[0]).sqrt();
        Ok((vec![0.5 * slope * u[0]], vec![u[0]]))
    }
}

#[test]
fn no_slope_at_a_kink_is_no_failure() {
    let mut spec = ServedSpec::new("root", vec![0.0], vec![1.0]);
    spec.products.jvp = false;
    let report = examine(&spec, &mut Root, 1, &Options::default()).unwrap();
    assert!(report.holds(), "{report}");
    let found = report.find("neighbours").unwrap();
    assert_eq!(found.finding.ruling, Ruling::Inconclusive, "{report}");
    assert!(found.finding.detail.contains("NaN"), "{report}");
}

/// Legal slopes of many kinks that meet are not named.
#[test]
fn many_kinks_at_the_start_are_not_named() {
    let mut named = 0;
    for seed in 0..60 {
        let d = [2, 5, 10, 30][seed as usize % 4];
        let mut model = Model::new(Kind::Relu, d, 0.8, Start::OnKinks, seed);
        model.tie = Tie::At(0.0);
        let report = report(&mut model, seed, &options(&["neighbours"], 1));
        named += usize::from(report.findings[0].fault.is_some());
    }
    assert!(named <= 1, "{named}");
}

/// A slope at a kink that no neighbour has is a finding and no failure.
#[test]
fn slopes_at_kinks_are_compared_with_their_neighbours() {
    for (slope, inside) in [
        (0.0, true),
        (0.5, true),
        (1.0, true),
        (5.0, false),
        (1.1, false),
        (-0.1, false),
    ] {
        for jvp in [true, false] {
            let mut spec = ServedSpec::new("kink", vec![0.0], vec![1.0]);
            (spec.products.jvp, spec.products.vjp) = (jvp, !jvp);
            for seed in 0..10 {
                let mut map = AtKink(slope);
                let report = examine(&spec, &mut map, seed, &Options::default()).unwrap();
                let ruling = report.find("neighbours").unwrap().finding.ruling;
                assert!(report.holds(), "{report}");
                assert_eq!(ruling == Ruling::Pass, inside, "{slope} {report}");
            }
        }
    }
}

fn with_nsid(map: &Sampled) -> ServedSpec {
    let mut spec = map.spec();
    spec.hypergradient = Some(ServedHypergradient {
        inner: ServedInner::Nsid,
        linear_tolerance: 0.0,
        step_tolerance: 0.0,
    });
    spec
}

/// Right routines pass whatever the rows, the products served, with G and without.
#[test]
fn stochastic_hypergradients_pass() {
    let (mut passed, mut asked) = (0, 0);
    for seed in 0..36u64 {
        let rows = [Rows::Normal, Rows::Heavy, Rows::Equal][seed as usize % 3];
        let (n, d) = ([1, 12, 60, 400][seed as usize % 4], 1 + seed as usize % 5);
        let mut right = Sampled::of(n, d, rows, Slip::None, seed);
        right.plain = seed % 2 == 1;
        let mut spec = with_nsid(&right);
        spec.products.jvp = seed / 3 % 3 != 1;
        spec.products.vjp = seed / 3 % 3 != 2;
        let report = examine(&spec, &mut right, seed, &Options::default()).unwrap();
        assert!(report.holds(), "{report}");
        let samples = report.find("samples").unwrap();
        assert_eq!(samples.finding.ruling, Ruling::Pass, "{report}");
        for check in [
            "hypergradient-conduct",
            "hypergradient-steps",
            "nsid-moments",
        ] {
            let finding = &report.find(check).unwrap().finding;
            let ruling = finding.ruling;
            if ruling != Ruling::Pass {
                println!("{seed} {check}: {}", finding.detail);
            }
            (passed, asked) = (passed + usize::from(ruling == Ruling::Pass), asked + 1);
        }
        if seed == 1 {
            println!("{report}");
        }
    }
    println!("{passed} of {asked} pass");
    // Where nothing is left of Γ there is nothing to see.
    assert!(passed * 10 >= asked * 9, "{passed} of {asked}");
}

/// A mean that is slightly off is inexact, and one sample that could hide in a tolerance is said.
#[test]
fn means_that_are_slightly_off_decide_nothing() {
    let mut slightly = Sampled::new(40, 4, Slip::Slightly, 2);
    let report = examine(
        &slightly.spec(),
        &mut slightly,
        1,
        &options(&["samples"], 4),
    )
    .unwrap();
    let found = report.find("samples").unwrap();
    assert_eq!(found.finding.reason, Some(Reason::Inexact), "{report}");
    let mut loose = Sampled::new(40, 4, Slip::None, 2);
    let spec = ServedSpec {
        tolerance: 5e-3,
        ..loose.spec()
    };
    let report = examine(&spec, &mut loose, 1, &options(&["samples"], 4)).unwrap();
    let found = report.find("samples").unwrap();
    assert_eq!(found.finding.reason, Some(Reason::NoPower), "{report}");
}

/// An estimate slightly off is inexact in any dimension; beyond 500 no step is judged.
#[test]
fn nsid_slightly_off_is_inexact_and_in_large_dimensions_not_judged() {
    for (d, nsid) in [(4, Nsid::Size), (30, Nsid::Size)] {
        for seed in 0..5 {
            let mut map = Sampled::new(60, d, Slip::None, seed);
            (map.nsid, map.plain) = (nsid, true);
            let checks = options(&["hypergradient-steps", "nsid-moments"], 4);
            let report = examine(&with_nsid(&map), &mut map, seed, &checks).unwrap();
            for found in &report.findings {
                assert_eq!(found.finding.reason, Some(Reason::Inexact), "{report}");
            }
        }
    }
    let mut large = Sampled::new(3, 501, Slip::None, 0);
    large.plain = true;
    let checks = options(&["hypergradient-steps"], 1);
    let report = examine(&with_nsid(&large), &mut large, 0, &checks).unwrap();
    let found = report.find("hypergradient-steps").unwrap();
    assert_eq!(found.finding.reason, Some(Reason::TooLarge), "{report}");
}

/// In thirty dimensions, and with products in single precision.
#[test]
fn stochastic_hypergradients_in_thirty_dimensions_and_single_precision() {
    for seed in 0..6 {
        for (d, single) in [(30, false), (4, true), (30, true)] {
            for slip in [Nsid::None, Nsid::OwnSamples] {
                let mut map = Sampled::new(100, d, Slip::None, seed);
                (map.single, map.plain, map.nsid) = (single, seed % 2 == 0, slip);
                let spec = with_nsid(&map);
                let checks = options(&["samples", "hypergradient-steps", "nsid-moments"], 4);
                let report = examine(&spec, &mut map, seed, &checks).unwrap();
                let samples = report.find("samples").unwrap();
                assert_eq!(samples.finding.ruling, Ruling::Pass, "{report}");
                if slip == Nsid::None {
                    assert!(report.holds(), "{report}");
                    let moments = report.find("nsid-moments").unwrap();
                    println!("{d} {single}: {}", moments.finding.detail);
                } else {
                    assert!(report.sees("nsid-moments"), "{d} {single} {report}");
                }
            }
        }
    }
}

/// A wrong routine fails and is named; what it rests on is judged first.
#[test]
fn stochastic_hypergradients_fail() {
    use Nsid::*;
    let slips = [
        OwnSamples,
        FirstBatch,
        NextBatch,
        NextStep,
        OuterAtMean,
        Sid,
        NeverLast,
        WarmStart,
        Size,
    ];
    for slip in slips {
        let (mut seen, mut moments, mut named) = (0, 0, 0);
        for seed in 0..5 {
            let mut wrong = Sampled::new(20, 4, Slip::None, seed);
            wrong.nsid = slip;
            let spec = with_nsid(&wrong);
            let report = examine(&spec, &mut wrong, seed, &Options::default()).unwrap();
            let found = |check: &str| report.find(check).unwrap().fault.is_some();
            let steps = found("hypergradient-steps") || found("hypergradient-conduct");
            seen += usize::from(steps || found("nsid-moments"));
            moments += usize::from(found("nsid-moments"));
            named += usize::from(steps);
        }
        println!("{slip:?}: seen {seen} of 5, by steps or conduct {named}, by moments {moments}");
        // Γ of the given samples is that of T where no mask differs.
        let least = if slip == OuterAtMean { 1 } else { 5 };
        assert!(
            seen >= least && moments + 1 >= least,
            "{slip:?} {seen} {moments}"
        );
    }

    // Wrong products of samples are said where they are.
    let mut wrong = Sampled::new(20, 4, Slip::Product, 1);
    let spec = with_nsid(&wrong);
    let report = examine(&spec, &mut wrong, 1, &Options::default()).unwrap();
    assert!(report.sees("samples"), "{report}");
    for check in ["hypergradient-steps", "nsid-moments"] {
        let found = report.find(check).unwrap();
        assert_eq!(found.finding.ruling, Ruling::NotApplicable, "{report}");
    }
}

/// A check that is asked for is answered, and a number of samples from elsewhere is no size.
#[test]
fn moments_alone_and_of_too_many_samples() {
    let mut right = Sampled::new(20, 4, Slip::None, 1);
    let mut spec = with_nsid(&right);
    let only = options(&["nsid-moments"], 4);
    let report = examine(&spec, &mut right, 1, &only).unwrap();
    assert_eq!(report.findings.len(), 1, "{report}");
    assert_eq!(report.findings[0].finding.ruling, Ruling::Pass);
    for n in [5001, usize::MAX / 4 + 1, usize::MAX] {
        spec.samples = n;
        let report = examine(&spec, &mut right, 1, &only).unwrap();
        assert_eq!(report.findings[0].finding.ruling, Ruling::Inconclusive);
    }
}

/// Whole examinations with hypergradients, 1,000 maps, one in ten at d = 30:
/// `cargo test --release --test all -- --ignored --nocapture many_examinations`.
#[test]
#[ignore = "minutes"]
fn many_examinations() {
    let inners = [ServedInner::Implicit, ServedInner::AidFp, ServedInner::Itd];
    let (mut failed, mut named, mut open, mut count) = (0, 0, 0, 0);
    let mut by_check = std::collections::BTreeMap::new();
    for n in 0..1000u64 {
        if std::env::var("ONLY").is_ok_and(|o| !o.split(',').any(|o| o == n.to_string())) {
            continue;
        }
        let k = n as usize;
        let kind = KINDS[k % 10];
        let d = [1, 5, 5, 2, 5, 9, 3, 1, 30, 7][(k / 10) % 10];
        let start = [Start::Free, Start::OnKinks, Start::NearKinks][(k / 3) % 3];
        // λ₀/10 is added to the contraction of the bilinear map.
        let q = if kind == Kind::Bilinear {
            0.8
        } else {
            [0.5, 0.8, 0.95][k / 100 % 3]
        };
        let mut model = Model::new(kind, d, q, start, 50_000 + n);
        model.tie = TIES[(k / 7) % 4];
        match k % 4 {
            1 if kind != Kind::InnerSolver => model = model.scaled(),
            2 if kind != Kind::InnerSolver => model = model.single(),
            _ => {}
        }
        if kind == Kind::InnerSolver {
            model.tolerance = [1e-8, 1e-4][k / 10 % 2];
        }
        let mut hyper = Hyper::new(model, inners[k / 4 % 3], Mistake::None);
        let spec = hyper.spec();
        let report = examine(&spec, &mut hyper, n, &Options::default()).unwrap();
        count += report.findings.len();
        open += undecided(&report);
        for f in report
            .findings
            .iter()
            .filter(|f| f.finding.ruling == Ruling::Inconclusive)
        {
            *by_check.entry(f.check).or_insert(0) += 1;
        }
        failed += usize::from(!report.holds());
        let fault = |f: &ratecert::served::Found| f.fault.is_some() && f.check != "contraction";
        if !report.holds() || report.findings.iter().any(fault) {
            named += 1;
            println!(
                "n = {n} {:?} {start:?} {:?} {} {report}",
                hyper.inner,
                hyper.model.tie,
                k % 4
            );
        }
    }
    println!("open: {by_check:?}");
    println!(
        "1000 maps, {count} findings, {open} open; {failed} maps fail, {named} with a fault named"
    );
    assert_eq!(failed, 0);
}

/// Beyond d = 500 no matrix is formed: a chain of 600 soft-thresholded neighbours.
struct Chain {
    tolerance: f64,
}

impl Chain {
    fn inputs(w: &[f64], l: &[f64]) -> Vec<f64> {
        let at = |i: usize| w.get(i).copied().unwrap_or(0.0);
        let one = |i: usize| {
            0.3 * at(i.wrapping_sub(1)) + 0.2 * at(i + 1) + l[0] * (i as f64).sin() + l[1]
        };
        (0..w.len()).map(one).collect()
    }

    /// The transposed product.
    fn back(w: &[f64], l: &[f64], u: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let z = Self::inputs(w, l);
        let v: Vec<f64> = z
            .iter()
            .zip(u)
            .map(|(z, u)| if *z > 0.0 { *u } else { 0.0 })
            .collect();
        let at = |i: usize| v.get(i).copied().unwrap_or(0.0);
        let by_w = (0..w.len())
            .map(|i| 0.3 * at(i + 1) + 0.2 * at(i.wrapping_sub(1)))
            .collect();
        let by_0 = v
            .iter()
            .enumerate()
            .map(|(i, v)| v * (i as f64).sin())
            .sum();
        (by_w, vec![by_0, v.iter().sum()])
    }
}

impl ServedMap for Chain {
    fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
        Ok(Self::inputs(w, l).iter().map(|z| z.max(0.0)).collect())
    }
    fn vjp(&mut self, w: &[f64], l: &[f64], u: &[f64]) -> ratecert::Result<(Vec<f64>, Vec<f64>)> {
        Ok(Self::back(w, l, u))
    }
    fn hypergradient(
        &mut self,
        w: &[f64],
        l: &[f64],
        y: &[f64],
        _: &[usize],
    ) -> ratecert::Result<Vec<Vec<f64>>> {
        let largest = |v: &[f64]| v.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let mut v = y.to_vec();
        for _ in 0..200 {
            let (by_w, _) = Self::back(w, l, &v);
            let next: Vec<f64> = by_w.iter().zip(y).map(|(a, y)| a + y).collect();
            let moved: Vec<f64> = next.iter().zip(&v).map(|(a, b)| a - b).collect();
            v = next;
            if largest(&moved) <= self.tolerance * largest(y) {
                break;
            }
        }
        Ok(vec![Self::back(w, l, &v).1])
    }
}

#[test]
fn large_maps_are_judged_without_a_matrix() {
    for (tolerance, seen) in [(0.0, false), (1e-2, true), (1e-9, true)] {
        let mut spec = ServedSpec::new("chain", vec![0.1; 600], vec![0.7, 0.4]);
        spec.products.jvp = false;
        spec.hypergradient = Some(ServedHypergradient {
            inner: ServedInner::Implicit,
            linear_tolerance: 0.0,
            step_tolerance: 0.0,
        });
        let options = options(&["products", "fixed-point", "hypergradient-limit"], 1);
        let report = examine(&spec, &mut Chain { tolerance }, 1, &options).unwrap();
        println!("{report}");
        assert_eq!(report.sees("hypergradient-limit"), seen, "{report}");
        assert_eq!(report.holds(), tolerance < 1e-6, "{report}");
    }
}
