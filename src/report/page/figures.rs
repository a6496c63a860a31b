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
    pub(super) title: &'a str,
    pub(super) caption: &'a str,
    pub(super) svg: String,
    /// For small screens.
    pub(super) narrow: Option<String>,
    pub(super) file: String,
    /// The link with the data; none where there are none.
    pub(super) data: Option<String>,
    /// Further figures of the same kind, which stand in files beside the page.
    pub(super) others: String,
}

impl<'a> FigureView<'a> {
    fn new(figure: &'a Figure, others: &[&Figure]) -> Self {
        let names: Vec<String> = others
            .iter()
            .map(|f| format!("figures/{}.svg", f.name))
            .collect();
        Self {
            id: format!("fig-{}", figure.name),
            title: &figure.title,
            caption: &figure.caption,
            svg: packed(&figure.svg),
            narrow: figure.narrow.as_deref().map(packed),
            file: format!("{}.csv", figure.name),
            data: (!figure.data.is_empty()).then(|| link(&figure.data)),
            others: names.join(", "),
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
/// which that is. Of several parts the first is shown.
pub(super) fn placed<'a>(
    figures: &'a [Figure],
    place: impl Fn(&str) -> Option<usize>,
) -> Placed<'a> {
    let mut out = Placed {
        key: None,
        rows: THEOREMS.iter().map(|_| Vec::new()).collect(),
    };
    for (i, figure) in figures.iter().enumerate().filter(|(_, f)| f.part == 0) {
        let parts = figures[i + 1..].iter().take_while(|f| f.part > 0);
        let view = FigureView::new(figure, &parts.collect::<Vec<_>>());
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
    fn figures_stand_beside_their_first_theorem_and_parts_behind_the_first() {
        let figure = |name: &str, claims: &[&str], part| Figure {
            name: name.into(),
            claims: claims.iter().map(|c| (*c).to_owned()).collect(),
            part,
            data: "a,b\n\"x %\",1\n".into(),
            ..Figure::default()
        };
        let all = [
            figure("one-1", &["late", "early"], 0),
            figure("one-2", &["late"], 1),
            figure("lost", &["?"], 0),
            figure(KEY, &["early"], 0),
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
            (vec!["fig-one-1"], vec![], vec!["fig-lost"])
        );
        assert_eq!(placed.rows[1][0].others, "figures/one-2.svg");
        let data = placed.rows[1][0].data.as_deref();
        assert_eq!(
            data,
            Some("data:text/csv;charset=utf-8,a,b%0A%22x%20%25%22,1%0A")
        );
    }
}
