//! The largest moduli of the eigenvalues of a matrix, by whichever way encloses them well enough.

use super::charpoly::characteristic;
use super::discs::{Disc, discs};
use super::enclosure::Enclosure;
use super::graeffe;
use super::powers::by_powers;
use crate::linalg::Matrix;
use crate::tol::SPECTRUM_WIDTH;

/// What is known of the spectrum of a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Spectrum {
    /// ρ, the largest modulus of an eigenvalue.
    pub rho: Enclosure,
    /// The second largest, counted with multiplicity; 0 for 1×1.
    pub second: Enclosure,
    /// Every eigenvalue of modulus ρ is real (`Some(false)`), none is (`Some(true)`), or it is not
    /// decided.
    pub complex: Option<bool>,
    /// The largest real part of an eigenvalue.
    pub abscissa: Enclosure,
}

/// Where the modulus of one eigenvalue lies, and whether it is real.
#[derive(Clone, Copy)]
struct One {
    modulus: Enclosure,
    part: Enclosure,
    real: Option<bool>,
}

impl One {
    /// With the modulus alone known.
    fn of_modulus(modulus: Enclosure, real: Option<bool>) -> Self {
        let part = Enclosure {
            lower: -modulus.upper,
            upper: modulus.upper,
        };
        Self {
            modulus,
            part,
            real,
        }
    }
}

/// The spectrum of every matrix within `spread` (spectral norm) of P whose rows vanish where those
/// of P do; 0 for P itself, which alone can be enclosed to all digits if its eigenvectors are ill
/// conditioned.
///
/// ```
/// use ratecert::linalg::{Matrix, eigen::spectrum};
/// // A triangular matrix far from normal, in a basis that hides it: eigenvalues 1/2 and 1/4.
/// let p = Matrix::from_row_slice(2, 2, &[-999.5, 999.75, -1000.0, 1000.25]);
/// let s = spectrum(&p, 0.0);
/// assert!(s.rho.lower <= 0.5 && 0.5 <= s.rho.upper && s.rho.radius() < 1e-10);
/// assert_eq!(s.complex, Some(false));
/// ```
pub fn spectrum(p: &Matrix, spread: f64) -> Spectrum {
    let unknown = Enclosure {
        lower: 0.0,
        upper: f64::INFINITY,
    };
    if !p.iter().all(|v| v.is_finite()) || !spread.is_finite() {
        return Spectrum {
            rho: unknown,
            second: unknown,
            complex: None,
            abscissa: Enclosure {
                lower: f64::NEG_INFINITY,
                upper: f64::INFINITY,
            },
        };
    }
    let (alone, block) = isolated(p, spread);
    let with = |others: &[One]| leading(&[alone.as_slice(), others].concat());
    if block.is_empty() {
        return with(&[]);
    }
    let by_discs = discs(&block, spread).map(|d| with(&moduli(&d)));
    if let Some(found) = by_discs.filter(|f| f.rho.relative() <= SPECTRUM_WIDTH) {
        return found;
    }
    let exact = (spread == 0.0).then(|| characteristic(&block)).flatten();
    let ([rho, second], lonely) = match exact {
        Some(c) => {
            let [rho, second] = graeffe::moduli(&c.coefficients, c.scale);
            // The conjugate of an eigenvalue has its modulus: a lonely one is real.
            ([rho, second], rho.lower > second.upper)
        }
        None => {
            let rho = by_powers(&block, spread);
            ([rho, Enclosure { lower: 0.0, ..rho }], false)
        }
    };
    let first = One::of_modulus(rho, lonely.then_some(true));
    let two = [first, One::of_modulus(second, None)];
    let found = with(&two[..block.nrows().min(2)]);
    match by_discs {
        None => found,
        Some(other) => Spectrum {
            rho: found.rho.and(&other.rho),
            second: found.second.and(&other.second),
            complex: found.complex.or(other.complex),
            abscissa: found.abscissa.and(&other.abscissa),
        },
    }
}

