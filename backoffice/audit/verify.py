"""Verify what a ledger claims, with nothing but Python 3.9 or newer: no network, no package, no part of the product.

    python3 -I verify.py proof FILE --key VKEY [--entry ENTRY] [--witness VKEY]
    python3 -I verify.py consistency OLD NEW PROOF --key VKEY [--witness VKEY]
    python3 -I verify.py note FILE --key VKEY

`proof`: the entry stood in the ledger when the checkpoint in FILE was signed. Without --entry it is the entry that FILE
carries. `consistency`: the ledger of the checkpoint NEW begins with the whole ledger of the checkpoint OLD; nothing in
it was changed, taken out or put in between. PROOF holds one hash a line. `note`: the text of FILE was signed.
A VKEY comes from whom you trust, never from the file: `name+id+key`. Each --witness must have cosigned.
It prints what was verified. Exit status: 0 it holds, 1 it does not, 2 wrong use or a file that isn't there.

What it rests on: SHA-256; Ed25519 (RFC 8032); the Merkle tree of RFC 6962, section 2.1; and the texts of c2sp.org:
signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import re
import sys
from functools import partial
from pathlib import Path

LOG, WITNESS = 1, 4  # types of key
Keys = list[tuple[str, bytes]]  # each a name, and the key with its type in front

# --- Ed25519, RFC 8032, section 5.1 ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def add(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Add two points (section 5.1.4: extended coordinates)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point(encoded: bytes) -> tuple[int, int, int, int] | None:
    """Return the point that 32 bytes encode (section 5.1.3), or None."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_1 % P
    if x * x % P != square or y >= P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def encode(p: tuple[int, int, int, int]) -> bytes:
    """Return a point's 32 bytes (section 5.1.2)."""
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether this is the signature of the message by the public key (section 5.1.7, without the cofactor)."""
    key, base = point(public), point(bytes([88]) + b"\x66" * 31)
    s = int.from_bytes(signature[32:], "little")
    if key is None or base is None or len(signature) != 64 or s >= ORDER:
        return False
    minus_key = (P - key[0], key[1], 1, P - key[3])
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    both, result = add(base, minus_key), NEUTRAL  # s times the base less k times the key, bit by bit
    for bit in range(max(s, k).bit_length() - 1, -1, -1):
        result = add(result, result)
        of_s, of_k = s >> bit & 1, k >> bit & 1
        if of_s or of_k:
            result = add(result, both if of_s and of_k else base if of_s else minus_key)
    return encode(result) == signature[:32]


# --- the Merkle tree, RFC 6962, section 2.1 ---


def of_leaf(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def of_both(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def half(size: int) -> int:
    """Return the largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def root_from_leaf(leaf: bytes, place: int, size: int, proof: list[bytes]) -> bytes:
    """Return the root to which a proof leads (section 2.1.1), from the root downwards as the standard defines it."""
    if size == 1:
        require(not proof, "the proof is too long")
        return leaf
    require(bool(proof), "the proof is too short")
    left = half(size)
    if place < left:
        return of_both(root_from_leaf(leaf, place, left, proof[:-1]), proof[-1])
    return of_both(proof[-1], root_from_leaf(leaf, place - left, size - left, proof[:-1]))


def roots_from_proof(old: int, new: int, proof: list[bytes], old_root: bytes | None) -> tuple[bytes, bytes]:
    """Return the two roots to which a proof leads (section 2.1.2); `old_root` while that is the whole older tree."""
    if old == new:
        known = [] if old_root is None else [old_root]
        require(len(known + proof) == 1, "the proof is too long or too short")
        return (known + proof)[0], (known + proof)[0]
    require(bool(proof), "the proof is too short")
    left, last = half(new), proof[-1]
    if old <= left:
        older, newer = roots_from_proof(old, left, proof[:-1], old_root)
        return older, of_both(newer, last)
    older, newer = roots_from_proof(old - left, new - left, proof[:-1], None)
    return of_both(last, older), of_both(last, newer)


# --- the texts of c2sp.org ---


class Refused(ValueError):  # noqa: N818  # it is what the program says
    """What was handed in doesn't hold; the words say why."""


def require(holds: bool, why: str) -> None:  # noqa: FBT001  # reads as a sentence
    """Refuse, saying why, what doesn't hold."""
    if not holds:
        raise Refused(why)


def b64(text: str, length: int = 0) -> bytes:
    """Return the bytes of the one spelling in base64 that the standard calls right."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Refused(f"not base64: {text[:60]!r}") from None
    require(base64.b64encode(raw).decode() == text, f"not the one right base64: {text[:60]!r}")
    require(not length or len(raw) == length, f"not {length} bytes: {text[:60]!r}")
    return raw


def number(text: str) -> int:
    """Return a plain number below 2**63."""
    require(re.fullmatch("0|[1-9][0-9]{0,18}", text) is not None and int(text) < 1 << 63, f"no number: {text[:60]!r}")
    return int(text)


def key_id(name: str, key: bytes) -> bytes:
    """Return the four bytes that stand for a key (its type first) in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]


def read_key(vkey: str, kind: int) -> tuple[str, bytes]:
    """Return the name and the bytes (type first) of a key, which must be a log's or a witness's."""
    name, _, rest = vkey.partition("+")
    stated, _, encoded = rest.partition("+")
    key = b64(encoded, 33)
    require(key_id(name, key).hex() == stated, f"the id of the key {name} is wrong")
    require(key[0] == kind, f"the key {name} is of another type")
    return name, key


