//! Two numbers with something between them.

use crate::tol::SHOWN_DIGITS;

/// Numbers from here to 1 are written without an exponent.
const PLAIN_FROM: f64 = 0.01;

/// An enclosure of a real number that is at least 0, or of a real part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosure {
    /// At least this.
    pub lower: f64,
    /// At most this.
    pub upper: f64,
}

impl Enclosure {
    /// The enclosure of exactly x.
    pub fn exactly(x: f64) -> Self {
        Self { lower: x, upper: x }
    }

    /// The middle of the enclosure.
    pub fn middle(&self) -> f64 {
        self.lower + 0.5 * (self.upper - self.lower)
    }

    /// How far the number can be from [`Enclosure::middle`], rounded up.
    pub fn radius(&self) -> f64 {
        let m = self.middle();
        let half = (self.upper - m).max(m - self.lower);
        if half > 0.0 { half.next_up() } else { half }
    }

    /// Radius over middle; 0 for an exact 0, and infinite or NaN where nothing is known.
    pub fn relative(&self) -> f64 {
        if self.radius() == 0.0 {
            0.0
        } else {
            self.radius() / self.middle()
        }
    }

    /// What two enclosures of one number leave.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            lower: self.lower.max(other.lower),
            upper: self.upper.min(other.upper),
        }
    }
}

impl std::fmt::Display for Enclosure {
    /// As many digits as the enclosure settles, at most seven; the radius where it settles fewer.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.upper.is_finite() {
            return f.write_str("unknown");
        }
        let middle = self.middle();
        let middle = if (PLAIN_FROM..1.0).contains(&middle) {
            format!("{middle:.6}")
        } else {
            format!("{middle:.6e}")
        };
        if self.relative() <= SHOWN_DIGITS {
            return f.write_str(&middle);
        }
        if self.lower == 0.0 {
            return write!(f, "at most {:.3e}", self.upper * (1.0 + 1.0 / 1024.0));
        }
        write!(f, "{middle} ± {:.1e}", self.radius() * 1.1)
    }
}
