//! The ground-truth vectors: what is committed is what is computed, their schemas hold, and what is
//! no vector is refused.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use ratecert::vectors::{Expected, VectorFile, files, list, verify};
use ratecert::wire::{parse_from_subject, parse_to_subject};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn groups() -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder()).unwrap();
    let paths = entries.map(|e| e.unwrap().path());
    let of = |p: &PathBuf| {
        let name = p.file_name().unwrap().to_string_lossy().into_owned();
        name.ends_with(".json") && name != "index.json" && name != "flags.json"
    };
    paths
        .filter(of)
        .map(|p| (p.clone(), fs::read_to_string(p).unwrap()))
        .collect()
}

fn validator(name: &str) -> jsonschema::Validator {
    let path = folder().join("schemas").join(format!("{name}.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn what_is_committed_is_what_is_computed() {
    let differences = verify(&folder()).unwrap();
    assert!(
        differences.is_empty(),
        "run `ratecert vectors generate`: {differences:?}"
    );
    let cases: usize = list().unwrap().iter().map(|g| g.cases.len()).sum();
    assert!(cases >= 150);
    for (name, text) in files().unwrap() {
        assert!(text.len() < 100_000, "{name} has {} bytes", text.len());
    }
}

#[test]
fn every_vector_fits_its_closed_schema_and_is_read_back() {
    let (file_schema, case_schema) = (validator("vectors"), validator("to-subject-case"));
    let mut kinds = [0; 3];
    for (path, text) in groups() {
        let value: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = file_schema
            .iter_errors(&value)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        let mut more = value.clone();
        more["cases"][0]["extra"] = 1.into();
        assert!(
            !file_schema.is_valid(&more),
            "{}: the schema is open",
            path.display()
        );
        let file = VectorFile::parse(&text).unwrap();
        for (case, expected) in file.messages().unwrap() {
            let mut message = serde_json::to_value(&case).unwrap();
            message["type"] = "case".into();
            assert!(case_schema.is_valid(&message), "{}", case.id);
            kinds[match expected {
                Expected::Point { .. } => 0,
                Expected::Set { .. } => 1,
                _ => 2,
            }] += 1;
        }
    }
    assert!(
        kinds[0] > 250 && kinds[1] > 15 && kinds[2] > 10,
        "{kinds:?}"
    );
}

/// Every member of a set is allowed, and so within its radius of the first; a set has more than
/// one.
#[test]
fn the_members_of_a_set_are_within_its_radius() {
    for (path, text) in groups() {
        for case in VectorFile::parse(&text).unwrap().cases {
            let Expected::Set {
                members,
                radius,
                floor,
                ..
            } = case.expected
            else {
                continue;
            };
            let first = serde_json::to_value(&members[0].estimates).unwrap();
            let mut differ = false;
            for member in &members {
                let other = serde_json::to_value(&member.estimates).unwrap();
                for k in 0..radius.len() {
                    let off = distance(&first[k], &other[k]);
                    differ |= off > 0.0;
                    assert!(off <= radius[k].0 + floor[k].0, "{} {k}", path.display());
                }
            }
            assert!(differ, "{}", case.id);
        }
    }
}

fn distance(a: &Value, b: &Value) -> f64 {
    let (a, b) = (numbers(a), numbers(b));
    let squares = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

/// The numbers of a vector, or of a matrix row by row.
fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

#[test]
fn messages_of_a_conversation_fit_their_schemas() {
    let hello = r#"{"type":"hello","protocol":1,"name":"a","version":"1","methods":["itd"],"problems":["affine"],"maps":[{"name":"m","dim":1,"params":1,"w0":[0.0],"lambda":[1.0],"products":["vjp"],"domain":{"lambda":[[0.5,2.0]]},"hypergradient":{"inner":"implicit"}}]}"#;
    for (schema, line) in [
        ("from-subject-hello", hello),
        (
            "from-subject-result",
            r#"{"type":"result","id":"a","estimates":[[1.0,"NaN"],[[1.0],[2.0]]],"status":"ok"}"#,
        ),
        (
            "from-subject-skipped",
            r#"{"type":"skipped","id":"a","reason":"b"}"#,
        ),
        (
            "from-subject-error",
            r#"{"type":"error","id":"a","message":"b"}"#,
        ),
        (
            "from-subject-value",
            r#"{"type":"value","id":"a","value":[1.0]}"#,
        ),
        (
            "from-subject-values",
            r#"{"type":"values","id":"a","values":[[1.0],[]]}"#,
        ),
        ("to-subject-hello", r#"{"type":"hello","protocol":1}"#),
        ("to-subject-stop", r#"{"type":"stop"}"#),
        (
            "to-subject-eval",
            r#"{"type":"eval","id":"a","map":"m","what":"vjp","w":[1.0],"lambda":[1.0],"u":[1.0]}"#,
        ),
        (
            "to-subject-evals",
            r#"{"type":"evals","id":"a","items":[{"map":"m","what":"phi","w":[1.0],"lambda":[1.0]}]}"#,
        ),
    ] {
        let value: Value = serde_json::from_str(line).unwrap();
        let schema_of = validator(schema);
        let errors: Vec<String> = schema_of
            .iter_errors(&value)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{schema}: {errors:?}");
        let mut more = value.clone();
        more["extra"] = 1.into();
        assert!(!schema_of.is_valid(&more), "{schema} is open");
        // What the schema allows is read, and a field that is not known is ignored.
        let read = |text: &str| match schema.starts_with("from") {
            true => parse_from_subject(text).map(|m| serde_json::to_value(m).unwrap()),
            false => parse_to_subject(text).map(|m| serde_json::to_value(m).unwrap()),
        };
        assert_eq!(read(line).unwrap(), value, "{schema}");
        assert_eq!(read(&more.to_string()).unwrap(), value, "{schema}");
    }
}

/// A line with bytes cut, repeated, replaced or nested.
fn mutated() -> impl Strategy<Value = String> {
    let lines = vec![
        r#"{"type":"hello","protocol":1,"name":"a","methods":["itd"],"problems":["affine"],"tolerance":1e-6}"#.to_string(),
        r#"{"type":"case","id":"a","method":"itd","problem":{"kind":"affine","A":[[0.5]],"B":[[1.0]],"c":[1.0]},"lambda":[0.0],"w0":[2.0],"cotangent":[1.0],"steps":[0,1]}"#.to_string(),
        r#"{"type":"case","id":"b","method":"nsid","problem":{"kind":"elastic-net","X":[[1.0],[2.0]],"y":[1.0,3.0],"step":0.2},"lambda":[0.25,0.5],"w":[1.0],"cotangent":[1.0],"inner_samples":[[0,1]],"samples":[[0,1]],"step_sizes":[1.0],"steps":[1]}"#.to_string(),
        r#"{"type":"result","id":"a","estimates":[[0.0],[1.0]]}"#.to_string(),
        r#"{"type":"evals","id":"a","items":[{"map":"m","what":"phi","w":[1.0],"lambda":[1.0]}]}"#.to_string(),
    ];
    let pieces = [
        "",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "1e999",
        "-1",
        "null",
        "NaN",
        "\"NaN\"",
        "18446744073709551616",
        "1e-400",
        "\u{0}",
        "é",
        "[[[[[[[[",
    ];
    (
        proptest::sample::select(lines),
        proptest::collection::vec(
            (
                any::<prop::sample::Index>(),
                0usize..6,
                proptest::sample::select(pieces.to_vec()),
            ),
            1..5,
        ),
    )
        .prop_map(|(line, edits)| {
            let mut text: Vec<char> = line.chars().collect();
            for (at, cut, piece) in edits {
                let at = at.index(text.len().max(1)).min(text.len());
                let end = (at + cut).min(text.len());
                text.splice(at..end, piece.chars());
            }
            text.into_iter().collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing that comes down a pipe or out of a file makes the reader panic.
    #[test]
    fn hostile_lines_are_read_or_refused(line in mutated()) {
        let _ = parse_from_subject(&line);
        if let Ok(ratecert::wire::ToSubject::Case(case)) = parse_to_subject(&line) {
            let _ = ratecert::wire::Posed::of(&case);
        }
        let mut server = ratecert::wire::Server::new(&ratecert::methods::Ours, "a", "1");
        let _ = server.answer(&line);
        let _ = VectorFile::parse(&line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// A recording cut anywhere, or with a line in the place of another, is judged or refused.
    #[test]
    fn hostile_recordings_are_judged_or_refused(line in mutated(), cut in any::<prop::sample::Index>()) {
        let case = r#"{"type":"case","id":"a","method":"itd","problem":{"kind":"affine","A":[[0.5]],"B":[[1.0]],"c":[1.0]},"lambda":[0.0],"w0":[2.0],"cotangent":[1.0],"steps":[0,1]}"#;
        let claims = ratecert::claims::subject_claims().unwrap();
        let text = format!("{case}\n{line}\n");
        let _ = ratecert::conformance::check(&claims, &text);
        let mut end = cut.index(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let _ = ratecert::conformance::check(&claims, &text[..end]);
    }
}

/// Depth, counts and lengths that would exhaust memory or stack are refused.
#[test]
fn what_is_too_deep_or_too_much_is_refused() {
    let deep = "[".repeat(200_000);
    assert!(parse_from_subject(&deep).is_err());
    assert!(
        parse_from_subject(&format!(
            "{{\"type\":\"result\",\"id\":\"a\",\"estimates\":{deep}"
        ))
        .is_err()
    );
    let recipe = r#"{"schema":1,"id":"a","comment":"b","flags":[],"truth":{"method":"","digits":1,"check":""},"provenance":"","problem":{"recipe":"banded-net","dim":4000000000,"checksum":"0"},"cases":[]}"#;
    let error = VectorFile::parse(recipe).unwrap().messages().unwrap_err();
    assert!(error.to_string().contains("dim"), "{error}");
    let wrong = recipe.replace("4000000000", "3");
    let error = VectorFile::parse(&wrong).unwrap().messages().unwrap_err();
    assert!(error.to_string().contains("checksum"), "{error}");
}
