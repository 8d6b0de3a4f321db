//! The repository itself: what its files promise each other, and what no compiler checks.

mod rooms;
