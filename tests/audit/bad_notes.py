"""Notes that nobody may accept, each for one reason; and well-signed texts that are no checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from backoffice.audit.notes import COSIGNATURE, Signer, cosigned, encode64, sign_note, signature_line
from tests.audit.made import AT, CHECKPOINT, LOG, NEXT, ORIGIN, STRANGER, WITNESS

BODY = CHECKPOINT.body
_GOOD = sign_note(BODY, [LOG])
_LINE = LOG.sign(BODY)
_ENCODED = _LINE.split(" ")[2].rstrip("\n")
_RAW = LOG.key.id + bytes(64)


def _note(lines: str, body: bytes = BODY) -> bytes:
    return body + b"\n" + lines.encode()


def _line(name: str = ORIGIN, encoded: str = _ENCODED) -> bytes:
    return _note(f"— {name} {encoded}\n")


def _frames() -> Iterator[tuple[str, bytes]]:
    """A note that is cut short, or put together wrongly."""
    yield "nothing", b""
    yield "one newline", b"\n"
    yield "two newlines", b"\n\n"
    yield "a body alone", BODY
    yield "no signature lines", BODY + b"\n"
    yield "no empty line", BODY + _LINE.encode()
    yield "a signature alone", _LINE.encode()
    yield "no last newline", _GOOD[:-1]
    yield "an empty line at the end", _GOOD + b"\n"
    yield "two empty lines at the end", _GOOD + b"\n\n"
    yield "a blank line between signatures", _note(_LINE + "\n" + NEXT.sign(BODY) + "x")
    yield "text after the signatures", _GOOD + b"text\n"
    yield "text between body and signatures", _note("text\n" + _LINE)
    yield "signature and body swapped", _LINE.encode() + b"\n" + BODY
    yield "an empty line that holds a blank", BODY + b" \n" + _LINE.encode()
    yield "two spaces in front", b"  " + _GOOD
    yield "a byte order mark", b"\xef\xbb\xbf" + _GOOD
    yield "longer than a megabyte", sign_note(b"x" * 1_000_000 + b"\n", [LOG])
    yield "UTF-16", _GOOD.decode().encode("utf-16")


def _signs() -> Iterator[tuple[str, bytes]]:
    """Signs that mustn't occur, also where the signature covers them."""
    for code in (0, 7, 9, 11, 12, 13, 27, 31):
        yield f"control character {code} in a signed body", sign_note(b"a%cb\n" % code, [LOG])
    yield "CRLF everywhere", _GOOD.replace(b"\n", b"\r\n")
    yield "CRLF after the signature", _GOOD[:-1] + b"\r\n"
    yield "a tab in the signature line", _GOOD.replace("— ".encode(), "—\t".encode())
    yield "invalid UTF-8", sign_note(b"a\xff\n", [LOG])
    yield "overlong UTF-8", sign_note(b"a\xc0\xaf\n", [LOG])
    yield "a surrogate in UTF-8", sign_note(b"a\xed\xa0\x80\n", [LOG])
    yield "a cut sequence of UTF-8", sign_note(b"a\xe2\x80\n", [LOG])


