//! Where images come from.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::Images;
use super::idx::{Idx, parse, read};
use crate::error::{Error, Result};
use crate::instances::Random;

/// 5,000 images of MNIST's training set (see data/README.md).
const MNIST: [&[u8]; 2] = [
    include_bytes!("../../../data/mnist5k-images-idx3-ubyte.gz"),
    include_bytes!("../../../data/mnist5k-labels-idx1-ubyte.gz"),
];

/// 1,797 images of 8×8 pixels (see data/README.md).
const DIGITS: &[u8] = include_bytes!("../../../data/digits.csv.gz");

/// Greatest value of a pixel of the digits.
const DIGITS_WHITE: f64 = 16.0;

/// Where images come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The small digits that ship with the crate.
    Digits,
    /// The 5,000 images of MNIST that ship with the crate.
    Mnist5k,
    /// Random images of MNIST's shape: to measure, and to have something where MNIST is not at
    /// hand.
    Synthetic {
        /// How many.
        count: usize,
    },
    /// A directory with MNIST's training files, plain or .gz.
    Directory {
        /// The directory.
        path: PathBuf,
        /// How many images are wanted.
        count: usize,
    },
}

impl Source {
    /// In a few words.
    pub fn name(&self) -> String {
        match self {
            Self::Digits => "1,797 digits of 8×8 pixels".into(),
            Self::Mnist5k => "5,000 images of MNIST".into(),
            Self::Synthetic { count } => format!("{count} synthetic images of MNIST's shape"),
            Self::Directory { path, count } => format!("{count} images of {}", path.display()),
        }
    }

    /// Reads or makes them.
    ///
    /// # Errors
    /// A file that is missing, damaged or too short.
    pub fn load(&self) -> Result<Images> {
        match self {
            Self::Digits => digits(),
            Self::Mnist5k => {
                let [images, labels] = MNIST;
                joined(parse(images, 3, 0)?, parse(labels, 1, 0)?, None)
            }
            Self::Synthetic { count } => Ok(synthetic(*count)),
            Self::Directory { path, count } => {
                if !path.is_dir() {
                    let text = format!("{} is not a directory", path.display());
                    return Err(Error::input(text));
                }
                let [pictures, at] = [find(path, "images", 3)?, find(path, "labels", 1)?];
                let labels = read(&at, 1, *count)?;
                let images = read(&pictures, 3, *count)?;
                joined(images, labels, Some(*count))
                    .map_err(|e| e.in_file(at.display().to_string()))
            }
        }
    }
}

/// The training file of a kind under one of the names it goes by.
fn find(dir: &Path, kind: &str, dimensions: usize) -> Result<PathBuf> {
    let names = [
        format!("train-{kind}-idx{dimensions}-ubyte"),
        format!("train-{kind}.idx{dimensions}-ubyte"),
    ];
    let all = names.iter().flat_map(|n| [n.clone(), format!("{n}.gz")]);
    // A link that leads nowhere is there, and cannot be read.
    let found = all
        .map(|n| dir.join(n))
        .find(|p| p.symlink_metadata().is_ok());
    found.ok_or_else(|| {
        let text = format!("{} has no {}, plain or .gz", dir.display(), names[0]);
        Error::input(text)
    })
}

/// Images with as many labels, the first `count` where that many are asked for; pixels divided by
/// 255.
fn joined(images: Idx, labels: Idx, count: Option<usize>) -> Result<Images> {
    let [n, height, width] = images.dims[..] else {
        return Err(Error::input("images have three dimensions"));
    };
    if labels.bytes.len() != n {
        let text = format!("{n} images and {} labels", labels.bytes.len());
        return Err(Error::input(text));
    }
    let count = count.unwrap_or(n).min(n);
    let width = height * width;
    let labels: Vec<usize> = labels.bytes[..count]
        .iter()
        .map(|l| usize::from(*l))
        .collect();
    let classes = labels.iter().max().map_or(0, |most| most + 1);
    let training = &labels[..count / 2];
    if let Some(class) = (0..classes).find(|class| !training.contains(class)) {
        let text = format!(
            "none of the {} labels that train is {class}",
            training.len()
        );
        return Err(Error::input(text));
    }
    if classes < 2 {
        return Err(Error::input("all labels are 0"));
    }
    let pixels = images.bytes[..count * width].iter();
    Ok(Images {
        pixels: pixels.map(|v| f64::from(*v) / 255.0).collect(),
        width,
        labels,
        classes,
    })
}

