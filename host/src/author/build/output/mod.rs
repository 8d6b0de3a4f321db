//! Reduces the output of a failed tool to its cause, in one screen.
//!
//! Each tool has a function from its output to a [`FailureReport`]. What a tool says about itself is dropped: its own
//! stack, backtraces of its runtime, and lines that repeat the cause. What it says about the author's files stays. Output
//! in an unknown form is cut, but never dropped as a whole.

mod cargo;
mod npm;
mod python;
mod screen;
mod zig;

pub(super) use cargo::{cargo_failure, is_cargo_progress};
pub(super) use npm::{npm_failure, without_banner};
pub(super) use python::{PossibleExit, PythonFolder, missing_module, python_failure};
pub(super) use screen::{FailureReport, show, show_progress};
pub(super) use zig::zig_failure;
