"""What the public pages are made of: one style sheet, a banner, a list of words; they run no script, load nothing."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from api.adapters.render.layout import TEMPLATES, Language

STYLE = (TEMPLATES / "verify.css").read_text(encoding="utf-8")


def policy(form_action: str = "'none'") -> str:
    """Return the Content-Security-Policy of a page: its one style sheet is let in by its hash, and nothing else."""
    style = b64encode(sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action {form_action}; "
        "frame-ancestors 'none'"
    )


def banner(look: str, mark: str, words: str, small: str = "") -> str:
    """Return the head of a page: a sign and one sentence, `good`, `warn` or `bad` to look at."""
    below = f"<small>{escape(small)}</small>" if small else ""
    head = f'<div class="state {look}" role="status"><span class="mark" aria-hidden="true">{mark}</span>'
    return f"{head}<span>{escape(words)}{below}</span></div>"


def listing(rows: list[tuple[str, str, str]]) -> str:
    """Return a list of (term, text, class), escaped."""
    items = "".join(f'<dt>{escape(term)}</dt><dd class="{look}">{escape(text)}</dd>' for term, text, look in rows)
    return f"<dl>{items}</dl>"


def page(title: str, body: str, foot: str, language: Language) -> str:
    """Return the whole document; `body` is markup, title and foot are text."""
    return (
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>"
        f'<div class="card">{body}</div><footer>{escape(foot)}</footer></main></body></html>'
    )
