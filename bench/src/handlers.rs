//! The measured servers, as the orchestrator starts them.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;
use weld_host::author::new::Language;
use weld_host::demo::EXAMPLE_CONNECTOR;

use crate::adapted::{self, Form};
use crate::child::Process;
use crate::jobs::{KEY, TOKEN, Work};
use crate::languages;
use crate::python::{Python, Variant};

pub(crate) const ROWS_CONNECTOR: &[u8] = include_bytes!(env!("WELD_BENCH_GUEST"));

/// A host may have to compile its connectors first.
const START_TIME: Duration = Duration::from_secs(60);

/// The server that does a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handler {
    WeldHost,
    Native,
    FunctionsFramework(Variant),
    /// weld-host with the connector that `weld-host new` creates in a language.
    Connector(Language),
    /// weld-host with the guide's function, or with the same connector written for a kit.
    Guide(Form, Language),
}

impl Handler {
    /// The handlers that every job is measured on.
    pub(crate) const RUST: [Self; 2] = [Self::WeldHost, Self::Native];

    /// functions-framework with its default settings, with which the others are compared.
    pub(crate) const FRAMEWORK: Self = Self::FunctionsFramework(Variant::of_beers("page", 1));

    /// Further handlers for the job of fetching: functions-framework with its defaults, and then tuned.
    pub(crate) fn python(cores: usize) -> [Self; 3] {
        let with_session =
            |workers| Self::FunctionsFramework(Variant::of_beers("page_with_session", workers));
        [Self::FRAMEWORK, with_session(1), with_session(cores)]
    }

    /// The handler's name in the tables.
    pub(crate) fn name(self) -> String {
        match self {
            Self::WeldHost => "weld-host".to_owned(),
            Self::Native => "native".to_owned(),
            Self::Connector(language) => format!("weld-host in {}", languages::name(language)),
            Self::Guide(form, language) => {
                format!("{}, {}", form.name(), languages::name(language))
            }
            Self::FunctionsFramework(Variant {
                function, workers, ..
            }) => {
                let way = if function == "page_with_session" {
                    ", session"
                } else {
                    ""
                };
                let workers = if workers == 1 {
                    String::new()
                } else {
                    format!(", {workers} workers")
                };
                format!("functions-framework{way}{workers}")
            }
        }
    }
}

/// The demo API, and what the servers that use it need.
pub(crate) struct Stage {
    folder: TempDir,
    /// The API's process.
    pub(crate) api: Process,
    api_address: SocketAddr,
}

impl Stage {
    /// Starts the demo API with `scale` times its 325 beers, and writes the host's plugins folder.
    ///
    /// # Errors
    ///
    /// An error of the system, or the API does not start.
    pub(crate) fn set(scale: u32) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("weld-host-bench-")
            .tempdir()?;
        let scale = scale.to_string();
        let words = ["api", "--scale", scale.as_str()];
        let mut api = Process::start("the demo API", words, &[], folder.path())?;
        let api_address = api.announced_address(START_TIME)?;
        let plugins = folder.path().join("plugins");
        fs::create_dir(&plugins)?;
        let beers = plugins.join(Work::Fetch.path());
        fs::write(beers.with_extension("wasm"), EXAMPLE_CONNECTOR)?;
        let configuration = format!(
            "[env]\n\
             API_BASE_URL = \"http://{api_address}\"\n\
             API_BEARER_TOKEN = \"{TOKEN}\"\n\
             PAUSE_MS = \"0\"\n\
             \n\
             [network]\n\
             allow = [\"http://{api_address}\"]\n"
        );
        fs::write(beers.with_extension("toml"), configuration)?;
        let rows = plugins.join(Work::Rows(1).path());
        fs::write(rows.with_extension("wasm"), ROWS_CONNECTOR)?;
        Ok(Self {
            folder,
            api,
            api_address,
        })
    }

    /// Starts a server that does any job, and returns its address.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub(crate) fn start(
        &self,
        handler: Handler,
        python: Option<&Python>,
    ) -> anyhow::Result<(Process, SocketAddr)> {
        let folder = self.folder.path();
        let words: Vec<OsString> = match handler {
            Handler::WeldHost => vec![
                "host".into(),
                folder.join("plugins").into(),
                folder.join("cache").into(),
            ],
            Handler::Connector(language) => self.host_of(languages::name(language)),
            Handler::Guide(form, language) => self.host_of(&adapted::folder_name(form, language)),
            Handler::Native => vec!["native".into(), self.api_address.to_string().into()],
            Handler::FunctionsFramework(variant) => {
                let python = python.context("Python is not set up")?;
                return python.serve(variant, self.api_address);
            }
        };
        let environment = [("WELD_API_KEY", KEY.to_owned())];
        let mut process = Process::start(&handler.name(), words, &environment, folder)?;
        let address = process.announced_address(START_TIME)?;
        Ok((process, address))
    }

    /// The command that starts a host on such a folder, with its cache next to it.
    fn host_of(&self, folder: &str) -> Vec<OsString> {
        let plugins = self.plugins_of(folder);
        let cache = plugins.with_file_name("cache");
        vec!["host".into(), plugins.into(), cache.into()]
    }

    /// The plugins folder of a host with one connector, in its own folder. Neither is created yet.
    pub(crate) fn plugins_of(&self, folder: &str) -> PathBuf {
        self.folder.path().join(folder).join("plugins")
    }

    /// The configuration with which the guide's function, and the same connector of a kit, reach the API.
    pub(crate) fn configuration_of_function(&self) -> String {
        let api = self.api_address;
        format!(
            "[env]\n\
             API_BASE_URL = \"http://{api}\"\n\
             API_BEARER_TOKEN = \"{TOKEN}\"\n\
             \n\
             [network]\n\
             allow = [\"http://{api}\"]\n"
        )
    }

    /// The configuration with which the connectors of the templates reach the API.
    pub(crate) fn configuration_of_template(&self) -> String {
        let api = self.api_address;
        format!(
            "[env]\n\
             API_BASE_URL = \"http://{api}\"\n\
             \n\
             [network]\n\
             allow = [\"http://{api}\"]\n\
             \n\
             [auth.demo]\n\
             urls = [\"http://{api}\"]\n\
             kind = \"bearer\"\n\
             token = \"{TOKEN}\"\n"
        )
    }

    /// A folder for processes that don't need one of their own.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}
