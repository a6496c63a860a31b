//! The theorems on an instance: one line each, by the name that claims give them.

use super::exact::Exact;
use super::known::Known;
use super::mean_square::MeanSquare;
use super::whole::Evidence;
use crate::error::{Error, Result};
use crate::theory::{BilevelRun, BilevelSection, Level, OnRun, Row, Section5, Theorem};

/// Builds a theorem on an instance.
type Build = fn(&Evidence<'_>) -> Result<Box<dyn Theorem>>;

/// Names as they stand in claims, and what is built for them. What is in no line is explained by
/// the main theorem of its setting.
const REGISTRY: &[(&str, Build)] = &[
    ("Theorem 4.1", theorem_4_1),
    ("Lemma D.2", section_5),
    ("Lemma D.3", section_5),
    ("Theorem 5.4", section_5),
    ("Theorem 5.5", section_5),
    ("Lemma E.2", theorem_e3),
    ("Theorem E.3", theorem_e3),
    ("Theorem E.6", theorem_e6),
    ("Algorithm 2", theorem_e6),
];

/// Steps at which Theorem E.3's bound is shown.
const STEPS: [usize; 7] = [0, 1, 2, 5, 10, 20, 50];

/// Numbers of updates at which exact moments are shown.
const UPDATES: [usize; 7] = [0, 1, 10, 100, 1000, 10_000, 100_000];

impl Evidence<'_> {
    /// The theorem of this name on the instance.
    ///
    /// # Errors
    /// When the instance does not meet it.
    pub fn theorem(&self, name: &str) -> Result<Box<dyn Theorem>> {
        let stochastic = self.instance.samples.is_some();
        let fits = |row: &&(&str, Build)| {
            let main = if stochastic {
                "Theorem 5.4"
            } else {
                "Theorem 4.1"
            };
            let known = REGISTRY.iter().any(|r| r.0 == name);
            row.0 == if known { name } else { main }
        };
        let row = REGISTRY.iter().find(fits);
        row.map_or_else(
            || Err(Error::usage(format!("no theorem is named {name:?}"))),
            |(_, build)| build(self),
        )
    }

    /// What is known of the instance besides the constants of its theorem.
    ///
    /// # Errors
    /// When w(λ) is not certified.
    pub fn certificates(&self) -> Result<Vec<Row>> {
        let exact = self.exact()?;
        let mut rows = Vec::new();
        if self.instance.samples.is_some() {
            let known = Known::of(self)?;
            rows.push(Row::maybe(
                "tr Σ",
                known.limit,
                "none",
                "limit of (γ+k) E‖v_k - v̂‖², exact",
            ));
            let bias = known
                .sid
                .as_ref()
                .map(|r| (r - &known.star.r).norm_squared());
            let about = "SID's squared bias ‖r_SID - r*‖², exact";
            if self.upper(exact).is_none() {
                rows.push(Row::maybe("bias", bias, "none", about));
            }
        } else {
            rows.extend(local_rate(exact));
            let otherwise = if exact.truth.moduli().kinks.is_empty() {
                "not yet"
            } else {
                "not defined: w(λ) is on a kink, where several pieces meet"
            };
            let about = "first step from which on the iterates stay on the piece of w(λ)";
            let identified = exact.run().identified;
            rows.push(Row::count("identified", identified, otherwise, about));
        }
        let error = exact.truth.fixed_point.error;
        rows.push(Row::number("f*", error, "certified error of w(λ)"));
        if let Some(j) = &exact.truth.jacobian {
            rows.push(Row::number("f^J", j.error, "certified error of J"));
        }
        Ok(rows)
    }
}

/// ρ and the second modulus as they are enclosed.
fn local_rate(exact: &Exact) -> Vec<Row> {
    let about = "spectral radius of ∂₁Φ at w(λ): the local rate";
    let Some(s) = exact.truth.spectrum() else {
        let why = "not defined: w(λ) is on a kink, where ∂₁Φ is a set";
        return vec![Row::maybe("ρ", None, why, about)];
    };
    let leads = if s.complex == Some(true) {
        "the same of all other eigenvalues; a complex pair leads"
    } else {
        "the same of all other eigenvalues"
    };
    vec![
        Row::enclosed("ρ", s.rho, about),
        Row::enclosed("second", s.second, leads),
    ]
}

fn theorem_4_1(e: &Evidence<'_>) -> Result<Box<dyn Theorem>> {
    let exact = e.exact()?;
    Ok(Box::new(OnRun {
        theorem: exact.theorem().clone(),
        e: exact.run().e.clone(),
        aid: e.method.is_aid(),
    }))
}

fn theorem_e3(e: &Evidence<'_>) -> Result<Box<dyn Theorem>> {
    let exact = e.exact()?;
    let Some(upper) = e.upper(exact) else {
        return theorem_4_1(e);
    };
    let lower = OnRun {
        theorem: exact.theorem().clone(),
        e: exact.run().e.clone(),
        aid: e.method.is_aid(),
    };
    let levels = Level::NAMES.map(|(_, level)| level);
    let row = |t: usize| {
        let mut numbers = levels.map(|level| e.bound(exact, level, t, t)).to_vec();
        numbers.push(exact.distance(t));
        (t, numbers)
    };
    let known = STEPS.into_iter().filter(|t| *t <= exact.last());
    Ok(Box::new(BilevelRun {
        bounds: known.map(row).collect(),
        outer: upper.moduli.clone(),
        gradient: upper.gradient,
        lower,
    }))
}

fn theorem_e6(e: &Evidence<'_>) -> Result<Box<dyn Theorem>> {
    let lower = section(e, &Known::of(e)?)?;
    let s = e.sampled()?;
    let (star, _) = s.solution()?;
    let Some(outer) = MeanSquare::over(&s, &[star.to_vec()])?.outer else {
        return section_5(e);
    };
    let rate = lower.rate;
    let wanted = s.limit_at(star)?;
    let law = s.law(star, lower.inner)?;
    let mse = match &law {
        Some(law) => law.mse(&s.setting(), &UPDATES, &wanted, |k| rate.step(k))?,
        None => None,
    };
    let mse = mse.unwrap_or_else(|| vec![f64::NAN; UPDATES.len()]);
    Ok(Box::new(BilevelSection {
        moments: UPDATES.into_iter().zip(mse).collect(),
        theorem: outer,
        lower,
    }))
}

fn section_5(e: &Evidence<'_>) -> Result<Box<dyn Theorem>> {
    let mut known = Known::of(e)?;
    let mut section = section(e, &known)?;
    let mut at = known.recursion.start();
    for k in UPDATES {
        while at.i < k {
            let eta = known.rate.step(at.i);
            known.recursion.step(&mut at, eta);
        }
        section.moments.push((k, at.mse()));
    }
    Ok(Box::new(section))
}

/// Its constants, without moments.
fn section(e: &Evidence<'_>, known: &Known) -> Result<Section5> {
    Ok(Section5 {
        lemma: known.lemma,
        rate: known.rate,
        theorem: known.theorem,
        inner: e.sampled()?.sizes.inner,
        moments: Vec::new(),
    })
}
