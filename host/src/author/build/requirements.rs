//! The lines of `requirements.txt`, compared with installed packages.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Installed packages: the version of each, by its normalized name.
pub(super) type InstalledPackages = BTreeMap<String, String>;

/// A package that a file requires.
#[derive(Debug, PartialEq, Eq)]
struct Requirement<'t> {
    name: String,
    /// The condition on the version as written, such as `>=0.25,<1`; empty if any will do.
    condition: &'t str,
}

/// The requirements that the packages don't meet, in the order of the text. Lines that only pip understands, such as
/// options, paths, URLs and conditions on the platform, are taken as met: pip itself would complain.
pub(super) fn unmet(text: &str, installed: &InstalledPackages) -> Vec<String> {
    let joined = text.replace("\\\n", " ").replace("\\\r\n", " ");
    joined
        .lines()
        .filter_map(|line| {
            let requirement = Requirement::parse(line)?;
            match installed.get(&requirement.name) {
                Some(version) if satisfies(version, requirement.condition) => None,
                Some(version) => Some(format!(
                    "{}{} (installed: {version})",
                    requirement.name, requirement.condition
                )),
                None => Some(format!("{}{}", requirement.name, requirement.condition)),
            }
        })
        .collect()
}

impl<'t> Requirement<'t> {
    /// A line with the name of a package; `None` for all other lines.
    fn parse(line: &'t str) -> Option<Self> {
        // A comment begins the line or follows a blank.
        let line = match line.find(" #").or_else(|| line.find("\t#")) {
            Some(comment) => line.get(..comment)?,
            None => line,
        };
        let line = line.split(" --").next().unwrap_or_default().trim();
        if line.starts_with(['#', '-', '.', '/']) || line.contains(['@', ';']) {
            return None;
        }
        let end = line
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)))
            .unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let rest = rest.trim();
        // The name of an optional part, such as `[socks]`, has requirements of its own, which only pip knows.
        let condition = match rest.strip_prefix('[') {
            Some(extras) => extras.split_once(']')?.1.trim(),
            None => rest,
        };
        let is_path = condition.starts_with(['/', '\\', ':']);
        (!name.is_empty() && !is_path).then(|| Self {
            name: normalized(name),
            condition,
        })
    }
}

/// The form of a name by which packages are compared.
pub(super) fn normalized(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        let letter = match letter {
            '_' | '.' => '-',
            letter => letter.to_ascii_lowercase(),
        };
        if letter != '-' || !plain.ends_with('-') {
            plain.push(letter);
        }
    }
    plain
}

/// Whether a version meets all parts of a condition. Parts that can't be judged are taken as met.
fn satisfies(version: &str, condition: &str) -> bool {
    condition
        .split(',')
        .all(|part| meets(version, part.trim()).unwrap_or(true))
}

/// Whether a version meets one part such as `>=0.25`; `None` if that can't be judged.
fn meets(version: &str, part: &str) -> Option<bool> {
    let operators = ["===", "==", ">=", "<=", "~=", "!=", ">", "<"];
    let operator = operators
        .into_iter()
        .find(|operator| part.starts_with(operator))?;
    let wanted = part.strip_prefix(operator)?.trim();
    let found = numbers(version)?;
    if let Some(prefix) = wanted.strip_suffix(".*") {
        let matches = found.starts_with(&numbers(prefix)?);
        return match operator {
            "==" => Some(matches),
            "!=" => Some(!matches),
            _ => None,
        };
    }
    let wanted = numbers(wanted)?;
    let order = compare(&found, &wanted);
    Some(match operator {
        "==" | "===" => order.is_eq(),
        "!=" => order.is_ne(),
        ">=" => order.is_ge(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        "<" => order.is_lt(),
        // `~=1.4.2` is `>=1.4.2,==1.4.*`.
        _ => order.is_ge() && found.starts_with(wanted.get(..wanted.len().checked_sub(1)?)?),
    })
}

/// The numbers of a released version; `None` for others, such as `1.0rc1` and `1.0+local`.
fn numbers(version: &str) -> Option<Vec<u64>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

/// `1.0` equals `1.0.0`.
fn compare(left: &[u64], right: &[u64]) -> Ordering {
    let number = |numbers: &[u64], place: usize| numbers.get(place).copied().unwrap_or(0);
    (0..left.len().max(right.len()))
        .map(|place| number(left, place).cmp(&number(right, place)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_outdated_packages_are_found() {
        let installed = InstalledPackages::from([
            ("componentize-py".to_owned(), "0.25.1".to_owned()),
            ("tzdata".to_owned(), "2025.2".to_owned()),
            ("odd".to_owned(), "1.0rc1".to_owned()),
        ]);
        for (text, expected) in [
            ("", &[][..]),
            ("componentize-py==0.25.1\ntzdata\n", &[]),
            (
                "Componentize_Py >= 0.25, < 1  # the build tool\r\nTZData==2025.*",
                &[],
            ),
            (
                "componentize-py==0.26",
                &["componentize-py==0.26 (installed: 0.25.1)"],
            ),
            ("orjson", &["orjson"]),
            ("orjson[fast]>=3", &["orjson>=3"]),
            (
                "tzdata~=2024.1\ntzdata!=2025.2",
                &[
                    "tzdata~=2024.1 (installed: 2025.2)",
                    "tzdata!=2025.2 (installed: 2025.2)",
                ],
            ),
            ("odd>=2", &[]),
            ("tzdata==2025.2.0", &[]),
            (
                "tzdata==2024.1 --hash=sha256:abc",
                &["tzdata==2024.1 (installed: 2025.2)"],
            ),
            (
                "tzdata \\\n  >2025.2",
                &["tzdata>2025.2 (installed: 2025.2)"],
            ),
        ] {
            assert_eq!(unmet(text, &installed), expected, "{text}");
        }
    }

    #[test]
    fn lines_that_only_pip_understands_are_left_to_pip() {
        let text = "# orjson\n-r other.txt\n-e .\n./lib\n/lib/a\nlib/package.whl\n\
            shop @ https://example.com/shop.whl\nhttps://example.com/a.whl\n\
            colorama; sys_platform == 'win32'\n--index-url https://example.com\n";
        assert_eq!(unmet(text, &InstalledPackages::new()), [""; 0]);
    }
}
