//! docs/pictures/rooms.svg is drawn from ARCHITECTURE.md: `UPDATE_DOCS=1 cargo test --test suite manual` writes it.

use super::{cells, page, repository};
use std::collections::BTreeMap;
use std::fmt::Write;

const PICTURE: &str = "docs/pictures/rooms.svg";

/// Measures in pixels.
const WIDTH: u32 = 920;
const MARGIN: u32 = 30;
const LEFT_WIDTH: u32 = 470;
const RIGHT: u32 = 570;
const RIGHT_WIDTH: u32 = 300;
const HEIGHT: u32 = 68;
const STEP: u32 = 94;
const TOP: u32 = 40;
/// How wide a character of a chip is, and of a description.
const CHIP_CHARACTER: u32 = 9;
const TEXT_CHARACTER: u32 = 7;

const STYLE: &str = "
    .paper { fill: #ffffff; stroke: #d0d7de; }
    .box { fill: #eef4fb; stroke: #4a7ab5; stroke-width: 1.5; }
    .beside { fill: #f3f0fa; stroke: #7b61b8; stroke-width: 1.5; }
    .leaf { fill: #f6f8fa; stroke: #8c959f; }
    .name { font: 600 16px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #1f2328; }
    .chip { font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #1f2328; }
    .text { font: 13.5px system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif; fill: #424a53; }
    .arrow { fill: none; stroke: #57606a; stroke-width: 1.5; }
    .tip { fill: #57606a; }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117; stroke: #30363d; }
      .box { fill: #12233a; stroke: #5b8fd0; }
      .beside { fill: #221a3a; stroke: #9a83d6; }
      .leaf { fill: #161b22; stroke: #6e7681; }
      .name, .chip { fill: #e6edf3; }
      .text { fill: #b1bac4; }
      .arrow { stroke: #9198a1; }
      .tip { fill: #9198a1; }
    }
  ";

/// The rooms as ARCHITECTURE.md lists them.
#[derive(Debug, PartialEq, Eq)]
struct Rooms {
    /// Each uses those after it.
    flow: Vec<String>,
    /// What other rooms use: `author` uses `sync`.
    uses: Vec<(String, String)>,
    /// What every room may use.
    leaves: Vec<String>,
}

impl Rooms {
    /// Reads the block with the arrows.
    fn read(text: &str) -> Self {
        let (_, block) = text.split_once("## Rooms").expect("the section");
        let (_, block) = block.split_once("```text\n").expect("the block");
        let lines: Vec<&str> = block.lines().take(3).collect();
        let flow: Vec<String> = lines[0].split(" → ").map(str::to_owned).collect();
        let sentences = lines[1].split("; ");
        let uses = sentences.flat_map(|sentence| {
            let (user, used) = sentence.split_once(" → ").expect("an arrow");
            let used = used.split(", ");
            used.map(move |used| (user.to_owned(), used.to_owned()))
        });
        let uses: Vec<_> = uses.collect();
        let (leaves, _) = lines[2].split_once(": ").expect("the leaves");
        let is_beside = |name: &str| uses.iter().any(|(_, used)| used == name);
        let leaves = leaves.split(", ").filter(|name| !is_beside(name));
        let mut leaves: Vec<String> = leaves.map(str::to_owned).collect();
        leaves.sort();
        Self { flow, uses, leaves }
    }

    /// The rooms that `cli` alone uses, each above those that it uses.
    fn beside(&self) -> Vec<&str> {
        let first = &self.flow[0];
        let used = self.uses.iter().filter(|(from, _)| from == first);
        let mut beside: Vec<&str> = used.map(|(_, to)| to.as_str()).collect();
        beside.sort_by_key(|name| !self.uses.iter().any(|(from, _)| from == name));
        beside
    }
}

/// What each room knows, up to the first semicolon or colon.
fn knowledge(text: &str) -> BTreeMap<String, String> {
    let (_, section) = text.split_once("\n## Rooms").expect("the section");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|row| {
        let cells = cells(row);
        let (name, knows) = (cells[1].trim_matches('`'), cells[2].replace('`', ""));
        let end = knows.find([';', ':']).unwrap_or(knows.len());
        let first = &knows[..end];
        let is_title = first.len() < 12;
        let shown = if is_title { knows.as_str() } else { first };
        (name.to_owned(), shown.to_owned())
    });
    rows.collect()
}

/// Lines of at most so many pixels, two at most; a longer text ends with `…`.
fn wrapped(text: &str, width: u32) -> Vec<String> {
    let most = (width / TEXT_CHARACTER) as usize;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("one at least");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > most {
            lines.push(word.to_owned());
        } else {
            let space = if line.is_empty() { "" } else { " " };
            write!(line, "{space}{word}").unwrap();
        }
    }
    if lines.len() > 2 {
        lines.truncate(2);
        let shown = lines[1].trim_end_matches([',', ' ']).to_owned();
        lines[1] = format!("{shown}, …");
    }
    lines
}

fn room(svg: &mut String, class: &str, (x, y, width): (u32, u32, u32), name: &str, knows: &str) {
    writeln!(
        svg,
        r#"  <rect class="{class}" x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="8"/>"#
    )
    .unwrap();
    let lines = wrapped(knows, width - 28);
    let first = if lines.len() == 1 { y + 30 } else { y + 23 };
    writeln!(
        svg,
        r#"  <text class="name" x="{}" y="{first}">{name}</text>"#,
        x + 14
    )
    .unwrap();
    for (index, line) in (0..).zip(&lines) {
        let y = first + 19 + index * 16;
        let line = line.replace('&', "&amp;").replace('<', "&lt;");
        writeln!(
            svg,
            r#"  <text class="text" x="{}" y="{y}">{line}</text>"#,
            x + 14
        )
        .unwrap();
    }
}

fn arrow(svg: &mut String, path: &str) {
    writeln!(
        svg,
        r#"  <path class="arrow" d="{path}" marker-end="url(#tip)"/>"#
    )
    .unwrap();
}

fn drawn(text: &str) -> String {
    let rooms = Rooms::read(text);
    let knowledge = knowledge(text);
    let knows = |name: &str| {
        knowledge
            .get(name)
            .unwrap_or_else(|| panic!("no row of {name}"))
    };
    let place = |row: u32| TOP + row * STEP;
    let middle = |row: u32| place(row) + HEIGHT / 2;
    let mut body = String::new();
    for (row, name) in (0..).zip(&rooms.flow) {
        room(
            &mut body,
            "box",
            (MARGIN, place(row), LEFT_WIDTH),
            name,
            knows(name),
        );
        if row > 0 {
            let x = MARGIN + LEFT_WIDTH / 2;
            arrow(
                &mut body,
                &format!("M{x} {} V{}", place(row - 1) + HEIGHT, place(row) - 3),
            );
        }
    }
    let beside = rooms.beside();
    let row_of = |name: &str| {
        let index = beside.iter().position(|other| *other == name)?;
        u32::try_from(index + 1).ok()
    };
    let (right_end, trunk) = (RIGHT + RIGHT_WIDTH, RIGHT + RIGHT_WIDTH + 22);
    let first_row = middle(0);
    for name in &beside {
        let row = row_of(name).expect("it is there");
        room(
            &mut body,
            "beside",
            (RIGHT, place(row), RIGHT_WIDTH),
            name,
            knows(name),
        );
        let path = format!(
            "M{} {first_row} H{trunk} V{} H{}",
            MARGIN + LEFT_WIDTH,
            middle(row),
            right_end + 3
        );
        arrow(&mut body, &path);
    }
    for (from, to) in rooms.uses.iter().filter(|(from, _)| *from != rooms.flow[0]) {
        let from_row = row_of(from).expect("a room beside the flow");
        let path = match row_of(to) {
            Some(row) => format!(
                "M{} {} V{}",
                RIGHT + RIGHT_WIDTH / 2,
                place(from_row) + HEIGHT,
                place(row) - 3
            ),
            None => {
                let row = rooms
                    .flow
                    .iter()
                    .position(|name| name == to)
                    .expect("a room");
                let row = u32::try_from(row).unwrap();
                let gutter = (MARGIN + LEFT_WIDTH + RIGHT) / 2;
                format!(
                    "M{RIGHT} {} H{gutter} V{} H{}",
                    middle(from_row),
                    middle(row),
                    MARGIN + LEFT_WIDTH + 3
                )
            }
        };
        arrow(&mut body, &path);
    }
    let mut y = place(u32::try_from(rooms.flow.len()).unwrap()) + 14;
    writeln!(
        body,
        r#"  <text class="text" x="{MARGIN}" y="{y}">Leaves, which every room may use:</text>"#
    )
    .unwrap();
    y += 16;
    let mut x = MARGIN;
    for name in &rooms.leaves {
        let width = u32::try_from(name.len()).unwrap() * CHIP_CHARACTER + 22;
        if x + width > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + 42);
        }
        writeln!(
            body,
            r#"  <rect class="leaf" x="{x}" y="{y}" width="{width}" height="32" rx="16"/>"#
        )
        .unwrap();
        writeln!(
            body,
            r#"  <text class="chip" x="{}" y="{}" text-anchor="middle">{name}</text>"#,
            x + width / 2,
            y + 21
        )
        .unwrap();
        x += width + 10;
    }
    let height = y + 32 + MARGIN;
    let names = rooms.flow.join(", ");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n  \
         <title id=\"title\">The rooms of host/src and which of them use which</title>\n  \
         <desc id=\"desc\">Each uses only rooms after it: {names}. An arrow leads from a room to one that it uses.</desc>\n  \
         <style>{STYLE}</style>\n  \
         <marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"6\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path class=\"tip\" d=\"M0 0 L8 4 L0 8 z\"/></marker>\n  \
         <rect class=\"paper\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"10\"/>\n{body}</svg>\n",
        WIDTH - 1,
        height - 1,
    )
}

#[test]
fn picture_of_the_rooms_is_drawn_from_the_text() {
    let expected = drawn(&page("ARCHITECTURE.md"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(repository().join(PICTURE), &expected).unwrap();
    }
    assert!(
        page(PICTURE) == expected,
        "ARCHITECTURE.md has changed: run UPDATE_DOCS=1 cargo test --test suite manual"
    );
}

#[test]
fn arrows_of_the_text_are_read() {
    let text =
        "## Rooms\n\n```text\na → b → c\na → d, e; e → d, c\nf, d, g: leaves, usable by all\n```\n";
    let rooms = Rooms::read(text);
    assert_eq!(rooms.flow, ["a", "b", "c"]);
    assert_eq!(rooms.leaves, ["f", "g"]);
    assert_eq!(rooms.beside(), ["e", "d"]);
    assert!(rooms.uses.contains(&("e".to_owned(), "c".to_owned())));
}
