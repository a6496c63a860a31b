//! The experiments there are.

use std::path::Path;

use super::experiment::{Experiment, Scale};
use super::figure_1::Figure1;
use super::figure_2_elastic_net::Figure2Net;
use super::figure_2_poisoning::Figure2Poisoning;
use super::images::Source;
use crate::error::{Error, Result};

/// Their names.
pub const NAMES: [&str; 3] = ["figure-1", "figure-2-elastic-net", "figure-2-poisoning"];

/// Images of MNIST that are used of a user's own: half of them train.
const IMAGES: usize = 60_000;

/// As many as ship with the crate.
const FEW_IMAGES: usize = 5_000;

/// The experiment of a name at a scale, with images of a directory where it uses some.
///
/// # Errors
/// An unknown name (the error lists the names), images that cannot be had, or that are not used.
pub fn experiment(
    name: &str,
    scale: Scale,
    seeds: Option<u64>,
    data: Option<&Path>,
) -> Result<Box<dyn Experiment>> {
    // Their data are drawn: there is nothing between a few seconds and the paper's sizes.
    let drawn = if scale == Scale::Usual {
        Scale::Paper
    } else {
        scale
    };
    let unused = |experiment: Box<dyn Experiment>| match data {
        None => Ok(experiment),
        Some(_) => Err(Error::usage(format!(
            "{name} draws its own data: --data is for figure-2-poisoning"
        ))),
    };
    match name {
        "figure-1" => unused(Box::new(Figure1::new(drawn, seeds))),
        "figure-2-elastic-net" => unused(Box::new(Figure2Net::new(drawn, seeds))),
        "figure-2-poisoning" => {
            let source = source(scale, data)?;
            Ok(Box::new(Figure2Poisoning::new(scale, seeds, source)?))
        }
        _ => {
            let text = format!("unknown experiment {name:?}; one of {}", NAMES.join(", "));
            Err(Error::usage(text))
        }
    }
}

/// The images of a scale.
fn source(scale: Scale, data: Option<&Path>) -> Result<Source> {
    let path = data.map(Path::to_path_buf);
    Ok(match (scale, path) {
        (Scale::Small, None) => Source::Digits,
        (Scale::Small, Some(_)) => {
            let text = "--scale small takes the small digits that ship with ratecert, not --data";
            return Err(Error::usage(text));
        }
        (Scale::Usual, None) => Source::Mnist5k,
        (Scale::Usual, Some(path)) => Source::Directory {
            path,
            count: FEW_IMAGES,
        },
        (Scale::Paper, None) => Source::Synthetic { count: IMAGES },
        (Scale::Paper, Some(path)) => Source::Directory {
            path,
            count: IMAGES,
        },
    })
}
