//! The screen of a terminal, with as many commands as programs of this repository use.

/// A screen, with everything that has scrolled off it.
pub struct Screen {
    height: usize,
    width: usize,
    lines: Vec<Vec<char>>,
    row: usize,
    /// Equal to the screen's width after its last column was written: the next character goes to the next line.
    column: usize,
    /// The beginning of a character or an escape sequence whose rest has not arrived.
    unread: Vec<u8>,
}

impl Screen {
    /// An empty screen with this many lines and columns.
    pub fn new(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            lines: vec![Vec::new()],
            row: 0,
            column: 0,
            unread: Vec::new(),
        }
    }

    /// All its lines from the first one ever shown, without trailing blanks.
    pub fn lines(&self) -> Vec<String> {
        let text = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
        self.lines.iter().map(text).collect()
    }

    /// Processes more output.
    ///
    /// # Panics
    /// If the bytes are not UTF-8, or contain a command that is not known here.
    pub fn show(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.unread);
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) => {
                assert!(error.error_len().is_none(), "no UTF-8: {bytes:?}");
                std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("so far it is")
            }
        };
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if character == '\u{1b}' {
                let Some(end) = rest.find(|end: char| end.is_ascii_alphabetic()) else {
                    break;
                };
                self.obey(&rest[1..=end]);
                rest = &rest[end + 1..];
            } else {
                self.put(character);
                rest = &rest[character.len_utf8()..];
            }
        }
        self.unread = bytes[text.len() - rest.len()..].to_vec();
    }

    fn put(&mut self, character: char) {
        match character {
            '\r' => self.column = 0,
            '\n' => self.down(),
            character => {
                assert!(!character.is_control(), "{character:?}");
                if self.column == self.width {
                    self.column = 0;
                    self.down();
                }
                let line = &mut self.lines[self.row];
                if line.len() <= self.column {
                    line.resize(self.column + 1, ' ');
                }
                line[self.column] = character;
                self.column += 1;
            }
        }
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row == self.lines.len() {
            self.lines.push(Vec::new());
        }
    }

    /// Executes a command, given without its escape character, such as `[2K`.
    fn obey(&mut self, command: &str) {
        let (arguments, kind) = command.split_at(command.len() - 1);
        let number = || {
            let number = arguments.strip_prefix('[').map(|text| text.parse());
            number
                .and_then(Result::ok)
                .unwrap_or_else(|| panic!("which number? {command:?}"))
        };
        // The cursor can't return to lines that have scrolled off the screen.
        let top = self.lines.len().saturating_sub(self.height);
        match kind {
            "A" => self.row = self.row.saturating_sub(number()).max(top),
            "B" => self.row = (self.row + number()).min(self.lines.len() - 1),
            "K" if arguments == "[2" => self.lines[self.row].clear(),
            _ => panic!("a command that this screen does not know: {command:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_a_terminal_shows() {
        for (written, expected) in [
            (&["one\r\ntwo  "][..], &["one", "two"][..]),
            (&["one\rto"], &["toe"]),
            (&["12345678", "\r\n9"], &["12345678", "9"]),
            (&["123456789"], &["12345678", "9"]),
            (&["a\r\nb\u{1b}[1A\rc\u{1b}[2K"], &["", "b"]),
            (&["a\r\nb\u{1b}[1", "Ac\u{1b}[1Bd"], &["ac", "b d"]),
            (&["1\r\n2\r\n3\r\n4\u{1b}[9A\rx"], &["1", "x", "3", "4"]),
        ] {
            let mut screen = Screen::new(3, 8);
            for text in written {
                screen.show(text.as_bytes());
            }
            assert_eq!(screen.lines(), expected, "{written:?}");
        }
    }

    #[test]
    fn characters_may_arrive_in_parts() {
        let mut screen = Screen::new(3, 8);
        for byte in "grün".bytes() {
            screen.show(&[byte]);
        }
        assert_eq!(screen.lines(), ["grün"]);
    }
}
