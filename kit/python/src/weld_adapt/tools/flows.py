"""Traces where values come from: headers and query parameters of the request, variables, and texts of the source.

It follows a value through names, attributes, parameters and results of the function's own code, in all of its files.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from .literals import MANY, parts_of
from .reads import Reads
from .scan import Scan, dotted, unparsed
from .sources import BOTH, Source, imported, members_of, part_of, walk

DEEPEST = 30
"""The deepest nesting of expressions that is traced."""
ROUNDS = 4
"""The number of steps in which a value is followed. Each step may go through all files."""

RESPONSES = re.compile(r"(^|\.)(r|res|resp|response|answer|reply|session|s|client|http)$")
"""Names of objects that have headers and are not the request."""
REQUESTS = re.compile(r"(^|\.)(req|request|r|http_request|flask_request)$")
ARGUMENTS = ("queryStringParameters", "multiValueQueryStringParameters", "query_params")
KEEPING = ("strip", "encode", "decode", "lower", "str", "bytes", "items", "copy", "dict", "get_all", "getlist", "casefold")
"""Calls that keep a value whole."""
HASHING = re.compile(r"sha\d|md5|blake|hash|hmac|b64|digest|crypt|^(len|bool|int|any|all|isinstance|print)$")


class Flows:
    """The sources of all names in the function's files."""

    def __init__(self, scan: Scan, reads: Reads) -> None:
        self._scan = scan
        self._names: dict[tuple[str, str, str], set[Source]] = {}
        self._attributes: dict[str, set[Source]] = {}
        self._depth = 0
        self._results: dict[tuple[str, str], set[Source]] = {}
        self._variables = {id(read.node): read.names for read in reads.all() if not isinstance(read.node, ast.Compare)}
        self._functions = {
            (name, node.name): node
            for name, file in scan.files.items()
            for node in file.nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        self.walked = {name: list(walk(file.tree)) for name, file in scan.files.items()}
        """All nodes of each file, each with its enclosing function."""
        self._outer = {
            (name, node.name): scope
            for name in scan.files
            for node, scope in self.walked[name]
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name != scope
        }
        self._imported = {name: imported(file, scan) for name, file in scan.files.items()}
        for _ in range(ROUNDS):
            for name in scan.files:
                for node, scope in self.walked[name]:
                    self._step(node, name, scope)

    def of(self, node: ast.expr, file: str, scope: str) -> set[Source]:
        """Return the sources of an expression in a file. `scope` is its enclosing function; empty outside functions."""
        if self._depth > DEEPEST:
            return set()
        self._depth += 1
        try:
            return self._of(node, file, scope)
        finally:
            self._depth -= 1

    def _of(self, node: ast.expr, file: str, scope: str) -> set[Source]:
        if isinstance(node, ast.Constant):
            return {Source("text", node.value)} if isinstance(node.value, str) else set()
        if names := self._variables.get(id(node)):
            return {Source("variable", name) for name in names}
        parts = parts_of(node)
        if parts is not None:
            return self._joined(parts, file, scope)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._named(node, file, scope)
        if isinstance(node, ast.Subscript):
            if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute) and node.value.func.attr == "json":
                # A response's body.
                return set()
            return self._item(self.of(node.value, file, scope), node.slice, file, scope)
        if isinstance(node, ast.Call):
            return self._called(node, file, scope)
        inner: list[ast.expr] = []
        is_one_of = False
        if isinstance(node, ast.Dict):
            values = {source for one in node.values[:MANY] for source in self.of(one, file, scope)}
            keys = {source for one in node.keys[:MANY] if one is not None for source in self.of(one, file, scope)}
            return keys | {replace(source, is_member=True) for source in values}
        if isinstance(node, ast.BoolOp):
            inner = node.values
        elif isinstance(node, ast.IfExp):
            inner = [node.body, node.orelse]
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            inner, is_one_of = node.elts[:MANY], True
        elif isinstance(node, (ast.DictComp, ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            inner = [one.iter for one in node.generators]
        elif isinstance(node, (ast.Starred, ast.NamedExpr, ast.Await)):
            inner = [node.value]
        found = {source for one in inner for source in self.of(one, file, scope)}
        return found if not is_one_of else {source for source in found if source.kind != "headers"}

    def _joined(self, parts: list[ast.expr], file: str, scope: str) -> set[Source]:
        """Return the sources of joined parts. The known texts before a value are its prefix."""
        before = ""
        for part in parts:
            sources = self.of(part, file, scope)
            texts = [source.name for source in sources if source.kind == "text"]
            if len(sources) == len(texts) == 1:
                before += texts[0]
            elif sources:
                return {replace(source, prefix=before + source.prefix) for source in sources if source.kind != "text"}
        return {Source("text", before)} if before else set()

    def _named(self, node: ast.Name | ast.Attribute, file: str, scope: str) -> set[Source]:
        text = dotted(node)
        for place in self._places(file, scope):
            if (file, place, text) in self._names:
                return self._names[file, place, text]
        if text in self._imported[file]:
            module, name = self._origin(file, text)
            return self._names.get((module, "", name), set())
        if isinstance(node, ast.Name):
            return set()
        base = dotted(node.value)
        if node.attr == "headers" and not isinstance(node.value, ast.Call) and not (RESPONSES.search(base) and not self._is_request(node.value, file, scope)):
            return {Source("headers")}
        if node.attr in ("args", "values", "query_params") and REQUESTS.search(base):
            return {Source("arguments")}
        if node.attr == "authorization":
            return {Source("header", "authorization", is_whole=False)}
        if node.attr in ("username", "password"):
            held = self.of(node.value, file, scope)
            if any((source.kind, source.name) == ("header", "authorization") for source in held):
                return {Source("header", "authorization", is_whole=False, part=node.attr)}
        if base in self._imported[file]:
            # A class of another file, or an instance of it.
            known = self._names.get((self._imported[file][base][0], "", node.attr))
            if known:
                return known
        own = self._attributes.get(node.attr, set())
        if base in ("self", "cls") or base[:1].isupper() or base in ("settings", "config", "cfg", "conf"):
            return own | self._names.get((file, "", node.attr), set())
        return own or {replace(source, is_whole=False) for source in self.of(node.value, file, scope) if source.kind == "header"}

    def _places(self, file: str, scope: str) -> Iterator[str]:
        """Yield a function, its enclosing functions, and the module."""
        while scope:
            yield scope
            scope = self._outer.get((file, scope), "")
        yield ""

    def _is_request(self, node: ast.expr, file: str, scope: str) -> bool:
        """Whether a name is the only parameter of its enclosing function."""
        function = self._functions.get((file, scope))
        return function is not None and [one.arg for one in function.args.args] == [unparsed(node)]

    def _item(self, base: set[Source], key: ast.expr, file: str, scope: str) -> set[Source]:
        """Return the sources of a value's item."""
        names = [source.name for source in self.of(key, file, scope) if source.kind == "text"]
        if names and names[0] in ARGUMENTS:
            return {Source("arguments")}
        if names and names[0] in ("headers", "multiValueHeaders"):
            return {Source("headers")}
        if members := members_of(base):
            return members
        found: set[Source] = set()
        for source in base:
            if source.kind == "headers":
                found.update(Source("header", name.lower()) for name in names)
            elif source.kind == "arguments":
                found.update(Source("argument", name) for name in names)
            elif source.kind == "header":
                found.add(part_of(source, key.value if isinstance(key, ast.Constant) else None))
            else:
                found.add(source)
        return found

    def _called(self, call: ast.Call, file: str, scope: str) -> set[Source]:
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else dotted(function)
        own = self._own(call, file)
        if own is not None:
            return self._results.get(own, set())
        if name == "b64decode":
            decoded = {source for one in call.args for source in self.of(one, file, scope) if source.kind == "header"}
            return {replace(source, is_whole=False, prefix="Basic ", part=BOTH) for source in decoded}
        if HASHING.search(name):
            return set()
        if isinstance(function, ast.Attribute):
            base = self.of(function.value, file, scope)
            if name in ("get", "pop") and call.args:
                found = self._item(base, call.args[0], file, scope)
                # A header that is read by its name is whole.
                return {replace(source, is_whole=True) if source.kind in ("header", "argument") else source for source in found}
            if name in ("getlist", "get_all") and call.args:
                return self._item(base, call.args[0], file, scope)
            if name == "values":
                return members_of(base)
            if base:
                if name in KEEPING:
                    return base
                cut = next((one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)), "")
                cut = cut if re.fullmatch(r"[A-Za-z][A-Za-z-]*\s?", cut) else ""
                return {
                    replace(source, is_whole=False, prefix=cut or source.prefix) if source.kind == "header" else source
                    for source in base
                }
        return {source for one in call.args for source in self.of(one, file, scope) if source.kind != "text"}

    def _origin(self, file: str, name: str) -> tuple[str, str]:
        """Return the module and name of an import, even if it passes through another file's import."""
        for _ in range(ROUNDS):
            if name not in self._imported[file]:
                break
            file, name = self._imported[file][name]
        return file, name

    def _own(self, call: ast.Call, file: str) -> tuple[str, str] | None:
        """Return the called function, if it is one of the source's own."""
        text = dotted(call.func)
        if text in self._imported[file]:
            origin = self._origin(file, text)
            return origin if origin in self._functions else None
        name = text.removeprefix("self.").removeprefix("cls.")
        return (file, name) if (file, name) in self._functions else None

    def _step(self, node: ast.AST, file: str, scope: str) -> None:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._give(target, node.value, file, scope)
        elif isinstance(node, (ast.For, ast.comprehension)):
            self._give(node.target, node.iter, file, scope)
        elif isinstance(node, ast.Return) and node.value is not None:
            self._results.setdefault((file, scope), set()).update(self.of(node.value, file, scope))
        elif isinstance(node, ast.Call) and (own := self._own(node, file)) is not None:
            parameters = [one.arg for one in self._functions[own].args.args]
            if parameters[:1] in (["self"], ["cls"]):
                parameters = parameters[1:]
            pairs = list(zip(parameters, node.args, strict=False))
            pairs += [(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg]
            for name, value in pairs:
                found = self.of(value, file, scope)
                if found:
                    self._names.setdefault((own[0], own[1], name), set()).update(found)

    def _give(self, target: ast.expr, value: ast.expr, file: str, scope: str) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            for number, one in enumerate(target.elts):
                if len(values) == len(target.elts):
                    self._give(one, values[number], file, scope)
                else:
                    index = 0 if number == 0 else -1
                    self._keep(one, {part_of(source, index) for source in self.of(value, file, scope)}, file, scope)
            return
        self._keep(target, self.of(value, file, scope), file, scope)

    def _keep(self, target: ast.expr, found: set[Source], file: str, scope: str) -> None:
        if found and isinstance(target, (ast.Name, ast.Attribute)):
            text = dotted(target)
            place = "" if text.startswith("self.") else scope
            if text.startswith("self."):
                self._attributes.setdefault(text.removeprefix("self."), set()).update(found)
            self._names.setdefault((file, place, text), set()).update(found)
