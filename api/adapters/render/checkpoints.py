"""The newest signed checkpoints on the first page: printed where everybody passes, nobody changes them unseen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from html import escape
from typing import Any

CHECKPOINTS = "<!-- checkpoints -->"
"""Where they stand in the page."""


def checkpoints_shown(kept: Sequence[dict[str, Any]]) -> str:
    """Return the section that shows them; nothing before the first. They are of tenants and show nobody's data."""
    if not kept:
        return ""
    lines = "".join(
        f'<li><a href="/api/v1/checkpoints?tenant={escape(one["code"])}">{escape(one["name"])}</a>'
        f"<pre>{one['size']}\n{one['root'][:32]}\n{one['root'][32:]}</pre>"
        f'<p class="small">{one["created_at"].astimezone(UTC):%Y-%m-%d %H:%M} UTC</p></li>'
        for one in kept
    )
    return (
        '<section aria-labelledby="checkpoints">\n'
        '<h2 id="checkpoints">账本检查点 <span lang="en">Checkpoint of the ledger</span></h2>\n'
        '<p class="small">抄下或拍下长度与根，日后任何改写都能据此发现。 '
        '<span lang="en">Copy size and root: whatever is rewritten later shows against them.</span></p>\n'
        f"<ul>{lines}</ul>\n</section>"
    )
