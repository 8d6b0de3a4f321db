//! What the manifests of Cargo and npm say about a connector.

use std::path::Path;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::error::BuildError;

/// A parsed `Cargo.toml`.
pub(super) struct CargoManifest {
    /// The name in `[package.metadata.weld]`, which may be one that no package can have, or else the package's.
    pub(super) name: Option<String>,
    /// Whether it describes a package, not only a workspace.
    pub(super) has_package: bool,
    /// The members of its workspace, as written.
    pub(super) members: Vec<String>,
}

impl CargoManifest {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`BuildError::File`], or [`BuildError::Manifest`] if it is not TOML.
    pub(super) fn read(path: &Path) -> Result<Self, BuildError> {
        Self::parse(&text(path)?).map_err(|reason| invalid(path, reason))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let manifest = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
        let root = manifest.get_ref();
        let package = root.get("package").map(|package| package.get_ref());
        let name = |keys: &[&str]| {
            let mut value = package?;
            for key in keys {
                value = value.get(*key)?.get_ref();
            }
            value.as_str().map(str::to_owned)
        };
        let members = root
            .get("workspace")
            .and_then(|workspace| workspace.get_ref().get("members"))
            .and_then(|members| members.get_ref().as_array());
        Ok(Self {
            name: name(&["metadata", "weld", "name"]).or_else(|| name(&["name"])),
            has_package: package.is_some_and(DeValue::is_table),
            members: members
                .into_iter()
                .flatten()
                .filter_map(|member| member.get_ref().as_str().map(str::to_owned))
                .collect(),
        })
    }
}

/// A parsed `package.json`.
pub(super) struct NodeManifest(Value);

impl NodeManifest {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`BuildError::File`], or [`BuildError::Manifest`] if it is not JSON.
    pub(super) fn read(path: &Path) -> Result<Self, BuildError> {
        serde_json::from_str(&text(path)?)
            .map(Self)
            .map_err(|error| invalid(path, error.to_string()))
    }

    /// The package's name without its scope: `@acme/beers` is the connector `beers`.
    pub(super) fn name(&self) -> Option<&str> {
        let name = self.0.get("name")?.as_str()?;
        let unscoped = name
            .strip_prefix('@')
            .and_then(|scoped| Some(scoped.split_once('/')?.1));
        Some(unscoped.unwrap_or(name))
    }

    /// Whether it has a script `build`.
    pub(super) fn has_build_script(&self) -> bool {
        self.0
            .pointer("/scripts/build")
            .is_some_and(Value::is_string)
    }

    /// The packages that it lists with their version ranges; an empty object if it lists none.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = (&str, &str)> {
        ["dependencies", "devDependencies"]
            .into_iter()
            .filter_map(|key| self.0.get(key)?.as_object())
            .flatten()
            .filter_map(|(name, range)| Some((name.as_str(), range.as_str()?)))
    }
}

fn text(path: &Path) -> Result<String, BuildError> {
    std::fs::read_to_string(path).map_err(|source| BuildError::File {
        path: path.to_owned(),
        source,
    })
}

fn invalid(path: &Path, reason: String) -> BuildError {
    BuildError::Manifest {
        path: path.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_manifest_has_the_name_of_the_connector_or_of_the_package() {
        for (text, name, has_package) in [
            ("package.name = \"beers\"", Some("beers"), true),
            ("[package]\nname = 'a-b'", Some("a-b"), true),
            (
                "[package]\nname = 'a'\n[package.metadata.weld]\nname = 'shop.eu'",
                Some("shop.eu"),
                true,
            ),
            ("[workspace]", None, false),
            ("package = 1", None, false),
        ] {
            let manifest = CargoManifest::parse(text).unwrap();
            assert_eq!(manifest.name.as_deref(), name, "{text}");
            assert_eq!(manifest.has_package, has_package, "{text}");
        }
        assert!(CargoManifest::parse("[package").is_err());
        let workspace = CargoManifest::parse("[workspace]\nmembers = ['a', 1, 'b/*']").unwrap();
        assert_eq!(workspace.members, ["a", "b/*"]);
    }

    #[test]
    fn node_manifest_has_a_name_a_script_and_packages() {
        for (text, name, has_script) in [
            (r#"{"name": "beers"}"#, Some("beers"), false),
            (
                r#"{"name": "@acme/beers", "scripts": {"build": "x"}}"#,
                Some("beers"),
                true,
            ),
            (
                r#"{"version": "1.0.0", "scripts": {"test": "x"}}"#,
                None,
                false,
            ),
            ("3", None, false),
        ] {
            let manifest = NodeManifest(serde_json::from_str(text).unwrap());
            assert_eq!(manifest.name(), name, "{text}");
            assert_eq!(manifest.has_build_script(), has_script, "{text}");
        }
        let text = r#"{"dependencies": {"a": "1"}, "devDependencies": {"b": "^2", "c": 3}}"#;
        let manifest = NodeManifest(serde_json::from_str(text).unwrap());
        let listed: Vec<_> = manifest.dependencies().collect();
        assert_eq!(listed, [("a", "1"), ("b", "^2")]);
    }
}
