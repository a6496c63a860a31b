use super::*;
use crate::truth::Truth;

/// Every kind at several sizes yields a certified contraction with the q asked for.
#[test]
fn every_kind_has_a_solution_and_the_q_asked_for() {
    let smooth = |k: &&(Kind, &str, &str, Group)| !k.0.is_kinked() && !k.0.is_stochastic();
    for (kind, name, ..) in Kind::ALL.iter().filter(smooth) {
        for (dim, q) in [(1, 0.5), (2, 0.9), (7, 0.99), (20, 0.7)] {
            for seed in 0..4 {
                let spec = Spec {
                    q,
                    ..Spec::typical(*kind, dim)
                };
                let instance = Instance::generate(&spec, seed).unwrap();
                let truth = Truth::solve(&instance.map, &instance.lambda)
                    .unwrap_or_else(|e| panic!("{name} d={dim} q={q} seed={seed}: {e}"));
                assert!(
                    truth.fixed_point.error < 1e-9,
                    "{name} {dim} {q} {:?}",
                    truth.fixed_point
                );
                let j = truth
                    .jacobian
                    .as_ref()
                    .unwrap_or_else(|| panic!("{name} {dim} {q} {seed} on a kink"));
                assert!(
                    j.error < 1e-8 * (1.0 + j.j.norm()),
                    "{name} {dim} {q} {}",
                    j.error
                );
                if *kind != Kind::Diabetes {
                    assert!(
                        truth.constants.q <= q * (1.0 + 1e-6),
                        "{name} {} {q}",
                        truth.constants.q
                    );
                    assert!(
                        truth.constants.q >= 0.4 * q,
                        "{name} {} {q}",
                        truth.constants.q
                    );
                }
            }
        }
    }
}

#[test]
fn the_special_elastic_nets_are_what_they_say() {
    for seed in 0..10 {
        let make = |kind, margin| {
            let spec = Spec {
                margin,
                ..Spec::typical(kind, 6)
            };
            let i = Instance::generate(&spec, seed).unwrap();
            Truth::solve(&i.map, &i.lambda).unwrap()
        };
        assert_eq!(make(Kind::ElasticNetEmpty, None).w().amax(), 0.0);
        assert!(
            make(Kind::ElasticNetFull, None)
                .w()
                .iter()
                .all(|w| *w != 0.0)
        );
        for margin in [0.1, 1e-3, 1e-6] {
            let r = make(Kind::ElasticNetMargin, Some(margin)).moduli().r;
            assert!((r / margin - 1.0).abs() < 1e-6, "{r} {margin}");
        }
        let relu = Spec {
            margin: Some(1e-4),
            ..Spec::typical(Kind::LayerRelu, 5)
        };
        let i = Instance::generate(&relu, seed).unwrap();
        let r = Truth::solve(&i.map, &i.lambda).unwrap().moduli().r;
        assert!((r / 1e-4 - 1.0).abs() < 1e-6, "{r}");
    }
}

#[test]
fn instances_survive_json_exactly() {
    for (kind, ..) in Kind::ALL {
        let i = Instance::generate(&Spec::typical(*kind, 4), 3).unwrap();
        let text = serde_json::to_string(&InstanceFile::to_json(&i)).unwrap();
        let back = InstanceFile::parse(&text).unwrap();
        assert_eq!(back.map.problem(), i.map.problem());
        assert_eq!(
            (back.lambda, back.start, back.cotangent, back.spec),
            (i.lambda, i.start, i.cotangent, i.spec)
        );
    }
}

#[test]
fn bad_instance_files_name_line_and_field() {
    let parse = |s: &str| InstanceFile::parse(s).unwrap_err().to_string();
    assert!(parse("{\"problem\":").starts_with("line 1: not valid JSON"));
    assert_eq!(parse("[]"), "expected a JSON object");
    let body = |a: &str, lambda: &str| {
        format!(
            "{{\n\"problem\":{{\"kind\":\"affine\",\n\"A\":{a},\n\"B\":[[1]],\"c\":[0]}},\n\"lambda\":{lambda}}}"
        )
    };
    assert_eq!(
        parse(&body("[[0.5,1]]", "[1]")),
        "line 3: field `problem.A`: expected 1×1 numbers, got 1×2"
    );
    assert_eq!(
        parse(&body("[[\"NaN\"]]", "[1]")),
        "line 3: field `problem.A[0][0]`: must be finite, got NaN"
    );
    assert_eq!(
        parse(&body("[[0.5]]", "[]")),
        "line 5: field `lambda`: expected 1 numbers, got 0"
    );
    let net = "{\"problem\":{\"kind\":\"elastic-net\",\"X\":[[1]],\"y\":[1],\"step\":1},\n\"lambda\":[-1,0]}";
    assert_eq!(
        parse(net),
        "line 2: field `lambda[0]`: λ1 must be positive, got -1"
    );
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    // Pins one entry per kind: instances reported elsewhere must stay reproducible.
    let spec = Spec::typical(Kind::ElasticNet, 5);
    let (a, b) = (
        Instance::generate(&spec, 11).unwrap(),
        Instance::generate(&spec, 11).unwrap(),
    );
    assert_eq!(a.map.problem(), b.map.problem());
    assert_ne!(
        a.map.problem(),
        Instance::generate(&spec, 12).unwrap().map.problem()
    );
}

