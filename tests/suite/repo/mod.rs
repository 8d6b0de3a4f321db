//! The repository itself: consistency of its files, which no compiler checks.

mod phrases;
mod profiles;
mod rooms;
