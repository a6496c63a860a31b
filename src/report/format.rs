//! Numbers and foreign text as a report shows them.
//!
//! Owns rounding for display and the taming of control characters. Must not know where they are
//! shown.

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
    match exponent.parse::<i32>() {
        Ok(e @ -3..=4) => {
            let digits = usize::try_from(last as i32 - e).unwrap_or(0);
            trim(&format!("{x:.digits$}")).to_owned()
        }
        _ => format!("{}e{exponent}", trim(mantissa)),
    }
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

/// `n things`, with the singular where n = 1.
pub(super) fn count(n: usize, thing: &str) -> String {
    if n == 1 {
        format!("1 {thing}")
    } else {
        format!("{n} {thing}s")
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
    fn control_characters_become_visible() {
        assert_eq!(visible("a\n\u{1b}[31mb\t\u{85}"), "a \\u{1b}[31mb \\u{85}");
    }
}
