"""A small warehouse and its manifest, built by hand and published for real."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citybase.duck import connect
from citybase.serving.publish import Publication, publish
from citybase.settings import Settings

PERSONS = (
    (
        1,
        "37130219850712001X",
        "张伟丽",
        "1985-07-12",
        "山东省临沂市兰山区金雀山街道1号",
        "13900001234",
    ),
    (2, "371321199003040028", "欧阳震华", "1990-03-04", "沂南县界湖镇2号", "13800004321"),
    (3, None, "李雷", None, None, None),
)
ORGANISATIONS = (
    (11, "91371300MA3C0A1B2C", "371300200001234", "临沂沂蒙食品有限公司"),
    (12, "92371302MA3D0E4F5G", "371302600001239", "兰山区韩梅梅超市"),
    (13, None, "371302100001238", "临沂旧注册贸易公司"),
    (14, None, "371302700001233", "王小二烟酒店"),
    (15, None, None, "来历不明小铺"),
)


def column(sensitivity: str | None, mask: str | None = None) -> dict[str, Any]:
    """A column's declaration as dbt writes it into the manifest."""
    meta = {"class": sensitivity, "mask": mask}
    return {"config": {"meta": {key: value for key, value in meta.items() if value}}}


def model(schema: str, name: str, columns: dict[str, Any], **meta: Any) -> dict[str, Any]:
    """A model node as dbt writes it into the manifest."""
    return {
        "resource_type": "model",
        "schema": schema,
        "name": name,
        "alias": name,
        "config": {"meta": meta},
        "columns": {key: {"name": key, **value} for key, value in columns.items()},
    }


NODES = [
    model(
        "library",
        "lib_population__entity_person",
        {
            "person_key": column("internal"),
            "resident_number": column("identifying", "drop"),
            "name": column("identifying", "name"),
            "birth_date": column("identifying", "birth_month"),
            "address": column("identifying", "address"),
            "phone": column("identifying", "phone"),
            "health_note": column("sensitive"),
        },
    ),
    model(
        "library",
        "lib_legal_entity__entity_organisation",
        {
            "entity_key": column("internal"),
            "uscc": column("open", "individual_business"),
            "registration_number": column("open", "individual_business"),
            "name": column("open", "individual_business"),
        },
    ),
    model(
        "library",
        "lib_legal_entity__link_entity_identifier",
        {
            "entity_key": column("internal"),
            "identifier_number": column("open", "individual_business"),
        },
        lookup_key="identifier_number",
    ),
    model("library", "lib_shared__code_value", {"code": column("open"), "label": column("open")}),
    model("quality", "dq_population__unidentified_record", {"source_key": column("identifying")}),
    model("mart", "mart_overview__population_by_county", {"people": column("open")}),
]


@dataclass(frozen=True)
class House:
    """One installation with a built warehouse."""

    settings: Settings
    manifest: Path

    def publish(self) -> Publication:
        """Publish it as it stands."""
        return publish(self.settings, manifest=self.manifest)

    def declare(self, nodes: list[dict[str, Any]]) -> None:
        """Write another manifest."""
        data = {"nodes": {f"{n['resource_type']}.{n['name']}": n for n in nodes}}
        self.manifest.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")

    def change(self, *statements: str) -> None:
        """Change the warehouse."""
        with connect(self.settings.warehouse) as connection:
            for statement in statements:
                connection.execute(statement)


def build_house(home: Path) -> House:
    """Build the warehouse in ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    house = House(settings=Settings(home=home), manifest=home / "manifest.json")
    house.declare(NODES)
    with connect(house.settings.warehouse) as connection:
        for schema in ("library", "quality", "mart", "meta", "code"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table library.lib_population__entity_person (person_key bigint,"
            " resident_number varchar, name varchar, birth_date date, address varchar,"
            " phone varchar, health_note varchar, _row_hash ubigint)"
        )
        connection.executemany(
            "insert into library.lib_population__entity_person"
            " select *, '高血压', hash($1) from (values ($1, $2, $3, $4, $5, $6))",
            PERSONS[::-1],
        )
        connection.execute(
            "create table library.lib_legal_entity__entity_organisation (entity_key bigint,"
            " uscc varchar, registration_number varchar, name varchar)"
        )
        connection.executemany(
            "insert into library.lib_legal_entity__entity_organisation values ($1, $2, $3, $4)",
            ORGANISATIONS,
        )
        connection.execute(
            "create view library.lib_legal_entity__link_entity_identifier as"
            " select entity_key, registration_number as identifier_number"
            " from library.lib_legal_entity__entity_organisation"
            " where registration_number is not null"
        )
        connection.execute(
            "create table library.lib_shared__code_value as"
            " select * from (values ('01', '汉族'), ('02', '蒙古族')) t(code, label)"
        )
        connection.execute(
            "create table quality.dq_population__unidentified_record as"
            " select '37130219850712001X' as source_key"
        )
        connection.execute(
            "create table mart.mart_overview__population_by_county as select 3 as people"
        )
        connection.execute(
            "create table meta.cut as select 7::bigint as cut_id,"
            " timestamp '2025-06-01 01:02:03' as bound_at, date '2025-06-01' as as_of_date"
        )
        connection.execute(
            "create table code.code_division_national as select * from (values"
            " ('370000', '山东省', 'province'), ('371300', '临沂市', 'prefecture'),"
            " ('371302', '兰山区', 'county'), ('371321', '沂南县', 'county'),"
            " ('110101', '东城区', 'county')) t(division_code, division_name, level)"
        )
        connection.execute(
            "comment on table library.lib_population__entity_person is '自然人''一人一行'''"
        )
        for name, comment in (("person_key", "自然人主键"), ("name", "姓名")):
            connection.execute(
                f"comment on column library.lib_population__entity_person.{name} is '{comment}'"
            )
        connection.execute(
            "comment on column library.lib_legal_entity__link_entity_identifier.entity_key"
            " is '法人主键'"
        )
    return house
