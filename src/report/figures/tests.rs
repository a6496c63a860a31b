use super::tests_samples::{
    moments, of_curve, of_fit, plateaus, race, records, sets, slack, verdicts,
};
use super::*;
use crate::checks::{Curve, Data, Fit};
use crate::claims::Record;
use crate::report::tests::{curve, fit, well_formed};

fn named(name: &str, records: &[Record]) -> Figure {
    let mut all = draw(&[], records).into_iter();
    all.find(|f| f.name == name).unwrap()
}

fn attribute<'a>(line: &'a str, name: &str) -> &'a str {
    let from = line.split(&format!(" {name}=\"")).nth(1).unwrap_or("");
    from.split('"').next().unwrap_or("")
}

fn number(line: &str, name: &str) -> f64 {
    attribute(line, name).parse().unwrap_or(f64::NAN)
}

/// A text of a drawing with its span, in units of the view box.
struct Text {
    said: String,
    left: f64,
    right: f64,
    y: f64,
    size: f64,
}

fn texts(svg: &str) -> Vec<Text> {
    let lines: Vec<&str> = svg.lines().collect();
    let each = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| l.starts_with("<text"));
    each.map(|(i, line)| {
        let plain = lines[i + 1].replace("&lt;", "<").replace("&gt;", ">");
        let plain = plain.replace("&apos;", "'").replace("&amp;", "&");
        let said = plain.replace("&quot;", "\"");
        // Narrower than what is assumed when labels are placed: fonts are.
        let wide = 0.58 * number(line, "font-size") * said.chars().count() as f64;
        let (x, size) = (number(line, "x"), number(line, "font-size"));
        let left = match attribute(line, "text-anchor") {
            "end" => x - wide,
            "middle" => x - wide / 2.0,
            _ => x,
        };
        Text {
            said,
            left,
            right: left + wide,
            y: number(line, "y"),
            size,
        }
    })
    .collect()
}

fn view_box(svg: &str) -> (f64, f64) {
    let all = attribute(
        svg.lines().find(|l| l.starts_with("<svg")).unwrap(),
        "viewBox",
    );
    let numbers: Vec<f64> = all.split(' ').map(|n| n.parse().unwrap()).collect();
    (numbers[2], numbers[3])
}

/// Points of the lines of this colour.
fn points(svg: &str, colour: &str) -> Vec<(f64, f64)> {
    let own = svg.lines().filter(|l| l.starts_with("<polyline"));
    let own = own.filter(|l| attribute(l, "stroke") == colour);
    let pairs = own.flat_map(|l| attribute(l, "points").split_whitespace());
    let each = pairs.map(|p| p.split_once(',').unwrap());
    each.map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect()
}

/// Middles of the open marks of this colour.
fn open_marks(svg: &str, colour: &str) -> Vec<(f64, f64)> {
    let own = svg.lines().filter(|l| l.starts_with("<circle"));
    let own = own.filter(|l| attribute(l, "fill") == "none" && attribute(l, "stroke") == colour);
    own.map(|l| (number(l, "cx"), number(l, "cy"))).collect()
}

const MAUVE: &str = "#A64B80";

#[test]
fn nothing_is_drawn_of_nothing() {
    assert_eq!(draw(&[], &[]), []);
}

#[test]
fn every_theorem_has_its_figure_in_two_widths_with_words_and_data() {
    let figures = draw(&verdicts(), &records());
    let names: Vec<&str> = figures.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "moduli",
            "bounds",
            "rates",
            "slack",
            "identification",
            "margin",
            "sets",
            "kink-distances",
            "nsid",
            "nsid-plateau",
            "replicates",
            "bilevel",
            "path-integrals",
            "fitted-rates"
        ]
    );
    for f in &figures {
        let narrow = f.narrow.as_ref().unwrap();
        well_formed(&f.svg).unwrap();
        well_formed(narrow).unwrap();
        assert!(narrow.contains("<svg width=\"344\""), "{}", f.name);
        let wide = view_box(&f.svg).0;
        assert!(wide == 5600.0 || wide == 7040.0, "{}: {wide}", f.name);
        assert!(
            f.finding.ends_with('.') && !f.caption.is_empty(),
            "{}",
            f.name
        );
        assert!(
            f.data.lines().count() > 1 && !f.claims.is_empty(),
            "{}",
            f.name
        );
    }
    assert_eq!(figures, draw(&verdicts(), &records()));
}

