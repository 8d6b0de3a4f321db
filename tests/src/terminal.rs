//! Runs a program on a terminal: stdout and stderr are a pseudo-terminal whose screen the test reads.

use crate::PATIENCE;
use crate::screen::Screen;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

/// A running program and its terminal. Dropping it kills it.
pub struct Terminal {
    child: Child,
    shared: Arc<Shared>,
    /// Where a person types.
    keyboard: File,
}

struct Shared {
    shown: Mutex<Shown>,
    changed: Condvar,
}

struct Shown {
    screen: Screen,
    bytes: Vec<u8>,
    ended: bool,
}

/// How a program ended, and what it left on the screen.
#[derive(Debug)]
pub struct Left {
    /// Its exit status.
    pub status: ExitStatus,
    /// The lines of the screen, including those that scrolled off it.
    pub lines: Vec<String>,
    /// All output as text.
    pub written: String,
}

impl Terminal {
    /// Starts the program, without input, on a terminal of this many lines and columns.
    ///
    /// # Panics
    /// If it can't be started.
    pub fn start(command: Command, height: u16, width: u16) -> Self {
        Self::start_with(command, height, width, false)
    }

    /// Like [`Terminal::start`], but its input is the terminal, too.
    ///
    /// # Panics
    /// If it can't be started.
    pub fn start_with_input(command: Command, height: u16, width: u16) -> Self {
        Self::start_with(command, height, width, true)
    }

    /// Types a text.
    ///
    /// # Panics
    /// If the terminal is gone.
    pub fn write(&self, text: &str) {
        let mut keyboard = &self.keyboard;
        keyboard.write_all(text.as_bytes()).expect("it is open");
    }

    fn start_with(mut command: Command, height: u16, width: u16, has_input: bool) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        // Programs that other tests start must not keep it open. Only Linux sees to that at once.
        #[cfg(target_os = "linux")]
        let flags = flags | OpenptFlags::CLOEXEC;
        let reader = openpt(flags).expect("a pseudo-terminal");
        fcntl_setfd(&reader, FdFlags::CLOEXEC).expect("it is open");
        grantpt(&reader).expect("it is ours");
        unlockpt(&reader).expect("it is ours");
        let size = Winsize {
            ws_row: height,
            ws_col: width,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&reader, size).expect("any size will do");
        let name = ptsname(&reader, Vec::new()).expect("the name of its other end");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let writer = open(name, flags, Mode::empty()).expect("its other end");
        let child = command
            .stdin(if has_input {
                writer.try_clone().expect("a third descriptor").into()
            } else {
                Stdio::null()
            })
            .stdout(writer.try_clone().expect("a second descriptor"))
            .stderr(writer)
            .spawn()
            .expect("the program can be started");
        // Reading ends once nobody can write any more, and the command still holds the writer.
        drop(command);
        let shared = Arc::new(Shared {
            shown: Mutex::new(Shown {
                screen: Screen::new(height.into(), width.into()),
                bytes: Vec::new(),
                ended: false,
            }),
            changed: Condvar::new(),
        });
        let reading = Arc::clone(&shared);
        let reader = File::from(reader);
        let keyboard = reader.try_clone().expect("a fourth descriptor");
        thread::spawn(move || reading.read(reader));
        Self {
            child,
            shared,
            keyboard,
        }
    }

    /// Waits until the screen has a line that `is_wanted`.
    ///
    /// # Panics
    /// If the program ends without such a line, or there is none within [`PATIENCE`].
    pub fn wait_for(&self, what: &str, is_wanted: impl Fn(&str) -> bool) {
        let has_it = |shown: &Shown| shown.screen.lines().iter().any(|line| is_wanted(line));
        let shown = self.wait_until(|shown| has_it(shown) || shown.ended);
        let (found, lines) = (has_it(&shown), shown.screen.lines());
        drop(shown);
        assert!(found, "no line with {what} in:\n{}", lines.join("\n"));
    }

    /// Sends it a signal. Does nothing if it has ended.
    pub fn signal(&self, signal: Signal) {
        let _already_gone = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits until it has ended, and returns how.
    ///
    /// # Panics
    /// If it runs for longer than [`PATIENCE`].
    pub fn wait(mut self) -> Left {
        let shown = self.wait_until(|shown| shown.ended);
        let (ended, lines) = (shown.ended, shown.screen.lines());
        let written = String::from_utf8_lossy(&shown.bytes).into_owned();
        drop(shown);
        assert!(ended, "it is still running:\n{}", lines.join("\n"));
        Left {
            status: self.child.wait().expect("a child can be waited for"),
            lines,
            written,
        }
    }

    fn wait_until(&self, is_enough: impl Fn(&Shown) -> bool) -> MutexGuard<'_, Shown> {
        let shown = self.shared.shown.lock().unwrap();
        self.shared
            .changed
            .wait_timeout_while(shown, PATIENCE, |shown| !is_enough(shown))
            .unwrap()
            .0
    }
}

impl Shared {
    fn read(&self, mut reader: File) {
        let mut bytes = [0; 4096];
        // An error means that no writer is left.
        while let Ok(length @ 1..) = reader.read(&mut bytes) {
            let mut shown = self.shown.lock().unwrap();
            shown.screen.show(&bytes[..length]);
            shown.bytes.extend_from_slice(&bytes[..length]);
            drop(shown);
            self.changed.notify_all();
        }
        self.shown.lock().unwrap().ended = true;
        self.changed.notify_all();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
    }
}
