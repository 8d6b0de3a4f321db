//! A line of `Forwarded` (RFC 7239, section 4).

use super::Hop;

/// What is left of a line of `Forwarded`. After a mistake, nothing is left.
pub(super) struct Rest<'l>(pub(super) &'l [u8]);

impl<'l> Rest<'l> {
    /// Reads one entry, such as `for=192.0.2.7;proto=https`. `None` for a mistake, `Some(None)` for an empty entry.
    pub(super) fn entry(&mut self) -> Option<Option<Hop>> {
        let read = self.pairs();
        if read.is_none() {
            self.0 = &[];
        }
        read
    }

    fn pairs(&mut self) -> Option<Option<Hop>> {
        let mut hop = None;
        let mut is_empty = true;
        loop {
            self.skip_space();
            let name = self.take_while(is_of_a_token);
            if !name.is_empty() {
                is_empty = false;
                if !self.skip_next(b'=') {
                    return None;
                }
                let value = self.value()?;
                if name.eq_ignore_ascii_case(b"for") && hop.replace(Hop::of(&value)).is_some() {
                    // It is unclear which one counts.
                    return None;
                }
            }
            if !self.skip(b';') {
                break;
            }
        }
        let is_at_the_end = matches!(self.0.first(), None | Some(b','));
        is_at_the_end.then(|| (!is_empty).then(|| hop.unwrap_or(Hop::Hidden)))
    }

    /// A value, quoted or not. Unquoted addresses with ports, which the RFC doesn't allow, are common.
    fn value(&mut self) -> Option<Vec<u8>> {
        if !self.skip_next(b'"') {
            let is_plain = |byte: u8| is_of_a_token(byte) || b":[]/@".contains(&byte);
            return Some(self.take_while(is_plain).to_vec());
        }
        let mut value = Vec::new();
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            match byte {
                b'"' => return Some(value),
                b'\\' => {
                    let (escaped, rest) = self.0.split_first()?;
                    self.0 = rest;
                    value.push(*escaped);
                }
                byte => value.push(*byte),
            }
        }
    }

    fn take_while(&mut self, is_part: impl Fn(u8) -> bool) -> &'l [u8] {
        let end = self.0.iter().position(|byte| !is_part(*byte));
        let (taken, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        taken
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    /// Skips this separator, with the space around it. Returns whether it was there.
    pub(super) fn skip(&mut self, separator: u8) -> bool {
        self.skip_space();
        self.skip_next(separator)
    }

    fn skip_next(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }
}

fn is_of_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
