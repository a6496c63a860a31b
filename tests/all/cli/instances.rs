//! Instances written, read and explained.

use std::fs;

use super::{Sandbox, stdout};

#[test]
fn kinds_are_described() {
    let s = Sandbox::new();
    for (_, kind, ..) in ratecert::instances::Kind::ALL {
        let text = stdout(&s.run(&["generate", kind, "--describe"]));
        assert!(
            text.starts_with(kind) && text.contains("Fields of the spec"),
            "{text}"
        );
    }
    let text = stdout(&s.run(&["generate", "sum-logistic-group", "--describe"]));
    assert!(text.contains("ω_g = √|g|"), "{text}");
}

#[test]
fn generate_and_explain_understand_each_other() {
    let s = Sandbox::new();
    assert!(stdout(&s.run(&["generate", "--list"])).contains("elastic-net-margin"));
    let out = s.run(&["generate", "elastic-net", "--dim", "3", "--seed", "5"]);
    assert_eq!(out.status.code(), Some(0));
    fs::write(s.path().join("i.json"), &out.stdout).unwrap();
    let out = s.run(&["explain", "itd-bound", "--instance", "i.json"]);
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = stdout(&out);
    for word in ["Hypotheses", "holds", "‖D_fix‖sup", "paper", "τ"] {
        assert!(text.contains(word), "{word} missing in\n{text}");
    }
    assert_eq!(s.run(&["explain", "aid-fp-limit"]).status.code(), Some(0));
}

/// Every stochastic kind is written with exact expectations, and what is written explains a claim
/// in the same numbers as what was drawn.
#[test]
fn stochastic_instances_are_written_and_read_back() {
    let s = Sandbox::new();
    let kinds = ratecert::instances::Kind::ALL.iter();
    for (own, kind, ..) in kinds.filter(|k| k.0.is_stochastic()) {
        let size = if own.uses("dim") {
            &["--dim", "3"][..]
        } else {
            &[]
        };
        let out = s.run(&[&["generate", kind, "--seed", "5"], size].concat());
        assert_eq!(out.status.code(), Some(0), "{kind}");
        let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert!(value["truth"]["gamma"].as_f64() > Some(0.0), "{kind}");
        let read = ratecert::instances::InstanceFile::parse(&stdout(&out)).unwrap();
        let mut again = ratecert::instances::InstanceFile::to_json(&read);
        again.insert("truth".into(), value["truth"].clone());
        assert_eq!(serde_json::Value::Object(again), value, "{kind}");
        fs::write(s.path().join("i.json"), &out.stdout).unwrap();
        let text = stdout(&s.run(&["explain", "nsid-bound", "--instance", "i.json"]));
        for word in ["Hypotheses", "holds", "tr Σ", "Lemma D.3", "σ₂'"] {
            assert!(text.contains(word), "{kind}: {word} missing in\n{text}");
        }
    }
    let wrong = |text: &str| {
        fs::write(s.path().join("i.json"), text).unwrap();
        s.refused(&["explain", "nsid-limit", "--instance", "i.json"])
    };
    let good = stdout(&s.run(&["generate", "noise-kink", "--dim", "2"]));
    assert!(wrong(&good.replace("\"dim\":2", "\"dim\":3")).contains("`spec.dim`"));
    let other = good.replacen("\"kind\":\"noise-kink\"", "\"kind\":\"noise-tanh\"", 1);
    assert!(wrong(&other).contains("`kind`"));
    assert!(wrong(&good.replace("\"batch\":1", "\"batch\":0")).contains("`batch`"));
    assert!(wrong(&good.replace("\"nonnegative\"", "\"ball\"")).contains("problem.outer.kind"));
    assert!(wrong(&good.replace("\"bilinear\":[]", "\"bilinear\":[[[1]]]")).contains("bilinear"));
    assert!(wrong("{").contains("not valid JSON"));
    let deterministic = stdout(&s.run(&["generate", "affine-normal"]));
    assert!(
        wrong(&deterministic)
            .contains("nsid-limit is about nsid, which takes a problem with samples")
    );
}

#[test]
fn bad_instances_name_file_line_and_field() {
    let s = Sandbox::new();
    let cases = [
        ("", "i.json:1: not valid JSON"),
        ("{\"problem\": {", "i.json:1: not valid JSON"),
        ("{\"lambda\": [1]}", "i.json: field `problem`: is missing"),
        (
            "{\"problem\":{\"kind\":\"affine\",\n\"A\":[[0.5, 0]],\n\"B\":[[1]],\"c\":[0]},\"lambda\":[1]}",
            "i.json:2: field `problem.A`: expected 1×1 numbers, got 1×2",
        ),
        (
            "{\"problem\":{\"kind\":\"affine\",\n\"A\":[[1.5]],\n\"B\":[[1]],\"c\":[0]},\"lambda\":[1]}",
            "i.json: field `problem`: w(λ) is not known: Assumption 3.1(ii)",
        ),
        (
            "{\"problem\":{\"kind\":\"elastic-net\",\"X\":[[1]],\"y\":[1],\"step\":0.5},\n\"lambda\":[1,-2]}",
            "i.json:2: field `lambda[1]`: λ2 must be nonnegative, got -2",
        ),
        (
            "{\"problem\":{\"kind\":\"affine\",\"A\":[[\"NaN\"]],\"B\":[[1]],\"c\":[0]},\"lambda\":[1]}",
            "field `problem.A[0][0]`: must be finite, got NaN",
        ),
        (
            "{\"problem\":{\"kind\":\"affine\",\"A\":[[0.5]],\"B\":[[1]],\"c\":[0]},\"lambda\":[1],\"w0\":[1e308]}",
            "field `w0[0]`: is 1e308, and at most 1e100 is computed with",
        ),
    ];
    for (text, want) in cases {
        fs::write(s.path().join("i.json"), text).unwrap();
        let message = s.refused(&["explain", "itd-bound", "--instance", "i.json"]);
        assert!(message.contains(want), "{message}\nwants {want}");
    }
    assert!(
        s.refused(&["explain", "itd-bound", "--instance", "none.json"])
            .contains("none.json")
    );
}

/// ρ comes with what is known of it, and where there is none that is said.
#[test]
fn the_local_rate_is_never_a_bare_number() {
    let s = Sandbox::new();
    let truth = |kind: &str, dim: &[&str]| {
        let out = s.run(&[&["generate", kind, "--seed", "77"], dim].concat());
        fs::write(s.path().join("i.json"), &out.stdout).unwrap();
        let value: serde_json::Value = serde_json::from_str(&stdout(&out)).unwrap();
        let text = stdout(&s.run(&["explain", "itd-bound", "--instance", "i.json"]));
        (value["truth"].clone(), text)
    };
    for (kind, dim, rho) in [
        ("affine-non-normal", "20", 0.147_384_854_545_386_5),
        ("elastic-net-near-duplicated", "40", 0.800_000_006_889_862),
    ] {
        let (t, text) = truth(kind, &["--dim", dim]);
        let radius = t["rho_radius"].as_f64().unwrap();
        assert!((t["rho"].as_f64().unwrap() - rho).abs() <= radius + 1e-15 && radius < 1e-10);
        assert!(text.contains(&format!("{rho:.6}")), "{text}");
    }
    let (t, text) = truth("kink-two-cycle", &[]);
    assert!(t["rho"].is_null() && t["rho_reason"].as_str().unwrap().contains("kink"));
    assert!(
        text.contains("not defined") && !text.contains("NaN"),
        "{text}"
    );
}
