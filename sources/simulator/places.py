"""Where people live and are born: counties with their shares and former codes, townships, the codes
a resident number may begin with.

Add places here. Keep out: the dated list of every division of the country; that is the reference
table ``dbt_project/seeds/code/code_division_national.csv``, which is read here, not copied.

Sources: GB/T 2260 codes of Linyi and of 临沂地区 (before 1994); shares follow the seventh census
(2020), rounded.
"""

import csv
from dataclasses import dataclass

import duckdb

from citybase.settings import project_root
from sources.simulator.mixer import insert_rows, set_list

CITY_DIVISION = "371300"
CITY_NAME = "临沂市"


@dataclass(frozen=True)
class County:
    """One county: codes since and before 1994, people in ten thousand, townships."""

    code: str
    former_code: str
    name: str
    weight: int
    townships: str


COUNTIES = (
    County("371302", "372801", "兰山区", 189,
           "兰山街道 银雀山街道 金雀山街道 柳青街道 枣园镇 半程镇 义堂镇 李官镇 汪沟镇 方城镇 "
           "白沙埠镇"),
    County("371311", "372801", "罗庄区", 79,
           "罗庄街道 傅庄街道 盛庄街道 册山街道 高都街道 沂堂镇 褚墩镇 黄山镇"),
    County("371312", "372801", "河东区", 89,
           "九曲街道 芝麻墩街道 梅家埠街道 相公街道 太平街道 汤头街道 凤凰岭街道 汤河镇 八湖镇 "
           "郑旺镇"),
    County("371321", "372832", "沂南县", 82,
           "界湖街道 岸堤镇 孙祖镇 双堠镇 青驼镇 张庄镇 砖埠镇 大庄镇 辛集镇 蒲汪镇 湖头镇 "
           "苏村镇 铜井镇 依汶镇"),
    County("371322", "372822", "郯城县", 86,
           "郯城街道 马头镇 重坊镇 李庄镇 杨集镇 港上镇 高峰头镇 庙山镇 胜利镇 红花镇 花园镇 "
           "归昌乡 泉源镇"),
    County("371323", "372827", "沂水县", 100,
           "沂城街道 龙家圈街道 马站镇 高桥镇 许家湖镇 黄山铺镇 诸葛镇 崔家峪镇 四十里堡镇 "
           "杨庄镇 夏蔚镇 沙沟镇 高庄镇 院东头镇 富官庄镇 道托镇 泉庄镇 圈里乡"),
    County("371324", "372823", "兰陵县", 122,
           "卞庄街道 大仲村镇 兰陵镇 长城镇 磨山镇 神山镇 车辋镇 尚岩镇 向城镇 新兴镇 南桥镇 "
           "庄坞镇 鲁城镇 矿坑镇 芦柞镇 金岭镇 下村乡"),
    County("371325", "372831", "费县", 83,
           "费城街道 上冶镇 薛庄镇 探沂镇 朱田镇 梁邱镇 新庄镇 马庄镇 胡阳镇 石井镇 东蒙镇 "
           "大田庄乡"),
    County("371326", "372830", "平邑县", 93,
           "平邑街道 仲村镇 武台镇 保太镇 柏林镇 卞桥镇 地方镇 铜石镇 温水镇 流峪镇 郑城镇 "
           "白彦镇 临涧镇 丰阳镇"),
    County("371327", "372824", "莒南县", 84,
           "十字路街道 大店镇 坊前镇 相沟镇 坪上镇 团林镇 石莲子镇 板泉镇 洙边镇 筵宾镇 岭泉镇 "
           "文疃镇 壮岗镇 涝坡镇 朱芦镇 道口镇"),
    County("371328", "372829", "蒙阴县", 49,
           "蒙阴街道 常路镇 岱崮镇 坦埠镇 垛庄镇 高都镇 野店镇 桃墟镇 联城镇 旧寨乡"),
    County("371329", "372833", "临沭县", 60,
           "临沭街道 郑山街道 蛟龙镇 大兴镇 石门镇 曹庄镇 青云镇 玉山镇 店头镇"),
)  # fmt: skip

