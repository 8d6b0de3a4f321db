//! The tables of the report, in Markdown: medians over the rounds, and ratios to other handlers.

use std::fmt::Write as _;

use crate::handlers::Handler;
use crate::rounds::{Round, Series};

pub(crate) const MEBIBYTE: u64 = 1 << 20;

/// A row for each handler, with the ratios last. `all` are the handlers of one job.
pub(crate) fn table(all: &[Series]) -> String {
    let native = baseline(all, Handler::Native);
    let framework = baseline(all, Handler::FRAMEWORK);
    let mut text = String::from(
        "| | req/s (least to most) | p50 ms | p99 ms | CPU ms/req | API CPU | load CPU | peak MiB |",
    );
    let mut rule = "\n|---|---|---|---|---|---|---|---|".to_owned();
    for (name, _) in native
        .iter()
        .map(|base| ("native", base))
        .chain(framework.iter().map(|base| ("functions-framework", base)))
    {
        // Writing to a string can't fail.
        let _ = write!(text, " req/s ÷ {name} | CPU ÷ {name} |");
        rule.push_str("---|---|");
    }
    text.push_str(&rule);
    for series in all {
        let of = |value: fn(&Round) -> f64| median(&series.rounds, value);
        let rate = of(|round| round.requests_per_second);
        let cpu = of(|round| round.cpu_ms);
        let (least, most) = range(&series.rounds, |round| round.requests_per_second);
        let peak = series.rounds.iter().map(|round| round.peak_bytes).max();
        let _ = write!(
            text,
            "\n| {} | {} ({} to {}) | {} | {} | {} | {} | {} | {} |",
            series.handler.name(),
            digits(rate),
            digits(least),
            digits(most),
            digits(of(|round| round.p50_ms)),
            digits(of(|round| round.p99_ms)),
            digits(cpu),
            digits(of(|round| round.api_cpu_ms)),
            digits(of(|round| round.load_cpu_ms)),
            peak.unwrap_or_default() / MEBIBYTE,
        );
        for base in native.iter().chain(&framework) {
            let _ = write!(
                text,
                " {} | {} |",
                ratio(rate, base.rate),
                ratio(cpu, base.cpu)
            );
        }
    }
    text
}

/// The share of all cores' time that went to processes other than the benchmark's during the measurement, in percent.
pub(crate) fn foreign_percent(all: &[Series]) -> f64 {
    let rounds: Vec<_> = all
        .iter()
        .flat_map(|series| &series.rounds)
        .cloned()
        .collect();
    median(&rounds, |round| round.foreign) * 100.0
}

/// The values with which ratios are computed.
struct Baseline {
    rate: f64,
    cpu: f64,
}

fn baseline(all: &[Series], handler: Handler) -> Option<Baseline> {
    let series = all.iter().find(|series| series.handler == handler)?;
    Some(Baseline {
        rate: median(&series.rounds, |round| round.requests_per_second),
        cpu: median(&series.rounds, |round| round.cpu_ms),
    })
}

/// The middle value, or the mean of the two middle values. NaN if there are none.
pub(crate) fn median<T>(items: &[T], value: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = items.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
    }
}

pub(crate) fn range<T>(items: &[T], value: impl Fn(&T) -> f64) -> (f64, f64) {
    let values = items.iter().map(value);
    values.fold((f64::INFINITY, 0.0), |(least, most), value| {
        (value.min(least), value.max(most))
    })
}

/// Formats a number with a useful number of digits, whether it is microseconds or seconds. Differences may be
/// negative.
pub(crate) fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A time too short for the kernel's clock is 0, for which there is no ratio.
pub(crate) fn ratio(value: f64, base: f64) -> String {
    if base > 0.0 {
        format!("{:.2}", value / base)
    } else {
        "–".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(handler: Handler, rates: &[f64]) -> Series {
        let rounds = rates.iter().map(|rate| Round {
            requests_per_second: *rate,
            p50_ms: 1.0,
            p99_ms: 2.0,
            cpu_ms: 100.0 / rate,
            api_cpu_ms: 0.0,
            load_cpu_ms: 0.0,
            peak_bytes: 3 * MEBIBYTE,
            foreign: 0.0,
        });
        Series {
            handler,
            rounds: rounds.collect(),
            answer_bytes: 0,
        }
    }

    #[test]
    fn medians_lie_in_the_middle() {
        for (values, expected) in [
            (vec![3.0, 1.0, 2.0], 2.0),
            (vec![4.0, 1.0, 3.0, 2.0], 2.5),
            (vec![7.0], 7.0),
        ] {
            assert!(
                (median(&values, |value| *value) - expected).abs() < 1e-9,
                "{values:?}"
            );
        }
        assert!(median(&[], |value: &f64| *value).is_nan());
    }

    #[test]
    fn differences_have_as_many_digits_as_what_they_are_of() {
        for (value, expected) in [
            (1234.5, "1234"),
            (12.345, "12.3"),
            (0.0125, "0.013"),
            (-12.345, "-12.3"),
            (-0.25, "-0.250"),
        ] {
            assert_eq!(digits(value), expected);
        }
    }

    #[test]
    fn ratios_are_against_the_native_handler_s_medians() {
        let text = table(&[
            series(Handler::WeldHost, &[50.0, 10.0, 60.0]),
            series(Handler::Native, &[90.0, 200.0, 100.0]),
        ]);
        let mut rows = text.lines().skip(2);
        let (host, native) = (rows.next().unwrap(), rows.next().unwrap());
        assert!(
            host.starts_with("| weld-host | 50.0 (10.0 to 60.0) |"),
            "{host}"
        );
        assert!(host.ends_with("| 3 | 0.50 | 2.00 |"), "{host}");
        assert!(native.ends_with("| 1.00 | 1.00 |"), "{native}");
        assert_eq!(
            text.lines().next().unwrap().matches('|').count(),
            host.matches('|').count()
        );
        assert!(!text.contains("functions-framework"), "{text}");
    }
}
