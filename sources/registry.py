"""Reads ``registry/`` and refuses what breaks the contract, naming file, line and what to write.

``<department>/<system>.yml`` is one system each; ``_shape/<shape>.yml`` holds the tables that many
systems have alike, which a system names instead of writing them. Add here checks that need more
than one file (codes unique, departments the same everywhere). Keep out: what a file may say
(``contract.py``), line numbers and wording (``registry_file.py``) and anything that connects to a
source.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from citybase.errors import RegistryError
from citybase.settings import project_root
from sources.contract import Shape, System, Table, shape_tables
from sources.registry_file import RegistryFile

SHAPE_FOLDER = "_shape"


def registry_folder() -> Path:
    """The folder of the registry files."""
    return project_root() / "sources" / "registry"


@dataclass(frozen=True)
class Registry:
    """Every source system, in order of department and system code, and every shape by its code."""

    systems: tuple[System, ...]
    shapes: tuple[Shape, ...] = ()

    @cached_property
    def _by_code(self) -> Mapping[str, System]:
        return {system.system: system for system in self.systems}

    def system(self, code: str) -> System:
        """The system of that code.

        Raises:
            RegistryError: there is none; the remedy names the few nearest and where all are listed.
        """
        found = self._by_code.get(code)
        if found is None:
            near = self._near(code)
            said = f"Write one of: {', '.join(near)}. " if near else ""
            raise RegistryError(
                f"No source system is called {code!r}.",
                remedy=f"{said}`citybase source list` shows all {len(self.systems)}.",
            )
        return found

    def _near(self, code: str) -> list[str]:
        """The systems of a department or of a name, else those that are spelt much like it."""
        called = [
            system.system
            for system in self.systems
            if code in {system.department.code, system.department.name, system.name}
        ]
        return called or difflib.get_close_matches(code, self._by_code)

    def tables(self) -> Iterator[tuple[System, Table]]:
        """Every table with its system."""
        for system in self.systems:
            for table in system.tables:
                yield system, table

    def members(self, shape: str) -> tuple[System, ...]:
        """The systems of one shape, by system code."""
        found = (system for system in self.systems if system.shape == shape)
        return tuple(sorted(found, key=lambda system: system.system))


def load_registry(folder: Path | None = None) -> Registry:
    """Read and check every file of the registry; files that nobody has touched since are not read
    again.

    Raises:
        RegistryError: the first file that breaks the contract, with ``file:line`` and what to write
        instead.
    """
    folder = folder or registry_folder()
    written = [(path, path.stat()) for path in sorted(folder.glob("*/*.yml"))]
    return _load(folder, tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in written))


@lru_cache(maxsize=4)
def _load(folder: Path, written: tuple[tuple[Path, int, int], ...]) -> Registry:
    """The registry of a folder whose files are as ``written`` says: path, time and size."""
    files = [path for path, *_ in written if path.parent.name != SHAPE_FOLDER]
    if not files:
        raise RegistryError(
            f"{folder} holds no registry file.",
            remedy="Write <department>/<system>.yml: see docs/adding-a-source.md.",
        )
    shapes = load_shapes(folder)
    systems: dict[str, Path] = {}
    departments: dict[str, tuple[object, Path]] = {}
    loaded = []
    for path in files:
        system = load_system(path, shapes=shapes)
        if system.system in systems:
            raise RegistryError(
                f"{path}:1 declares system `{system.system}`, "
                f"which {systems[system.system]} declares too.",
                remedy="Give one of the two systems another code.",
            )
        department, seen = departments.setdefault(system.department.code, (system.department, path))
        if department != system.department:
            raise RegistryError(
                f"{path}:1 describes department `{system.department.code}` "
                f"otherwise than {seen} does.",
                remedy="Write the same name and uscc in both files.",
            )
        systems[system.system] = path
        loaded.append(system)
    registry = Registry(
        systems=tuple(sorted(loaded, key=lambda s: (s.department.code, s.system))),
        shapes=tuple(shapes[code] for code in sorted(shapes)),
    )
    _refuse_misused_shapes(folder / SHAPE_FOLDER, registry)
    return registry


def load_shapes(folder: Path) -> Mapping[str, Shape]:
    """Read and check every shape of a registry folder, by code.

    Raises RegistryError with ``file:line`` and what to write instead.
    """
    shapes = {}
    for path in sorted((folder / SHAPE_FOLDER).glob("*.yml")):
        file = RegistryFile.read(path, begin="`shape: <code>`")
        shape = file.checked(Shape)
        file.refuse_other_name("shape", shape.shape, path.stem)
        shapes[shape.shape] = shape
    return shapes


def load_system(path: Path, *, shapes: Mapping[str, Shape] | None = None) -> System:
    """Read and check one registry file; ``shapes`` are those it may name.

    Raises RegistryError with ``file:line`` and what to write instead.
    """
    file = RegistryFile.read(path, begin="`system: <code>`")
    system = file.checked(System, instead=_expanded(file, shapes or {}))
    file.refuse_other_name("system", system.system, path.stem)
    file.refuse_other_name("department.code", system.department.code, path.parent.name)
    return system


def _expanded(file: RegistryFile, shapes: Mapping[str, Shape]) -> Mapping[str, object]:
    """What stands for keys of the file: the tables of the shape it names."""
    if "shape" not in file.data:
        if "tables" not in file.data:
            raise file.error(
                (),
                "declares neither `tables:` nor `shape:`",
                remedy="Write the tables, or the shape whose tables it has"
                + (f", one of: {', '.join(shapes)}." if shapes else "."),
            )
        return {}
    if "tables" in file.data:
        later = max(("shape", "tables"), key=lambda key: file.line((key,)))
        raise file.error(
            (later,),
            "declares `tables:` beside `shape:`",
            remedy="Keep one: a system of a shape has the tables of the shape and no others.",
        )
    code, technology = file.data["shape"], file.at("connection", "technology")
    shape = shapes.get(code) if isinstance(code, str) else None
    if shape is None:
        near = difflib.get_close_matches(str(code), shapes) or sorted(shapes)
        raise file.error(
            ("shape",),
            f"names shape `{code}`, which {SHAPE_FOLDER}/ does not hold",
            remedy=f"Write one of: {', '.join(near)}."
            if near
            else f"Write {SHAPE_FOLDER}/{code}.yml, or `tables:` instead.",
        )
    return {"tables": shape_tables(shape, technology=str(technology))}


def _refuse_misused_shapes(folder: Path, registry: Registry) -> None:
    """A shape is a folder of models and the middle of their names, so no other thing may be called
    like it; and one that no system has is a dead file.
    """
    taken = {system.department.code: "a department" for system in registry.systems}
    taken |= {system.system: "a system" for system in registry.systems}
    for shape in registry.shapes:
        place = f"{folder / shape.shape}.yml:1"
        if shape.shape in taken:
            raise RegistryError(
                f"{place} calls a shape `{shape.shape}`, as {taken[shape.shape]} is called.",
                remedy="Give the shape another code, and the file the same.",
            )
        if not registry.members(shape.shape):
            raise RegistryError(
                f"{place} declares shape `{shape.shape}`, which no system has.",
                remedy=f"Write `shape: {shape.shape}` in a system's file, or remove this one.",
            )
