//! What the plain data of a family must be able to do to become a map.

use std::sync::Arc;

use super::products::Certified;
use crate::error::Result;

/// The plain data of one family.
pub trait Data {
    /// d, as the data say it before they are validated.
    fn dim(&self) -> usize;
    /// Refuses wrong shapes, empty dimensions and entries out of range, naming the field.
    fn validate(&self) -> Result<()>;
    /// The map; the data have been validated.
    fn prepare(&self) -> Arc<dyn Certified>;
    /// The same with its step size multiplied by `times`; `None` where there is no step size.
    fn with_step(&self, _times: f64) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}
