//! The experiments there are.

use super::experiment::{Experiment, Scale};
use super::figure_1::Figure1;
use super::figure_2::Figure2Net;
use crate::error::{Error, Result};

/// The experiment of a name at a scale.
///
/// # Errors
/// An unknown name; the error lists the names.
pub fn experiment(name: &str, scale: Scale, seeds: Option<u64>) -> Result<Box<dyn Experiment>> {
    match name {
        "figure-1" => Ok(Box::new(Figure1::new(scale, seeds))),
        "figure-2-elastic-net" => Ok(Box::new(Figure2Net::new(scale, seeds))),
        _ => {
            let names = "figure-1, figure-2-elastic-net";
            Err(Error::usage(format!(
                "unknown experiment {name:?}; one of {names}"
            )))
        }
    }
}
