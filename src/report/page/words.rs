//! Numbers and names as the page writes them.
//!
//! Owns rounding for display. Must not know where anything is shown.

use crate::checks::{Ruling, Unit};
use crate::claims::Verdict;
use crate::report::format::written;

/// Three digits, powers of ten beyond 10⁻³..10⁴; a dash where there is no number.
pub(in crate::report) fn digits(x: f64) -> String {
    rounded(x, 3)
}

fn rounded(x: f64, significant: usize) -> String {
    if x.is_nan() {
        return "–".into();
    }
    written(x, significant, -3..=3, |mantissa, exponent| {
        let power = format!("10{}", raised(exponent));
        match mantissa {
            "1" => power,
            "-1" => format!("-{power}"),
            mantissa => format!("{mantissa}·{power}"),
        }
    })
}

/// An exponent in superscript digits.
fn raised(exponent: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    exponent.to_string().chars().map(digit).collect()
}

/// ×1.66, ×62, ×1.8·10⁴.
pub(in crate::report) fn times(x: f64) -> String {
    let text = match x {
        x if !(0.1..1000.0).contains(&x) => rounded(x, 2),
        x if x >= 10.0 => format!("{x:.0}"),
        // Close to 1 and not 1: a close call.
        x if x > 1.0 && x < 1.005 => "1.00".into(),
        x => rounded(x, 3),
    };
    format!("×{text}")
}

/// 1.66 times, 62 times, 1.8·10⁴ times.
pub(in crate::report) fn fold(x: f64) -> String {
    format!("{} times", times(x).trim_start_matches('×'))
}

/// A count with its thousands apart.
pub(in crate::report) fn grouped(n: usize) -> String {
    let text = n.to_string();
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i > 0 && (text.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

/// `n things`, grouped, with the singular where n = 1.
pub(in crate::report) fn counted(n: usize, thing: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(n))
}

/// What part of `all` has been decided, rounded down to a tenth of a per cent so that 100 % means
/// all; a dash of nothing.
pub(super) fn share(decided: usize, all: usize) -> String {
    match (1000 * decided).checked_div(all) {
        None => "–".into(),
        Some(1000) => "100 %".into(),
        Some(0) if decided > 0 => "<0.1 %".into(),
        Some(p) => format!("{}.{} %", p / 10, p % 10),
    }
}

/// The headroom of a verdict with its unit: ×1.66 floor, attained, exact.
pub(super) fn headroom(v: &Verdict) -> String {
    if v.attained && v.status == Ruling::Pass {
        return "attained".into();
    }
    match v.unit {
        Some(Unit::Exact) => "exact".into(),
        Some(Unit::Shift) if v.headroom.is_finite() => format!("shift {}", digits(v.headroom)),
        Some(unit) if v.headroom.is_finite() => {
            format!("{} {}", times(v.headroom), of(unit))
        }
        _ => "–".into(),
    }
}

/// Beyond what is allowed by which factor: the recorded headroom, the other way round.
pub(super) fn beyond(v: &Verdict) -> String {
    let (headroom, unit) = (v.headroom, v.unit);
    let has_one = headroom.is_finite() && headroom > 0.0;
    match unit {
        Some(Unit::Bound | Unit::Floor | Unit::Modulus) if has_one => {
            format!("{} too large", times(1.0 / headroom))
        }
        Some(Unit::Tolerance) if has_one => {
            format!("{} the deviation that is accepted", times(1.0 / headroom))
        }
        Some(Unit::Excess) if has_one => format!("{} too small", times(1.0 / headroom)),
        None if v.measured > v.bound && v.bound > 0.0 => {
            format!("{} too large", times(v.measured / v.bound))
        }
        _ => String::new(),
    }
}

/// What a headroom is a multiple of.
pub(super) fn of(unit: Unit) -> &'static str {
    match unit {
        Unit::Bound => "bound",
        Unit::Floor => "floor",
        Unit::Tolerance => "tolerance",
        Unit::Modulus => "modulus",
        Unit::Exact => "equality",
        Unit::Shift => "shift",
        Unit::Excess => "excess",
    }
}

/// A method as it is written in prose; what is not known stays as it is.
pub(super) fn method(name: &str) -> String {
    let known = match name {
        "itd" => "ITD",
        "itd-reverse" => "ITD, reverse",
        "itd-checkpointed" => "ITD, checkpointed",
        "aid-fp" => "AID-FP",
        "aid-fp-forward" => "AID-FP, forward",
        "aid-cg" => "AID-CG",
        "implicit" => "a solver",
        "nsid" => "NSID",
        "sid" => "SID",
        other => other,
    };
    known.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::verdict;

    #[test]
    fn numbers_have_three_digits_and_powers_of_ten() {
        let said = [0.0, 1.0, 0.25, 6.4784e-14, 1e-9, 9996.0, 12345.0, -0.00012].map(digits);
        assert_eq!(
            said,
            [
                "0",
                "1",
                "0.25",
                "6.48·10⁻¹⁴",
                "10⁻⁹",
                "10⁴",
                "1.23·10⁴",
                "-1.2·10⁻⁴"
            ]
        );
        assert_eq!([f64::NAN, f64::INFINITY].map(digits), ["–", "∞"]);
        let said = [1.662, 62.4, 18_000.0, 4.7e12, 0.5, 1.0, 1.000_000_1].map(times);
        assert_eq!(
            said,
            [
                "×1.66",
                "×62",
                "×1.8·10⁴",
                "×4.7·10¹²",
                "×0.5",
                "×1",
                "×1.00"
            ]
        );
    }

    #[test]
    fn counts_are_grouped_and_shares_rounded_down() {
        assert_eq!(
            [7, 999, 3633, 1_234_567].map(grouped),
            ["7", "999", "3\u{202f}633", "1\u{202f}234\u{202f}567"]
        );
        let said = [(0, 0), (1, 3000), (989, 1000), (9999, 10_000), (5, 5)];
        let said = said.map(|(a, b)| share(a, b));
        assert_eq!(said, ["–", "<0.1 %", "98.9 %", "99.9 %", "100 %"]);
        assert_eq!(
            counted(1, "claim") + " " + &counted(2, "claim"),
            "1 claim 2 claims"
        );
    }

    #[test]
    fn factors_say_how_far_beyond() {
        let said = |unit, headroom| {
            let mut v = verdict("a", 0, "bound", Ruling::Fail, 0.5);
            (v.unit, v.headroom) = (unit, headroom);
            beyond(&v)
        };
        assert_eq!(said(Some(Unit::Floor), 1e-12), "×10¹² too large");
        assert_eq!(
            said(Some(Unit::Tolerance), 0.5),
            "×2 the deviation that is accepted"
        );
        assert_eq!(said(Some(Unit::Excess), 0.25), "×4 too small");
        assert_eq!(said(None, f64::NAN), "×2 too large");
        assert_eq!(said(Some(Unit::Exact), f64::NAN), "");
        assert_eq!(said(Some(Unit::Bound), 0.0), "");
    }
}
