//! What the author of a connector runs: `new`, `build`, `check`, and the example.

mod build;
mod check;
mod example;
mod new;
