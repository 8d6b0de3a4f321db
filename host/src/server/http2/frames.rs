//! Reads where frames begin and end, to know how much of a request's head a connection holds.
//!
//! The head of a request may come in many frames. Until the last one, `h2` collects their bytes, which are charged like
//! those of an HTTP/1.1 head that is still arriving.

use std::io;
use std::sync::Arc;

use tokio::time::Instant;

use super::super::head::HeadMeter;
use crate::lock::Mutex;

/// What a client of HTTP/2 sends first (RFC 9113, section 3.4).
const PREFACE_BYTES: usize = 24;

/// The head of a frame: length, type, flags, stream (RFC 9113, section 4.1).
const FRAME_HEAD_BYTES: usize = 9;

/// The types of the frames of which a request's head consists, and the flag of the last one.
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// When a head that is still arriving began, or the connection whose preface is still to come; `None` if nothing is.
pub(super) type HeadBegin = Arc<Mutex<Option<Instant>>>;

/// Follows the frames of a connection, and charges the heads that are still arriving.
#[derive(Debug)]
pub(super) struct FrameMeter {
    meter: Arc<HeadMeter>,
    begun: HeadBegin,
    place: FramePlace,
}

/// Where in the series of frames the next byte is.
#[derive(Debug)]
enum FramePlace {
    /// So many bytes remain of what a client sends first.
    Preface(usize),
    /// So many bytes remain of something without meaning here.
    Skipped(usize),
    /// In the head of a frame, of which these bytes have come.
    Head {
        bytes: [u8; FRAME_HEAD_BYTES],
        have: usize,
    },
    /// In a part of a request's head, of which so many bytes remain.
    Part { left: usize, is_last: bool },
}

const NEXT_FRAME: FramePlace = FramePlace::Head {
    bytes: [0; FRAME_HEAD_BYTES],
    have: 0,
};

impl FrameMeter {
    /// At the beginning of a connection, whose heads are charged to this meter.
    pub(super) fn new(meter: HeadMeter) -> Self {
        Self {
            meter: Arc::new(meter),
            begun: Arc::new(Mutex::new(Some(Instant::now()))),
            place: FramePlace::Preface(PREFACE_BYTES),
        }
    }

    /// When the head that is still arriving began.
    pub(super) fn begun(&self) -> HeadBegin {
        self.begun.clone()
    }

    /// These bytes have been read.
    ///
    /// # Errors
    ///
    /// As [`HeadMeter::read`].
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some(rest) = self.step(bytes)? {
            bytes = rest;
        }
        Ok(())
    }

    /// Reads up to the next place. `None` if there are no bytes left.
    fn step<'b>(&mut self, bytes: &'b [u8]) -> io::Result<Option<&'b [u8]>> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let rest = match &mut self.place {
            FramePlace::Preface(left) => {
                let (read, rest) = split(bytes, *left);
                *left -= read.len();
                if *left == 0 {
                    *self.begun.lock() = None;
                    self.place = NEXT_FRAME;
                }
                rest
            }
            FramePlace::Skipped(left) => {
                let (read, rest) = split(bytes, *left);
                *left -= read.len();
                if *left == 0 {
                    self.place = NEXT_FRAME;
                }
                rest
            }
            FramePlace::Head { bytes: head, have } => {
                let (read, rest) = split(bytes, FRAME_HEAD_BYTES - *have);
                for (place, byte) in head.iter_mut().skip(*have).zip(read) {
                    *place = *byte;
                }
                *have += read.len();
                if *have == FRAME_HEAD_BYTES {
                    let head = *head;
                    self.begin(head);
                }
                rest
            }
            FramePlace::Part { left, is_last } => {
                let (read, rest) = split(bytes, *left);
                *left -= read.len();
                let is_over = *left == 0;
                let is_last = *is_last;
                self.meter.read(read.len())?;
                if is_over {
                    self.place = NEXT_FRAME;
                    if is_last {
                        self.end();
                    }
                }
                rest
            }
        };
        Ok(Some(rest))
    }

    /// A frame begins.
    fn begin(&mut self, [a, b, c, kind, flags, ..]: [u8; FRAME_HEAD_BYTES]) {
        let length = [a, b, c]
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let is_part = matches!(kind, HEADERS | CONTINUATION);
        let is_last = flags & END_HEADERS != 0;
        if is_part {
            self.begun.lock().get_or_insert_with(Instant::now);
        }
        self.place = match length {
            0 => NEXT_FRAME,
            left if is_part => FramePlace::Part { left, is_last },
            left => FramePlace::Skipped(left),
        };
        if is_part && is_last && length == 0 {
            self.end();
        }
    }

    /// A head is complete: it belongs to its stream, which charges it.
    fn end(&mut self) {
        *self.begun.lock() = None;
        drop(self.meter.answering(0));
    }
}

