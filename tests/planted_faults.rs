//! Ten faults that real implementations make, each caught by some claim at the `test` profile's counts;
//! the same recursions without a fault pass everything.

use ratecert::claims::verdict::Status;
use ratecert::claims::{Catalogue, Claim, Profile, judge};
use ratecert::linalg::{Matrix, Vector};
use ratecert::maps::{Linearization, Tie};
use ratecert::methods::{Case, Differentiator, Method};
use ratecert::trajectory::{self, Cost, Estimates, Trajectory};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// ∂₁Φᵀ in place of ∂₁Φ.
    TransposedJacobian,
    /// Differentiates at the iterate before.
    StaleIterate,
    /// Keeps the selection of the first step.
    StaleMask,
    /// ∂₂Φ left out after the first step.
    MissingPartial,
    /// Returns the estimate one step late.
    OffByOne,
    /// The sign of ∂₂Φ.
    Sign,
    /// Half of every step of the recursion.
    WrongStep,
    /// Stops when the increment is below an absolute 1e-8, whatever the size of the cotangent.
    AbsoluteStop,
    /// Starts from what the last call ended with.
    KeepsState,
    /// Single precision inside.
    SinglePrecision,
}

/// Forward ITD or AID-FP over dense Jacobians, with one fault.
struct Naive {
    method: Method,
    fault: Fault,
    kept: Option<Matrix>,
}

impl Naive {
    fn at(&self, case: &Case<'_>, w: &[f64]) -> Linearization {
        let mut lin = case.map.linearization();
        case.map
            .linearize(w, case.lambda, &mut Tie::Weight(0.0), &mut lin);
        lin
    }
}

fn single(m: &mut Matrix) {
    m.iter_mut().for_each(|v| *v = f64::from(*v as f32));
}

impl Differentiator for Naive {
    fn run(&mut self, case: &Case<'_>) -> Trajectory {
        let dims = case.map.dims();
        let tiny = if self.fault == Fault::AbsoluteStop {
            1e-6
        } else {
            1.0
        };
        let mut d = Matrix::zeros(dims.w, dims.lambda);
        if self.fault == Fault::KeepsState {
            d = self
                .kept
                .take()
                .filter(|k| k.shape() == d.shape())
                .unwrap_or(d);
        }
        let mut w = case.w.to_vec();
        let mut before = w.clone();
        let mut first: Option<Linearization> = None;
        let mut out = Vec::new();
        let mut late = d.clone();
        for t in 0..=case.horizon() {
            if case.steps.contains(&t) {
                out.push(if self.fault == Fault::OffByOne {
                    late.clone()
                } else {
                    d.clone()
                });
            }
            late.copy_from(&d);
            let here = self.at(
                case,
                if self.fault == Fault::StaleIterate {
                    &before
                } else {
                    &w
                },
            );
            let mut lin = here.clone();
            if self.fault == Fault::StaleMask {
                lin.slope
                    .clone_from(&first.get_or_insert_with(|| here.clone()).slope);
            }
            let mut a = case.map.jacobian_w(&lin);
            let mut b = case.map.jacobian_lambda(&lin);
            match self.fault {
                Fault::TransposedJacobian => a = a.transpose(),
                Fault::MissingPartial if t > 0 => b.fill(0.0),
                Fault::Sign => b.neg_mut(),
                Fault::SinglePrecision => {
                    single(&mut a);
                    single(&mut b);
                    single(&mut d);
                }
                _ => {}
            }
            let mut next = &a * &d + &b;
            if self.fault == Fault::WrongStep {
                next = (next + &d) * 0.5;
            }
            let stopped = self.fault == Fault::AbsoluteStop && (&next - &d).norm() * tiny < 1e-8;
            if !stopped {
                d = next;
            }
            if !self.method.is_aid() {
                before.clone_from(&w);
                w = match case.path.and_then(|path| path.get(t + 1)) {
                    Some(given) => given.clone(),
                    None => case.phi(&w),
                };
            }
        }
        self.kept = Some(d);
        let estimates = if self.method.is_reverse() {
            let y = Vector::from_column_slice(case.cotangent);
            Estimates::Cotangents(out.iter().map(|d| d.tr_mul(&y)).collect())
        } else {
            Estimates::Jacobians(out)
        };
        Trajectory {
            estimates,
            cost: Cost::default(),
            status: trajectory::Status::Completed,
        }
    }
}

/// (claims that fail, verdicts that fail) for a fault of a method.
fn caught(method: Method, fault: Fault) -> Vec<String> {
    let catalogue = Catalogue::builtin().unwrap();
    let mut claims = Vec::new();
    // The checks on sets at kinks have planted faults of their own.
    let of_method = |c: &&Claim| c.method == method && !c.name.starts_with("kink-");
    for claim in catalogue.claims().iter().filter(of_method) {
        // The limit needs as many as 10⁵ dense steps: the fast methods' own business.
        let mut claim = claim.clone();
        claim.checks.retain(|c| c.kind.label() != "limit");
        let mut implementation = Naive {
            method,
            fault,
            kept: None,
        };
        let mut fails = 0;
        for (f, family) in claim.families.iter().enumerate() {
            for index in 0..family.count(Profile::Test) {
                let (instance, label) = claim.instance(0, f, index).unwrap();
                let judged = judge(&claim, &instance, &label, &mut implementation);
                fails += judged
                    .verdicts
                    .iter()
                    .filter(|v| v.status == Status::Fail)
                    .count();
            }
        }
        if fails > 0 {
            claims.push(format!("{} ({fails})", claim.name));
        }
    }
    claims
}

#[test]
fn correct_recursions_pass() {
    for method in [
        Method::Itd,
        Method::ItdReverse,
        Method::AidFp,
        Method::AidFpForward,
    ] {
        assert_eq!(
            caught(method, Fault::None),
            Vec::<String>::new(),
            "{method:?}"
        );
    }
}

#[test]
fn every_fault_is_caught() {
    use Fault::*;
    let itd = [
        TransposedJacobian,
        StaleIterate,
        StaleMask,
        MissingPartial,
        OffByOne,
        Sign,
        WrongStep,
        AbsoluteStop,
        KeepsState,
        SinglePrecision,
    ];
    let aid = [
        TransposedJacobian,
        MissingPartial,
        OffByOne,
        Sign,
        WrongStep,
        AbsoluteStop,
        KeepsState,
        SinglePrecision,
    ];
    for (method, faults) in [
        (Method::Itd, &itd[..]),
        (Method::AidFpForward, &aid[..]),
        (Method::AidFp, &aid[..]),
    ] {
        for fault in faults {
            let by = caught(method, *fault);
            assert!(
                !by.is_empty(),
                "{method:?} with {fault:?} passes everything"
            );
            println!("{method:?} {fault:?}: {}", by.join(", "));
        }
    }
}

/// Correctness must not depend on which claim looks: each of these faults is caught by a check that is not
/// the trajectory comparison, too.
#[test]
fn loose_bounds_alone_do_not_carry_the_verdict() {
    for fault in [
        Fault::OffByOne,
        Fault::WrongStep,
        Fault::Sign,
        Fault::MissingPartial,
    ] {
        let by = caught(Method::Itd, fault);
        assert!(
            by.iter().any(|c| !c.starts_with("itd-exact")),
            "{fault:?}: {by:?}"
        );
    }
}
