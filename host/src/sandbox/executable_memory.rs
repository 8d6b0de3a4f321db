//! Whether the system lets this process run code that it loads. Hardened systems may forbid it, and then no connector
//! could run.

use std::io;
use std::ptr;

/// Maps a page, and makes it executable as wasmtime does with compiled code: first writable, then executable instead.
///
/// # Errors
///
/// The system refuses to make memory executable.
#[allow(
    unsafe_code,
    reason = "the system chooses the place of a new mapping, which nothing else uses, and which is removed again"
)]
pub(super) fn check() -> io::Result<()> {
    let bytes = rustix::param::page_size();
    let (writable, flags) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
    );
    let page = unsafe { libc::mmap(ptr::null_mut(), bytes, writable, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        // A lack of memory is reported where it does harm.
        return Ok(());
    }
    let executable = libc::PROT_READ | libc::PROT_EXEC;
    let made = match unsafe { libc::mprotect(page, bytes, executable) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    };
    let _ = unsafe { libc::munmap(page, bytes) };
    made
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_system_allows_executable_memory() {
        assert!(super::check().is_ok());
    }
}
