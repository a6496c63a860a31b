//! Instances for implementations that compute with fewer digits.

use serde_json::Value;

use super::file::InstanceFile;
use super::instance::Instance;
use crate::error::Result;
use crate::linalg::product::norm2;
use crate::numerals::{number, value};
use crate::tol::{Roundoff, SINGLE_COTANGENTS};

impl Instance {
    /// The nearest instance whose numbers belong to an arithmetic, so that an implementation that
    /// computes in it is given the very same problem. A cotangent too small or too large for
    /// binary32 is brought into its range.
    ///
    /// # Errors
    /// When λ leaves the domain of the map, or a number its range.
    pub fn in_roundoff(self, u: Roundoff) -> Result<Self> {
        if u == Roundoff::DOUBLE {
            return Ok(self);
        }
        let spec = self.spec.clone();
        let mut fields = InstanceFile::to_json(&self);
        fields.remove("spec");
        // Beyond its range rounding is not relative, nor anything what it says.
        let norm = norm2(&self.cotangent);
        let [least, most] = SINGLE_COTANGENTS;
        if norm > 0.0 && !(least..=most).contains(&norm) {
            let times = norm.clamp(least, most) / norm;
            let y: Vec<f64> = self.cotangent.iter().map(|v| v * times).collect();
            fields.insert("cotangent".into(), value(&y));
        }
        let mut numbers = Value::Object(fields);
        round(&mut numbers, u);
        Ok(Self {
            spec,
            ..InstanceFile::parse(&numbers.to_string())?
        })
    }
}

/// Rounds every float; counts are integers.
fn round(value: &mut Value, u: Roundoff) {
    match value {
        Value::Number(n) => {
            if let Some(x) = n.as_f64().filter(|_| n.is_f64()) {
                *value = number(u.nearest(x));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|v| round(v, u)),
        Value::Object(fields) => fields.values_mut().for_each(|v| round(v, u)),
        _ => {}
    }
}
