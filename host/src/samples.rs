//! For tests: one value of each variant of an error, what users read of them, and the tables of the manual.

use std::error::Error;

use crate::report;

/// One value for each pattern, which together cover the type: a new variant doesn't compile until it has a value here.
macro_rules! samples {
    ($type:ty: $($pattern:pat => $sample:expr),+ $(,)?) => {{
        fn _covers_all(value: &$type) {
            match value {
                $($pattern => {})+
            }
        }
        let samples: Vec<$type> = vec![$({
            let sample: $type = $sample;
            assert!(matches!(&sample, $pattern), "no {}", stringify!($pattern));
            sample
        }),+];
        samples
    }};
}

pub(crate) use samples;

/// The messages with their causes, one a line.
pub(crate) fn messages<E: Error + 'static>(samples: &[E]) -> String {
    let lines: Vec<String> = samples.iter().map(|sample| report::chain(sample)).collect();
    lines.join("\n")
}

/// The rows of the table of a page in Markdown whose head begins with `head`, each as its cells.
pub(crate) fn table_cells<'p>(page: &'p str, head: &str) -> Vec<Vec<&'p str>> {
    let (_, table) = page.split_once(head).expect(head);
    let lines = table.lines().skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect());
    cells.collect()
}

/// The texts in backticks.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
