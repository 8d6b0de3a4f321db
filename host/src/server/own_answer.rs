//! Recognizes the answers that hyper itself makes to invalid requests, which have only a status.

/// The beginnings of hyper's answers. No other code answers one of these statuses without a body.
const BEGINNINGS: [&[u8]; 3] = [b"HTTP/1.1 400 ", b"HTTP/1.1 414 ", b"HTTP/1.1 431 "];

/// Such an answer has no body.
const EMPTY: &[u8] = b"\r\ncontent-length: 0\r\n";

/// More bytes than such an answer has.
const MOST_BYTES: usize = 256;

/// Where hyper's own answer begins, if these bytes end with one; otherwise `None`. Answers to earlier requests may
/// precede it.
pub(super) fn own_answer(bytes: &[u8]) -> Option<usize> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(MOST_BYTES);
    let tail = bytes.get(from..)?;
    let begin = (0..tail.len()).rev().find(|begin| {
        let rest = tail.get(*begin..).unwrap_or_default();
        BEGINNINGS
            .iter()
            .any(|beginning| rest.starts_with(beginning))
    })?;
    let answer = tail.get(begin..)?;
    let is_empty = answer.windows(EMPTY.len()).any(|part| part == EMPTY);
    is_empty.then(|| from.saturating_add(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: Sun, 06 \
                       Nov 1994 08:49:37 GMT\r\n\r\n";

    #[test]
    fn answer_made_by_hyper_is_recognized() {
        assert_eq!(own_answer(OWN.as_bytes()), Some(0));
        let bad = OWN.replace("431", "400");
        let before = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{}",
            "x".repeat(2000)
        );
        let both = format!("{before}{bad}");
        assert_eq!(own_answer(both.as_bytes()), Some(before.len()));
        for other in [
            "",
            "\r\n\r\n",
            before.as_str(),
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 20\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 20\r\n\r\n{\"error\": \"HTTP/1.1 400 \"}",
            "5\r\nrows\n\r\n0\r\n\r\n",
        ] {
            assert_eq!(own_answer(other.as_bytes()), None, "{other}");
        }
    }
}
