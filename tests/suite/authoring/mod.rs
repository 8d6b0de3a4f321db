//! What the author of a connector runs: `new`, `adapt`, `build`, `check`, and the example.

mod adapt;
mod adapt_node;
mod build;
mod check;
mod example;
mod new;
mod workshop;
