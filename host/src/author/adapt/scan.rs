//! Runs a language's scan, a program in that language that prints JSON.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::AdaptError;
use crate::author::build::Tool;

/// What a scan prints.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ScanAnswer<T> {
    /// Why the function can't be served, for its author.
    Refused(String),
    Found(T),
}

/// Runs a scan and parses its output.
///
/// # Errors
///
/// [`AdaptError`]: the function can't be served, the scan fails, or its output is not valid.
pub(super) async fn scanned<T: DeserializeOwned>(
    question: &Tool,
    announce: &mut dyn FnMut(&str),
) -> Result<T, AdaptError> {
    let bytes = question.run_for_stdout(announce).await?;
    read(&bytes).unwrap_or_else(|error| {
        Err(AdaptError::NoFindings {
            command: question.line(),
            reason: error.to_string(),
        })
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Result<T, AdaptError>, serde_json::Error> {
    let answer: ScanAnswer<T> = serde_json::from_slice(bytes)?;
    Ok(match answer {
        ScanAnswer::Found(found) => Ok(found),
        ScanAnswer::Refused(reason) => Err(AdaptError::Function(reason)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scan_has_findings_or_says_why_the_function_cannot_be_served() {
        let found = read::<Vec<u8>>(br#"{"found": [1]}"#).unwrap().unwrap();
        assert_eq!(found, [1]);
        let refused = read::<u8>(br#"{"refused": "main.py:3: no"}"#);
        let error = refused.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "main.py:3: no");
        assert!(read::<u8>(b"3").is_err() && read::<u8>(b"").is_err());
    }
}
