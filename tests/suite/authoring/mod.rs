//! The commands for a connector's author: `new`, `adapt`, `build`, `check`, and the example.

mod adapt;
mod adapt_node;
mod build;
pub(crate) mod check;
mod example;
mod native;
mod new;
mod workshop;