/// At most the first `most` bytes, and the others.
fn split(bytes: &[u8], most: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(most).unwrap_or((bytes, &[]))
}

#[cfg(test)]
mod tests {
    use super::super::super::head::HeadAccount;
    use super::*;
    use crate::account::HostAccount;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    #[test]
    fn heads_are_charged_while_they_arrive_however_they_are_cut() {
        let part = vec![b'a'; 10_000];
        let sent = [
            vec![b'p'; PREFACE_BYTES],
            frame(4, 0, &[0; 12]),
            frame(0, 1, &[0; 20_000]),
            frame(HEADERS, 1, &part),
            frame(CONTINUATION, 0, &part),
        ]
        .concat();
        let last = [
            frame(CONTINUATION, END_HEADERS, &part),
            frame(8, 0, &[0; 4]),
        ]
        .concat();
        for size in [1, 7, 9, 100, 1 << 20] {
            let host = HostAccount::new(1 << 30);
            let mut frames = FrameMeter::new(HeadMeter::new(HeadAccount::new(&host)));
            let begun = frames.begun();
            for piece in sent.chunks(size) {
                frames.read(piece).unwrap();
            }
            assert_eq!(host.used_bytes(), 20_000, "in pieces of {size}");
            assert!(begun.lock().is_some());
            for piece in last.chunks(size) {
                frames.read(piece).unwrap();
            }
            assert_eq!(host.used_bytes(), 0, "in pieces of {size}");
            assert!(begun.lock().is_none());
        }
    }

    #[test]
    fn preface_is_awaited_like_a_head() {
        let host = HostAccount::new(1 << 30);
        let mut frames = FrameMeter::new(HeadMeter::new(HeadAccount::new(&host)));
        let begun = frames.begun();
        frames.read(&[b'p'; PREFACE_BYTES - 1]).unwrap();
        assert!(begun.lock().is_some());
        frames.read(b"p").unwrap();
        assert!(begun.lock().is_none());
    }

    #[test]
    fn heads_that_take_more_than_their_share_end_the_connection() {
        let host = HostAccount::new(16 * 30_000);
        let mut frames = FrameMeter::new(HeadMeter::new(HeadAccount::new(&host)));
        frames.read(&[b'p'; PREFACE_BYTES]).unwrap();
        let part = frame(HEADERS, 0, &vec![b'a'; 16_000]);
        frames.read(&part).unwrap();
        assert!(frames.read(&part).is_err());
    }

    #[test]
    fn empty_frames_are_read() {
        let host = HostAccount::new(1 << 30);
        let mut frames = FrameMeter::new(HeadMeter::new(HeadAccount::new(&host)));
        frames.read(&[b'p'; PREFACE_BYTES]).unwrap();
        for (kind, flags, is_begun) in [
            (4, 1, false),
            (HEADERS, 0, true),
            (CONTINUATION, END_HEADERS, false),
        ] {
            frames.read(&frame(kind, flags, &[])).unwrap();
            assert_eq!(frames.begun().lock().is_some(), is_begun, "{kind}");
        }
    }
}
