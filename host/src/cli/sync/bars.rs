//! A sync on a terminal: a line for each table that is under way, and one for all.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::lines::{notice, size, until};
use crate::report;
use crate::sync::Event;

/// How often a line is drawn anew, at the most. Reading a page takes less than a millisecond; drawing must not be what
/// takes the time.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// The lines on the terminal.
pub(in crate::cli) struct Bars {
    screen: MultiProgress,
    tables: HashMap<String, Line>,
    total: ProgressBar,
    began: Instant,
    rows: u64,
    bytes: u64,
    drawn: Instant,
}

struct Line {
    bar: ProgressBar,
    began: Instant,
    pages: u64,
    rows: u64,
    bytes: u64,
    drawn: Instant,
}

impl Bars {
    pub(super) fn new() -> Self {
        let screen = MultiProgress::new();
        let total = screen.add(line("total"));
        Self {
            screen,
            tables: HashMap::new(),
            total,
            began: Instant::now(),
            rows: 0,
            bytes: 0,
            drawn: Instant::now(),
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::TableBegan { table, resumed } => {
                let bar = self.screen.insert_before(&self.total, line(table));
                bar.set_message(if *resumed { "goes on" } else { "begins" });
                bar.enable_steady_tick(DRAW_EVERY);
                self.tables.insert(table.clone(), Line::new(bar));
            }
            Event::Page {
                table, rows, bytes, ..
            } => self.page(table, *rows as u64, *bytes as u64),
            Event::Waiting {
                table,
                until: time,
                reason,
            } => {
                if let Some(line) = self.tables.get(table) {
                    line.bar
                        .set_message(format!("{}, {}", line.figures(), until(*reason, *time)));
                }
            }
            Event::Retry { .. } | Event::Warning(_) => {
                if let Some(text) = notice(event) {
                    // What can't be drawn is shown in the summary.
                    let _ = self.screen.println(text);
                }
            }
            Event::TableDone(summary) => {
                if let Some(line) = self.tables.get(&summary.table) {
                    line.bar.finish_with_message(line.figures());
                }
            }
            Event::Tables(_) => {}
        }
    }

    fn page(&mut self, table: &str, rows: u64, bytes: u64) {
        self.rows = self.rows.saturating_add(rows);
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(line) = self.tables.get_mut(table) {
            line.pages = line.pages.saturating_add(1);
            line.rows = line.rows.saturating_add(rows);
            line.bytes = line.bytes.saturating_add(bytes);
            if line.drawn.elapsed() >= DRAW_EVERY {
                line.drawn = Instant::now();
                line.bar.set_message(line.figures());
            }
        }
        if self.drawn.elapsed() >= DRAW_EVERY {
            self.drawn = Instant::now();
            self.total
                .set_message(figures(self.rows, self.bytes, self.began.elapsed()));
        }
    }

    pub(super) fn end(&mut self) {
        for line in self.tables.values().filter(|line| !line.bar.is_finished()) {
            line.bar.abandon_with_message(line.figures());
        }
        self.total
            .finish_with_message(figures(self.rows, self.bytes, self.began.elapsed()));
    }
}

impl Line {
    fn new(bar: ProgressBar) -> Self {
        Self {
            bar,
            began: Instant::now(),
            pages: 0,
            rows: 0,
            bytes: 0,
            drawn: Instant::now(),
        }
    }

    fn figures(&self) -> String {
        let rest = figures(self.rows, self.bytes, self.began.elapsed());
        format!("{:>7} pages {rest}", self.pages)
    }
}

fn line(name: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:<20} {msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(report::shortened(&report::escaped(name), 40));
    bar
}

fn figures(rows: u64, bytes: u64, took: Duration) -> String {
    let seconds = took.as_secs_f64().max(0.001);
    let rate = rows as f64 / seconds;
    format!("{rows:>10} rows {rate:>8.0} rows/s {:>10}", size(bytes))
}
