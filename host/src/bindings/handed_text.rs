//! A text that a guest handed over, and how it is read: in pieces, by the clock of its call.

use std::convert::Infallible;

use crate::scope::CpuClock;

/// So many characters are decoded at once, of a text that is not UTF-8.
const CHARACTERS_AT_ONCE: usize = 16 << 10;

/// A text as the guest has it: copied, but not looked at yet, since that takes long for a long one.
#[derive(Debug, Default)]
pub(crate) struct HandedText {
    bytes: Vec<u8>,
    encoding: TextEncoding,
}

/// How a component encodes its texts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum TextEncoding {
    #[default]
    Utf8,
    /// Little-endian.
    Utf16,
    Latin1,
}

impl HandedText {
    pub(super) fn new(bytes: Vec<u8>, encoding: TextEncoding) -> Self {
        Self { bytes, encoding }
    }

    /// The text, read in pieces between which the call steps behind others.
    ///
    /// # Errors
    ///
    /// The bytes are no text.
    pub(crate) async fn into_string(self, cpu: &CpuClock) -> wasmtime::Result<String> {
        let Self { bytes, encoding } = self;
        match encoding {
            TextEncoding::Utf8 => {
                let text = cpu.utf8(bytes).await;
                text.map_err(|_| wasmtime::format_err!("a text is not UTF-8"))
            }
            TextEncoding::Utf16 => {
                let (units, _) = bytes.as_chunks::<2>();
                let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
                // At the most three bytes for two.
                let room = bytes.len().saturating_add(bytes.len() / 2);
                collect(char::decode_utf16(units), room, cpu).await
            }
            TextEncoding::Latin1 => {
                let characters = bytes.iter().map(|byte| Ok(char::from(*byte)));
                collect::<Infallible>(characters, bytes.len().saturating_mul(2), cpu).await
            }
        }
    }

    /// The beginning of the text, of so many bytes as the guest has them, or a little less. The rest is not looked at.
    ///
    /// # Errors
    ///
    /// These bytes are no text.
    pub(crate) async fn beginning(
        mut self,
        most_bytes: usize,
        cpu: &CpuClock,
    ) -> wasmtime::Result<String> {
        let is_within = |byte: &u8| match self.encoding {
            TextEncoding::Utf8 => byte & 0xc0 == 0x80,
            // A low surrogate, by its second byte.
            TextEncoding::Utf16 => byte & 0xfc == 0xdc,
            TextEncoding::Latin1 => false,
        };
        let (mut end, ahead, step) = match self.encoding {
            TextEncoding::Utf16 => (most_bytes & !1, 1, 2),
            TextEncoding::Utf8 | TextEncoding::Latin1 => (most_bytes, 0, 1),
        };
        // No character has more than four bytes.
        for _ in 0..3 {
            if self
                .bytes
                .get(end.saturating_add(ahead))
                .is_some_and(is_within)
            {
                end = end.saturating_sub(step);
            }
        }
        self.bytes.truncate(end);
        self.into_string(cpu).await
    }
}

/// The text of these characters, which take so many bytes at the most.
async fn collect<E: std::error::Error + Send + Sync + 'static>(
    characters: impl Iterator<Item = Result<char, E>>,
    room_bytes: usize,
    cpu: &CpuClock,
) -> wasmtime::Result<String> {
    let mut text = String::with_capacity(room_bytes);
    for (before, character) in characters.enumerate() {
        if before % CHARACTERS_AT_ONCE == CHARACTERS_AT_ONCE - 1 {
            cpu.take_turns().await;
        }
        text.push(character?);
    }
    Ok(text)
}
