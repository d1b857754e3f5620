"""The words of Chinese government tables: what a column is usually called, and what it holds.

A term maps the names of one thing (Chinese, pinyin initials) to the code that the registry uses for
it; the word lists below it say what makes a column sensitive, identifying or personal. Add a word
when a real system used one that is missing. Keep out: how they are applied (``codes.py``,
``classes.py``).
"""

from collections.abc import Mapping

# code: (Chinese names, pinyin initials)
_TERMS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "id": (("主键", "主键id", "唯一标识", "流水号"), ()),
    "name": (("姓名", "人员姓名", "居民姓名", "公民姓名"), ("xm", "ryxm")),
    "id_number": (
        (
            "公民身份号码", "公民身份证号码", "居民身份证号码", "居民身份证号", "身份证",
            "身份证号", "身份证号码", "身份证件号码", "证件号", "证件号码",
        ),
        ("gmsfhm", "gmsfzhm", "sfzh", "sfzhm", "sfzjhm", "zjhm", "zjh"),
    ),
    "id_type_code": (("证件类型", "证件类型代码", "身份证件类型", "证件种类"), ("zjlx", "zjlxdm")),
    "sex_code": (("性别", "性别代码"), ("xb", "xbdm")),
    "birth_date": (("出生日期", "出生年月日", "生日"), ("csrq",)),
    "ethnicity_code": (("民族", "民族代码"), ("mz", "mzdm")),
    "phone": (("联系电话", "电话", "电话号码", "联系方式"), ("lxdh", "dhhm", "lxfs")),
    "mobile_phone": (("手机", "手机号", "手机号码", "移动电话"), ("sjh", "sjhm")),
    "email": (("邮箱", "电子邮箱", "电子邮件"), ("dzyx",)),
    "address": (("地址", "住址", "居住地址", "家庭住址", "详细地址"), ("jzdz", "jtzz", "xxdz")),
    "household_address": (("户籍地址", "户口所在地", "户籍地"), ("hjdz",)),
    "marital_status_code": (("婚姻状况", "婚姻状况代码"), ("hyzk", "hyzkdm")),
    "education_code": (("学历", "文化程度", "学历代码", "文化程度代码"), ("whcd", "xldm")),
    "occupation": (("职业", "从事职业"), ("zydm",)),
    "employer_name": (("工作单位", "单位", "服务处所"), ("gzdw", "fwcs")),
    "death_date": (("死亡日期", "死亡时间"), ("swrq",)),
    "uscc": (("统一社会信用代码", "社会信用代码", "统一信用代码"), ("tyshxydm", "shxydm")),
    "organisation_name": (
        ("单位名称", "企业名称", "机构名称", "法人名称"), ("dwmc", "qymc", "jgmc"),
    ),
    "legal_representative_name": (
        ("法定代表人", "法定代表人姓名", "法人代表"), ("fddbr", "fddbrxm"),
    ),
    "business_scope": (("经营范围",), ("jyfw",)),
    "registered_capital": (("注册资本", "注册资金"), ("zczb", "zczj")),
    "established_date": (("成立日期", "成立时间"), ("clrq",)),
    "division_code": (
        ("行政区划", "行政区划代码", "区划代码", "所属区划"), ("xzqh", "xzqhdm", "qhdm"),
    ),
    "status_code": (("状态", "状态代码"), ("zt", "ztdm")),
    "issued_date": (("发证日期", "颁发日期"), ("fzrq",)),
    "issuing_authority": (("发证机关", "颁证单位"), ("fzjg",)),
    "valid_from_date": (("有效期起", "有效期开始日期", "有效期自"), ("yxqq", "yxqqsrq")),
    "valid_to_date": (("有效期止", "有效期结束日期", "有效期至"), ("yxqz", "yxqjzrq")),
    "remark": (("备注", "说明"), ("bz",)),
    "created_at": (("创建时间", "录入时间", "新增时间"), ("cjsj", "lrsj")),
    "updated_at": (
        ("更新时间", "修改时间", "最后更新时间", "最后修改时间", "变更时间"),
        ("gxsj", "xgsj", "zhgxsj", "zhxgsj"),
    ),
    "created_by": (("创建人", "录入人"), ("cjr", "lrr")),
    "updated_by": (("修改人", "更新人"), ("xgr", "gxr")),
    "is_deleted": (("删除标志", "是否删除", "逻辑删除"), ("scbz", "sfsc")),
}  # fmt: skip

BY_CHINESE = {chinese: code for code, (names, _) in _TERMS.items() for chinese in names}
BY_INITIALS = {initials: code for code, (_, names) in _TERMS.items() for initials in names}
CHINESE_BY_INITIALS = {initials: names[0] for names, short in _TERMS.values() for initials in short}

