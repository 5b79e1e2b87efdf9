"""Signed notes: one spelling is right, every other is refused, and two implementations agree on which."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.audit import verify
from backoffice.audit.notes import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Key,
    Signer,
    open_checkpoint,
    open_note,
    read_checkpoint,
    read_note,
    read_skey,
    read_vkey,
    sign_note,
)
from backoffice.kernel.errors import Invalid
from tests.audit.bad_notes import BAD_CHECKPOINTS, BAD_NOTES
from tests.audit.made import (
    AT,
    CHECKPOINT,
    EXAMPLE_KEY,
    EXAMPLE_NOTE,
    LOG,
    NEXT,
    ORIGIN,
    STRANGER,
    TRIES,
    WITNESS,
    count,
    court_judges,
    dice,
    good_notes,
    judged,
    mutant,
)

KEYS = [LOG.key, NEXT.key, WITNESS.key]


def test_the_published_example_verifies() -> None:
    """The known answer of the specification, by both verifiers."""
    key = read_vkey(EXAMPLE_KEY)

    assert open_note(EXAMPLE_NOTE, [key])[0].body == b"This is an example message.\n"
    assert verify.open_note(EXAMPLE_NOTE, [verify.read_key(EXAMPLE_KEY, 1)])[0] == "This is an example message.\n"
    assert key.vkey == EXAMPLE_KEY


@pytest.mark.parametrize("note", good_notes(), ids=str)
def test_a_good_note_verifies(note: bytes) -> None:
    """Several signatures, strangers among them, empty lines in the text, letters of any script."""
    assert judged(note, KEYS) == court_judges(note, KEYS) != "bad"


@pytest.mark.parametrize("name", BAD_NOTES)
def test_a_bad_note_is_refused(name: str) -> None:
    """By both verifiers, whatever is wrong with it."""
    assert judged(BAD_NOTES[name], KEYS) == court_judges(BAD_NOTES[name], KEYS) == "bad"


@pytest.mark.parametrize("name", BAD_CHECKPOINTS)
def test_a_signed_text_that_is_no_checkpoint_is_refused(name: str) -> None:
    """A good signature makes no checkpoint of a text with a second spelling, or of another ledger's."""
    note = BAD_CHECKPOINTS[name]

    assert judged(note, [LOG.key]) == court_judges(note, [LOG.key]) == "note"
    with pytest.raises(Invalid, match=r"checkpoint_invalid|origin_other"):
        open_checkpoint(note, [LOG.key])
    with pytest.raises(verify.Refused):
        verify.checkpoint(note, [verify.read_key(LOG.key.vkey, 1)], [])


def test_at_least_sixty_bad_notes_are_tried() -> None:
    """Each for a reason of its own."""
    assert len(set(BAD_NOTES.values())) == len(BAD_NOTES) >= 60


def test_both_verifiers_agree_on_every_mutant() -> None:
    """Whatever is done to a note, both accept it or both refuse it."""
    random, notes = dice(20), good_notes()
    agreed: Counter[str] = Counter()
    for _ in range(count(300, 20_000)):
        note = mutant(random.choice(notes), random)
        verdict = judged(note, KEYS)
        assert court_judges(note, KEYS) == verdict, note
        agreed[verdict] += 1

    assert min(agreed.values()) > agreed.total() // 50
    assert agreed.keys() == {"bad", "note", "checkpoint"}


def test_either_key_verifies_a_note_signed_by_both() -> None:
    """While a key is replaced the old and the new one sign, so that nobody has to change on the same day."""
    note = sign_note(CHECKPOINT.body, [LOG, NEXT])

    assert open_checkpoint(note, [LOG.key]) == open_checkpoint(note, [NEXT.key]) == (CHECKPOINT, {})


def test_a_cosignature_states_its_time() -> None:
    """To the second, since 1970."""
    opened = open_checkpoint(sign_note(CHECKPOINT.body, [LOG, WITNESS], AT), KEYS)

    assert opened.witnesses == {WITNESS.key: int(AT.timestamp())}


def test_a_witness_alone_makes_no_checkpoint() -> None:
    """Somebody has to have said it before somebody can have seen it."""
    namesake = Signer(ORIGIN, bytes([7]) * 32, COSIGNATURE)
    for cosigner in (WITNESS, namesake):
        note, keys = sign_note(CHECKPOINT.body, [cosigner], AT), [*KEYS, cosigner.key]
        assert judged(note, keys) == court_judges(note, keys) == "note"


