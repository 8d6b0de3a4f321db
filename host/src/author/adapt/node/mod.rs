//! Functions for Node.
//!
//! A program of the kit (`weld-function-scan`), which needs no packages, reads the source. The packages that the
//! function imports are listed in the folder's own `package.json`, where the bundler finds them from `function/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::AdaptError;
use super::findings::FunctionFindings;
use super::folder::{AdaptedFolder, FUNCTION};
use super::request::AdaptRequest;
use super::scan::scanned;
use super::source::FunctionSource;
use crate::author::build::{GET_NODE, Tool, get_packages, require_node};
use crate::author::new::Files;

/// The kit and the other files of the folder.
const FOLDER: Files = include!(concat!(env!("OUT_DIR"), "/template_adapt-javascript.rs"));

const SCAN: &str = "weld-connector/bin/weld-function-scan.js";
const PACKAGES: &str = "package.json";
/// The module that `weld-connector build` builds.
const ENTRY: &str = "connector.mjs";

#[derive(Deserialize)]
struct NodeFindings {
    #[serde(flatten)]
    findings: FunctionFindings,
    /// The packages to install, with npm version ranges.
    dependencies: BTreeMap<String, String>,
    /// The line of the function that answers requests, if the source shows it.
    entry_line: Option<u64>,
    /// The keys that the function checks, in the shim's form.
    #[serde(default)]
    keys: Vec<Value>,
}

/// Adds the kit, tools and packages to the folder, so that `build` accepts it. Returns the findings.
///
/// # Errors
///
/// [`AdaptError`]: the function can't be served, or a tool fails.
pub(super) async fn prepare(
    request: &AdaptRequest,
    source: &FunctionSource,
    folder: &AdaptedFolder,
    announce: &mut dyn FnMut(&str),
) -> Result<FunctionFindings, AdaptError> {
    folder.write(FOLDER)?;
    require_node(&folder.path).await?;
    let mut question = Tool::new("node", &folder.path, GET_NODE)
        .with([SCAN, FUNCTION])
        .with([&source.file]);
    for (flag, value) in request.scan_flags() {
        question = question.with([format!("{flag}={value}")]);
    }
    // Before any download, since the source shows most problems of a function.
    let mut found: NodeFindings = scanned(&question, &mut |_| {}).await?;
    let dependencies = std::mem::take(&mut found.dependencies);
    if !dependencies.is_empty() {
        let path = folder.path.join(PACKAGES);
        let listed = with_dependencies(&path, &dependencies)?;
        folder.write_file(PACKAGES, listed.as_bytes())?;
    }
    let entry = entry(source, request, &found);
    folder.write_file(ENTRY, entry.as_bytes())?;
    get_packages(&folder.path, !dependencies.is_empty(), announce).await?;
    let mut findings = found.findings;
    findings.packages = dependencies
        .keys()
        .map(|name| installed(&folder.path, name))
        .collect();
    Ok(findings)
}

