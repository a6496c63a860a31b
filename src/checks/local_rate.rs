//! The error decays at the local rate ρ (spectral radius of ∂₁Φ at w(λ)), two-sidedly.
//!
//! Windows start after identification and end well above the floor. The exact sequence decides
//! first whether the window shows ρ at all (two leading moduli too close, complex pairs, few
//! points: inconclusive, whatever the method did); only then the method's own fit is judged.

use super::check::{Check, Context};
use super::data::{Data, Fit};
use super::entry::{Entry, For};
use super::finding::{Finding, Reason, Unit};
use crate::case::Target;
use crate::error::{Error, Result};
use crate::evidence::{Exact, Request, Run, Where};
use crate::linalg::Vector;
use crate::linalg::eigen::Enclosure;
use crate::linalg::product::norm2;
use crate::stats::line;
use crate::tol::{
    RATE_ABOVE_FLOOR, RATE_MOST_POINTS, RATE_OWN_SHARE, RATE_POINTS, RESONANT_LIMIT_STEPS,
};

pub(super) const ENTRY: Entry = Entry {
    name: "local-rate",
    about: "the error decays at the local rate ρ, two-sidedly (`growth`)",
    fits: For::StepByStep,
    parse: |keys| {
        let names = [("pure", Growth::Pure), ("resonant", Growth::Resonant)];
        let growth = keys.named("growth", &names)?;
        if growth == Growth::Resonant && keys.method.is_aid() {
            let text = "AID-FP has no resonant columns: its error is C·ρᵗ with k = t";
            return Err(Error::input(text).in_field("growth"));
        }
        Ok(Box::new(LocalRate { growth }))
    },
};

/// How the error grows beside ρᵗ (theory, section 4 (c)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    /// C ρᵗ: columns of D whose ∂₂Φ does not vary with w on the active piece; AID-FP with k = t.
    Pure,
    /// (α + βt) ρᵗ: ITD's columns whose ∂₂Φ varies with w.
    Resonant,
}

impl Growth {
    fn name(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Resonant => "resonant",
        }
    }

    /// The power of ρ that a judgement depends on: β is evaluated with ρ to that of twice
    /// RESONANT_LIMIT_STEPS, and its slope is a difference.
    fn uses(self) -> f64 {
        match self {
            Self::Pure => 1.0,
            Self::Resonant => 4.0 * RESONANT_LIMIT_STEPS as f64,
        }
    }
}

/// The error decays at the local rate.
#[derive(Debug)]
struct LocalRate {
    growth: Growth,
}

/// A step of the window with the error seen there and the exact one.
struct Point {
    step: usize,
    seen: f64,
    exact: f64,
}

/// Steps t of the window: at most RATE_MOST_POINTS of them, evenly spread over the second half of
/// the span between identification and the floor.
fn window(exact: &Exact) -> Vec<usize> {
    let run = exact.run();
    let Some(start) = run.identified else {
        return Vec::new();
    };
    let errors = &run.error;
    let floor = |t: usize| run.floor.d[t] + exact.jacobian_error();
    let above =
        |t: &usize| exact.comparable(*t) && errors[*t].norm() > RATE_ABOVE_FLOOR * floor(*t);
    let Some(end) = (start..errors.len()).take_while(above).last() else {
        return Vec::new();
    };
    let from = start + (end - start) * 2 / 5;
    let stride = (end - from).div_ceil(RATE_MOST_POINTS).max(1);
    (from..=end).step_by(stride).collect()
}

impl Check for LocalRate {
    fn label(&self) -> &'static str {
        "local-rate"
    }

    fn name(&self) -> String {
        format!("local-rate-{}", self.growth.name())
    }

    fn redraws(&self) -> bool {
        true
    }

    fn catches(&self, slack: f64) -> String {
        let percent = 100.0 * slack;
        match self.growth {
            Growth::Pure => format!("A local rate off by more than {percent} %."),
            Growth::Resonant => format!("A growth of ‖E_t‖ρ⁻ᵗ off by more than {percent} %."),
        }
    }

    fn knows(&self, _: Target<'_>) -> bool {
        true
    }

    fn requests(&self, c: Context<'_>) -> Result<Vec<Request>> {
        let steps = window(c.e.exact()?);
        Ok(if steps.is_empty() {
            Vec::new()
        } else if c.e.method.is_aid() {
            let one = |t| Request::new(Where::Iterate(t), vec![t]);
            steps.into_iter().map(one).collect()
        } else {
            vec![Request::new(Where::Start, steps)]
        })
    }

    fn judge(&self, c: Context<'_>, runs: &[&Run]) -> Result<Finding> {
        let exact = c.e.exact()?;
        let Some(rho) = exact.rho() else {
            return Ok(Finding::of_a_set());
        };
        if rho.upper == 0.0 {
            return Ok(Finding::undecided(
                Reason::NothingToSee,
                "∂₁Φ is nilpotent or zero at w(λ): the error vanishes in finitely many steps",
            ));
        }
        if !(self.growth.uses() * rho.relative() <= RATE_OWN_SHARE * c.slack) {
            let text = format!("ρ is {rho}: not known well enough to judge a rate by");
            return Ok(Finding::undecided(Reason::NotSettled, text));
        }
        let wanted = self.columns(c, exact);
        if wanted.is_empty() {
            let text = format!("no column of D grows {}", self.growth.name());
            return Ok(Finding::undecided(Reason::NothingToSee, text));
        }
        let points = points(c, exact, runs, &wanted);
        if points.len() < RATE_POINTS {
            let why = if exact.run().identified.is_none() {
                "no identification within the run"
            } else {
                "too few steps"
            };
            let text = format!(
                "{} points between identification and the floor ({why})",
                points.len()
            );
            return Ok(Finding::undecided(Reason::TooFewPoints, text));
        }
        let fitted = match self.growth {
            Growth::Pure => pure(c.slack, exact, &points, rho),
            Growth::Resonant => affine(c, exact, &points, rho.middle(), &wanted),
        };
        Ok(fitted.unwrap_or_else(|e| Finding::undecided(Reason::Error, format!("no fit: {e}"))))
    }
}

