//! What `weld-host check` prints for each finding.

use crate::authoring::check::Folder;
use crate::guests;

/// What `check` prints, on stdout and then on stderr.
fn checked(folder: &Folder, file: &str) -> String {
    let output = folder.check(&[file]);
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    // On a busy machine, compiling takes longer than a second, which is mentioned.
    let stderr = stderr
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("compiling ") && !line.starts_with("compiled in "));
    stdout.chars().chain(stderr.flat_map(str::chars)).collect()
}

#[test]
fn connector_with_faults_is_reported_like_this() {
    let folder = Folder::new().with_guest("faulty.wasm", guests::HAS_EVERY_FAULT);
    insta::assert_snapshot!(checked(&folder, "faulty.wasm"));
}

#[test]
fn files_that_do_not_load_are_reported_like_this() {
    let folder = Folder::new()
        .with("text.wasm", "no wasm")
        .with("module.wasm", b"\0asm\x01\0\0\0")
        .with_guest("command.wasm", guests::IS_A_COMMAND)
        .with_guest("later.wasm", guests::SPEAKS_ANOTHER_VERSION)
        .with_guest("shape.wasm", guests::EXPORTS_ANOTHER_SHAPE)
        .with_guest("imports.wasm", guests::IMPORTS_AN_UNKNOWN_FUNCTION)
        .with_guest("config.wasm", guests::ECHOES_STATE)
        .with("config.toml", "[limits]\nmemroy = 1");
    let files = [
        "text.wasm",
        "module.wasm",
        "command.wasm",
        "later.wasm",
        "shape.wasm",
        "imports.wasm",
        "config.wasm",
    ];
    insta::assert_snapshot!(files.map(|file| checked(&folder, file)).join("\n"));
}

#[test]
fn schemas_that_cannot_be_synced_are_reported_like_this() {
    let folder = Folder::new()
        .with_guest("fails.wasm", guests::FAILS_AS_REQUESTED)
        .with("fails.toml", "[env]\nSCHEMA_ERROR = \"other\"")
        .with_guest("empty.wasm", guests::FAILS_AS_REQUESTED)
        .with("empty.toml", "[env]\nSCHEMA_ERROR = \"no_tables\"");
    let files = ["fails.wasm", "empty.wasm"];
    insta::assert_snapshot!(files.map(|file| checked(&folder, file)).join("\n"));
}

#[test]
fn missing_file_is_reported_like_this() {
    insta::assert_snapshot!(checked(&Folder::new(), "none.wasm"));
}
