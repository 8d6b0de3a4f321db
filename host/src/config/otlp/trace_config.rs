//! Everything about the export of traces, read.

use std::path::PathBuf;

use http::{HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;

use super::batch::BatchBounds;
use super::endpoint::OtlpEndpoint;
use super::error::OtlpError;
use super::headers::{headers, pairs};
use super::sampler::SamplerRule;
use super::variables::{self, OtlpVariables};
use crate::config::network::{ClientIdentity, PemFault, chain, private_key, roots};
use crate::config::reading::{ReadLimit, read_in_time};

/// The most attributes of the resource, and the most bytes of each value: they are sent with each batch.
const MAX_ATTRIBUTES: usize = 128;
const MAX_VALUE_BYTES: usize = 1_024;

/// The name of the service, if nobody sets another one.
const SERVICE: &str = "weld-host";

/// How traces are exported.
#[derive(Debug, Clone)]
pub struct TraceConfig {
    /// Where they are sent.
    pub endpoint: OtlpEndpoint,
    /// Headers of each request, which may be secrets.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether requests are compressed with gzip.
    pub compression: bool,
    /// Authorities that the collector's certificate may come from, instead of those of the web; empty for those.
    pub roots: Vec<CertificateDer<'static>>,
    /// The host's own certificate.
    pub identity: Option<ClientIdentity>,
    /// What is said of this process with all of its spans: names and values. A later pair of the same name replaces
    /// an earlier one.
    pub resource: Vec<(String, String)>,
    /// Whether the traces of clients are continued.
    pub continues: bool,
    /// Which traces are recorded.
    pub sampler: SamplerRule,
    /// The bounds of what waits.
    pub batch: BatchBounds,
}

/// The value of `--otlp`, and how much it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtlpSetting {
    /// It is not set.
    Nothing,
    /// A flag or its variable, which counts before the variables of OpenTelemetry.
    Given(OtlpEndpoint),
    /// A line of `weld-host.toml`, which counts after them.
    File(OtlpEndpoint),
}

impl TraceConfig {
    /// Reads the variables. `None` if no traces are exported: nothing names an endpoint, or a variable turns the export
    /// off. Also returns the variable that names the endpoint, if one does.
    ///
    /// # Errors
    ///
    /// [`OtlpError`]: a variable is invalid, or a file that it names. Variables that have no effect are not read.
    pub fn read(
        setting: OtlpSetting,
        variables: &OtlpVariables<'_>,
    ) -> Result<Option<(Self, Option<&'static str>)>, OtlpError> {
        if variables.switch(variables::DISABLED)? {
            return Ok(None);
        }
        let Some((endpoint, variable)) = endpoint(setting, variables)? else {
            return Ok(None);
        };
        if !exports(variables)? {
            return Ok(None);
        }
        check_protocol(variables)?;
        let headers = match variables.first([variables::TRACES_HEADERS, variables::HEADERS])? {
            Some((variable, text)) => headers(variable, &text)?,
            None => Vec::new(),
        };
        let config = Self {
            endpoint,
            headers,
            compression: compression(variables)?,
            roots: pem_file(
                variables,
                [variables::TRACES_ROOTS, variables::ROOTS],
                roots,
            )?
            .map(|(_, roots)| roots)
            .unwrap_or_default(),
            identity: identity(variables)?,
            resource: resource(variables)?,
            continues: continues(variables)?,
            sampler: SamplerRule::read(variables)?,
            batch: BatchBounds::read(variables)?,
        };
        Ok(Some((config, variable)))
    }
}

/// The endpoint, with the variable of OpenTelemetry that names it.
fn endpoint(
    setting: OtlpSetting,
    variables: &OtlpVariables<'_>,
) -> Result<Option<(OtlpEndpoint, Option<&'static str>)>, OtlpError> {
    if let OtlpSetting::Given(endpoint) = setting {
        return Ok(Some((endpoint, None)));
    }
    let named = variables.first([variables::TRACES_ENDPOINT, variables::ENDPOINT])?;
    if let Some((variable, text)) = named {
        let read = match variable {
            variables::TRACES_ENDPOINT => OtlpEndpoint::of_traces,
            _ => OtlpEndpoint::of_base,
        };
        let endpoint = read(&text).map_err(|problem| OtlpError::Endpoint { variable, problem })?;
        return Ok(Some((endpoint, Some(variable))));
    }
    Ok(match setting {
        OtlpSetting::File(endpoint) => Some((endpoint, None)),
        OtlpSetting::Nothing | OtlpSetting::Given(_) => None,
    })
}

