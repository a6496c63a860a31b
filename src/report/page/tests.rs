//! The page: what is escaped, what stands where, what is said where something is absent.

use super::closest::closest;
use super::*;
use crate::baseline::Standing;
use crate::checks::{Ruling, Unit};
use crate::claims::{Diagnosis, Named, Record, Smallest};
use crate::report::folder::figures_of;
use crate::report::tests::{
    all_failing, claim, curve, empty, hostile, origin, run, verdict, well_formed,
};
use crate::report::{Run, SubjectInfo};

/// What stands between the body's tags, without the script.
fn body(page: &str) -> &str {
    &page[page.find("<body>").unwrap()
        ..page
            .find("<script>")
            .unwrap_or(page.find("</body>").unwrap())]
}

fn is_well_formed(page: &str) {
    well_formed(&format!("{}</body>", body(page))).unwrap();
}

/// All values of an attribute.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    let start = format!(" {attribute}=\"");
    let each = page.split(&start).skip(1);
    each.map(|rest| rest.split('"').next().unwrap()).collect()
}

fn subject() -> Run {
    let mut run = all_failing();
    run.info.subject = Some(SubjectInfo {
        name: "<i>theirs</i>".into(),
        version: "1".into(),
        cases: 9,
        ..SubjectInfo::default()
    });
    run
}