def _lines() -> Iterator[tuple[str, bytes]]:
    """Signature lines that are written wrongly."""
    yield "a hyphen for the dash", _note(_LINE.replace("—", "-"))
    yield "two hyphens for the dash", _note(_LINE.replace("—", "--"))
    yield "an en dash", _note(_LINE.replace("—", "–"))
    yield "a horizontal bar", _note(_LINE.replace("—", "\u2015"))
    yield "no blank after the dash", _note(_LINE.replace("— ", "—"))
    yield "two blanks after the dash", _note(_LINE.replace("— ", "—  "))
    yield "a no-break space after the dash", _note(_LINE.replace("— ", "—\u00a0"))
    yield "a blank before the dash", _note(" " + _LINE)
    yield "two blanks before the base64", _line(encoded=" " + _ENCODED)
    yield "a blank at the end", _line(encoded=_ENCODED + " ")
    yield "a word after the base64", _line(encoded=_ENCODED + " x")
    yield "no name", _note(f"—  {_ENCODED}\n")
    yield "no base64", _note(f"— {ORIGIN}\n")
    yield "an empty base64", _line(encoded="")
    yield "the name alone among the signed", _note(_LINE + f"— {STRANGER.key.name}\n")
    for name, text in {"a plus": "a+b", "a no-break space": "a\u00a0b", "a next line": "a\u0085b"}.items():
        yield f"{name} in a stranger's name", _note(_LINE + f"— {text} {encode64(bytes(68))}\n")
    for name, text in {"an ideographic space": "a\u3000b", "a line separator": "a\u2028b"}.items():
        yield f"{name} in a stranger's name", _note(_LINE + f"— {text} {encode64(bytes(68))}\n")
    yield "one key twice", _note(_LINE + _LINE)
    yield "one key twice, once badly", _note(_LINE + signature_line(LOG.key, bytes(64)))
    yield "a stranger twice", _note(_LINE + STRANGER.sign(BODY) * 2)
    yield (
        "a hundred and one signatures",
        _note(_LINE + "".join(f"— s{each}.example {encode64(bytes(68))}\n" for each in range(100))),
    )


def _base64() -> Iterator[tuple[str, bytes]]:
    """Signatures in a second spelling of base64, or in none."""
    yield "no padding", _line(encoded=_ENCODED.rstrip("="))
    yield "too much padding", _line(encoded=_ENCODED + "=")
    yield "padding of four", _line(encoded=_ENCODED + "====")
    yield "padding in the middle", _line(encoded=_ENCODED[:8] + "=" + _ENCODED[9:])
    yield "bits that are dropped", _line(encoded=_ENCODED[:-2] + chr(ord(_ENCODED[-2]) ^ 1) + "=")
    yield "the alphabet of URLs", _line(encoded=encode64(LOG.key.id + b"\xfb\xff" * 32).replace("+", "-"))
    yield "a strange sign in it", _line(encoded=_ENCODED[:10] + "*" + _ENCODED[10:])
    yield "a letter of another script", _line(encoded=_ENCODED[:10] + "а" + _ENCODED[11:])
    yield "a full-width digit", _line(encoded=_ENCODED[:10] + "１" + _ENCODED[11:])
    yield "hexadecimal", _line(encoded=_RAW.hex())


def _signatures() -> Iterator[tuple[str, bytes]]:
    """Well-formed notes that those whom we trust haven't signed."""
    cosigner = Signer(LOG.key.name, bytes([1]) * 32, COSIGNATURE)
    yield "a key's id alone", _line(encoded=encode64(LOG.key.id))
    yield "a signature of one byte", _line(encoded=encode64(LOG.key.id + b"x"))
    yield "a signature of 63 bytes", _line(encoded=encode64(_RAW[:-1]))
    yield "a signature of 65 bytes", _line(encoded=encode64(_RAW + b"x"))
    yield "a signature of zeros", _line(encoded=encode64(_RAW))
    yield "another body", _note(_LINE, BODY.replace(b"100003", b"100004"))
    yield "a body with an empty line more", _note(_LINE, BODY + b"\n")
    yield "a stranger alone", sign_note(BODY, [STRANGER])
    yield "our key under another name", sign_note(BODY, [Signer("ledger.example/other", bytes([1]) * 32)])
    yield "our name with another key", sign_note(BODY, [Signer(ORIGIN, bytes([9]) * 32)])
    yield (
        "our name and id with another key's signature",
        _note(signature_line(LOG.key, Signer(ORIGIN, bytes([9]) * 32).raw_sign(BODY))),
    )
    yield "our key with the id of a cosigner", _note(_LINE.replace(_ENCODED, encode64(cosigner.key.id + _RAW[4:])))
    yield "a good signature and a known key's bad one", _note(_LINE + signature_line(NEXT.key, bytes(64)))
    yield "a known key's bad signature and a good one", _note(signature_line(NEXT.key, bytes(64)) + _LINE)
    yield "a cosignature of the body without its time", _note(_LINE + signature_line(WITNESS.key, bytes(8) + bytes(64)))
    yield "a cosignature of seven bytes", _note(_LINE + signature_line(WITNESS.key, bytes(7)))
    yield "a cosignature of another time", _note(_LINE + _later(WITNESS))
    yield "a cosignature of a time past 2**63", _note(_LINE + signature_line(WITNESS.key, _too_late()))
    yield (
        "a cosignature of nothing at a time past 2**63",
        _note(_LINE + signature_line(WITNESS.key, bytes([255]) * 8 + WITNESS.raw_sign(b""))),
    )
    yield "an S that is not below the order", _note(signature_line(LOG.key, _with_order_added()))


