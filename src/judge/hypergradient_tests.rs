//! Hypergradients are judged by the same claims: against the exact recursion and the exact limit.

use super::{Judging, judge};
use crate::case::{Answer, Case, Factory, Implementation, Method, Target};
use crate::checks::Ruling;
use crate::claims::{Catalogue, Label};
use crate::instances::{Instance, Kind, Random, Spec};
use crate::linalg::Matrix;
use crate::methods::Ours;
use crate::objectives::{LeastSquares, Objective};
use crate::tol::Roundoff;

/// Ours, asked for something that is not quite the hypergradient.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// ∇₂E is left out.
    WithoutDirect,
    /// ∇₁E at w_0 instead of the point reached.
    GradientAtStart,
    /// The sum over rows instead of their mean.
    WithoutMean,
}

struct Mistaken(Method, Mistake);

impl Implementation for Mistaken {
    fn run(&mut self, case: &Case<'_>) -> Answer {
        let Target::Hypergradient(objective @ Objective::LeastSquares(o)) = case.target else {
            panic!("a hypergradient is wanted")
        };
        let mut ours = Ours.make(self.0).unwrap();
        let mut other = *case;
        let changed = Objective::LeastSquares(match self.1 {
            Mistake::WithoutDirect => LeastSquares {
                ridge: 0.0,
                ..o.clone()
            },
            Mistake::WithoutMean => {
                let times = (o.y.len() as f64).sqrt();
                LeastSquares {
                    x: &o.x * times,
                    y: &o.y * times,
                    ridge: o.ridge,
                }
            }
            _ => o.clone(),
        });
        if self.1 != Mistake::GradientAtStart {
            other.target = Target::Hypergradient(&changed);
            return ours.run(&other);
        }
        let y = objective.gradient_w(case.w(), case.lambda);
        let direct = objective.gradient_lambda(case.w(), case.lambda);
        other.target = Target::Cotangent(&y);
        let mut answer = ours.run(&other);
        for u in &mut answer.estimates {
            if u.ncols() > 1 {
                let image = u.tr_mul(&crate::linalg::Vector::from_column_slice(&y));
                *u = Matrix::from_column_slice(image.len(), 1, image.as_slice());
            }
            u.iter_mut().zip(&direct).for_each(|(u, g)| *u += g);
        }
        answer
    }
}

fn objective(d: usize, seed: u64, scale: f64) -> Objective {
    let mut random = Random::new(seed ^ 0xB1);
    let mut one = |n: usize| random.normals(n);
    let x = Matrix::from_column_slice(d + 2, d, one(d * (d + 2)).as_slice());
    Objective::LeastSquares(LeastSquares {
        x: x * scale,
        y: one(d + 2) * scale,
        ridge: 0.3 * scale * scale,
    })
}

/// (passed, failed) of the claims' verdicts over kinds and dimensions.
fn count(claim: &str, mistake: Mistake, (u, scale): (Roundoff, f64)) -> (usize, usize) {
    let catalogue = Catalogue::builtin().unwrap();
    let claim = catalogue.select(&[claim.into()]).unwrap().remove(0);
    let (mut passed, mut failed) = (0, 0);
    let kinds = [
        Kind::AffineNormal,
        Kind::ElasticNet,
        Kind::LayerRelu,
        Kind::LayerTanh,
        Kind::BoxQp,
        Kind::Bilinear,
        Kind::LogisticLasso,
    ];
    for (kind, dim) in kinds.into_iter().flat_map(|kind| [(kind, 1), (kind, 4)]) {
        let spec = Spec {
            q: 0.7,
            ..Spec::typical(kind, dim)
        };
        let instance = Instance::generate(&spec, 3).unwrap();
        let objective = objective(dim, 5, scale);
        let evidence = claim.evidence(&instance, u);
        let evidence = evidence.targeting(Target::Hypergradient(&objective));
        let judging = Judging {
            share: 1e-9,
            record: false,
        };
        let label = Label::named("hypergradient");
        let mut subject = Mistaken(claim.method, mistake);
        for v in judge(&claim, &evidence, &label, judging, &mut subject).verdicts {
            passed += usize::from(v.status == Ruling::Pass);
            failed += usize::from(v.status == Ruling::Fail);
            if mistake == Mistake::None && v.status == Ruling::Fail {
                panic!("{} {:?}: {}", v.id, instance.spec.kind, v.detail);
            }
        }
    }
    (passed, failed)
}

#[test]
fn hypergradients_are_judged_against_the_exact_ones() {
    for claim in [
        "itd-checkpointed-exact",
        "itd-reverse-exact",
        "itd-reverse-limit",
        "aid-fp-exact",
        "aid-fp-limit",
        "aid-cg-termination",
    ] {
        let plain = (Roundoff::DOUBLE, 1.0);
        for sized in [
            plain,
            (Roundoff::SINGLE, 1.0),
            (Roundoff::DOUBLE, 1e-90),
            (Roundoff::DOUBLE, 1e40),
        ] {
            let (passed, failed) = count(claim, Mistake::None, sized);
            assert!(passed >= 10 && failed == 0, "{claim}: {passed} pass");
        }
        for (mistake, name) in [
            (Mistake::WithoutDirect, "without ∇₂E"),
            (Mistake::WithoutMean, "without 1/n"),
            (Mistake::GradientAtStart, "∇₁E at w_0"),
        ] {
            // AID is given its point: there is no other w_0.
            if mistake == Mistake::GradientAtStart && claim.starts_with("aid") {
                continue;
            }
            let (passed, failed) = count(claim, mistake, plain);
            assert!(failed >= 10, "{claim} {name}: {passed} pass, {failed} fail");
            // However small the numbers are.
            let (passed, failed) = count(claim, mistake, (Roundoff::DOUBLE, 1e-90));
            assert!(
                failed >= 10,
                "{claim} {name}, tiny: {passed} pass, {failed} fail"
            );
        }
    }
}