def test_another_logs_key_makes_no_checkpoint() -> None:
    """A key speaks for the ledger of its own name only, also when it is trusted for that."""
    with pytest.raises(Invalid, match="origin_other"):
        open_checkpoint(sign_note(CHECKPOINT.body, [STRANGER]), [STRANGER.key])


def test_sixteen_signatures_and_more_are_taken() -> None:
    """As the specification asks: a ledger may have many witnesses."""
    strangers = [Signer(f"w{each}.example", bytes([each]) * 32, COSIGNATURE) for each in range(99)]

    assert judged(sign_note(CHECKPOINT.body, [*strangers, LOG], AT), KEYS) == "checkpoint"


def test_a_cosigner_without_a_time_signs_nothing() -> None:
    """A cosignature says when."""
    with pytest.raises(ValueError, match="time"):
        WITNESS.sign(CHECKPOINT.body)


@TRIES
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_the_reader(text: str) -> None:
    """What is no note is refused with a word, never with a fault."""
    try:
        read_note(text.encode())
    except Invalid as refused:
        assert refused.code == "note_invalid"  # noqa: PT017  # what is raised is the point


@TRIES
@given(st.binary(min_size=32, max_size=32), st.sampled_from([ED25519, COSIGNATURE]))
def test_keys_are_read_as_they_are_written(seed: bytes, kind: int) -> None:
    """The public one and the private one, each in its one line."""
    signer = Signer(ORIGIN, seed, kind)

    assert read_vkey(signer.key.vkey) == signer.key
    assert read_skey(signer.skey).key == signer.key
    assert verify.read_key(signer.key.vkey, kind) == (ORIGIN, bytes([kind]) + signer.key.public)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/foo",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("530d903a", "530D903A"),
        EXAMPLE_KEY.replace("foo", "bar"),
        EXAMPLE_KEY[:-1],
        EXAMPLE_KEY + "=",
        EXAMPLE_KEY.replace("+Aek", "+Bek"),
        EXAMPLE_KEY.replace("example.com/foo", ""),
        EXAMPLE_KEY.replace("/", " "),
        "+" + EXAMPLE_KEY,
        LOG.skey,
    ],
)
def test_a_bad_key_is_refused(vkey: str) -> None:
    """By both readers."""
    with pytest.raises(Invalid, match="vkey_invalid"):
        read_vkey(vkey)
    with pytest.raises(verify.Refused):
        verify.read_key(vkey, 1)


@pytest.mark.parametrize("skey", ["", EXAMPLE_KEY, LOG.skey.replace("+KEY+", "+KEX+"), LOG.skey.replace("led", "ped")])
def test_a_bad_private_key_is_refused(skey: str) -> None:
    """A public key, a slip or another's name on it sign nothing."""
    with pytest.raises(Invalid, match="vkey_invalid"):
        read_skey(skey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb"])
def test_a_key_needs_a_plain_name(name: str) -> None:
    """A name with a blank or a plus couldn't be told apart in a line."""
    with pytest.raises(Invalid, match="vkey_invalid"):
        Signer(name, bytes(32))


@TRIES
@given(st.from_regex(r"[a-z.]{1,20}(/[a-z0-9]{1,9})?", fullmatch=True), st.integers(0, 2**63 - 1))
def test_a_checkpoint_is_read_as_it_is_written(origin: str, size: int) -> None:
    """Three lines, one spelling."""
    checkpoint = Checkpoint(origin, size, bytes(range(32)))

    assert read_checkpoint(checkpoint.body) == checkpoint


def test_the_pure_ed25519_agrees_with_the_library() -> None:
    """Signatures of either kind, right and with one bit wrong."""
    random = dice(8032)
    for _ in range(count(30, 2_000)):
        signer, message = Signer("a", random.randbytes(32)), random.randbytes(random.randrange(200))
        right = signer.raw_sign(message)
        at = random.randrange(512)
        wrong = (int.from_bytes(right, "big") ^ 1 << at).to_bytes(64, "big")
        key: Key = signer.key
        assert verify.ed25519(key.public, message, right)
        assert not verify.ed25519(key.public, message, wrong)
        assert not key.accepts(message, wrong)