def signed(key: bytes, body: bytes, payload: bytes) -> bool:
    """Say whether the payload of a signature line is the key's signature of the body."""
    if key[0] == WITNESS:
        time, payload = int.from_bytes(payload[:8], "big"), payload[8:]
        body = f"cosignature/v1\ntime {time}\n".encode() + body
        return time < 1 << 63 and ed25519(key[1:], body, payload)
    return ed25519(key[1:], body, payload)


def signature_line(line: str) -> tuple[str, bytes, bytes]:
    """Return the key's name, its id and the payload of a line."""
    dash, name, encoded = [*line.split(" ", 2), "", ""][:3]
    require(dash == "\u2014", f"no signature line: {line[:60]!r}")
    require(name != "" and "+" not in name and not any(map(str.isspace, name)), f"no key's name: {name[:60]!r}")
    raw = b64(encoded)
    require(len(raw) > 4, "a signature is too short")
    return name, raw[:4], raw[4:]


def open_note(data: bytes, keys: Keys) -> tuple[str, Keys]:
    """Return a note's text and which of the keys have signed it; one bad signature of theirs spoils it."""
    require(len(data) <= 1_000_000, "the note is too long")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Refused("the note is not UTF-8") from None
    require(all(sign == "\n" or sign >= " " for sign in text), "the note holds a control character")
    end = text.rfind("\n\n")
    require(end >= 0 and text.endswith("\n") and end + 2 < len(text), "the note has no signatures")
    body, lines = text[: end + 1], [signature_line(line) for line in text[end + 2 : -1].split("\n")]
    require(len(lines) <= 100, "the note has too many signatures")
    require(len({line[:2] for line in lines}) == len(lines), "a key has signed twice")
    signers = []
    for name, stated, payload in lines:
        for key in keys:
            if key[0] == name and key_id(*key) == stated:
                require(signed(key[1], body.encode(), payload), f"the signature of {name} is wrong")
                signers.append(key)
    require(bool(signers), "none of the keys has signed")
    return body, signers


def checkpoint(data: bytes, keys: Keys, witnesses: Keys) -> tuple[str, int, bytes]:
    """Return origin, size and root of a checkpoint that its log has signed and all witnesses have cosigned."""
    body, signers = open_note(data, keys + witnesses)
    require(body.count("\n") == 3, "a checkpoint has three lines")
    origin, size, root = body[:-1].split("\n")
    found = origin, number(size), b64(root, 32)
    require(any(key[0] == LOG and name == origin for name, key in signers), f"no key of {origin!r} has signed")
    for witness in witnesses:
        require(witness in signers, f"the witness {witness[0]} has not cosigned")
    return found


def check_proof(file: bytes, entry: bytes | None, keys: Keys, witnesses: Keys) -> str:
    """Verify that an entry stands in a ledger; return what was verified."""
    head, _, note = file.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    require(lines.pop(0) == "c2sp.org/tlog-proof@v1", "the file is no tlog-proof")
    carried = b64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    require(bool(lines) and lines[0].startswith("index "), "the proof names no place")
    place, proof = number(lines[0][6:]), [b64(line, 32) for line in lines[1:]]
    origin, size, root = checkpoint(note, keys, witnesses)
    entry = carried if entry is None else entry
    if entry is None:
        raise Refused("the file carries no entry: state it with --entry")
    require(place < size and len(proof) < 64, "the place lies outside the ledger")
    require(root_from_leaf(of_leaf(entry), place, size, proof) == root, "the entry does not stand in the ledger")
    return f"{entry.decode(errors='replace')}\nstands at {place} in {origin}, of {size} entries, root {root.hex()}"


def check_consistency(old: bytes, new: bytes, proof: bytes, keys: Keys, witnesses: Keys) -> str:
    """Verify that a ledger only grew; return what was verified."""
    origin, before, old_root = checkpoint(old, keys, [])
    same, after, new_root = checkpoint(new, keys, witnesses)
    *lines, rest = proof.decode("ascii", "replace").split("\n")
    hashes = [b64(line, 32) for line in lines]
    require(rest == "", "the last line of the proof does not end")
    require(origin == same, f"two ledgers: {origin!r}, {same!r}")
    require(before <= after and len(hashes) < 64, "the newer checkpoint is smaller")
    if before:
        require(roots_from_proof(before, after, hashes, old_root) == (old_root, new_root), "the ledger was rewritten")
    else:
        require(not hashes and old_root == hashlib.sha256().digest(), "the empty ledger has one root and no proof")
        require(after > 0 or new_root == old_root, "two roots of the empty ledger")
    return f"{origin} grew from {before} to {after} entries, and nothing in the first {before} was changed"


def main(arguments: list[str]) -> int:
    """Verify what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, files in {"proof": ["file"], "consistency": ["old", "new", "proof"], "note": ["file"]}.items():
        command = commands.add_parser(name)
        for each in [*files, "--entry"] if name == "proof" else files:
            command.add_argument(each, type=Path)
        command.add_argument("--key", action="append", required=True, type=partial(read_key, kind=LOG))
        command.add_argument("--witness", action="append", default=[], type=partial(read_key, kind=WITNESS))
    told = parser.parse_args(arguments)
    try:
        if told.command == "consistency":
            old, new, proof = (each.read_bytes() for each in (told.old, told.new, told.proof))
            said = check_consistency(old, new, proof, told.key, told.witness)
        elif told.command == "proof":
            entry = told.entry.read_bytes() if told.entry else None
            said = check_proof(told.file.read_bytes(), entry, told.key, told.witness)
        else:
            said = open_note(told.file.read_bytes(), told.key + told.witness)[0].rstrip("\n")
    except Refused as why:
        sys.stdout.write(f"NOT VERIFIED: {why}\n")
        return 1
    except OSError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write(f"{said}\nVERIFIED\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
