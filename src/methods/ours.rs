//! This crate's implementations, by method.

use super::{
    AidCg, AidFp, AidFpForward, Implicit, ItdCheckpointed, ItdForward, ItdReverse, Nsid, Sid,
};
use crate::case::{Algorithm, Factory, Implementation, Method, Mode};
use crate::error::{Error, Result};

/// Makes this crate's implementations, which select weight 0 at ties.
///
/// ```
/// use ratecert::case::{At, Case, Factory, Method, Target};
/// use ratecert::linalg::{Matrix, Vector};
/// use ratecert::maps::{Affine, Map, Problem};
/// use ratecert::methods::Ours;
///
/// // Φ(w, λ) = w/2 + λ, so that w(λ) = 2λ and D_t = 2(1 - 2⁻ᵗ).
/// let one = |v: f64| Matrix::from_element(1, 1, v);
/// let map = Map::new(Problem::Affine(Affine { a: one(0.5), b: one(1.0), c: Vector::zeros(1) }))?;
/// let method = Method::ITD;
/// let case = Case::new(method.algorithm, &map, &[1.0], At::Start(&[0.0]), Target::Jacobian, &[0, 1, 2]);
/// let answer = Ours.make(method)?.run(&case);
/// assert_eq!(answer.estimates[2][(0, 0)], 1.5);
/// # Ok::<(), ratecert::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Ours;

impl Factory for Ours {
    fn make(&self, method: Method) -> Result<Box<dyn Implementation + '_>> {
        Ok(match (method.algorithm, method.mode) {
            (Algorithm::Itd, Mode::Forward) => Box::new(ItdForward::default()),
            (Algorithm::Itd, Mode::Reverse) => Box::new(ItdReverse::default()),
            (Algorithm::Itd, Mode::Checkpointed) => Box::new(ItdCheckpointed::default()),
            (Algorithm::AidFp, Mode::Forward) => Box::new(AidFpForward::default()),
            (Algorithm::AidFp, Mode::Reverse) => Box::new(AidFp::default()),
            (Algorithm::AidCg, Mode::Reverse) => Box::new(AidCg::default()),
            (Algorithm::Implicit, Mode::Reverse) => Box::new(Implicit::default()),
            (Algorithm::Nsid, Mode::Reverse) => Box::new(Nsid::default()),
            (Algorithm::Sid, Mode::Reverse) => Box::new(Sid::default()),
            (algorithm, mode) => {
                let text = format!("there is no {algorithm:?} in mode {mode:?}");
                return Err(Error::usage(text));
            }
        })
    }
}