/// Diagonal entries alone in their row or column are eigenvalues; what remains. With a spread only
/// whole rows of zeros are known to be that.
fn isolated(p: &Matrix, spread: f64) -> (Vec<One>, Matrix) {
    let mut active: Vec<usize> = (0..p.nrows()).collect();
    let mut found = Vec::new();
    let alone = |i: usize, active: &[usize]| {
        let mut others = active.iter().filter(|j| **j != i);
        if spread > 0.0 {
            return p.row(i).iter().all(|v| *v == 0.0);
        }
        let row = others.clone().all(|&j| p[(i, j)] == 0.0);
        row || others.all(|&j| p[(j, i)] == 0.0)
    };
    while let Some(at) = active.iter().position(|&i| alone(i, &active)) {
        let i = active.swap_remove(at);
        found.push(One {
            modulus: Enclosure::exactly(p[(i, i)].abs()),
            part: Enclosure::exactly(p[(i, i)]),
            real: Some(true),
        });
    }
    active.sort_unstable();
    let n = active.len();
    let block = Matrix::from_fn(n, n, |i, j| p[(active[i], active[j])]);
    (found, block)
}

/// Every component of the union of the discs holds as many eigenvalues as discs.
fn moduli(discs: &[Disc]) -> Vec<One> {
    let n = discs.len();
    let mut component: Vec<usize> = (0..n).collect();
    for i in 0..n {
        for j in 0..i {
            let (a, b) = (component[i], component[j]);
            if a != b && discs[i].meets(&discs[j]) {
                component
                    .iter_mut()
                    .filter(|c| **c == a)
                    .for_each(|c| *c = b);
            }
        }
    }
    let one = |i: usize| {
        let together = || (0..n).filter(|&j| component[j] == component[i]);
        let around = |ends: fn(&Disc) -> [f64; 2]| {
            let mut all = Enclosure {
                lower: f64::INFINITY,
                upper: f64::NEG_INFINITY,
            };
            for [lower, upper] in together().map(|j| ends(&discs[j])) {
                all.lower = all.lower.min(lower);
                all.upper = all.upper.max(upper);
            }
            all
        };
        let real = if together().all(|j| discs[j].im != 0.0) {
            Some(false)
        } else {
            (together().count() == 1).then_some(true)
        };
        One {
            modulus: around(Disc::moduli),
            part: around(Disc::real_parts),
            real,
        }
    };
    (0..n).map(one).collect()
}

/// The k-th largest number lies between the k-th largest lower and the k-th largest upper ends.
fn leading(all: &[One]) -> Spectrum {
    let sorted = |end: fn(&Enclosure) -> f64| {
        let mut ends: Vec<f64> = all.iter().map(|o| end(&o.modulus)).collect();
        ends.sort_by(|x, y| y.total_cmp(x));
        ends
    };
    let (lower, upper) = (sorted(|e| e.lower), sorted(|e| e.upper));
    let at = |k: usize| match (lower.get(k), upper.get(k)) {
        (Some(&lower), Some(&upper)) => Enclosure { lower, upper },
        _ => Enclosure::exactly(0.0),
    };
    let rho = at(0);
    let largest = |end: fn(&Enclosure) -> f64| {
        let ends = all.iter().map(|o| end(&o.part));
        ends.fold(f64::NEG_INFINITY, f64::max)
    };
    let part = Enclosure {
        lower: largest(|e| e.lower),
        upper: largest(|e| e.upper),
    };
    let mut candidates = all.iter().filter(|o| o.modulus.upper >= rho.lower);
    let real = candidates.next().and_then(|o| o.real);
    let complex = real
        .filter(|_| candidates.all(|o| o.real == real))
        .map(|real| !real);
    Spectrum {
        rho,
        second: at(1),
        complex,
        abscissa: part,
    }
}
