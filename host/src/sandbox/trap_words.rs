//! What a trap means in the source code of a connector.

use wasmtime::Trap;

/// The cause of a crash by a trap: what the code did, and the name of the trap.
pub(super) fn trap_words(trap: Trap) -> String {
    match meaning(trap) {
        Some(meaning) => format!("{meaning} ({trap})"),
        None => trap.to_string(),
    }
}

/// What the code did; `None` if the name of the trap says it, or if it follows from the host's own limits.
fn meaning(trap: Trap) -> Option<&'static str> {
    Some(match trap {
        Trap::StackOverflow => {
            "a function calls itself without end, or calls are nested too deeply"
        }
        // The stack of languages that compile to wasm is in that memory, and ends where it begins.
        Trap::MemoryOutOfBounds | Trap::HeapMisaligned => {
            "it used memory outside its own: through a bad pointer or index, or in a function that calls itself without end"
        }
        Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => {
            "it called a function through a bad pointer"
        }
        Trap::IntegerDivisionByZero => "it divided an integer by zero",
        Trap::IntegerOverflow => "it divided the smallest integer by -1",
        Trap::UnreachableCodeReached => {
            "it ended itself, as by abort(), a failed check or undefined behavior"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_is_said_in_words_of_the_source_code_and_by_its_name() {
        for (trap, expected) in [
            (
                Trap::IntegerDivisionByZero,
                "it divided an integer by zero (wasm trap: integer divide by zero)",
            ),
            (
                Trap::MemoryOutOfBounds,
                "it used memory outside its own: through a bad pointer or index, or in a function that calls itself without \
                 end (wasm trap: out of bounds memory access)",
            ),
            (
                Trap::StackOverflow,
                "a function calls itself without end, or calls are nested too deeply (wasm trap: call stack exhausted)",
            ),
            (
                Trap::IndirectCallToNull,
                "it called a function through a bad pointer (wasm trap: uninitialized element)",
            ),
            (
                Trap::UnreachableCodeReached,
                "it ended itself, as by abort(), a failed check or undefined behavior (wasm trap: wasm `unreachable` \
                 instruction executed)",
            ),
            (Trap::Interrupt, "wasm trap: interrupt"),
        ] {
            assert_eq!(trap_words(trap), expected);
        }
    }
}