#[test]
fn foreign_text_is_escaped_and_nothing_is_loaded() {
    for run in [hostile(), subject()] {
        let page = html(&run, &figures_of(&run));
        for raw in ["<b>&", "<i>theirs", "\u{0}", "\u{1b}", "\u{fffe}"] {
            assert!(!page.contains(raw), "{raw:?}");
        }
        let outside = { page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "") }
            .replace("xmlns='http://www.w3.org/2000/svg'", "");
        for foreign in ["http://", "https://", " src=", "@import", "url("] {
            assert!(!outside.contains(foreign), "{foreign}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("<link").count(), 1);
    }
    let page = html(&hostile(), &figures_of(&hostile()));
    let shown = "&lt;b&gt;&amp;&quot;&#39;`|*_]]&gt;\\u{0}\\u{1b}[31m\n-- \\u{fffe}${x}";
    assert!(
        page.matches(shown).count() > 20,
        "{}",
        page.matches(shown).count()
    );
}

/// Closing tags are never left out, so that the body can be checked like XML.
#[test]
fn pages_are_well_formed_with_unique_ids_and_links_that_resolve() {
    for run in [run(), all_failing(), hostile(), empty(), subject()] {
        let page = html(&run, &figures_of(&run));
        is_well_formed(&page);
        let ids = values(&page, "id");
        for id in &ids {
            assert_eq!(ids.iter().filter(|i| *i == id).count(), 1, "{id}");
        }
        for link in values(&page, "href")
            .into_iter()
            .filter_map(|h| h.strip_prefix('#'))
        {
            assert!(ids.contains(&link), "{link}");
        }
        assert_eq!(page.matches("<h1").count(), 1);
    }
    is_well_formed(&conformance_html(&[subject(), subject()]));
}

#[test]
fn failures_come_first_and_the_theorems_keep_their_order() {
    let page = html(&run(), &[]);
    let at = |s: &str| page.find(s).unwrap_or_else(|| panic!("{s}"));
    let order = [
        "1 of 4 claims violated</h1>",
        "Exit code 1",
        "<h2 id=\"h-fail\">What fails</h2>",
        "<h2 id=\"h-thm\">By theorem</h2>",
        "<h2 id=\"h-und\">",
        "<h2 id=\"h-ver\">All verdicts</h2>",
    ];
    assert!(order.windows(2).all(|w| at(w[0]) < at(w[1])));
    let list = &page[at("<h2 id=\"h-ver\">")..];
    let row = |n: usize| list.find(&format!("tight/{n}/bound</th>")).unwrap();
    assert!(row(1) < row(2) && row(3) < row(4));
    assert!(page.contains("<code>ratecert replay dimp-itd/tight/1/bound</code>"));
    // Two reports lie side by side whatever became of their claims.
    let order = |run: &Run| -> Vec<String> {
        let page = html(run, &[]);
        let ids = values(&page, "id").into_iter();
        ids.filter(|i| i.starts_with("theorem-") || *i == "kinks")
            .map(String::from)
            .collect()
    };
    let six = [
        "theorem-2-5",
        "theorem-4-1",
        "kinks",
        "theorem-5-4",
        "theorem-e-3",
        "theorem-2-4",
    ];
    assert_eq!(order(&run()), six);
    assert_eq!(order(&empty()), six);
    assert!(html(&empty(), &[]).contains("No claim of this run is about it."));
    // What belongs to no theorem of the paper has a section of its own.
    let mut other = run();
    other.info.claims[0].theorem = "Lemma 99".into();
    assert!(html(&other, &[]).contains("<section id=\"other\""));
}

#[test]
fn a_card_says_how_far_what_it_looks_like_and_how_to_see_it_again() {
    let mut run = run();
    run.verdicts.iter_mut().for_each(|v| v.headroom = 0.9);
    let v = &mut run.verdicts[6];
    (v.unit, v.headroom, v.step) = (Some(Unit::Bound), 0.5, Some(7));
    v.diagnosis = Some(Diagnosis::Names(vec![Named {
        fault: "mask-tolerance".into(),
        confidence: 0.98,
    }]));
    v.smallest = Some(Smallest {
        spec: v.instance.spec.clone(),
        seed: 10_951_117_501_173_804_340,
        measured: 2.0,
        bound: 1e-8,
    });
    run.verdicts[5].slack = 0.95;
    let page = html(&run, &[]);
    for said in [
        "4 verdicts of 5 fail",
        "0.25 <small>measured, check bound</small>",
        "0.125 <small>allowed: ×2 too large</small>",
        "First violated at step 7.",
        "<b>mask-tolerance</b>: a unit counts as active only 1e-6 beyond its kink",
        "(confidence 0.98)",
        "It looks like <b>mask-tolerance</b>",
        "<th scope=\"row\">seed</th><td>10951117501173804340</td>",
        "<th scope=\"row\">bound</th><td>10⁻⁸</td>",
        "ratecert generate <span class=\"nb\">--spec</span> &#39;{&quot;kind&quot;:&quot;tight&quot;",
        "<a href=\"#fail-dimp-itd\">",
    ] {
        assert!(page.contains(said), "{said}");
    }
    run.verdicts[6].diagnosis = Some(Diagnosis::LooksRight);
    assert!(html(&run, &[]).contains("Its answers are right where the diagnosis looked."));
}

#[cfg(feature = "plots")]
#[test]
fn the_curve_of_a_failing_instance_is_shown_where_one_is_recorded() {
    let mut run = run();
    let pictures = |run: &Run| {
        let page = html(run, &[]);
        (
            page.contains("<figure id=\"key\">"),
            page.contains("First violating") || page.contains("ringed"),
        )
    };
    assert_eq!(pictures(&run), (false, false));
    let from = origin("dimp-itd");
    run.verdicts[6].instance.id = from.instance();
    run.verdicts[6].step = Some(3);
    run.records
        .push(Record::new(from, crate::checks::Data::Curve(curve())));
    assert_eq!(pictures(&run), (true, true));
    // Picture and numbers speak of one instance, even where another is worse.
    let drawn = run.verdicts[6].instance.id.clone();
    run.verdicts[6].headroom = 0.95;
    let page = html(&run, &figures_of(&run));
    assert!(page.contains(&format!("What happened, on {drawn}</h4>")));
    assert!(page.contains(&format!("Error and bounds on {drawn}")));
}

#[test]
fn what_was_not_measured_is_said_with_the_command_that_does() {
    let page = html(&run(), &[]);
    for said in [
        "not measured",
        "ratecert power",
        "not compared",
        "ratecert baseline check",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("id=\"baseline\"") && !page.contains("placeholder:"));
    let row = |claim: &str, verdict| DriftRow {
        claim: claim.into(),
        quantity: "decided share".into(),
        baseline: Some(0.803),
        now: None,
        interval: Some([0.771, 1.0]),
        scale: Scale::Share,
        verdict,
    };
    let names = |all: &[&str]| all.iter().map(|n| (*n).to_owned()).collect();
    let extras = Extras {
        power: Some(PowerView {
            caught: 3,
            tried: 4,
            claims: vec![Caught {
                claim: "bound-itd".into(),
                caught: names(&["x", "y"]),
                tried: names(&["x", "y", "<z>"]),
            }],
        }),
        drift: Some(DriftView {
            headline: "3 drifted".into(),
            baseline: "<v0.1.0>".into(),
            claims: 3,
            rows: vec![
                row("bound-itd", Standing::Improved),
                row("rate-itd", Standing::Drifted),
                row("elsewhere", Standing::Gone),
            ],
        }),
    };
    let page = html_with(&run(), &[], &extras);
    is_well_formed(&page);
    for said in [
        ">3 / 4</dd>",
        ">2 / 3</dd>",
        "data-l=\"power\">2/3</td>",
        "Compared with &lt;v0.1.0&gt;: 3 drifted.",
        "0 violated, 1 drifted, 0 less decided, 1 gone, 1 improved, 0 new",
        ">80.3 %</td>",
        ">77.1 % to 100 %</td>",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let part = &page[page.find("id=\"baseline\"").unwrap()..];
    let at = |name: &str| part.find(name).unwrap();
    assert!(at("rate-itd") < at("elsewhere") && at("elsewhere") < at("bound-itd"));
}

#[test]
fn a_subject_shows_first_what_it_gets_right() {
    let page = html(&subject(), &[]);
    assert!(
        page.contains("&lt;i&gt;theirs&lt;/i&gt; 1 fails 10 of 10 checks</h1>"),
        "{page}"
    );
    let at = |s: &str| page.find(s).unwrap_or_else(|| panic!("{s}"));
    assert!(at("What it gets right</h2>") < at("What fails</h2>"));
    assert!(page.contains("9 cases asked, 0 left out"));
    assert!(page.contains("<td role=\"cell\" class=\"r bad\" data-l=\"bound\">5 of 5 FAIL</td>"));
    // It is held to few theorems, and the others are not missing.
    assert!(!page.contains("id=\"theorem-2-4\""));
}

#[test]
fn exit_codes_are_those_of_the_command() {
    let code = |run: &Run| {
        let page = html(run, &[]);
        let rest = &page[page.find("Exit code ").unwrap()..];
        rest[..rest.find("</span>").unwrap()].to_owned()
    };
    let mut r = run();
    assert_eq!(code(&r), "Exit code 1.");
    r.verdicts.retain(|v| v.status != Ruling::Fail);
    assert_eq!(code(&r), "Exit code 3.");
    r.verdicts.retain(|v| v.claim == "bound-itd");
    r.info.claims.truncate(1);
    assert_eq!(code(&r), "Exit code 0.");
    let open = verdict("bound-itd", 9, "bound", Ruling::Inconclusive, f64::NAN);
    r.verdicts.push(open);
    assert_eq!(code(&r), "Exit code 0, 3 under <code>--strict</code>.");
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let mut r = run();
    r.info.claims = vec![claim("many")];
    r.verdicts = (0..500)
        .map(|i| verdict("many", i, "bound", Ruling::Pass, 2.0))
        .collect();
    let page = html(&r, &[]);
    assert!(
        page.contains("20 of 500 that pass, least headroom first"),
        "{page}"
    );
    assert_eq!(page.matches("<tr><th scope=\"row\">tight/").count(), 20);
    r.verdicts
        .iter_mut()
        .for_each(|v| v.status = Ruling::Inconclusive);
    let page = html(&r, &[]);
    assert!(page.contains("300 of 500 that do not pass"));
    assert!(page.contains("And 440 more, in verdicts.jsonl."));
}

#[test]
fn what_is_attained_by_design_is_no_close_call() {
    let with = |index, unit, headroom, attained| {
        let mut v = verdict("a", index, "bound", Ruling::Pass, 1.0);
        (v.unit, v.headroom, v.attained) = (Some(unit), headroom, attained);
        v
    };
    let all = [
        with(0, Unit::Bound, 1.0, true),
        with(1, Unit::Bound, 1.2, false),
        with(2, Unit::Floor, 5.0, false),
        with(3, Unit::Tolerance, 4.0, false),
    ];
    let found = |n: usize| {
        let found = closest(all[..n].iter()).unwrap();
        (found.instance.to_owned(), found.headroom)
    };
    assert_eq!(found(4), ("tight/3".into(), "×4 tolerance".into()));
    assert_eq!(found(3), ("tight/2".into(), "×5 floor".into()));
    assert_eq!(found(2), ("tight/1".into(), "×1.2 bound".into()));
    assert_eq!(found(1), ("tight/0".into(), "attained".into()));
    assert!(closest([].iter()).is_none());
}
