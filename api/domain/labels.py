"""Labels in zh-CN and en of every noun and state (steps: `step_labels`): data, so that no screen words them again.

A key is the stable English identifier. `noun.key` stands before the general `key` where the field says it otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.domain.step_labels import STEPS

NOUNS: Mapping[str, tuple[str, str]] = {
    "access_log": ("查阅记录", "access log"),
    "activity": ("活动", "activity"),
    "affiliation": ("隶属", "affiliation"),
    "api_client": ("接口客户端", "API client"),
    "api_key": ("接口密钥", "API key"),
    "assessment": ("评价", "assessment"),
    "case": ("事项", "case"),
    "claim_code": ("认领码", "claim code"),
    "credential": ("账号", "account"),
    "complaint": ("投诉与建议", "complaint or suggestion"),
    "cycle": ("考核周期", "cycle"),
    "delivery": ("送达", "delivery"),
    "device": ("设备", "device"),
    "document": ("文书", "document"),
    "emergency": ("应急状态", "emergency"),
    "entry": ("记实分录", "entry"),
    "checkpoint": ("检查点", "checkpoint"),
    "proof": ("存证证明", "proof"),
    "witness": ("外部见证方", "witness"),
    "event": ("事件", "event"),
    "fact": ("记实事项", "fact"),
    "file": ("文件", "file"),
    "grant": ("授权", "grant"),
    "identity": ("登录身份", "identity"),
    "inbox": ("待办", "inbox"),
    "job": ("任务", "job"),
    "need": ("需求", "need"),
    "organization": ("组织", "organisation"),
    "organization_link": ("组织关系", "organisation link"),
    "person": ("人员", "person"),
    "person_merge": ("人员合并", "merge of people"),
    "project": ("项目", "project"),
    "registration": ("报到", "registration"),
    "resource": ("资源", "resource"),
    "review": ("评议", "review"),
    "rulebook": ("规则", "rulebook"),
    "sanction": ("处置", "sanction"),
    "signal": ("线索", "signal"),
    "shift": ("班次", "shift"),
    "sign_in": ("登录", "sign-in"),
    "signup": ("报名", "sign-up"),
    "switch": ("开关", "switch"),
    "tenant": ("租户", "tenant"),
    "confirmation_slip": ("确认单", "confirmation slip"),
    "consent": ("同意", "consent"),
    "data_export": ("个人数据副本", "copy of one's data"),
    "erasure": ("注销", "erasure"),
    "correction": ("更正", "correction"),
    "privacy": ("个人信息", "personal information"),
    "profile": ("志愿者基本信息", "a volunteer's profile"),
    "archive": ("服务档案", "archive of service"),
    "record": ("服务记录", "record of service"),
}

STATES: Mapping[str, tuple[str, str]] = {
    "accepted": ("已接收", "accepted"),
    "acknowledged": ("已签收", "acknowledged"),
    "active": ("有效", "active"),
    "adopted": ("已采纳", "adopted"),
    "agreed": ("已达成", "agreed"),
    "answered": ("已答复", "answered"),
    "appeals": ("异议受理", "open to appeals"),
    "assigned": ("已交办", "assigned"),
    "cancelled": ("已取消", "cancelled"),
    "closed": ("已办结", "closed"),
    "completed": ("已完成", "completed"),
    "computed": ("已测算", "computed"),
    "confirmed": ("已确认", "confirmed"),
    "declined": ("未采纳", "declined"),
    "delivered": ("已交付", "delivered"),
    "disputed": ("有异议", "disputed"),
    "done": ("已完成", "done"),
    "denied": ("已否认", "denied"),
    "dismissed": ("不成立", "dismissed"),
    "draft": ("草稿", "draft"),
    "drafted": ("拟稿", "drafted"),
    "ended": ("已终止", "ended"),
    "escalated": ("已督办", "escalated"),
    "exhausted": ("已用完", "exhausted"),
    "expired": ("已过期", "expired"),
    "explained": ("已说明", "explained"),
    "failed": ("失败", "failed"),
    "final": ("已定稿", "final"),
    "founded": ("属实", "founded"),
    "imposed": ("执行中", "in force"),
    "in_progress": ("进行中", "in progress"),
    "in_review": ("待核查", "in review"),
    "invited": ("待启用", "invited"),
    "issued": ("已签发", "issued"),
    "lifted": ("已撤销", "lifted"),
    "matched": ("已对接", "matched"),
    "open": ("待受理", "open"),
    "proposed": ("已提议", "proposed"),
    "public_review": ("群众评议", "in public review"),
    "published": ("已发布", "published"),
    "queued": ("排队中", "queued"),
    "rated": ("已评价", "rated"),
    "redirected": ("已转介", "redirected"),
    "released": ("已解除", "released"),
    "reopened": ("重新办理", "reopened"),
    "retired": ("已停用", "retired"),
    "returned": ("已退回", "returned"),
    "revoked": ("已撤销", "revoked"),
    "running": ("运行中", "running"),
    "self_review": ("自评", "in self-review"),
    "sent": ("已发送", "sent"),
    "settled": ("已结算", "settled"),
    "signed_up": ("待组织者同意", "awaiting the organiser"),
    "submitted": ("已提交", "submitted"),
    "superseded": ("已被替代", "superseded"),
    "transferred": ("已转出", "transferred"),
    "waitlisted": ("候补", "on the waiting list"),
    "withdrawn": ("已撤回", "withdrawn"),
    "confirmation_slip.issued": ("待答复", "waiting for an answer"),
    "confirmation_slip.revoked": ("已作废", "revoked"),
    "sanction.declined": ("未同意", "declined"),
    "sanction.proposed": ("待第二人确认", "awaiting a second person"),
    "signal.open": ("待判断", "to be judged"),
    "claim_code.locked": ("已锁定", "locked"),
    "claim_code.used": ("已使用", "used"),
    "grant.active": ("有效", "in force"),
    "grant.declined": ("已否决", "declined"),
    "grant.ended": ("已收回", "ended"),
    "grant.proposed": ("待第二人确认", "awaiting a second person"),
    "person_merge.done": ("已合并", "merged"),
    "person_merge.undone": ("已撤销合并", "undone"),
    "emergency.declared": ("已宣布", "declared"),
    "emergency.declined": ("未同意", "declined"),
    "emergency.proposed": ("待第二人确认", "awaiting a second person"),
    "cycle.open": ("进行中", "running"),
    "cycle.published": ("已公示", "published"),
    "cycle.delivered": ("已反馈", "delivered"),
    "organization.ended": ("已撤销", "ended"),
    "project.closed": ("已归档", "closed"),
    "project.declined": ("未达成", "declined"),
    "registration.ended": ("已结束", "ended"),
    "registration.proposed": ("待报到", "proposed by the plan"),
    "shift.open": ("开放中", "open"),
    "signup.confirmed": ("报名成功", "confirmed"),
    "given": ("已同意", "given"),
    "refused": ("已拒绝", "refused"),
    "replaced": ("已被新版取代", "replaced"),
    "ready": ("可下载", "ready"),
    "fetched": ("已下载", "fetched"),
    "withheld": ("不予披露", "withheld"),
}


def noun_label(noun: str) -> dict[str, str]:
    """Return `{"zh", "en"}` of a noun. Raises KeyError for one that is not in the glossary."""
    return _pair(NOUNS[noun])


def state_label(noun: str, state: str) -> dict[str, str]:
    """Return `{"zh", "en"}` of a state of a noun. Raises KeyError for an unknown one."""
    return _pair(STATES.get(f"{noun}.{state}") or STATES[state])


def step_label(full: str) -> dict[str, str]:
    """Return `{"zh", "en"}` of a step by its full name, `need.submit`. Raises KeyError for an unknown one."""
    return _pair(STEPS.get(full) or STEPS[full.split(".", 1)[1]])


def _pair(words: tuple[str, str]) -> dict[str, str]:
    return {"zh": words[0], "en": words[1]}
