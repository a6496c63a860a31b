//! What a run leaves behind of implementations that fail.

use std::sync::atomic::AtomicBool;

use super::{Output, Plan};
use crate::case::{Factory, Implementation, Method};
use crate::checks::{Data, Ruling};
use crate::claims::{Catalogue, Profile};
use crate::error::Result;
use crate::faults::{Edit, Simulated, catalogue};
use crate::methods::Ours;

/// A row of the catalogue.
struct Planted(Vec<Edit>);

impl Factory for Planted {
    fn make(&self, method: Method) -> Result<Box<dyn Implementation + '_>> {
        Ok(Box::new(Simulated::new(method, &self.0)))
    }
}

fn plan<'f>(claim: &str, factory: &'f dyn Factory) -> Plan<'f> {
    let catalogue = Catalogue::builtin().unwrap();
    Plan {
        claims: catalogue.select(&[claim.into()]).unwrap(),
        profile: Profile::Test,
        seed: 0,
        jobs: None,
        shard: None,
        times: 1,
        alpha: 1e-9,
        factory,
    }
}

fn run(claim: &str, factory: &dyn Factory) -> Output {
    let plan = plan(claim, factory);
    plan.run(None, &AtomicBool::new(false), &|_, _| {}).unwrap()
}

/// Whoever has a failing verdict explained sees its curve too; a method that is right leaves no
/// curve beyond those of the first instances.
#[test]
fn failing_instances_that_are_explained_are_drawn() {
    let known = catalogue();
    let transposed = known.iter().find(|f| f.name == "transposed-jacobian");
    let planted = Planted(transposed.unwrap().edits.to_vec());
    let failing = run("itd-exact", &planted);
    let drawn = |out: &Output, id: &str| {
        let own = out.records.iter().filter(|r| r.origin.instance() == id);
        own.filter(|r| matches!(r.data, Data::Curve(_))).count()
    };
    let mut explained = 0;
    for v in { failing.verdicts.iter() }.filter(|v| v.status == Ruling::Fail) {
        // Where no single Jacobian exists there is no error to draw.
        let shown = v.diagnosis.is_some() && !v.instance.spec.kind.is_kinked();
        let curves = drawn(&failing, &v.instance.id);
        assert_eq!(curves, usize::from(shown), "{}", v.id);
        explained += curves;
    }
    assert!(explained > 0);
    let right = run("itd-exact", &Ours);
    assert!(
        right
            .verdicts
            .iter()
            .all(|v| drawn(&right, &v.instance.id) == 0)
    );
}

/// What `report` would refuse to read is not written.
#[test]
fn a_run_has_no_more_claims_than_are_read_again() {
    let mut plan = plan("lemma-b1", &Ours);
    let one = plan.claims[0].clone();
    plan.claims = vec![one.clone(); 10_000];
    plan.validate().unwrap();
    plan.claims.push(one);
    let refused = plan.validate().unwrap_err();
    assert!(refused.is_usage(), "{refused}");
    assert!(
        refused.to_string().starts_with("10001 claims are more"),
        "{refused}"
    );
}
