//! `weld-host check --conformance`: runs the conformance cases against a connector that is written for them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::TempDir;

use super::log_capture::LogCapture;
use crate::author::conformance::{self, Api, CASES, Verdict};
use crate::cli::error::CliError;
use crate::cli::progress::ProgressLines;
use crate::cli::server_flags::CeilingFlags;
use crate::cli::source::SyncSource;
use crate::egress::HostMaps;
use crate::report::escaped;
use crate::sync::{ClientOptions, ConnectorClient};

/// The verdicts on one connector.
pub(super) struct Conformance {
    file: PathBuf,
    verdicts: Vec<Verdict>,
}

#[derive(Serialize)]
struct JsonConformance<'c> {
    file: String,
    cases: Vec<JsonCase<'c>>,
}

#[derive(Serialize)]
struct JsonCase<'c> {
    table: &'c str,
    passed: bool,
    failure: Option<&'c str>,
}

/// Runs the cases against a copy of the component, with the configuration that they need.
pub(super) async fn run(file: &Path, log: &LogCapture) -> Result<Conformance, CliError> {
    let set_up = CliError::CheckSetUp;
    let api = Api::bind().await.map_err(set_up)?;
    let folder = TempDir::with_prefix("weld-host-").map_err(set_up)?;
    let component = folder.path().join("conforms.wasm");
    fs::copy(file, &component).map_err(|source| CliError::Unreadable {
        path: file.to_owned(),
        source: source.into(),
    })?;
    let config = conformance::config(api.address());
    fs::write(component.with_extension("toml"), config).map_err(set_up)?;
    let source = SyncSource::serve(
        &component,
        HostMaps::default(),
        &CeilingFlags::default(),
        &ProgressLines::shown(),
    )
    .await?;
    let serving = tokio::spawn(api.run());
    let options = ClientOptions {
        pauses: Vec::new(),
        ..ClientOptions::default()
    };
    let client = ConnectorClient::with_options(&source.url, source.key.as_ref(), options)?;
    let verdicts = conformance::run(&client, || log.take_lines()).await;
    serving.abort();
    source.close().await;
    Ok(Conformance {
        file: file.to_owned(),
        verdicts,
    })
}

impl Conformance {
    pub(super) fn has_failed(&self) -> bool {
        self.verdicts
            .iter()
            .any(|verdict| verdict.failure.is_some())
    }

    pub(super) fn write_json(&self, to: &mut impl Write) -> io::Result<()> {
        let cases = self.verdicts.iter().map(|verdict| JsonCase {
            table: verdict.case.table,
            passed: verdict.failure.is_none(),
            failure: verdict.failure.as_deref(),
        });
        let json = JsonConformance {
            file: self.file.display().to_string(),
            cases: cases.collect(),
        };
        serde_json::to_writer(&mut *to, &json)?;
        writeln!(to)
    }

    pub(super) fn write_text(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{}", escaped(&self.file.display().to_string()))?;
        for verdict in &self.verdicts {
            let table = verdict.case.table;
            match &verdict.failure {
                None => writeln!(to, "  ok      {table}")?,
                Some(failure) => {
                    writeln!(to, "  failed  {table}: {}", escaped(failure))?;
                    writeln!(to, "          wanted: {}", verdict.case.does)?;
                }
            }
        }
        let passed = self
            .verdicts
            .iter()
            .filter(|verdict| verdict.failure.is_none());
        writeln!(to, "  {} of {} passed", passed.count(), CASES.len())
    }
}
