//! The spliced answer with a page.

/// An answer with a page, in pieces whose concatenation is `{"insert":[…],"state":…,"hasMore":…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    chunks: [String; 3],
}

impl PageText {
    /// An answer that only returns a state, so that Weld asks again: no rows, and `hasMore` is true. `state_text` is
    /// a checked JSON object.
    ///
    /// ```
    /// let answer = weld_protocol::PageText::pending(r#"{"page": 2}"#);
    /// assert_eq!(
    ///     answer.into_chunks().concat(),
    ///     r#"{"insert":[],"state":{"page": 2},"hasMore":true}"#,
    /// );
    /// ```
    pub fn pending(state_text: &str) -> Self {
        Self::new("[]".to_owned(), state_text, true)
    }

    pub(crate) fn new(insert: String, state: &str, has_more: bool) -> Self {
        let tail = format!(r#","state":{state},"hasMore":{has_more}}}"#);
        Self {
            chunks: [r#"{"insert":"#.to_owned(), insert, tail],
        }
    }

    /// The length of the whole answer in bytes.
    #[allow(clippy::len_without_is_empty, reason = "an answer is never empty")]
    pub fn len(&self) -> usize {
        self.chunks.iter().map(String::len).sum()
    }

    /// The pieces in their order: the beginning, the rows, the rest.
    pub fn chunks(&self) -> [&str; 3] {
        self.chunks.each_ref().map(String::as_str)
    }

    /// Like [`chunks`](Self::chunks), without a copy.
    pub fn into_chunks(self) -> [String; 3] {
        self.chunks
    }
}
