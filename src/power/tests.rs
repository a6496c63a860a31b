use super::bench::Bench;
use super::*;
use crate::case::Method;
use crate::claims::{Catalogue, Claim};
use crate::faults::{Fault, catalogue, variants};

fn claims() -> Vec<Claim> {
    Catalogue::builtin().unwrap().claims().to_vec()
}

/// Every named fault is caught by some claim of the quick profile, in every method it can occur in.
#[test]
fn every_named_fault_is_caught() {
    let options = Options {
        instances: 30,
        random: 0,
        ..Options::default()
    };
    assert_eq!(uncaught(&claims(), &options).unwrap(), []);
}

/// No correct variant fails, on several seeds; and the result does not depend on threads.
#[test]
fn correct_variants_pass_whatever_the_threads() {
    let claims: Vec<Claim> = claims()
        .into_iter()
        .filter(|c| {
            c.name.contains("exact") || c.name.contains("aid-cg") || c.name.contains("bound")
        })
        .collect();
    for seed in [0, 1] {
        let options = Options {
            instances: 1,
            seed,
            ..Options::default()
        };
        for (_, method) in Method::NAMES
            .into_iter()
            .filter(|(_, m)| !m.is_stochastic())
        {
            let bench = Bench::new(&claims, method, &options);
            let seen = bench.named(&variants(), false).unwrap();
            for v in &seen {
                assert!(!v.caught, "{v:?}");
            }
            if method == Method::ITD {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(1)
                    .build()
                    .unwrap();
                assert_eq!(
                    pool.install(|| bench.named(&variants(), false)).unwrap(),
                    seen
                );
            }
        }
    }
}

#[test]
fn detection_grows_with_size() {
    let claims: Vec<Claim> = claims()
        .into_iter()
        .filter(|c| c.name == "aid-fp-exact")
        .collect();
    let options = Options {
        instances: 1,
        ..Options::default()
    };
    let sizes = Bench::new(&claims, Method::AID_FP, &options)
        .sizes(8)
        .unwrap();
    let caught = |size: f64| {
        let row = sizes
            .iter()
            .find(|s| s.claim == "overall" && (s.size / size - 1.0).abs() < 1e-6);
        row.unwrap().caught
    };
    assert!(caught(1.0) >= 6 && caught(1.0) >= caught(1e-10));
}

/// What the catalogue lacks is caught, too; and the comparison with the exact trajectory does not
/// carry the verdict alone: claims that look at bounds, limits and rates see these faults of ITD.
#[test]
fn other_claims_than_the_exact_trajectory_see_faults() {
    let rows = |names: &[&str]| -> Vec<Fault> {
        let all = catalogue().into_iter();
        all.filter(|f| names.contains(&f.name)).collect()
    };
    let options = Options {
        instances: 3,
        ..Options::default()
    };
    let caught = |claims: &[Claim], faults: &[Fault]| {
        for f in Bench::new(claims, Method::ITD, &options)
            .named(faults, false)
            .unwrap()
        {
            assert!(f.caught, "{f:?}");
        }
    };
    let (exact, others): (Vec<Claim>, Vec<Claim>) = claims()
        .into_iter()
        .partition(|c| c.name.starts_with("itd-exact"));
    let unseen = rows(&["first-mask", "single-pipeline"]);
    assert_eq!(unseen.len(), 2);
    caught(&exact, &unseen);
    let seen = rows(&["off-by-one", "damped", "sign-of-second", "direct-term-once"]);
    assert_eq!(seen.len(), 4);
    caught(&others, &seen);
}

/// The planted faults of a few claims are named as they are called, and the table says how many.
#[test]
fn planted_faults_are_named() {
    let claims: Vec<Claim> = claims()
        .into_iter()
        .filter(|c| ["itd-exact", "aid-cg-termination", "nsid-exact"].contains(&c.name.as_str()))
        .collect();
    let options = Options {
        instances: 1,
        random: 0,
        ..Options::default()
    };
    let power = run(&claims, &options).unwrap();
    let text = power.to_text();
    let (mut right, mut wrong) = (0, Vec::new());
    for f in power.faults.iter().filter(|f| f.caught) {
        if f.named.split(" or ").any(|n| n == f.fault) {
            right += 1;
        } else {
            wrong.push((f.fault.as_str(), f.method.as_str(), f.named.as_str()));
        }
    }
    assert!(right > 100 && wrong.is_empty(), "{right}, not {wrong:?}");
    assert!(
        text.contains(&format!(
            "named right {right} / named {right} / caught {right}"
        )),
        "{text}"
    );
}

/// What the chosen claims cannot show is said, and is neither caught nor missed.
#[test]
fn what_nobody_looks_at_is_listed() {
    let only = |name: &str| {
        let all = claims().into_iter();
        all.filter(|c| c.name == name).collect::<Vec<Claim>>()
    };
    let options = Options {
        instances: 1,
        random: 0,
        ..Options::default()
    };
    let kinks = super::run(&only("kink-itd-bound"), &options).unwrap();
    let listed = |name: &str| kinks.unseen.iter().any(|(f, _)| f == name);
    assert!(kinks.faults.is_empty() || listed("stale-iterate"));
    assert!(
        kinks
            .to_text()
            .contains("no instance of these claims shows: ")
    );
    let constants = super::run(&only("constants"), &options).unwrap();
    assert!(constants.unseen.is_empty() && constants.faults.is_empty());
    assert!(constants.to_text().contains("look at no implementation"));
}
