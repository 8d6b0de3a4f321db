"""What a Containerfile of `FROM scratch` makes, without a tool for containers: the folder of its files, and its settings.

It knows the instructions that deploy/container/Containerfile uses, and refuses others.
"""

import json
import re
import shlex
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path


class Unsupported(Exception):
    """An instruction that only a real builder can execute."""


@dataclass(frozen=True)
class Image:
    """The files of an image below `root`, and the settings that a runtime reads."""

    root: Path
    user: str = ""
    folder: str = "/"
    entrypoint: tuple = ()
    variables: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)
    ports: tuple = ()

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(path.lstat().st_size for path in self.root.rglob("*") if not path.is_dir())


def instructions(text):
    """The instructions with their arguments. Comments may stand between the lines of one."""
    whole = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or (not whole and not line.strip()):
            continue
        continues = line.endswith("\\")
        whole += line.removesuffix("\\").rstrip() + " " if continues else line
        if not continues:
            name, _, rest = whole.strip().partition(" ")
            yield name.upper(), rest.strip()
            whole = ""


def replaced(text, values):
    """The text with the values of `${NAME}`."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found.group(1)], text)


def pairs(rest):
    return dict(word.split("=", 1) for word in shlex.split(rest))


def build(containerfile: Path, context: Path, root: Path, target: str, arguments: dict) -> Image:
    """Builds a stage into the empty folder `root`. Owners are not set: whoever calls this owns the files."""
    defaults, stages, values, image, name = {}, {}, {}, None, None
    for instruction, rest in instructions(containerfile.read_text()):
        if instruction == "FROM":
            if name == target:
                break
            base, _, name = re.fullmatch(r"(\S+)( AS (\S+))?", rest).groups()
            image = Image(root) if base == "scratch" else stages[base]
            values = {}
            stages[name] = image
            continue
        if instruction == "ARG":
            key, _, default = rest.partition("=")
            if image is None:
                defaults[key] = default
            else:
                values[key] = arguments.get(key, defaults.get(key, default))
            continue
        rest = replaced(rest, values)
        match instruction:
            case "LABEL":
                image = replace(image, labels=image.labels | pairs(rest))
            case "ENV":
                image = replace(image, variables=image.variables | pairs(rest))
            case "EXPOSE":
                image = replace(image, ports=(*image.ports, rest))
            case "USER":
                image = replace(image, user=rest)
            case "ENTRYPOINT":
                image = replace(image, entrypoint=tuple(json.loads(rest)))
            case "WORKDIR":
                (root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
                image = replace(image, folder=rest)
            case "COPY":
                copy(rest, context, root)
            case _:
                raise Unsupported(instruction)
        stages[name] = image
    if target not in stages:
        raise Unsupported(f"--target {target}")
    return stages[target]


def copy(rest, context, root):
    words = shlex.split(rest)
    options = dict(word.removeprefix("--").split("=", 1) for word in words if word.startswith("--"))
    source, target = (word for word in words if not word.startswith("--"))
    source, target = context / source, root / target.lstrip("/")
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)
    if "chmod" in options:
        target.chmod(int(options["chmod"], 8))
