//! What an implementation in another process gets right, as a part of its page: methods × families
//! × checks, and the maps it brought itself.

use super::spans::{Span, spans};
use super::status::{Shape, Status, ruled, shape};
use crate::claims::Counts;
use crate::report::conformance::{Grid, Row, cell, facts, maps, of_map};
use crate::report::run::Run;

/// The grid of a run.
pub(super) struct SubjectView<'a> {
    pub(super) facts: String,
    pub(super) checks: Vec<&'a str>,
    pub(super) rows: Vec<GridRow<'a>>,
    pub(super) maps: Vec<MapView<'a>>,
}

/// One method on one family; a method is named once for all of its families.
pub(super) struct GridRow<'a> {
    pub(super) method: &'a str,
    pub(super) first: bool,
    pub(super) family: &'a str,
    pub(super) cells: Vec<CellView>,
}

/// One cell: words, coloured.
pub(super) struct CellView {
    pub(super) text: String,
    pub(super) class: &'static str,
}

/// The checks of one map.
pub(super) struct MapView<'a> {
    pub(super) name: &'a str,
    pub(super) rows: Vec<MapRow<'a>>,
}

/// One check of a map.
pub(super) struct MapRow<'a> {
    pub(super) check: &'a str,
    pub(super) status: Status,
    pub(super) detail: Vec<Span>,
}

impl<'a> SubjectView<'a> {
    pub(super) fn of(run: &'a Run) -> Self {
        let grid = Grid::of(run);
        let mut last = None;
        let rows = grid.rows.iter().map(|row: &Row<'a>| {
            let first = last != Some(row.method);
            last = Some(row.method);
            GridRow {
                method: row.method,
                first,
                family: row.family,
                cells: cells(&row.cells),
            }
        });
        Self {
            rows: rows.collect(),
            facts: facts(run),
            maps: maps(run).into_iter().map(|name| map(run, name)).collect(),
            checks: grid.checks,
        }
    }
}

pub(super) fn cells(counts: &[Counts]) -> Vec<CellView> {
    let class = |c: &Counts| match (c.fail, c.pass, c.inconclusive) {
        (0, 0, 0) => Shape::None,
        (0, 0, _) => Shape::Undecided,
        (0, _, _) => Shape::Holds,
        _ => Shape::Violated,
    };
    let each = counts.iter().map(|c| CellView {
        text: cell(c),
        class: class(c).class(),
    });
    each.collect()
}

fn map<'a>(run: &'a Run, name: &'a str) -> MapView<'a> {
    let rows = of_map(run, name).map(|v| MapRow {
        check: &v.check,
        status: Status::new(shape(v.status), ruled(v.status)),
        detail: spans(&v.detail),
    });
    MapView {
        name,
        rows: rows.collect(),
    }
}
