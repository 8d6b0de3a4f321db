//! For tests: one value of each variant of an error, and what users read of them.

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
