"""Reading a rulebook from YAML or JSON text: exact numbers, line and column for every error, no traps of YAML."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from pydantic import ValidationError

from api.domain.rulebook.references import dangling
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.unfit import Unfit
from api.errors import Invalid

_LONGEST = 256 * 1024
_DEEPEST = 30
_MOST = 100
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,15})\Z")
_WORDS = {"true": True, "false": False, "null": None}

_KINDS = {
    "missing": "缺少必填项",
    "extra_forbidden": "不认识的项",
    "literal_error": "只能是 {expected}",
    "union_tag_invalid": "没有 {tag} 这一种，可用的有 {expected_tags}",
    "union_tag_not_found": "须写明 {discriminator}",
    "string_pattern_mismatch": "写法不合要求，{pattern}",
    "string_type": "须为文字",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "至多 {max_length} 个字",
    "int_type": "须为整数",
    "bool_type": "只能是 true 或 false",
    "list_type": "须为列表",
    "dict_type": "须为成组的名称和值",
    "model_type": "须为成组的名称和值",
    "too_short": "至少要有 {min_length} 项",
    "too_long": "至多只能有 {max_length} 项",
    "greater_than": "须大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
}
"""What is wrong, in Chinese, by the kind of error; what a rule says of itself is said where it stands."""

_PATTERNS = {
    r"^[a-z][a-z0-9_]{0,62}$": "须以小写字母开头，只用小写字母、数字和下划线",
    r"^[a-z][a-z0-9_]{0,62}(\.(required|missed|streaks|longest))?$": (
        "须为某个数的 id，可加 .required、.missed、.streaks 或 .longest"
    ),
    r"^[a-z][A-Za-z0-9]{0,40}$": "列名须以小写字母开头，只用字母和数字，不用下划线",
    r"^[a-z0-9][a-z0-9-]{0,62}$": "只用小写字母、数字和连字符",
    r"^\d{4}-\d{2}-\d{2}$": "日期写作 2026-01-31",
    r"^\d{2}-\d{2}$": "月日写作 01-31",
}
_SLIPS = {
    "cannot start any token": "此处的字符不能这样用：缩进只用空格，不用制表符；以 @、%、` 等开头的文字要加引号",
    "mapping values are not allowed": "此处不应有冒号：文字里有冒号的要加引号，或缩进不一致",
    "could not find expected ':'": "缺少冒号",
    "expected <block end>": "缩进不一致，引号没有闭合，或列表项前缺少“- ”",
    "expected ',' or": "括号没有闭合，或两项之间缺少逗号",
    "unexpected end of stream": "引号或括号没有闭合",
    "did not find expected": "此处的写法不完整",
}
"""What the most frequent errors of YAML mean, by what the reader says of them."""

_CONDITIONS = ("value", "attribute", "all", "any", "negate")
_TAGS = dict.fromkeys(("when", "of", "all", "any", "negate"), _CONDITIONS) | {"take": ("word", "table", "number")}
"""Below which members a path names the kind of what stands there, in words that members have too."""

Marks = dict[str, tuple[int, int]]


class RulebookInvalid(Invalid):
    """The text is not a rulebook; `errors` says where, with JSON pointer, line and column, and why."""

    code = "rulebook_invalid"
    zh = "规则文件有 {count} 处错误，首处在第 {line} 行第 {column} 列：{firstZh}"
    en = "The rulebook has {count} errors, the first in line {line}, column {column}: {first}"


def located(text: str | bytes) -> tuple[Rulebook, Callable[[str], tuple[int, int]]]:
    """Read a text as `load` does; return also what says the line and column of a JSON pointer, or of what is above it.

    Lint's findings name pointers; a person mends a file by line and column.
    """
    document, marks = _parse(text)

    def place(pointer: str) -> tuple[int, int]:
        while pointer and pointer not in marks:
            pointer = pointer.rpartition("/")[0]
        line, column = marks[pointer]
        return line + 1, column + 1

    return read(document, marks), place


def load(text: str | bytes) -> Rulebook:
    """Read YAML or JSON text into a rulebook; raise `RulebookInvalid` with all that is wrong and where.

    Numbers keep their digits (1.4 is exactly 7/5). Refused: more than 256 KiB, nesting over 30, anchors and
    aliases, tags, duplicate keys, several documents, .nan and .inf, references to numbers that come later.
    """
    return located(text)[0]


def read(document: Any, marks: Marks | None = None) -> Rulebook:
    """Check a document that is already parsed; without marks the errors carry JSON pointers only."""
    try:
        rulebook = Rulebook.model_validate(document)
    except ValidationError as refused:
        raise _invalid([_found(document, error) for error in refused.errors()[:_MOST]], marks or {}) from None
    missing = dangling(rulebook)
    if missing:
        raise _invalid([(f.pointer, f.code, f.zh, f.en) for f in missing], marks or {})
    return rulebook


def _parse(text: str | bytes) -> tuple[Any, Marks]:
    if len(text) > _LONGEST:
        raise _at(0, 0, "too_long", "文件超过 256 KiB", "the file is over 256 KiB")
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        marks: Marks = {}
        node = _bounded(text)
        if node is None:
            raise _at(0, 0, "empty", "文件为空", "the file is empty")
        return _plain(node, "", marks), marks
    except UnicodeDecodeError as broken:
        before = broken.object[: broken.start]
        line, column = before.count(b"\n"), broken.start - before.rfind(b"\n") - 1
        raise _at(line, column, "not_utf8", "不是有效的 UTF-8", "not valid UTF-8") from None
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        told = broken.problem or "syntax error"
        zh = next((zh for slip, zh in _SLIPS.items() if slip in told), "语法错误")
        raise _at(line, column, "syntax", zh, told) from None
    except yaml.reader.ReaderError as broken:
        before = str(text)[: broken.position]
        place = (before.count("\n"), len(before) - before.rfind("\n") - 1)
        raise _at(*place, "control_character", "含有不允许的控制字符", "a control character is not allowed") from None


def _bounded(text: str) -> yaml.Node | None:
    """Compose the tree, after a look at the events, which cost no depth, has found no trap in it."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mark = event.start_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise _at(line, column, "several_documents", "只能有一个文档", "only one document is allowed")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _at(line, column, "alias", "不允许使用锚点和别名", "anchors and aliases are not allowed")
        if getattr(event, "tag", None):
            raise _at(line, column, "tag", "不允许使用标签", "tags are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise _at(line, column, "too_deep", "嵌套超过 30 层", "nesting is deeper than 30")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _plain(node: yaml.Node, pointer: str, marks: Marks) -> Any:
    """Turn a node into plain values: integers and the words of JSON; every other scalar keeps its characters."""
    marks[pointer] = (node.start_mark.line, node.start_mark.column)
    if isinstance(node, yaml.MappingNode):
        made: dict[str, Any] = {}
        for key, below in node.value:
            place = (key.start_mark.line, key.start_mark.column)
            if not isinstance(key, yaml.ScalarNode):
                raise _at(*place, "key", "键必须是文字", "a key must be a plain word")
            name = str(_scalar(key))
            if name in made:
                raise _at(*place, "duplicate_key", f"键 {name} 重复", f"the key {name} stands twice")
            made[name] = _plain(below, f"{pointer}/{escape(name)}", marks)
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_plain(below, f"{pointer}/{n}", marks) for n, below in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    try:
        value = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        place = (node.start_mark.line, node.start_mark.column)
        raise _at(
            *place, "lone_surrogate", "含有不完整的 Unicode 字符", "half of a surrogate pair stands alone"
        ) from None
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return value
    if value in _WORDS:
        return _WORDS[value]
    return int(value) if _INTEGER.match(value) else value


def escape(name: str) -> str:
    """Escape one member name for a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _found(document: Any, error: Any) -> tuple[str, str, str, str]:
    """Turn one pydantic error into (pointer, code, zh, en); union tags in its path name no member and are left out."""
    pointer, here, parts = "", document, error["loc"]
    member, tagged = "", False
    for number, part in enumerate(parts):
        if not tagged and part in _TAGS.get(member, ()):
            tagged = True
            continue
        here_it_is = part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int)
        if here_it_is:
            here = here[part]
        elif not (error["type"] == "missing" and number == len(parts) - 1):
            continue
        pointer += f"/{escape(str(part))}"
        member, tagged = part if isinstance(part, str) else member, False
    return pointer, error["type"], _in_chinese(error), error["msg"].removeprefix("Value error, ")


def _in_chinese(error: Any) -> str:
    if error["type"] == "missing" and error["loc"][-2:] == ("value", "value"):
        return "条件须写 value、attribute、all、any、negate 之一"
    said = dict(error.get("ctx", {}))
    said["discriminator"] = said.get("discriminator", "").strip("'")
    cause = said.get("error")
    if isinstance(cause, Unfit):
        return cause.zh
    if isinstance(cause, ValueError):
        return "没有这样的日期"
    for name in {"expected", "expected_tags"} & said.keys():
        said[name] = "、".join(re.findall(r"'([^']*)'", said[name])) or said[name]
    said["pattern"] = _PATTERNS.get(said.get("pattern", ""), said.get("pattern", ""))
    return _KINDS.get(error["type"], "取值不符合规则格式").format(**said)


def _invalid(found: list[tuple[str, str, str, str]], marks: Marks) -> RulebookInvalid:
    errors: list[dict[str, Any]] = []
    for pointer, code, zh, en in found:
        row: dict[str, Any] = {"pointer": pointer, "code": code, "detail": {"zh": zh, "en": en}}
        near = pointer
        while near and near not in marks:
            near = near.rpartition("/")[0]
        if near in marks:
            row["line"], row["column"] = marks[near][0] + 1, marks[near][1] + 1
        errors.append(row)
    first = errors[0]
    return RulebookInvalid(
        errors=errors,
        count=len(errors),
        line=first.get("line"),
        column=first.get("column"),
        first=f"{first['pointer']} {first['detail']['en']}".strip(),
        firstZh=f"{first['pointer']} {first['detail']['zh']}".strip(),
    )


def _at(line: int, column: int, code: str, zh: str, en: str) -> RulebookInvalid:
    return _invalid([("", code, zh, en)], {"": (line, column)})
