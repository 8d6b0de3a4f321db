//! Resolves a path in a crate's code to the file that defines the thing, through `use` and re-exports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use syn::{Item, UseTree};

use super::source::{Module, for_tests_only};

/// How many re-exports one name may pass before it counts as lost, since they may form a cycle.
const MOST_STEPS: usize = 12;

/// The modules of a crate as paths see them, without those for tests only.
pub(super) struct Scopes {
    modules: BTreeMap<Vec<String>, Scope>,
}

struct Scope {
    file: PathBuf,
    children: BTreeSet<String>,
    defined: BTreeSet<String>,
    imports: Vec<Import>,
}

/// One name that a `use` imports, or all of a module for `*`.
pub(super) struct Import {
    pub(super) name: Option<String>,
    pub(super) path: Vec<String>,
}

enum Target<'a> {
    Module(&'a [String]),
    /// An item defined in this module.
    Within(&'a [String]),
}

impl Scopes {
    pub(super) fn of(modules: &[Module]) -> Self {
        let modules = modules.iter().filter(|module| !module.is_test);
        let mut scopes: BTreeMap<_, _> = modules
            .clone()
            .map(|module| (module.path.clone(), Scope::of(module)))
            .collect();
        if let Some(root) = scopes.get_mut(&Vec::new()) {
            root.imports.extend(modules.flat_map(exported_macros));
        }
        Self { modules: scopes }
    }

    /// The file that defines what `path` names in the code of the module `at`; `None` for other crates and local
    /// names.
    pub(super) fn file(&self, at: &[String], path: &[String]) -> Option<&PathBuf> {
        let target = match path {
            // A single name may as well be a local variable, which often has a module's name.
            [name] if self.scope(at)?.children.contains(name) => return None,
            _ => self.find(at, path, MOST_STEPS)?,
        };
        let (Target::Module(module) | Target::Within(module)) = target;
        Some(&self.scope(module)?.file)
    }

    /// The same for the path of a `use`, which may name a module by its bare name.
    pub(super) fn imported_file(&self, at: &[String], path: &[String]) -> Option<&PathBuf> {
        let (Target::Module(module) | Target::Within(module)) = self.find(at, path, MOST_STEPS)?;
        Some(&self.scope(module)?.file)
    }

    fn scope(&self, module: &[String]) -> Option<&Scope> {
        self.modules.get(module)
    }

    fn find(&self, at: &[String], path: &[String], steps: usize) -> Option<Target<'_>> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.below(&[], rest, steps),
            "self" => self.below(at, rest, steps),
            "super" => {
                let mut above = at.split_last()?.1;
                let mut rest = rest;
                while let Some(("super", further)) = rest
                    .split_first()
                    .map(|(first, rest)| (first.as_str(), rest))
                {
                    above = above.split_last()?.1;
                    rest = further;
                }
                self.below(above, rest, steps)
            }
            _ => self.named(at, path, steps),
        }
    }

    /// The target of a path that is certain to begin in this module. If no item defines it, a macro has made it.
    fn below(&self, module: &[String], path: &[String], steps: usize) -> Option<Target<'_>> {
        let (module, _) = self.modules.get_key_value(module)?;
        if path.is_empty() {
            return Some(Target::Module(module));
        }
        self.named(module, path, steps)
            .or(Some(Target::Within(module)))
    }

    /// The target of a path whose first name is in this module's scope.
    fn named(&self, module: &[String], path: &[String], steps: usize) -> Option<Target<'_>> {
        let steps = steps.checked_sub(1)?;
        let (module, scope) = self.modules.get_key_value(module)?;
        let (first, rest) = path.split_first()?;
        if scope.children.contains(first) {
            let mut child = module.clone();
            child.push(first.clone());
            return self.below(&child, rest, steps);
        }
        if scope.defined.contains(first) {
            return Some(Target::Within(module));
        }
        let of_name = |import: &&Import| import.name.as_ref() == Some(first);
        if let Some(import) = scope.imports.iter().find(of_name) {
            let further: Vec<String> = import.path.iter().chain(rest).cloned().collect();
            // `use serde::…` names a crate, not the name that is being resolved.
            return (further != path)
                .then(|| self.find(module, &further, steps))
                .flatten();
        }
        let globs = scope.imports.iter().filter(|import| import.name.is_none());
        globs
            .filter_map(|glob| match self.find(module, &glob.path, steps)? {
                Target::Module(all) if all != module.as_slice() => self.named(all, path, steps),
                _ => None,
            })
            .next()
    }
}

impl Scope {
    fn of(module: &Module) -> Self {
        let mut scope = Self {
            file: module.file.clone(),
            children: BTreeSet::new(),
            defined: BTreeSet::new(),
            imports: Vec::new(),
        };
        for item in &module.items {
            scope.take(item);
        }
        scope
    }

    fn take(&mut self, item: &Item) {
        let (name, attributes) = match item {
            Item::Use(item) if !for_tests_only(&item.attrs) => {
                imports(&item.tree, &mut Vec::new(), &mut self.imports);
                return;
            }
            Item::Mod(item) if !for_tests_only(&item.attrs) => {
                self.children.insert(item.ident.to_string());
                return;
            }
            Item::Macro(item) => match &item.ident {
                Some(name) => (name, &item.attrs),
                None => return,
            },
            Item::Const(item) => (&item.ident, &item.attrs),
            Item::Enum(item) => (&item.ident, &item.attrs),
            Item::Fn(item) => (&item.sig.ident, &item.attrs),
            Item::Static(item) => (&item.ident, &item.attrs),
            Item::Struct(item) => (&item.ident, &item.attrs),
            Item::Trait(item) => (&item.ident, &item.attrs),
            Item::Type(item) => (&item.ident, &item.attrs),
            Item::Union(item) => (&item.ident, &item.attrs),
            _ => return,
        };
        if !for_tests_only(attributes) {
            self.defined.insert(name.to_string());
        }
    }
}

/// The macros of a module that are also in the crate's root because of `#[macro_export]`.
fn exported_macros(module: &Module) -> impl Iterator<Item = Import> {
    module.items.iter().filter_map(|item| match item {
        Item::Macro(item)
            if item
                .attrs
                .iter()
                .any(|it| it.path().is_ident("macro_export")) =>
        {
            let name = item.ident.as_ref()?.to_string();
            let way = ["crate".to_owned()].into_iter().chain(module.path.clone());
            Some(Import {
                path: way.chain([name.clone()]).collect(),
                name: Some(name),
            })
        }
        _ => None,
    })
}

/// Each name of a `use`, with its path.
pub(super) fn imports(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<Import>) {
    let mut add = |name: Option<String>, last: Option<String>| {
        let path = before.iter().cloned().chain(last).collect();
        found.push(Import { name, path });
    };
    match tree {
        UseTree::Path(tree) => {
            before.push(tree.ident.to_string());
            imports(&tree.tree, before, found);
            before.pop();
        }
        UseTree::Group(tree) => {
            for tree in &tree.items {
                imports(tree, before, found);
            }
        }
        UseTree::Name(tree) if tree.ident == "self" => add(before.last().cloned(), None),
        UseTree::Name(tree) => add(Some(tree.ident.to_string()), Some(tree.ident.to_string())),
        UseTree::Rename(tree) if tree.ident == "self" => add(Some(tree.rename.to_string()), None),
        UseTree::Rename(tree) => {
            add(Some(tree.rename.to_string()), Some(tree.ident.to_string()));
        }
        UseTree::Glob(_) => add(None, None),
    }
}
