"""Words: what a consent names, read strictly in four languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.consent.words import agrees, named, names, purposes_of

OFFERS = {"marketing"}
DEALINGS = {"transactional", "service"}


@pytest.mark.parametrize(
    ("words", "channels", "purposes"),
    [
        ("Yes, send me offers on WhatsApp. I can stop at any time by replying STOP.", {"whatsapp"}, OFFERS),
        ("Jā, sūtiet man piedāvājumus WhatsApp. Varu atteikties jebkurā brīdī.", {"whatsapp"}, OFFERS),
        ("Bəli, WhatsApp-da təkliflər göndərin. İstənilən vaxt imtina edə bilərəm.", {"whatsapp"}, OFFERS),
        ("Да, присылайте предложения. Я могу отказаться в любой момент.", set(), OFFERS),
        ("Piekrītu saņemt jaunumus un atlaides īsziņās un e-pastā", {"sms", "email"}, OFFERS),
        ("Piekrītu saņemt piedāvājumus no Baltic Tours WhatsAppā", {"whatsapp"}, OFFERS),
        ("Endirimlər barədə SMS və e-poçtla yazın", {"sms", "email"}, OFFERS),
        ("Присылайте скидки по смс, в ватсапе и на электронную почту", {"sms", "whatsapp", "email"}, OFFERS),
        ("Text messages about my order and its delivery", {"sms"}, DEALINGS),
        ("Pasūtījuma statuss WhatsApp", {"whatsapp"}, DEALINGS),
        ("Sifarişin çatdırılması barədə SMS", {"sms"}, DEALINGS),
        ("Счет и доставка по e-mail", {"email"}, DEALINGS),
        ("Login codes by SMS", {"sms"}, {"authentication"}),
        ("Promo codes by SMS", {"sms"}, OFFERS),
        ("SENĀ PIEDĀVĀJUMU ĪSZIŅA", {"sms"}, OFFERS),
    ],
)
def test_channels_and_purposes_are_found(words: str, channels: set[str], purposes: set[str]) -> None:
    """Endings, case, accents and alphabets don't matter."""
    assert (set(named(words).channels), set(named(words).purposes)) == (channels, purposes)


@pytest.mark.parametrize(
    "words",
    [
        *("smsek", "presmsa", "whatson", "mailbox", "почти все", "reorders", "offered", "encode", "no messages"),
        *("write to sms@example.com", "https://example.com/email", "www.sms.lv", "sms.lv"),
    ],
)
def test_a_word_that_only_resembles_one_names_nothing(words: str) -> None:
    """Only whole words count, and neither links nor addresses are words."""
    assert (named(words).channels, named(words).purposes) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    "words",
    [
        "No, offers on WhatsApp",
        "No.",
        "I do not want offers on WhatsApp",
        "Don’t send me offers on WhatsApp",
        "Nesūtiet man piedāvājumus WhatsApp",
        "Nē! Piedāvājumus WhatsApp",
        "Təklifləri WhatsApp ilə göndərməyin",
        "Предложения в WhatsApp не присылайте",
        "You may withdraw offers by WhatsApp",
        "By WhatsApp you may stop",
        "Nothing, neither offers nor WhatsApp",
    ],
)
def test_a_refusal_names_nothing(words: str) -> None:
    """A sentence that refuses or tells how to stop gives no leave to send."""
    assert not named(words).pairs


@pytest.mark.parametrize(
    ("words", "pairs"),
    [
        ("Offers on WhatsApp, but no SMS", {("whatsapp", "marketing")}),
        ("Offers on WhatsApp; reply STOP by SMS or e-mail", {("whatsapp", "marketing")}),
        ("Contact me on WhatsApp. Send me offers by e-mail.", {("email", "marketing")}),
        ("I agree to marketing. You may use WhatsApp.", {("whatsapp", "marketing")}),
        (
            "Order status by SMS and offers by e-mail",
            {("sms", "transactional"), ("sms", "service"), ("email", "marketing")},
        ),
        (
            "By SMS invoices, by e-mail news and by WhatsApp",
            {("sms", "transactional"), ("sms", "service"), ("email", "marketing")},
        ),
        ("Offers on WhatsApp and news by e-mail", {("whatsapp", "marketing"), ("email", "marketing")}),
    ],
)
def test_a_purpose_counts_for_the_channel_it_stands_with(words: str, pairs: set[tuple[str, str]]) -> None:
    """Leave to send orders by SMS is no leave to send offers by SMS."""
    assert named(words).pairs == pairs


@given(st.text(max_size=60))
def test_no_text_names_what_it_does_not_hold(words: str) -> None:
    """Pairs are made of what was named; whatever people write can be read."""
    said = named(words)
    assert {channel for channel, _ in said.pairs} <= said.channels
    assert {purpose for _, purpose in said.pairs} <= said.purposes


@given(st.text(max_size=40))
def test_words_after_a_refusal_give_no_leave(words: str) -> None:
    """Whatever else is said in its sentence."""
    sentence = words.translate(dict.fromkeys(map(ord, ".!?;\n\r")))
    assert not named(f"I do not want {sentence}").pairs


def test_a_text_without_end_is_read_in_time() -> None:
    """Long words and long texts take no longer than their length."""
    assert not named("a" * 130_000).pairs
    assert named("x " * 60_000 + "offers on WhatsApp").pairs == {("whatsapp", "marketing")}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Baltic Tours drīkst man rakstīt", True),
        ("from BALTİC TOURS.", True),
        ("(Bаltic Tours)", True),  # a Cyrillic a
        ("Baltic Toursline", False),
        ("Baltic and Tours", False),
        ("", False),
    ],
)
def test_the_sender_is_found_by_its_whole_name(words: str, found: bool) -> None:  # noqa: FBT001
    """In any case and script of look-alikes, but not as a part of another name."""
    assert names(words, "Baltic Tours") is found


def test_a_sender_without_a_name_is_named_nowhere() -> None:
    """An empty name would be found everywhere."""
    assert not names("Baltic Tours", "")
    assert not names("Baltic Tours", " ")


@pytest.mark.parametrize("message", ["START", "Yes", "yes please, send offers", "Jā!", "BƏLİ", "Да, хочу", "I agree."])
def test_a_yes_is_a_yes(message: str) -> None:
    """A message that begins with a word of agreement."""
    assert agrees(message)


@pytest.mark.parametrize(
    "message", ["STOP", "", "Yes, stop this", "No", "Where is my parcel?", "yesterday", "Jā, nesūtiet", "да нет", "?"]
)
def test_anything_else_is_no_yes(message: str) -> None:
    """A stop beside the yes, a question and silence."""
    assert not agrees(message)


def test_a_purpose_column_says_one_purpose() -> None:
    """Our own names mean themselves alone; other words mean what they name."""
    assert [set(purposes_of(cell)) for cell in ("Service", "offers", "orders", "?")] == [
        {"service"},
        OFFERS,
        DEALINGS,
        set(),
    ]


@pytest.mark.parametrize(
    "message", ["Ja, bitte abmelden", "Да, отпишите меня", "Start of next month you will hear from my lawyer"]
)
def test_what_may_be_a_stop_as_a_reply_is_no_yes(message: str) -> None:
    """Words of languages in which consents aren't read are heeded where they stop."""
    assert not agrees(message)
