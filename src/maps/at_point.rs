//! A map at one point, as its moduli need it.

use std::borrow::Cow;

use super::linearization::{Linearization, Tie};
use super::products::Certified;
use super::rounding::Rounding;
use crate::linalg::product::norm2;
use crate::tol::Roundoff;

/// A map at the point where its moduli are wanted: the selection with this weight at ties, what
/// evaluating it in binary64 loses, and ‖w‖.
pub(super) fn at_point<'l>(
    map: &impl Certified,
    w: &[f64],
    lambda: &'l [f64],
    weight: f64,
) -> (Linearization<'l>, Rounding, f64) {
    let mut lin = Linearization::new(map.dims());
    lin.w.copy_from_slice(w);
    lin.lambda = Cow::Borrowed(lambda);
    map.evaluate(w, lambda, &mut Tie::Weight(weight), &mut lin);
    (lin, map.rounding(lambda, Roundoff::DOUBLE), norm2(w))
}
