use super::*;
use crate::claims::Catalogue;
use crate::faults::Other;

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
        for (_, method) in deterministic() {
            let bench = Bench::new(&claims, method, &options);
            let seen = bench.named(&variants(), false).unwrap();
            for v in &seen {
                assert!(!v.caught, "{v:?}");
            }
            if method == Method::Itd {
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
    let sizes = Bench::new(&claims, Method::AidFp, &options)
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
    let of = |name: &'static str, edits: Vec<Edit>| Fault {
        name,
        about: "",
        edits,
        methods: &[Method::Itd],
    };
    let single: Vec<Edit> = catalogue()
        .into_iter()
        .filter(|f| f.name.starts_with("single-"))
        .flat_map(|f| f.edits)
        .collect();
    assert_eq!(single.len(), 4);
    let mut faults = vec![
        of("first-mask", vec![Edit::Mask(Other::Start)]),
        of("single-precision", single),
    ];
    let options = Options {
        instances: 3,
        ..Options::default()
    };
    let caught = |claims: &[Claim], faults: &[Fault]| {
        for f in Bench::new(claims, Method::Itd, &options)
            .named(faults, false)
            .unwrap()
        {
            assert!(f.caught, "{f:?}");
        }
    };
    let (exact, others): (Vec<Claim>, Vec<Claim>) = claims()
        .into_iter()
        .partition(|c| c.name.starts_with("itd-exact"));
    caught(&exact, &faults);
    faults = catalogue();
    faults.retain(|f| {
        ["off-by-one", "damped", "sign-of-second", "direct-term-once"].contains(&f.name)
    });
    assert_eq!(faults.len(), 4);
    caught(&others, &faults);
}
