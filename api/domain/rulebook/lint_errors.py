"""What lint calls an error, because nobody could be judged by it: words and remedies, as data."""

from __future__ import annotations

ERRORS: dict[str, tuple[str, str, str, str]] = {
    "undefined": (
        "{name} 在此处之前没有定义",
        "{name} is not defined before this place",
        "先定义再引用，或改正名称",
        "define it first, or correct the name",
    ),
    "defined_twice": (
        "{name} 重复定义",
        "{name} is defined twice",
        "换一个名称",
        "choose another name",
    ),
    "no_final": (
        "有等次区间，但没有指定 final",
        "there is a band but no final number",
        "用 final 指明按哪个分数定等次",
        "name the number in final",
    ),
    "empty_band": (
        "区间的下限高于上限",
        "the band ends before it begins",
        "对调或改正两端",
        "correct its ends",
    ),
    "unreachable_grade": (
        "该等次谁也得不到",
        "nobody can come to this grade",
        "调整区间、次序或分值上限",
        "move the band, the order or the caps",
    ),
    "overlap": (
        "与“{other}”的区间在{place_zh}重叠",
        "it overlaps the band of “{other}” at {place_en}",
        "让其中一端不含该值",
        "make one of the two ends exclusive",
    ),
    "gap": (
        "从{from_zh}到{to_zh}的得分没有等次",
        "scores from {from_en} to {to_en} have no grade",
        "让区间相接，或设一个不带区间的兜底等次",
        "let the bands meet, or add a last grade without a band",
    ),
    "impossible_threshold": (
        "{name} 只能在 {low} 到 {high} 之间，这个条件永远不会成立",
        "{name} lies between {low} and {high}: this can never hold",
        "调整门槛，或放宽上限",
        "change the threshold, or the caps below it",
    ),
    "minimum_over_cap": (
        "{name} 最多只能到 {high}，低于门槛 {limit}：谁也达不到",
        "{name} reaches at most {high}, under the threshold {limit}: nobody can meet it",
        "降低门槛，或放宽上限",
        "lower the threshold, or raise the cap",
    ),
    "contradictory_caps": (
        "{narrow} 的上限 {narrow_most} 与 {wide} 的上限 {wide_most} 矛盾",
        "the cap of {narrow} ({narrow_most}) contradicts the cap of {wide} ({wide_most})",
        "短范围的上限不应大于长范围的上限，同一范围只写一个上限",
        "a narrow span's cap must not be over a wider one's, and a span has one cap",
    ),
    "impossible_cadence": (
        "每个 {each} 须达到 {least}，但上限使其最多只有 {most}",
        "each {each} has to reach {least}, and the caps leave it {most} at most",
        "降低每段的要求，或放宽上限",
        "ask less of each span, or raise the cap",
    ),
    "impossible_streak": (
        "连续 {length} 段，但周期内最多只有 {spans} 段",
        "{length} spans in a row, and the period has {spans} at most",
        "缩短连续段数，或改用更短的时段",
        "ask for fewer, or count shorter spans",
    ),
    "floor_over_cap": (
        "保底 {floor} 高于封顶 {cap}",
        "the floor {floor} is over the cap {cap}",
        "对调或改正两者",
        "correct them",
    ),
    "empty_window": (
        "时间窗从 {since} 到 {before} 没有一天",
        "the window from {since} to {before} has no day",
        "改正两端；截止日不含在内",
        "correct its ends; the end is exclusive",
    ),
    "raised_by_quota": (
        "名额用完后给的等次不低于原等次",
        "who gets no seat would get no lower grade",
        "在 instead 中写更低的等次",
        "name a lower grade in instead",
    ),
    "contradictory_seats": (
        "至少 {fewest} 个名额与至多 {most} 个名额矛盾",
        "at least {fewest} seats contradicts at most {most}",
        "改正其一",
        "correct one of them",
    ),
    "figure_of_figure": (
        "{name} 本身取决于全组情况，不能再在组内比较",
        "{name} itself depends on the group: it cannot be compared in it again",
        "改用由本人记录算出的数",
        "take a number that one's own record gives",
    ),
    "compared_spendable": (
        "{name} 统计可消费的积分或资金，不得据此比较或排名",
        "{name} counts points or money that can be spent: nobody is compared by those",
        "在 where 中写明 unit（如 volunteer_minutes）",
        "name another unit in where, such as volunteer_minutes",
    ),
    "share_without_grade": (
        "全周期的名额没有可依据的等次：考核机关不在本周期内评定等次",
        "a quota of the whole cycle has no grade to go by: its authority is not judged in it",
        "在 within 中写 unit、branch 或 community，或改用 source: facts",
        "name a unit, branch or community in within, or take facts",
    ),
}
"""By code: what is wrong in zh and en, then the remedy in zh and en; facts stand in braces."""
