"""Labels in zh-CN and en of what a match says: factors, flags, why an alternative lost, empty places, what helps."""

from __future__ import annotations

from collections.abc import Mapping

SHUT: Mapping[str, str] = {
    "qualification_missing": "qualify_somebody", "training_missing": "train_somebody",
    "insurance_missing": "insure_somebody", "too_young": "widen_the_age", "too_old": "widen_the_age",
    "age_unknown": "tell_the_age", "not_of_the_group": "ask_more_groups",
}  # fmt: skip
"""By the code of a gate that somebody does not pass: what would change it."""

WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "match.factor": {
        "skills": ("技能等级", "level of skill"),
        "distance": ("距离", "distance"),
        "slot": ("时间意愿", "liking of the time"),
        "rating": ("以往评价", "past ratings"),
        "wish": ("本人意愿", "own wish"),
        "urgency": ("紧急程度", "urgency"),
        "decline": ("曾婉拒同类需求", "declined such needs before"),
        "no_show": ("曾报名未到", "did not come before"),
        "place": ("补足名额", "fills a place"),
        "cover": ("此前无人服务", "nobody served it before"),
        "load": ("已有任务", "tasks it has already"),
    },
    "match.flag": {
        "time_unknown": ("时间未注明，另行商定", "no time given: to be agreed on"),
        "windows_contradict": ("时间段自相矛盾", "the windows contradict each other"),
        "headcount_unknown": ("人数未注明，按 1 人计", "no head-count given: taken as 1"),
        "place_unknown": ("地点未注明，距离按未知计", "no place given: distance unknown"),
    },
    "match.alternative": {
        "scored_less": ("得分较低", "scored less"),
        "carries_more": ("已承担更多任务", "carries more already"),
        "equal": ("条件相同", "just as good"),
        "busy": ("该时段已安排其他需求", "serves another need at that time"),
        "full": ("任务已满", "has all that it can take"),
        "community_full": ("社区容量已满", "the community takes nobody more"),
        "qualification_missing": ("未登记所要求的资格", "has no such qualification on record"),
        "training_missing": ("未完成所要求的培训", "has not had the training"),
        "insurance_missing": ("未登记意外伤害保险", "has no insurance on record"),
        "too_young": ("不符合年龄要求", "is not of the age asked for"),
        "too_old": ("不符合年龄要求", "is not of the age asked for"),
        "age_unknown": ("不符合年龄要求", "is not of the age asked for"),
        "not_of_the_group": ("不属于所面向的对象", "is not among those asked for"),
        "not_worth": ("得分不足", "would have cost points"),
        "not_best": ("预览未选中", "not taken in the preview"),
    },
    "match.unserved": {
        "windows_contradict": ("时间段自相矛盾", "its windows contradict each other"),
        "no_skill": ("无人具备所需技能", "nobody has the skill"),
        "no_skill_in_reach": ("可及范围内无人具备所需技能", "nobody in reach has the skill"),
        "no_time": ("具备技能者当时均无空", "nobody with the skill is free then"),
        "qualification_missing": (
            "可及且有空者均未登记所要求的资格", "nobody in reach who is free then has the qualification on record",
        ),
        "training_missing": (
            "可及且有空者均未完成所要求的培训", "nobody in reach who is free then has had the training",
        ),
        "insurance_missing": (
            "可及且有空者均未登记意外伤害保险", "nobody in reach who is free then has an insurance on record",
        ),
        "too_young": ("可及且有空者均不符合年龄要求", "nobody in reach who is free then is of the age asked for"),
        "too_old": ("可及且有空者均不符合年龄要求", "nobody in reach who is free then is of the age asked for"),
        "age_unknown": (
            "可及且有空者的年龄尚未登记，暂不建议", "the age of who is in reach and free then is not on record",
        ),
        "not_of_the_group": (
            "可及且有空者均不属于该需求面向的对象", "it asks for others than those in reach who are free then",
        ),
        "refused": ("合适的人均已婉拒", "all who could have declined it"),
        "asked_enough": ("合适的人任务已满或已多次被邀", "all who could have their load, or were asked enough"),
        "community_full": ("社区容量已满", "the community takes nobody more"),
        "no_capacity": ("合适的人均已安排", "all who could are proposed elsewhere"),
        "beyond_candidates": ("有人空闲，但未列入候选", "somebody idle was not among the candidates"),
        "not_worth": ("有人空闲，但得分不足", "somebody idle would cost points"),
    },
    "match.change": {
        "name_a_window": ("请提出方另报时间", "name a window that can be"),
        "find_the_skill": ("招募或培训具备该技能的人", "find or train somebody with the skill"),
        "come_closer": ("扩大服务半径或就近招募", "widen the reach or find somebody near"),
        "another_slot": ("改在另一时段", "take another time"),
        "qualify_somebody": (
            "请有空者取得并登记资格，或招募有资格者", "have one of them qualified and recorded, or find who is",
        ),
        "train_somebody": ("安排有空者参加培训", "have one of them trained"),
        "insure_somebody": ("为有空者投保并登记", "insure one of them and put it on record"),
        "widen_the_age": ("放宽年龄要求或另行招募", "widen the age or find others"),
        "tell_the_age": ("请有空者在档案中补登出生日期", "possible if they put their birth date on record"),
        "ask_more_groups": ("扩大面向的对象，或按该对象另行匹配", "ask more groups, or match it with those"),
        "ask_others": ("另邀他人", "ask others"),
        "raise_the_limit": ("提高任务或邀请上限", "raise the cap of tasks or of asks"),
        "raise_the_capacity": ("提高社区容量", "raise the community's capacity"),
        "more_helpers": ("增加人手", "find more helpers"),
        "more_candidates": ("扩大候选范围", "look at more candidates"),
        "change_the_weights": ("调整权重", "change the weights"),
    },
}  # fmt: skip
"""By the kind of code, then the code: words in zh-CN and en."""
