"""The function's exceptions as the contract's errors. Their messages begin with the function's own line."""

from __future__ import annotations

import linecache
import os
import re
import traceback

from weld_connector import _export, _host, _logging
from weld_connector.errors import ConnectorError, Misconfigured, OutOfTime, RateLimited
from weld_connector.requests.exceptions import RequestException

from . import _refused
from ._environment import Environment, Missed
from ._function import LoadFailed
from ._wrong_answer import WrongAnswer
from .clients.exchange import Count

SHIM = os.path.dirname(os.path.abspath(__file__)) + os.sep


def failure(error: BaseException, folder: str, entry: tuple[str, int] | None) -> _export.Failure:
    """Return the contract's error for `error`.

    `folder` has the function's own modules. `entry` is the path and line of the function that answers requests.
    """
    loads = isinstance(error, LoadFailed)
    if isinstance(error, LoadFailed) and error.__cause__ is not None:
        error = error.__cause__
    _hide_shim(error)
    if isinstance(error, WrongAnswer):
        place = _place(error, folder) or (_shown(*entry, folder) if entry else None)
        return _export.Failure("other", _host.printable(f"{place}: {error}" if place else str(error)))
    known = _known(error)
    if isinstance(known, RateLimited):
        _logging.log("warn", f"{_text(error)}: the host waits, then requests the page again")
    if isinstance(known, ConnectorError):
        if known is not error and not isinstance(known, (RateLimited, Misconfigured)):
            _log(error)
        return _export.failure(_placed(known, error, folder))
    place = _place(error, folder)
    missed = _missed(error, loads)
    if not (missed and isinstance(error, KeyError)):
        _log(error)
    if missed:
        at = _shown(missed.path, missed.line, folder)
        return _export.failure(
            Misconfigured(
                f"{at} needs {missed.name}, which is not set: add {missed.name} = {{ env = \"{missed.name}\" }} to the"
                f" section [env] of the connector's .toml file ({type(error).__name__})"
            )
        )
    if isinstance(error, SystemExit):
        said = f"the function ended with sys.exit({'' if error.code is None else repr(error.code)})"
    else:
        said = f"{type(error).__name__}: {_text(error)}".removesuffix(": ") + Count.before()
    return _export.Failure("other", _host.printable(f"{place}: {said}" if place else said))


def _placed(known: ConnectorError, error: BaseException, folder: str) -> ConnectorError:
    """Add the function's own line to an error that the operator must fix, so that no log entry is needed."""
    place = _place(error, folder)
    return Misconfigured(f"{place}: {known}") if place and isinstance(known, Misconfigured) else known


def _known(error: BaseException) -> BaseException:
    """Return the kit's error for one of `requests` or `urllib`, or the error itself."""
    if isinstance(error, RequestException):
        return error.as_connector_error()
    weld = getattr(error, "weld_error", None)
    if isinstance(weld, ConnectorError):
        return weld
    return _refused.of_requests(error) or _refused.of_urllib(error) or error


def _missed(error: BaseException, loads: bool) -> Missed | None:
    """Return the unset variable that made the function fail, if there is one."""
    found = Environment.missing.found
    if not found or isinstance(error, (OutOfTime, SystemExit)):
        return None
    if isinstance(error, KeyError):
        return next((one for one in found if error.args and one.name == error.args[0]), None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = {(frame.filename, frame.lineno) for frame in frames}
    at_once = next((one for one in found if (one.path, one.line) in lines), None)
    if loads and isinstance(error, (TypeError, AttributeError, ValueError)):
        return at_once or found[0]
    if isinstance(error, (TypeError, AttributeError)) and "None" in str(error):
        return at_once or next((one for one in found if _is_used(one, frames)), None)
    return None


def _is_used(missed: Missed, frames: traceback.StackSummary) -> bool:
    """Whether a failed line uses the name that the variable's value was assigned to."""
    assigned = re.match(r"\s*(\w+)\s*=[^=]", linecache.getline(missed.path, missed.line))
    return assigned is not None and any(re.search(rf"\b{assigned[1]}\b", frame.line or "") for frame in frames)


def _place(error: BaseException, folder: str) -> str | None:
    """Return the last line of the function's own in the traceback."""
    if isinstance(error, SyntaxError) and error.filename:
        return _shown(error.filename, error.lineno or 1, folder)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(folder)]
    return _shown(frames[-1].filename, frames[-1].lineno or 1, folder) if frames else None


def _shown(path: str, line: int, folder: str) -> str:
    name = os.path.relpath(path, folder) if path.startswith(folder) else os.path.basename(path)
    return f"{name}:{line}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "its text is not available"


def _hide_shim(error: BaseException) -> None:
    """Remove the frames before the function's own from the traceback."""
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    if frames is not None:
        error.__traceback__ = frames


def _is_ours(path: str) -> bool:
    return path.startswith((SHIM, "<frozen importlib")) or "weld_connector" in path or "importlib" in path


def _log(error: BaseException) -> None:
    """Log the traceback without the frames of shim and kit."""
    shown = traceback.TracebackException.from_exception(error)
    _without_ours(shown)
    _logging.log("error", "".join(shown.format()).rstrip())


def _without_ours(shown: traceback.TracebackException) -> None:
    shown.stack = traceback.StackSummary.from_list([frame for frame in shown.stack if not _is_ours(frame.filename)])
    for other in (shown.__cause__, shown.__context__):
        if other is not None:
            _without_ours(other)
