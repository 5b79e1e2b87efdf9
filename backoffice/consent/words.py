"""What the words of a consent name, in English, Latvian, Azerbaijani and Russian: channels, purposes, the sender.

Read strictly, since each name found lets messages out. An address or a link names nothing, nor does what follows a
word of stopping or leaving out ("reply STOP by SMS", "but no e-mail"), nor a sentence that refuses; what stands before
such a word counts only where it names a purpose too ("by e-mail you may withdraw" names none). "Orders by SMS and
offers by e-mail" allows no offers by SMS. Words in other languages name what they share with these four.
"""

from __future__ import annotations

import re
from functools import lru_cache, wraps
from itertools import groupby, product
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from backoffice.consent.replies import read_reply
from backoffice.kernel.language import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

F = TypeVar("F", bound="Callable[..., object]")
PURPOSES = frozenset({"marketing", "transactional", "service", "authentication"})


class Named(msgspec.Struct, frozen=True):
    """What words name: channels, purposes, and which purpose over which channel."""

    channels: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()  # channel, purpose


# Whole words; ~ stands for any ending, a space also for a hyphen.
_CHANNELS = {
    "whatsapp": "whatsapp~, whats app, vatsap~, vatsapp~, ватсап~, вотсап~, вацап~",
    "sms": "sms, smslə, text message, text messages, texts, by text, via text, īsziņ~, qısa mesaj~, смс, эсэмэс~",
    "email": (
        "email, emails, emailed, e mail, e mails, e past~, epast~, elektronisk~ past~, emaillə, e poçt~, epoçt~, "
        "elektron poçt~, почта, почту, почте, почты, почтой, имейл~, емейл~, е мейл~"
    ),
}
_MARKETING = (
    "offer, offers, promotion~, promo, promos, discount, discounts, deals, newsletter~, news, advert~, marketing~, "
    "sales, piedāvājum~, akcij~, atlaid~, jaunum~, reklām~, mārketing~, komerciāl~ paziņojum~, təklif~, endirim~, "
    "reklam~, kampaniya~, xəbərlər~, yenilik~, aksiya~, предложени~, спецпредложени~, акция, акции, акций, акциях, "
    "акциям, скидк~, реклам~, рассылк~, новост~, маркетинг~, распродаж~"
)
_DEALINGS = (
    "orders, my order, your order, order status, order update~, order confirmation~, order notification~, delivery, "
    "deliveries, invoice~, receipt, receipts, booking~, reservation~, shipment~, parcel~, payment~, appointment~, "
    "reminder~, pasūtījum~, piegād~, rēķin~, sūtījum~, maksājum~, atgādinājum~, rezervācij~, vizīt~, sifariş~, "
    "çatdırıl~, qaimə~, faktura~, ödəniş~, bağlama~, xatırlatma~, заказ, заказа, заказе, заказы, заказов, заказах, "
    "заказам, доставк~, счет, счета, счетов, чеки, посылк~, оплат~, платеж~, напоминани~, бронировани~"
)
_CODES = (
    "code, codes, passcode~, otp, one time password~, kods, kodu, kodus, kodi, paroles, kod, kodlar, kodları, şifrə~, "
    "код, коды, кодов, пароль, пароли"
)
_ENDS = (
    "stop, stops, unsubscribe~, opt out, withdraw~, revoke~, cancel~, refuse~, end, without, not, never, except, "
    "cannot, can t, won t, don t, no sms, no text~, no email~, no e mail~, no mail~, no call~, no spam, no ads, no "
    "more, no other, no thank~, atteik~, atsauk~, atcel~, aptur~, bez, izņemot, ne, nē, nevis, nekad, imtina~, "
    "dayandır~, ləğv~, olmadan, istisna~, başqa, yox, deyil, отказ~, отпис~, отмен~, отозва~, стоп, без, кроме, не, "
    "нет, ни"
)
_REFUSES = (
    "do not send~, do not text~, do not contact, do not want, do not wish, do not agree, do not accept, do not "
    "consent, don t send~, don t text~, don t contact, don t want, don t wish, don t agree, don t accept, don t "
    "consent, dont send, dont want, dont agree, never send, no offers, no marketing, no messages, neither, nothing, "
    "nesūt~, nevēl~, negrib~, nepiekrīt~, neatļauj~, göndərmə~, istəmir~, razı deyil~, razılıq vermir~, не присыл~, не"
    " отправл~, не шл~, не хоч~, не жела~, не соглас~, не да~, против"
)
_NO = "no thanks, no thank you, nē, nav, xeyr, yox, нет, не, stop, стоп"
_YES = (
    "yes, start, unstop, join, subscribe, agree, i agree, jā, sākt, piekrītu, pieteikt, bəli, başla, razıyam, abunə, "
    "да, старт, начать, согласен, согласна, подписаться"
)


def _listed(listed: str) -> str:
    folded = (re.escape(fold(word)).replace(r"\ ", "[ -]").replace("\\~", r"\w*") for word in listed.split(", "))
    return rf"(?:{'|'.join(folded)})(?!\w)"


