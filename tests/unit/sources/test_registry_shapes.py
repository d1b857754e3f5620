"""Systems of one shape have its tables, and a shape is refused with its file, line and remedy."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from citybase.errors import RegistryError
from sources.dbt_sources import rendered, shape_macro_file, staging_folder
from sources.registry import load_registry

pytestmark = pytest.mark.unit

SHAPE = """\
shape: county_grid
name: 县区网格化平台
tables:
  - table: resident
    source: 居民
    name: 网格人口
    keys: [record_no]
    mode: full
    update_cycle: daily
    openness: closed
    sharing: {type: unconditional}
    columns:
      - {column: record_no, source: bh, name: 编号, type: varchar, nullable: false, class: internal}
  - table: merchant
    source: 商户
    name: 商户
    keys: [merchant_no]
    mode: full
    update_cycle: daily
    openness: closed
    sharing: {type: unconditional}
    modelled: false
    columns:
      - {column: merchant_no, name: 编号, type: varchar, nullable: false, class: internal}
"""
MEMBER = """\
system: grid_{county}
name: 网格平台
department:
  code: county_{county}
  name: 某区
  uscc: "11371300004321004C"
level: county
county: "371302"
network_domain: administrative
owner: {{name: 数据科, phone: "0539-8170110"}}
connection:
  technology: {technology}
  location_env: CITYBASE_SOURCE_GRID_{upper}
{more}shape: county_grid
"""
MEMBERS = {
    "lanshan": ("sqlite", ""),
    "hedong": ("csv", "  encoding: utf-8\n"),
}
SHAPE_PATH = "_shape/county_grid.yml"
LANSHAN, HEDONG = "county_lanshan/grid_lanshan.yml", "county_hedong/grid_hedong.yml"


def tree() -> dict[str, str]:
    files = {SHAPE_PATH: SHAPE}
    for county, (technology, more) in MEMBERS.items():
        files[f"county_{county}/grid_{county}.yml"] = MEMBER.format(
            county=county, upper=county.upper(), technology=technology, more=more
        )
    return files


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_a_member_has_the_tables_of_its_shape(tmp_path: Path) -> None:
    registry = load_registry(write(tmp_path, tree()))

    named = {(system.system, table.table): table.source_name for system, table in registry.tables()}
    assert named == {
        ("grid_hedong", "resident"): "居民_*.csv",
        ("grid_hedong", "merchant"): "商户_*.csv",
        ("grid_lanshan", "resident"): "居民",
        ("grid_lanshan", "merchant"): "商户",
    }
    assert [system.shape for system in registry.systems] == ["county_grid", "county_grid"]
    assert [member.system for member in registry.members("county_grid")] == [
        "grid_hedong",
        "grid_lanshan",
    ]


def test_what_is_generated_lists_the_members_and_declares_their_modelled_tables(
    tmp_path: Path,
) -> None:
    files = rendered(load_registry(write(tmp_path, tree())))

    sources = staging_folder() / "county_grid" / "_county_grid__sources.yml"
    assert set(files) == {sources, shape_macro_file()}
    assert "identifier: grid_hedong__resident" in files[sources]
    assert "identifier: grid_lanshan__resident" in files[sources]
    assert "merchant" not in files[sources]
    assert "('grid_hedong', 'county_hedong'),\n" in files[shape_macro_file()]


REFUSALS = {
    "unknown shape": (
        LANSHAN,
        "shape: county_grid",
        "shape: county_gird",
        f"{LANSHAN}:14 names shape `county_gird`, which _shape/ does not hold",
        "Write one of: county_grid.",
    ),
    "shape that is no word": (
        LANSHAN,
        "shape: county_grid",
        "shape: [county_grid]",
        f"{LANSHAN}:14 names shape",
        "Write one of: county_grid.",
    ),
    "shape and tables": (
        LANSHAN,
        "shape: county_grid",
        "shape: county_grid\ntables: []",
        f"{LANSHAN}:15 declares `tables:` beside `shape:`",
        "Keep one",
    ),
    "neither": (
        LANSHAN,
        "shape: county_grid\n",
        "",
        f"{LANSHAN}:1 declares neither `tables:` nor `shape:`",
        "or the shape whose tables it has, one of: county_grid.",
    ),
    "misspelt key of a member": (
        HEDONG,
        "level: county",
        "levl: county",
        f"{HEDONG}:",
        "Write `",
    ),
    "misspelt key of a shape": (
        SHAPE_PATH,
        "name: 县区",
        "nmae: 县区",
        f"{SHAPE_PATH}:2 `nmae` is no key of the contract.",
        "Write `name`.",
    ),
    "value of a shape outside its list": (
        SHAPE_PATH,
        "    keys: [record_no]\n    mode: full",
        "    keys: [record_no]\n    mode: ful",
        f"{SHAPE_PATH}:8 `tables.resident.mode` has a value outside its list",
        "Write one of: 'full'",
    ),
    "other shape than its file": (
        SHAPE_PATH,
        "shape: county_grid",
        "shape: county_net",
        f"{SHAPE_PATH}:1 says `shape: county_net`, but its path says `county_grid`",
        "Make them the same",
    ),
    "pattern for a stem": (
        SHAPE_PATH,
        "source: 居民",
        "source: 居民_*.csv",
        f"{SHAPE_PATH}:1 `source: 居民_*.csv` of `resident` is no stem",
        "Leave out folder, ending and wild cards.",
    ),
    "stem that begins another": (
        SHAPE_PATH,
        "source: 居民",
        "source: 商户_居民",
        "the files of `商户_居民` would also pass for files of `商户`",
        "Give one of them another `source:`.",
    ),
    "stem used twice": (
        SHAPE_PATH,
        "source: 居民",
        "source: 商户",
        "table source `商户` is declared twice",
        "Keep one of them.",
    ),
    "column of the macro": (
        SHAPE_PATH,
        "{column: merchant_no, name",
        "{column: system_code, name: 系统, type: varchar, nullable: true, class: open}\n"
        "      - {column: merchant_no, name",
        "column `system_code` of `merchant` has the name of the column that says which member",
        "Give it another code.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_broken_shape_is_refused_with_line_and_remedy(tmp_path: Path, case: str) -> None:
    path, right, wrong, message, remedy = REFUSALS[case]
    files = tree()
    assert files[path].count(right) == 1
    write(tmp_path, files | {path: files[path].replace(right, wrong)})

    with pytest.raises(RegistryError) as caught:
        load_registry(tmp_path)

    assert message in caught.value.message
    assert f"{tmp_path / path}:" in caught.value.message
    assert remedy in caught.value.remedy


def test_a_shape_that_no_system_has_is_refused(tmp_path: Path) -> None:
    lonely = SHAPE.replace("shape: county_grid", "shape: lonely")
    write(tmp_path, tree() | {"_shape/lonely.yml": lonely})

    with pytest.raises(RegistryError, match=r"lonely\.yml:1 declares shape `lonely`") as caught:
        load_registry(tmp_path)
    assert "Write `shape: lonely`" in caught.value.remedy


@pytest.mark.parametrize(
    ("code", "what"), [("grid_lanshan", "a system"), ("county_lanshan", "a department")]
)
def test_a_shape_is_not_called_like_anything_else(tmp_path: Path, code: str, what: str) -> None:
    files = {
        path: text.replace("shape: county_grid", f"shape: {code}") for path, text in tree().items()
    }
    files[f"_shape/{code}.yml"] = files.pop(SHAPE_PATH)
    write(tmp_path, files)

    with pytest.raises(RegistryError, match=f"calls a shape `{code}`, as {what} is called"):
        load_registry(tmp_path)


def test_a_registry_without_shapes_says_how_to_write_one(tmp_path: Path) -> None:
    files = tree()
    del files[SHAPE_PATH]

    with pytest.raises(RegistryError) as caught:
        load_registry(write(tmp_path, files))
    assert caught.value.remedy == "Write _shape/county_grid.yml, or `tables:` instead."
