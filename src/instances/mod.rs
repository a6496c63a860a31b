//! Instances: (spec, seed) → a problem with λ, w_0 and a cotangent, the same on every platform.
//!
//! Owns how instances are drawn and how a failing one gets simpler ([`Spec::shrink`], the one
//! shrinker that `certify`, proptest and quickcheck share). Must not know ground truth,
//! methods or claims.

mod affine;
mod bilinear;
mod clip;
mod elastic_net;
mod json;
mod kinks;
mod layer;
mod max_min;
mod prox_gradient;
mod random;
mod real;
mod simplex_qp;
mod spec;
mod stochastic;
mod stochastic_json;

pub use json::{InstanceFile, number, problem_from_json, problem_to_json, rows_of};
pub use random::{Random, hash, mix};
pub use spec::{BOUNDS, Kind, Path, Spec, bound};
pub use stochastic::StochasticInstance;
pub use stochastic_json::StochasticFile;

use crate::error::Result;
use crate::linalg::Vector;
use crate::maps::{Map, Problem};

/// A concrete problem to differentiate.
#[derive(Clone, Debug)]
pub struct Instance {
    /// What was asked for.
    pub spec: Spec,
    /// The seed it was drawn with.
    pub seed: u64,
    /// Φ.
    pub map: Map,
    /// λ (m).
    pub lambda: Vec<f64>,
    /// w_0 (d).
    pub w0: Vec<f64>,
    /// y (d), of norm 1 unless the spec asks for another.
    pub cotangent: Vec<f64>,
}

/// What a generator fills in.
struct Draft {
    problem: Problem,
    lambda: Vec<f64>,
    w0: Vec<f64>,
    /// w(λ) to rounding, where the problem was built backwards from it.
    star: Option<Vec<f64>>,
}

impl Instance {
    /// Draws the instance of (spec, seed).
    ///
    /// # Errors
    /// When a field of the spec is out of range; the error names it.
    pub fn generate(spec: &Spec, seed: u64) -> Result<Self> {
        let spec = spec.clone().normalised();
        spec.validate()?;
        let mut random = Random::new(seed);
        let draft = match spec.kind {
            Kind::AffineSymmetric
            | Kind::AffineNormal
            | Kind::AffineNonNormal
            | Kind::AffineRotation => affine::affine(&spec, &mut random),
            Kind::Tight => affine::tight(&spec, &mut random),
            Kind::LayerRelu | Kind::LayerLeakyRelu | Kind::LayerAbs | Kind::LayerTanh => {
                layer::layer(&spec, &mut random)
            }
            Kind::ElasticNetFull | Kind::ElasticNetMargin => {
                elastic_net::backwards(&spec, &mut random)
            }
            Kind::ElasticNet
            | Kind::ElasticNetWide
            | Kind::ElasticNetEmpty
            | Kind::ElasticNetDuplicated
            | Kind::ElasticNetNearDuplicated => elastic_net::drawn(&spec, &mut random),
            Kind::BoxQp | Kind::NonnegativeQp => clip::clip(&spec, &mut random),
            Kind::MaxMin => max_min::max_min(&spec, &mut random),
            Kind::GroupLasso
            | Kind::LogisticLasso
            | Kind::LogisticGroup
            | Kind::LogisticBox
            | Kind::LogisticNonnegative => prox_gradient::drawn(&spec, &mut random),
            Kind::Bilinear => bilinear::bilinear(&spec, &mut random),
            Kind::SimplexQp => simplex_qp::simplex_qp(&spec, &mut random),
            Kind::Diabetes => real::diabetes(&spec)?,
            Kind::KinkLayerRelu
            | Kind::KinkLayerAbs
            | Kind::KinkLayerDuplicated
            | Kind::KinkLambdaOnly
            | Kind::KinkFiniteTime
            | Kind::KinkMaxMin
            | Kind::KinkElasticNet
            | Kind::KinkTwoCycle
            | Kind::KinkNetCycle => kinks::draft(&spec, &mut random),
            stochastic => {
                let text = format!(
                    "{:?} is a stochastic kind; it has no deterministic instance",
                    stochastic.name()
                );
                return Err(crate::error::Error::input(text).in_field("kind"));
            }
        };
        let d = draft.w0.len();
        let y = random.normals(d);
        let size = spec.cotangent.unwrap_or(1.0);
        let cotangent = if spec.plain {
            (0..d).map(|i| size * f64::from(u8::from(i == 0))).collect()
        } else {
            let unit = y.clone() / random::sum_of_squares(y.as_slice()).sqrt();
            unit.iter().map(|v| v * size).collect()
        };
        let map = Map::new(draft.problem)?;
        map.check_lambda(&draft.lambda)?;
        let w0 = match (spec.tau, &draft.star) {
            (Some(tau), Some(star)) => identified_by(tau, &map, &draft.lambda, star, &mut random),
            _ => draft.w0,
        };
        Ok(Self {
            spec,
            seed,
            map,
            lambda: draft.lambda,
            w0,
            cotangent,
        })
    }
}

