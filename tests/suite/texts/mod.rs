//! What people read, as snapshots: `INSTA_UPDATE=always cargo test --test suite texts` accepts a change.
//!
//! The help of each command is compared as `docs/command-line.md` (`manual::command_line`).

mod findings;
mod start_up;
