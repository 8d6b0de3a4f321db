//! The table of the syncs, in Markdown.

use std::fmt::Write as _;

use super::form::Form;
use super::{Round, Series};
use crate::table::{MEBIBYTE, digits, median, range, ratio};

/// A line about the synced rows, and a row for each form. The ratios compare it with the medians of the form that
/// shows nothing.
pub(super) fn table(rows: u64, all: &[Series]) -> String {
    let every: Vec<_> = all.iter().flat_map(|series| &series.rounds).collect();
    let foreign = median(&every, |round| round.foreign) * 100.0;
    let mut text = format!(
        "`sync`, {rows} rows; others had {foreign:.0} % of the machine\n\n\
         | | rows/s (least to most) | seconds | CPU s | API CPU s | host CPU s | peak MiB | rows/s ÷ quiet | CPU ÷ quiet |\n\
         |---|---|---|---|---|---|---|---|---|"
    );
    let quiet = all.iter().find(|series| series.form == Form::Quiet);
    let against = |value: f64, of: fn(&Round) -> f64| {
        ratio(
            value,
            quiet.map_or(0.0, |series| median(&series.rounds, of)),
        )
    };
    for series in all {
        let of = |value: fn(&Round) -> f64| median(&series.rounds, value);
        let rate = of(|round| round.rows_per_second);
        let cpu = of(|round| round.cpu_seconds);
        let (least, most) = range(&series.rounds, |round| round.rows_per_second);
        let peak = series.rounds.iter().map(|round| round.peak_bytes).max();
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| {} | {} ({} to {}) | {} | {} | {} | {} | {} | {} | {} |",
            series.form.name(),
            digits(rate),
            digits(least),
            digits(most),
            digits(of(|round| round.seconds)),
            digits(cpu),
            digits(of(|round| round.api_cpu_seconds)),
            digits(of(|round| round.host_cpu_seconds)),
            peak.unwrap_or_default() / MEBIBYTE,
            against(rate, |round| round.rows_per_second),
            against(cpu, |round| round.cpu_seconds),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_against_the_sync_that_shows_nothing() {
        let series = |form, rates: &[f64]| Series {
            form,
            rounds: rates
                .iter()
                .map(|rate| Round {
                    rows_per_second: *rate,
                    seconds: 900.0 / rate,
                    cpu_seconds: 450.0 / rate,
                    api_cpu_seconds: 1.0,
                    host_cpu_seconds: 2.0,
                    peak_bytes: 3 * MEBIBYTE,
                    foreign: 0.25,
                })
                .collect(),
        };
        let text = table(
            900,
            &[
                series(Form::Quiet, &[90.0, 200.0, 100.0]),
                series(Form::Bars, &[50.0, 10.0, 60.0]),
            ],
        );
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "`sync`, 900 rows; others had 25 % of the machine");
        assert_eq!(
            lines[4..],
            [
                "| quiet | 100 (90.0 to 200) | 9.00 | 4.50 | 1.00 | 2.00 | 3 | 1.00 | 1.00 |",
                "| bars | 50.0 (10.0 to 60.0) | 18.0 | 9.00 | 1.00 | 2.00 | 3 | 0.50 | 2.00 |"
            ]
        );
        assert_eq!(lines[2].matches('|').count(), lines[4].matches('|').count());
    }
}
