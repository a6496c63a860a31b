//! Certifying one's own method: a correct reverse-mode ITD, and one with a classic mistake.
//!
//! `cargo run --profile test --example own_method --features testing`
//!
//! In a crate of your own this is a proptest of five lines:
//!
//! ```ignore
//! proptest! {
//!     #[test]
//!     fn my_itd_is_right(instance in ratecert::testing::instances(ratecert::testing::ALL)) {
//!         ratecert::testing::certify(Method::ITD_REVERSE, &instance, |case| my_itd(case))?;
//!     }
//! }
//! ```

use std::process::ExitCode;

use ratecert::case::{Case, Method};
use ratecert::instances::{Instance, Spec};
use ratecert::testing;

/// Dᵀy for every number of steps asked for: a forward pass that keeps the iterates, then the adjoint.
fn my_itd(case: &Case<'_>, stale: bool) -> Vec<Vec<f64>> {
    let mut out = Vec::new();
    for &t in case.steps {
        let mut iterates = vec![case.w().to_vec()];
        for s in 0..t {
            iterates.push(case.phi(&iterates[s]));
        }
        let y = case.cotangent().unwrap_or_default();
        let (mut v, mut u) = (y.to_vec(), vec![0.0; case.lambda.len()]);
        for s in (0..t).rev() {
            // The mistake: differentiating at w_{s+1} instead of w_s.
            let (by_w, by_lambda) = case.vjp(&iterates[if stale { s + 1 } else { s }], &v);
            u.iter_mut().zip(by_lambda).for_each(|(u, b)| *u += b);
            v = by_w;
        }
        out.push(u);
    }
    out
}

fn main() -> ExitCode {
    let (mut right, mut wrong, mut first) = (0, 0, None);
    let mut total = 0;
    for kind in testing::ALL {
        for seed in 0..10 {
            let Ok(instance) = Instance::generate(&Spec::typical(*kind, 6), seed) else {
                continue;
            };
            total += 1;
            right += usize::from(
                testing::certify(Method::ITD_REVERSE, &instance, |c| my_itd(c, false)).is_ok(),
            );
            if let Err(violation) =
                testing::certify(Method::ITD_REVERSE, &instance, |c| my_itd(c, true))
            {
                wrong += 1;
                first.get_or_insert(violation);
            }
        }
    }
    println!("correct ITD: {right} of {total} instances certified");
    println!("ITD differentiated one iterate late: rejected on {wrong} of {total}");
    if let Some(violation) = &first {
        println!("  first: {violation}");
    }
    // On affine maps the mistake makes no difference; everywhere else it must show.
    if right == total && wrong >= total / 2 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
