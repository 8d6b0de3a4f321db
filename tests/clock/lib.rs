//! A wall clock that jumps, for a program that a test runs. When preloaded, it adds the current contents of a file to
//! CLOCK_REALTIME. CLOCK_MONOTONIC and the others are unchanged.
//!
//! The variable `SHIFTED_CLOCK` names the file. It has eight bytes: nanoseconds, signed, in native byte order. It is
//! mapped, so that a test that writes to it moves the clock at once. The build script of the suite compiles this
//! library.

#![cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#![allow(
    unsafe_code,
    reason = "functions of the C library are replaced, and called"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::atomic::{AtomicI64, AtomicPtr, Ordering};

const REALTIME: c_int = 0;
const REALTIME_COARSE: c_int = 5;
const NANOSECONDS: i64 = 1_000_000_000;

const PROT_READ: c_int = 1;
const MAP_SHARED: c_int = 1;
const MAP_FAILED: *mut c_void = ptr::without_provenance_mut(usize::MAX);
const RTLD_NEXT: *mut c_void = ptr::without_provenance_mut(usize::MAX);

/// `struct timespec`.
#[repr(C)]
pub struct Time {
    seconds: i64,
    nanoseconds: i64,
}

/// `struct timeval`.
#[repr(C)]
pub struct TimeOfDay {
    seconds: i64,
    microseconds: i64,
}

type GetTime = unsafe extern "C" fn(c_int, *mut Time) -> c_int;

unsafe extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn mmap(
        address: *mut c_void,
        length: usize,
        protection: c_int,
        flags: c_int,
        file: c_int,
        offset: i64,
    ) -> *mut c_void;
}

/// The contents of the file; null until it is mapped.
static OFFSET: AtomicPtr<AtomicI64> = AtomicPtr::new(ptr::null_mut());

/// Maps the file. Runs before the program's `main`.
extern "C" fn begin() {
    let Some(path) = std::env::var_os("SHIFTED_CLOCK") else {
        return;
    };
    let Ok(file) = File::open(path) else { return };
    let length = size_of::<AtomicI64>();
    // SAFETY: a new mapping of an open file; nothing in the process is changed.
    let mapped = unsafe {
        mmap(
            ptr::null_mut(),
            length,
            PROT_READ,
            MAP_SHARED,
            file.as_raw_fd(),
            0,
        )
    };
    if mapped != MAP_FAILED {
        OFFSET.store(mapped.cast(), Ordering::Release);
    }
}

// SAFETY: the loader calls the entries of this section, once, as functions of this type.
#[unsafe(link_section = ".init_array")]
#[used]
static BEGIN: extern "C" fn() = begin;

fn offset() -> i64 {
    // SAFETY: null, or a page that stays mapped for as long as the process lives.
    unsafe { OFFSET.load(Ordering::Acquire).as_ref() }
        .map_or(0, |offset| offset.load(Ordering::Relaxed))
}

/// The C library's own clock, shifted if it is the wall clock.
///
/// # Safety
/// As `clock_gettime` of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    const NAME: &CStr = c"clock_gettime";
    // SAFETY: the name is that of the function which this one hides.
    let found = unsafe { dlsym(RTLD_NEXT, NAME.as_ptr()) };
    if found.is_null() {
        return -1;
    }
    // SAFETY: the C library's function of this name has this type.
    let inner = unsafe { std::mem::transmute::<*mut c_void, GetTime>(found) };
    // SAFETY: the caller's guarantees are those that the function requires.
    let outcome = unsafe { inner(clock, time) };
    if outcome == 0 && matches!(clock, REALTIME | REALTIME_COARSE) {
        // SAFETY: it has just been written to.
        let time = unsafe { &mut *time };
        let moved = time.seconds * NANOSECONDS + time.nanoseconds + offset();
        time.seconds = moved.div_euclid(NANOSECONDS);
        time.nanoseconds = moved.rem_euclid(NANOSECONDS);
    }
    outcome
}

fn now() -> Time {
    let mut time = Time {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: the place exists. This clock never fails.
    let _always_zero = unsafe { clock_gettime(REALTIME, &raw mut time) };
    time
}

/// The older function.
///
/// # Safety
/// As `gettimeofday` of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut TimeOfDay, _zone: *mut c_void) -> c_int {
    let Time {
        seconds,
        nanoseconds,
    } = now();
    // SAFETY: null, or a place that belongs to the caller.
    if let Some(time) = unsafe { time.as_mut() } {
        time.seconds = seconds;
        time.microseconds = nanoseconds / 1_000;
    }
    0
}

/// The oldest function.
///
/// # Safety
/// As `time` of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(seconds: *mut i64) -> i64 {
    let now = now().seconds;
    // SAFETY: null, or a place that belongs to the caller.
    if let Some(place) = unsafe { seconds.as_mut() } {
        *place = now;
    }
    now
}
