//! How each kind is drawn, and which fields of a spec it fixes: one row each.

use super::draft::Draft;
use super::kind::{Group, Kind};
use super::random::Random;
use super::spec::Spec;
use super::{
    affine, bilinear, clip, elastic_net, kinks, layer, max_min, poisoning, prox_gradient,
    quadratic_program, real, simplex_qp, stochastic,
};
use crate::error::Result;
use crate::objectives::ObjectiveKind;

/// A kind of instance.
pub(super) struct KindRow {
    pub(super) kind: Kind,
    /// Sets the fields that the kind fixes.
    normalise: fn(&mut Spec),
    pub(super) draw: Draw,
}

/// Draws what a spec asks for.
#[derive(Clone, Copy)]
pub(super) enum Draw {
    /// A problem.
    Problem(fn(&Spec, &mut Random) -> Draft),
    /// A problem whose data are checked as they are put together.
    Fallible(fn(&Spec, &mut Random) -> Result<Draft>),
    /// A problem from a file.
    Real(fn(&Spec) -> Result<Draft>),
    /// A problem with samples.
    Samples(fn(&Spec, &mut Random) -> Result<stochastic::Draft>),
}

macro_rules! rows {
    ($($kind:ident $normalise:ident $draw:ident($function:path);)+) => {
        /// In the order of [`Kind::ALL`].
        const ROWS: &[KindRow] = &[
            $(KindRow { kind: Kind::$kind, normalise: $normalise, draw: Draw::$draw($function) }),+
        ];
    };
}

rows! {
    AffineSymmetric one_row Problem(affine::affine);
    AffineNormal one_row Problem(affine::affine);
    AffineNonNormal one_row Problem(affine::affine);
    AffineRotation one_row Problem(affine::affine);
    Tight tight Problem(affine::tight);
    LayerRelu free Problem(layer::layer);
    LayerLeakyRelu free Problem(layer::layer);
    LayerAbs free Problem(layer::layer);
    LayerTanh free Problem(layer::layer);
    ElasticNet net Problem(elastic_net::drawn);
    ElasticNetWide wide_net Problem(elastic_net::drawn);
    ElasticNetEmpty net Problem(elastic_net::drawn);
    ElasticNetFull net Problem(elastic_net::backwards);
    ElasticNetMargin net Problem(elastic_net::backwards);
    ElasticNetDuplicated paired_net Problem(elastic_net::drawn);
    ElasticNetNearDuplicated paired_net Problem(elastic_net::drawn);
    BoxQp one_row Problem(clip::clip);
    NonnegativeQp one_row Problem(clip::clip);
    MaxMin forms Problem(max_min::max_min);
    GroupLasso net Problem(prox_gradient::drawn);
    LogisticLasso net Problem(prox_gradient::drawn);
    LogisticGroup net Problem(prox_gradient::drawn);
    LogisticBox net Problem(prox_gradient::drawn);
    LogisticNonnegative net Problem(prox_gradient::drawn);
    Diabetes diabetes Real(real::diabetes);
    KinkLayerRelu kinked Problem(kinks::draft);
    KinkLayerAbs kinked Problem(kinks::draft);
    KinkLayerDuplicated kinked_twice Problem(kinks::draft);
    KinkLambdaOnly kinked Problem(kinks::draft);
    KinkFiniteTime kinked Problem(kinks::draft);
    KinkMaxMin kinked_coordinates Problem(kinks::draft);
    KinkElasticNet kinked_net Problem(kinks::draft);
    KinkTwoCycle scalar_cycle Problem(kinks::draft);
    KinkNetCycle net_cycle Problem(kinks::draft);
    Bilinear one_row Problem(bilinear::bilinear);
    SimplexQp one_row Problem(simplex_qp::simplex_qp);
    QuadraticProgram square Problem(quadratic_program::quadratic_program);
    Poisoning poisoned Fallible(poisoning::drawn);
    SumElasticNet sampled Samples(stochastic::squares);
    SumTiny sampled Samples(stochastic::squares);
    SumLogisticGroup sampled Samples(stochastic::logistic);
    SumDiabetes sampled Samples(stochastic::squares);
    SumPoisoning poisoned Samples(poisoning::sampled);
    NoiseAdditiveRelu sampled Samples(stochastic::noise);
    NoiseMultiplicativeBox sampled Samples(stochastic::noise);
    NoiseTanh sampled Samples(stochastic::noise);
    NoiseKink sampled Samples(stochastic::kink);
    NoiseBilinear sampled Samples(stochastic::kink);
    NoiseExtremal sampled Samples(stochastic::extremal);
}

/// The row of a kind.
pub(super) fn row(kind: Kind) -> &'static KindRow {
    // Every kind has one: a test.
    ROWS.iter().find(|r| r.kind == kind).unwrap_or(&ROWS[0])
}

fn free(_: &mut Spec) {}

fn one_row(spec: &mut Spec) {
    spec.rows = 1;
}

/// λ is as long as w.
fn square(spec: &mut Spec) {
    (spec.params, spec.rows) = (spec.dim, 1);
}

fn tight(spec: &mut Spec) {
    (spec.params, spec.rows) = (1, 1);
}

fn forms(spec: &mut Spec) {
    spec.rows = spec.rows.clamp(2, 4);
}

/// Built backwards from w(λ) needs X of full column rank; the others say n ≥ d.
fn net(spec: &mut Spec) {
    (spec.params, spec.rows) = (2, spec.rows.max(spec.dim + 1));
}

