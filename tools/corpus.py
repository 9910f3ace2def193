"""Sealed results that every later version has to reproduce: `python -m tools.corpus tests/corpus/NAME.jsonl.gz`.

A file is made once from the rulebooks that ship then, and never written again; a later one with those that were added
or changed stands beside it. Each line is canonical JSON: the content of a rulebook, a bundle with its judgement and
hashes, or a quota with its answers.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from api.domain.canonical import canonical_bytes
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import read
from api.domain.rulebook.quota import allot
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.shipped import names, shipped
from api.domain.seal import ordered, seal
from tools.corpus_cases import bundles_of, groups_of, rivals_of

Line = dict[str, Any]


def lines(folder: Path) -> Iterator[Line]:
    """Yield the lines of a new file: each shipped rulebook that no file of the folder has, its cases and quotas."""
    there = {line["rulebook"] for path in folder.glob("*.gz") for line in kept(path) if "content" in line}
    for name in names():
        book = shipped(name)
        if book.digest in there:
            continue
        yield {"rulebook": book.digest, "content": book.document()}
        judgements = []
        for case, bundle in bundles_of(book):
            judgement = evaluate(book, bundle)
            sealed = seal(book, bundle, judgement)
            judgements.append(judgement)
            yield {"case": f"{name}/{case}", "bundle": ordered(bundle), "judgement": judgement, "seal": sealed}
        if book.quotas:
            judgements += [evaluate(book, bundle) for bundle in rivals_of(book)]
            groups = groups_of(book, len(judgements))
            answer = allot(book, judgements, groups)
            yield {"quota": name, "rulebook": book.digest, "judgements": judgements, "groups": groups, "answer": answer}


def differences(path: Path) -> Iterator[str]:
    """Judge every case of a file again; yield what is not the same, byte for byte and hash for hash."""
    books: dict[str, Rulebook] = {}
    for line in kept(path):
        if "content" in line:
            books[line["rulebook"]] = book = read(line["content"])
            if (book.digest, book.document()) != (line["rulebook"], line["content"]):
                yield f"rulebook {line['content']['id']}"
        elif "case" in line:
            book = books[line["seal"]["rulebook"]]
            judgement = evaluate(book, line["bundle"])
            if canonical_bytes(judgement) != canonical_bytes(line["judgement"]):
                yield line["case"]
            elif seal(book, line["bundle"], judgement) != line["seal"]:
                yield f"{line['case']}: hashes"
        elif allot(books[line["rulebook"]], line["judgements"], line["groups"]) != line["answer"]:
            yield f"quota of {line['quota']}"


def kept(path: Path) -> Iterator[Line]:
    """Yield the lines of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def digest(path: Path) -> str:
    """Return SHA-256 of what a file says, whatever packed it."""
    return sha256(gzip.decompress(path.read_bytes())).hexdigest()


def main(path: Path) -> int:
    """Write a new file and return how many lines it has; one that stands is not written again."""
    made = list(lines(path.parent))
    text = b"".join(canonical_bytes(line) + b"\n" for line in made)
    with path.open("xb") as file:
        file.write(gzip.compress(text, 9, mtime=0))
    return len(made)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(main(target), "lines", target.stat().st_size, "bytes", digest(target))
