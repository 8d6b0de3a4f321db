//! The tables of the adapted function, in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use crate::handlers::Handler;
use crate::languages;
use crate::rounds::{Round, Series, as_number};
use crate::table::{MEBIBYTE, digits, foreign_percent, median, range, ratio};

use super::project::{Form, Project};

/// The time and size of each connector until it served.
pub(super) fn projects(projects: &[Project]) -> String {
    let mut text = "`adapted`, until it serves; tools and packages were there already\n\n\
         | | component MiB | `adapt` s | `build` s | the host's compiling s |\n\
         |---|---|---|---|---|"
        .to_owned();
    for project in projects {
        let seconds = |time: Duration| digits(time.as_secs_f64());
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| {}, {} | {} | {} | {} | {} |",
            project.form.name(),
            languages::name(project.language),
            digits(as_number(project.bytes) / as_number(MEBIBYTE)),
            project.adapt.map_or_else(|| "–".to_owned(), seconds),
            seconds(project.build),
            seconds(project.compile),
        );
    }
    text
}

/// A row for each handler. The ratios compare it with each form of functions-framework, the difference with the kit
/// in the same language.
pub(super) fn pages(all: &[Series], connections: u32) -> String {
    let framework: Vec<_> = all
        .iter()
        .filter(|series| matches!(series.handler, Handler::FunctionsFramework(_)))
        .collect();
    let mut text = format!(
        "`adapted`, {connections} connection{}, pages of 80 rows; others had {:.0} % of the machine\n\n\
         | | req/s (least to most) | p50 ms | more than the kit ms | p99 ms | CPU ms/req | API CPU | peak MiB |",
        if connections == 1 { "" } else { "s" },
        foreign_percent(all),
    );
    let mut rule = "\n|---|---|---|---|---|---|---|---|".to_owned();
    for base in &framework {
        let name = base.handler.name();
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
            more_than_the_kit(series, all),
            digits(of(|round| round.p99_ms)),
            digits(cpu),
            digits(of(|round| round.api_cpu_ms)),
            peak.unwrap_or_default() / MEBIBYTE,
        );
        for base in &framework {
            let _ = write!(
                text,
                " {} | {} |",
                ratio(
                    rate,
                    median(&base.rounds, |round| round.requests_per_second)
                ),
                ratio(cpu, median(&base.rounds, |round| round.cpu_ms)),
            );
        }
    }
    text
}

/// By how much the median of an adapted function exceeds that of the kit's connector in its language.
fn more_than_the_kit(series: &Series, all: &[Series]) -> String {
    let p50 = |series: &Series| median(&series.rounds, |round| round.p50_ms);
    let kit = match series.handler {
        Handler::Guide(Form::Adapted, language) => all
            .iter()
            .find(|other| other.handler == Handler::Guide(Form::Kit, language)),
        _ => None,
    };
    kit.map_or_else(|| "–".to_owned(), |kit| digits(p50(series) - p50(kit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::Variant;
    use weld_host::author::new::Language;

    fn series(handler: Handler, rate: f64, p50_ms: f64) -> Series {
        let round = Round {
            requests_per_second: rate,
            p50_ms,
            p99_ms: 9.0,
            cpu_ms: 100.0 / rate,
            api_cpu_ms: 0.0,
            load_cpu_ms: 0.0,
            peak_bytes: 3 * MEBIBYTE,
            foreign: 0.0,
        };
        Series {
            handler,
            rounds: vec![round],
            answer_bytes: 0,
        }
    }

    #[test]
    fn adapted_functions_are_compared_with_the_kit_and_with_each_form_of_the_framework() {
        let of = |form, language| Handler::Guide(form, language);
        let text = pages(
            &[
                series(Handler::FunctionsFramework(Variant::guide(1)), 50.0, 8.0),
                series(Handler::FunctionsFramework(Variant::guide(2)), 80.0, 9.0),
                series(of(Form::Adapted, Language::Python), 200.0, 5.5),
                series(of(Form::Kit, Language::Python), 250.0, 5.0),
                series(of(Form::Adapted, Language::JavaScript), 400.0, 3.0),
            ],
            1,
        );
        let rows: Vec<_> = text.lines().skip(4).collect();
        assert!(
            rows[2].starts_with("| adapted, Python | 200 (200 to 200) | 5.50 | 0.500 |"),
            "{text}"
        );
        assert!(rows[2].ends_with("| 4.00 | 0.25 | 2.50 | 0.40 |"), "{text}");
        for row in [rows[0], rows[3], rows[4]] {
            assert!(row.split('|').nth(4) == Some(" – "), "{row}");
        }
        let columns = |line: &str| line.matches('|').count();
        assert!(
            text.lines()
                .skip(2)
                .all(|line| columns(line) == columns(rows[0])),
            "{text}"
        );
    }
}