/// The folder's `package.json` with the function's packages.
fn with_dependencies(
    path: &Path,
    dependencies: &BTreeMap<String, String>,
) -> Result<String, AdaptError> {
    let failed = |source| AdaptError::File {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(failed)?;
    let mut manifest: Map<String, Value> = serde_json::from_str(&text)
        .map_err(std::io::Error::from)
        .map_err(failed)?;
    manifest.insert("dependencies".to_owned(), json!(dependencies));
    Ok(format!("{:#}\n", Value::Object(manifest)))
}

/// A package with the version that npm installed.
fn installed(folder: &Path, name: &str) -> String {
    let path = folder.join("node_modules").join(name).join(PACKAGES);
    let version = fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        .and_then(|manifest| Some(manifest.get("version")?.as_str()?.to_owned()));
    match version {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    }
}

/// The module that serves the function.
fn entry(source: &FunctionSource, request: &AdaptRequest, found: &NodeFindings) -> String {
    let file = source.file.to_string_lossy();
    let needed: Vec<_> = found
        .findings
        .variables
        .iter()
        .filter(|variable| !variable.has_default)
        .map(|variable| variable.name.as_str())
        .collect();
    let mut options = vec![format!(
        "load: () => require({})",
        json!(format!("./{FUNCTION}/{file}"))
    )];
    options.push(format!("file: {}", json!(file)));
    if let Some(line) = found.entry_line {
        options.push(format!("line: {line}"));
    }
    if let Some(entry) = &request.entry {
        options.push(format!("entry: {}", json!(entry)));
    }
    if !found.keys.is_empty() {
        options.push(format!("keys: {}", json!(found.keys)));
    }
    if !needed.is_empty() {
        options.push(format!("variables: {}", json!(needed)));
    }
    format!(
        "// Serves the function in {FUNCTION}/ as a Weld connector. Made by `weld-host adapt`.\n\n\
         import {{ functionConnector }} from \"weld-connector/adapt\";\n\n\
         export const source = functionConnector({{\n  {},\n}});\n",
        options.join(",\n  ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::adapt::findings::FoundVariable;
    use crate::author::adapt::source::FunctionLanguage;
    use std::path::PathBuf;

    #[test]
    fn entry_contains_the_flags_and_findings() {
        let source = FunctionSource {
            folder: PathBuf::from("/code"),
            file: PathBuf::from("src/index.mjs"),
            language: FunctionLanguage::Node,
        };
        let mut request = AdaptRequest {
            path: PathBuf::from("/code"),
            name: None,
            entry: None,
            key_variable: None,
            stand_ins: Vec::new(),
            output: None,
        };
        let variable = |name: &str, has_default| FoundVariable {
            name: name.to_owned(),
            place: String::new(),
            has_default,
        };
        let mut found = NodeFindings {
            findings: FunctionFindings::default(),
            dependencies: BTreeMap::new(),
            entry_line: None,
            keys: Vec::new(),
        };
        let bare = entry(&source, &request, &found);
        assert!(
            bare.ends_with(
                "functionConnector({\n  load: () => require(\"./function/src/index.mjs\"),\n  file: \"src/index.mjs\",\n});\n"
            ),
            "{bare}"
        );
        request.entry = Some("odd\"name".to_owned());
        found.entry_line = Some(7);
        found.keys = vec![json!({"header": "x-api-key", "prefix": "", "variable": "WELD_API_KEY"})];
        found.findings.variables = vec![variable("TOKEN", false), variable("REGION", true)];
        let whole = entry(&source, &request, &found);
        for line in [
            "  entry: \"odd\\\"name\",\n",
            "  line: 7,\n",
            "  keys: [{\"header\":\"x-api-key\",\"prefix\":\"\",\"variable\":\"WELD_API_KEY\"}],\n",
            "  variables: [\"TOKEN\"],\n",
        ] {
            assert!(whole.contains(line), "{whole}");
        }
    }

    #[test]
    fn packages_of_the_function_are_listed_next_to_the_tools() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(PACKAGES);
        let template = FOLDER.iter().find(|(name, _)| *name == PACKAGES).unwrap();
        fs::write(&path, template.1).unwrap();
        let dependencies = BTreeMap::from([("dayjs".to_owned(), "^1.11.0".to_owned())]);
        let text = with_dependencies(&path, &dependencies).unwrap();
        let manifest: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(manifest["dependencies"]["dayjs"], "^1.11.0");
        assert!(manifest["devDependencies"]["esbuild"].is_string());
        let installed_at = folder.path().join("node_modules/@a/b");
        fs::create_dir_all(&installed_at).unwrap();
        fs::write(installed_at.join(PACKAGES), r#"{"version": "1.2.3"}"#).unwrap();
        assert_eq!(installed(folder.path(), "@a/b"), "@a/b 1.2.3");
        assert_eq!(installed(folder.path(), "gone"), "gone");
    }
}
