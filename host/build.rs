//! Compiles the example connector, which the `demo` command carries inside the binary, and lists the files of the
//! templates that `new` and `adapt` write.
//!
//! In the repository, templates, kits and the example lie around this package. The published package has copies of them,
//! which `release/package` puts into its folder `packaged`, with the example compiled. So it builds without Rust's target
//! for connectors.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A part of a kit: its folder in `kit/`, what of that goes along, and where it lies in the new folder.
type KitPart = (&'static str, &'static [&'static str], &'static str);

/// Each template's language, and the parts of its kit. The kit's README goes along wherever people write code for the
/// kit, since the kits are described nowhere else.
const TEMPLATES: [(&str, &[KitPart]); 7] = [
    (
        "rust",
        &[(
            "rust",
            &["Cargo.toml", "README.md", "clippy.toml", "src", "wit"],
            "weld-connector/",
        )],
    ),
    (
        "python",
        &[
            ("python/src", &["weld_connector"], ""),
            ("python", &["README.md"], "weld_connector/"),
        ],
    ),
    (
        "adapt-python",
        &[("python/src", &["weld_adapt", "weld_connector"], "")],
    ),
    (
        "javascript",
        &[("javascript", JAVASCRIPT, "weld-connector/")],
    ),
    (
        "typescript",
        &[("javascript", JAVASCRIPT, "weld-connector/")],
    ),
    (
        "adapt-javascript",
        &[("javascript", JAVASCRIPT, "weld-connector/")],
    ),
    ("c", &[("c", &["weld"], ""), ("c", &["README.md"], "weld/")]),
];
const JAVASCRIPT: &[&str] = &[
    "README.md",
    "adapt.d.ts",
    "bin",
    "index.d.ts",
    "package.json",
    "src",
    "testing.d.ts",
    "types",
    "wit",
];

/// What tools leave in the folders of the repository.
const MADE: [&str; 3] = ["node_modules", "__pycache__", "target"];

/// The flag of `guest-example/.cargo/config.toml`.
const STACK: &str = "-Clink-arg=-zstack-size=262144";

/// The folder of the published package that has the copies.
const PACKAGED: &str = "packaged";
/// The ending of manifests among them: Cargo would take a folder with a `Cargo.toml` for another package, and leave it out.
const PACKED: &str = ".packed";

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=wit");
    println!("cargo::rerun-if-changed=build.rs");
    let is_packaged = Path::new(PACKAGED).is_dir();
    let sources = Path::new(if is_packaged { PACKAGED } else { ".." });
    let sources = sources
        .canonicalize()
        .map_err(|error| format!("{} can't be read: {error}", sources.display()))?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    for (language, kit) in TEMPLATES {
        let list = template(&sources, language, kit)
            .map_err(|error| format!("the template {language} can't be read: {error}"))?;
        fs::write(out.join(format!("template_{language}.rs")), list)
            .map_err(|error| error.to_string())?;
    }
    compile_time_path("WELD_TEXT_CASES", &sources.join("kit/text.json"));
    if env::var_os("CARGO_FEATURE_DEMO").is_none() {
        return Ok(());
    }
    let component = if is_packaged {
        sources.join("beers.wasm")
    } else {
        example(&sources, &out)?
    };
    compile_time_path("WELD_EXAMPLE_CONNECTOR", &component);
    Ok(())
}

/// Gives the code a path of a file to include.
fn compile_time_path(variable: &str, path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
    println!("cargo::rustc-env={variable}={}", path.display());
}

/// Compiles the example connector. Returns the component's path.
fn example(repository: &Path, out: &Path) -> Result<PathBuf, String> {
    let example = repository.join("guest-example");
    for input in [".cargo", "Cargo.toml", "Cargo.lock", "src"] {
        println!("cargo::rerun-if-changed={}", example.join(input).display());
    }
    let target = out.join("guest-example");
    let cargo = env::var_os("CARGO").ok_or("cargo sets CARGO")?;
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--quiet"])
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .current_dir(&example)
        // What shapes the host's build must not shape the guest's: its flags, and clippy's wrapper.
        .env("CARGO_ENCODED_RUSTFLAGS", flags(repository))
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTC_WRAPPER")
        .status()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if !status.success() {
        return Err(
            "guest-example did not build. Is the target missing? Run: rustup target add wasm32-wasip2 \
             (or build without the demo: --no-default-features)"
                .to_owned(),
        );
    }
    Ok(target.join("wasm32-wasip2/release/beers.wasm"))
}

/// The flags of rustc for the example. They replace those of its `.cargo/config.toml`, so they repeat the size of the stack.
/// The others leave this machine's paths out of the component, so that every machine builds the same bytes.
fn flags(repository: &Path) -> OsString {
    let mut flags = OsString::from(STACK);
    let mut add = |folder: &OsString, name: &str| {
        flags.push("\x1f--remap-path-prefix=");
        flags.push(folder);
        flags.push("=");
        flags.push(name);
    };
    let home = || Some(Path::new(&env::var_os("HOME")?).join(".cargo").into());
    if let Some(folder) = env::var_os("CARGO_HOME").or_else(home) {
        add(&folder, "/cargo");
    }
    add(&repository.as_os_str().to_owned(), "/weld-host");
    flags
}

/// A Rust expression, `&[(path, bytes), …]`: the template for a language, with the parts of its kit.
fn template(sources: &Path, language: &str, kit: &[KitPart]) -> io::Result<String> {
    let template = sources.join("templates").join(language);
    println!("cargo::rerun-if-changed={}", template.display());
    let mut list = String::from("&[\n");
    let mut add = |folder: &Path, path: PathBuf, within: &str| -> io::Result<()> {
        for file in files(path)? {
            let name = file.strip_prefix(folder).unwrap_or(&file);
            let name = format!("{within}{}", name.display());
            let name = name.strip_suffix(PACKED).unwrap_or(&name);
            writeln!(list, "({name:?}, include_bytes!({file:?})),").map_err(io::Error::other)?;
        }
        Ok(())
    };
    add(&template, template.clone(), "")?;
    for (folder, inputs, within) in kit {
        let folder = sources.join("kit").join(folder);
        for input in *inputs {
            let path = existing(folder.join(input));
            println!("cargo::rerun-if-changed={}", path.display());
            add(&folder, path, within)?;
        }
    }
    list.push(']');
    Ok(list)
}

/// The path as the package has it, which may be with an ending.
fn existing(path: PathBuf) -> PathBuf {
    let mut packed = path.clone().into_os_string();
    packed.push(PACKED);
    let packed = PathBuf::from(packed);
    if packed.exists() { packed } else { path }
}

/// The file at `path`, or all files of the folder there, in order.
fn files(path: PathBuf) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path]);
    }
    let mut entries = fs::read_dir(&path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.retain(|entry| !MADE.iter().any(|made| entry.ends_with(made)));
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        found.extend(files(entry)?);
    }
    Ok(found)
}
