//! Shows a sync on a terminal: a line for the current table, and one for the total.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use jiff::Timestamp;
use weld_protocol::Pending;

use super::lines::{RefusalNotices, until, warning_line};
use super::retries::{RetryNotices, wait_text};
use super::summary::size;
use crate::lock::Mutex;
use crate::report;
use crate::sync::{Event, Summary, SyncFailure};

/// How often a line is redrawn. Reading a page takes less than a millisecond, so drawing must not happen for each page:
/// pages only update the counts, and a timer draws.
const DRAW_EVERY: Duration = Duration::from_millis(250);

/// The maximum width of a note in columns, with an end time and without.
const MAX_TIMED_NOTE: usize = 6;
const MAX_NOTE: usize = 25;

/// The lines on the terminal. Only the current ones are redrawn. Finished tables scroll away as text, so that any
/// number of tables fits.
pub(in crate::cli) struct Bars {
    screen: MultiProgress,
    /// The current table. Tables are synced one after the other.
    table: Option<Line>,
    total: Line,
    retries: RetryNotices,
    refusals: RefusalNotices,
}

impl Bars {
    pub(super) fn new() -> Self {
        let screen = MultiProgress::new();
        let total = Line::new("total");
        total.note("reading the schema");
        screen.add(total.bar.clone()).enable_steady_tick(DRAW_EVERY);
        Self {
            screen,
            table: None,
            total,
            retries: RetryNotices::default(),
            refusals: RefusalNotices::default(),
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        for line in self.retries.event(event) {
            self.say(&line);
        }
        if let Some(line) = self.refusals.event(event) {
            self.say(&line);
        }
        match event {
            Event::TableBegan { table, resumed } => {
                self.leave_table();
                let line = Line::new(table);
                line.note(if *resumed { "resuming" } else { "starting" });
                self.screen
                    .insert_before(&self.total.bar, line.bar.clone())
                    .enable_steady_tick(DRAW_EVERY);
                self.table = Some(line);
            }
            Event::Page { rows, bytes, .. } => {
                for line in self.table.iter().chain([&self.total]) {
                    line.count(*rows as u64, *bytes as u64);
                }
            }
            Event::Waiting {
                until: time,
                reason,
                waits_for,
                ..
            } => {
                if let Some(line) = &self.table {
                    line.note(&wait(*reason, *time, waits_for.as_deref()));
                }
            }
            Event::Retry { next_try, wait, .. } => {
                let note = format!("try {next_try} in {}", wait_text(*wait));
                self.table.as_ref().unwrap_or(&self.total).note(&note);
            }
            Event::Warning(warning) => self.say(&warning_line(warning)),
            Event::TableDone(_) => self.leave_table(),
            Event::Tables(_) => self.total.clear_note(),
            Event::LimitReached { .. } => {}
        }
    }

    pub(super) fn end(&mut self, ended: Result<&Summary, &SyncFailure>) {
        self.leave_table();
        self.total.clear_note();
        if let Some(line) = self.retries.end(ended) {
            self.say(&line);
        }
        self.total.bar.finish();
        // The cursor is at the end of the last line.
        eprintln!();
    }

    /// Turns the table's line into text, since no more lines can be redrawn than fit on the terminal.
    fn leave_table(&mut self) {
        if let Some(line) = self.table.take() {
            line.bar.disable_steady_tick();
            self.screen.remove(&line.bar);
            self.say(&line.last());
        }
    }

    pub(super) fn say(&self, text: &str) {
        // A closed terminal must not end the sync.
        let _ = self.screen.println(text);
    }
}

/// A line with its counts.
struct Line {
    bar: ProgressBar,
    name: String,
    figures: Arc<Mutex<Figures>>,
}

impl Line {
    fn new(name: &str) -> Self {
        let figures = Arc::new(Mutex::new(Figures::new()));
        let name = report::shortened(&report::escaped(name), 40);
        // Hidden until it has a place on the screen; it would draw itself anywhere.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
            .with_prefix(name.clone());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:<20} {figures}") {
            let drawn = Arc::clone(&figures);
            bar.set_style(style.with_key(
                "figures",
                move |_: &ProgressState, line: &mut dyn fmt::Write| {
                    // If this fails, the next tick draws it.
                    let _ = line.write_str(&drawn.lock().text());
                },
            ));
        }
        Self { bar, name, figures }
    }

    fn note(&self, note: &str) {
        self.figures.lock().note = Some(note.to_owned());
    }

    fn clear_note(&self) {
        self.figures.lock().note = None;
    }

    fn count(&self, rows: u64, bytes: u64) {
        let mut figures = self.figures.lock();
        figures.pages = figures.pages.saturating_add(1);
        figures.rows = figures.rows.saturating_add(rows);
        figures.bytes = figures.bytes.saturating_add(bytes);
        figures.note = None;
    }

    /// The final text of the line.
    fn last(&self) -> String {
        let mut figures = self.figures.lock();
        figures.note = None;
        format!("  {:<20} {}", self.name, figures.text())
    }
}

