"""The words of the city: surnames, given names by sex and era, trade names, peoples.

Add words here. Keep out: places (``places.py``) and the ways names are written wrongly
(``defects.py``).

Surnames follow 1 / (r + 1.5), given names of each sex and era 1 / (r + 6): Zipf's law with exponent
1, flattened at the top so that the commonest name stays near 2 % of its pool as it is in life.
Namesakes, also with the same birthday, therefore exist, which is what makes matching by name wrong.
"""

import math

import duckdb

from sources.simulator.mixer import set_list

_SURNAMES = (
    "王 李 张 刘 陈 杨 孙 徐 赵 高 朱 马 周 胡 郭 宋 吴 杜 韩 姜 孟 尹 曹 魏 于 彭 冯 段 董 "
    "林 邵 许 庄 唐  "
    "姚 解 付 卢 袁 程 石 田 何 薛 丁 季 公 任 范 邢 鲁 苏 沈 谢 黄 吕 侯 潘 崔 郑 窦 邱 秦 "
    "武 江 来 梁 蔡  "
    "诸葛 欧阳 司马 上官 夏侯 东方 尉迟 左 聂 管 时 相 匡 全 颜 卞 臧 惠 凌 密 咸 化 厉 葛 陶 "
    "汪 贾 闫 史  "
    "龙 万 雷 钱 汤 常 康 贺 赖 龚 文 庞 樊 兰 殷 施 洪 翟 安 倪 严 牛 温 芦 俞 章 鲍 柳 岳 "
    "齐 沙 梅 毛 庄"
)
_MALE_OLD = (
    "建国军华平明志强文德福贵荣生庆祥富宝玉金成忠义信善学永春兴发才家宗振东海山林树根长玺桂法"
    "廷运传纪洪思凤"
)
_MALE_NEW = (
    "浩宇轩泽睿博文子涵俊杰嘉豪晨一鸣天佑梓皓铭思远伟强磊洋勇涛超鹏飞辉刚健凯斌旭龙峰亮波帅林"
    "昊然奕辰煜宸"
)
_FEMALE_OLD = (
    "秀英兰桂芳玉珍淑华凤霞美荣翠花爱莲素云梅红春香月娥巧云金菊贞琴芝彩清风惠连荣叶改焕存俊瑞"
)
_FEMALE_NEW = (
    "梓涵欣怡诗雨佳琪思颖雅婷静敏丽娜燕娟艳玲丹雪倩莹慧琳璐瑶若曦语桐可馨一诺依晨悦萱妍婧紫晗彤艺菲"
)
# By era (born before 1980, after) and sex, in the order the macro computes.
_GIVEN_POOLS = (_MALE_OLD, _FEMALE_OLD, _MALE_NEW, _FEMALE_NEW)
# Legal, rare and painful: two-byte, extension A and extension B characters of GB 18030.
_RARE_CHARACTERS = ("䶮", "㐱", "𠅤", "𬱖", "堃", "㛃", "𣈶")
_FOREIGN_NAMES = (
    "SMITH JOHN", "KIM MINJUN", "TANAKA YUKI", "GARCIA MARIA", "MUELLER ANNA", "DUBOIS PIERRE",
    "IVANOV SERGEI", "NGUYEN VAN AN", "BROWN EMILY", "ROSSI MARCO",
)  # fmt: skip
_TRADE_WORDS = (
    "鑫 源 盛 达 华 泰 隆 兴 宏 润 丰 恒 瑞 祥 和 顺 通 联 创 信 诚 德 佳 美 安 康 乐 福 金 "
    "银 海 天 宇  "
    "沂 蒙 鲁 齐 东 方 正 大 光 明 永 久 新 世 纪 中 国 强 立 业 腾 飞 龙 凤 麒 麟 星 辰 博 雅 文"
)
# In the order of GB/T 3304: 汉 is 01.
ETHNICITIES = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 "
    "高山 拉祜 水 东乡  "
    "纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 "
    "乌孜别克 俄罗斯 鄂温克  "
    "德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺"
)
_SURNAME_OFFSET = 1.5
_GIVEN_NAME_OFFSET = 6


def install_vocabulary(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the lists ``surname_slot``, ``given_name``, … and the macros that draw from them."""
    set_list(
        connection,
        "surname_slot",
        _slots(list(dict.fromkeys(_SURNAMES.split())), offset=_SURNAME_OFFSET, size=2048),
    )
    pools = [list(dict.fromkeys(pool)) for pool in _GIVEN_POOLS]
    size = min(len(pool) for pool in pools)
    set_list(connection, "given_character", [word for pool in pools for word in pool[:size]])
    set_list(connection, "ethnicity", ETHNICITIES.split())
    set_list(connection, "rare_character", _RARE_CHARACTERS)
    set_list(connection, "foreign_name", _FOREIGN_NAMES)
    set_list(connection, "trade_word", list(dict.fromkeys(_TRADE_WORDS.split())))
    # As many ranks as a pool has pairs of characters, so that no two ranks are the same name.
    head = _GIVEN_NAME_OFFSET + 1
    span = (size * size + _GIVEN_NAME_OFFSET) / head
    connection.execute(
        f"""
        create or replace temp macro given_name_rank(i) as
            ({head} * pow({span!r}, unit(i, 'given name')) - {head})::bigint
        """
    )
    # Rank -> characters by arithmetic: rank = a * size + b is taken to the places (7 b + a) and
    # (11 b + 3 + step a), a one-to-one map; every tenth of the commoner names has one character.
    step = next(k for k in range(2, size) if math.gcd(7 * k - 11, size) == 1)
    first = f"(rank % {size} * 7 + rank // {size}) % {size}"
    connection.execute(
        f"""
        create or replace temp macro given_name_at(rank, is_female, is_new) as
            case
                when rank % 10 = 9 and rank < {10 * size} then getvariable('given_character')[
                    1 + {size} * (2 * is_new + is_female) + rank // 10
                ]
                else getvariable('given_character')[
                    1 + {size} * (2 * is_new + is_female) + {first}
                ]
                || getvariable('given_character')[
                    1 + {size} * (2 * is_new + is_female)
                    + (rank % {size} * 11 + 3 + rank // {size} * {step}) % {size}
                ]
            end
        """
    )


def compound_surnames() -> tuple[str, ...]:
    """The surnames of two characters."""
    return tuple(dict.fromkeys(word for word in _SURNAMES.split() if len(word) == 2))


def _slots(words: list[str], *, offset: float, size: int) -> list[str]:
    """A list in which word r fills a share of 1 / (r + offset), so that one index draws a word."""
    weights = [1 / (rank + offset) for rank in range(1, len(words) + 1)]
    total = math.fsum(weights)
    slots: list[str] = []
    for word, weight in zip(words, weights, strict=True):
        slots += [word] * max(1, round(size * weight / total))
    return slots
