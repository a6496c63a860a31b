//! The page: escaping, order, what is said where.
