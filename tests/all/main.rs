//! Tests of the crate from outside, in one program: it is linked once, and its tests run side by
//! side whatever file they stand in.

mod api;
mod cli;
mod docs;
mod foreign;
mod foreign_faults;
mod fuzz;
mod layering;
mod own_method;
mod readme;
mod reproduce;
mod schemas;
mod served;
mod single;
mod subject;
mod twins;
mod vectors;