impl LocalRate {
    /// The columns of D that grow like this.
    fn columns(&self, c: Context<'_>, exact: &Exact) -> Vec<usize> {
        let m = exact.truth.lambda.len();
        let resonant = exact.tail().map_or_else(|| vec![true; m], |t| t.resonant());
        let like_this =
            |j: &usize| c.e.method.is_aid() || resonant[*j] == (self.growth == Growth::Resonant);
        (0..m).filter(like_this).collect()
    }
}

/// The norms of these columns of the errors, where the exact ones stand clear of rounding: a column
/// may reach its floor before the others.
fn points(c: Context<'_>, exact: &Exact, runs: &[&Run], wanted: &[usize]) -> Vec<Point> {
    let size = |columns: &[f64]| {
        let squares = wanted
            .iter()
            .map(|&j| columns.get(j).map_or(f64::NAN, |v| v * v));
        squares.sum::<f64>().sqrt()
    };
    let limit = c.e.limit_error(exact);
    let all = runs.iter().flat_map(|run| run.comparisons(c.e));
    let point = |one: &crate::evidence::Comparison| {
        let expected = size(one.exact_columns.as_ref()?);
        let clear = expected > RATE_ABOVE_FLOOR * (one.floor + limit);
        clear.then(|| Point {
            step: one.k,
            seen: size(&one.columns),
            exact: expected,
        })
    };
    all.filter_map(point).collect()
}

/// log‖E_t‖ = a + t log r, r against ρ: too far off is what is too far from every number ρ may be.
fn pure(slack: f64, exact: &Exact, points: &[Point], known: Enclosure) -> Result<Finding> {
    let (rho, unknown) = (known.middle(), known.relative());
    let t: Vec<f64> = points.iter().map(|p| p.step as f64).collect();
    let own: Vec<f64> = points.iter().map(|p| p.exact.ln()).collect();
    let own = line(&t, &own)?.slope.point.exp();
    if (own / rho - 1.0).abs() + unknown > RATE_OWN_SHARE * slack {
        let second = exact.truth.spectrum().map(|s| s.second.to_string());
        return Ok(Finding::undecided(
            Reason::NotSettled,
            format!(
                "the exact error itself shows {own:.4} instead of ρ = {known} in this window; second modulus {}",
                second.unwrap_or_else(|| "unknown".into())
            ),
        ));
    }
    let logs: Vec<f64> = points.iter().map(|p| p.seen.ln()).collect();
    if let Some(finding) = broken(slack, points, &logs) {
        return Ok(finding);
    }
    let fit = line(&t, &logs)?;
    let slope = fit.slope;
    let r = slope.point.exp();
    let off = (r / rho - 1.0).abs() - unknown;
    let [first, last] = [&points[0], &points[points.len() - 1]];
    let detail = format!(
        "fitted r = {r:.6}, ρ = {known} over steps {}..{} ({} points, R² = {:.6}); a rate off by {:.1} % would have failed",
        first.step,
        last.step,
        points.len(),
        fit.r_squared,
        100.0 * slack
    );
    let record = Fit {
        growth: Growth::Pure.name().into(),
        predicted: rho,
        fitted: r,
        lower: slope.interval.lower.exp(),
        upper: slope.interval.upper.exp(),
        accepted: slack * rho,
        r_squared: fit.r_squared,
        steps: points.iter().map(|p| p.step).collect(),
    };
    let finding = Finding::decided(off <= slack, Unit::Tolerance, [r, rho, slack], detail);
    Ok(finding
        .headroom(slack / off.max(0.0))
        .with([Data::Fit(record)]))
}