fn paired_net(spec: &mut Spec) {
    spec.dim = spec.dim.max(2);
    net(spec);
}

fn wide_net(spec: &mut Spec) {
    spec.dim = spec.dim.max(2);
    (spec.params, spec.rows) = (2, spec.rows.clamp(1, spec.dim - 1));
}

fn diabetes(spec: &mut Spec) {
    (spec.dim, spec.rows, spec.params) = (10, 442, 2);
    spec.lambda = spec.lambda.or(Some([0.1, 0.05]));
}

fn kinked(spec: &mut Spec) {
    spec.rows = spec.rows.max(1);
}

fn kinked_twice(spec: &mut Spec) {
    spec.rows = spec.rows.max(2);
}

fn kinked_coordinates(spec: &mut Spec) {
    spec.rows = spec.rows.clamp(1, spec.dim);
}

fn kinked_net(spec: &mut Spec) {
    (spec.params, spec.rows) = (2, spec.rows.clamp(1, spec.dim));
}

fn scalar_cycle(spec: &mut Spec) {
    (spec.dim, spec.params, spec.rows) = (1, 1, 1);
}

fn net_cycle(spec: &mut Spec) {
    (spec.dim, spec.params, spec.rows) = (2, 2, 1);
}

fn poisoned(spec: &mut Spec) {
    poisoning::normalise(spec);
}

fn sampled(spec: &mut Spec) {
    stochastic::normalise(spec);
}

impl Spec {
    /// A typical instance of a kind in dimension d = `dim`, to change fields of.
    pub fn typical(kind: Kind, dim: usize) -> Self {
        Self {
            kind,
            dim,
            params: 2,
            rows: 2 * dim,
            q: 0.8,
            margin: (kind == Kind::ElasticNetMargin).then_some(0.01),
            lambda: None,
            cotangent: None,
            tau: None,
            path: None,
            objective: None,
            plain: false,
        }
        .normalised()
    }

    /// The same request with the fields a kind fixes set to what they must be.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        self.dim = self.dim.max(1);
        (row(self.kind).normalise)(&mut self);
        let uses = |field| self.kind.uses(field);
        let (margin, lambda, path) = (uses("margin"), uses("lambda"), uses("path"));
        self.margin = self.margin.filter(|_| margin);
        self.lambda = self.lambda.filter(|_| lambda);
        self.path = self.path.filter(|_| path);
        self
    }

    /// Simpler requests to try when this one fails a check, simplest first: small dimension, one
    /// parameter, few rows, a plain spectrum and round numbers, q = 1/2.
    pub fn shrink(&self) -> Vec<Self> {
        let mut out: Vec<Self> = Vec::new();
        let mut propose = |change: &dyn Fn(&mut Self)| {
            let mut s = self.clone();
            change(&mut s);
            let s = s.normalised();
            if s != *self && !out.contains(&s) {
                out.push(s);
            }
        };
        if !self.kind.is(Group::FIXED) {
            for dim in [1, 2, self.dim / 2, self.dim.saturating_sub(1)] {
                if dim >= 1 && dim < self.dim {
                    propose(&|s| s.dim = dim);
                    propose(&|s| (s.dim, s.rows) = (dim, dim.min(s.rows)));
                }
            }
            for rows in [1, self.dim, self.rows / 2, self.rows.saturating_sub(1)] {
                if rows >= 1 && rows < self.rows {
                    propose(&|s| s.rows = rows);
                }
            }
            for params in [1, self.params / 2] {
                if params >= 1 && params < self.params {
                    propose(&|s| s.params = params);
                }
            }
            if !self.plain {
                propose(&|s| s.plain = true);
            }
            if let Some(tau) = self.tau.filter(|t| *t > 0) {
                propose(&|s| s.tau = Some(tau / 2));
            }
            if self.cotangent.is_some() {
                propose(&|s| s.cotangent = None);
            }
            if self.q != 0.5 {
                propose(&|s| s.q = 0.5);
            }
            if let Some(simpler) = self.objective.and_then(ObjectiveKind::simpler) {
                propose(&|s| s.objective = Some(simpler));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row() {
        let rows: Vec<Kind> = ROWS.iter().map(|r| r.kind).collect();
        let kinds: Vec<Kind> = Kind::ALL.iter().map(|k| k.0).collect();
        assert_eq!(rows, kinds);
    }

    #[test]
    fn shrinking_ends_and_only_simplifies() {
        for (kind, ..) in Kind::ALL {
            let mut spec = Spec::typical(*kind, 9);
            let mut steps = 0;
            while let Some(next) = spec.shrink().into_iter().last() {
                assert!(
                    next.dim <= spec.dim && next.rows <= spec.rows && next.params <= spec.params
                );
                next.validate().unwrap();
                spec = next;
                steps += 1;
                assert!(steps < 200, "{kind:?} does not stop");
            }
        }
    }

    #[test]
    fn out_of_range_fields_are_named() {
        let mut s = Spec::typical(Kind::ElasticNet, 3);
        s.q = 1.0;
        assert_eq!(
            s.validate().unwrap_err().to_string(),
            "field `q`: the contraction factor q must be between 0.001 and 0.9999, got 1"
        );
        s.q = 0.5;
        s.dim = 1_000_000_000;
        assert!(s.validate().unwrap_err().to_string().contains("`dim`"));
        assert!(
            Kind::from_name("nope")
                .unwrap_err()
                .to_string()
                .contains("affine-symmetric")
        );
    }
}
