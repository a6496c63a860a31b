//! What is taken in: sizes of numbers, of problems, of files.

/// Largest entry of the data of an objective: gradients, quadratic in them, stay far below what is
/// called divergence.
pub const OBJECTIVE_MOST: f64 = 1e50;

/// Least size of the largest entry of an objective's rows that are not all 0: squares of squares of
/// its gradients stay numbers.
pub const OBJECTIVE_LEAST: f64 = 1e-12;

/// Largest entry of w_0, λ and y in a file: squares of them, and what products with moderate
/// matrices make of them, stay numbers.
pub const INSTANCE_MOST: f64 = 1e100;

/// Largest entry of a problem in a file: with [`INSTANCE_MOST`] products of two stay numbers, and
/// squares of these.
pub const PROBLEM_MOST: f64 = 1e50;

/// Most numbers in the derivatives D_0, ..., D_k of an exact run, which is held with its errors:
/// 0.8 GB.
pub const RUN_MOST: usize = 50_000_000;

/// Most samples that an estimate of a stochastic method draws, minibatches one by one.
pub const SAMPLES_MOST: usize = 10_000_000;

/// Most affine forms of a map, and most pairs of them times d: each pair of rows is compared.
pub const FORMS_MOST: (usize, usize) = (1000, 10_000_000);

/// Largest d, m and dm of an instance in a file: ground truth of it takes seconds.
pub const INSTANCE_SIZES: (usize, usize, usize) = (2000, 100_000, 2_000_000);

/// Norms that a cotangent may have in binary64: squares of them are far from over- and underflow.
pub const COTANGENT_RANGE: [f64; 2] = [1e-100, 1e100];

/// Norms that a cotangent may have in binary32: where rounding is not relative any more.
pub const SINGLE_COTANGENTS: [f64; 2] = [1e-20, 1e20];

/// Bytes of a claim.
pub const MOST_CLAIM: u64 = 1 << 20;

/// Bytes of a small file of ours: a list, run.json, a baseline.
pub const MOST_TEXT: u64 = 16 << 20;

/// Bytes of a file of instances, vectors, or recorded cases and answers.
pub const MOST_DATA: u64 = 256 << 20;

/// Values in a text of JSON that is held as such, an object for [`VALUES_OF_OBJECT`] of them:
/// 256 MiB of numbers of 17 digits have fewer, and the worst that so many can take is 3 GB.
pub const MOST_VALUES: usize = 20_000_000;

/// A number takes 32 bytes, a list or a field of many about 140, an object of one field 640.
pub const VALUES_OF_OBJECT: usize = 20;

/// Claims of a run: each is looked for in a list of the others.
pub const MOST_CLAIMS: usize = 10_000;

/// Different names in a field of the verdicts or records of one claim: a report has a row or a
/// column for each.
pub const MOST_NAMES: usize = 1000;

/// Bytes of a line of verdicts or records.
pub const MOST_LINE: u64 = 16 << 20;

/// Files of a directory that is looked through.
pub const MOST_FILES: usize = 10_000;

/// Instances that one process judges: what it finds is held in memory until it is written.
pub const MOST_INSTANCES: usize = 1_000_000;
