"""Finds functions of the source's own that take a variable's name and read the variable."""

from __future__ import annotations

import ast
import copy
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .direct_reads import Read
from .literals import text_of, texts_in
from .needs import ends, is_needed, is_nothing
from .scan import OwnFile, Scan, dotted

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A valid name of a variable."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
ReadsByFile = dict[str, list[Read]]
TextsByFile = dict[str, dict[str, str]]


@dataclass
class Wrapper:
    """A function of the source's own that takes a variable's name and reads the variable."""

    file: OwnFile
    made: Definition
    read: Read
    parameter: str
    """The name's local name in the function: the parameter, or the loop variable if the parameter is a list."""
    through: str
    """The parameter that the caller passes."""
    default: str | None
    """The parameter with the default for a missing variable."""


def follow(scan: Scan, of: ReadsByFile, texts: TextsByFile) -> None:
    """Count the calls of wrappers as reads, instead of the reads within the wrappers."""
    wrappers = _wrappers(scan, of)
    called: set[int] = set()
    for module, file in scan.files.items():
        known = {id(read.node) for read in of[module]}
        callable_ = _callable(scan, file, wrappers)
        for node in file.in_order:
            if not isinstance(node, ast.Call) or id(node) in known:
                continue
            wrapper = callable_.get(dotted(node.func))
            made = _of_call(wrapper, node, file, texts) if wrapper is not None else None
            if wrapper is not None and made is not None:
                called.add(id(wrapper.read.node))
                of[module].append(made)
    for module, reads in of.items():
        kept = [read for read in reads if id(read.node) not in called]
        kept.sort(key=lambda read: (read.node.lineno, read.node.col_offset))
        of[module] = kept


def _wrappers(scan: Scan, of: ReadsByFile) -> dict[tuple[str, str], Wrapper]:
    """Return the wrappers by module and name."""
    found = {}
    for module, file in scan.files.items():
        reads = {id(read.node): read for read in of[module]}
        for name, made in _definitions(file):
            parameters = [one.arg for one in (*made.args.posonlyargs, *made.args.args, *made.args.kwonlyargs)]
            if made.args.vararg is not None:
                parameters.append(made.args.vararg.arg)
            loops = _loops(made, parameters)
            if not parameters:
                continue
            within = [reads[id(node)] for node in ast.walk(made) if id(node) in reads]
            for read in within:
                used = {one.id for one in ast.walk(read.name) if isinstance(one, ast.Name)}
                named = [one for one in (*parameters, *loops) if one in used and one not in ("self", "cls")]
                if named:
                    default = next((one for one in parameters if re.search("default|fallback", one)), None)
                    if isinstance(read.default, ast.Name) and read.default.id in parameters:
                        default = read.default.id
                    found[module, name] = Wrapper(file, made, read, named[0], loops.get(named[0], named[0]), default)
                    break
    return found


def _of_call(wrapper: Wrapper, call: ast.Call, file: OwnFile, texts: TextsByFile) -> Read | None:
    positional = [one.arg for one in (*wrapper.made.args.posonlyargs, *wrapper.made.args.args)]
    if positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    given = dict(zip(positional, call.args, strict=False))
    given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg})
    if wrapper.made.args.vararg is not None:
        rest = call.args[len(positional) :]
        given[wrapper.made.args.vararg.arg] = ast.copy_location(ast.Tuple(rest, ast.Load()), call)
    name = given.get(wrapper.through)
    if name is None:
        return None
    names = []
    for text in texts_in(name, texts[file.name]):
        whole = text_of(wrapper.read.name, ChainMap({wrapper.parameter: text}, texts[wrapper.file.name]))
        if whole is not None and NAME.fullmatch(whole):
            names.append(whole)
    default = wrapper.read.default
    if wrapper.default:
        default = given.get(wrapper.default) or _default_of(wrapper.made.args, wrapper.default)
    body = [wrapper.made.body] if isinstance(wrapper.made, ast.Lambda) else wrapper.made.body
    may_end = any(ends(inner) for statement in body for inner in ast.walk(statement))
    whole_name = _Substituted(wrapper.parameter, name).visit(copy.deepcopy(wrapper.read.name))
    return Read(file, call, whole_name, default, is_needed(wrapper.read) or may_end, names)


def _loops(made: Definition, parameters: list[str]) -> dict[str, str]:
    """Return the loop variables of a function that run through one of its parameters."""
    return {
        node.target.id: node.iter.id
        for node in ast.walk(made)
        if isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.target, ast.Name)
        if isinstance(node.iter, ast.Name) and node.iter.id in parameters
    }


def _default_of(arguments: ast.arguments, name: str) -> ast.expr | None:
    """Return the default of a parameter; `None` if it has no default, or if the default is `None`."""
    places = [*arguments.posonlyargs, *arguments.args]
    pairs: list[tuple[ast.arg, ast.expr | None]] = []
    pairs += zip(places[len(places) - len(arguments.defaults) :], arguments.defaults, strict=True)
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found = next((value for one, value in pairs if one.arg == name), None)
    return None if found is None or is_nothing(found, ()) else found


class _Substituted(ast.NodeTransformer):
    """Replaces a parameter in an expression by a value."""

    def __init__(self, parameter: str, value: ast.expr) -> None:
        self._parameter = parameter
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the value if the node is the parameter."""
        return self._value if node.id == self._parameter else node


def _definitions(file: OwnFile) -> Iterator[tuple[str, Definition]]:
    for node in file.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value


def _callable(scan: Scan, file: OwnFile, wrappers: Mapping[tuple[str, str], Wrapper]) -> dict[str, Wrapper]:
    """Return the wrappers by their names in a file."""
    found: dict[str, Wrapper] = {}
    if not wrappers:
        return found
    imports = [node for node in file.nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
    for (module, name), wrapper in wrappers.items():
        if module == file.name:
            found.update({name: wrapper, f"self.{name}": wrapper, f"cls.{name}": wrapper})
        for node in imports:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    shown = alias.asname or alias.name
                    if node.module is not None and module.endswith(node.module) and alias.name == name:
                        found[shown] = wrapper
                    elif module.rpartition(".")[2] == alias.name:
                        found[f"{shown}.{name}"] = wrapper
            elif isinstance(node, ast.Import):
                found.update({f"{alias.asname or alias.name}.{name}": wrapper for alias in node.names if alias.name == module})
    return found