_ROADS = (
    "解放路 沂蒙路 通达路 金雀山路 银雀山路 滨河路 涑河街 平安路 北京路 南京路 蒙山大道 沂河路 "
    "育才路 兴华街 人民路 文化路 健康路 工业大道 中心街 前进路 振兴路 富民路 迎宾路 环城路"
)
_VILLAGES = (
    "东岭 西岭 前庄 后庄 大沟 小沟 南山 北山 石桥 柳行 杏山 沟头 河湾 桃园 王庄 李庄 张庄 "
    "刘庄 朱家  "
    "孙家 陈家 小河 官庄 新村 红旗 团结 双泉 龙潭 马家 赵家"
)
# Codes of the old 临沂地区 that left for other cities: people born there live in Linyi today.
_FORMER_NEIGHBOURS = ("372802", "372825", "372826", "372828")


def install_places(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``county`` (12 rows, cumulative share) and the address and birthplace lists."""
    connection.execute(
        "create or replace temp table county (county_no integer, code varchar, former_code "
        "varchar,"
        " name varchar, township_offset integer, township_count integer)"
    )
    townships: list[str] = []
    slots: list[int] = []
    rows = []
    for number, county in enumerate(COUNTIES):
        names = county.townships.split()
        rows.append(
            (
                number,
                county.code,
                county.former_code,
                county.name,
                len(townships),
                len(names),
            )
        )
        townships += names
        slots += [number] * county.weight
    insert_rows(connection, "county", rows)
    set_list(connection, "township", townships)
    set_list(connection, "county_slot", slots)
    set_list(connection, "county_code", [county.code for county in COUNTIES])
    set_list(connection, "county_former_code", [county.former_code for county in COUNTIES])
    set_list(connection, "county_name", [county.name for county in COUNTIES])
    set_list(connection, "township_offset", [row[4] for row in rows])
    set_list(connection, "township_count", [row[5] for row in rows])
    set_list(connection, "road", _ROADS.split())
    set_list(connection, "village", _VILLAGES.split())
    steady, until_reform = _codes_elsewhere()
    set_list(connection, "code_elsewhere", steady)
    set_list(connection, "code_elsewhere_former", [*until_reform, *_FORMER_NEIGHBOURS])
    connection.execute(
        """
        create or replace temp macro township_of(county_no, i, purpose) as
            getvariable('township')[
                1 + getvariable('township_offset')[county_no + 1]
                + below(i, purpose, getvariable('township_count')[county_no + 1])
            ]
        """
    )
    connection.execute(
        """
        create or replace temp macro address_of(county_no, i, purpose) as
            '山东省临沂市' || getvariable('county_name')[county_no + 1]
            || township_of(county_no, i, purpose || '/township')
            || case
                when chance(i, purpose || '/town', 480000) then
                    pick_road(i, purpose || '/road')
                    || (1 + below(i, purpose || '/number', 320))::varchar || '号'
                    || (1 + below(i, purpose || '/building', 28))::varchar || '号楼'
                    || (1 + below(i, purpose || '/unit', 4))::varchar || '单元'
                    || (101 + below(i, purpose || '/floor', 17) * 100
                        + below(i, purpose || '/door', 4))::varchar || '室'
                else
                    pick_village(i, purpose || '/village') || '村'
                    || (1 + below(i, purpose || '/lot', 640))::varchar || '号'
            end
        """
    )


def _codes_elsewhere() -> tuple[list[str], list[str]]:
    """County codes outside Linyi: in force since before 1985, and in force in 1985 but no more."""
    path = project_root() / "dbt_project" / "seeds" / "code" / "code_division_national.csv"
    steady, former = [], []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code = row["division_code"]
            if row["level"] != "county" or code.startswith(("3713", "3728")) or code[2:] == "0101":
                continue
            if (row["valid_from"] or "0000") > "1985":
                continue
            if not row["valid_to"]:
                steady.append(code)
            elif row["valid_to"] >= "1995":
                former.append(code)
    return sorted(set(steady)), sorted(set(former) - set(steady))
