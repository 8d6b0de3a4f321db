//! Threads that end their process, on systems that don't do it themselves.

use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, getppid, kill_process};

/// The time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The unit of the system's largest resident size, in bytes.
const RESIDENT_UNIT: u64 = if cfg!(target_vendor = "apple") {
    1
} else {
    1 << 10
};

/// Ends this process soon after the one that started it has ended.
///
/// # Errors
///
/// No thread could be started.
pub(super) fn end_with_parent() -> io::Result<()> {
    let parent = getppid();
    watch("parent-watch", move || {
        if getppid() != parent {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    })
}

/// Ends this process soon after it has taken more memory, with the words of Rust's runtime for an allocation that
/// failed.
///
/// # Errors
///
/// No thread could be started.
pub(super) fn limit_memory(limit_bytes: u64) -> io::Result<()> {
    watch("memory-watch", move || {
        let bytes = most_resident_bytes();
        if bytes > limit_bytes {
            // Nobody may be there to read it.
            let _ = writeln!(
                io::stderr(),
                "memory allocation of {bytes} bytes failed: the limit is {limit_bytes} bytes"
            );
            std::process::abort();
        }
    })
}

/// Calls `look` at intervals until the process ends.
fn watch(name: &str, look: impl Fn() + Send + 'static) -> io::Result<()> {
    let watching = move || {
        loop {
            look();
            thread::sleep(LOOK_EVERY);
        }
    };
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(watching)
        .map(drop)
}

/// The most memory that this process has held so far, in bytes; 0 if the system doesn't report it.
#[allow(
    unsafe_code,
    reason = "the call writes the usage of this process into a value of its own type"
)]
fn most_resident_bytes() -> u64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let status = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    // SAFETY: all zeros are a valid usage, and so is what the call has written.
    let usage = unsafe { usage.assume_init() };
    let most = if status == 0 { usage.ru_maxrss } else { 0 };
    u64::try_from(most)
        .unwrap_or(0)
        .saturating_mul(RESIDENT_UNIT)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::platform::portable;

    /// How long the processes of these tests would run if nothing ended them.
    const LONG: Duration = Duration::from_secs(300);

    /// The arguments that run a test in a process of its own.
    fn alone(test: &str) -> [String; 5] {
        let name = format!("platform::watch::tests::{test}");
        [
            "--exact",
            &name,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ]
        .map(str::to_owned)
    }

    #[test]
    fn process_that_takes_too_much_memory_is_ended_as_if_an_allocation_had_failed() {
        // A program has the largest size of the one that it replaces, so this one must be a child of a small one.
        let output = Command::new("/bin/sh")
            .args(["-c", "\"$0\" \"$@\"; exit $?"])
            .arg(std::env::current_exe().unwrap())
            .args(alone("takes_too_much"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(128 + Signal::ABORT.as_raw()));
        assert!(errors.contains("memory allocation of "), "{errors}");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn takes_too_much() {
        let limit = most_resident_bytes() + (32 << 20);
        portable::limit_memory(limit).unwrap();
        let taken = vec![1_u8; 64 << 20];
        thread::sleep(LONG);
        assert!(taken.is_empty(), "the process still runs");
    }

    #[test]
    fn process_ends_after_its_parent() {
        let mut parent = Command::new("/bin/sh")
            .args(["-c", "\"$0\" \"$@\" & wait"])
            .arg(std::env::current_exe().unwrap())
            .args(alone("outlives_its_parent"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = parent.stdout.take().unwrap();
        let (mut text, mut piece) = (Vec::new(), [0; 256]);
        while !String::from_utf8_lossy(&text).contains("watching") {
            let bytes = output.read(&mut piece).unwrap();
            assert!(
                bytes > 0,
                "the process ended: {}",
                String::from_utf8_lossy(&text)
            );
            text.extend(&piece[..bytes]);
        }
        parent.kill().unwrap();
        parent.wait().unwrap();
        // The end of the output is the end of the process.
        output.read_to_end(&mut text).unwrap();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("the process still runs"), "{text}");
    }

    #[test]
    #[ignore = "run in a process of its own"]
    fn outlives_its_parent() {
        portable::end_with_parent().unwrap();
        println!("watching");
        thread::sleep(LONG);
        println!("the process still runs");
    }
}
