//! A pseudo-terminal to draw on, which somebody reads.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};

use anyhow::anyhow;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// What programs usually find.
const SIZE: Winsize = Winsize {
    ws_row: 24,
    ws_col: 80,
    ws_xpixel: 0,
    ws_ypixel: 0,
};

/// The side of the terminal that is looked at.
#[derive(Debug)]
pub(crate) struct Terminal(JoinHandle<Vec<u8>>);

impl Terminal {
    /// Opens one, and gives the side that a program writes to.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(crate) fn open() -> anyhow::Result<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let reader = openpt(flags)?;
        grantpt(&reader)?;
        unlockpt(&reader)?;
        tcsetwinsize(&reader, SIZE)?;
        let writer = ioctl_tiocgptpeer(&reader, flags)?;
        // A program waits where nobody reads what it draws.
        let reading = thread::spawn(move || read(File::from(reader)));
        Ok((Self(reading), writer))
    }

    /// All that was written, once nobody can write any more.
    ///
    /// # Errors
    ///
    /// It is no text.
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
    // Linux ends it with an error; what came before is all there was.
    let _ = reader.read_to_end(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{IsTerminal, Write};

    #[test]
    fn what_is_written_to_a_terminal_is_read() {
        let (terminal, writer) = Terminal::open().unwrap();
        let mut writer = File::from(writer);
        assert!(writer.is_terminal());
        writer.write_all("grün\n".as_bytes()).unwrap();
        drop(writer);
        assert_eq!(terminal.text().unwrap(), "grün\r\n");
    }
}
