//! Pages, and what the host may answer instead: a wait, a failure, or a pending answer.

mod checks;
mod failures;
mod hour;
mod joining;
mod postponed;
mod rate_limited;
mod stuck;
mod waiting;
