"""Check what the 双报到 ledger gave you with nothing but Python: python verify_proof.py FIRST.json [OTHER.json …]

FIRST.json is a proof (GET /api/v1/proofs/{position}, an item of GET /api/v1/me/receipts), a document as JSON
(GET /api/v1/documents/{id}/file?format=json), or a checkpoint (an item of GET /api/v1/checkpoints). Each OTHER.json is
a checkpoint that you kept from before, or an answer of GET /api/v1/checkpoints/consistency. It says whether the rows
stand in the order that was signed, whether the document is what was issued, and whether the order goes on from what
you kept. A witness that keeps checkpoints gives the new one first, then the kept one and the proof between them.
The key that it names is the one published at /.well-known/jwks.json, or was when it signed: compare it once.

用法：python verify_proof.py 证明、文书或检查点.json [自存检查点.json …]。仅用 Python 标准库，不连接网络。
"""

import base64
import hashlib
import json
import sys

P = 2**256 - 2**224 + 2**192 + 2**96 - 1  # the curve P-256 (FIPS 186-4)
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def canonical(value):
    """Return the RFC 8785 bytes of a value of texts, whole numbers, booleans, null, lists and objects."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return b"{" + b",".join(canonical(key) + b":" + canonical(value[key]) for key in keys) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, float):
        raise ValueError("a leaf holds no fractions")
    return json.dumps(value, ensure_ascii=False).encode()


def node(left, right):
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def included(index, size, leaf, path, root):
    """Say whether the path leads from a leaf to the root (RFC 9162, 2.1.3.2)."""
    place, last, found = index, size - 1, leaf
    if not 0 <= index < size:
        return False
    for step in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def extended(first, second, first_root, second_root, path):
    """Say whether one tree begins another (RFC 9162, 2.1.4.2)."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second or not path:
        return False
    path = [first_root, *path] if first & (first - 1) == 0 else list(path)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node(step, before), node(step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == first_root and after == second_root


def added(one, other):
    """Return the sum of two points of the curve; None is the point at infinity."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % P == 0:
        return None
    slope = (
        (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, P) if one == other
        else (other[1] - one[1]) * pow(other[0] - one[0], -1, P)
    ) % P  # fmt: skip
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def times(count, point):
    """Return a multiple of a point."""
    total = None
    while count:
        if count & 1:
            total = added(total, point)
        point, count = added(point, point), count >> 1
    return total


def plain(text):
    """Return the bytes of unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signed_by(token, jwk):
    """Return what a compact JWS says if the key signed it (ES256), else None."""
    head, body, signature = token.split(".")
    said = json.loads(plain(head))
    if said.get("alg") != "ES256" or said.get("typ") != "checkpoint+jws" or said.get("kid") != jwk["kid"]:
        return None
    numbers = plain(signature)
    r, s = int.from_bytes(numbers[:32], "big"), int.from_bytes(numbers[32:], "big")
    key = tuple(int.from_bytes(plain(jwk[name]), "big") for name in ("x", "y"))
    on_curve = (key[1] ** 2 - key[0] ** 3 + 3 * key[0] - B) % P == 0
    if len(numbers) != 64 or not (0 < r < N and 0 < s < N and on_curve and max(key) < P):
        return None
    digest = int.from_bytes(hashlib.sha256(f"{head}.{body}".encode()).digest(), "big")
    inverse = pow(s, -1, N)
    point = added(times(digest * inverse % N, G), times(r * inverse % N, key))
    return json.loads(plain(body)) if point is not None and point[0] % N == r else None


def faults_of_checkpoint(checkpoint):
    """Return what is wrong with a checkpoint by itself."""
    said = signed_by(checkpoint["signed"], checkpoint["jwk"])
    if said is None:
        return ["the signature does not fit / 签名不符"]
    told = (said["size"], said["root"]) == (checkpoint["size"], checkpoint["root"])
    return [] if told else ["the signed content differs / 签名内容不符"]


def faults_of_proof(proof):
    """Return what is wrong with a proof by itself."""
    return faults_of_checkpoint(proof["checkpoint"]) + faults_of_row(proof)


def faults_of_row(proof):
    """Return what is wrong with the path from a row to its checkpoint; the row itself may be kept back."""
    found, leaf = [], bytes.fromhex(proof["leaf"])
    if proof["document"] is not None and hashlib.sha256(b"\x00" + canonical(proof["document"])).digest() != leaf:
        found.append("the document is not what was sealed / 内容与封存不符")
    size, root = proof["checkpoint"]["size"], bytes.fromhex(proof["checkpoint"]["root"])
    if not included(proof["position"] - 1, size, leaf, path_of(proof), root):
        found.append("the path does not lead to the root / 路径与根不符")
    return found


def faults_of_document(issued):
    """Return what is wrong with a document by itself: its content, the event that issued it, the rows it rests on."""
    digest, proof = hashlib.sha256(canonical(issued["content"])).hexdigest(), issued["proof"]
    found = [] if digest == issued["sha256"] else ["the content has another hash / 内容与哈希不符"]
    if proof is None:
        return [*found, "no checkpoint comes with it / 未附检查点"]
    found += faults_of_checkpoint(proof["checkpoint"])
    if proof["issued"] is None:
        return [*found, "no checkpoint covers its issue yet; fetch it again / 检查点尚未覆盖签发记录，请重新下载"]
    said = proof["issued"]["document"]["row"]
    if (said["kind"], said["details"].get("sha256")) != ("document.issue", digest):
        found.append("another content was issued / 签发的是另一内容")
    rows = [one["document"]["row"] for one in proof["rows"] if one["document"]]
    if not {row["id"] for row in rows} <= set(said["details"].get("restsOn", ())):
        found.append("a row that it does not rest on / 附有无关记录")
    for one in [proof["issued"], *proof["rows"]]:
        found += faults_of_row({**one, "checkpoint": proof["checkpoint"]})
    if issued["content"]["kind"] == "certificate":
        told = sorted((one["servedOn"], one["minutes"]) for one in issued["content"]["services"])
        if told != sorted((row["served_on"], row["amount"]) for row in rows):
            found.append("the services are not those of the ledger / 服务记录与账本不符")
    return found


def path_of(link):
    """Return the hashes of a proof."""
    return [bytes.fromhex(step) for step in link["path"]]


def faults_among(checkpoint, others):
    """Return what is wrong between a checkpoint and what was kept from before."""
    known = {checkpoint["size"]: checkpoint["root"]}
    kept = [one for one in others if "signed" in one]
    found = [fault for one in kept for fault in faults_of_checkpoint(one)]
    links = {(one["first"], one["second"]): one for one in others if "firstRoot" in one}
    for one in kept:
        size, root = one["size"], one["root"]
        if known.get(size, root) != root:
            found.append(f"two roots for size {size} / 同一长度有两个根")
        pair = tuple(sorted((size, checkpoint["size"])))
        link = links.get(pair)
        if pair[0] == pair[1]:
            continue
        roots = {size: root, **known}
        if link is None:
            found.append(f"no consistency proof from {pair[0]} to {pair[1]} / 缺少一致性证明")
        elif not extended(*pair, *(bytes.fromhex(roots[each]) for each in pair), path_of(link)):
            found.append(f"{pair[1]} does not go on from {pair[0]} / 历史被改写")
    return found


def faults_of(first):
    """Return what is wrong with a document, a proof or a checkpoint by itself, and its checkpoint."""
    if "content" in first:
        return faults_of_document(first), (first["proof"] or {}).get("checkpoint")
    if "path" in first:
        return faults_of_proof(first), first["checkpoint"]
    return faults_of_checkpoint(first), first


def main(paths):
    """Tell what was found; end with 0 where nothing is wrong."""
    if not paths:
        print(__doc__)
        return 2
    contents = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            contents.append(json.load(file))
    found, checkpoint = faults_of(contents[0])
    found += faults_among(checkpoint, contents[1:]) if checkpoint else []
    print("\n".join(found) if found else "verified / 核验通过")
    if checkpoint:
        print(f"size {checkpoint['size']}  root {checkpoint['root']}  key {checkpoint['jwk']['kid']}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
