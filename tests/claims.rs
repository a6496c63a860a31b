//! Every claim of `rates/claims` is a test of its own, at the `test` profile's counts.

use std::sync::atomic::AtomicBool;

use libtest_mimic::{Arguments, Failed, Trial};
use ratecert::case::Method;
use ratecert::checks::Ruling;
use ratecert::claims::{self, Catalogue, Claim, Profile};
use ratecert::methods::Ours;
use ratecert::runner::Plan;

fn main() {
    let catalogue = Catalogue::builtin().expect("the embedded claims parse");
    let conformance = Method::NAMES.map(|(_, method)| claims::conformance(method));
    let conformance = conformance.map(|claim| claim.expect("the embedded claims parse"));
    let all = catalogue.claims().iter().cloned().chain(conformance);
    let trials = all
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
        times: 1,
        alpha: 1e-9,
        factory: &Ours,
    };
    let output = plan.run(None, &AtomicBool::new(false), &|_, _| ())?;
    let failed: Vec<String> = output
        .verdicts
        .iter()
        .filter(|v| v.status == Ruling::Fail)
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
        .filter(|v| v.status == Ruling::Pass)
        .count();
    if passed == 0 {
        Err("no instance decides the claim".into())
    } else {
        Ok(())
    }
}
