//! The URL that traces are sent to.

use std::fmt;

use url::Url;

/// The path below the base URL of a collector that takes traces.
const TRACES_PATH: [&str; 2] = ["v1", "traces"];

/// A URL that takes traces, by HTTP or HTTPS.
#[derive(Clone, PartialEq, Eq)]
pub struct OtlpEndpoint {
    url: Url,
    /// As it was written, without a query, which may contain a key.
    written: String,
}

impl OtlpEndpoint {
    /// Reads the base URL of a collector, such as `http://127.0.0.1:4318`. Traces go to `/v1/traces` below it.
    ///
    /// # Errors
    ///
    /// A message that describes the right form.
    pub fn of_base(text: &str) -> Result<Self, String> {
        let mut url = parse(text)?;
        if url.query().is_some() {
            return Err(
                "write the URL without a query; OTEL_EXPORTER_OTLP_HEADERS has room for a key"
                    .to_owned(),
            );
        }
        let written = text.trim().to_owned();
        // It can't fail: `parse` permits only `http` and `https`.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(TRACES_PATH);
        }
        Ok(Self { url, written })
    }

    /// Reads the complete URL that takes traces.
    ///
    /// # Errors
    ///
    /// A message that describes the right form.
    pub fn of_traces(text: &str) -> Result<Self, String> {
        let url = parse(text)?;
        let mut shown = url.clone();
        shown.set_query(None);
        Ok(Self {
            url,
            written: shown.into(),
        })
    }

    /// The URL that traces are sent to.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }
}

/// Reads a URL of HTTP or HTTPS without user and password.
fn parse(text: &str) -> Result<Url, String> {
    let example = "such as http://127.0.0.1:4318";
    let mut url = Url::parse(text.trim())
        .map_err(|error| format!("not a valid URL ({error}); write one {example}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "write a URL that begins with http:// or https://, {example}"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "write the URL without a user and password; OTEL_EXPORTER_OTLP_HEADERS has room for a credential".to_owned(),
        );
    }
    url.set_fragment(None);
    Ok(url)
}

impl fmt::Display for OtlpEndpoint {
    /// As it was written, without a query.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl fmt::Debug for OtlpEndpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OtlpEndpoint({self})")
    }
}
