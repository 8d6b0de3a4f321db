//! Prints the result of a check as text or JSON.

use std::io::{self, Write};
use std::path::PathBuf;

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
    table: Option<&'c str>,
    message: &'c str,
    fix: &'static str,
}

impl CheckReport {
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
                    table: finding.table.as_deref(),
                    message: &finding.message,
                    fix: finding.code.fix(),
                })
                .collect(),
        };
        serde_json::to_writer(&mut *to, &json)?;
        writeln!(to)
    }

    /// The interfaces, grouped by meaning.
    fn imports(&self) -> Vec<(Option<&'static str>, Vec<&str>)> {
        let mut grouped: Vec<(Option<&'static str>, Vec<&str>)> = Vec::new();
        for (name, meaning) in &self.surface.imports {
            match grouped.iter_mut().find(|(other, _)| other == meaning) {
                Some((_, names)) => names.push(name),
                None => grouped.push((*meaning, vec![name])),
            }
        }
        grouped
    }

    pub(super) fn write_text(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{}", escaped(&self.file.display().to_string()))?;
        if let Some(contract) = &self.surface.contract {
            writeln!(to, "  speaks   weld:connector {}", escaped(contract))?;
        }
        for (meaning, names) in self.imports() {
            let meaning = meaning.unwrap_or("unknown to this host");
            writeln!(to, "  imports  {}", escaped(&names.join(", ")))?;
            writeln!(to, "           {meaning}")?;
        }
        for (name, rows) in &self.tables {
            let rows = match rows {
                Some(1) => "1 row seen".to_owned(),
                Some(rows) => format!("{rows} rows seen"),
                None => "not requested".to_owned(),
            };
            writeln!(to, "  table    {}: {rows}", escaped(name))?;
        }
        for finding in &self.findings {
            let severity = match finding.code.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let table = finding.table.as_deref().map(|table| format!("{table}: "));
            let message = format!("{}{}", table.unwrap_or_default(), finding.message);
            let code = serde_json::to_value(finding.code)?;
            let code = code.as_str().unwrap_or_default();
            writeln!(to, "  {severity:<7}  {code}: {}", escaped(&message))?;
            writeln!(to, "           {}", finding.code.fix())?;
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
