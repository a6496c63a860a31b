//! Planted faults around ties are caught; methods that differ by an allowed selection pass.

use super::{Judging, judge};
use crate::case::{Answer, Case, Factory, Implementation, Method};
use crate::checks::Ruling;
use crate::claims::{Catalogue, Claim, Label, Verdict};
use crate::evidence::Evidence;
use crate::instances::{Instance, Kind, Spec};
use crate::linalg::Matrix;
use crate::maps::{Linearization, Tie};
use crate::methods::Ours;
use crate::truth::Truth;

/// ITD in forward mode with hooks: weights at ties for the two blocks at step t, and a change of
/// either linearisation.
struct Itd {
    weights: fn(t: usize, unit: usize) -> [f64; 2],
    tamper: fn(t: usize, ties: &[usize], blocks: &mut [Linearization; 2], d: &mut Matrix),
}

impl Implementation for Itd {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let map = case.map;
        let (dims, mut ws) = (map.dims(), map.workspace());
        let mut blocks = [map.linearization(), map.linearization()];
        let mut w = case.w().to_vec();
        let mut d = Matrix::zeros(dims.w, dims.lambda);
        let unit = Matrix::identity(dims.lambda, dims.lambda);
        let mut out = Vec::new();
        for t in 0..=case.horizon() {
            if case.steps.contains(&t) {
                out.push(d.clone());
            }
            for (b, lin) in blocks.iter_mut().enumerate() {
                let mut ask = |i: usize| (self.weights)(t, i)[b];
                map.linearize(&w, case.lambda, &mut Tie::Ask(&mut ask), lin);
            }
            let ties: Vec<usize> = blocks[0].ties().collect();
            (self.tamper)(t, &ties, &mut blocks, &mut d);
            let mut next = d.clone();
            map.jvp_w(&blocks[0], &d, &mut next, &mut ws);
            map.add_jvp_lambda(&blocks[1], &unit, &mut next, &mut ws);
            d = next;
            w.copy_from_slice(&blocks[0].value);
        }
        Answer::completed(out)
    }
}

fn honest(_: usize, _: &[usize], _: &mut [Linearization; 2], _: &mut Matrix) {}

/// Every tie of both blocks gets this slope.
fn slope(ties: &[usize], blocks: &mut [Linearization; 2], value: f64) {
    for b in blocks {
        for &i in ties {
            b.slope[i] = value;
        }
    }
}

/// The verdicts of a claim on one instance.
fn verdicts_of(
    claim: &Claim,
    instance: &Instance,
    subject: &mut dyn Implementation,
) -> Vec<Verdict> {
    let label = Label {
        kind: instance.spec.kind.name().into(),
        family: 0,
        index: 0,
        plot: false,
        redrawn: 0,
    };
    let evidence = Evidence::new(instance, claim.method, claim.horizon());
    let judging = Judging {
        share: 1e-9,
        record: false,
    };
    judge(claim, &evidence, &label, judging, subject).verdicts
}

/// Verdicts of `kink-itd-bound` from w_0 = w(λ), where every step meets every tie.
fn verdicts(kind: Kind, seed: u64, method: &mut Itd) -> Vec<Ruling> {
    let catalogue = Catalogue::builtin().unwrap();
    let mut claim = catalogue
        .select(&["kink-itd-bound".into()])
        .unwrap()
        .remove(0);
    // The sharpest of its three checks, over a shorter course: what it sees the claim sees.
    claim.checks.retain(|c| c.name.ends_with("sharp"));
    claim.checks.iter_mut().for_each(|c| c.steps = 20);
    let spec = Spec {
        rows: 2,
        ..Spec::typical(kind, 3)
    }
    .normalised();
    let mut instance = Instance::generate(&spec, seed).unwrap();
    let truth = Truth::solve(&instance.map, &instance.lambda).unwrap();
    instance.start = truth.w().as_slice().to_vec();
    verdicts_of(&claim, &instance, method)
        .iter()
        .map(|v| v.status)
        .collect()
}

const KINDS: [Kind; 3] = [
    Kind::KinkLayerRelu,
    Kind::KinkElasticNet,
    Kind::KinkLayerDuplicated,
];

