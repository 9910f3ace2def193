"""Labels in zh-CN and en of what a match says: factors, flags, why an alternative lost, empty places, what helps."""

from __future__ import annotations

from collections.abc import Mapping

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
        "not_worth": ("得分不足", "would have cost points"),
        "not_best": ("预览未选中", "not taken in the preview"),
    },
    "match.unserved": {
        "windows_contradict": ("时间段自相矛盾", "its windows contradict each other"),
        "no_skill": ("无人具备所需技能", "nobody has the skill"),
        "no_skill_in_reach": ("可及范围内无人具备所需技能", "nobody in reach has the skill"),
        "no_time": ("具备技能者当时均无空", "nobody with the skill is free then"),
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
        "ask_others": ("另邀他人", "ask others"),
        "raise_the_limit": ("提高任务或邀请上限", "raise the cap of tasks or of asks"),
        "raise_the_capacity": ("提高社区容量", "raise the community's capacity"),
        "more_helpers": ("增加人手", "find more helpers"),
        "more_candidates": ("扩大候选范围", "look at more candidates"),
        "change_the_weights": ("调整权重", "change the weights"),
    },
}
"""By the kind of code, then the code: words in zh-CN and en."""
