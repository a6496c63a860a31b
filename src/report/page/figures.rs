//! Figures as the page shows them: beside their theorem, packed, with their data.
//!
//! Owns where a figure stands. Must not know what is drawn.

use super::packed::packed;
use super::theorems::{OTHER, THEOREMS};
use crate::report::figure::Figure;

/// The figure at the head of a page: all fitted rates.
const KEY: &str = "fitted-rates";

/// A figure of the page.
pub(super) struct FigureView<'a> {
    pub(super) id: String,
    /// What to conclude.
    pub(super) finding: &'a str,
    /// How to read it.
    pub(super) caption: &'a str,
    pub(super) svg: String,
    /// For small screens.
    pub(super) narrow: Option<String>,
    pub(super) file: String,
    /// The link with the data; none where there are none.
    pub(super) data: Option<String>,
}

impl<'a> FigureView<'a> {
    fn new(figure: &'a Figure) -> Self {
        Self {
            id: format!("fig-{}", figure.name),
            finding: &figure.finding,
            caption: &figure.caption,
            svg: packed(&figure.svg),
            narrow: figure.narrow.as_deref().map(packed),
            file: format!("{}.csv", figure.name),
            data: (!figure.data.is_empty()).then(|| link(&figure.data)),
        }
    }
}

/// All figures placed.
pub(super) struct Placed<'a> {
    /// Beside the headline.
    pub(super) key: Option<FigureView<'a>>,
    /// By row of the table of theorems.
    pub(super) rows: Vec<Vec<FigureView<'a>>>,
}

/// Places `figures` beside the first theorem that one of their claims belongs to; `place` says
/// which that is.
pub(super) fn placed<'a>(
    figures: &'a [Figure],
    place: impl Fn(&str) -> Option<usize>,
) -> Placed<'a> {
    let mut out = Placed {
        key: None,
        rows: THEOREMS.iter().map(|_| Vec::new()).collect(),
    };
    for figure in figures {
        let view = FigureView::new(figure);
        if figure.name == KEY {
            out.key = Some(view);
            continue;
        }
        let row = figure.claims.iter().filter_map(|c| place(c)).min();
        out.rows[row.unwrap_or(OTHER)].push(view);
    }
    out
}

/// The data as a link that a browser saves.
fn link(csv: &str) -> String {
    let mut out = String::with_capacity(csv.len() * 9 / 8);
    out += "data:text/csv;charset=utf-8,";
    for byte in csv.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b',' | b'/' | b'(' | b')' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_beside_their_first_theorem() {
        let figure = |name: &str, claims: &[&str]| Figure {
            name: name.into(),
            claims: claims.iter().map(|c| (*c).to_owned()).collect(),
            data: "a,b\n\"x %\",1\n".into(),
            ..Figure::default()
        };
        let all = [
            figure("one", &["late", "early"]),
            figure("two", &["late"]),
            figure("lost", &["?"]),
            figure(KEY, &["early"]),
        ];
        let placed = placed(&all, |claim| match claim {
            "early" => Some(1),
            "late" => Some(4),
            _ => None,
        });
        assert_eq!(placed.key.unwrap().id, "fig-fitted-rates");
        let ids = |row: usize| {
            placed.rows[row]
                .iter()
                .map(|f| f.id.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (ids(1), ids(4), ids(OTHER)),
            (vec!["fig-one"], vec!["fig-two"], vec!["fig-lost"])
        );
        let data = placed.rows[1][0].data.as_deref();
        assert_eq!(
            data,
            Some("data:text/csv;charset=utf-8,a,b%0A%22x%20%25%22,1%0A")
        );
    }
}
