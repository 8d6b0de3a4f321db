//! macOS: what it has in place of Linux's facilities.

use std::mem::MaybeUninit;

use super::usage::ProcessUsage;

pub(crate) use super::portable::{
    SEND_FLAGS, abstract_address, accept, be_killed_first, descriptor_path, end_with_parent,
    has_hung_up, heap_bytes, is_fixed_code, is_listening, limit_memory, locks_of_files, make_fifo,
    memory_bytes, memory_maps, most_open_files, program_of, real_path, sealed_copy, this_program,
    unenforced, unix_stream_socket,
};

/// The program that opens an address in the user's browser.
pub(crate) const BROWSER: &str = "open";

/// What this process takes of the machine.
pub(crate) fn process_usage() -> ProcessUsage {
    let open_files = super::portable::process_usage().open_files;
    let Some(task) = task() else {
        return ProcessUsage {
            open_files,
            ..ProcessUsage::default()
        };
    };
    ProcessUsage {
        resident_bytes: Some(task.pti_resident_size),
        address_bytes: Some(task.pti_virtual_size),
        threads: u64::try_from(task.pti_threadnum).ok(),
        open_files,
    }
}

/// What the kernel knows of this process.
#[allow(
    unsafe_code,
    reason = "the call writes at most as many bytes as the value of its own type has"
)]
fn task() -> Option<libc::proc_taskinfo> {
    let mut task = MaybeUninit::<libc::proc_taskinfo>::zeroed();
    let bytes = i32::try_from(size_of::<libc::proc_taskinfo>()).ok()?;
    let process = i32::try_from(std::process::id()).ok()?;
    let written = unsafe {
        libc::proc_pidinfo(
            process,
            libc::PROC_PIDTASKINFO,
            0,
            task.as_mut_ptr().cast(),
            bytes,
        )
    };
    // SAFETY: the call has written all of it.
    (written == bytes).then(|| unsafe { task.assume_init() })
}