/// A start w_0 with Theorem 4.1's τ as prescribed: ‖w_0 - w(λ)‖ = R q^{½-τ}, half a step inside on either side of
/// q^{τ}e_0 < R ≤ q^{τ-1}e_0, in the direction of the nearest kink, so that w_0 lies on another piece for τ ≥ 1. Infinite R allows τ = 0 only, and keeps to distance 1.
fn identified_by(
    tau: usize,
    map: &Map,
    lambda: &[f64],
    star: &[f64],
    random: &mut Random,
) -> Vec<f64> {
    let r = map.moduli_at(star, lambda, 0.0).r;
    let q = map.constants(lambda).q;
    // Certified norms may differ in their last bits between platforms; instances must not.
    let distance = if r.is_finite() {
        random::short(r * libm::pow(q, 0.5 - tau as f64))
    } else {
        1.0
    };
    let mut direction = random.normals(star.len());
    if let Some(nearest) = towards_the_nearest_kink(map, lambda, star, r) {
        direction = nearest;
    }
    let size = random::sum_of_squares(direction.as_slice()).sqrt();
    star.iter()
        .zip(direction.iter())
        .map(|(s, v)| s + distance * random::short(v / size))
        .collect()
}

/// The direction in which a unit reaches its kink first, by differences of its input within R; `None` where R is infinite.
fn towards_the_nearest_kink(map: &Map, lambda: &[f64], star: &[f64], r: f64) -> Option<Vector> {
    if r.is_infinite() {
        return None;
    }
    let at = |w: &[f64]| {
        let mut lin = map.linearization();
        map.linearize(w, lambda, &mut crate::maps::Tie::Weight(0.0), &mut lin);
        lin
    };
    let base = at(star);
    let step = (r / 8.0).min(1.0);
    let moved: Vec<Vec<f64>> = (0..star.len())
        .map(|k| {
            let mut u = star.to_vec();
            u[k] += step;
            at(&u).z
        })
        .collect();
    let gradient = |i: usize| Vector::from_fn(star.len(), |k, _| (moved[k][i] - base.z[i]) / step);
    let radius = |i: &usize| {
        let size = random::sum_of_squares(gradient(*i).as_slice()).sqrt();
        if size == 0.0 {
            f64::INFINITY
        } else {
            base.margin[*i] / size
        }
    };
    let nearest = (0..base.z.len()).min_by(|i, j| radius(i).total_cmp(&radius(j)))?;
    let direction = gradient(nearest);
    let beyond: Vec<f64> = star
        .iter()
        .zip(direction.iter())
        .map(|(s, v)| s + 1.5 * radius(&nearest) / direction.norm() * v)
        .collect();
    let crossed = !base.piece().eq(at(&beyond).piece());
    Some(if crossed { direction } else { -direction })
}

/// A starting point: zero for plain instances, else random.
fn start(spec: &Spec, random: &mut Random) -> Vec<f64> {
    let w0 = random.normals(spec.dim);
    if spec.plain {
        vec![0.0; spec.dim]
    } else {
        w0.as_slice().to_vec()
    }
}

/// Rounds to multiples of 1/64 where plain numbers are wanted.
fn rounded(spec: &Spec, v: f64) -> f64 {
    if spec.plain {
        (v * 64.0).round() / 64.0
    } else {
        v
    }
}

fn rounded_vector(spec: &Spec, v: Vector) -> Vector {
    v.map(|x| rounded(spec, x))
}

#[cfg(test)]
mod tests;
