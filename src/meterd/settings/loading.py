"""Settings from one YAML file, the environment and flags, and back to YAML."""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import msgspec
import yaml

from meterd.errors import ConfigurationError
from meterd.settings.section import Secret, Section
from meterd.settings.sections import Settings
from meterd.validation import Problem, explain, members_of

_MERGE = "tag:yaml.org,2002:merge"
_MASK = "***"
_RUST_LEVELS = {"trace": "debug", "debug": "debug", "info": "info", "warn": "warning", "error": "error"}
"""What AI Guard's operators set in `RUST_LOG`; counts when no level is configured."""


def load(
    path: Path | None, environment: Mapping[str, str] = os.environ, flags: Mapping[str, object] | None = None
) -> Settings:
    """Load settings from the file at `path` (may be None), `METERD_SECTION__KEY` variables, and `flags` (dotted keys).

    Raises `ConfigurationError` naming the key for anything unknown, of a wrong type, or unset in the environment.
    """
    raw: dict[str, Any] = _read(path, environment) if path else {"metrics": {}}  # checked at the end
    raw = {name: {} if section is None else section for name, section in raw.items()}
    for name, value in environment.items():
        if name.startswith("METERD_") and "__" in name:
            keys = name.removeprefix("METERD_").lower().replace("__", ".").replace("_", "-")
            _put(raw, keys, _environment_value(name, value))
    if level := _RUST_LEVELS.get(environment.get("RUST_LOG", "").lower()):
        raw.setdefault("logging", {}).setdefault("level", level)
    for dotted, flag in (flags or {}).items():
        _put(raw, dotted, flag)
    try:
        return msgspec.convert(_without_empty(raw), Settings, strict=False)
    except msgspec.ValidationError as error:
        problem = explain(error, Settings)
        raise ConfigurationError(f"settings: {problem.sentence('the file')}{_hint(problem)}") from None


def _hint(problem: Problem) -> str:
    """For a key that is not known: one of the same section that looks like it, or of that name in another one."""
    if not problem.is_unknown:
        return ""
    *section, name = problem.field.split(".")
    similar = get_close_matches(name, members_of(Settings, section), 1)
    meant = [".".join([*section, each]) for each in similar] or [
        f"{other}.{name}" for other in members_of(Settings, []) if name in members_of(Settings, [other])
    ]
    return f": did you mean {meant[0]}?" if meant else ""


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which YAML would take the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: dict[object, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise ConfigurationError(f"{key.value} is there twice, in the lines {seen[key.value]} and {line}")
                seen[key.value] = line
        return super().construct_mapping(node, deep)


def _environment_value(name: str, value: str) -> object:
    """Return a string, or what a list or mapping in YAML's short form holds."""
    if value[:1] not in ("[", "{"):
        return value
    try:
        return yaml.load(value, _Loader)  # noqa: S506 - a safe loader
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error.message}") from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{name} starts like a list or mapping in YAML, but is none") from None


def describe(settings: Settings) -> str:
    """Write the effective settings as YAML; secrets, and credentials inside addresses, are masked."""
    return re.sub(r"://\S+@", "://***@", yaml.safe_dump(msgspec.to_builtins(_masked(settings)), sort_keys=False))


def _masked(section: Section) -> dict[str, object]:
    """Return the members of a section, and of those in it, by their keys."""
    members: dict[str, object] = {}
    for field in msgspec.structs.fields(section):
        value = getattr(section, field.name)
        if isinstance(value, Section):
            value = _masked(value)
        elif value and Secret in (field.type, *get_args(field.type)):
            value = _MASK
        members[field.encode_name] = value
    return members


def _read(path: Path, environment: Mapping[str, str]) -> dict[str, object]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    except ConfigurationError as error:
        raise ConfigurationError(f"the settings file {path}: {error.message}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read the settings file {path}: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"the settings file {path} is not valid YAML: {error}") from None
    if not isinstance(content, dict | None):
        raise ConfigurationError(f"the settings file {path} must hold a mapping of sections")
    expanded: dict[str, object] = _expand(content or {}, environment)
    return expanded


_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def _expand(value: object, environment: Mapping[str, str]) -> Any:  # as the value, of any type that YAML has
    """Replace `${VAR}` and `${VAR:-default}` in every string; an empty variable counts as unset."""

    def variable(match: re.Match[str]) -> str:
        found = environment.get(match[1]) or match[2]
        if found is None:
            raise ConfigurationError(f"the settings file needs the environment variable {match[1]}, which is not set")
        return found

    if isinstance(value, str):
        return _VARIABLE.sub(variable, value)
    if isinstance(value, dict):
        return {key: _expand(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, environment) for item in value]
    return value


def _put(raw: dict[str, object], dotted: str, value: object) -> None:
    *sections, key = dotted.split(".")
    for section in sections:
        below = raw.setdefault(section, {})
        if not isinstance(below, dict):
            raise ConfigurationError(f"settings: {section} must be an object")
        raw = below
    raw[key] = value


def _without_empty(value: object) -> object:
    """Drop members that are null or an empty string, of mappings and lists: such an option counts as not given."""
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item is not None and item != ""}
    if isinstance(value, list):
        return [_without_empty(item) for item in value if item is not None and item != ""]
    return value
