"""The tree against the published vectors of RFC 6962's reference code and against the definition written out."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest

from api.domain.merkle import EMPTY, block_node, consistency, inclusion, root
from tests.support.verifier import VERIFIER

# Eight inputs and the roots of the first 1 … 8, as the reference implementation of Certificate Transparency tests them.
INPUTS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [sha256(b"\x00" + one).digest() for one in INPUTS]


def nodes(leaves):
    return lambda level, index: block_node(leaves, level, index)


def written_out(leaves):
    """The definition of RFC 6962, section 2.1, as it stands there."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + written_out(leaves[:k]) + written_out(leaves[k:])).digest()


def many(count):
    return [sha256(b"\x00" + str(one).encode()).digest() for one in range(count)]


def test_the_roots_are_those_of_the_reference_code():
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [root(n, nodes(LEAVES)).hex() for n in range(1, 9)] == ROOTS


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 31, 64, 65, 200])
def test_root_and_paths_follow_the_definition_at_every_leaf(size):
    leaves = many(size)
    expected = written_out(leaves)
    assert root(size, nodes(leaves)) == expected
    for index in range(size):
        path = inclusion(index, size, nodes(leaves))
        assert VERIFIER.included(index, size, leaves[index], path, expected)
        assert not VERIFIER.included(index, size, sha256(b"another").digest(), path, expected)
        assert size == 1 or not VERIFIER.included((index + 1) % size, size, leaves[index], path, expected)


@pytest.mark.parametrize("second", [1, 2, 5, 8, 13, 64, 100])
def test_a_tree_that_only_grew_is_shown_and_one_that_was_rewritten_is_not(second):
    leaves = many(second)
    for first in range(1, second + 1):
        proof = consistency(first, second, nodes(leaves))
        before, after = written_out(leaves[:first]), written_out(leaves)
        assert VERIFIER.extended(first, second, before, after, proof)
        rewritten = [*leaves[: first - 1], sha256(b"x").digest(), *leaves[first:]]
        assert not VERIFIER.extended(first, second, before, written_out(rewritten), proof)


def test_a_changed_proof_proves_nothing():
    leaves, rng = many(77), random.Random(6962)
    after = written_out(leaves)
    for _ in range(300):
        index = rng.randrange(77)
        path = inclusion(index, 77, nodes(leaves))
        bent = list(path)
        place = rng.randrange(len(bent))
        bent[place] = bytes([bent[place][0] ^ 1]) + bent[place][1:]
        assert not VERIFIER.included(index, 77, leaves[index], bent, after)
        assert not VERIFIER.included(index, 77, leaves[index], path[:-1], after)
        assert not VERIFIER.included(index, 77, leaves[index], [*path, path[0]], after)


def test_what_is_not_there_has_no_proof():
    with pytest.raises(IndexError):
        inclusion(3, 3, nodes(many(3)))
    with pytest.raises(IndexError):
        consistency(4, 3, nodes(many(4)))
    with pytest.raises(IndexError):
        block_node(many(3), 2, 0)
