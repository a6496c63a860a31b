use super::*;
use crate::checks::{Curve, Data, Fit};
use crate::claims::{Origin, Record};
use crate::report::tests::{curve, fit, origin, well_formed};

fn records(curves: Vec<(Origin, Curve)>, fits: Vec<Fit>) -> Vec<Record> {
    let curves = curves.into_iter().map(|(origin, curve)| Record {
        origin,
        data: Data::Curve(curve),
    });
    let fits = fits.into_iter().map(|fit| Record {
        origin: origin("rate-itd"),
        data: Data::Fit(fit),
    });
    curves.chain(fits).collect()
}

fn named(kind: &str) -> (Origin, Curve) {
    let kind = kind.into();
    let origin = Origin {
        kind,
        ..origin("bound-itd")
    };
    (origin, curve())
}

/// The figure of one curve.
fn alone(curve: Curve) -> Figure {
    draw(&records(vec![(origin("bound-itd"), curve)], vec![])).remove(0)
}

#[test]
fn nothing_is_drawn_of_nothing() {
    assert_eq!(draw(&[]), []);
}

#[test]
fn figures_are_well_formed_scale_and_name_a_fallback_font() {
    let figures = draw(&records(
        vec![named("a <b> & \"c\""), named("d\u{1b}")],
        vec![fit()],
    ));
    let names: Vec<&str> = figures.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["curves-bound-itd", "rates", "fitted-rates"]);
    for f in &figures {
        well_formed(&f.svg).unwrap();
    }
    for f in &figures[..2] {
        assert!(
            f.svg.starts_with("<svg width=\"900\" height=\""),
            "{}",
            &f.svg[..80]
        );
        assert!(f.svg.contains("viewBox=\"0 0 9000 "));
        assert_eq!(
            f.svg.matches("<text").count(),
            f.svg.matches("sans-serif\"").count()
        );
    }
    assert!(
        figures[0].svg.contains("a &lt;b&gt; &amp; &quot;c&quot;")
            && figures[0].svg.contains("d\\u{1b}")
    );
}

#[test]
fn drawing_is_deterministic() {
    let records = records(vec![named("a"), named("b")], vec![fit()]);
    assert_eq!(draw(&records), draw(&records));
}

#[test]
fn kinds_make_panels_and_at_most_six_a_figure() {
    let kinds: Vec<String> = (0..8).map(|i| format!("kind-{i}")).collect();
    // A second curve of a kind adds no panel.
    let curves = kinds.iter().chain(&kinds).map(|k| named(k)).collect();
    let figures = draw(&records(curves, vec![]));
    assert_eq!(
        figures.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
        ["curves-bound-itd-1", "curves-bound-itd-2"]
    );
    let panels = |svg: &str| {
        kinds
            .iter()
            .filter(|k| svg.contains(&format!(">\n{k}\n")))
            .count()
    };
    assert_eq!((panels(&figures[0].svg), panels(&figures[1].svg)), (6, 2));
}

#[test]
fn names_are_safe_and_unique() {
    let other = |claim: &str, method: &str| {
        let method = method.into();
        let origin = Origin {
            method,
            ..origin(claim)
        };
        (origin, curve())
    };
    let curves = vec![
        other("../A b", "itd"),
        other("a-b", "itd"),
        other("both", "itd"),
        other("both", "aid-fp"),
    ];
    let names: Vec<String> = draw(&records(curves, vec![]))
        .into_iter()
        .map(|f| f.name)
        .collect();
    assert_eq!(
        names,
        [
            "curves-a-b",
            "curves-a-b-2",
            "curves-both-itd",
            "curves-both-aid-fp"
        ]
    );
}

#[test]
fn every_series_and_mark_is_there() {
    let svg = alone(curve()).svg;
    // Paper, trajectory, sharp, floor, both marks: each in the legend and in the panel.
    for colour in [
        "#D55E00", "#0072B2", "#009E73", "#9B9B9B", "#8C4F8C", "#7A6A00",
    ] {
        assert!(
            svg.matches(&format!("stroke=\"{colour}\"")).count() >= 2,
            "{colour}"
        );
    }
    assert!(
        svg.contains("τ 4") && svg.contains("identified 3") && svg.contains("q = 0.5, ρ = 0.25")
    );
    let mut none = curve();
    (none.tau, none.identified) = (None, None);
    let svg = alone(none).svg;
    assert!(!svg.contains("#8C4F8C") && !svg.contains("identified"));
}

#[test]
fn strange_numbers_are_drawn_without_panic() {
    let strange = [
        0.0,
        -0.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
    ];
    let mut curves = Vec::new();
    for (i, a) in strange.into_iter().enumerate() {
        for (j, b) in strange.into_iter().enumerate() {
            let (mut o, mut c) = named(&format!("{i}-{j}"));
            (c.error[3], c.error[4], c.floor[4], c.paper[j], c.q, c.rho) = (a, b, a, b, a, b);
            curves.push((o.clone(), c.clone()));
            // All of one value, a single step, no step, columns that do not match.
            o.kind.push('x');
            (c.error, c.paper, c.floor) = (vec![a; 21], vec![b; 21], vec![a; 21]);
            curves.push((o.clone(), c.clone()));
            o.kind.push('y');
            (c.steps, c.tau) = (vec![usize::MAX], Some(usize::MAX));
            curves.push((o.clone(), c.clone()));
            o.kind.push('z');
            c.steps.clear();
            curves.push((o, c));
        }
    }
    let mut fits = vec![fit()];
    for a in strange {
        for b in strange {
            fits.push(Fit {
                fitted: a,
                lower: b,
                ..fit()
            });
            fits.push(Fit {
                predicted: a,
                upper: b,
                ..fit()
            });
            fits.push(Fit {
                predicted: 5e-324,
                fitted: a,
                upper: b,
                ..fit()
            });
        }
    }
    for figure in draw(&records(curves, fits)) {
        well_formed(&figure.svg).unwrap();
        assert!(!figure.svg.contains("inf\""));
    }
}

#[test]
fn a_zero_error_lies_on_the_floor_and_is_explained() {
    let mut c = curve();
    c.error[20] = 0.0;
    let figure = alone(c.clone());
    assert!(figure.caption.contains("exactly zero"));
    let mut same = c;
    same.error[20] = same.floor[20];
    assert_eq!(figure.svg, alone(same).svg);
}

#[test]
fn rates_say_what_they_leave_out() {
    let resonant = Fit {
        growth: "resonant".into(),
        ..fit()
    };
    let named = |fits: Vec<Fit>| {
        let figures = draw(&records(vec![], fits)).into_iter();
        figures.map(|f| f.name).collect::<Vec<_>>()
    };
    // The strip of all fits has them all.
    assert_eq!(named(vec![resonant.clone()]), ["fitted-rates"]);
    let lost = Fit {
        fitted: f64::NAN,
        ..fit()
    };
    let wild = Fit {
        fitted: 7.0,
        ..fit()
    };
    let figures = draw(&records(vec![], vec![fit(), resonant, lost, wild]));
    let caption = &figures[0].caption;
    for said in [
        "2 fits of pure",
        "1 rate lies outside",
        "Not shown: 1 fit ",
        "1 fit of resonant growth",
    ] {
        assert!(caption.contains(said), "{caption}");
    }
}
