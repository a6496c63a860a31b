//! The error decays at the local rate ρ (spectral radius of ∂₁Φ at w(λ)), two-sidedly.
//!
//! Windows start after identification and end well above the floor. The exact sequence decides first
//! whether the window shows ρ at all (two leading moduli too close, complex pairs, few points:
//! inconclusive, whatever the method did); only then the method's own fit is judged.

use super::{Check, Comparison, Exact, Finding, Growth, Method};
use crate::claims::evidence::{At, Request};
use crate::claims::verdict::Fit;
use crate::error::Result;
use crate::linalg::eigen::Enclosure;
use crate::stats;
use crate::tol::{
    RATE_ABOVE_FLOOR, RATE_MOST_POINTS, RATE_OWN_SHARE, RATE_POINTS, RESONANT_LIMIT_STEPS,
};

/// Steps t of the window: at most RATE_MOST_POINTS of them, evenly spread over the second half of the span
/// between identification and the floor.
fn window(exact: &Exact) -> Vec<usize> {
    let Some(start) = exact.run.identified else {
        return Vec::new();
    };
    let errors = &exact.run.error;
    let floor = |t: usize| exact.run.floor.d[t] + exact.jacobian_error();
    let above =
        |t: &usize| exact.comparable(*t) && errors[*t].norm() > RATE_ABOVE_FLOOR * floor(*t);
    let Some(end) = (start..errors.len()).take_while(above).last() else {
        return Vec::new();
    };
    let from = start + (end - start) * 2 / 5;
    let stride = (end - from).div_ceil(RATE_MOST_POINTS).max(1);
    (from..=end).step_by(stride).collect()
}

pub(super) fn plan(exact: &Exact, method: Method) -> Vec<Request> {
    let steps = window(exact);
    if steps.is_empty() {
        Vec::new()
    } else if method.is_aid() {
        steps
            .into_iter()
            .map(|t| Request {
                at: At::Iterate(t),
                steps: vec![t],
            })
            .collect()
    } else {
        vec![Request {
            at: At::Start,
            steps,
        }]
    }
}

pub(super) fn judge(
    check: &Check,
    growth: Growth,
    exact: &Exact,
    method: Method,
    seen: &[Comparison],
) -> Finding {
    let Some(rho) = exact.rho() else {
        return Finding::inconclusive("w(λ) is on a kink: there is no one ∂₁Φ, and no one ρ");
    };
    if rho.upper == 0.0 {
        return Finding::inconclusive(
            "∂₁Φ is nilpotent or zero at w(λ): the error vanishes in finitely many steps",
        );
    }
    // β is evaluated with ρ to the power of twice RESONANT_LIMIT_STEPS, and its slope is a difference.
    let used = match growth {
        Growth::Pure => 1.0,
        Growth::Resonant => 4.0 * RESONANT_LIMIT_STEPS as f64,
    };
    if !(used * rho.relative() <= RATE_OWN_SHARE * check.slack) {
        return Finding::inconclusive(format!(
            "ρ is {rho}: not known well enough to judge a rate by"
        ));
    }
    let resonant = exact
        .tail
        .as_ref()
        .map_or_else(|| vec![true; exact.truth.lambda.len()], |t| t.resonant());
    let wanted: Vec<usize> = (0..resonant.len())
        .filter(|&j| {
            if method.is_aid() {
                true
            } else {
                resonant[j] == (growth == Growth::Resonant)
            }
        })
        .collect();
    if wanted.is_empty() {
        return Finding::inconclusive(format!("no column of D grows {}", growth.name()));
    }
    let size = |columns: &[f64]| {
        wanted
            .iter()
            .map(|&j| columns.get(j).map_or(f64::NAN, |v| v * v))
            .sum::<f64>()
            .sqrt()
    };
    // A column may reach its floor before the others: cut where the exact one does.
    let points: Vec<(usize, f64, f64)> = seen
        .iter()
        .filter_map(|c| {
            let expected = size(c.exact_columns.as_ref()?);
            (expected > RATE_ABOVE_FLOOR * (c.floor + exact.jacobian_error()))
                .then(|| (c.k, size(&c.columns), expected))
        })
        .collect();
    if points.len() < RATE_POINTS {
        let why = if exact.run.identified.is_none() {
            "no identification within the run"
        } else {
            "too few steps"
        };
        return Finding::inconclusive(format!(
            "{} points between identification and the floor ({why})",
            points.len()
        ));
    }
    let fitted = match growth {
        Growth::Pure => pure(check, exact, &points, rho),
        Growth::Resonant => affine(check, exact, &points, rho.middle(), &wanted),
    };
    let mut finding = fitted.unwrap_or_else(|e| Finding::inconclusive(format!("no fit: {e}")));
    if let Some(fit) = &mut finding.fit {
        fit.method = method.name().into();
        fit.growth = growth.name().into();
        fit.window = [points[0].0, points[points.len() - 1].0];
    }
    finding
}