#[test]
fn allowed_selections_pass() {
    type Weights = fn(usize, usize) -> [f64; 2];
    let variants: [(&str, Weights); 9] = [
        ("0", |_, _| [0.0, 0.0]),
        ("1/4", |_, _| [0.25, 0.25]),
        ("1/2", |_, _| [0.5, 0.5]),
        ("1", |_, _| [1.0, 1.0]),
        ("alternating", |t, _| [(t % 2) as f64; 2]),
        ("by unit", |_, i| [(i % 2) as f64; 2]),
        ("blocks apart", |_, _| [0.0, 1.0]),
        ("blocks apart, the other way", |t, _| {
            [1.0, (t % 3) as f64 / 2.0]
        }),
        ("irregular", |t, i| {
            let x = (t * 7919 + i * 104_729) % 17;
            [x as f64 / 16.0, (16 - x) as f64 / 16.0]
        }),
    ];
    for (name, weights) in variants {
        for kind in KINDS {
            let mut method = Itd {
                weights,
                tamper: honest,
            };
            let got = verdicts(kind, 3, &mut method);
            assert!(
                got.iter().all(|s| *s == Ruling::Pass),
                "{name} {kind:?} {got:?}"
            );
        }
    }
}

#[test]
fn faults_at_ties_are_caught() {
    type Tamper = fn(usize, &[usize], &mut [Linearization; 2], &mut Matrix);
    let faults: [(&str, Tamper); 10] = [
        ("slope 3 at ties", |_, ties, b, _| slope(ties, b, 3.0)),
        ("slope -2 at ties", |_, ties, b, _| slope(ties, b, -2.0)),
        ("NaN at ties", |_, ties, b, _| slope(ties, b, f64::NAN)),
        ("huge slope at ties", |_, ties, b, _| slope(ties, b, 1e6)),
        ("slope 1.5 in ∂₂ only", |_, ties, b, _| {
            slope(ties, b, 1.5);
            for &i in ties {
                b[0].slope[i] = 0.0;
            }
        }),
        ("every unit treated as a tie", |_, ties, b, _| {
            if !ties.is_empty() {
                b.iter_mut().for_each(|l| l.slope.fill(0.5));
            }
        }),
        ("a tie switches every unit on", |_, ties, b, _| {
            if !ties.is_empty() {
                b.iter_mut().for_each(|l| l.slope.fill(1.0));
            }
        }),
        ("a tie resets D", |t, ties, _, d| {
            if !ties.is_empty() && t % 5 == 4 {
                d.fill(0.0);
            }
        }),
        ("a tie flips the sign of D", |t, ties, _, d| {
            if !ties.is_empty() && t % 5 == 4 {
                *d *= -1.0;
            }
        }),
        ("a tie drops ∂₂ of every unit", |_, ties, b, _| {
            if !ties.is_empty() {
                b[1].slope.fill(0.0);
            }
        }),
    ];
    for (name, tamper) in faults {
        let caught = KINDS
            .iter()
            .flat_map(|k| [(k, 3), (k, 4)])
            .any(|(kind, seed)| {
                let mut method = Itd {
                    weights: |_, _| [0.5, 0.5],
                    tamper,
                };
                verdicts(*kind, seed, &mut method).contains(&Ruling::Fail)
            });
        assert!(caught, "{name}");
    }
}

/// Past a kink an estimate may be any in the set of what selections give, and no other.
#[test]
fn faults_in_doubt_are_caught_by_exact_trajectories() {
    let catalogue = Catalogue::builtin().unwrap();
    let claim = catalogue.select(&["itd-exact".into()]).unwrap().remove(0);
    for kind in [Kind::KinkLayerRelu, Kind::KinkMaxMin, Kind::KinkElasticNet] {
        let spec = Spec {
            rows: 2,
            q: 0.5,
            path: Some(crate::instances::Path::Rest),
            ..Spec::typical(kind, 3)
        }
        .normalised();
        let instance = Instance::generate(&spec, 4).unwrap();
        let all = crate::faults::catalogue();
        let edits = |name: &str| &all.iter().find(|f| f.name == name).unwrap().edits;
        let irregular = crate::faults::variants();
        let irregular = irregular
            .iter()
            .find(|f| f.name == "tie-irregular")
            .unwrap();
        for (edits, wanted) in [
            (&irregular.edits, Ruling::Pass),
            (edits("tie-slope-huge"), Ruling::Fail),
            (edits("tie-nan"), Ruling::Fail),
        ] {
            let mut method = crate::faults::Simulated::new(Method::ITD, edits);
            let verdict = &verdicts_of(&claim, &instance, &mut method)[0];
            assert_eq!(verdict.status, wanted, "{kind:?} {}", verdict.detail);
        }
    }
}