# Per class, words that stand anywhere in a Chinese name.
CHINESE_WORDS = {
    # PIPL art. 28: biometrics, belief, identity, health, accounts, whereabouts, minors under 14.
    # What a person has, owes or is paid stands in accounts.
    "sensitive": (
        "病", "诊断", "诊疗", "就诊", "症", "健康", "医嘱", "药", "手术", "过敏", "体检", "血型",
        "妊娠", "孕", "残疾", "低保", "特困", "救助", "补贴", "死亡", "火化", "逝者", "宗教",
        "信仰", "指纹", "人脸", "虹膜", "声纹", "基因", "生物特征", "银行卡", "银行账", "银行帐",
        "开户行", "卡号", "余额", "存款", "贷款", "缴存额", "金额", "轨迹", "行踪", "定位", "犯罪",
        "前科", "刑", "戒毒", "社区矫正", "收养", "留守儿童", "密码", "口令", "密钥",
    ),
    "identifying": (
        "姓名", "身份证", "身份号码", "证件号", "护照", "通行证号", "手机", "电话", "联系方式",
        "邮箱", "电子邮件", "微信", "地址", "住址", "法定代表人", "法人代表", "负责人", "经办人",
        "联系人", "户主", "父亲", "母亲", "配偶", "监护人", "申请人", "被继承人", "持证主体",
        "权利人", "买受人", "股东名称", "来电号码", "车牌", "号牌", "社保卡", "医保卡",
        "社会保障号", "驾驶证", "照片", "相片", "签名", "个人编号",
    ),
    "personal": (
        "性别", "出生", "生日", "年龄", "民族", "籍贯", "国籍", "婚", "学历", "学位", "文化程度",
        "毕业", "职业", "职务", "职称", "工作单位", "政治面貌", "工资", "收入", "缴费基数", "户口",
        "户别", "与户主关系", "兵役", "身高", "体重", "退休", "参保",
    ),
}  # fmt: skip

# Per class, endings of names in pinyin initials: 男方姓名 is nfxm.
INITIALS = {
    "sensitive": (
        "yhzh", "yhkh", "zdmc", "jbmc", "cjlb", "cjdj", "zjxy", "swrq", "swyy", "btxm",
        "je", "zhye", "ckye", "dkye", "jcye", "yjce",
    ),
    "identifying": (
        "xm", "sfzh", "sfzhm", "sfzjhm", "gmsfhm", "gmsfzhm", "zjhm", "sjh", "sjhm", "lxdh", "dhhm",
        "lxfs", "jzdz", "hjdz", "jtzz", "txdz", "lxdz", "xxdz", "fddbr", "lxr", "jbr", "dzyx",
        "cphm",
    ),
    "personal": ("xb", "xbdm", "csrq", "csny", "mz", "mzdm", "whcd", "hyzk", "zzmm", "gzdw"),
}  # fmt: skip

# Per class, parts of English names, and pairs of them: `mother_id_card` has mother and id_card.
ENGLISH = {
    "sensitive": {
        "disease", "illness", "diagnosis", "diagnoses", "medical", "medication", "allergy",
        "health", "blood_type", "pregnancy", "disability", "disabled", "religion", "fingerprint",
        "biometric", "iris", "bank_account", "bank_card", "bank_no", "card_no", "iban", "balance",
        "amount", "deposit", "loan", "death", "deceased", "crime", "criminal", "trajectory",
        "latitude", "longitude", "password", "passwd", "pwd", "secret", "salt", "token", "adoption",
    },
    "identifying": {
        "name", "surname", "firstname", "lastname", "fullname", "realname", "username", "idcard",
        "id_card", "id_no", "id_number", "idno", "identity", "ssn", "passport", "phone", "mobile",
        "tel", "telephone", "cellphone", "email", "mail", "address", "addr", "wechat", "plate",
        "contact", "guardian", "spouse", "mother", "father", "photo", "portrait", "signature",
    },
    "personal": {
        "sex", "gender", "birth", "birthday", "birthdate", "dob", "age", "ethnicity", "ethnic",
        "nation", "nationality", "marital", "marriage", "education", "degree", "occupation", "job",
        "employer", "salary", "income", "wage", "retirement", "ip", "openid",
    },
}  # fmt: skip

# English words that say nothing beside a Chinese name: 单位名称 may well be called dept_name.
VAGUE_ENGLISH = {
    "name",
    "contact",
    "identity",
    "address",
    "addr",
    "nation",
    "card_no",
    "amount",
    "balance",
}

# What a column that grows with every change is called.
CHANGE_TIMES = {
    "updated_at", "update_time", "updated_time", "updatetime", "update_date", "updated_on",
    "modified_at", "modify_time", "modified_time", "modifytime", "last_update", "last_updated",
    "last_update_time", "last_modified", "last_modified_at", "last_modify_time", "mtime",
    "gmt_modified", "gxsj", "xgsj", "zhgxsj", "zhxgsj", "bgsj",
}  # fmt: skip
CHANGE_TIMES_CHINESE = ("更新时间", "修改时间", "变更时间", "更新日期", "修改日期")

# Frequent surnames: with two to four characters in all, a name of a person, mostly.
SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏"
    "薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常"
    "武乔贺赖龚文"
)
