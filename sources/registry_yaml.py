"""One file read as YAML, or refused at the line that a person has to mend.

Add here what is no YAML, or no YAML that a person can have meant. Keep out: what a registry file
may say (``registry_file.py``).
"""

from contextlib import suppress
from pathlib import Path

import yaml

from citybase.errors import RegistryError

# libyaml, where the wheel has it, halves the time that the registry takes.
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_QUOTES = {"'", '"'}
_CLOSE_QUOTES = "Close the quotes that are opened there."
_CLOSE_BRACKET = "Close the bracket that is opened there, or write the comma that is missing in it."
# Where YAML says what it was reading, that begins at the line to mend.
_REMEDIES = {
    "while scanning a simple key": "Write `key: value`, with a plain colon and a blank.",
    "while scanning a quoted scalar": _CLOSE_QUOTES,
    "while parsing a flow mapping": _CLOSE_BRACKET,
    "while parsing a flow sequence": _CLOSE_BRACKET,
}


def compose(path: Path) -> yaml.Node:
    """The file's nodes, with their lines. Raises RegistryError with ``file:line`` and a remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise RegistryError(f"{path}:{line} is not UTF-8.", remedy="Save it as UTF-8.") from None
    try:
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line, remedy = _yaml_fault(text, error)
        raise RegistryError(f"{path}:{line} is not YAML: {error.problem}.", remedy=remedy) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, text.find(chr(error.character))) + 1
        raise RegistryError(
            f"{path}:{line} holds a character that YAML does not take (code {error.character}).",
            remedy="Remove it: it may well be invisible.",
        ) from None
    if node is None:
        raise RegistryError(
            f"{path}:1 is empty.", remedy="Write the system: see docs/adding-a-source.md."
        )
    _refuse_duplicate_keys(path, node)
    return node


def _yaml_fault(text: str, error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """The line that a person has to mend, and how: YAML stumbles at what comes after it."""
    begun, stumbled = error.context_mark, error.problem_mark
    if stumbled is None:
        return 1, "Write it anew: docs/adding-a-source.md shows the form."
    before = _tokens_before(text, stumbled)
    quoted = [t for t in before if isinstance(t, yaml.ScalarToken) and t.style in _QUOTES]
    # Quotes left open run on to where the next ones begin, and YAML stumbles behind them.
    if quoted and quoted[-1].start_mark.line < quoted[-1].end_mark.line == stumbled.line:
        return quoted[-1].start_mark.line + 1, _CLOSE_QUOTES
    if error.context == "while parsing a flow node" and before:
        return before[-1].start_mark.line + 1, _CLOSE_BRACKET
    if begun is not None and error.context in _REMEDIES:
        return begun.line + 1, _REMEDIES[error.context]
    return stumbled.line + 1, "Mend the indentation there, or put the value in quotes."


def _tokens_before(text: str, mark: yaml.Mark) -> list[yaml.Token]:
    found: list[yaml.Token] = []
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=LOADER):
            if token.start_mark.index >= mark.index:
                break
            found.append(token)
    return found


def _refuse_duplicate_keys(path: Path, node: yaml.Node) -> None:
    """PyYAML keeps the last of two equal keys in silence; a registry must not."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_duplicate_keys(path, child)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise RegistryError(
                    f"{path}:{key.start_mark.line + 1} writes `{key.value}` a second time.",
                    remedy="Keep one of the two.",
                )
            seen.add(key.value)
            _refuse_duplicate_keys(path, value)
