//! Where labels stand so that none hides another: at line ends, and above the frame.
//!
//! Owns this geometry. Must not know what is labelled.

use super::canvas::width;

/// Distance of the middles of two lines of text.
const LINE: f64 = 14.0;

/// Heights for labels that would like to stand at `wanted`, at least a line apart and between the
/// ends `[top, bottom]` as far as there is room.
pub(super) fn apart(wanted: &[f64], [top, bottom]: [f64; 2]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut out = wanted.to_vec();
    let mut least = top;
    for &i in &order {
        out[i] = out[i].max(least);
        least = out[i] + LINE;
    }
    let mut most = bottom;
    for &i in order.iter().rev() {
        out[i] = out[i].min(most);
        most = out[i] - LINE;
    }
    out
}

/// A text above the frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    /// Left end in pixels.
    pub(super) left: f64,
    /// Row, 0 next to the frame.
    pub(super) row: usize,
}

/// Places of texts at these pixels: each starts at its line, the left one turns left where two
/// would meet, and what still meets goes a row higher.
pub(super) fn above(texts: &[(f64, String)], [from, to]: [f64; 2], size: f64) -> Vec<Placed> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    // From the right: the left one is it that turns.
    order.sort_by(|a, b| texts[*b].0.total_cmp(&texts[*a].0));
    let mut taken: Vec<(usize, f64, f64)> = Vec::new();
    let mut out = vec![Placed { left: from, row: 0 }; texts.len()];
    for i in order {
        let (at, wide) = (texts[i].0, width(&texts[i].1, size));
        let sides = [at - 3.0, at - wide + 3.0];
        let places = (0..=texts.len()).flat_map(|row| sides.map(|left| (row, left)));
        let free = |(row, left): &(usize, f64)| {
            let clear = |t: &(usize, f64, f64)| {
                t.0 != *row || left + wide + 8.0 <= t.1 || *left >= t.2 + 8.0
            };
            *left >= from && left + wide <= to && taken.iter().all(clear)
        };
        let held = (at - 3.0).min(to - wide).max(from);
        let (row, left) = places.clone().find(free).unwrap_or((texts.len(), held));
        taken.push((row, left, left + wide));
        out[i] = Placed { left, row };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_at_line_ends_are_a_line_apart_and_inside() {
        let placed = apart(&[100.0, 101.0, 99.0, 20.0], [0.0, 110.0]);
        let mut sorted = placed.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(
            sorted.windows(2).all(|p| p[1] - p[0] >= LINE - 1e-9),
            "{placed:?}"
        );
        assert!(sorted[3] <= 110.0 && placed[3] == 20.0);
        assert!(placed[2] < placed[0] && placed[0] < placed[1]);
    }

    #[test]
    fn texts_above_the_frame_never_meet_and_stay_at_their_lines() {
        for other in 50..300 {
            let texts = [
                (f64::from(other), "τ 29".to_owned()),
                (150.0, "on the piece 13".to_owned()),
            ];
            let placed = above(&texts, [14.0, 344.0], 12.0);
            let span = |i: usize| {
                let p: &Placed = &placed[i];
                (p.row, p.left, p.left + width(&texts[i].1, 12.0))
            };
            let (a, b) = (span(0), span(1));
            assert!(
                a.0 != b.0 || a.2 <= b.1 || b.2 <= a.1,
                "{other}: {a:?} {b:?}"
            );
            for (i, (at, _)) in texts.iter().enumerate() {
                let s = span(i);
                assert!(s.1 >= 14.0 && s.2 <= 344.0, "{other}: {s:?}");
                assert!(s.1 <= *at && *at <= s.2, "{other}: away from its line");
            }
        }
    }
}
