//! A pseudo-terminal to draw on, with a reader.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};

use anyhow::anyhow;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A common size.
const SIZE: Winsize = Winsize {
    ws_row: 24,
    ws_col: 80,
    ws_xpixel: 0,
    ws_ypixel: 0,
};

/// The side of the terminal that is read.
#[derive(Debug)]
pub(crate) struct Terminal(JoinHandle<Vec<u8>>);

impl Terminal {
    /// Opens a terminal, and returns the side that a program writes to.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(crate) fn open() -> anyhow::Result<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let reader = openpt(flags)?;
        grantpt(&reader)?;
        unlockpt(&reader)?;
        tcsetwinsize(&reader, SIZE)?;
        let writer = ioctl_tiocgptpeer(&reader, flags)?;
        // A program blocks if nobody reads its output.
        let reading = thread::spawn(move || read(File::from(reader)));
        Ok((Self(reading), writer))
    }

    /// The whole output, once nobody can write any more.
    ///
    /// # Errors
    ///
    /// The output is not text.
    pub(crate) fn text(self) -> anyhow::Result<String> {
        let bytes = self
            .0
            .join()
            .map_err(|_| anyhow!("the terminal could not be read"))?;
        Ok(String::from_utf8(bytes)?)
    }
}

fn read(mut reader: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    // On Linux reading ends with an error; everything before it is the output.
    let _ = reader.read_to_end(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{IsTerminal, Write};

    #[test]
    fn output_to_a_terminal_is_read() {
        let (terminal, writer) = Terminal::open().unwrap();
        let mut writer = File::from(writer);
        assert!(writer.is_terminal());
        writer.write_all("grün\n".as_bytes()).unwrap();
        drop(writer);
        assert_eq!(terminal.text().unwrap(), "grün\r\n");
    }
}
