"""Which article of the law a test stands for, and the page that is written from them: `python -m tests.support.law`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.guards import ROOT

PAGE = ROOT / "docs/law.md"
SUITE = ROOT / "tests/law"
LAWS = {
    "志愿服务条例": "Regulations on Voluntary Service (志愿服务条例, State Council Order 685)",
    "民政部令第67号": "Measures for Records and Certificates of Voluntary Service (民政部令第67号); GB/T 40143",
    "国办函〔2026〕12号": "Against formalism in applications (国办函〔2026〕12号 and the rules of 2023–24)",
    "个人信息保护法": "Personal Information Protection Law (个人信息保护法, PIPL)",
}


@dataclass(frozen=True, slots=True)
class Article:
    """One article as a test stands for it: law, its number or matter, and what it asks for in both languages."""

    law: str
    number: str
    zh: str
    en: str


def article(law: str, number: str, zh: str, en: str) -> Callable[[Any], Any]:
    """Mark a test with an article that it stands for; several may be given."""
    if law not in LAWS:
        raise LookupError(f"{law} is not among the laws of the page")

    def mark(test: Any) -> Any:
        test.articles = (Article(law, number, zh, en), *getattr(test, "articles", ()))
        return test

    return mark


def suite() -> Iterator[tuple[Article, str, str]]:
    """Yield each article with the file and the name of a test that stands for it."""
    for path in sorted(SUITE.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"law_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, test in vars(module).items():
            if name.startswith("test_"):
                for one in getattr(test, "articles", ()):
                    yield one, path.name, name


def page() -> str:
    """Return the page: for each law its articles, what each asks for, and the test that shows it."""
    lines = [
        "# What the law asks for, and the test that shows it",
        "",
        "Written from the tests in `tests/law` by `python -m tests.support.law`; each test runs on both databases at",
        "every push. The words are ours: what an article means for this system, not its text.",
    ]
    listed = list(suite())
    for law, title in LAWS.items():
        lines += ["", f"## {title}", "", "| article | asks for | 要求 | shown by |", "|---|---|---|---|"]
        for one, file, name in (each for each in listed if each[0].law == law):
            lines.append(f"| {one.number} | {one.en} | {one.zh} | [{name}](../tests/law/{file}) |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(PAGE).write_text(page(), encoding="utf-8")