#[test]
fn no_text_is_small_cut_or_on_another() {
    let mut met = Vec::new();
    for f in draw(&verdicts(), &records()) {
        for svg in [&f.svg, f.narrow.as_ref().unwrap()] {
            let (wide, high) = view_box(svg);
            let all = texts(svg);
            for t in &all {
                let inside = t.left >= -0.5 && t.right <= wide + 0.5;
                if t.size < 109.9 || !inside || t.y < 40.0 || t.y > high - 40.0 {
                    met.push(format!(
                        "{} ({wide}): \"{}\" is small or cut",
                        f.name, t.said
                    ));
                }
            }
            for (i, a) in all.iter().enumerate() {
                for b in &all[i + 1..] {
                    let apart =
                        (a.y - b.y).abs() >= 100.0 || a.right <= b.left || b.right <= a.left;
                    if !apart {
                        met.push(format!(
                            "{} ({wide}): \"{}\" on \"{}\"",
                            f.name, a.said, b.said
                        ));
                    }
                }
            }
        }
    }
    assert!(met.is_empty(), "{met:#?}");
}

#[test]
fn an_error_of_zero_is_an_open_mark_at_the_edge_and_no_part_of_the_line() {
    let mut c = curve();
    for e in &mut c.error[10..] {
        *e = 0.0;
    }
    let figure = named("bounds", &[of_curve("tight", c.clone())]);
    let (line, open) = (points(&figure.svg, MAUVE), open_marks(&figure.svg, MAUVE));
    assert_eq!((line.len(), open.len()), (10, 11));
    let lowest = line.iter().map(|p| p.1).fold(0.0, f64::max);
    let last = line.last().unwrap().0;
    // All on one height, below the line, beyond its end.
    assert!(
        open.iter()
            .all(|p| p.1 == open[0].1 && p.1 >= lowest && p.0 > last)
    );
    assert!(texts(&figure.svg).iter().any(|t| t.said == "rounding or 0"));
    // What lies below the floor does the same, and does not rule the scale.
    for e in &mut c.error[10..] {
        *e = 1e-300;
    }
    let below = named("bounds", &[of_curve("tight", c)]);
    assert_eq!(points(&below.svg, MAUVE), line);
    assert_eq!(open_marks(&below.svg, MAUVE), open);
}

#[test]
fn labels_of_tau_and_identification_stand_at_their_lines() {
    let svg = named("bounds", &[of_curve("tight", curve())]).svg;
    let texts = texts(&svg);
    for (said, step) in [("τ 4", 4.0), ("on the piece 3", 3.0)] {
        let text = texts.iter().find(|t| t.said == said).unwrap();
        let errors = points(&svg, MAUVE);
        let at = errors[0].0 + (errors[1].0 - errors[0].0) * step;
        assert!(text.left <= at + 1.0 && at <= text.right + 40.0, "{said}");
        let line = |l: &&str| l.starts_with("<line") && (number(l, "x1") - at).abs() < 2.0;
        assert!(svg.lines().filter(line).count() > 0, "{said}");
    }
    let mut none = curve();
    (none.tau, none.identified) = (None, Some(0));
    let svg = named("bounds", &[of_curve("tight", none)]).svg;
    assert!(!svg.contains("on the piece") && !svg.contains('τ'));
}

#[test]
fn a_crossed_bound_comes_first_and_is_ringed() {
    let mut crossed = curve();
    crossed.error[7] = 1e3;
    let all = [of_curve("good", curve()), of_curve("bad", crossed)];
    let figure = named("bounds", &all);
    assert!(
        figure.finding.starts_with("On 1 of 2 curves"),
        "{}",
        figure.finding
    );
    assert!(figure.svg.contains("Above what is allowed at step 7"));
    assert_eq!(open_marks(&figure.svg, "#D55E00").len(), 1);
}

#[test]
fn slacks_at_rounding_rule_nothing_and_are_not_compared() {
    let all = [
        slack("aid-fp", "paper", 100.0, true),
        slack("aid-fp", "sharp", 10.0, true),
        slack("aid-fp", "sharp", 1e18, false),
    ];
    let figure = named("slack", &all);
    assert!(!figure.svg.contains("10¹⁸") && figure.svg.contains("×10"));
    assert_eq!(open_marks(&figure.svg, "#0072B2").len(), 1);
    assert!(
        figure.finding.contains("from ×100 to ×10"),
        "{}",
        figure.finding
    );
    assert!(!draw(&[], &all[2..]).iter().any(|f| f.name == "slack"));
}

#[test]
fn the_sets_have_both_labels_and_all_three_names() {
    let figure = named("sets", &[sets()]);
    for svg in [&figure.svg, figure.narrow.as_ref().unwrap()] {
        for said in ["∂w/∂λ₁", "∂w/∂λ₂", "conv D_fix", "D_imp", "D_joint"] {
            assert!(texts(svg).iter().any(|t| t.said == said), "{said}");
        }
        assert!(svg.contains("<polygon") && svg.contains("ITD leaves D_imp, but not conv D_fix"));
    }
    assert!(
        figure.finding.contains("ends on D_joint"),
        "{}",
        figure.finding
    );
}