/// Whether `OTEL_TRACES_EXPORTER` permits the export.
fn exports(variables: &OtlpVariables<'_>) -> Result<bool, OtlpError> {
    let Some(text) = variables.text(variables::EXPORTER)? else {
        return Ok(true);
    };
    let mut names = text.split(',').map(str::trim);
    match text.as_str() {
        "none" => Ok(false),
        _ if names.any(|name| name == "otlp") => Ok(true),
        _ => Err(variables::wrong(
            variables::EXPORTER,
            &text,
            "the host exports by `otlp` only; write that, or `none` to export nothing",
        )),
    }
}

fn check_protocol(variables: &OtlpVariables<'_>) -> Result<(), OtlpError> {
    match variables.first([variables::TRACES_PROTOCOL, variables::PROTOCOL])? {
        Some((variable, text)) if text != "http/protobuf" => Err(variables::wrong(
            variable,
            &text,
            "the host exports by http/protobuf only; set that, and the port for it, which usually is 4318",
        )),
        _ => Ok(()),
    }
}

fn compression(variables: &OtlpVariables<'_>) -> Result<bool, OtlpError> {
    match variables.first([variables::TRACES_COMPRESSION, variables::COMPRESSION])? {
        None => Ok(false),
        Some((variable, text)) => match text.as_str() {
            "gzip" => Ok(true),
            "none" => Ok(false),
            _ => Err(variables::wrong(variable, &text, "write gzip or none")),
        },
    }
}

fn continues(variables: &OtlpVariables<'_>) -> Result<bool, OtlpError> {
    let text = variables.text(variables::PROPAGATORS)?;
    Ok(text.is_none_or(|text| text.split(',').any(|name| name.trim() == "tracecontext")))
}

/// The resource: what the host says of itself, then the operator's attributes, then the operator's name of the service.
fn resource(variables: &OtlpVariables<'_>) -> Result<Vec<(String, String)>, OtlpError> {
    let own = [
        ("service.name", SERVICE),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.name", SERVICE),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ];
    let mut all: Vec<(String, String)> = own.map(|(key, value)| (key.into(), value.into())).into();
    if let Some(text) = variables.text(variables::RESOURCE)? {
        all.extend(pairs(variables::RESOURCE, &text)?);
    }
    if let Some(name) = variables.text(variables::SERVICE_NAME)? {
        all.push(("service.name".to_owned(), name));
    }
    let mut attributes: Vec<(String, String)> = Vec::with_capacity(all.len());
    for (key, value) in all {
        let number = attributes.len();
        if number >= MAX_ATTRIBUTES || key.len() > MAX_VALUE_BYTES || value.len() > MAX_VALUE_BYTES
        {
            return Err(OtlpError::Pair {
                variable: variables::RESOURCE,
                number,
                problem: "is too long, or one too many: write at most 120 pairs, each key and value of at most 1024 bytes",
            });
        }
        match attributes.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => attributes.push((key, value)),
        }
    }
    Ok(attributes)
}

fn identity(variables: &OtlpVariables<'_>) -> Result<Option<ClientIdentity>, OtlpError> {
    let certificates = pem_file(
        variables,
        [variables::TRACES_CHAIN, variables::CHAIN],
        chain,
    )?;
    let key = pem_file(
        variables,
        [variables::TRACES_KEY, variables::KEY],
        private_key,
    )?;
    let (given, missing) = match (certificates, key) {
        (None, None) => return Ok(None),
        (Some(_), None) => (variables::CHAIN, variables::KEY),
        (None, Some(_)) => (variables::KEY, variables::CHAIN),
        (Some((_, certificates)), Some((file, key))) => {
            let NamedFile { variable, path } = file;
            let identity = ClientIdentity::new(certificates, key);
            return identity.map(Some).map_err(|problem| OtlpError::Pem {
                variable,
                path,
                problem: problem.to_string(),
            });
        }
    };
    Err(OtlpError::HalfOfIdentity { given, missing })
}

/// A file that a variable names.
struct NamedFile {
    variable: &'static str,
    path: PathBuf,
}

/// The content of the file that the first of these variables names, with that file.
fn pem_file<T>(
    variables: &OtlpVariables<'_>,
    names: [&'static str; 2],
    parse: impl FnOnce(&[u8]) -> Result<T, PemFault>,
) -> Result<Option<(NamedFile, T)>, OtlpError> {
    let Some((variable, path)) = variables.first(names)? else {
        return Ok(None);
    };
    let path = PathBuf::from(path);
    let content = read_in_time(&path, ReadLimit::PEM).map_err(|source| OtlpError::Unreadable {
        variable,
        path: path.clone(),
        source,
    })?;
    match parse(&content) {
        Ok(parsed) => Ok(Some((NamedFile { variable, path }, parsed))),
        Err(problem) => Err(OtlpError::Pem {
            variable,
            path,
            problem: problem.to_string(),
        }),
    }
}
