//! Every claim of `rates/claims` is a test of its own, at the `test` profile's counts.

use std::sync::atomic::AtomicBool;

use libtest_mimic::{Arguments, Failed, Trial};
use ratecert::claims::verdict::Status;
use ratecert::claims::{Catalogue, Claim, Profile};
use ratecert::runner::Plan;

fn main() {
    let catalogue = Catalogue::builtin().expect("the embedded claims parse");
    let trials = catalogue
        .claims()
        .iter()
        .cloned()
        .map(|claim| Trial::test(claim.name.clone(), move || holds(claim)))
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn holds(claim: Claim) -> Result<(), Failed> {
    let plan = Plan {
        claims: vec![claim],
        profile: Profile::Test,
        seed: 1,
        jobs: Some(1),
        shard: None,
        alpha: 1e-9,
    };
    let output = plan.run(None, &AtomicBool::new(false), &|_, _| ())?;
    let failed: Vec<String> = output
        .verdicts
        .iter()
        .filter(|v| v.status == Status::Fail)
        .map(|v| {
            format!(
                "{}: measured {:e}, bound {:e}; {}",
                v.id, v.measured, v.bound, v.detail
            )
        })
        .collect();
    if !failed.is_empty() {
        return Err(failed.join("\n").into());
    }
    // A claim that nothing decides is no test.
    let passed = output
        .verdicts
        .iter()
        .filter(|v| v.status == Status::Pass)
        .count();
    if passed == 0 {
        Err("no instance decides the claim".into())
    } else {
        Ok(())
    }
}
