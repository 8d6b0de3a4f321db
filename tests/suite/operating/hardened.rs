//! Systems that forbid what the host needs: one message says so, instead of one for each connector.

use crate::{guests, host};
use weld_host_tests::host::Failure;

fn assert_one_message(failure: &Failure, parts: &[&str]) {
    let said = failure.stderr.join("\n");
    assert_eq!(failure.status.code(), Some(1), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
    let errors = failure.stderr.iter();
    let errors = errors.filter(|line| line.starts_with("weld-host: "));
    assert_eq!(errors.count(), 1, "{said}");
    assert!(!said.contains("guest"), "no connector is blamed: {said}");
}

#[test]
fn system_without_executable_memory_is_recognized_at_the_start() {
    let failure = host()
        .plugin("guest", guests::ECHOES_STATE)
        .without_executable_memory()
        .fail();
    assert_one_message(
        &failure,
        &["executable", "MemoryDenyWriteExecute=", "PR_SET_MDWE"],
    );
}

#[test]
fn address_space_without_room_for_a_sandbox_is_recognized_at_the_start() {
    for kibibytes in ["2097152", "8388608", "33554432"] {
        let failure = host()
            .plugin("guest", guests::ECHOES_STATE)
            .after(&format!("ulimit -v {kibibytes}"))
            .fail();
        let limit = format!("limit of {}GiB", kibibytes.parse::<u64>().unwrap() >> 20);
        assert_one_message(&failure, &[&limit, "ulimit -v", "LimitAS=", "MemoryMax="]);
    }
}

#[test]
fn address_space_that_bounds_the_sandboxes_is_named() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .after("ulimit -v 67108864")
        .start();
    let line = host.stdout().wait_for_text("sandboxes at once");
    assert!(
        line.contains("64 GiB of address space (`ulimit -v`, LimitAS=)"),
        "{line}"
    );
}
