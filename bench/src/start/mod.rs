//! The start of a host with compiled files, as in an image or a function: the time until the first page.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use weld_host::author::new::Language;
use weld_host::demo::EXAMPLE_CONNECTOR;

use crate::author;
use crate::child::Process;
use crate::handlers::Stage;
use crate::jobs::{KEY, Work};
use crate::languages::{self, Connector};
use crate::lone::PATIENCE;
use crate::processes::usage_of_tree;
use crate::table::{digits, median, range};

/// The languages whose connectors are started, besides the example's.
const LANGUAGES: [Language; 2] = [Language::Python, Language::JavaScript];

/// A connector with its compiled file, alone in its folder.
struct Image {
    title: &'static str,
    folder: PathBuf,
    /// The size of the compiled file.
    code_bytes: u64,
}

/// One start.
struct Start {
    listening_ms: f64,
    /// The time from the start of the process to the last byte of the first page.
    first_page_ms: f64,
    /// The processor time of the process by then.
    cpu_ms: f64,
}

/// Compiles the example connector and those of the templates, and starts a host without a cache on each, `rounds` times.
/// Returns a table in Markdown. A language whose tools are missing is skipped with a message on stderr.
///
/// # Errors
///
/// A host does not start, or its first answer is not the page.
pub(crate) fn measure(rounds: usize) -> anyhow::Result<String> {
    let stage = Stage::set(1)?;
    let mut images = vec![example(&stage)?];
    for language in LANGUAGES {
        match of_template(&stage, language) {
            Ok(image) => images.push(image),
            Err(error) => eprintln!("{} is SKIPPED: {error:#}", languages::name(language)),
        }
    }
    let mut text = "`start`: a host with one connector and its compiled file (`--cpu baseline`), without a cache, from the start of \
         the process\n\n\
         | connector | compiled MiB | listening after ms (least to most) | first page after ms (least to most) | \
         processor ms by then |\n\
         |---|---|---|---|---|"
        .to_owned();
    for image in &images {
        // The first start reads the files from the disk.
        start(&stage, image)?;
        let mut starts = Vec::new();
        for _ in 0..rounds {
            starts.push(start(&stage, image)?);
        }
        let times = |value: fn(&Start) -> f64| {
            let (least, most) = range(&starts, value);
            let middle = digits(median(&starts, value));
            format!("{middle} ({} to {})", digits(least), digits(most))
        };
        let kibibytes = u32::try_from(image.code_bytes / 1024)?;
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| {} | {} | {} | {} | {} |",
            image.title,
            digits(f64::from(kibibytes) / 1024.0),
            times(|start| start.listening_ms),
            times(|start| start.first_page_ms),
            digits(median(&starts, |start| start.cpu_ms)),
        );
    }
    Ok(text)
}

fn example(stage: &Stage) -> anyhow::Result<Image> {
    let plugins = stage.plugins_of("example");
    fs::create_dir_all(&plugins)?;
    let beers = plugins.join(Work::First.path());
    fs::write(beers.with_extension("wasm"), EXAMPLE_CONNECTOR)?;
    let configuration = stage.configuration_of_function();
    let configuration = configuration.replacen("[env]", "[env]\nPAUSE_MS = \"0\"", 1);
    fs::write(beers.with_extension("toml"), configuration)?;
    Image::compile("the example, Rust", &plugins)
}

fn of_template(stage: &Stage, language: Language) -> anyhow::Result<Image> {
    Connector::make(stage, language)?;
    Image::compile(
        languages::name(language),
        &stage.plugins_of(languages::name(language)),
    )
}

impl Image {
    /// Compiles the only connector of a plugins folder into a folder beside it.
    fn compile(title: &'static str, plugins: &Path) -> anyhow::Result<Self> {
        let folder = plugins.parent().context("a folder of its own")?;
        author::weld_host(folder, &["compile", "plugins", "-o", "image"])?;
        let folder = folder.join("image");
        let code = folder.join(format!("{}.cwasm", Work::First.path()));
        Ok(Self {
            title,
            code_bytes: fs::metadata(code)?.len(),
            folder,
        })
    }
}

fn start(stage: &Stage, image: &Image) -> anyhow::Result<Start> {
    let words = [
        "host".into(),
        image.folder.clone(),
        image.folder.with_file_name("no-cache"),
        "--require-compiled".into(),
    ];
    let environment = [("WELD_API_KEY", KEY.to_owned())];
    let began = Instant::now();
    let mut host = Process::start("weld-host", words, &environment, stage.folder())?;
    let address = host.announced_address(PATIENCE)?;
    let listening = began.elapsed();
    let answer = first_page(address)?;
    let first_page = began.elapsed();
    let cpu = usage_of_tree(host.id())?.cpu;
    Work::First
        .check(&answer)
        .with_context(|| format!("the first page of {}", image.title))?;
    Ok(Start {
        listening_ms: milliseconds(listening),
        first_page_ms: milliseconds(first_page),
        cpu_ms: milliseconds(cpu),
    })
}

/// Requests the first page of beers over a new connection, and returns the body.
fn first_page(address: SocketAddr) -> anyhow::Result<Vec<u8>> {
    let (path, body) = (Work::First.path(), Work::First.request(0));
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    Ok(body.as_bytes().to_vec())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
