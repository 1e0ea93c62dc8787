"""Makes repositories as Bluesky exports them, and the sample: `python tests/connectors/repository.py` writes it anew."""

from __future__ import annotations

import hashlib
from pathlib import Path

import libipld

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
SAMPLE = Path(__file__).parent / "samples" / "bluesky-car.car"


class Link:
    """A CID on its way into a block."""

    def __init__(self, cid):
        self.cid = cid


def tree_level(key):
    """Return the level of a key: zero bits its SHA-256 begins with, in pairs."""
    bits = "".join(f"{byte:08b}" for byte in hashlib.sha256(key).digest())
    return (len(bits) - len(bits.lstrip("0"))) // 2


def put(blocks, value):
    """Add a block; return its link."""
    raw = encoded(value)
    cid = b"\x01\x71\x12\x20" + hashlib.sha256(raw).digest()
    blocks.setdefault(cid, raw)
    return Link(cid)


def encoded(value):
    """Return DAG-CBOR. Links are put in by hand, since the library takes bytes for bytes."""
    if isinstance(value, Link):
        return b"\xd8\x2a" + libipld.encode_dag_cbor(b"\x00" + value.cid)
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return head(5, len(keys)) + b"".join(libipld.encode_dag_cbor(key) + encoded(value[key]) for key in keys)
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(encoded(each) for each in value)
    return libipld.encode_dag_cbor(value)


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    return bytes([major << 5 | 25]) + number.to_bytes(2) if number > 255 else bytes([major << 5 | 24, number])


def put_tree(blocks, leaves, level):
    """Add the nodes for sorted (key, link) pairs from this level down; return the link of the uppermost."""
    node, last, below = {"l": None, "e": []}, b"", []

    def close():
        link = put_tree(blocks, below, level - 1) if below else None
        if node["e"]:
            node["e"][-1]["t"] = link
        else:
            node["l"] = link
        below.clear()

    for key, link in leaves:
        if level and tree_level(key) < level:
            below.append((key, link))
            continue
        close()
        shared = next(
            (at for at, (a, b) in enumerate(zip(last, key, strict=False)) if a != b), min(len(last), len(key))
        )
        node["e"].append({"p": shared, "k": key[shared:], "v": link, "t": None})
        last = key
    close()
    return put(blocks, node)


def make_blocks(records, *, did=DID, rev="3mgfuv6222222"):
    """Return the blocks of a repository by CID, and the CID of its commit. `records` by `collection/key`."""
    blocks = {}
    leaves = sorted((key.encode(), put(blocks, record)) for key, record in records.items())
    top = max((tree_level(key) for key, _ in leaves), default=0)
    tree = put_tree(blocks, leaves, top)
    commit = put(blocks, {"did": did, "version": 3, "data": tree, "rev": rev, "prev": None, "sig": b"unsigned"})
    return blocks, commit.cid


def make_car(blocks, root, *, version=1):
    """Return the file of these blocks, the commit first as servers send it."""
    order = {cid: blocks[cid] for cid in [root, *blocks] if cid in blocks}
    first = encoded({"version": version, "roots": [Link(root)]})
    return b"".join(varint(len(part)) + part for part in [first, *(cid + raw for cid, raw in order.items())])


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def make_post(text, **more):
    return {
        "$type": "app.bsky.feed.post",
        "text": text,
        "createdAt": "2026-03-02T08:00:00.000Z",
        "langs": ["en"],
    } | more


def image(alt):
    blob = {"$type": "blob", "ref": put({}, alt), "mimeType": "image/jpeg", "size": 3}
    return {"$type": "app.bsky.embed.images", "images": [{"alt": alt, "image": blob}]}


def sample():
    reply = {
        name: {"uri": f"at://{DID}/app.bsky.feed.post/3mgfqaaaaaa2a", "cid": "bafy"} for name in ("root", "parent")
    }
    records = {
        "app.bsky.actor.profile/self": {"$type": "app.bsky.actor.profile", "displayName": "Ana", "description": "🎉"},
        "app.bsky.feed.like/3mgfqaaaaaa2b": {"$type": "app.bsky.feed.like", "createdAt": "2026-03-02T08:00:00Z"},
        "app.bsky.feed.post/3mgfqaaaaaa2a": make_post("Good morning from the plant 🎉", embed=image("A blue fin")),
        "app.bsky.feed.post/3mgfqaaaaaa2c": make_post(
            "مرحبا بالجميع", reply=reply, createdAt="2026-03-02T09:00:00+01:00"
        ),
        "app.bsky.feed.post/3mgfqaaaaaa2d": {"$type": "app.bsky.feed.post", "text": ["Quarterly-Secret"]},
        "app.bsky.feed.repost/3mgfqaaaaaa2e": {
            "$type": "app.bsky.feed.repost",
            "subject": {"uri": "at://did:plc:other/app.bsky.feed.post/3mgfqaaaaaa2a", "cid": "bafy"},
            "createdAt": "2026-03-02T10:00:00Z",
        },
    }
    return make_car(*make_blocks(records))


if __name__ == "__main__":
    SAMPLE.write_bytes(sample())
