//! A run directory written, read back, and spoilt.

use super::*;
use crate::files::Extent;

/// A directory that goes away with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("ratecert-report-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_written_run_reads_back_and_redraws_to_the_same_bytes() {
    let folder = Folder::new("round-trip");
    for run in [run(), hostile(), empty()] {
        let run = run.lying_in(&folder.0);
        write(&run, &folder.0).unwrap();
        let files = [
            "run.json",
            "verdicts.jsonl",
            "records.jsonl",
            "junit.xml",
            "summary.md",
            "index.html",
        ];
        let before = files.map(|f| folder.text(f));
        for file in &files[3..] {
            fs::remove_file(folder.0.join(file)).unwrap();
        }
        let back = redraw(&folder.0).unwrap();
        let info = RunInfo {
            verdicts: Some(Extent::of(&verdict_lines(&run.verdicts))),
            records: Some(Extent::of(&record_lines(&run.records))),
            ..run.info.clone()
        };
        assert_eq!((&back.info, &back.records), (&info, &run.records));
        // NaN is not equal to itself, its line is.
        assert_eq!(verdict_lines(&back.verdicts), verdict_lines(&run.verdicts));
        assert_eq!(files.map(|f| folder.text(f)), before);
    }
    assert!(
        folder
            .text("run.json")
            .starts_with("{\n  \"schema\": 2,\n  \"version\": ")
    );
}

#[test]
fn reading_errors_name_file_line_and_field() {
    let folder = Folder::new("errors");
    let complaint = |file: &str, change: &dyn Fn(String) -> String| {
        write(&run(), &folder.0).unwrap();
        fs::write(folder.0.join(file), change(folder.text(file))).unwrap();
        let error = redraw(&folder.0).unwrap_err();
        assert!(error.is_input());
        error
            .to_string()
            .replace(&folder.0.display().to_string(), "DIR")
    };
    let swap = |file: &str, from: &str, to: &str| {
        complaint(file, &|text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        })
    };
    for (file, from, to, expected) in [
        (
            "run.json",
            "\"seed\": 0",
            "\"seed\": -1",
            "DIR/run.json:5: field `seed`: invalid value: integer `-1`, expected u64",
        ),
        (
            "run.json",
            "\"alpha\": 1e-9,",
            "",
            "DIR/run.json:62: field `alpha`: is missing",
        ),
        (
            "run.json",
            "\"schema\": 2",
            "\"schema\": 9",
            "DIR/run.json: field `schema`: format version 9 is not supported, only 2 is",
        ),
        (
            "run.json",
            "\"schema\": 2",
            "\"schema\": 1",
            "DIR/run.json: field `schema`: format version 1 is of an older ratecert, this one reads 2; run `certify` again",
        ),
        (
            "verdicts.jsonl",
            "\"status\":\"fail\"",
            "\"status\":\"bad\"",
            "DIR/verdicts.jsonl:6: field `status`: unknown variant `bad`, expected one of `pass`, `fail`, `inconclusive`, `not-applicable`",
        ),
        (
            "verdicts.jsonl",
            "\"slack\":0.02",
            "\"slack\":\"x\"",
            "DIR/verdicts.jsonl:3: field `slack`: expected a number, got \"x\"",
        ),
        (
            "verdicts.jsonl",
            "\"dim\":3",
            "\"dim\":\"3\"",
            "DIR/verdicts.jsonl:1: field `instance.spec.dim`: invalid type: string \"3\", expected usize",
        ),
        (
            "verdicts.jsonl",
            "\"claim\":\"bound-itd\",",
            "",
            "DIR/verdicts.jsonl:1: field `claim`: is missing",
        ),
        (
            "records.jsonl",
            "\"fitted\":0.5001",
            "\"fitted\":null",
            "DIR/records.jsonl:2: field `data.fit.fitted`: invalid type: null, expected a number",
        ),
        (
            "records.jsonl",
            "\"tau\":4",
            "\"tau\":4.5",
            "DIR/records.jsonl:1: field `data.curve.tau`: invalid type: floating point `4.5`, expected usize",
        ),
        (
            "records.jsonl",
            "\"error\":[1.0,",
            "\"error\":[",
            "DIR/records.jsonl:1: field `data.curve.error`: expected 21 numbers as in steps, got 20",
        ),
        (
            "records.jsonl",
            "\"fit\":{",
            "\"fut\":{",
            "DIR/records.jsonl:2: field `data`: unknown variant `fut`, expected one of `curve`, `fit`, `moments`, `slack`, `race`, `plot`",
        ),
    ] {
        assert_eq!(swap(file, from, to), expected);
    }
    // The last field of an object is found too, and a truncated line.
    let last = complaint("records.jsonl", &|text| {
        text.replacen("1e-16]", "\"y\"]", 1)
    });
    assert_eq!(
        last,
        "DIR/records.jsonl:1: field `data.curve.floor[20]`: expected a number, got \"y\""
    );
    let cut = complaint("verdicts.jsonl", &|text| text[..text.len() - 30].to_owned());
    assert!(
        cut.starts_with("DIR/verdicts.jsonl:10: field `replay`: EOF while parsing a string"),
        "{cut}"
    );
    // A line that reads well and was not written so: of another run, or repaired by hand.
    let edited = |file: &str, from: &str, to: &str| {
        let said = swap(file, from, to);
        assert!(
            said.starts_with(&format!("DIR/{file}: is not as its run wrote it")),
            "{said}"
        );
        let read = Run::read(&folder.0).unwrap_err().to_string();
        assert_eq!(read.replace(&folder.0.display().to_string(), "DIR"), said);
    };
    edited(
        "verdicts.jsonl",
        "\"status\":\"fail\"",
        "\"status\":\"pass\"",
    );
    edited("records.jsonl", "\"tau\":4", "\"tau\":5");
    // Records that are gone are missed; an older run, which counted nothing, has no figures then;
    // one without verdicts is none.
    fs::remove_file(folder.0.join("records.jsonl")).unwrap();
    write(&run(), &folder.0).unwrap();
    fs::remove_file(folder.0.join("records.jsonl")).unwrap();
    let said = redraw(&folder.0).unwrap_err().to_string();
    assert!(
        said.contains("holds 0 lines, and run.json counts 2"),
        "{said}"
    );
    fs::write(folder.0.join("run.json"), run().info.to_json()).unwrap();
    assert!(redraw(&folder.0).unwrap().records.is_empty());
    fs::remove_file(folder.0.join("verdicts.jsonl")).unwrap();
    assert!(redraw(&folder.0).unwrap_err().is_io());
}
