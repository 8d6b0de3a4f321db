//! Properties of the protocol that hold for any input, and the stack under hostile ones.

mod depth;
mod pages;
mod requests;
mod schemas;
mod texts;