#[test]
fn a_search_finds_further_instances_that_refute_the_closing_remark() {
    let catalogue = Catalogue::builtin().unwrap();
    let claim = &catalogue
        .select(&["kink-closing-remark-search".into()])
        .unwrap()[0];
    let mut refuted = 0;
    for seed in 0..25 {
        let spec = Spec {
            rows: 1,
            q: 0.6,
            ..Spec::typical(Kind::KinkElasticNet, 2)
        };
        let instance = Instance::generate(&spec.normalised(), seed).unwrap();
        let mut method = Ours.make(Method::ITD).unwrap();
        let found = verdicts_of(claim, &instance, method.as_mut());
        assert!(found.iter().all(|v| v.status == Ruling::Pass));
        refuted += usize::from(found[0].detail.starts_with("refuted"));
    }
    assert!(refuted > 0, "none in 25");
}

/// The verdict of the first check of this claim for a method with departures.
fn judged(
    claim: &str,
    kind: Kind,
    size: (usize, usize, u64),
    edits: &[crate::faults::Edit],
) -> Verdict {
    let catalogue = Catalogue::builtin().unwrap();
    let method = catalogue.select(&[claim.into()]).unwrap()[0].method;
    let mut method = crate::faults::Simulated::new(method, edits);
    judged_with(claim, kind, size, &mut method)
}

fn judged_with(
    claim: &str,
    kind: Kind,
    (dim, rows, seed): (usize, usize, u64),
    method: &mut dyn Implementation,
) -> Verdict {
    let catalogue = Catalogue::builtin().unwrap();
    let mut claim = catalogue.select(&[claim.into()]).unwrap().remove(0);
    claim.checks.truncate(1);
    let spec = Spec {
        rows,
        q: 0.8,
        path: Some(crate::instances::Path::Rest),
        ..Spec::typical(kind, dim)
    };
    let instance = Instance::generate(&spec.normalised(), seed).unwrap();
    verdicts_of(&claim, &instance, method).remove(0)
}

fn fault(name: &str) -> Vec<crate::faults::Edit> {
    let all = crate::faults::catalogue();
    all.iter().find(|f| f.name == name).unwrap().edits.to_vec()
}

/// Twelve units on their kinks in fifty dimensions, every step at w(λ): correct selections pass,
/// tie faults fail with a certificate.
#[test]
fn twelve_kinks_in_fifty_dimensions_are_decided() {
    let every = crate::faults::catalogue();
    let every: Vec<&str> = every
        .iter()
        .filter(|f| f.shows() == crate::faults::Shows::AtTies)
        .map(|f| f.name)
        .collect();
    let cases: [(&str, &[&str]); 3] = [
        ("kink-itd-at-ties", &every),
        // A dozen kinks fill the few numbers of an image: a slope of 3 need not leave it.
        ("kink-itd-reverse", &["tie-slope-huge", "tie-nan"]),
        ("kink-aid-fp-reverse-joint", &["tie-slope-huge", "tie-nan"]),
    ];
    for (claim, names) in cases {
        for kind in [Kind::KinkLayerRelu, Kind::KinkElasticNet] {
            let run = |edits: &[_]| judged(claim, kind, (50, 12, 5), edits);
            let correct = run(&[]);
            assert_eq!(correct.status, Ruling::Pass, "{claim} {}", correct.detail);
            for name in names {
                let found = run(&fault(name));
                let detail = &found.detail;
                assert_eq!(
                    found.status,
                    Ruling::Fail,
                    "{claim} {kind:?} {name}: {detail}"
                );
            }
        }
    }
}

