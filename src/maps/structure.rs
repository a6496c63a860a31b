//! What kind of map Φ is, as data: everything that judges a method asks here and never which family
//! it is.

use std::ops::Range;

use crate::linalg::Matrix;

/// What the units of a map are: the places where D_Φ has a choice.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Units {
    /// There are none.
    None,
    /// Units with a slope that varies smoothly.
    Smooth,
    /// Every unit has one of two slopes, at its kink any between; ∂Φ is affine in each.
    Slopes {
        /// Below the kink (outside its bounds).
        lo: f64,
        /// Above it.
        hi: f64,
    },
    /// Unit i·r + j is form j of coordinate i; its slope is the weight of that form.
    Forms(usize),
    /// Units are balls around 0 in these coordinates; ∂Φ is not affine in their slopes.
    Balls(Vec<Range<usize>>),
    /// Units whose slopes ∂Φ is not affine in.
    Curved,
}

/// What an entry of λ is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Any number.
    Free,
    /// A threshold: positive.
    Threshold,
    /// A linear term of a penalty: nonnegative.
    Shift,
    /// The weight of ½‖w‖²: nonnegative.
    Ridge,
}

/// How ∂₂Φ depends on w besides the slopes of the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Second {
    /// It does not.
    Constant,
    /// Through w itself.
    Point,
    /// Through the inputs of the units.
    Inputs,
}

/// The gradient step a map begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Gradient {
    /// The step η.
    pub step: f64,
    /// n, the number of rows whose losses are averaged.
    pub rows: usize,
}

/// What kind of map Φ is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Structure {
    /// Where D_Φ has a choice.
    pub units: Units,
    /// Φ(·, λ) is piecewise affine in w.
    pub affine: bool,
    /// What the m entries of λ are.
    pub lambda: Vec<Role>,
    /// w(·) is piecewise affine in λ_j, for every j below m.
    pub affine_in: Vec<bool>,
    /// How ∂₂Φ depends on w besides the slopes of the units.
    pub second: Second,
    /// ∂₁Φ = SA with A symmetric and S ⪰ 0 the Jacobian of a prox: the unit on which every
    /// coordinate of S depends.
    pub symmetric: Option<Vec<usize>>,
    /// The gradient step Φ begins with, on averaged losses.
    pub gradient: Option<Gradient>,
    /// A unit can be at either of two bounds, with one slope at both.
    pub bounded: bool,
}

impl Structure {
    /// An affine map of m free parameters without units.
    pub fn affine(m: usize) -> Self {
        Self {
            units: Units::None,
            affine: true,
            lambda: vec![Role::Free; m],
            affine_in: vec![true; m],
            second: Second::Constant,
            symmetric: None,
            gradient: None,
            bounded: false,
        }
    }

    /// Whether ∂₁Φ and ∂₂Φ are the same everywhere (at one λ).
    pub fn has_constant_derivatives(&self) -> bool {
        self.units == Units::None && self.affine && self.second == Second::Constant
    }
}

/// ∂₁Φ = L S R_1, ∂₂Φ = L S R_2 with S the diagonal matrix of the slopes of the h units.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Factors<'a> {
    /// L (d×h).
    pub left: &'a Matrix,
    /// R_1 (h×d).
    pub right_w: &'a Matrix,
    /// R_2 (h×m).
    pub right_lambda: &'a Matrix,
}
