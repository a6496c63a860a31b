//! All that is known of one instance, with what is asked of it.

use std::cell::OnceCell;
use std::rc::Rc;

use super::conjugate::{CgSystem, dimension};
use super::declared::Declared;
use super::exact::Exact;
use super::kept::Kept;
use super::keyed::Keyed;
use super::request::Where;
use super::sampled::Sampled;
use super::sequence::Given;
use super::upper::Upper;
use crate::case::{Method, Target};
use crate::error::Result;
use crate::instances::Instance;
use crate::linalg::Vector;
use crate::tol::Roundoff;
use crate::truth::Unsolved;
use crate::truth::kinks::Kinks;

/// What is exactly known of one instance, for one method and target. Nothing is computed before it
/// is asked for, and nothing twice. It belongs to one job: not shared between threads.
pub struct Evidence<'i> {
    /// The instance.
    pub instance: &'i Instance,
    /// The method under test.
    pub method: Method,
    /// What is wanted of the derivative.
    pub target: Target<'i>,
    /// Steps of the exact runs.
    pub horizon: usize,
    /// What the implementation says of its own accuracy.
    pub declared: Declared,
    kinks: OnceCell<Option<Kinks>>,
    pub(super) upper: OnceCell<Upper>,
    systems: Keyed<Where, CgSystem>,
    kept: Kept,
}

impl<'i> Evidence<'i> {
    /// For runs of up to `horizon` steps. The target is D where the method carries it, else Dᵀy for
    /// the y of the instance.
    pub fn new(instance: &'i Instance, method: Method, horizon: usize) -> Self {
        let target = if method.is_reverse() {
            Target::Cotangent(&instance.cotangent)
        } else {
            Target::Jacobian
        };
        Self {
            instance,
            method,
            target,
            horizon,
            declared: Declared::default(),
            kinks: OnceCell::new(),
            upper: OnceCell::new(),
            systems: Keyed::default(),
            kept: Kept::default(),
        }
    }

    /// The same where another target is wanted: a hypergradient.
    #[must_use]
    pub fn targeting(self, target: Target<'i>) -> Self {
        Self {
            target,
            ..self.afresh()
        }
    }

    /// The same for implementations that compute with this unit roundoff: their floors, their doubt
    /// at kinks, and the points that they are given.
    #[must_use]
    pub fn in_roundoff(self, u: Roundoff) -> Self {
        let mut fresh = self.afresh();
        fresh.kept.u = u;
        fresh
    }

    /// The same for an implementation that works to tolerances of its own.
    #[must_use]
    pub fn declaring(self, declared: Declared) -> Self {
        Self { declared, ..self }
    }

    /// The same where ITD linearises at given points w_0, w_1, ...
    #[must_use]
    pub fn along(self, path: Vec<Vec<f64>>) -> Self {
        let mut fresh = self.afresh();
        fresh.kept.path = Some(path);
        fresh
    }

    /// The same where NSID and SID are given these indices and step sizes, which
    /// [`Sequence::EXPLICIT`](super::Sequence::EXPLICIT) names.
    #[must_use]
    pub fn sampling(self, given: Given) -> Self {
        let mut fresh = self.afresh();
        fresh.kept.explicit = Some(Rc::new(given));
        fresh
    }

    /// With nothing computed yet.
    fn afresh(self) -> Self {
        let mut fresh = Self::new(self.instance, self.method, self.horizon);
        (fresh.target, fresh.declared) = (self.target, self.declared);
        fresh.kept = self.kept.afresh();
        fresh
    }

    /// The unit roundoff of the implementation that it is for.
    pub fn roundoff(&self) -> Roundoff {
        self.kept.u
    }

    /// Evidence with an exact side of one's own.
    #[cfg(test)]
    pub(crate) fn with_exact(instance: &'i Instance, method: Method, exact: Exact) -> Self {
        Self {
            kept: Kept::with_exact(exact),
            ..Self::new(instance, method, 0)
        }
    }

    /// w(λ), J and what follows, or why the instance is not solved.
    ///
    /// # Errors
    /// [`Unsolved`], as data: Φ is no certified contraction, or w(λ) cannot be certified.
    pub fn solved(&self) -> std::result::Result<&Exact, &Unsolved> {
        self.kept.solved(self.instance, self.horizon)
    }

    /// The same; not solved is an error.
    ///
    /// # Errors
    /// When Φ is no certified contraction or w(λ) cannot be certified.
    pub fn exact(&self) -> Result<&Exact> {
        self.kept.exact(self.instance, self.horizon)
    }

    /// The sets at w(λ), with w(λ) in rationals; `None` where the map is not piecewise affine, or
    /// too large to be solved in rationals.
    ///
    /// # Errors
    /// Those of [`Evidence::exact`].
    pub fn kinks(&self) -> Result<Option<&Kinks>> {
        let exact = self.exact()?;
        let solve = || Kinks::solve(&exact.truth);
        Ok(self.kinks.get_or_init(solve).as_ref())
    }

    /// A unit off its kink at w(λ) whose side an implementation of fewer digits than ours cannot
    /// tell: the sets there are then larger than those known.
    ///
    /// # Errors
    /// Those of [`Evidence::exact`].
    pub fn blurred_unit(&self) -> Result<Option<usize>> {
        let exact = self.exact()?;
        if exact.truth.roundoff() == Roundoff::DOUBLE {
            return Ok(None);
        }
        let at_kink = self.kinks()?.map_or(&[][..], |kinks| &kinks.active);
        let mut units = exact.truth.ambiguous_units().into_iter();
        Ok(units.find(|unit| !at_kink.contains(unit)))
    }

    /// The side that is reached through samples.
    ///
    /// # Errors
    /// When the instance has no samples.
    pub fn sampled(&self) -> Result<Sampled<'_>> {
        let objective = match self.target {
            Target::Hypergradient(objective) => Some(objective),
            _ => None,
        };
        let asked = (self.method, objective, self.horizon);
        Sampled::new(self.instance, asked, &self.kept)
    }

    /// As many steps as the system of AID-CG has unknowns at a place, whatever is selected at ties.
    pub fn most_unknowns(&self, at: Where) -> Option<usize> {
        let exact = self.exact().ok()?;
        let limit = exact.aid_limit(at, 0.0)?;
        Some(if limit.doubt {
            limit.p.nrows()
        } else {
            dimension(exact, &limit)
        })
    }

    /// The linear system of AID-CG at a place.
    pub fn conjugate_gradients(&self, at: Where) -> Option<Rc<CgSystem>> {
        let exact = self.exact().ok()?;
        let limit = exact.aid_limit(at, 0.0)?;
        let w = limit.w.as_slice();
        let y = self.target.seed(w, &self.instance.lambda);
        let y = y.map_or_else(
            || exact.cotangent.clone(),
            |y| Vector::from_column_slice(&y),
        );
        self.systems
            .get(at, || Some(CgSystem::of(exact, &limit, &y)))
    }
}
