//! The bytes that identify compressed bodies, whatever their label says.

use crate::encoding::ContentEncoding;

/// How many bytes of a body are enough to identify it.
pub(super) const BYTES: usize = 4;

/// RFC 1952, section 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Gzip's only method.
const GZIP_DEFLATE: [u8; 3] = [0x1f, 0x8b, 0x08];

/// RFC 8878, section 3.1.1.
const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Whether a body with this label is read as its label says. Gzip is the only label that servers put on bodies that
/// are not compressed at all. Such a body doesn't begin like gzip, and isn't a truncated beginning of it either.
pub(super) fn may_begin(encoding: ContentEncoding, first: &[u8]) -> bool {
    encoding != ContentEncoding::Gzip || GZIP.starts_with(first) || first.starts_with(&GZIP)
}

/// The actual coding of a body that isn't in the coding its label says; `None` if its first bytes don't tell. Brotli
/// may begin with any bytes, so a body with that label is never taken for another coding.
pub(super) fn other_than(label: ContentEncoding, first: &[u8]) -> Option<ContentEncoding> {
    let found = if first.starts_with(&GZIP_DEFLATE) {
        ContentEncoding::Gzip
    } else if first.starts_with(&ZSTANDARD) {
        ContentEncoding::Zstandard
    } else if matches!(first, [0x78, 0x01 | 0x9c | 0xda, ..]) {
        // The zlib format at its usual levels; no text begins like this.
        ContentEncoding::Deflate
    } else {
        return None;
    };
    (label != ContentEncoding::Brotli && found != label).then_some(found)
}

/// Whether the bytes after the end of a member begin another one, which may be truncated there.
pub(super) fn begins_member(encoding: ContentEncoding, first: &[u8]) -> bool {
    match encoding {
        ContentEncoding::Gzip => GZIP.starts_with(first) || first.starts_with(&GZIP),
        ContentEncoding::Zstandard => {
            // A frame to be skipped counts, too (section 3.1.2).
            ZSTANDARD.starts_with(first) || matches!(first, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
        }
        ContentEncoding::Brotli | ContentEncoding::Deflate => false,
    }
}