/// What cannot be fitted because an error is no number, or zero where a logarithm is taken, fails.
fn broken(slack: f64, points: &[Point], fitted: &[f64]) -> Option<Finding> {
    let p = &points[fitted.iter().position(|v| !v.is_finite())?];
    let detail = format!(
        "error {} at step {}, where the exact one is {:.3e}",
        p.seen, p.step, p.exact
    );
    let numbers = [p.seen, p.exact, slack];
    let finding = Finding::decided(false, Unit::Tolerance, numbers, detail);
    Some(finding.headroom(0.0).at_step(p.step))
}

/// ‖E_t‖ρ⁻ᵗ = α + βt, β against its limit from the exact tail.
fn affine(
    c: Context<'_>,
    exact: &Exact,
    points: &[Point],
    rho: f64,
    wanted: &[usize],
) -> Result<Finding> {
    let slack = c.slack;
    let Some(beta) = limiting_growth(c, exact, rho, wanted) else {
        return Ok(Finding::undecided(
            Reason::NothingToSee,
            "the limiting growth β cannot be evaluated on this map",
        ));
    };
    let [first, last] = [points[0].step, points[points.len() - 1].step];
    let scaled = |v: f64, t: usize| v * rho.powi(first as i32 - t as i32);
    let t: Vec<f64> = points.iter().map(|p| p.step as f64).collect();
    // β is in units of ρᵗ; the fit is done in those of ρ^(t-first), where nothing under- or
    // overflows.
    let unit = rho.powi(first as i32);
    let predicted = beta * unit;
    let own: Vec<f64> = points.iter().map(|p| scaled(p.exact, p.step)).collect();
    let own = line(&t, &own)?.slope.point;
    if !((own / predicted - 1.0).abs() <= RATE_OWN_SHARE * slack) {
        return Ok(Finding::undecided(
            Reason::NotSettled,
            format!(
                "‖E_t‖ρ⁻ᵗ of the exact error itself grows by {:.3e} a step instead of β = {beta:.3e} in this window",
                own / unit
            ),
        ));
    }
    let values: Vec<f64> = points.iter().map(|p| scaled(p.seen, p.step)).collect();
    if let Some(finding) = broken(slack, points, &values) {
        return Ok(finding);
    }
    let fit = line(&t, &values)?;
    let slope = fit.slope;
    let off = (slope.point / predicted - 1.0).abs();
    let detail = format!(
        "‖E_t‖ρ⁻ᵗ grows by {:.4e} a step, β = {beta:.4e}, ρ = {rho:.6} over steps {first}..{last} ({} points); {:.0} % would have failed",
        slope.point / unit,
        points.len(),
        100.0 * slack
    );
    let record = Fit {
        growth: Growth::Resonant.name().into(),
        predicted: 1.0,
        fitted: slope.point / predicted,
        lower: slope.interval.lower / predicted,
        upper: slope.interval.upper / predicted,
        accepted: slack,
        r_squared: fit.r_squared,
        steps: points.iter().map(|p| p.step).collect(),
    };
    let numbers = [slope.point / unit, beta, slack];
    let finding = Finding::decided(off <= slack, Unit::Tolerance, numbers, detail);
    Ok(finding.headroom(slack / off).with([Data::Fit(record)]))
}

/// β = lim (g_{2s} - g_s)/s with g_s = ‖E_s‖ρ⁻ˢ, by the exact tail with P/ρ in place of P. What is
/// seen of E_s is E_sᵀy, or E_sᵀ∇₁E(w(λ)) of a hypergradient: the rest of its error is C·ρᵗ.
fn limiting_growth(c: Context<'_>, exact: &Exact, rho: f64, wanted: &[usize]) -> Option<f64> {
    let seed =
        c.e.target
            .seed(exact.truth.w().as_slice(), &exact.truth.lambda);
    // Images of a cotangent are seen in units of its norm.
    let unit = match c.e.target {
        Target::Cotangent(y) if y.iter().any(|v| *v != 0.0) => norm2(y),
        _ => 1.0,
    };
    let seed = seed.map(|y| Vector::from_column_slice(&y) / unit);
    let tail = exact.tail()?.scaled(1.0 / rho);
    let from = exact.run().identified?;
    let delta = &exact.run().w[from] - exact.truth.w();
    let g = |s: usize| -> Option<f64> {
        let e = tail.power(s)?.advance(&delta, &exact.run().error[from]).1;
        Some(
            wanted
                .iter()
                .map(|&j| match &seed {
                    Some(y) => e.column(j).dot(y).powi(2),
                    None => e.column(j).norm_squared(),
                })
                .sum::<f64>()
                .sqrt(),
        )
    };
    let (one, two) = (g(RESONANT_LIMIT_STEPS)?, g(2 * RESONANT_LIMIT_STEPS)?);
    let beta = (two - one) / RESONANT_LIMIT_STEPS as f64 * rho.powi(-(from as i32));
    (beta.is_finite() && beta > 0.0).then_some(beta)
}
