//! Instances for implementations that compute with fewer digits.

use serde_json::Value;

use super::file::InstanceFile;
use super::instance::Instance;
use crate::error::Result;
use crate::numerals::number;
use crate::tol::Roundoff;

impl Instance {
    /// The nearest instance whose numbers belong to an arithmetic, so that an implementation that
    /// computes in it is given the very same problem.
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
