//! Served maps: correct ones pass, faults of known sizes are seen, and what it costs.

#[path = "served/models.rs"]
mod models;

use models::{Fault, KINDS, Kind, Model, Start, TIES, Tie};
use ratecert::checks::Ruling;
use ratecert::served::{Options, Report, examine};

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

/// One entry off by δ, 40 instances: how many are seen, by check.
#[test]
fn detection_of_one_entry() {
    let checks = ["consistency", "conservative", "products"];
    println!("delta    4, four paths   4, one path   3, one direction");
    let mut rows = Vec::new();
    for delta in [1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-11, 1e-12, 1e-13] {
        let mut seen = [0; 3];
        for n in 0..40u64 {
            let kind = KINDS[n as usize % 8];
            let d = [2, 5, 8][n as usize / 8 % 3];
            for (k, paths) in [4, 1].into_iter().enumerate() {
                let mut model = Model::new(kind, d, 0.7, Start::Free, 1000 + n);
                model.fault = Fault::Entry(delta);
                let report = report(&mut model, n, &options(&checks, paths));
                seen[k] += usize::from(report.sees("conservative"));
                if k == 0 {
                    seen[2] += usize::from(report.sees("products"));
                }
                if delta > 2e-6 {
                    assert!(!report.holds(), "{report}");
                }
            }
        }
        println!(
            "{delta:.0e}    {:2}              {:2}            {:2}",
            seen[0], seen[1], seen[2]
        );
        rows.push((delta, seen));
    }
    for (delta, seen) in rows {
        let least = if delta >= 1e-8 {
            40
        } else if delta >= 1e-10 {
            36
        } else {
            0
        };
        assert!(seen[1] >= least, "δ = {delta:e}: {seen:?}");
    }
}