/// A table with a header: the label, then the pixels.
fn digits() -> Result<Images> {
    let in_file = |e: Error| e.in_file("digits.csv.gz");
    let mut text = String::new();
    GzDecoder::new(DIGITS)
        .read_to_string(&mut text)
        .map_err(|e| in_file(Error::input(e.to_string())))?;
    let header = text.lines().next().unwrap_or_default();
    let names: Vec<&str> = header.split(',').collect();
    let width = names.iter().filter(|n| n.starts_with('p')).count();
    let label_at = names.iter().position(|n| !n.starts_with('p'));
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for (n, line) in text.lines().enumerate().skip(1) {
        let values: std::result::Result<Vec<u8>, _> = line.split(',').map(str::parse).collect();
        match (values, label_at) {
            (Ok(mut values), Some(at)) if values.len() == width + 1 => {
                labels.push(usize::from(values.remove(at)));
                pixels.extend(values.into_iter().map(|v| f64::from(v) / DIGITS_WHITE));
            }
            _ => {
                let error = Error::input("not a label and pixels").at_line(n + 1);
                return Err(in_file(error));
            }
        }
    }
    let classes = labels.iter().max().map_or(0, |most| most + 1);
    Ok(Images {
        pixels,
        width,
        labels,
        classes,
    })
}

/// Of MNIST's shape and about its mean and sparsity: a prototype for each of ten classes, a fifth
/// of its pixels lit, of which every image shows a random part.
fn synthetic(count: usize) -> Images {
    const WIDTH: usize = 784;
    const CLASSES: usize = 10;
    let mut random = Random::new(0x0001_DEA5);
    let lit = |random: &mut Random| {
        let on = random.unit() < 0.2;
        if on { 0.3 + 0.7 * random.unit() } else { 0.0 }
    };
    let prototypes: Vec<f64> = (0..WIDTH * CLASSES).map(|_| lit(&mut random)).collect();
    let labels: Vec<usize> = (0..count).map(|_| random.integer(0, CLASSES - 1)).collect();
    let mut pixels = Vec::with_capacity(count * WIDTH);
    for label in &labels {
        let own = &prototypes[label * WIDTH..][..WIDTH];
        pixels.extend(own.iter().map(|v| {
            let (keep, stray) = (random.unit() < 0.6, random.unit() < 0.08);
            match (keep, stray) {
                (true, _) => *v,
                (false, true) => random.unit(),
                (false, false) => 0.0,
            }
        }));
    }
    Images {
        pixels,
        width: WIDTH,
        labels,
        classes: CLASSES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_what_its_notice_says() {
        let mnist = Source::Mnist5k.load().unwrap();
        assert_eq!(
            (mnist.width, mnist.classes, mnist.labels.len()),
            (784, 10, 5000)
        );
        for digit in 0..10 {
            assert_eq!(mnist.labels.iter().filter(|l| **l == digit).count(), 500);
        }
        let digits = Source::Digits.load().unwrap();
        assert_eq!(
            (digits.width, digits.classes, digits.labels.len()),
            (64, 10, 1797)
        );
        let made = Source::Synthetic { count: 50 }.load().unwrap();
        assert_eq!((made.width, made.labels.len()), (784, 50));
        for images in [mnist, digits, made] {
            assert_eq!(images.pixels.len(), images.width * images.labels.len());
            assert!(images.pixels.iter().all(|v| (0.0..=1.0).contains(v)));
            let lit = images.pixels.iter().filter(|v| **v > 0.0).count();
            assert!(lit * 20 > images.pixels.len() && lit * 10 < images.pixels.len() * 7);
        }
    }

    #[test]
    fn a_directory_is_read_under_the_names_mnist_has() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_path_buf();
        let source = |count| Source::Directory {
            path: path.clone(),
            count,
        };
        let missing = source(10).load().unwrap_err().to_string();
        assert!(missing.contains("train-images-idx3-ubyte"), "{missing}");
        std::fs::write(path.join("train-images-idx3-ubyte.gz"), MNIST[0]).unwrap();
        std::fs::write(path.join("train-labels.idx1-ubyte.gz"), MNIST[1]).unwrap();
        let (some, all) = (source(100).load().unwrap(), Source::Mnist5k.load().unwrap());
        assert_eq!(some.labels, all.labels[..100]);
        assert_eq!(some.pixels, all.pixels[..100 * 784]);
        let short = source(6000).load().unwrap_err().to_string();
        assert!(short.contains("holds 5000, 6000 are needed"), "{short}");
        std::fs::write(
            path.join("train-labels-idx1-ubyte"),
            [0, 0, 8, 1, 0, 0, 0, 1, 3],
        )
        .unwrap();
        let other = source(10).load().unwrap_err().to_string();
        assert!(
            other.contains("train-labels-idx1-ubyte") && other.contains("holds 1"),
            "{other}"
        );
        // A class that occurs only among the images that validate.
        let mut labels = vec![0, 0, 8, 1, 0, 0, 19, 136];
        labels.extend((0..5000).map(|i| if i == 4999 { 7 } else { (i % 2) as u8 }));
        std::fs::write(path.join("train-labels-idx1-ubyte"), labels).unwrap();
        let unseen = source(5000).load().unwrap_err().to_string();
        assert!(
            unseen.contains("none of the 2500 labels that train is 2"),
            "{unseen}"
        );
    }
}