#[test]
fn plateaus_differ_in_colour_dash_or_label() {
    let figure = named("nsid-plateau", &plateaus());
    let measured = figure
        .svg
        .contains("<polyline fill=\"none\" opacity=\"1\" stroke=\"#00805E\"");
    let all: Vec<String> = texts(&figure.svg).into_iter().map(|t| t.said).collect();
    for said in ["step η", "step η/4", "bound, η", "bound, η/4"] {
        assert_eq!(all.iter().filter(|t| *t == said).count(), 1, "{said}");
    }
    assert!(measured && figure.svg.contains("stroke=\"#6B717A\" stroke-dasharray"));
    assert!(figure.svg.contains("stroke=\"#6B717A\" stroke-width"));
}

#[test]
fn rates_have_their_band_and_say_what_they_leave_out() {
    let one = |fit: Fit| of_fit("itd", fit);
    let tight = Fit {
        accepted: 0.005,
        ..fit()
    };
    let resonant = Fit {
        growth: "resonant".into(),
        ..fit()
    };
    let lost = Fit {
        fitted: f64::NAN,
        ..fit()
    };
    let figure = named("rates", &[one(tight.clone()), one(resonant), one(lost)]);
    for svg in [&figure.svg, figure.narrow.as_ref().unwrap()] {
        let band = svg
            .lines()
            .find(|l| attribute(l, "fill") == "#DDF0E9")
            .unwrap();
        assert!(number(band, "height") > 500.0);
        assert!(texts(svg).iter().any(|t| t.said == "accepted: ±1 %"));
        assert_eq!(texts(svg).iter().filter(|t| t.said == "fails").count(), 2);
    }
    for said in ["Not shown: 1 fit ", "1 fit of resonant growth"] {
        assert!(figure.caption.contains(said), "{}", figure.caption);
    }
    let wrong = Fit {
        fitted: 0.6,
        ..tight.clone()
    };
    let figure = named("rates", &[one(tight), one(wrong)]);
    assert!(
        figure.finding.starts_with("1 of 2 fitted local rates"),
        "{}",
        figure.finding
    );
}

#[test]
fn a_race_says_whether_anything_jumps() {
    let figure = named("identification", &[race(1.0), race(1e4)]);
    assert!(
        figure.finding.contains("on 1 of 2 instances"),
        "{}",
        figure.finding
    );
    assert!(figure.svg.contains("error falls") && figure.svg.contains("Hardly a fall"));
    // Errors below their floors lie on the edge.
    assert!(!open_marks(&figure.svg, "#0072B2").is_empty());
    let calm = named("identification", &[race(1.0)]);
    assert!(
        calm.finding.starts_with("On none of 1 instance"),
        "{}",
        calm.finding
    );
}

#[test]
fn strange_numbers_are_drawn_without_panic() {
    let strange = [
        0.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
    ];
    let mut records = Vec::new();
    for a in strange {
        for b in strange {
            let mut c = curve();
            (c.error[3], c.error[4], c.floor[4], c.paper[2], c.q, c.rho) = (a, b, a, b, a, b);
            records.push(of_curve("one", c.clone()));
            // All of one value, a single step, no step, columns that do not match.
            (c.error, c.paper, c.floor) = (vec![a; 21], vec![b; 21], vec![a; 21]);
            records.push(of_curve("two", c.clone()));
            (c.steps, c.tau) = (vec![usize::MAX], Some(usize::MAX));
            records.push(of_curve("three", c.clone()));
            c.steps.clear();
            records.push(of_curve("four", c));
            for (predicted, fitted) in [(a, 0.5), (0.5, a)] {
                records.push(of_fit(
                    "itd",
                    Fit {
                        predicted,
                        fitted,
                        upper: b,
                        ..fit()
                    },
                ));
            }
            records.push(slack("itd", "paper", a, true));
            for figure in [
                "limit",
                "plateau",
                "simulated",
                "bilevel",
                "schedule",
                "constant",
            ] {
                let names = [
                    ("(γ+k)", a, b),
                    ("tr Σ", b, a),
                    ("SID:", a, a),
                    ("NSID:", b, b),
                    ("mean of", a, b),
                    ("exact", a, b),
                    ("E Var", a, b),
                    ("floor +", a, b),
                    ("floor of", b, a),
                ];
                records.push(moments(figure, &names));
            }
        }
    }
    let alone: Vec<Vec<Record>> = records.iter().map(|r| vec![r.clone()]).collect();
    for set in alone.iter().map(Vec::as_slice).chain([&records[..]]) {
        for figure in draw(&[], set) {
            well_formed(&figure.svg).unwrap();
            assert!(!figure.svg.contains("inf\"") && !figure.svg.contains("NaN\""));
        }
    }
}

#[test]
fn the_violation_is_the_panel_of_the_bounds_with_a_ring() {
    let record = of_curve("tight", curve());
    let Data::Curve(Curve { .. }) = &record.data else {
        unreachable!()
    };
    for svg in violation(&record, Some(3), 0.5).unwrap().0 {
        assert_eq!(open_marks(&svg, "#D55E00").len(), 1);
        assert!(texts(&svg).iter().any(|t| t.said == "ITD error"));
    }
}
