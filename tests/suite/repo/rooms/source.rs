//! A crate's module tree, read like the compiler does: from a root file along its `mod` items.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta};

/// One module, in its own file or within its parent's.
pub(super) struct Module {
    /// Names from the crate's root down; empty for the root.
    pub(super) path: Vec<String>,
    pub(super) file: PathBuf,
    /// Whether it, or a module above it, is compiled for tests only.
    pub(super) is_test: bool,
    pub(super) items: Vec<Item>,
}

/// All modules of the crate with this root file, parents first.
pub(super) fn modules(root: &Path) -> Vec<Module> {
    let mut modules = Vec::new();
    let folder = root.parent().unwrap();
    read_file(root, Vec::new(), false, folder, &mut modules);
    modules
}

/// `folder` is the folder of the module's children.
fn read_file(
    file: &Path,
    path: Vec<String>,
    is_test: bool,
    folder: &Path,
    modules: &mut Vec<Module>,
) {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let module = Module {
        path,
        file: file.to_owned(),
        is_test,
        items: parsed.items,
    };
    add(module, folder, file.parent().unwrap(), modules);
}

/// Adds a module and those below it. A `#[path]` of its children is relative to `here`.
fn add(module: Module, folder: &Path, here: &Path, modules: &mut Vec<Module>) {
    let children: Vec<ItemMod> = module
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(child) => Some(child.clone()),
            _ => None,
        })
        .collect();
    let (path, file, is_test) = (module.path.clone(), module.file.clone(), module.is_test);
    modules.push(module);
    for child in children {
        let name = child.ident.to_string();
        let mut path = path.clone();
        path.push(name.clone());
        let is_test = is_test || for_tests_only(&child.attrs);
        let within = folder.join(&name);
        match child.content {
            Some((_, items)) => {
                let module = Module {
                    path,
                    file: file.clone(),
                    is_test,
                    items,
                };
                add(module, &within, &within, modules);
            }
            None => match named_path(&child.attrs) {
                Some(named) => {
                    let file = normal(&here.join(named));
                    let folder = file.parent().unwrap();
                    read_file(&file, path, is_test, folder, modules);
                }
                None => {
                    let beside = folder.join(format!("{name}.rs"));
                    let file = if beside.exists() {
                        beside
                    } else {
                        within.join("mod.rs")
                    };
                    read_file(&file, path, is_test, &within, modules);
                }
            },
        }
    }
}

/// Whether an item is compiled for tests only: `#[cfg(test)]`, alone or in an `all`.
pub(super) fn for_tests_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else {
            return false;
        };
        let condition = list.tokens.to_string();
        list.path.is_ident("cfg")
            && (condition == "test" || (condition.starts_with("all") && condition.contains("test")))
    })
}

/// The file that `#[path = "…"]` names.
fn named_path(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(named) if named.path.is_ident("path") => match &named.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
}

/// The path without `x/..`.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            normal.pop();
        } else {
            normal.push(part);
        }
    }
    normal
}