def _later(witness: Signer) -> str:
    payload = witness.raw_sign(cosigned(BODY, int(AT.timestamp()).to_bytes(8, "big")))
    return signature_line(witness.key, (int(AT.timestamp()) + 1).to_bytes(8, "big") + payload)


def _too_late() -> bytes:
    time = 1 << 63
    return time.to_bytes(8, "big") + WITNESS.raw_sign(b"cosignature/v1\ntime %d\n" % time + BODY)


def _with_order_added() -> bytes:
    """A second signature that a lax verifier takes for good (RFC 8032, section 5.1.7, step 1)."""
    good = LOG.raw_sign(BODY)
    order = 2**252 + 27742317777372353535851937790883648493
    return good[:32] + (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")


BAD_NOTES = {name: note for made in (_frames, _signs, _lines, _base64, _signatures) for name, note in made()}

_ROOT = encode64(CHECKPOINT.root)

BAD_CHECKPOINTS = {
    name: sign_note(text.encode(), [LOG])
    for name, text in {
        "two lines": f"{ORIGIN}\n5\n",
        "a line more": f"{ORIGIN}\n5\n{_ROOT}\nmore\n",
        "an empty line more": f"{ORIGIN}\n5\n{_ROOT}\n\n",
        "an empty line in front": f"\n{ORIGIN}\n5\n{_ROOT}\n",
        "no origin": f"\n5\n{_ROOT}\n",
        "another origin": f"ledger.example/other\n5\n{_ROOT}\n",
        "an origin with a blank at its end": f"{ORIGIN} \n5\n{_ROOT}\n",
        "an origin in capitals": f"{ORIGIN.upper()}\n5\n{_ROOT}\n",
        "no size": f"{ORIGIN}\n\n{_ROOT}\n",
        "a leading zero": f"{ORIGIN}\n05\n{_ROOT}\n",
        "a double zero": f"{ORIGIN}\n00\n{_ROOT}\n",
        "a plus": f"{ORIGIN}\n+5\n{_ROOT}\n",
        "a minus": f"{ORIGIN}\n-5\n{_ROOT}\n",
        "a blank before the size": f"{ORIGIN}\n 5\n{_ROOT}\n",
        "a blank after the size": f"{ORIGIN}\n5 \n{_ROOT}\n",
        "an underscore in the size": f"{ORIGIN}\n1_0\n{_ROOT}\n",
        "digits of another script": f"{ORIGIN}\n٥\n{_ROOT}\n",
        "a superscript": f"{ORIGIN}\n5²\n{_ROOT}\n",
        "hexadecimal": f"{ORIGIN}\n0x5\n{_ROOT}\n",
        "an exponent": f"{ORIGIN}\n1e3\n{_ROOT}\n",
        "a size of 2**63": f"{ORIGIN}\n{2**63}\n{_ROOT}\n",
        "a size of a hundred digits": f"{ORIGIN}\n{'9' * 100}\n{_ROOT}\n",
        "no root": f"{ORIGIN}\n5\n\n",
        "a root of 31 bytes": f"{ORIGIN}\n5\n{encode64(bytes(31))}\n",
        "a root of 33 bytes": f"{ORIGIN}\n5\n{encode64(bytes(33))}\n",
        "a root without padding": f"{ORIGIN}\n5\n{_ROOT[:-1]}\n",
        "a root in a second spelling": f"{ORIGIN}\n5\n{_ROOT[:-2]}{chr(ord(_ROOT[-2]) ^ 1)}=\n",
        "a root in hexadecimal": f"{ORIGIN}\n5\n{CHECKPOINT.root.hex()}\n",
    }.items()
}
