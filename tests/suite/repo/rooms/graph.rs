//! The arrows between a crate's files, and the circles that they form.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, Macro, Path as CodePath, Stmt, VisRestricted};

use super::scopes::{Import, Scopes, imports};
use super::source::{Module, for_tests_only};

/// For each file the files that it uses, each with a path in its code that leads there.
pub(super) type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

/// The crate's own files that its code uses; test code is left out.
pub(super) fn arrows(modules: &[Module]) -> Arrows {
    let scopes = Scopes::of(modules);
    let mut arrows = Arrows::new();
    for module in modules.iter().filter(|module| !module.is_test) {
        let mut reader = Reader {
            module,
            scopes: &scopes,
            used: arrows.entry(module.file.clone()).or_default(),
        };
        for item in &module.items {
            // A module inside the file is visited separately.
            if !matches!(item, Item::Mod(_)) {
                reader.visit_item(item);
            }
        }
    }
    arrows
}

struct Reader<'a> {
    module: &'a Module,
    scopes: &'a Scopes,
    used: &'a mut BTreeMap<PathBuf, String>,
}

impl Reader<'_> {
    fn note(&mut self, file: Option<&PathBuf>, path: &[String]) {
        if let Some(file) = file.filter(|file| **file != self.module.file) {
            let named = || path.join("::");
            self.used.entry(file.clone()).or_insert_with(named);
        }
    }

    fn note_path(&mut self, path: &[String]) {
        self.note(self.scopes.file(&self.module.path, path), path);
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_item(&mut self, item: &'a Item) {
        if !for_tests_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'a ImplItem) {
        let only_for_tests = match item {
            ImplItem::Fn(item) => for_tests_only(&item.attrs),
            ImplItem::Const(item) => for_tests_only(&item.attrs),
            _ => false,
        };
        if !only_for_tests {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let only_for_tests = match statement {
            Stmt::Local(local) => for_tests_only(&local.attrs),
            _ => false,
        };
        if !only_for_tests {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let mut found: Vec<Import> = Vec::new();
        imports(&item.tree, &mut Vec::new(), &mut found);
        for Import { path, .. } in found {
            self.note(self.scopes.imported_file(&self.module.path, &path), &path);
        }
    }

    fn visit_path(&mut self, path: &'a CodePath) {
        if path.leading_colon.is_none() {
            let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
            self.note_path(&names);
        }
        visit::visit_path(self, path);
    }

    /// A macro's input consists of tokens: only paths of two names or more count.
    fn visit_macro(&mut self, call: &'a Macro) {
        let tokens = call.tokens.to_string().replace(" :: ", "::");
        for word in tokens.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
            let names: Vec<String> = word.split("::").map(str::to_owned).collect();
            if names.len() > 1 && names.iter().all(|name| !name.is_empty()) {
                self.note_path(&names);
            }
        }
        visit::visit_macro(self, call);
    }

    /// A visibility is not a use.
    fn visit_vis_restricted(&mut self, _: &'a VisRestricted) {}

    fn visit_attribute(&mut self, _: &'a Attribute) {}
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether one file is the parent of the other in the module tree, judged by their places: `x.rs`, `x/mod.rs`,
/// `lib.rs` or `main.rs`, and the files directly below.
pub(super) fn are_parent_and_child(one: &Path, other: &Path) -> bool {
    let is_parent = |parent: &Path, child: &Path| children_of(parent) == place_of(child);
    is_parent(one, other) || is_parent(other, one)
}

/// The folder of a file's children.
fn children_of(file: &Path) -> Option<PathBuf> {
    let root = ["mod.rs", "lib.rs", "main.rs"];
    if root.iter().any(|name| file.ends_with(name)) {
        file.parent().map(Path::to_owned)
    } else {
        Some(file.with_extension(""))
    }
}

/// The folder that a module's file counts as being in.
fn place_of(file: &Path) -> Option<PathBuf> {
    let parent = file.parent()?;
    if file.ends_with("mod.rs") {
        parent.parent().map(Path::to_owned)
    } else {
        Some(parent.to_owned())
    }
}

/// The circles among arrows, each as a set of files of which every one leads to every other. A file and its parent
/// may use each other: files connected only by such pairs are not a circle.
pub(super) fn circles(arrows: &Arrows) -> Vec<BTreeSet<PathBuf>> {
    let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> = arrows
        .keys()
        .map(|file| (file, reach(arrows, file)))
        .collect();
    let mut seen: BTreeSet<&PathBuf> = BTreeSet::new();
    let mut circles = Vec::new();
    for (file, to) in &reached {
        if !to.contains(file) || seen.contains(file) {
            continue;
        }
        let circle: BTreeSet<PathBuf> = to
            .iter()
            .filter(|other| reached.get(**other).is_some_and(|back| back.contains(file)))
            .map(|other| (**other).clone())
            .collect();
        seen.extend(to.iter().filter(|other| circle.contains(**other)));
        let inner =
            |from: &PathBuf, to: &PathBuf| circle.contains(to) && !are_parent_and_child(from, to);
        if circle
            .iter()
            .any(|from| arrows[from].keys().any(|to| inner(from, to)))
        {
            circles.push(circle);
        }
    }
    circles
}

fn reach<'a>(arrows: &'a Arrows, from: &PathBuf) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&PathBuf> = arrows[from].keys().collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(arrows.get(file).into_iter().flat_map(BTreeMap::keys));
        }
    }
    reached
}

/// The shortest way round a circle that is more than a parent and its child, one line per arrow.
pub(super) fn way_round(
    arrows: &Arrows,
    circle: &BTreeSet<PathBuf>,
    show: &dyn Fn(&Path) -> String,
) -> String {
    let ways = circle.iter().flat_map(|from| {
        let sideways = |to: &&PathBuf| circle.contains(*to) && !are_parent_and_child(from, to);
        arrows[from]
            .keys()
            .filter(sideways)
            .map(|to| [vec![from], shortest(arrows, to, from)].concat())
            .collect::<Vec<_>>()
    });
    let shortest = ways.min_by_key(Vec::len).unwrap_or_default();
    shortest
        .windows(2)
        .map(|pair| {
            let path = &arrows[pair[0]][pair[1]];
            format!("    {} → {} ({path})\n", show(pair[0]), show(pair[1]))
        })
        .collect()
}

/// The files from one to another, both included.
fn shortest<'a>(arrows: &'a Arrows, from: &'a PathBuf, to: &PathBuf) -> Vec<&'a PathBuf> {
    let mut ways = VecDeque::from([vec![from]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = way[way.len() - 1];
        if last == to {
            return way;
        }
        for next in arrows[last].keys() {
            if seen.insert(next) {
                ways.push_back([way.clone(), vec![next]].concat());
            }
        }
    }
    Vec::new()
}
