//! What any implementation is asked and gives: ours, a stranger's, deterministic or stochastic.
//!
//! Owns the question ([`Case`]), the answer ([`Answer`]), the names of the methods ([`Method`]),
//! the minibatches a stochastic method is given ([`Samples`], [`Batches`]) and the two traits
//! through which implementations are judged ([`Implementation`], [`Factory`]). Plain data; must not
//! know any method, ground truth or claim.
//!
//! ```
//! use ratecert::case::{Algorithm, At, Case, Factory, Method, Target};
//! use ratecert::linalg::{Matrix, Vector};
//! use ratecert::maps::{Affine, Map};
//! use ratecert::methods::Ours;
//!
//! // Φ(w, λ) = w/2 + λ: w(λ) = 2λ, D_t = 2(1 - 2⁻ᵗ).
//! let map = Map::new(Affine {
//!     a: Matrix::from_element(1, 1, 0.5),
//!     b: Matrix::from_element(1, 1, 1.0),
//!     c: Vector::zeros(1),
//! })?;
//! let (at, target) = (At::Start(&[0.0]), Target::Cotangent(&[1.0]));
//! let case = Case::new(Algorithm::Itd, &map, &[3.0], at, target, &[0, 1, 10]);
//! let answer = Ours.make(Method::ITD_REVERSE)?.run(&case);
//! let estimates: Vec<f64> = answer.estimates.iter().map(|u| u[0]).collect();
//! assert_eq!(estimates, [0.0, 1.0, 2.0 - 2f64.powi(-9)]);
//! # Ok::<(), ratecert::Error>(())
//! ```
#![forbid(unsafe_code)]

mod answer;
mod batches;
mod draw;
mod implementation;
mod method;
mod question;

pub use answer::{Answer, Cost, Status, Trouble};
pub use batches::{Batches, IndexSource};
pub use draw::{Draw, EpochShuffle, Iid, Role};
pub use implementation::{Factory, Implementation};
pub use method::{Algorithm, Method, Mode};
pub use question::{At, Case, Samples, Target};
