//! Attacks by files in the plugins folder.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use weld_host_tests::component;
use weld_host_tests::host::Host;

use super::guests;

/// Files that are put into the folder of a running host.
pub(crate) struct FileAttack {
    pub(crate) name: &'static str,
    /// Creates them, and returns their paths.
    make: fn(&Path) -> Vec<PathBuf>,
}

/// All of these attacks.
pub(crate) const FILE_ATTACKS: &[FileAttack] = &[
    FileAttack {
        name: "files-that-are-none",
        make: special_files,
    },
    FileAttack {
        name: "broken-configurations",
        make: broken_configurations,
    },
    FileAttack {
        name: "broken-components",
        make: broken_components,
    },
    FileAttack {
        name: "compile-bombs",
        make: compile_bombs,
    },
];

/// How many broken files appear at once.
const BROKEN: usize = 1_000;

/// How many special files of each kind.
const OF_EACH_KIND: usize = 20;

/// Puts the files there.
pub(crate) fn put(attack: &FileAttack, folder: &Path) -> Vec<PathBuf> {
    (attack.make)(folder)
}

/// Removes all of them again.
pub(crate) fn take_away(made: &[PathBuf]) {
    for path in made {
        let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
        let gone = if is_folder {
            fs::remove_dir(path)
        } else {
            fs::remove_file(path)
        };
        gone.expect("the folder is the benchmark's own");
    }
}

/// Adds a good connector. Returns how long it took until it was served; `None` if it was not served in time.
pub(crate) fn newcomer(host: &Host, until: Instant) -> Option<Duration> {
    let began = Instant::now();
    let path = host.plugins().join("newcomer.wasm");
    fs::copy(guests::ANSWERS_ITS_WORDS, path).expect("the folder is the benchmark's own");
    let weld = host.weld("newcomer");
    while Instant::now() < until {
        let answer = weld.request("GET", "/schema").try_send();
        if answer.is_ok_and(|answer| answer.status() == 200) {
            return Some(began.elapsed());
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}

/// Pipes, devices, sparse files and folders, each as a component and as the configuration of a good one.
fn special_files(folder: &Path) -> Vec<PathBuf> {
    let mut made = Vec::new();
    for number in 0..OF_EACH_KIND {
        for kind in ["pipe", "zero", "sparse", "folder"] {
            let configured = folder.join(format!("{kind}-{number}-configured.wasm"));
            fs::copy(guests::ECHOES_STATE, &configured).expect("a copy");
            let paths = [
                folder.join(format!("{kind}-{number}.wasm")),
                configured.with_extension("toml"),
            ];
            made.push(configured);
            for path in paths {
                match kind {
                    "pipe" => mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).expect("a pipe"),
                    "zero" => symlink("/dev/zero", &path).expect("a link"),
                    "sparse" => {
                        let file = File::create(&path).expect("a file");
                        file.set_len(10 << 30).expect("a sparse file");
                    }
                    _ => fs::create_dir(&path).expect("a folder"),
                }
                made.push(path);
            }
        }
    }
    made
}

/// Good components, each with an invalid configuration.
fn broken_configurations(folder: &Path) -> Vec<PathBuf> {
    let of_one = |number| {
        let component = folder.join(format!("broken-{number}.wasm"));
        let config = component.with_extension("toml");
        fs::write(&config, "[limits]\nmemory = much\n".repeat(40)).expect("a file");
        fs::copy(guests::ECHOES_STATE, &component).expect("a copy");
        [config, component]
    };
    (0..BROKEN).flat_map(of_one).collect()
}

/// Files of a megabyte each that begin like a component but are not one.
fn broken_components(folder: &Path) -> Vec<PathBuf> {
    let of_one = |number: usize| {
        let path = folder.join(format!("broken-{number}.wasm"));
        let mut bytes = component::large(1_000, 100);
        bytes.extend(number.to_le_bytes());
        bytes.push(0xff);
        fs::write(&path, bytes).expect("a file");
        path
    };
    (0..BROKEN).map(of_one).collect()
}

/// Components that take the compiler minutes, and one with a single function that takes it a lot of memory.
fn compile_bombs(folder: &Path) -> Vec<PathBuf> {
    let bombs = (0..4).map(|number| component::large(20_000 + number, 100));
    let bombs = bombs.chain([component::large(1, 900_000)]);
    let of_one = |(number, bytes): (usize, Vec<u8>)| {
        let path = folder.join(format!("bomb-{number}.wasm"));
        fs::write(&path, bytes).expect("a file");
        path
    };
    bombs.enumerate().map(of_one).collect()
}
