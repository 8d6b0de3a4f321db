//! Python's tracebacks, with the paths of a component.

/// Whose code a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameOwner {
    Author,
    Kit,
    Package,
    Python,
}

#[derive(Debug)]
pub(super) struct PythonFrame<'a> {
    pub(super) owner: FrameOwner,
    /// Relative to the folder on whose path it is.
    pub(super) file: &'a str,
    pub(super) line: &'a str,
    /// The source line, trimmed. Empty if it is not known.
    pub(super) statement: &'a str,
    /// All its lines after the first.
    pub(super) lines: Vec<&'a str>,
    /// The first line after `File "…"`, such as `, line 3, in <module>`.
    pub(super) rest: &'a str,
}

/// One traceback with its exception.
#[derive(Debug, Default)]
pub(super) struct PythonTraceback<'a> {
    pub(super) frames: Vec<PythonFrame<'a>>,
    pub(super) exception: Vec<&'a str>,
}

impl PythonTraceback<'_> {
    /// The frames of the author and of packages, with paths that the author knows, and the exception.
    pub(super) fn shown(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for frame in &self.frames {
            if matches!(frame.owner, FrameOwner::Author | FrameOwner::Package) {
                lines.push(format!("  File \"{}\"{}", frame.file, frame.rest));
                lines.extend(frame.lines.iter().map(|line| (*line).to_owned()));
            }
        }
        lines.extend(self.exception.iter().map(|line| (*line).to_owned()));
        lines
    }

    /// The author's frame that is nearest to the exception.
    pub(super) fn own(&self) -> Option<&PythonFrame<'_>> {
        self.frames
            .iter()
            .rev()
            .find(|frame| frame.owner == FrameOwner::Author)
    }

    /// The exception's type and text, of one line.
    pub(super) fn summary(&self) -> (&str, String) {
        let first = self.exception.first().copied().unwrap_or_default();
        let (kind, text) = first.split_once(": ").unwrap_or((first, ""));
        let kind = kind.rsplit('.').next().unwrap_or(kind);
        (kind, text.trim().to_owned())
    }
}

/// The lines before the first traceback, and the tracebacks: that of the exception, after those that led to it.
pub(super) fn tracebacks(said: &str) -> (Vec<&str>, Vec<PythonTraceback<'_>>) {
    let mut printed = Vec::new();
    let mut found: Vec<PythonTraceback<'_>> = Vec::new();
    let mut lines = said.trim_end().lines().peekable();
    while let Some(line) = lines.next() {
        let is_start = line.ends_with("Traceback (most recent call last):");
        if is_start || (found.is_empty() && frame(line).is_some()) {
            let mut traceback = PythonTraceback::default();
            let mut header = (!is_start).then_some(line);
            loop {
                if let Some(frame) = header
                    .take()
                    .or_else(|| lines.next_if(|next| frame(next).is_some()))
                    .and_then(frame)
                {
                    traceback.frames.push(frame);
                } else if let Some(inner) = lines.next_if(|next| next.starts_with("  ")) {
                    if let Some(frame) = traceback.frames.last_mut() {
                        if frame.statement.is_empty() {
                            frame.statement = inner.trim();
                        }
                        frame.lines.push(inner);
                    }
                } else {
                    break;
                }
            }
            found.push(traceback);
        } else if let Some(traceback) = found.last_mut() {
            let joins = line.starts_with("During handling of the above exception")
                || line.starts_with("The above exception was the direct cause");
            let is_end = line.is_empty() && lines.peek().is_none_or(|next| next.is_empty());
            if !joins && !is_end {
                traceback.exception.push(line);
            }
        } else if !line.trim().is_empty() {
            printed.push(line);
        }
    }
    for traceback in &mut found {
        while traceback
            .exception
            .last()
            .is_some_and(|line| line.is_empty())
        {
            traceback.exception.pop();
        }
    }
    (printed, found)
}

/// A line such as `  File "/0/app.py", line 3, in <module>`.
fn frame(line: &str) -> Option<PythonFrame<'_>> {
    let (path, rest) = line.strip_prefix("  File \"")?.split_once('"')?;
    let (owner, file) = owner(path);
    let number = rest.strip_prefix(", line ")?;
    Some(PythonFrame {
        owner,
        file,
        line: number.split(',').next().unwrap_or(number).trim(),
        statement: "",
        lines: Vec::new(),
        rest,
    })
}

fn owner(path: &str) -> (FrameOwner, &str) {
    let of_folder = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    let Some((folder, file)) = of_folder.filter(|(folder, _)| folder.parse::<u32>().is_ok()) else {
        return (FrameOwner::Python, path);
    };
    let owner = if file.starts_with("weld_connector/") || file.starts_with("weld_adapt/") {
        FrameOwner::Kit
    } else if folder == "0" && !file.starts_with(".packages/") {
        FrameOwner::Author
    } else {
        FrameOwner::Package
    };
    (owner, file)
}
