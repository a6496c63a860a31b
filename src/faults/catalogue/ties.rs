//! Faults where a unit is exactly at its kink.

use super::fault::{Fault, Fit, methods, rows, whole};
use crate::faults::edit::{AtTies, Edit};

pub(super) static ROWS: &[Fault] = rows! {
    "tie-slope-above" "slope 3 at ties"
        ALL [Edit::AtTies(AtTies::Slopes(3.0, 3.0))],
        fit real [1.0001, 1e5] (|s| vec![Edit::AtTies(AtTies::Slopes(s, s))]);
    "tie-slope-below" "slope -2 at ties"
        ALL [Edit::AtTies(AtTies::Slopes(-2.0, -2.0))],
        fit real [1e-4, 1e5] (|s| vec![Edit::AtTies(AtTies::Slopes(-s, -s))]);
    "tie-slope-huge" "slope 10⁶ at ties"
        ALL [Edit::AtTies(AtTies::Slopes(1e6, 1e6))];
    "tie-nan" "0/0 at ties"
        ALL [Edit::AtTies(AtTies::Slopes(f64::NAN, f64::NAN))];
    "tie-slope-above-in-second" "slope 3 at ties in ∂₂Φ alone"
        ALL [Edit::AtTies(AtTies::Slopes(0.0, 3.0))];
    "tie-opens-all" "one tie makes every slope 1"
        ALL [Edit::AtTies(AtTies::AllSlopes(1.0))];
    "tie-averages-all" "one tie makes every slope ½"
        ALL [Edit::AtTies(AtTies::AllSlopes(0.5))];
    "tie-drops-second" "one tie makes ∂₂Φ vanish"
        ALL [Edit::AtTies(AtTies::NoSecond)];
    "tie-resets" "a tie resets the carried derivative now and then"
        FIXED_POINT [Edit::AtTies(AtTies::State(0.0))];
    "tie-flips" "a tie flips the sign of the carried derivative now and then"
        FIXED_POINT [Edit::AtTies(AtTies::State(-1.0))];
};
