//! Validates long texts in parts: a guest may hand over, and an API may return, many megabytes at once.

use super::CpuClock;

/// The number of bytes validated at once, which takes about 50 µs.
const PIECE_BYTES: usize = 64 << 10;

impl CpuClock {
    /// Converts bytes into a text. Between parts of it, the call that has this clock lets others run.
    ///
    /// # Errors
    ///
    /// The unchanged bytes, if they are not UTF-8.
    pub(crate) async fn utf8(&self, bytes: Vec<u8>) -> Result<String, Vec<u8>> {
        let mut rest = bytes.as_slice();
        while let Some(checked) = characters(rest) {
            rest = rest.get(checked..).unwrap_or_default();
            if rest.is_empty() {
                #[allow(
                    unsafe_code,
                    reason = "validated in consecutive parts, none of which ends within a character"
                )]
                return Ok(unsafe { String::from_utf8_unchecked(bytes) });
            }
            self.take_turns().await;
        }
        Err(bytes)
    }
}

/// The number of leading bytes that are whole characters, within the first [`PIECE_BYTES`]. `None` if they are not
/// UTF-8.
fn characters(bytes: &[u8]) -> Option<usize> {
    let piece = bytes.get(..PIECE_BYTES).unwrap_or(bytes);
    match str::from_utf8(piece) {
        Ok(_) => Some(piece.len()),
        Err(error) if error.error_len().is_none() && piece.len() < bytes.len() => {
            Some(error.valid_up_to())
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use super::*;

    fn clock() -> std::sync::Arc<CpuClock> {
        CpuClock::new(Duration::from_secs(3600))
    }

    #[tokio::test]
    async fn the_same_texts_are_valid_as_in_the_standard_library() {
        let long = |text: &str| text.repeat(2 * PIECE_BYTES / text.len());
        let mut texts: Vec<Vec<u8>> = ["", "a", "zoë", "日本", "🍺"]
            .map(|text| text.into())
            .into();
        // Characters of each length, at each position around the end of a part.
        for text in ["ë", "日", "🍺"] {
            for before in 0..4 {
                texts.push(("a".repeat(before) + &long(text)).into());
            }
        }
        for broken in [
            &b"\xff"[..],
            b"\xc3",
            b"\xe6\x97",
            b"\xf0\x9f\x8d",
            b"\xed\xa0\x80",
        ] {
            for before in [
                0,
                1,
                PIECE_BYTES - 2,
                PIECE_BYTES - 1,
                PIECE_BYTES,
                2 * PIECE_BYTES - 1,
            ] {
                let begun = [&vec![b'a'; before][..], broken].concat();
                texts.push([&begun[..], b"and more"].concat());
                texts.push(begun);
            }
        }
        for bytes in texts {
            let expected = String::from_utf8(bytes.clone()).map_err(|error| error.into_bytes());
            assert!(clock().utf8(bytes).await == expected);
        }
    }

    #[tokio::test]
    async fn a_call_yields_between_the_parts_of_a_text() {
        let clock = clock();
        let mut context = Context::from_waker(Waker::noop());
        let mut checking = pin!(clock.utf8(vec![b'a'; 2 * PIECE_BYTES + 1]));
        // As if the poll had used up its slice by the time the part is validated.
        let mut poll = || {
            clock.counting(|| {
                super::super::cpu::compute(Duration::from_millis(11));
                checking.as_mut().poll(&mut context)
            })
        };
        assert!(poll().is_pending() && clock.take_interruption());
        assert!(poll().is_pending() && clock.take_interruption());
        assert!(matches!(poll(), Poll::Ready(Ok(text)) if text.len() == 2 * PIECE_BYTES + 1));
    }
}
