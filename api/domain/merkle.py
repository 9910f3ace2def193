"""The Merkle tree over sealed positions (RFC 6962): its root, proofs that a leaf is in it, proofs that it only grew.

A tree of n leaves is asked for the hashes of its complete subtrees, `node(level, index)`: that of the 2^level leaves
from index × 2^level on. What is kept of them and what is computed is the caller's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
EMPTY = sha256().digest()


def joined(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows leaf by leaf and keeps only the hashes of its complete subtrees, the largest first."""

    def __init__(self) -> None:
        self.size, self._peaks = 0, list[tuple[int, bytes]]()

    def add(self, leaf: bytes) -> None:
        """Append a leaf."""
        level, hash_ = 0, leaf
        while self._peaks and self._peaks[-1][0] == level:
            level, hash_ = level + 1, joined(self._peaks.pop()[1], hash_)
        self._peaks.append((level, hash_))
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the leaves so far."""
        if not self._peaks:
            return EMPTY
        hash_ = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            hash_ = joined(left, hash_)
        return hash_


def root(size: int, node: Node) -> bytes:
    """Return the root of the first `size` leaves; that of an empty tree is the hash of nothing."""
    return _range(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Return the audit path of the leaf at `index` (from 0) in the tree of the first `size` leaves, from below."""
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} among {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(middle, end, node))
            end = middle
        else:
            path.append(_range(start, middle, node))
            start = middle
    return path[::-1]


def consistency(first: int, second: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of `first` leaves begins that of `second`; it is empty where they are one."""
    if not 0 < first <= second:
        raise IndexError(f"no tree of {first} leaves begins one of {second}")
    proof: list[bytes] = []
    start, end, whole = 0, second, True
    while first - start < end - start:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(_range(middle, end, node))
            end = middle
        else:
            proof.append(_range(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(_range(start, end, node))
    return proof[::-1]


def block_node(leaves: Sequence[bytes], level: int, index: int) -> bytes:
    """Return the hash of a complete subtree within some leaves that lie at hand, counted from the first of them."""
    hashes = list(leaves[index << level : (index + 1) << level])
    if len(hashes) != 1 << level:
        raise IndexError(f"the subtree {index} of level {level} is not complete")
    while len(hashes) > 1:
        hashes = [joined(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def _split(count: int) -> int:
    """Return the largest power of two that is smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def _range(start: int, end: int, node: Node) -> bytes:
    count = end - start
    if count & (count - 1) == 0 and start % count == 0:
        return node(count.bit_length() - 1, start // count)
    middle = start + _split(count)
    return joined(_range(start, middle, node), _range(middle, end, node))
