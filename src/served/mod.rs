//! Judging a fixed-point map Φ(w, λ) that is known only as a program (theory, section 10).
//!
//! Owns the questions put to such a map ([`ServedMap`], [`Evaluation`]), its description
//! ([`ServedSpec`]), and the checks that [`examine`] goes through: products are judged by values of
//! Φ, the hypergradient by values of the solution map. No constant is given and none is certified:
//! every finding says on what it is conditional, and a pass what it could have seen. Must not know
//! claims, nor how the program is reached.
//!
//! ```
//! use ratecert::served::{Options, ServedMap, ServedSpec, examine};
//!
//! /// Φ(w, λ) = relu(w/2 + λ), with a mistake in the derivative.
//! struct Mine(f64);
//! impl ServedMap for Mine {
//!     fn phi(&mut self, w: &[f64], l: &[f64]) -> ratecert::Result<Vec<f64>> {
//!         Ok(vec![(0.5 * w[0] + l[0]).max(0.0)])
//!     }
//!     fn jvp(&mut self, w: &[f64], l: &[f64], dw: &[f64], dl: &[f64]) -> ratecert::Result<Vec<f64>> {
//!         let on = f64::from(0.5 * w[0] + l[0] > 0.0);
//!         Ok(vec![on * (self.0 * dw[0] + dl[0])])
//!     }
//! }
//! let mut spec = ServedSpec::new("mine", vec![3.0], vec![1.0]);
//! spec.products.vjp = false;
//! let right = examine(&spec, &mut Mine(0.5), 0, &Options::default())?;
//! assert!(right.holds(), "{right}");
//! let wrong = examine(&spec, &mut Mine(0.500_001), 0, &Options::default())?;
//! assert!(wrong.sees("conservative"), "{wrong}");
//! # Ok::<(), ratecert::Error>(())
//! ```
#![forbid(unsafe_code)]

mod caller;
mod conservative;
mod consistency;
mod contraction;
mod entry;
mod evaluation;
mod examine;
mod fixed_point;
mod hypergradient;
mod interpolation;
mod jacobian;
mod krylov;
mod neighbours;
mod noise;
mod panels;
mod report;
mod samples;
mod solution_map;
mod solution_slope;
mod spec;
mod spectral;
mod stochastic;
mod units;

pub use evaluation::{Drawn, Evaluation, ServedMap, What};
pub use examine::{CHECKS, Options, examine};
pub use report::{Cost, Found, Report};
pub use spec::{ServedDomain, ServedHypergradient, ServedInner, ServedProducts, ServedSpec};
