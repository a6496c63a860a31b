//! The two traits through which implementations are judged.

use super::answer::Answer;
use super::batches::Batches;
use super::draw::Draw;
use super::method::Method;
use super::question::Case;
use crate::error::Result;
use crate::tol::Roundoff;

/// An implementation of a method. State may be kept between calls for buffers, never for results:
/// the same case must give the same estimates.
pub trait Implementation {
    /// Answers a valid case.
    fn run(&mut self, case: &Case<'_>) -> Answer;

    /// The minibatches that the implementation draws when asked for independent ones.
    ///
    /// # Errors
    /// When there is nothing to draw from.
    fn draw(&mut self, wanted: &Draw) -> Result<Batches> {
        wanted.independent()
    }

    /// The steps η_0, ..., η_{k-1} that the implementation takes when asked for β/(γ+i).
    fn schedule(&mut self, beta: f64, gamma: f64, k: usize) -> Vec<f64> {
        (0..k).map(|i| beta / (gamma + i as f64)).collect()
    }
}

/// Makes fresh implementations: ours, those with a planted fault, a program in another process.
pub trait Factory: Sync {
    /// A fresh object for this method, without any memory of earlier cases.
    ///
    /// # Errors
    /// When there is none, or it cannot be started.
    fn make(&self, method: Method) -> Result<Box<dyn Implementation + '_>>;

    /// The unit roundoff in which they compute. Instances are rounded to numbers of that
    /// arithmetic, and floors are those of it.
    fn roundoff(&self) -> Roundoff {
        Roundoff::DOUBLE
    }
}