/// The text after the name in a line.
struct Figures {
    began: Instant,
    pages: u64,
    rows: u64,
    bytes: u64,
    /// Why the next page has not come yet.
    note: Option<String>,
}

impl Figures {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            pages: 0,
            rows: 0,
            bytes: 0,
            note: None,
        }
    }

    /// At most 56 columns, so that a line with a short name fits 80.
    fn text(&self) -> String {
        let counts = format!("{:>7} pages {:>10} rows", self.pages, self.rows);
        match &self.note {
            Some(note) => format!("{counts} {note}"),
            None => {
                let rate = self.rows as f64 / self.began.elapsed().as_secs_f64().max(0.001);
                format!("{counts} {rate:>8.0} rows/s {:>10}", size(self.bytes))
            }
        }
    }
}

/// Like [`until`], but short enough for a line, and without dates: by default a wait lasts at most a day.
fn wait(reason: Pending, time: Option<Timestamp>, waits_for: Option<&str>) -> String {
    let clock = |time: Timestamp| time.strftime("until %H:%M:%S UTC");
    match (reason, time, waits_for) {
        (Pending::Waiting, Some(time), _) => format!("waiting {}", clock(time)),
        (Pending::Running, _, Some(wait)) => {
            let (what, end) = wait.rsplit_once(" until ").unwrap_or((wait, ""));
            let what = report::escaped(what);
            match end.parse() {
                Ok(time) => format!(
                    "{} {}",
                    report::shortened(&what, MAX_TIMED_NOTE),
                    clock(time)
                ),
                Err(_) => report::shortened(&what, MAX_NOTE),
            }
        }
        (reason, _, _) => until(reason, None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_eighty_columns_and_rows_are_aligned() {
        let mut figures = Figures::new();
        figures.pages = 9_999_999;
        figures.rows = 1_234_567_890;
        figures.bytes = 1_023 << 30;
        let time = Timestamp::UNIX_EPOCH;
        for note in [
            None,
            Some("resuming".to_owned()),
            Some("reading the schema".to_owned()),
            Some(format!(
                "try 3 in {}",
                wait_text(Duration::from_millis(3_599_999))
            )),
            Some(wait(Pending::Waiting, Some(time), None)),
            Some(wait(Pending::Waiting, None, None)),
            Some(wait(Pending::Running, Some(time), None)),
            Some(wait(
                Pending::Running,
                None,
                Some(&format!("{} until {time}", "x".repeat(99))),
            )),
            Some(wait(Pending::Running, None, Some(&"x".repeat(99)))),
        ] {
            figures.note = note;
            figures.began = Instant::now() - Duration::from_secs(1_000);
            let text = figures.text();
            assert_eq!(text.find(" rows"), Some(24), "{text}");
            // The spinner and the name come before it; the last column stays free.
            assert!(text.chars().count() + 23 < 80, "{text}");
        }
    }

    #[test]
    fn waits_show_when_they_end() {
        let time = "2026-11-24T02:58:59.4Z".parse().unwrap();
        assert_eq!(
            wait(Pending::Waiting, Some(time), None),
            "waiting until 02:58:59 UTC"
        );
        for (text, expected) in [
            (
                "pause until 2026-11-24T02:58:59Z",
                "pause until 02:58:59 UTC",
            ),
            ("response of http://a", "response of http://a"),
            ("a free sandbox", "a free sandbox"),
            ("pause until late", "pause"),
        ] {
            assert_eq!(wait(Pending::Running, None, Some(text)), expected);
        }
    }
}
