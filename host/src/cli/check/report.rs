//! Prints the result of a check as text or JSON.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::author::check::{Finding, FindingCode, Severity, Surface};
use crate::report::escaped;

/// The result of checking one connector.
pub(super) struct CheckReport {
    pub(super) file: PathBuf,
    pub(super) surface: Surface,
    /// Each table with the number of rows on its first pages; `None` if no page was requested.
    pub(super) tables: Vec<(String, Option<usize>)>,
    pub(super) findings: Vec<Finding>,
}

#[derive(Serialize)]
struct JsonReport<'c> {
    file: String,
    contract: Option<&'c str>,
    imports: Vec<JsonImport<'c>>,
    tables: Vec<JsonTable<'c>>,
    findings: Vec<JsonFinding<'c>>,
}

#[derive(Serialize)]
struct JsonImport<'c> {
    name: &'c str,
    meaning: Option<&'c str>,
}

#[derive(Serialize)]
struct JsonTable<'c> {
    name: &'c str,
    rows: Option<usize>,
}

#[derive(Serialize)]
struct JsonFinding<'c> {
    code: FindingCode,
    severity: Severity,
    /// The table, if there is only one.
    table: Option<&'c str>,
    tables: &'c [String],
    message: &'c str,
    /// `None` if the message says all there is to say.
    fix: Option<&'c str>,
}

/// How many of a finding's tables are named, if not all.
const NAMED_TABLES: usize = 5;

impl CheckReport {
    /// A report without findings.
    pub(super) fn new(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            surface: Surface::default(),
            tables: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// The same report, with one more finding.
    pub(super) fn with(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }

    pub(super) fn has(&self, severity: Severity) -> bool {
        self.count(severity) > 0
    }

    fn count(&self, severity: Severity) -> usize {
        let of_it = |finding: &&Finding| finding.code.severity() == severity;
        self.findings.iter().filter(of_it).count()
    }

    pub(super) fn write_json(&self, to: &mut impl Write) -> io::Result<()> {
        let imports = self.surface.imports.iter();
        let tables = self.tables.iter();
        let findings = self.findings.iter();
        let json = JsonReport {
            file: self.file.display().to_string(),
            contract: self.surface.contract.as_deref(),
            imports: imports
                .map(|(name, meaning)| JsonImport {
                    name,
                    meaning: *meaning,
                })
                .collect(),
            tables: tables
                .map(|(name, rows)| JsonTable { name, rows: *rows })
                .collect(),
            findings: findings
                .map(|finding| JsonFinding {
                    code: finding.code,
                    severity: finding.code.severity(),
                    table: match finding.tables.as_slice() {
                        [table] => Some(table),
                        _ => None,
                    },
                    tables: &finding.tables,
                    message: &finding.message,
                    fix: Some(&*finding.fix).filter(|fix| !fix.is_empty()),
                })
                .collect(),
        };
        serde_json::to_writer(&mut *to, &json)?;
        writeln!(to)
    }

    /// Writes the interfaces, grouped by meaning; unless all are asked for, only those that this host lacks.
    fn write_imports(&self, to: &mut impl Write, all: bool) -> io::Result<()> {
        let imports = &self.surface.imports;
        if imports.is_empty() {
            return Ok(());
        }
        if !all && imports.iter().all(|(_, meaning)| meaning.is_some()) {
            return writeln!(to, "  imports  as usual");
        }
        let mut grouped: Vec<(Option<&'static str>, Vec<&str>)> = Vec::new();
        for (name, meaning) in imports
            .iter()
            .filter(|(_, meaning)| all || meaning.is_none())
        {
            match grouped.iter_mut().find(|(other, _)| other == meaning) {
                Some((_, names)) => names.push(name),
                None => grouped.push((*meaning, vec![name])),
            }
        }
        for (meaning, names) in grouped {
            let meaning = meaning.unwrap_or("unknown to this host");
            writeln!(to, "  imports  {}", escaped(&names.join(", ")))?;
            writeln!(to, "           {meaning}")?;
        }
        Ok(())
    }

    /// The tables of a finding, as a prefix of its message.
    fn place(&self, finding: &Finding) -> String {
        let tables = &finding.tables;
        let first = |count: usize| {
            let first: Vec<_> = tables.iter().take(count).map(String::as_str).collect();
            first.join(", ")
        };
        match tables.len() {
            0 => String::new(),
            count if count <= NAMED_TABLES => format!("{}: ", first(count)),
            count if count == self.tables.len() => format!("all {count} tables: "),
            count => {
                let more = count.saturating_sub(NAMED_TABLES);
                format!("{} and {more} more: ", first(NAMED_TABLES))
            }
        }
    }

    /// Writes the report for people; `verbose` adds all imports.
    pub(super) fn write_text(&self, to: &mut impl Write, verbose: bool) -> io::Result<()> {
        writeln!(to, "{}", escaped(&self.file.display().to_string()))?;
        if let Some(contract) = &self.surface.contract {
            writeln!(to, "  speaks   weld:connector {}", escaped(contract))?;
        }
        self.write_imports(to, verbose)?;
        for (name, rows) in &self.tables {
            let rows = match rows {
                Some(1) => "1 row seen".to_owned(),
                Some(rows) => format!("{rows} rows seen"),
                None => "not requested".to_owned(),
            };
            writeln!(to, "  table    {}: {rows}", escaped(name))?;
        }
        let mut findings = self.findings.iter().peekable();
        while let Some(finding) = findings.next() {
            let severity = match finding.code.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let message = format!("{}{}", self.place(finding), finding.message);
            let code = serde_json::to_value(finding.code)?;
            let code = code.as_str().unwrap_or_default();
            writeln!(to, "  {severity:<7}  {code}: {}", escaped(&message))?;
            // Said once for findings in a row that need the same.
            let is_said = finding.fix.is_empty()
                || findings.peek().is_some_and(|next| next.fix == finding.fix);
            if !is_said {
                writeln!(to, "           {}", escaped(&finding.fix))?;
            }
        }
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let number = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        if errors == 0 && warnings == 0 {
            writeln!(to, "  ok")
        } else {
            let (errors, warnings) = (number(errors, "error"), number(warnings, "warning"));
            writeln!(to, "  {errors}, {warnings}")
        }
    }
}
