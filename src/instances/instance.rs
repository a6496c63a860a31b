//! An instance: a concrete problem to differentiate.

use super::kind::Kind;
use super::objective;
use super::random::{self, Random};
use super::rows::{Draw, row};
use super::spec::Spec;
use crate::error::{Error, Result};
use crate::linalg::Vector;
use crate::maps::Map;
use crate::objectives::Objective;

/// A concrete problem to differentiate: (spec, seed) gives the same bits on every platform.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Instance {
    /// What was asked for.
    pub spec: Spec,
    /// The seed it was drawn with.
    pub seed: u64,
    /// Φ, the map.
    pub map: Map,
    /// λ (m).
    pub lambda: Vec<f64>,
    /// w_0 for methods that iterate, and the point w at which NSID and SID differentiate (near
    /// w(λ), but not it). (d)
    pub start: Vec<f64>,
    /// y (d), of Euclidean norm 1 unless the spec asks for another.
    pub cotangent: Vec<f64>,
    /// The outer objective of a bilevel problem.
    pub objective: Option<Objective>,
    /// J and the sizes of minibatches, where the map is reached through samples.
    pub samples: Option<Sizes>,
}

/// The sizes of a run of NSID or SID, which a check uses unless it needs others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sizes {
    /// Samples per minibatch of ξ⁽²⁾.
    pub batch: usize,
    /// Samples per minibatch of ξ⁽¹⁾, and of ζ where an objective is sampled.
    pub inner_batch: usize,
    /// J, the number of minibatches of ξ⁽¹⁾, and of ζ.
    pub inner: usize,
}

impl Sizes {
    /// Minibatches of `batch` samples for the linear system and of `inner_batch` for w̄, `inner` of
    /// these.
    pub fn new(batch: usize, inner_batch: usize, inner: usize) -> Self {
        Self {
            batch,
            inner_batch,
            inner,
        }
    }
}

impl Instance {
    /// A problem of one's own with λ (m), a start w_0 = 0 (d) and the first unit vector for y (d).
    /// Its spec and seed are placeholders: it was not drawn.
    ///
    /// # Errors
    /// When λ is outside the domain of the map.
    pub fn new(map: Map, lambda: Vec<f64>) -> Result<Self> {
        map.check_lambda(&lambda)?;
        let d = map.dims().w;
        Ok(Self {
            spec: Spec::typical(Kind::AffineNormal, d.max(1)),
            seed: 0,
            lambda,
            start: vec![0.0; d],
            cotangent: first_unit_vector(d),
            objective: None,
            samples: None,
            map,
        })
    }

    /// Draws the instance of (spec, seed): the same bits on every platform.
    ///
    /// # Errors
    /// When a field of the spec is out of range, or asks for what its kind cannot have; the error
    /// names it.
    ///
    /// ```
    /// use ratecert::instances::{Instance, Kind, Spec};
    ///
    /// let spec = Spec { q: 0.9, ..Spec::typical(Kind::AffineRotation, 3) };
    /// let instance = Instance::generate(&spec, 1)?;
    /// // A = qQ with Q orthogonal: q is the norm, certified.
    /// let q = instance.map.constants(&instance.lambda).q;
    /// assert!((q - 0.9).abs() < 1e-9);
    /// assert_eq!(Instance::generate(&spec, 1)?.lambda, instance.lambda);
    /// assert!(Instance::generate(&Spec { q: 1.5, ..spec }, 1).is_err());
    /// # Ok::<(), ratecert::Error>(())
    /// ```
    pub fn generate(spec: &Spec, seed: u64) -> Result<Self> {
        let spec = spec.clone().normalised();
        spec.validate()?;
        let mut random = Random::new(seed);
        let draft = match row(spec.kind).draw {
            Draw::Problem(draw) => draw(&spec, &mut random),
            Draw::Fallible(draw) => draw(&spec, &mut random)?,
            Draw::Real(read) => read(&spec)?,
            Draw::Samples(draw) => {
                let draft = draw(&spec, &mut random)?;
                return Self::sampled(spec, seed, draft, &mut random);
            }
        };
        let cotangent = cotangent(&spec, draft.w0.len(), &mut random);
        let map = Map::new(draft.problem)?;
        map.check_lambda(&draft.lambda)?;
        let start = match (spec.tau, &draft.star) {
            (Some(tau), Some(star)) => identified_by(tau, &map, &draft.lambda, star, &mut random),
            _ => draft.w0,
        };
        if !start.iter().all(|v| v.is_finite()) {
            let text = "no w_0 in binary64 is so far away that it takes this many steps";
            return Err(Error::input(text).in_field("tau"));
        }
        let instance = Self {
            spec,
            seed,
            map,
            lambda: draft.lambda,
            start,
            cotangent,
            objective: None,
            samples: None,
        };
        Ok(instance.with_objective())
    }

    fn sampled(
        spec: Spec,
        seed: u64,
        draft: super::stochastic::Draft,
        random: &mut Random,
    ) -> Result<Self> {
        let cotangent = cotangent(&spec, draft.map.dim(), random);
        // Small enough to enumerate.
        let tiny = matches!(
            spec.kind,
            Kind::SumTiny | Kind::NoiseKink | Kind::NoiseBilinear
        );
        let sizes = Sizes {
            batch: if tiny { 1 } else { random.integer(1, 3) },
            inner_batch: 1,
            inner: random.integer(2, if tiny { 3 } else { 6 }),
        };
        let instance = Self {
            spec,
            seed,
            map: Map::sampled(draft.map)?,
            lambda: draft.lambda,
            start: draft.w,
            cotangent,
            objective: None,
            samples: Some(sizes),
        };
        Ok(instance.with_objective())
    }

    /// With the objective that the spec asks for, if it does.
    fn with_objective(self) -> Self {
        let kind = self.spec.objective;
        let dims = self.map.dims();
        let size = (dims.w, dims.lambda);
        let objective = kind.map(|kind| objective::drawn(kind, size, self.seed));
        Self { objective, ..self }
    }
}

/// (1, 0, ..., 0).
pub(super) fn first_unit_vector(d: usize) -> Vec<f64> {
    (0..d).map(|i| f64::from(u8::from(i == 0))).collect()
}

/// A random direction, the first unit vector for plain instances, of the norm asked for.
fn cotangent(spec: &Spec, d: usize, random: &mut Random) -> Vec<f64> {
    let y = random.normals(d);
    let size = spec.cotangent.unwrap_or(1.0);
    if spec.plain || spec.kind == Kind::NoiseExtremal {
        return first_unit_vector(d).iter().map(|v| size * v).collect();
    }
    let unit = &y / random::sum_of_squares(y.as_slice()).sqrt();
    unit.iter().map(|v| v * size).collect()
}

/// A start w_0 with Theorem 4.1's τ as prescribed: ‖w_0 - w(λ)‖ = R q^{½-τ}, half a step inside on
/// either side of q^{τ}e_0 < R ≤ q^{τ-1}e_0, in the direction of the nearest kink, so that w_0 lies
/// on another piece for τ ≥ 1. Infinite R allows τ = 0 only, and keeps to distance 1.
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

/// The direction in which a unit reaches its kink first, by differences of its input within R;
/// `None` where R is infinite.
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