#[test]
fn fields_of_lists_are_named_with_their_own_line() {
    let form = |a: &str| format!("{{\"A\":[[{a}]],\n\"B\":[[1]],\"c\":[0]}}");
    let forms = format!("[{},\n{}]", form("0.5"), form("\"x\""));
    let text = format!(
        "{{\"problem\":{{\"kind\":\"max-min\",\n\"forms\":{forms},\"least\":[true]}},\"lambda\":[1]}}"
    );
    assert_eq!(
        InstanceFile::parse(&text).unwrap_err().to_string(),
        "line 4: field `problem.forms[1].A[0][0]`: expected a number, got \"x\""
    );
    for (inner, expected) in [
        (
            r#"{"kind":"noise","A":[[0.5]],"bilinear":[],"B":[[1]],"c":[0],
            "channels":[{"e":[1]},
            {"N":[[1],[2,3]]}]}"#,
            "line 4: field `problem.inner.channels[1].N[1]`: expected 1 numbers as in the first \
             row, got 2",
        ),
        (
            r#"{"kind":"finite-sum","X":[[1]],"y":[1],"step":1,"loss":"huber"}"#,
            "line 2: field `problem.inner.loss`: unknown variant `huber`, expected one of `quadratic`, \
             `squared`, `logistic`",
        ),
        (
            r#"{"kind":"finite-sum","X":[[1]],"y":[1],"step":0,"loss":"squared"}"#,
            "line 2: field `problem.inner.step`: the step must be positive and finite, got 0",
        ),
        (
            r#"{"kind":"other"}"#,
            "line 2: field `problem.inner.kind`: unknown `other`, expected one of `finite-sum`, `noise`, `poisoned`",
        ),
    ] {
        let text = format!(
            "{{\"problem\":{{\"kind\":\"stochastic\",\"outer\":{{\"kind\":\"identity\"}},\n\"inner\":{inner}}},\n\
             \"lambda\":[0.5]}}"
        );
        let error = InstanceFile::parse(&text).unwrap_err().to_string();
        assert_eq!(error, expected);
    }
}

