//! Formulas in plain text, as spans: w_t, D_{t+1} and e^(-t/κ) with their indices and exponents
//! apart.
//!
//! Owns the notation of claims and details. Must not know markup.

use super::words::digits;

/// A stretch of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) place: Place,
}

/// Where a stretch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Line,
    Below,
    Above,
}

impl Span {
    pub(super) fn is_below(&self) -> bool {
        self.place == Place::Below
    }

    pub(super) fn is_above(&self) -> bool {
        self.place == Place::Above
    }
}

/// Longest index without braces: D_joint.
const INDEX: usize = 5;
/// Decimals that are kept: rates are told apart by six.
const DECIMALS: usize = 6;

/// `text` in spans. Numbers with an exponent, or more decimals than anyone reads, are rounded.
pub(super) fn spans(text: &str) -> Vec<Span> {
    let mut out = Vec::new();
    let mut line = String::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '_' if before.is_alphabetic() && is_single(&line) => index(rest),
            '^' => exponent(rest),
            _ => None,
        };
        if let Some((inner, used)) = taken {
            push(&mut out, std::mem::take(&mut line), Place::Line);
            let place = if c == '_' { Place::Below } else { Place::Above };
            push(&mut out, inner.to_owned(), place);
            rest = &rest[used..];
            before = ' ';
            continue;
        }
        if c.is_ascii_digit() && !(before.is_alphanumeric() || before == '_' || before == '.') {
            let (shown, used) = number(rest);
            before = '0';
            line += &shown;
            rest = &rest[used..];
            continue;
        }
        line.push(c);
        before = c;
        rest = &rest[c.len_utf8()..];
    }
    push(&mut out, line, Place::Line);
    out
}

fn push(out: &mut Vec<Span>, text: String, place: Place) {
    if !text.is_empty() {
        out.push(Span { text, place });
    }
}

/// Ends the line in a letter that stands alone? Only symbols have indices, names do not.
fn is_single(line: &str) -> bool {
    let mut back = line.chars().rev();
    back.next();
    !back.next().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// What follows an underscore, and how many bytes that is.
fn index(rest: &str) -> Option<(&str, usize)> {
    if let Some(inner) = rest.strip_prefix("_{") {
        let end = inner.find('}')?;
        return Some((&inner[..end], end + 3));
    }
    let body = &rest[1..];
    let word = |s: &str| s.find(|c: char| !c.is_alphanumeric()).unwrap_or(s.len());
    let mut end = word(body);
    if end == 0 || body[..end].chars().count() > INDEX {
        return None;
    }
    // D_Φ,1 and D_Φ,j: an index of two parts, the second a single character.
    if let Some(second) = body[end..].strip_prefix(',') {
        let after = word(second);
        if second[..after].chars().count() == 1 {
            end += 1 + after;
        }
    }
    if body[end..].starts_with('_') {
        return None;
    }
    Some((&body[..end], end + 1))
}

/// What follows a caret, and how many bytes that is.
fn exponent(rest: &str) -> Option<(&str, usize)> {
    let body = &rest[1..];
    if let Some(inner) = body.strip_prefix('(') {
        let end = inner.find(')')?;
        return Some((&inner[..end], end + 3));
    }
    let sign = usize::from(body.starts_with('-'));
    let digits = body[sign..].find(|c: char| !c.is_ascii_digit());
    let digits = digits.unwrap_or(body.len() - sign);
    if digits > 0 {
        return Some((&body[..sign + digits], 1 + sign + digits));
    }
    let c = body.chars().next().filter(|c| c.is_alphabetic())?;
    Some((&body[..c.len_utf8()], 1 + c.len_utf8()))
}

/// The number that `rest` begins with, as it is shown, and how many bytes it takes.
fn number(rest: &str) -> (String, usize) {
    let run = |s: &str| s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
    let mut end = run(rest);
    let mut decimals = 0;
    if let Some(fraction) = rest[end..].strip_prefix('.') {
        decimals = run(fraction);
        if decimals > 0 {
            end += 1 + decimals;
        }
    }
    let mut scientific = false;
    if let Some(tail) = rest[end..].strip_prefix('e') {
        let sign = usize::from(tail.starts_with('-'));
        let power = run(&tail[sign..]);
        let whole = !tail[sign + power..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if power > 0 && whole {
            end += 1 + sign + power;
            scientific = true;
        }
    }
    let text = &rest[..end];
    if !scientific && decimals <= DECIMALS {
        return (text.to_owned(), end);
    }
    (text.parse().map_or_else(|_| text.to_owned(), digits), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Indices in [], exponents in <>.
    fn said(text: &str) -> String {
        let each = spans(text).into_iter().map(|s| match s.place {
            Place::Line => s.text,
            Place::Below => format!("[{}]", s.text),
            Place::Above => format!("<{}>", s.text),
        });
        each.collect()
    }

    #[test]
    fn symbols_have_indices_and_names_do_not() {
        for (text, expected) in [
            ("at w_31, k = 38", "at w[31], k = 38"),
            ("D_{t+1} = P D_t + D_Φ,2", "D[t+1] = P D[t] + D[Φ,2]"),
            ("D_joint ⊂ D_imp, so", "D[joint] ⊂ D[imp], so"),
            ("t·e^(-t/κ) and x^2, D^k", "t·e<-t/κ> and x<2>, D<k>"),
            ("my_name a_b_c x_toolong", "my_name a_b_c x_toolong"),
            ("_ ^ a_ a^ w_", "_ ^ a_ a^ w_"),
            ("w_{t", "w_{t"),
        ] {
            assert_eq!(said(text), expected);
        }
    }

    #[test]
    fn long_numbers_are_rounded_and_seeds_and_rates_are_not() {
        for (text, expected) in [
            (
                "by 7.155417527999328e-1, floor 2.479e-14",
                "by 0.716, floor 2.48·10⁻¹⁴",
            ),
            (
                "r = 0.204349, seed 17243982826557144745",
                "r = 0.204349, seed 17243982826557144745",
            ),
            ("0.12345678 and 1e-6", "0.123 and 10⁻⁶"),
            (
                "box-qp.15.0, 1.2.3e4 and a1e5",
                "box-qp.15.0, 1.2.3e4 and a1e5",
            ),
        ] {
            assert_eq!(said(text), expected);
        }
    }
}
