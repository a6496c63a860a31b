//! A comparison with a baseline in words.
//!
//! Owns how changes are told, on a terminal and as lines for a changelog. Must not know how they
//! were found.

use std::fmt::Write as _;

use super::format::{count, percent_of, short, visible};
use super::page::{DriftRow, DriftView, Scale};
use crate::baseline::{Change, Comparison, Significance, Standing};

/// The changes, the worst first, and a closing line. Ends with a newline.
pub fn drift_text(comparison: &Comparison) -> String {
    let mut out = String::new();
    for change in &comparison.changes {
        let _ = writeln!(out, "{}", sentence(change));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out + &drift_headline(comparison) + "\n"
}

/// The result in one line.
pub fn drift_headline(c: &Comparison) -> String {
    let counts: Vec<String> = { Standing::ALL.iter() }
        .filter_map(|s| match c.count(*s) {
            0 => None,
            n => Some(format!("{n} {}", s.name())),
        })
        .collect();
    let counts = if counts.is_empty() {
        "no drift".to_owned()
    } else {
        counts.join(", ")
    };
    let other = c
        .other_profile
        .as_ref()
        .map_or_else(String::new, |profile| {
            format!(
                "; recorded with profile {}, which this run is not of",
                visible(profile)
            )
        });
    let how = match (c.same_instances, c.claims) {
        (_, 0) => "nothing of the run is recorded".to_owned(),
        (same, all) if same == all => "on the same instances, to rounding".into(),
        (0, _) => format!("on other instances: {} of them can show a shift", c.telling),
        (same, all) => format!("{same} of {all} on the same instances"),
    };
    let rest = match c.not_run {
        0 => String::new(),
        n => format!("; {} recorded but not run", count(n, "claim")),
    };
    format!(
        "{counts}: {} compared in {} ({how}){rest}{other}",
        count(c.compared, "quantity").replace("quantitys", "quantities"),
        count(c.claims, "claim")
    )
}

/// The comparison as the page shows it.
pub fn drift_view(comparison: &Comparison, baseline: &str) -> DriftView {
    let row = |c: &Change| {
        let parts = [&c.quantity, &c.check, &c.family];
        let parts: Vec<&str> = parts
            .iter()
            .map(|p| p.as_str())
            .filter(|p| !p.is_empty())
            .collect();
        DriftRow {
            claim: c.claim.clone(),
            quantity: parts.join(", "),
            baseline: c.old,
            now: c.new,
            interval: c.interval,
            scale: match c.quantity.as_str() {
                "decided" => Scale::Share,
                "slack" | "sampled-slack" | "floor" => Scale::Factor,
                _ => Scale::Number,
            },
            verdict: c.standing,
        }
    };
    DriftView {
        baseline: baseline.into(),
        claims: comparison.claims,
        headline: drift_headline(comparison),
        rows: comparison.changes.iter().map(row).collect(),
    }
}

/// One change: what, where, from what to what, how sure.
pub fn sentence(c: &Change) -> String {
    let mut text = format!("{:12}  {}", c.standing.name(), visible(&c.claim));
    for part in [&c.family, &c.check] {
        if !part.is_empty() {
            let _ = write!(text, " {}", visible(part));
        }
    }
    match (c.old, c.new) {
        (Some(old), Some(new)) => {
            let _ = write!(text, ": {}", moved(c, old, new));
        }
        _ if !c.quantity.is_empty() => {
            let _ = write!(text, ": {}", c.quantity);
        }
        _ => {}
    }
    if c.count > 1 {
        let what = match c.standing {
            Standing::Violated => "verdict",
            _ if c.quantity.is_empty() => "check",
            _ => "value",
        };
        let _ = write!(text, ", {}", count(c.count, what));
    }
    match (&c.instance, c.standing) {
        (Some(worst), Standing::Violated) => {
            let _ = write!(text, ", the worst of them {}", visible(worst));
        }
        (Some(most), Standing::Gone) => {
            let _ = write!(text, ", first of {}", visible(most));
        }
        (Some(most), _) => {
            let _ = write!(text, ", most on {}", visible(most));
        }
        (None, _) => {}
    }
    if let Some(significance) = c.significance {
        let _ = write!(text, " ({})", sure(c, significance));
    }
    text
}

fn moved(c: &Change, old: f64, new: f64) -> String {
    if c.quantity == "decided" {
        return format!("decided {} -> {}", percent_of(old), percent_of(new));
    }
    let times = match new / old {
        t if (t - 1.0).abs() < 0.005 => format!("{:+.1e} of it", t - 1.0),
        t => format!("×{}", short(t)),
    };
    let (old, new) = (short(old), short(new));
    let interval = c.interval.map_or_else(String::new, |[lo, hi]| {
        format!(", recorded {} to {}", short(lo), short(hi))
    });
    format!("{} {old} -> {new}, {times}{interval}", c.quantity)
}

fn sure(c: &Change, significance: Significance) -> String {
    match significance {
        Significance::Exact(n, of) if c.quantity == "decided" => {
            format!("{n} of {}", count(of, "draw"))
        }
        Significance::Exact(n, of) => format!("{n} of {} moved", count(of, "instance")),
        Significance::Chance(p, alpha) => {
            format!("p = {}, asked for {}", short(p), short(alpha))
        }
        Significance::Distance(distance, allowed) => {
            let (distance, allowed) = (percent_of(distance), percent_of(allowed));
            format!("{distance} from theory, {allowed} accepted")
        }
    }
}

/// What to write in a changelog where these changes are meant, a line each.
pub fn drift_changelog(comparison: &Comparison) -> String {
    let meant = comparison
        .changes
        .iter()
        .filter(|c| c.standing != Standing::Violated);
    let mut out = String::new();
    for c in meant {
        let place: Vec<&str> = [c.family.as_str(), c.check.as_str()]
            .into_iter()
            .filter(|p| !p.is_empty())
            .collect();
        let place = match place.as_slice() {
            [] => String::new(),
            parts => format!(" ({})", visible(&parts.join(", "))),
        };
        let what = match (c.standing, c.old, c.new) {
            (_, Some(old), Some(new)) => moved(c, old, new),
            (standing, ..) => standing.name().into(),
        };
        let _ = writeln!(out, "- Baseline of `{}`{place}: {what}.", visible(&c.claim));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> Change {
        Change {
            check: "bound-sharp".into(),
            quantity: "slack".into(),
            old: Some(1.2e4),
            interval: Some([1.1e4, 1.3e4]),
            new: Some(2.4e4),
            significance: Some(Significance::Exact(12, 12)),
            ..Change::of(Standing::Drifted, "itd-bound", "tight.0")
        }
    }

    #[test]
    fn changes_read_like_this() {
        let share = Change {
            check: "local-rate-pure".into(),
            quantity: "decided".into(),
            old: Some(0.8),
            new: Some(0.4),
            significance: Some(Significance::Chance(1e-9, 1e-7)),
            ..Change::of(Standing::LessDecided, "itd-rate", "")
        };
        let comparison = Comparison {
            changes: vec![change(), share, Change::of(Standing::New, "b", "")],
            claims: 3,
            same_instances: 3,
            compared: 1,
            ..Comparison::default()
        };
        assert_eq!(
            drift_text(&comparison),
            "\
drifted       itd-bound tight.0 bound-sharp: slack 12000 -> 24000, ×2, recorded 11000 to 13000 (12 of 12 instances moved)
less decided  itd-rate local-rate-pure: decided 80 % -> 40 % (p = 1e-9, asked for 1e-7)
new           b

1 drifted, 1 less decided, 1 new: 1 quantity compared in 3 claims (on the same instances, to rounding)
"
        );
        assert_eq!(
            drift_changelog(&comparison),
            "\
- Baseline of `itd-bound` (tight.0, bound-sharp): slack 12000 -> 24000, ×2, recorded 11000 to 13000.
- Baseline of `itd-rate` (local-rate-pure): decided 80 % -> 40 %.
- Baseline of `b`: new.
"
        );
    }
}