_COVERED = {
    "marketing": frozenset({"marketing"}),
    "dealings": frozenset({"transactional", "service"}),
    "codes": frozenset({"authentication"}),
}
_KINDS = {
    "refuses": _REFUSES,
    "ends": _ENDS,
    **_CHANNELS,
    "marketing": _MARKETING,
    "dealings": _DEALINGS,
    "codes": _CODES,
}
_anything = re.compile(
    r"(?P<sentence>[.!?;\n\r])|(?<!\w)(?=\w)(?:"
    + "|".join(f"(?P<{kind}>{_listed(listed)})" for kind, listed in _KINDS.items())
    + ")"
)
_begins_no = re.compile(rf"\W*(?:{_listed(_NO)}|no(?!\s*\w))")  # a Latvian "no" is "from"
_begins_yes = re.compile(rf"\W*{_listed(_YES)}")

_WORD, _LINK = re.compile(r"\S+"), re.compile(r"@|https?:|www\.|\.(?:com|org|net|lv|az|ru|eu)\b")
_APOSTROPHE = re.compile("['’`´ʼ]")


def _remembered(answer: F) -> F:
    """Remember answers about short words: a list has few different ones, and long ones aren't worth their memory."""
    remembering = lru_cache(maxsize=1024)(answer)

    @wraps(answer)
    def remembered(words: str, *more: str) -> object:
        return remembering(words, *more) if len(words) <= 2000 else answer(words, *more)

    return cast("F", remembered)


@_remembered
def named(words: str) -> Named:
    """Return what words name.

    Orders, deliveries, invoices and reminders are transactional and service; codes are authentication, unless the
    sentence also advertises (a promo code is an offer). A channel in one sentence and a purpose in another belong
    together where no sentence names both.

    >>> sorted(named("Jā, sūtiet man piedāvājumus WhatsApp. Varu atteikties ar SMS.").pairs)
    [('whatsapp', 'marketing')]
    >>> sorted(named("Order status by SMS and offers by e-mail").pairs)[0]
    ('email', 'marketing')
    """
    told = _told(words)
    if _begins_no.match(told):
        return Named()
    sentences = [_counted(sentence) for sentence in _sentences(told)]
    channels = frozenset(name for sentence in sentences for name in sentence if name in _CHANNELS)
    classes = {name for sentence in sentences for name in sentence if name in _COVERED}
    purposes = frozenset(purpose for name in classes for purpose in _COVERED[name])
    pairs = frozenset(pair for sentence in sentences for pair in _pairs(sentence))
    return Named(channels, purposes, pairs or frozenset(product(channels, purposes)))


@_remembered
def names(words: str, sender: str) -> bool:
    """Return whether words name the sender, whole and in this spelling; case and accents don't matter.

    >>> names("Baltic Tours may write to me", "BALTIC TOURS"), names("Baltic Toursline", "Baltic Tours")
    (True, False)
    """
    name = fold(sender.strip())
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", _folded(words)) is not None


def agrees(message: str) -> bool:
    """Return whether a message that the person sent is a yes: it begins with one, and nothing in it stops or refuses.

    What may be a stop as a reply is no yes either, in whichever language (`replies`).

    >>> agrees("START"), agrees("Yes, stop sending this"), agrees("Where is my parcel?")
    (True, False, False)
    """
    told = _told(message)
    ends = {"ends", "refuses"} & set().union(*_sentences(told))
    return bool(_begins_yes.match(told)) and not ends and read_reply(message).says in ("start", "other")


def purposes_of(cell: str) -> frozenset[str]:
    """Return what a purpose column says: one of our four purposes, or what its words name."""
    code = cell.lower()
    return frozenset((code,)) if code in PURPOSES else named(cell).purposes


def _told(words: str) -> str:
    without_links = _WORD.sub(lambda word: " " if _LINK.search(word[0]) else word[0], _folded(words))
    return _APOSTROPHE.sub(" ", without_links)


_folded = _remembered(fold)


def _sentences(told: str) -> list[list[str]]:
    """Return what each sentence names, in its order: channels, classes of purposes, ends and refusals."""
    sentences: list[list[str]] = [[]]
    for found in _anything.finditer(told):
        if found.lastgroup == "sentence":
            sentences.append([])
        else:
            sentences[-1].append(str(found.lastgroup))
    return sentences


def _counted(sentence: list[str]) -> list[str]:
    """Return what a sentence gives leave for: what it names up to a word that ends its yes."""
    if "refuses" in sentence:
        return []
    has_end = "ends" in sentence
    counted = sentence[: sentence.index("ends")] if has_end else sentence
    if has_end and not _COVERED.keys() & counted:
        return []
    return [name for name in counted if name != "codes"] if "marketing" in counted else counted


def _pairs(sentence: list[str]) -> Iterator[tuple[str, str]]:
    """Yield which purpose a sentence names over which channel.

    With several of both, only neighbours belong together: purposes with the channels beside them, in their order.
    """
    runs = [set(run) for _, run in groupby(sentence, key=_CHANNELS.__contains__)]
    channels, classes = _CHANNELS.keys() & sentence, _COVERED.keys() & sentence
    if len(runs) <= 2 or len(channels) == 1 or len(classes) == 1:
        runs = [channels, classes]
    for one, other in zip(runs[::2], runs[1::2], strict=False):
        for channel, name in product((one | other) & channels, (one | other) & classes):
            yield from ((channel, purpose) for purpose in _COVERED[name])
