"""The registry of personal data in words: each kind, what for, on what ground, how long, and what an erasure does.

Where data of a kind lies is told by the annotations of the columns (`api.models.personal`); a kind without words here,
or words without a column, fail the build. 个人信息保护法 §17, §51, §55.
"""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[str, str]

GROUNDS: dict[str, Pair] = {
    "reporting_in": (
        "党员、单位双报到工作（个人信息保护法第十三条第一款第二、三项）",
        "the duty of members and units to report in (PIPL §13(1)(2), (3))",
    ),
    "service_record": ("志愿服务条例第十九条；民政部令第67号", "Regulations on Voluntary Service §19; MCA order 67"),
    "assessment": (
        "双报到评价和反馈的职责（个人信息保护法第十三条第一款第三项）",
        "the duty to assess and to give feedback (PIPL §13(1)(3))",
    ),
    "request": ("办理本人提出的事项", "dealing with what the person asked for"),
    "signing_in": ("本人使用账户所必需", "needed so that the person can use the account"),
    "accountability": (
        "留存记录、接受监督（个人信息保护法第五十一条、第五十四条）",
        "keeping account and being audited (PIPL §51, §54)",
    ),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data, as the registry tells it."""

    title: Pair
    purpose: Pair
    keep: Pair
    erasure: Pair


_MEMBER: Pair = ("直到注销或合并", "until erasure or merger")
_TEN: Pair = ("最后一次服务后十年", "ten years after the last service")
_GONE: Pair = ("立即清除", "shredded at once")
_HIDDEN: Pair = ("只有审计人员可见，十年届满后清除", "for auditors alone, gone when the ten years end")
_FROZEN: Pair = ("随文书保存，有关本人的内容不再显示", "stays with the document; what tells of the person is blanked")

KINDS: dict[str, Kind] = {
    "name": Kind(("姓名", "Name"), ("识别服务者和报到党员", "knowing who serves and who reports in"), _TEN, _HIDDEN),
    "phone": Kind(("电话", "Phone"), ("联系和核对身份", "contact, and checking who somebody is"), _MEMBER, _GONE),
    "id_number": Kind(
        ("身份证号（可不填）", "ID number (optional)"), ("区分同名人员", "telling namesakes apart"), _TEN, _HIDDEN
    ),
    "profile": Kind(
        ("志愿者基本信息（均可不填）", "Profile of a volunteer (each field optional)"),
        ("服务档案，同意后保存", "the archive of service, kept by consent"),
        ("直到撤回同意或注销", "until consent is withdrawn or erasure"), _GONE,
    ),
    "national_number": Kind(
        ("全国志愿者编号", "National volunteer number"),
        ("与全国系统的记录对应", "matching records of the national system"), _MEMBER, _GONE,
    ),
    "outside_record": Kind(
        ("其他平台的服务记录", "Records of other platforms"),
        ("转入时长，避免重复计时", "taking over time, and counting none twice"), _TEN, _HIDDEN,
    ),
    "guardian": Kind(
        ("监护人姓名和联系方式", "A guardian's name and contact"),
        ("未满十四周岁的监护人同意", "a guardian's consent for a child under 14"), _MEMBER, _GONE,
    ),
    "roster_number": Kind(
        ("名册编号", "Roster number"), ("与单位名册对应", "matching the unit's roster"), _MEMBER, _GONE
    ),
    "standing": Kind(
        ("政治面貌和党员类别", "Political status and member class"),
        ("确定应报到人员", "knowing who is due to report in"), _TEN, _HIDDEN,
    ),
    "affiliation": Kind(
        ("报到、任职的说明和居住社区", "Remarks and residence of an affiliation"),
        ("确定报到社区", "finding the community to report in to"), _MEMBER, _GONE,
    ),
    "way_in": Kind(
        ("登录方式", "Ways in"), ("登录", "signing in"), ("直到解除绑定或注销", "until unlinked or erased"), _GONE
    ),
    "device": Kind(
        ("设备名称", "Device name"), ("本人认出自己的设备", "so that you know your own devices"),
        ("登录结束后", "until the sign-in has ended"), _GONE,
    ),
    "need": Kind(
        ("需求和提出人", "Needs and who asked"), ("对接服务", "matching help"),
        ("未发布的直到注销；已发布的随项目", "unpublished until erasure, published with the project"),
        ("未发布的清除；已发布的不再记提出人", "unpublished ones go; published ones no longer say who asked"),
    ),
    "matching": Kind(
        ("服务意愿和匹配建议", "Declared free time and proposals of the match"),
        ("按本人意愿推荐需求", "proposing needs, as the person asked"), _MEMBER,
        ("意愿清除；建议不再记本人，匹配输入只有编号", "what was declared goes; proposals and inputs lead to nobody"),
    ),
    "taking_part": Kind(
        ("认领岗位、结对和承诺的文字", "Words of claimed posts, pairings and pledges"),
        ("设岗定责、结对帮扶、公开承诺", "duty posts, pairings and pledges"), _MEMBER, _GONE,
    ),
    "household": Kind(
        ("结对家庭的姓名、住址和情况", "Name, address and situation of a paired household"),
        ("结对走访", "visits of who is paired with it"),
        ("结对结束即清除", "until the pairing ends"),
        ("不按本平台用户清除；结对结束或撤回同意即清除", "gone when the pairing ends or consent is withdrawn"),
    ),
    "donation": Kind(
        ("捐款人和希望使用的称呼", "Who donated, and the name they wish to be called by"),
        ("开具收据、公开账目", "giving a receipt and publishing the accounts"), _MEMBER,
        ("不再记捐赠人，金额留在账上", "the account says no longer who gave; the amount stays"),
    ),
    "case": Kind(
        ("事项的文字和答复", "Words of a case and its answer"), ("办理事项", "deciding it"), _MEMBER,
        ("立即清除文字，未办结的撤回", "the words go at once, open ones are withdrawn"),
    ),
    "ledger_columns": Kind(
        ("服务记录的按列副本（仅化名账户）", "The sealed record once more by columns, under pseudonyms"),
        ("在许多人身上试算规则", "trying rules on many people at once"), _TEN,
        ("化名不再指向任何人", "the pseudonyms lead to nobody any more"),
    ),
    "fact": Kind(("记实明细", "Details of a fact"), ("服务记录", "the record of service"), _TEN, _HIDDEN),
    "assessment": Kind(
        ("评价、依据和计算", "Assessment with its inputs"), ("评价和申诉", "assessment and appeal"), _TEN, _HIDDEN
    ),
    "review": Kind(
        ("评议的评分和意见", "Marks and comments of reviews"), ("评价和申诉", "assessment and appeal"), _TEN, _HIDDEN
    ),
    "ruling": Kind(
        ("对等次的裁定理由", "Reasons of rulings on grades"), ("评价和申诉", "assessment and appeal"), _TEN, _HIDDEN
    ),
    "document": Kind(
        ("文书内容", "Content of documents"), ("签发和核验文书", "issuing and verifying documents"),
        ("十年", "ten years"), _FROZEN,
    ),
    "opinion": Kind(
        ("征求意见的用途、依据和拟稿", "Purpose, ground and draft of an opinion"),
        ("听取街道、社区党组织的意见", "hearing the Party organisations of street and community"), _TEN, _GONE,
    ),
    "consent": Kind(
        ("同意记录", "Consents"), ("证明同意和撤回", "evidence of consent and withdrawal"), _TEN,
        ("全部撤回，留存不含文字的记录", "all withdrawn; that they were given stays, without words"),
    ),
    "export": Kind(
        ("个人数据副本", "Copies of one's data"), ("查阅、复制", "access and copy"),
        ("下载即清除，最长七天", "until fetched, a week at most"), _GONE,
    ),
    "evidence": Kind(
        ("合并依据", "Evidence of a merger"), ("核对同一人", "checking that two records are one person"), _MEMBER, _GONE
    ),
    "event": Kind(
        ("操作记录的说明", "Details of events"), ("审计", "audit"), _TEN,
        ("保留，不含姓名", "kept, without a name"),
    ),
    "file": Kind(("上传和生成的文件", "Files"), ("导入和导出", "imports and exports"), _MEMBER, _GONE),
    "job": Kind(
        ("任务的输入和结果", "Input and result of jobs"), ("后台办理", "long work"), _TEN,
        ("保留，不含姓名", "kept, without a name"),
    ),
    "free_text": Kind(
        ("单位和社区填写的说明", "Remarks of units and communities"), ("办理业务", "the work at hand"),
        ("随该项业务", "with the matter they belong to"),
        ("不按个人清除", "not by person: they are the office's words"),
    ),
}  # fmt: skip
