//! JUnit, Markdown and JSON.

use super::*;

#[test]
fn junit_is_well_formed_and_counts() {
    let xml = junit(&run());
    // 4 suites, 4 × (properties and 4 of them), 10 cases, 4 failures, 2 skipped, and the root.
    assert_eq!(well_formed(&xml), Ok(4 + 4 * 5 + 10 + 4 + 2 + 1));
    for part in [
        "<testsuites name=\"ratecert\" tests=\"10\" skipped=\"2\" failures=\"4\" errors=\"0\" time=\"1.250\">",
        "<testsuite name=\"dimp-itd\" tests=\"5\" skipped=\"0\" errors=\"0\" failures=\"4\">",
        "<testcase name=\"tight/0/bound\" classname=\"bound-itd\"/>",
        "<skipped message=\"not applicable: step 2 decides\"/>",
        "<failure message=\"measured 0.25, bound 0.225, slack 0.9\" type=\"bound\">step 0 decides\n",
    ] {
        assert!(xml.contains(part), "{part} is not in {xml}");
    }
    for run in [all_failing(), hostile()] {
        well_formed(&junit(&run)).unwrap();
    }
    let hostile = junit(&hostile());
    let shown = "&lt;b&gt;&amp;&quot;&apos;`|*_]]&gt;\\u{0}\\u{1b}[31m -- \\u{fffe}${x}";
    assert!(hostile.contains(shown), "{hostile}");
}

#[test]
fn the_summary_shows_at_most_three_failures_a_claim() {
    let summary = markdown(&run());
    assert!(summary.starts_with("# 1 of 4 claims violated\n"));
    assert!(summary.contains(
        "| `dimp-itd` | Theorem 4.1 | itd | 5 | 1 | 4 | 0 | 0 | 100 % | – | **violated** |\n"
    ));
    assert_eq!(summary.matches("replay: ").count(), 3);
    assert!(summary.contains("- and 1 more failing verdict\n"));
    let table: Vec<String> = markdown(&hostile())
        .lines()
        .filter(|l| l.starts_with('|'))
        .map(str::to_owned)
        .collect();
    assert!(
        table
            .iter()
            .all(|row| row.replace("\\|", "").matches('|').count() == 12),
        "{table:#?}"
    );
}

#[test]
fn the_json_object_holds_the_whole_result() {
    let value: serde_json::Value = serde_json::from_str(&json(&hostile())).unwrap();
    assert_eq!(value["claims"].as_array().unwrap().len(), 4);
    let value: serde_json::Value = serde_json::from_str(&json(&run())).unwrap();
    assert_eq!(value["outcome"], "violated");
    assert_eq!(value["counts"]["not-applicable"], 1);
    assert_eq!(value["claims"][0]["tightest"][1]["slack"], 0.02);
    assert_eq!(value["verdicts"][3]["slack"], "NaN");
    assert_eq!(value["run"]["shard"], serde_json::Value::Null);
}
