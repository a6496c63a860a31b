//! Ids of elements: made of foreign names, unique on the page, stable between runs.

use std::collections::BTreeSet;

/// Unique stems in the order of `names`: a name where it is fit for a link, else what is left of
/// it, with a number where two would be the same.
pub(super) fn stems<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut out = Vec::new();
    for name in names {
        let fit = |c: char| match c {
            c if c.is_ascii_alphanumeric() || c == '-' || c == '_' => c,
            _ => '-',
        };
        let stem: String = name.chars().take(LONGEST).map(fit).collect();
        let mut id = stem.clone();
        let mut n = 2;
        while !taken.insert(id.clone()) {
            id = format!("{stem}-{n}");
            n += 1;
        }
        out.push(id);
    }
    out
}

/// Of a stem; names may be anything.
const LONGEST: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_fit_for_links_and_unique() {
        let names = ["itd-bound", "a b", "a\"b", "a-b", ""];
        assert_eq!(stems(names), ["itd-bound", "a-b", "a-b-2", "a-b-3", ""]);
    }
}
