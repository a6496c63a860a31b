//! A row of the catalogue, and how rows are written.

use crate::case::Method;
use crate::faults::edit::Edit;

/// A named departure from the methods it can occur in.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Unique name.
    pub name: &'static str,
    /// What is wrong.
    pub about: &'static str,
    /// What is done differently where the fault is planted.
    pub edits: &'static [Edit],
    /// Other ways to make the same mistake, which naming tries as well.
    pub also: &'static [&'static [Edit]],
    /// The mistake with its parameter, which naming fits.
    pub fit: &'static [Fit],
    /// Methods it can occur in.
    pub methods: &'static [Method],
}

impl Fault {
    /// Whether the method can have it. A solver makes the mistakes of AID-FP, followed to its
    /// limit.
    pub fn occurs_in(&self, method: Method) -> bool {
        let like = match method {
            Method::IMPLICIT => Method::AID_FP,
            other => other,
        };
        self.methods.contains(&like)
    }

    /// Where it shows at all.
    pub fn shows(&self) -> Shows {
        if self.edits.iter().any(Edit::is_about_ties) {
            Shows::AtTies
        } else if self.edits.iter().any(Edit::is_about_objectives) {
            Shows::InHypergradients
        } else {
            Shows::Anywhere
        }
    }
}

/// Where a fault shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Wherever the method runs.
    Anywhere,
    /// Where a unit is exactly at its kink, and nowhere else.
    AtTies,
    /// Where an objective is differentiated.
    InHypergradients,
}

/// A mistake with a parameter: a tolerance, a cap, a width, an offset.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// The departures for a value of the parameter.
    pub make: fn(f64) -> Vec<Edit>,
    /// Where it is looked for; both ends positive.
    pub range: [f64; 2],
    /// It is a whole number.
    pub whole: bool,
}

/// The methods of a row, by name.
pub(super) mod methods {
    use crate::case::Method;

    /// Every deterministic method: ITD and AID-FP in both modes, and AID-CG.
    pub const ALL: &[Method] = &[
        Method::ITD,
        Method::ITD_REVERSE,
        Method::AID_FP,
        Method::AID_FP_FORWARD,
        Method::AID_CG,
    ];
    /// NSID and SID too.
    pub const EVERY: &[Method] = &[
        Method::ITD,
        Method::ITD_REVERSE,
        Method::AID_FP,
        Method::AID_FP_FORWARD,
        Method::AID_CG,
        Method::NSID,
        Method::SID,
    ];
    /// Those that iterate.
    pub const FIXED_POINT: &[Method] = &[
        Method::ITD,
        Method::ITD_REVERSE,
        Method::AID_FP,
        Method::AID_FP_FORWARD,
    ];
    /// Along the iteration.
    pub const ITD: &[Method] = &[Method::ITD, Method::ITD_REVERSE];
    /// At a given w.
    pub const AID: &[Method] = &[Method::AID_FP, Method::AID_FP_FORWARD, Method::AID_CG];
    /// With a cotangent.
    pub const REVERSE: &[Method] = &[Method::ITD_REVERSE, Method::AID_FP, Method::AID_CG];
    /// With a cotangent, and a recursion that may stop.
    pub const REVERSE_FIXED_POINT: &[Method] = &[Method::ITD_REVERSE, Method::AID_FP];
    /// Whose derivative is carried from step to step.
    pub const CARRIED: &[Method] = &[Method::ITD, Method::AID_FP, Method::AID_FP_FORWARD];
    /// Whose theory lets every step select anew: the v of AID's reverse mode has one operator.
    pub const STEP_BY_STEP: &[Method] = &[Method::ITD, Method::ITD_REVERSE, Method::AID_FP_FORWARD];
    /// AID-FP in both modes.
    pub const AID_FP: &[Method] = &[Method::AID_FP, Method::AID_FP_FORWARD];
    /// AID-FP in reverse mode.
    pub const AID_FP_REVERSE: &[Method] = &[Method::AID_FP];
    /// ITD in reverse mode.
    pub const ITD_REVERSE: &[Method] = &[Method::ITD_REVERSE];
    /// Conjugate gradients.
    pub const CG: &[Method] = &[Method::AID_CG];
    /// With an objective.
    pub const BILEVEL: &[Method] = &[Method::ITD_REVERSE, Method::AID_FP, Method::NSID];
    /// With samples.
    pub const SAMPLED: &[Method] = &[Method::NSID, Method::SID];
    /// NSID alone: in SID it is no mistake.
    pub const NSID: &[Method] = &[Method::NSID];
}

/// `rows! { "name" "what is wrong" METHODS [edits], also [edits], fit real [lo, hi] (make); ... }`
macro_rules! rows {
    ($($name:literal $about:literal $methods:ident [$($edit:expr),* $(,)?]
       $(, also [$($other:expr),* $(,)?])*
       $(, fit $number:ident [$lo:expr, $hi:expr] ($make:expr))*;)*) => {
        &[$(Fault {
            name: $name,
            about: $about,
            edits: &[$($edit),*],
            also: &[$(&[$($other),*]),*],
            fit: &[$(Fit {
                make: $make,
                range: [$lo, $hi],
                whole: whole!($number),
            }),*],
            methods: methods::$methods,
        }),*]
    };
}

macro_rules! whole {
    (whole) => {
        true
    };
    (real) => {
        false
    };
}

pub(super) use {rows, whole};
