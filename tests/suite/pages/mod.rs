//! Pages and what may stand in for one: a wait, a failure, or an answer that says "later".

mod checks;
mod failures;
mod hour;
mod joining;
mod postponed;
mod rate_limited;
mod stuck;
mod waiting;
