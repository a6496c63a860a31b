//! What is going to be asked, in order.

use crate::claims::{Claim, Label, Profile};
use crate::error::Result;
use crate::evidence::{Declared, Evidence};
use crate::instances::{Instance, Spec};
use crate::subject::{Declaration, Own};
use crate::tol::Roundoff;
use crate::vectors;
use crate::wire::{Case, Posed};

use super::recipe::{self, claim_of};

/// Most fixed cases of a quick run, and most cases in all.
const FIXED: usize = 180;
const MOST: usize = 300;
/// Largest dimension of a fixed case in a test run.
const LARGEST_IN_TESTS: usize = 70;

/// A case to be asked.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Which claim it is judged by.
    pub claim: usize,
    pub source: Source,
}

/// Where a case comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A fixed one.
    Fixed(Box<Case>),
    /// One drawn from a family of the claim.
    Drawn {
        spec: Box<Spec>,
        seed: u64,
        label: Label,
        /// Its turn among the places and sequences.
        nth: usize,
    },
}

/// A case ready to be sent, with what it is judged by.
pub(super) struct Ready {
    pub case: Case,
    pub posed: Posed,
    /// The spec and seed of a drawn one.
    pub spec: Option<(Spec, u64)>,
}

impl Item {
    /// What the instance is called in verdicts.
    pub fn name(&self) -> String {
        match &self.source {
            Source::Fixed(case) => case.id.clone(),
            Source::Drawn { label, .. } => label.to_string(),
        }
    }

    /// The message, for a subject that says this of itself; `None` where it does not do such
    /// cases, or the case would decide nothing.
    pub fn ready(&self, claims: &[Claim], subject: &Declaration) -> Result<Option<Ready>> {
        let claim = &claims[self.claim];
        let ready = match &self.source {
            Source::Fixed(case) => {
                let mut case = case.as_ref().clone();
                if case.method == "implicit" && subject.own == Own::Always && case.w0.is_none() {
                    case.w0 = case.w.take();
                }
                fixed(&case, subject.roundoff)?
            }
            Source::Drawn {
                spec, seed, nth, ..
            } => {
                let id = format!("{}/{}", claim.name, self.name());
                drawn(claim, (spec, *seed), &id, *nth, subject)?
            }
        };
        Ok(ready.filter(|r| subject.does(&r.case, r.posed.instance.map.dims().w)))
    }
}

/// A fixed case in the arithmetic of the subject.
fn fixed(case: &Case, u: Roundoff) -> Result<Option<Ready>> {
    let posed = Posed::of(case)?;
    if u == Roundoff::DOUBLE {
        return Ok(Some(Ready {
            case: case.clone(),
            posed,
            spec: None,
        }));
    }
    let mut rounded = posed;
    rounded.instance = rounded.instance.in_roundoff(u)?;
    let nearest = |v: &mut f64| *v = u.nearest(*v);
    { rounded.path.iter_mut().flatten().flatten() }.for_each(nearest);
    if let Some(given) = &mut rounded.samples {
        given.eta.iter_mut().for_each(nearest);
    }
    let Some(case) = Case::of(&case.id, &rounded.case()) else {
        return Ok(None);
    };
    let ready = Ready {
        posed: Posed::of(&case)?,
        case,
        spec: None,
    };
    Ok(decidable(&ready.posed, u).then_some(ready))
}

/// A case of a drawn instance.
pub(super) fn drawn(
    claim: &Claim,
    (spec, seed): (&Spec, u64),
    id: &str,
    nth: usize,
    subject: &Declaration,
) -> Result<Option<Ready>> {
    let u = subject.roundoff;
    let instance: Instance = Instance::generate(spec, seed)?.in_roundoff(u)?;
    let evidence: Evidence<'_> = claim.evidence(&instance, u);
    let case = recipe::case(claim, &evidence, id, nth, subject.own)?;
    let mut posed = Posed::of(&case)?;
    // What is sampled of it depends on the seed.
    posed.instance.seed = seed;
    posed.instance.spec = instance.spec.clone();
    Ok(decidable(&posed, u).then(|| Ready {
        case,
        posed,
        spec: Some((instance.spec, seed)),
    }))
}

