//! The power of the claims as a text table.

use std::fmt::Write as _;

use super::result::{FaultPower, LOOKS_RIGHT, Power, UNKNOWN};

impl FaultPower {
    /// The names it was given, at most three.
    fn names(&self) -> Vec<&str> {
        let is_name = |n: &&str| !n.is_empty() && ![UNKNOWN, LOOKS_RIGHT].contains(n);
        self.named.split(" or ").filter(is_name).collect()
    }
}

impl Power {
    /// Faults, variants and detection against size as text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let caught = self.faults.iter().filter(|f| f.caught).count();
        let named = self.faults.iter().filter(|f| !f.names().is_empty()).count();
        let right = self
            .faults
            .iter()
            .filter(|f| f.names().contains(&f.fault.as_str()))
            .count();
        let _ = writeln!(
            out,
            "named right {right} / named {named} / caught {caught} of {} faults; {} false alarms on {} correct variants\n",
            self.faults.len(),
            self.variants.iter().filter(|f| f.caught).count(),
            self.variants.len()
        );
        if self.faults.is_empty() {
            out += "These claims look at no implementation, or have no instance that is small enough.\n";
        } else {
            self.rows(&mut out);
        }
        if !self.unseen.is_empty() {
            let names = self.unseen.iter().map(|(f, m)| format!("{f} ({m})"));
            let names = names.collect::<Vec<_>>().join(", ");
            let _ = writeln!(out, "\nno instance of these claims shows: {names}");
        }
        if !self.sizes.is_empty() {
            self.detection(&mut out);
        }
        out
    }

    /// What became of every fault and variant; what was missed first.
    fn rows(&self, out: &mut String) {
        let missed = self.faults.iter().filter(|f| !f.caught);
        let missed: Vec<String> = missed
            .map(|f| format!("{} ({})", f.fault, f.method))
            .collect();
        if !missed.is_empty() {
            let _ = writeln!(out, "missed: {}\n", missed.join(", "));
        }
        let _ = writeln!(
            out,
            "{:32} {:15} {:>6} {:42} named (confidence)",
            "fault", "method", "after", "first caught by"
        );
        for (n, f) in self.faults.iter().chain(&self.variants).enumerate() {
            if n == self.faults.len() {
                *out += "correct variants, which nothing may catch:\n";
            }
            let by = f.by.as_deref().unwrap_or("-");
            let _ = writeln!(
                out,
                "{:32} {:15} {:>6} {by:42} {} ({:.2})",
                f.fault, f.method, f.after, f.named, f.confidence
            );
        }
    }

    /// Random faults caught, by size.
    fn detection(&self, out: &mut String) {
        let _ = writeln!(out, "\nrandom faults caught, by relative size");
        let mut rows: Vec<(&str, &str)> = Vec::new();
        let mut sizes: Vec<f64> = Vec::new();
        for s in &self.sizes {
            if !rows.contains(&(&s.method, &s.claim)) {
                rows.push((&s.method, &s.claim));
            }
            if !sizes.contains(&s.size) {
                sizes.push(s.size);
            }
        }
        let _ = write!(out, "{:15} {:28}", "method", "claim");
        for s in sizes.iter().step_by(2) {
            let _ = write!(out, " {s:>6.0e}");
        }
        out.push('\n');
        for (method, claim) in rows {
            let _ = write!(out, "{method:15} {claim:28}");
            for size in sizes.iter().step_by(2) {
                let cell = self
                    .sizes
                    .iter()
                    .find(|s| s.method == method && s.claim == claim && s.size == *size);
                let share = cell.map_or(f64::NAN, |s| s.caught as f64 / s.drawn.max(1) as f64);
                let _ = write!(out, " {share:>6.2}");
            }
            out.push('\n');
        }
    }
}
