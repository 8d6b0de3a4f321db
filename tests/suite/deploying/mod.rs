//! The platforms on which the host is deployed.

mod lambda;
