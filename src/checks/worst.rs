//! The case nearest to its bound, or furthest beyond it.

use super::finding::{Finding, Reason, Unit, is_worse, part};

/// The largest ratio measured/bound so far. NaN is larger than any number.
#[derive(Debug)]
pub(super) struct Worst {
    pub(super) ratio: f64,
    pub(super) measured: f64,
    pub(super) bound: f64,
    pub(super) what: String,
    pub(super) compared: usize,
    step: Option<usize>,
}

impl Default for Worst {
    fn default() -> Self {
        Self {
            ratio: f64::NEG_INFINITY,
            measured: f64::NAN,
            bound: f64::NAN,
            what: "nothing was above 0".into(),
            compared: 0,
            step: None,
        }
    }
}

impl Worst {
    /// measured ≤ bound·room, or not.
    pub(super) fn see(
        &mut self,
        measured: f64,
        bound: f64,
        room: f64,
        what: impl FnOnce() -> String,
    ) -> bool {
        let ratio = part(measured, bound * room);
        self.compared += 1;
        let worse = is_worse(ratio, self.ratio);
        if worse {
            (self.ratio, self.measured, self.bound) = (ratio, measured, bound);
            (self.what, self.step) = (what(), None);
        }
        worse
    }

    /// The step i of a curve. At i = 0 the bound is the start itself: it may fail there, but says
    /// nothing of how tight the bound is.
    pub(super) fn see_step(
        &mut self,
        i: usize,
        measured: f64,
        bound: f64,
        room: f64,
        what: impl FnOnce() -> String,
    ) {
        if i == 0 && measured <= bound * room {
            self.compared += 1;
        } else if self.see(measured, bound, room, what) {
            self.step = Some(i);
        }
    }

    /// Of samples, of which those below 0 show nothing.
    pub(super) fn of_samples() -> Self {
        Self {
            ratio: 0.0,
            measured: 0.0,
            bound: 0.0,
            ..Self::default()
        }
    }

    /// measured ≤ bound, where what is at most 0 shows nothing.
    pub(super) fn sample(&mut self, measured: f64, bound: f64, what: impl FnOnce() -> String) {
        if measured > 0.0 || measured.is_nan() {
            self.see(measured, bound, 1.0, what);
        }
    }

    /// An attempt to exceed a bound: at most 0 holds, and was tried.
    pub(super) fn tried(&mut self, what: &str, measured: f64, bound: f64) {
        if measured <= 0.0 {
            self.compared += 1;
        } else {
            self.named(what, measured, bound);
        }
    }

    /// [`Self::sample`] with a fixed name.
    pub(super) fn named(&mut self, what: &str, measured: f64, bound: f64) {
        self.sample(measured, bound, || what.into());
    }

    /// Of exact values against bounds.
    pub(super) fn finding(self, what: &str) -> Finding {
        if self.compared == 0 {
            return Finding::undecided(Reason::NothingToSee, "nothing to compare");
        }
        let holds = self.ratio <= 1.0;
        let detail = if holds {
            format!(
                "{} exact {what}, no sampling; tightest {}",
                self.compared, self.what
            )
        } else {
            format!(
                "{} exceeds the bound {:.3e}: {:.3e}",
                self.what, self.bound, self.measured
            )
        };
        let finding = Finding::below(holds, Unit::Bound, self.measured, self.bound, detail);
        Finding {
            step: self.step,
            ..finding
        }
    }
}
