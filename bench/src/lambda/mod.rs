//! The host as a function of AWS Lambda: how soon it asks for its first event, and what an invocation costs more than a
//! request to the server.

mod runtime_api;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};
use weld_host::cli::Cli;

use self::runtime_api::{RuntimeApi, read_message};
use crate::child::Process;
use crate::handlers::ROWS_CONNECTOR;
use crate::jobs::KEY;
use crate::lone::{PATIENCE, Plugin, Site};
use crate::table::{digits, median, range};

/// How often a function is started in each round, and how often it and the server are asked for a page.
const STARTS: usize = 5;
const PAGES: usize = 200;

/// The rows of a page.
const SIZES: [u32; 2] = [1, 80];

/// The pages of a function and of a server, in milliseconds.
#[derive(Default)]
struct Pages {
    function: Vec<f64>,
    server: Vec<f64>,
}

/// The host as a function, whose settings come from the environment. This mode of the program is measured.
///
/// # Errors
///
/// An error of the host.
pub(crate) fn run() -> anyhow::Result<()> {
    Ok(Cli::of_function()?.run()?)
}

/// Starts a function several times in each of the rounds, with its connector in the cache, and asks it and a server in turn
/// for pages. Returns tables in Markdown.
///
/// # Errors
///
/// A process does not start, or an answer is wrong.
pub(crate) fn measure(rounds: usize) -> anyhow::Result<String> {
    let site = Site::set(&[Plugin {
        name: "rows".to_owned(),
        component: ROWS_CONNECTOR,
        configuration: String::new(),
    }])?;
    // Fills the cache, which the function shares.
    let server = site.start(&[])?;
    let mut client = ServerClient::connect(server.address)?;
    client.page(1)?;
    let mut starts = Vec::new();
    let mut pages = [(); SIZES.len()].map(|()| Pages::default());
    for _ in 0..rounds {
        for _ in 0..STARTS {
            starts.push(start(&site)?.1);
        }
        let (mut function, _) = start(&site)?;
        for (rows, pages) in SIZES.into_iter().zip(&mut pages) {
            // The first call creates what later ones find.
            function.page(rows)?;
            client.page(rows)?;
            for _ in 0..PAGES {
                pages.function.push(milliseconds(function.page(rows)?));
                pages.server.push(milliseconds(client.page(rows)?));
            }
        }
    }
    Ok(tables(&starts, &pages))
}

fn tables(starts: &[f64], pages: &[Pages]) -> String {
    let (least, most) = range(starts, |start| *start);
    let mut text = format!(
        "`lambda`: from the start of the process to its first question for an event, with the connector in the cache: {} ms \
         ({} to {})\n\n| a page | function p50 ms | server p50 ms | difference ms |\n|---|---|---|---|",
        digits(median(starts, |start| *start)),
        digits(least),
        digits(most)
    );
    for (rows, pages) in SIZES.into_iter().zip(pages) {
        let [function, server] =
            [&pages.function, &pages.server].map(|times| median(times, |time| *time));
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| of {rows} rows | {} | {} | {} |",
            digits(function),
            digits(server),
            digits(function - server)
        );
    }
    text
}

/// A function that waits for an event.
struct Function {
    api: RuntimeApi,
    /// Ends with it.
    _process: Process,
}

/// Starts a function, and returns how many milliseconds it took until its first question.
fn start(site: &Site) -> anyhow::Result<(Function, f64)> {
    let mut api = RuntimeApi::start()?;
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let environment = [
        ("AWS_LAMBDA_RUNTIME_API", api.address().to_string()),
        ("LAMBDA_TASK_ROOT", path(site.path())),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
        ("WELD_API_KEY", KEY.to_owned()),
        ("WELD_CACHE", path(&site.path().join("cache"))),
        ("WELD_LOG", "warn".to_owned()),
    ];
    let log = File::create(site.path().join("log"))?;
    let streams = (Stdio::null(), log.into());
    let began = Instant::now();
    let process = Process::start_on(streams, "function", ["function"], &environment, site.path())?;
    api.wait_for_question(PATIENCE)?;
    let took = milliseconds(began.elapsed());
    let function = Function {
        api,
        _process: process,
    };
    Ok((function, took))
}

impl Function {
    /// Invokes it for a page, and returns how long the answer took.
    fn page(&mut self, rows: u32) -> anyhow::Result<Duration> {
        let (answer, took) = self.api.invoke(&event(rows), PATIENCE)?;
        let answer: Value = serde_json::from_slice(&answer)?;
        let status = answer.get("statusCode").and_then(Value::as_u64);
        ensure!(status == Some(200), "the function: {answer}");
        let page = answer.get("body").and_then(Value::as_str);
        check(page.unwrap_or_default().as_bytes(), rows)?;
        Ok(took)
    }
}

fn event(rows: u32) -> Vec<u8> {
    let event = json!({
        "version": "2.0", "rawPath": "/rows", "rawQueryString": "",
        "headers": {"authorization": format!("Bearer {KEY}"), "content-type": "application/json"},
        "requestContext": {
            "domainName": "bench.lambda-url.eu-north-1.on.aws", "stage": "$default",
            "http": {"method": "POST", "path": "/rows", "sourceIp": "192.0.2.7"},
        },
        "body": body(rows), "isBase64Encoded": false,
    });
    event.to_string().into_bytes()
}

fn body(rows: u32) -> String {
    json!({"name": rows.to_string(), "state": {}}).to_string()
}

fn check(page: &[u8], rows: u32) -> anyhow::Result<()> {
    let page: Value = serde_json::from_slice(page)?;
    let found = page
        .get("insert")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    ensure!(
        found == usize::try_from(rows)?,
        "{found} rows instead of {rows}"
    );
    Ok(())
}

/// One connection to the server.
struct ServerClient {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl ServerClient {
    fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            address,
            stream: BufReader::new(stream),
        })
    }

    /// Requests a page, and returns how long the answer took.
    fn page(&mut self, rows: u32) -> anyhow::Result<Duration> {
        let body = body(rows);
        let request = format!(
            "POST /rows HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let began = Instant::now();
        self.stream.get_mut().write_all(request.as_bytes())?;
        let answer = read_message(&mut self.stream)?;
        let took = began.elapsed();
        ensure!(
            answer.start.contains(" 200 "),
            "the server: {}",
            answer.start
        );
        check(&answer.body, rows)?;
        Ok(took)
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
