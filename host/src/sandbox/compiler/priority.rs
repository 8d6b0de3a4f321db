//! How a compiler process competes with other programs for the processors.

/// How a compiler process competes with other programs for the processors and the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompilerPriority {
    /// Like any other program: someone waits for this component and for nothing else.
    Foreground,
    /// Below the host, which serves other connectors meanwhile.
    Background,
}

impl CompilerPriority {
    /// How much the process raises its niceness. In the background it gets about a tenth of the host's share of a busy
    /// processor. At 19 it would get a hundredth, and a busy host would never finish loading a new connector. The disk
    /// priority follows it.
    pub(super) fn niceness(self) -> i32 {
        match self {
            Self::Foreground => 0,
            Self::Background => 10,
        }
    }

    /// Its form in a request.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Foreground => 0,
            Self::Background => 1,
        }
    }

    /// The priority with this code.
    pub(super) fn of_code(code: u8) -> Option<Self> {
        [Self::Foreground, Self::Background]
            .into_iter()
            .find(|priority| priority.code() == code)
    }
}