/// Reverse mode shows only Dᵀy, from a pass of its own for every t.
#[test]
fn cotangents_at_ties_are_judged_by_the_image_of_the_set() {
    use crate::faults::{AtTies, Edit};
    let everywhere = [
        "kink-itd-reverse",
        "kink-aid-fp-reverse-joint",
        "kink-aid-cg-joint",
    ];
    for claim in everywhere {
        for kind in KINDS {
            for seed in 0..4 {
                let run = |edits: &[Edit]| judged(claim, kind, (4, 2, seed), edits);
                let mut allowed = vec![vec![], vec![Edit::Tie(0.5)], vec![Edit::Tie(1.0)]];
                if claim == "kink-itd-reverse" {
                    allowed.push(vec![Edit::AtTies(AtTies::Irregular)]);
                }
                for edits in allowed {
                    let found = run(&edits);
                    assert_eq!(
                        found.status,
                        Ruling::Pass,
                        "{claim} {kind:?} {seed} {edits:?}: {}",
                        found.detail
                    );
                }
            }
        }
        // Caught on some instance; an image may hide what the whole matrix shows.
        for name in [
            "tie-slope-above",
            "tie-slope-below",
            "tie-slope-huge",
            "tie-nan",
            "tie-slope-above-in-second",
            "tie-drops-second",
        ] {
            let caught = (0..4).any(|seed| {
                let found = judged(claim, Kind::KinkLayerRelu, (4, 2, seed), &fault(name));
                found.status == Ruling::Fail
            });
            assert!(caught, "{claim} {name}");
        }
    }
}

/// Answers without regard to the problem.
struct Answers(fn(&Case<'_>) -> Vec<Matrix>);

impl Implementation for Answers {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        Answer::completed((self.0)(case))
    }
}

#[test]
fn broken_answers_in_reverse_mode_do_not_pass() {
    fn filled(case: &Case<'_>, length: usize, value: f64) -> Vec<Matrix> {
        vec![Matrix::from_element(length, 1, value); case.steps.len()]
    }
    type Answering = fn(&Case<'_>) -> Vec<Matrix>;
    let broken: [(&str, Answering); 7] = [
        ("nothing", |_| Vec::new()),
        ("too long", |c| filled(c, c.lambda.len() + 1, 0.0)),
        ("empty", |c| filled(c, 0, 0.0)),
        ("NaN", |c| filled(c, c.lambda.len(), f64::NAN)),
        ("infinite", |c| filled(c, c.lambda.len(), f64::INFINITY)),
        ("huge", |c| filled(c, c.lambda.len(), -1e300)),
        ("matrices", |c| {
            vec![Matrix::zeros(c.w().len(), c.lambda.len()); c.steps.len()]
        }),
    ];
    for claim in [
        "kink-itd-reverse",
        "kink-aid-fp-reverse-joint",
        "kink-aid-cg-joint",
    ] {
        for (name, answer) in broken {
            let found = judged_with(claim, Kind::KinkLayerRelu, (3, 2, 1), &mut Answers(answer));
            assert_eq!(
                found.status,
                Ruling::Fail,
                "{claim} {name}: {}",
                found.detail
            );
        }
    }
}

#[test]
fn a_huge_jacobian_is_no_element_of_d_joint() {
    let mut method = Answers(|c| {
        let one = Matrix::from_element(c.w().len(), c.lambda.len(), -1e300);
        vec![one; c.steps.len()]
    });
    let size = (3, 2, 1);
    let found = judged_with("kink-aid-fp-joint", Kind::KinkLayerRelu, size, &mut method);
    assert_eq!(found.status, Ruling::Fail, "{}", found.detail);
}

#[test]
fn checks_on_sets_are_refused_for_methods_whose_estimates_need_not_be_in_them() {
    let catalogue = Catalogue::builtin().unwrap();
    let text = |name: &str| {
        let path = format!("{}/rates/claims/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    assert!(catalogue.select(&["kink-*".into()]).unwrap().len() > 10);
    for (claim, from, to) in [
        ("kink-itd-at-ties", "\"itd\"", "\"aid-fp\""),
        ("kink-itd-at-ties", "\"itd\"", "\"aid-cg\""),
        ("kink-aid-fp-joint", "\"aid-fp-forward\"", "\"itd\""),
    ] {
        let (from, to) = (format!("method = {from}"), format!("method = {to}"));
        let text = text(claim);
        assert!(text.contains(&from));
        let refused = crate::claims::Claim::parse(&text.replace(&from, &to), "x.toml");
        let why = refused.err().unwrap().to_string();
        assert!(why.contains("belongs to"), "{why}");
    }
}