/// A field that a kind uses changes its instances, and one that it does not use changes none.
#[test]
fn the_fields_of_a_kind_are_those_that_change_it() {
    let mut wrong = Vec::new();
    for (kind, name, ..) in Kind::ALL {
        let base = Spec::typical(*kind, 5);
        let drawn = |spec: &Spec| {
            let i = Instance::generate(&spec.clone().normalised(), 3).unwrap();
            let mut object = InstanceFile::to_json(&i);
            object.remove("spec");
            object
        };
        type Change = (&'static str, fn(&mut Spec));
        let changes: [Change; 9] = [
            ("tau", |s| s.tau = Some(3)),
            ("dim", |s| s.dim = 3),
            ("params", |s| s.params = 3),
            ("rows", |s| s.rows = if s.rows == 3 { 2 } else { 3 }),
            ("q", |s| s.q = 0.31),
            ("margin", |s| s.margin = Some(0.017)),
            ("lambda", |s| s.lambda = Some([0.2, 0.3])),
            ("cotangent", |s| s.cotangent = Some(3.0)),
            ("plain", |s| s.plain = true),
        ];
        for (field, change) in changes {
            let mut spec = base.clone();
            change(&mut spec);
            // Rows of a regression are at least d + 1.
            if field == "rows" && !kind.is_kinked() {
                spec.rows = base.rows + 1;
            }
            if field == "tau" && !kind.is_built_backwards() {
                // Refused, and not ignored.
                assert!(spec.validate().is_err() && !kind.uses(field), "{name}");
                continue;
            }
            let differs = drawn(&spec) != drawn(&base);
            let clamped = spec.clone().normalised() == base;
            if differs != kind.uses(field) && !clamped {
                wrong.push(format!("{name}: {field}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Instances of every kind are rounded to numbers of binary32, once and for all.
#[test]
fn every_kind_can_be_rounded() {
    let u = crate::Roundoff::SINGLE;
    for (kind, name, ..) in Kind::ALL {
        let instance = Instance::generate(&Spec::typical(*kind, 4), 3).unwrap();
        let rounded = instance.clone().in_roundoff(u).unwrap();
        let again = rounded.clone().in_roundoff(u).unwrap();
        assert_eq!(
            InstanceFile::to_json(&again),
            InstanceFile::to_json(&rounded),
            "{name}"
        );
        let numbers = [&rounded.lambda, &rounded.start, &rounded.cotangent];
        assert!(
            numbers.into_iter().flatten().all(|x| *x == u.nearest(*x)),
            "{name}"
        );
        assert_eq!(rounded.spec, instance.spec, "{name}");
        if kind.is_kinked() {
            assert_eq!(
                rounded.map.problem(),
                instance.map.problem(),
                "{name} is dyadic"
            );
        }
    }
}

/// What a file says twice, or of another kind of problem, is refused.
#[test]
fn fields_that_would_be_lost_are_refused() {
    let error = |text: &str| InstanceFile::parse(text).unwrap_err().to_string();
    let affine = r#"{"problem":{"kind":"affine","A":[[0.5]],"B":[[1]],"c":[0]},"lambda":[1],"#;
    for (rest, field) in [
        (r#""cotangnt":[1]}"#, "cotangnt"),
        (r#""w":[1]}"#, "`w`: belongs to other problems"),
        (r#""schema":99}"#, "`schema`"),
        (r#""seed":-1}"#, "`seed`"),
    ] {
        assert!(error(&format!("{affine}{rest}")).contains(field), "{rest}");
    }
    let noise = |channel: &str, outer: &str| {
        format!(
            r#"{{"problem":{{"kind":"stochastic","outer":{outer},"inner":{{"kind":"noise","A":[[0.5]],
            "bilinear":[],"B":[[1]],"c":[0],"channels":[{channel}]}}}},"lambda":[1],"batch":1,"inner":1,
            "inner_batch":1}}"#
        )
    };
    let identity = r#"{"kind":"identity"}"#;
    assert!(InstanceFile::parse(&noise(r#"{"N":[[0.1]]}"#, identity)).is_ok());
    let wrong = error(&noise(r#"{"n":[[0.1]]}"#, identity));
    assert!(
        wrong.contains("`problem.inner.channels[0].n`: unknown field"),
        "{wrong}"
    );
    let wrong = error(&noise(r#"{"N":[[0.1,1]]}"#, identity));
    assert!(wrong.contains("`problem.inner.channels[0].N`"), "{wrong}");
    let sized = |batch: usize, inner: usize, inner_batch: usize| {
        let sizes = [
            ("batch", batch),
            ("inner", inner),
            ("inner_batch", inner_batch),
        ];
        sizes.iter().fold(noise("{}", identity), |text, (name, n)| {
            text.replace(&format!("\"{name}\":1"), &format!("\"{name}\":{n}"))
        })
    };
    let most = crate::tol::SAMPLES_MOST;
    for (batch, inner, inner_batch) in [(most, 1, 1), (1, most, 1), (1, most / 10, 10)] {
        assert!(InstanceFile::parse(&sized(batch, inner, inner_batch)).is_ok());
    }
    for (sizes, wrong) in [
        ((most + 1, 1, 1), "`batch`: at most 10000000, got 10000001"),
        ((1, most + 1, 1), "`inner`: at most 10000000, got 10000001"),
        ((1, 1, usize::MAX), "`inner_batch`: at most 10000000"),
        (
            (1, most / 10 + 1, 10),
            "`inner`: inner·inner_batch is at most",
        ),
        ((0, 1, 1), "`batch`: must be at least 1"),
    ] {
        let said = error(&sized(sizes.0, sizes.1, sizes.2));
        assert!(said.contains(wrong), "{said}");
    }
    for (outer, field) in [
        (r#"{"kind":"soft","step":0}"#, "problem.outer.step"),
        (r#"{"kind":"box","lo":[1],"hi":[0]}"#, "problem.outer.hi[0]"),
        (
            r#"{"kind":"group-soft","step":1,"sizes":[2],"weights":[1]}"#,
            "problem.outer.sizes",
        ),
        (
            r#"{"kind":"foo at line 3 bar"}"#,
            "unknown `foo at line 3 bar`, expected one of",
        ),
    ] {
        let wrong = error(&noise("{}", outer));
        assert!(wrong.contains(field), "{wrong}");
    }
}

/// Before a map is made its d is known and the number of entries of λ; its own m after.
#[test]
fn problems_beyond_the_sizes_are_refused() {
    let refused = |d: usize, m: usize, lambda: usize| {
        let row = |n: usize| format!("[0{}]", ",0".repeat(n - 1));
        let rows = |r: usize, n: usize| format!("[{}]", vec![row(n); r].join(","));
        let text = format!(
            r#"{{"problem":{{"kind":"affine","A":{},"B":{},"c":{}}},"lambda":{}}}"#,
            rows(d, if d > 2000 { 1 } else { d }),
            rows(d, m),
            row(d),
            row(lambda)
        );
        let error = InstanceFile::parse(&text).unwrap_err();
        assert_eq!(error.field(), Some("problem"), "{error}");
        error.to_string()
    };
    assert!(refused(1, 100_001, 1).contains("has d = 1 unknowns and m = 100001 parameters"));
    // A is no 2001×2001 matrix, which nobody has looked at yet.
    assert!(refused(2001, 1, 1).contains("has d = 2001 unknowns and m = 1 parameters"));
}
