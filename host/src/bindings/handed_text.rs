//! A text that a guest handed over, decoded in parts that count toward the call's processor time.

use std::convert::Infallible;

use crate::scope::CpuClock;

/// The number of characters decoded at once, for a text that is not UTF-8.
const CHARACTERS_AT_ONCE: usize = 16 << 10;

/// A text in the guest's encoding: copied but not decoded yet, since decoding a long text takes long.
#[derive(Debug, Default)]
pub(crate) struct HandedText {
    bytes: Vec<u8>,
    encoding: TextEncoding,
}

/// The encoding of a component's texts.
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

    /// Decodes the text in parts, between which the call lets others run.
    ///
    /// # Errors
    ///
    /// The bytes are not a valid text.
    pub(crate) async fn into_string(self, cpu: &CpuClock) -> wasmtime::Result<String> {
        let Self { bytes, encoding } = self;
        match encoding {
            TextEncoding::Utf8 => {
                let text = cpu.utf8(bytes).await;
                text.map_err(|_| wasmtime::format_err!("a text is not valid UTF-8"))
            }
            TextEncoding::Utf16 => {
                let (units, _) = bytes.as_chunks::<2>();
                let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
                // At most three bytes for two.
                let room = bytes.len().saturating_add(bytes.len() / 2);
                collect(char::decode_utf16(units), room, cpu).await
            }
            TextEncoding::Latin1 => {
                let characters = bytes.iter().map(|byte| Ok(char::from(*byte)));
                collect::<Infallible>(characters, bytes.len().saturating_mul(2), cpu).await
            }
        }
    }

    /// Decodes the beginning of the text, at most `most_bytes` of the guest's bytes. The rest is not checked.
    ///
    /// # Errors
    ///
    /// These bytes are not a valid text.
    pub(crate) async fn beginning(
        mut self,
        most_bytes: usize,
        cpu: &CpuClock,
    ) -> wasmtime::Result<String> {
        let is_within = |byte: &u8| match self.encoding {
            TextEncoding::Utf8 => byte & 0xc0 == 0x80,
            // A low surrogate, recognized by its second byte.
            TextEncoding::Utf16 => byte & 0xfc == 0xdc,
            TextEncoding::Latin1 => false,
        };
        let (mut end, ahead, step) = match self.encoding {
            TextEncoding::Utf16 => (most_bytes & !1, 1, 2),
            TextEncoding::Utf8 | TextEncoding::Latin1 => (most_bytes, 0, 1),
        };
        // A character has at most four bytes.
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

/// The text of these characters, which take at most `room_bytes`.
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
