//! Numbers and foreign text as a report shows them.
//!
//! Owns rounding for display, lines of 80 columns and the taming of control characters. Must not
//! know where they are shown.

use std::ops::RangeInclusive;

/// `x` to about four significant digits: plain in the middle of the range, scientific outside.
pub(super) fn number(x: f64) -> String {
    rounded(x, 4)
}

/// `x` to about three significant digits, for tables.
pub(super) fn short(x: f64) -> String {
    rounded(x, 3)
}

fn rounded(x: f64, significant: usize) -> String {
    if x.is_nan() {
        return "NaN".into();
    }
    let power = |mantissa: &str, exponent: i32| format!("{mantissa}e{exponent}");
    written(x, significant, -3..=4, power)
}

/// A number that is not NaN to so many digits: plain where its power of ten is in `plain`, else as
/// `power` puts mantissa and exponent together. Zeros at the end of a fraction are left out.
pub(super) fn written(
    x: f64,
    significant: usize,
    plain: RangeInclusive<i32>,
    power: impl Fn(&str, i32) -> String,
) -> String {
    if x.is_infinite() {
        return if x > 0.0 { "∞".into() } else { "-∞".into() };
    }
    if x == 0.0 {
        return "0".into();
    }
    // The exponent is read off the rounded form, so that 9999.7 does not become 10000.
    let last = significant - 1;
    let scientific = format!("{x:.last$e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent = exponent.parse::<i32>().unwrap_or(0);
    if plain.contains(&exponent) {
        let digits = usize::try_from(last as i32 - exponent).unwrap_or(0);
        return trim(&format!("{x:.digits$}")).to_owned();
    }
    power(trim(mantissa), exponent)
}

fn trim(digits: &str) -> &str {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    }
}

/// No control characters, and yet forbidden in XML.
pub(super) const NOT_XML: [char; 2] = ['\u{fffe}', '\u{ffff}'];

/// What part of `all` has been decided as a percentage, rounded down so that 100 % means all; "-"
/// of nothing.
pub(super) fn percent(decided: usize, all: usize) -> String {
    match (100 * decided).checked_div(all) {
        None => "-".into(),
        Some(0) if decided > 0 => "<1 %".into(),
        Some(p) => format!("{p} %"),
    }
}

/// A share in [0, 1] as a percentage.
pub(super) fn percent_of(share: f64) -> String {
    format!("{} %", short(100.0 * share))
}

/// Control characters made visible (`\n` as a space, others as `\u{1b}`): what a foreign
/// implementation reports must not move the cursor of the terminal it is printed on.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            '\r' => {}
            c if c.is_control() || NOT_XML.contains(&c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Columns of a terminal.
pub(super) const WIDTH: usize = 80;

/// A sentence in lines of at most 80 columns, the first behind `first`, the others behind `rest`;
/// words that are longer stay whole, so that they can be copied. No newline at the end.
pub(crate) fn wrapped(text: &str, first: &str, rest: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::fill(text, options)
}

/// `n things`, with the singular where n = 1.
pub(super) fn count(n: usize, thing: &str) -> String {
    if n == 1 {
        format!("1 {thing}")
    } else {
        format!("{n} {thing}s")
    }
}

/// A sentence behind a finding about what could not be compared; nothing where there is none.
pub(super) fn numberless(n: usize) -> String {
    match n {
        0 => String::new(),
        1 => " 1 more has no number.".into(),
        n => format!(" {n} more have no number."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits() {
        for (x, s) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (1.00042, "1"),
            (1.0042, "1.004"),
            (123.456, "123.5"),
            (9999.7, "10000"),
            (123_456.0, "1.235e5"),
            (0.001, "0.001"),
            (1.5e-17, "1.5e-17"),
            (-2.0e-9, "-2e-9"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "-∞"),
            (5e-324, "4.941e-324"),
        ] {
            assert_eq!(number(x), s);
        }
    }

    #[test]
    fn all_of_it_is_a_hundred_percent_and_less_is_less() {
        let said = [(0, 0), (0, 3), (1, 1000), (29, 100), (999, 1000), (7, 7)];
        let said = said.map(|(decided, all)| percent(decided, all));
        assert_eq!(said, ["-", "0 %", "<1 %", "29 %", "99 %", "100 %"]);
    }

    #[test]
    fn sentences_are_wrapped_and_long_words_stay_whole() {
        let long = "x".repeat(90);
        let text = format!("a word {long} at the end");
        let said = wrapped(&text, "  ", "    ");
        assert_eq!(said, format!("  a word\n    {long}\n    at the end"));
        let words = ["aid-fp is κ-bounded"; 12].join(", ");
        let lines = wrapped(&words, "", " ");
        assert!(lines.lines().all(|l| l.chars().count() <= WIDTH));
        assert_eq!(lines.replace("\n ", " "), words);
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(visible("a\n\u{1b}[31mb\t\u{85}"), "a \\u{1b}[31mb \\u{85}");
    }
}
