//! A component of another world: a command, without the contract's `source`.
//! The host must report it as no connector when it loads, and serve the others.

fn main() {}