/// log‖E_t‖ = a + t log r, r against ρ: too far off is what is too far from every number ρ may be.
fn pure(
    check: &Check,
    exact: &Exact,
    points: &[(usize, f64, f64)],
    known: Enclosure,
) -> Result<Finding> {
    let (rho, unknown) = (known.middle(), known.relative());
    let t: Vec<f64> = points.iter().map(|p| p.0 as f64).collect();
    let own = stats::regression::line(&t, &points.iter().map(|p| p.2.ln()).collect::<Vec<_>>())?;
    let shown = own.slope().point.exp() / rho - 1.0;
    if shown.abs() + unknown > RATE_OWN_SHARE * check.slack {
        let second = exact
            .truth
            .spectrum()
            .map_or("unknown".into(), |s| s.second.to_string());
        return Ok(Finding::inconclusive(format!(
            "the exact error itself shows {:.4} instead of ρ = {known} in this window; second modulus {second}",
            own.slope().point.exp(),
        )));
    }
    let logs: Vec<f64> = points.iter().map(|p| p.1.ln()).collect();
    if let Some(finding) = broken(check, points, &logs) {
        return Ok(finding);
    }
    let fit = stats::regression::line(&t, &logs)?;
    let slope = fit.slope();
    let r = slope.point.exp();
    let off = (r / rho - 1.0).abs() - unknown;
    let detail = format!(
        "fitted r = {r:.6}, ρ = {known} over steps {}..{} ({} points, R² = {:.6}); a rate off by {:.1} % would have failed",
        points[0].0,
        points[points.len() - 1].0,
        points.len(),
        fit.r_squared,
        100.0 * check.slack
    );
    let mut finding = Finding::decided(off <= check.slack, r, rho, check.slack, detail);
    finding.fit = Some(blank(
        rho,
        r,
        slope.interval.lower.exp(),
        slope.interval.upper.exp(),
        fit.r_squared,
    ));
    Ok(finding)
}

/// What cannot be fitted because an error is no number, or zero where a logarithm is taken, fails.
fn broken(check: &Check, points: &[(usize, f64, f64)], fitted: &[f64]) -> Option<Finding> {
    let (step, error, exact) = points[fitted.iter().position(|v| !v.is_finite())?];
    let detail = format!("error {error} at step {step}, where the exact one is {exact:e}");
    Some(Finding::decided(false, error, exact, check.slack, detail))
}

/// ‖E_t‖ρ⁻ᵗ = α + βt, β against its limit from the exact tail.
fn affine(
    check: &Check,
    exact: &Exact,
    points: &[(usize, f64, f64)],
    rho: f64,
    wanted: &[usize],
) -> Result<Finding> {
    let Some(beta) = limiting_growth(exact, rho, wanted) else {
        return Ok(Finding::inconclusive(
            "the limiting growth β cannot be evaluated on this map",
        ));
    };
    let origin = points[0].0 as i32;
    let scaled = |v: f64, t: usize| v * rho.powi(origin - t as i32);
    let t: Vec<f64> = points.iter().map(|p| p.0 as f64).collect();
    // β was found in units of ρᵗ; here the unit is ρ^{t-origin}.
    let predicted = beta * rho.powi(origin);
    let own = stats::regression::line(
        &t,
        &points.iter().map(|p| scaled(p.2, p.0)).collect::<Vec<_>>(),
    )?;
    let shown = own.slope().point / predicted - 1.0;
    if !(shown.abs() <= RATE_OWN_SHARE * check.slack) {
        return Ok(Finding::inconclusive(format!(
            "the exact ‖E_t‖ρ⁻ᵗ itself grows by {:.3e} a step instead of β = {beta:.3e} in this window",
            beta * (own.slope().point / predicted)
        )));
    }
    let values: Vec<f64> = points.iter().map(|p| scaled(p.1, p.0)).collect();
    if let Some(finding) = broken(check, points, &values) {
        return Ok(finding);
    }
    let fit = stats::regression::line(&t, &values)?;
    let slope = fit.slope();
    let off = slope.point / predicted - 1.0;
    // In units of ρᵗ, whatever the fit was shifted by.
    let grown = beta * (slope.point / predicted);
    let detail = format!(
        "‖E_t‖ρ⁻ᵗ grows by {grown:.4e} a step, β = {beta:.4e}, ρ = {rho:.6} over steps {}..{} ({} points); {:.0} % would have failed",
        points[0].0,
        points[points.len() - 1].0,
        points.len(),
        100.0 * check.slack
    );
    let mut finding = Finding::decided(off.abs() <= check.slack, grown, beta, check.slack, detail);
    finding.fit = Some(blank(
        1.0,
        slope.point / predicted,
        slope.interval.lower / predicted,
        slope.interval.upper / predicted,
        fit.r_squared,
    ));
    Ok(finding)
}

/// β = lim (g_{2s} - g_s)/s with g_s = ‖E_s‖ρ⁻ˢ, by the exact tail with P/ρ in place of P.
fn limiting_growth(exact: &Exact, rho: f64, wanted: &[usize]) -> Option<f64> {
    let tail = exact.tail.as_ref()?.scaled(1.0 / rho);
    let from = exact.run.identified?;
    let delta = &exact.run.w[from] - exact.truth.w();
    let g = |s: usize| -> Option<f64> {
        let e = tail.power(s)?.advance(&delta, &exact.run.error[from]).1;
        Some(
            wanted
                .iter()
                .map(|&j| e.column(j).norm_squared())
                .sum::<f64>()
                .sqrt(),
        )
    };
    let (one, two) = (g(RESONANT_LIMIT_STEPS)?, g(2 * RESONANT_LIMIT_STEPS)?);
    let beta = (two - one) / RESONANT_LIMIT_STEPS as f64 * rho.powi(-(from as i32));
    (beta.is_finite() && beta > 0.0).then_some(beta)
}

fn blank(predicted: f64, fitted: f64, lower: f64, upper: f64, r_squared: f64) -> Fit {
    Fit {
        claim: String::new(),
        method: String::new(),
        kind: String::new(),
        instance: String::new(),
        growth: String::new(),
        predicted,
        fitted,
        lower,
        upper,
        r_squared,
        window: [0, 0],
    }
}
