//! A component's interface: the version of its contract, and what it imports from the host.

use wasmparser::{Encoding, Parser, Payload};

use super::code::FindingCode;
use super::finding::Finding;

/// The interface that a connector exports, without its version.
const SOURCE: &str = "weld:connector/source";

/// How WebAssembly begins, and how a core module does.
const MAGIC: &[u8] = b"\0asm";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// The version of the contract that this host supports.
const CONTRACT: &str = "0.1";

/// The interface of a component.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Surface {
    /// The version of the contract, such as `0.1.0`.
    pub(crate) contract: Option<String>,
    /// Each imported interface with what it provides; `None` if this host doesn't have it.
    pub(crate) imports: Vec<(String, Option<&'static str>)>,
}

impl Surface {
    /// Whether the component sends requests by WASI.
    pub(crate) fn imports_wasi_http(&self) -> bool {
        let names = self.imports.iter().map(|(name, _)| name.split('@').next());
        names
            .flatten()
            .any(|name| name == "wasi:http/outgoing-handler")
    }
}

/// Reads a component's imports and exports, and reports problems with them.
pub(crate) fn surface(bytes: &[u8]) -> (Surface, Vec<Finding>) {
    let mut surface = Surface::default();
    let mut findings = Vec::new();
    let (imports, exports) = match names(bytes) {
        Ok(names) => names,
        Err(message) => {
            let found = Finding::new(FindingCode::NoComponent, message);
            findings.push(if is_damaged(bytes) {
                found.with_fix("copy it again, or let `weld-host build` make it again")
            } else {
                found
            });
            return (surface, findings);
        }
    };
    let source = exports.iter().find_map(|name| {
        let (interface, version) = name.split_once('@').unwrap_or((name, ""));
        (interface == SOURCE).then_some(version)
    });
    match source {
        None => {
            let exported = match exports.as_slice() {
                [] => "nothing".to_owned(),
                all => all.join(", "),
            };
            let message = format!("the component exports {exported}, not {SOURCE}");
            findings.push(Finding::new(FindingCode::NoContract, message));
        }
        Some(version) if !is_supported(version) => {
            let message = format!(
                "the component uses version {version} of the contract, this host supports {CONTRACT}"
            );
            findings.push(Finding::new(FindingCode::ContractVersion, message));
        }
        Some(_) => {}
    }
    surface.contract = source.map(str::to_owned);
    for name in imports {
        let meaning = meaning(&name);
        if meaning.is_none() {
            let message = format!("the component imports {name}, which this host doesn't provide");
            findings.push(Finding::new(FindingCode::UnknownImport, message));
        }
        surface.imports.push((name, meaning));
    }
    (surface, findings)
}

fn is_supported(version: &str) -> bool {
    version
        .strip_prefix(CONTRACT)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Whether a file was probably a component before a copy or a download was broken off.
fn is_damaged(bytes: &[u8]) -> bool {
    let is_module = bytes.starts_with(MODULE);
    bytes.is_empty() || bytes.starts_with(MAGIC) && !is_module
}

/// The names of the imports and exports of the outermost component.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if !bytes.starts_with(MAGIC) {
        return Err("the file is not WebAssembly".to_owned());
    }
    let broken = |error: wasmparser::BinaryReaderError| {
        format!("the file is not complete WebAssembly: {}", error.message())
    };
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding == Encoding::Module {
                    return Err("the file is a core module, not a component".to_owned());
                }
                depth = depth.saturating_add(1);
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    exports.push(export.map_err(broken)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// What an interface provides in this host; `None` if the host doesn't have it.
fn meaning(import: &str) -> Option<&'static str> {
    let (interface, _) = import.split_once('@').unwrap_or((import, ""));
    let (package, name) = interface.split_once('/').unwrap_or((interface, ""));
    Some(match (package, name) {
        ("weld:connector", "host") => "requests, pauses, variables and log lines, from the host",
        ("wasi:http", _) => "requests, through the same rules as http-fetch",
        ("wasi:cli", "environment") => "the variables of [env], and no arguments",
        ("wasi:cli", "exit") => "ends the call as a crash",
        ("wasi:cli", "stdout" | "stderr") => "lines of the host's log",
        ("wasi:cli", _) => "a terminal, which components don't have",
        ("wasi:clocks", _) => "the time, and pauses, which count against `page-timeout`",
        ("wasi:random", _) => "random numbers",
        ("wasi:io", _) => "streams for the other interfaces",
        ("wasi:filesystem", _) => "files: components have none, so every attempt fails",
        ("wasi:sockets", _) => {
            "sockets: every attempt fails; use http-fetch or wasi:http for requests"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(bytes: &[u8]) -> Vec<FindingCode> {
        surface(bytes)
            .1
            .iter()
            .map(|finding| finding.code)
            .collect()
    }

    #[test]
    fn files_that_are_not_components_are_reported() {
        for bytes in [
            &b"no wasm"[..],
            b"",
            b"\0asm\x01\0\0\0",
            b"\0asm\x0d\0\x01\0\xff",
        ] {
            assert_eq!(codes(bytes), [FindingCode::NoComponent], "{bytes:?}");
        }
        assert_eq!(codes(b"\0asm\x0d\0\x01\0"), [FindingCode::NoContract]);
    }

    #[test]
    fn imports_that_the_host_lacks_are_reported_like_this() {
        let component =
            wat::parse_str(r#"(component (import "acme:queue/tasks@1.0.0" (instance)))"#).unwrap();
        let (_, findings) = surface(&component);
        let unknown = findings
            .iter()
            .find(|finding| finding.code == FindingCode::UnknownImport);
        insta::assert_snapshot!(unknown.unwrap().message);
    }

    #[test]
    fn additions_to_the_contract_are_supported_and_other_versions_are_not() {
        for (version, spoken) in [
            ("0.1.0", true),
            ("0.1.7", true),
            ("0.10.0", false),
            ("0.2.0", false),
            ("", false),
        ] {
            assert_eq!(is_supported(version), spoken, "{version}");
        }
    }
}
