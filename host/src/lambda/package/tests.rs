use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};

use object::elf;
use tempfile::TempDir;
use zip::ZipArchive;

use super::binary::Architecture;
use super::binary::tests::program;
use super::*;

/// A folder with a program, two connectors and settings.
fn sources() -> (TempDir, PackageSources) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("connectors/certificates")).unwrap();
    for (name, content) in [
        ("connectors/wines.wasm", "wines"),
        ("connectors/beers.wasm", "beers"),
        ("connectors/beers.toml", "[env]"),
        ("connectors/certificates/ca.pem", "certificate"),
        ("connectors/.hidden", "left out"),
        ("connectors/beers.toml~", "left out"),
        ("settings.toml", "default = \"beers\""),
    ] {
        fs::write(path(name), content).unwrap();
    }
    fs::write(
        path("program"),
        program(elf::EM_AARCH64, elf::ET_EXEC, None),
    )
    .unwrap();
    let sources = PackageSources {
        binary: path("program"),
        plugins: path("connectors"),
        settings: Some(path("settings.toml")),
    };
    (folder, sources)
}

#[test]
fn package_has_program_connectors_and_settings() {
    let (folder, sources) = sources();
    let output = folder.path().join("function.zip");
    let summary = package(&sources, &output).unwrap();
    assert_eq!(summary.connectors, ["beers", "wines"]);
    assert_eq!(summary.others, ["plugins/certificates/ca.pem"]);
    let mode = fs::metadata(&output).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "settings may contain secrets");
    assert_eq!(summary.binary.architecture, Architecture::Arm);
    assert_eq!(summary.packed_bytes, fs::metadata(&output).unwrap().len());
    let mut archive = ZipArchive::new(File::open(&output).unwrap()).unwrap();
    let mut found = Vec::new();
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        unpacked += entry.read_to_end(&mut content).unwrap() as u64;
        let mode = entry.unix_mode().unwrap() & 0o777;
        found.push((entry.name().to_owned(), mode));
        if entry.name() == "plugins/beers.wasm" {
            assert_eq!(content, b"beers");
        }
    }
    let expected = [
        ("bootstrap", 0o755),
        ("plugins/beers.toml", 0o644),
        ("plugins/beers.wasm", 0o644),
        ("plugins/certificates/ca.pem", 0o644),
        ("plugins/wines.wasm", 0o644),
        ("weld-host.toml", 0o644),
    ];
    assert_eq!(found, expected.map(|(name, mode)| (name.to_owned(), mode)));
    assert_eq!(summary.unpacked_bytes, unpacked);
}

#[test]
fn same_files_make_the_same_package() {
    let (folder, sources) = sources();
    let [first, second] = ["first.zip", "second.zip"].map(|name| folder.path().join(name));
    package(&sources, &first).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(7_200);
    let beers = File::open(sources.plugins.join("beers.wasm")).unwrap();
    beers.set_modified(later).unwrap();
    package(&sources, &second).unwrap();
    assert!(fs::read(first).unwrap() == fs::read(second).unwrap());
}

#[test]
fn links_to_files_are_followed_and_those_to_folders_elsewhere_refused() {
    let (folder, sources) = sources();
    let output = folder.path().join("function.zip");
    let link = |target: &str, name: &str| {
        symlink(folder.path().join(target), sources.plugins.join(name)).unwrap();
    };
    link("settings.toml", "wines.toml");
    link("connectors/certificates", "more");
    let summary = package(&sources, &output).unwrap();
    let expected = ["plugins/certificates/ca.pem", "plugins/more/ca.pem"];
    assert_eq!(summary.others, expected);
    link("", "all");
    let message = crate::report::chain(&package(&sources, &output).unwrap_err());
    assert!(
        message.contains("connectors/all") && message.contains("outside"),
        "{message}"
    );
}

#[test]
fn package_inside_the_plugins_folder_does_not_contain_itself() {
    let (_folder, sources) = sources();
    let output = sources.plugins.join("function.zip");
    let first = package(&sources, &output).unwrap();
    let second = package(&sources, &output).unwrap();
    assert_eq!(first.unpacked_bytes, second.unpacked_bytes);
}

#[test]
fn package_over_the_limit_is_refused_before_anything_is_written() {
    let (folder, sources) = sources();
    let output = folder.path().join("function.zip");
    let bytes = package(&sources, &output).unwrap().unpacked_bytes;
    assert!(package_within(&sources, &output, bytes).is_ok());
    fs::remove_file(&output).unwrap();
    match package_within(&sources, &output, bytes - 1) {
        Err(PackageError::TooLarge { largest, .. }) => assert_eq!(largest, sources.binary),
        other => panic!("{other:?}"),
    }
    assert!(!output.exists());
}

#[test]
fn what_can_not_be_packaged_is_named() {
    let (folder, mut sources) = sources();
    let output = folder.path().join("function.zip");
    let refused = |change: &dyn Fn(&mut PackageSources)| {
        let changed = &mut PackageSources {
            binary: sources.binary.clone(),
            plugins: sources.plugins.clone(),
            settings: sources.settings.clone(),
        };
        change(changed);
        let error = package(changed, &output).unwrap_err();
        assert!(!output.exists());
        crate::report::chain(&error)
    };
    let missing = folder.path().join("missing");
    for (text, change) in [
        (
            "missing can't be read",
            &(|sources: &mut PackageSources| sources.plugins = missing.clone())
                as &dyn Fn(&mut PackageSources),
        ),
        ("missing can't be read", &|sources| {
            sources.binary = missing.clone()
        }),
        ("missing can't be read", &|sources| {
            sources.settings = Some(missing.clone())
        }),
        ("not a program for Linux", &|sources| {
            sources.binary = sources.plugins.join("beers.toml");
        }),
        ("contains no NAME.wasm", &|sources| {
            sources.plugins = sources.plugins.join("certificates");
        }),
    ] {
        let message = refused(change);
        assert!(message.contains(text), "{text}: {message}");
    }
    sources.settings = None;
    let nowhere = folder.path().join("missing/function.zip");
    assert!(matches!(
        package(&sources, &nowhere),
        Err(PackageError::Unwritable { .. })
    ));
}