/// In binary32 a case whose units are within rounding of their kinks, without being at one, decides
/// nothing.
fn decidable(posed: &Posed, u: Roundoff) -> bool {
    if u == Roundoff::DOUBLE || posed.method.is_stochastic() {
        return true;
    }
    let evidence = posed.evidence(u, Declared::default());
    let Ok(exact) = evidence.exact() else {
        return true;
    };
    !matches!(evidence.blurred_unit(), Ok(Some(_)))
        && (posed.method.is_aid() || exact.jacobian().is_none() || exact.run().doubt_from.is_none())
}

/// The fixed cases of these claims, those of a quick run thinned to what it may send, those of a
/// test run without large ones.
pub(super) fn fixed_items(
    claims: &[Claim],
    profile: Profile,
    does: impl Fn(&Case, usize) -> bool,
) -> Result<Vec<Item>> {
    let mut entries: Vec<(bool, Vec<Item>)> = Vec::new();
    for group in vectors::list()? {
        let mut items = Vec::new();
        for case in group.cases {
            let Some(claim) = claim_of(claims, &case) else {
                continue;
            };
            let d = case.problem.dim();
            let large = profile == Profile::Test && d > LARGEST_IN_TESTS;
            if !large && does(&case, d) {
                let source = Source::Fixed(Box::new(case));
                items.push(Item { claim, source });
            }
        }
        entries.push((group.keep, items));
    }
    if profile != Profile::Full {
        let most = if profile == Profile::Test {
            FIXED / 2
        } else {
            FIXED
        };
        thin(&mut entries, most);
    }
    Ok(entries.into_iter().flat_map(|e| e.1).collect())
}

/// Takes cases from the entries that have most, of the claim that has most, until no more than
/// `most` are left; every entry keeps one.
fn thin(entries: &mut [(bool, Vec<Item>)], most: usize) {
    let mut counts: Vec<usize> = Vec::new();
    for item in entries.iter().flat_map(|e| &e.1) {
        if counts.len() <= item.claim {
            counts.resize(item.claim + 1, 0);
        }
        counts[item.claim] += 1;
    }
    let mut total: usize = counts.iter().sum();
    while total > most {
        let loose = entries.iter_mut().filter(|e| !e.0 && e.1.len() > 1);
        let Some((_, items)) = loose.max_by_key(|e| e.1.len()) else {
            return;
        };
        let heaviest = (0..items.len()).max_by_key(|n| (counts[items[*n].claim], *n));
        let removed = items.remove(heaviest.unwrap_or(0));
        counts[removed.claim] -= 1;
        total -= 1;
    }
}

/// The drawn cases: small first, families in turn; `times` as many as the profile has.
pub(super) fn drawn_items(
    claims: &[Claim],
    (profile, times, seed): (Profile, usize, u64),
    fixed: usize,
    does: impl Fn(&Claim) -> bool,
) -> Vec<Item> {
    let mut out: Vec<(usize, usize, Item)> = Vec::new();
    for (n, claim) in claims.iter().enumerate().filter(|(_, c)| does(c)) {
        for (f, family) in claim.families.iter().enumerate() {
            for index in 0..times * family.count(profile) {
                let (spec, seed, label) = claim.draw(seed, f, index);
                let source = Source::Drawn {
                    nth: f + index,
                    seed,
                    label: Label {
                        plot: false,
                        ..label
                    },
                    spec: Box::new(spec.clone()),
                };
                let turn = index * 100 + f;
                // Solutions on kinks are few, and nothing else shows what they show.
                let size = if family.kind.is_kinked() {
                    0
                } else {
                    1 + size_class(spec.dim)
                };
                out.push((size, turn, Item { claim: n, source }));
            }
        }
    }
    out.sort_by_key(|(size, turn, _)| (*size, *turn));
    let mut items: Vec<Item> = out.into_iter().map(|o| o.2).collect();
    if profile != Profile::Full {
        items.truncate(times * MOST.saturating_sub(fixed));
    }
    items
}

/// 1, 2, 3 to 4, 5 to 8, ...
fn size_class(d: usize) -> usize {
    d.max(1).next_power_of_two().trailing_zeros() as usize
}
