"""Labels in zh-CN and en of the kinds of judging and hearing: rulings, quotas, reviews, appeals, opinions."""

from __future__ import annotations

from collections.abc import Mapping

JUDGED_KINDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "ruling.kind": {
        "quota_choice": ("名额裁定", "choice under a quota"),
        "override": ("人工更正", "override"),
        "appeal": ("申诉更正", "change on appeal"),
        "amendment": ("定案后更正", "amendment"),
    },
    "allotment.decision": {
        "kept": ("保留", "kept"),
        "lowered": ("按名额调整", "lowered"),
        "needs_decision": ("待人工裁定", "needs a decision"),
    },
    "quota_group.within": {
        "cycle": ("本周期全部对象", "all subjects of the cycle"),
        "unit": ("所在单位", "the unit"),
        "branch": ("所在党支部", "the Party branch"),
        "community": ("报到社区", "the community"),
    },
    "review.party": {
        "self": ("自评", "self"),
        "community": ("社区", "community"),
        "street": ("街道党工委", "street Party working committee"),
        "resident": ("服务对象", "recipient"),
        "panel": ("居民评议团", "residents' panel"),
    },
    "review.kind": {
        "rating": ("评分", "rating"),
        "recusal": ("回避", "recusal"),
        "reply": ("说明", "reply"),
        "vote": ("表决", "vote"),
        "support": ("支持", "support"),
        "confirmation": ("确认", "confirmation"),
    },
    "appeal.ground": {
        "wrong_record": ("记录有误或遗漏", "the record is wrong or incomplete"),
        "wrong_rule": ("规则适用有误", "the wrong rule was applied"),
        "procedure": ("程序不当", "the procedure was not kept"),
        "exemption": ("应予免除或折算而未予", "an exemption or pro rata was not given"),
        "review_unfair": ("评议不公", "a review was unfair"),
        "other": ("其他", "other"),
    },
    "appeal.outcome": {
        "upheld": ("申诉成立", "upheld"),
        "partly": ("申诉部分成立", "partly upheld"),
        "dismissed": ("申诉不成立", "dismissed"),
    },
    "recomputation.kind": {
        "recomputation": ("申诉复算", "recomputation after appeals"),
        "amendment": ("定稿后更正", "amendment after sealing"),
    },
    "opinion.stance": {
        "agrees": ("同意", "agrees"),
        "agrees_with_remarks": ("同意，另有说明", "agrees with remarks"),
        "disagrees": ("不同意", "disagrees"),
        "knows_nothing": ("不了解情况", "knows nothing of it"),
        "silent": ("逾期未答复", "did not answer in time"),
        "out": ("回避", "stays out"),
    },
    "opinion.conclusion": {
        "supports": ("支持", "supports"),
        "supports_with_remarks": ("支持，另有说明", "supports with remarks"),
        "does_not_support": ("不支持", "does not support"),
    },
    "opinion.vote": {
        "for": ("赞成", "for"),
        "against": ("反对", "against"),
        "abstain": ("弃权", "abstains"),
    },
}
