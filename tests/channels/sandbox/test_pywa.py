"""pywa, unchanged: an independent program that sends every kind to the sandbox and reads all that it tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from pywa import WhatsApp, errors, filters, handlers, types
from pywa.types import templates as t

from backoffice.channels.sandbox import graph, posting
from backoffice.channels.sandbox.requests import Request
from tests.channels.sandbox.conftest import AIJA, BELLA, PHONE, PORTFOLIO, SECRET, TOKEN, WABA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.channels.sandbox.conftest import Desk


class Way(httpx.BaseTransport):
    """A way to a sandbox's mind that needs no port."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Have the mind answer."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, request.url.raw_path.decode(), headers, request.read())
        reply = graph.answer(self._desk.state, asked)
        assert reply.status is not None
        return httpx.Response(reply.status, content=reply.body, headers={"Content-Type": reply.form})


@pytest.fixture
def wa(desk: Desk) -> Iterator[WhatsApp]:
    """An integrator's pywa, as it comes but for its base URL."""
    desk.hear()
    desk.told()
    with httpx.Client(transport=Way(desk)) as session:
        whatsapp = WhatsApp(
            phone_id=PHONE,
            waba_id=WABA,
            business_portfolio_id=PORTFOLIO,
            token=TOKEN,
            session=session,
            app_secret=SECRET,
            verify_token="verify",  # noqa: S106
            filter_updates=False,
        )
        session.base_url = httpx.URL("http://sandbox.example/v25.0")
        yield whatsapp


LINK = "https://example.org/boat.jpg"
SENDS: dict[str, Callable[[WhatsApp], Any]] = {
    "text": lambda wa: wa.send_text(AIJA, "At nine.", preview_url=True, tracker="5"),
    "answer": lambda wa: wa.send_text(AIJA, "At nine.", reply_to_message_id="wamid.HBg"),
    "buttons": lambda wa: wa.send_text(
        AIJA,
        "Which?",
        header="Boats",
        footer="Baltic Tours",
        buttons=[types.Button("Nine", "9"), types.Button("Ten", "10")],
    ),
    "list": lambda wa: wa.send_text(
        AIJA,
        "Which?",
        buttons=types.SectionList("See", [types.Section("Today", [types.SectionRow("Nine", "9", "From Riga")])]),
    ),
    "url": lambda wa: wa.send_text(AIJA, "See", buttons=types.URLButton("Open", "https://example.org")),
    "flow": lambda wa: wa.send_text(
        AIJA,
        "Book",
        buttons=types.FlowButton(
            "Book",
            flow_id="1",
            flow_token="t",  # noqa: S106
            flow_action_type=types.FlowActionType.NAVIGATE,
            flow_action_screen="FIRST",
        ),
    ),
    "call": lambda wa: wa.send_text(AIJA, "Call us", buttons=types.VoiceCallButton("Call", 60)),
    "may call": lambda wa: wa.send_text(AIJA, "May we call?", buttons=types.CallPermissionRequestButton()),
    "image": lambda wa: wa.send_image(AIJA, LINK, caption="A boat"),
    "image with buttons": lambda wa: wa.send_image(AIJA, LINK, caption="A boat", buttons=[types.Button("Nine", "9")]),
    "uploaded": lambda wa: wa.send_image(AIJA, b"\x89PNG", mime_type="image/png"),
    "video": lambda wa: wa.send_video(AIJA, LINK),
    "audio": lambda wa: wa.send_audio(AIJA, LINK),
    "voice": lambda wa: wa.send_voice(AIJA, LINK),
    "document": lambda wa: wa.send_document(AIJA, LINK, filename="ticket.pdf", caption="A ticket"),
    "sticker": lambda wa: wa.send_sticker(AIJA, LINK),
    "location": lambda wa: wa.send_location(AIJA, 56.95, 24.1, "Pier", "11. novembra krastmala"),
    "where": lambda wa: wa.request_location(AIJA, "Where are you?"),
    "contact": lambda wa: wa.send_contact(
        AIJA,
        types.Contact(
            name=types.Contact.Name(formatted_name="Bella", first_name="Bella"),
            phones=[types.Contact.Phone(phone=f"+{BELLA}", type="HOME", wa_id=BELLA)],
            emails=[types.Contact.Email(email="bella@example.org", type="WORK")],
        ),
    ),
    "catalogue": lambda wa: wa.send_catalog(AIJA, "See", "Baltic Tours", thumbnail_product_sku="boat-9"),
    "product": lambda wa: wa.send_product(AIJA, "1", "boat-9", "This", "Baltic Tours"),
    "products": lambda wa: wa.send_products(AIJA, "1", [types.ProductsSection("Today", ["boat-9"])], "Boats", "See"),
    "reaction": lambda wa: wa.send_reaction(AIJA, "👍", "wamid.HBg"),
    "no reaction": lambda wa: wa.remove_reaction(AIJA, "wamid.HBg"),
}


@pytest.mark.parametrize("kind", SENDS)
def test_every_kind_that_pywa_sends_is_accepted(wa: WhatsApp, desk: Desk, kind: str) -> None:
    """As pywa words it, and to the person's window."""
    sent = SENDS[kind](wa)

    assert sent.id.startswith("wamid.")
    (kept,) = desk.control("GET", "accepted").body
    assert (kept["bearer"], kept["code"], kept["body"]["to"]) == (TOKEN, 0, AIJA)


def test_a_business_scoped_id_is_written_to(wa: WhatsApp, desk: Desk) -> None:
    """By `recipient`."""
    bsuid = desk.hear()["user_id"]

    assert wa.send_text(bsuid, "At nine.").id.startswith("wamid.")
    assert desk.control("GET", "accepted").body[0]["body"]["recipient"] == bsuid


FULL = t.Template(
    name="full",
    language=t.TemplateLanguage.ENGLISH_US,
    category=t.TemplateCategory.MARKETING,
    parameter_format=t.ParamFormat.NAMED,
    components=[
        t.HeaderText("Boats to {{place}}", place="Riga"),
        t.BodyText("At {{hour}}, {{name}}", hour="nine", name="Aija"),
        t.FooterText(text="Baltic Tours"),
        t.Buttons(
            buttons=[
                t.URLButton(text="See", url="https://example.org/{{1}}", example="https://example.org/a"),
                t.QuickReplyButton(text="Stop"),
            ]
        ),
    ],
)
OFFER = t.Template(
    name="offer",
    language=t.TemplateLanguage.ENGLISH_US,
    category=t.TemplateCategory.MARKETING,
    components=[
        t.LimitedTimeOffer(text="Today", has_expiration=True),
        t.BodyText("Cheaper by {{1}}", "half"),
        t.Buttons(
            buttons=[
                t.CopyCodeButton(example="BOAT9"),
                t.URLButton(text="See", url="https://example.org/{{1}}", example="https://example.org/a"),
            ]
        ),
    ],
)
CARDS = t.Template(
    name="cards",
    language=t.TemplateLanguage.ENGLISH_US,
    category=t.TemplateCategory.MARKETING,
    components=[
        t.BodyText("Two boats"),
        t.Carousel(
            cards=[
                t.CarouselCard(
                    components=[
                        t.HeaderImage(example="4::a"),
                        t.BodyText("At {{1}}", "nine"),
                        t.Buttons(buttons=[t.QuickReplyButton(text="This")]),
                    ]
                )
            ]
            * 2
        ),
    ],
)
CODE = t.Template(
    name="code",
    language=t.TemplateLanguage.ENGLISH_US,
    category=t.TemplateCategory.AUTHENTICATION,
    components=[
        t.AuthenticationBody(add_security_recommendation=True),
        t.AuthenticationFooter(code_expiration_minutes=5),
        t.Buttons(buttons=[t.CopyCodeOTPButton(text="Copy")]),
    ],
)
TEMPLATES: list[tuple[t.Template, list[Any]]] = [
    (
        FULL,
        [
            t.HeaderText.params(place="Riga"),
            t.BodyText.params(hour="nine", name="Aija"),
            t.URLButton.params(url_variable="a", index=0),
            t.QuickReplyButton.params(callback_data="stop", index=1),
        ],
    ),
    (
        OFFER,
        [
            t.LimitedTimeOffer.params(expiration_time=datetime(2026, 12, 24, tzinfo=UTC)),
            t.BodyText.params("half"),
            t.CopyCodeButton.params(coupon_code="BOAT9", index=0),
            t.URLButton.params(url_variable="a", index=1),
        ],
    ),
    (
        CARDS,
        [
            t.Carousel.params(
                cards=[
                    t.CarouselCard.params(
                        index=place,
                        params=[
                            t.HeaderImage.params(image=LINK),
                            t.BodyText.params("nine"),
                            t.QuickReplyButton.params(callback_data="this", index=0),
                        ],
                    )
                    for place in range(2)
                ]
            )
        ],
    ),
    (CODE, [t.AuthenticationBody.params(otp="123456"), t.CopyCodeOTPButton.params(otp="123456")]),
]


@pytest.mark.parametrize(("template", "parameters"), TEMPLATES, ids=lambda one: getattr(one, "name", ""))
def test_templates_are_made_listed_and_sent(
    wa: WhatsApp, desk: Desk, template: t.Template, parameters: list[Any]
) -> None:
    """With headers, named parameters, buttons, offers, cards and one-time codes."""
    made = wa.create_template(template)
    assert [one.name for one in wa.get_templates() if one.id == made.id] == [template.name]
    assert wa.get_template(made.id).category == template.category

    sent = wa.send_template(AIJA, template.name, t.TemplateLanguage.ENGLISH_US, parameters, tracker="7")
    assert sent.id.startswith("wamid.")
    assert {code for _, code in desk.statuses()} == {0}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (131047, errors.ReEngagementMessage),
        (131050, errors.UserStoppedMarketingMessages),
        (131056, errors.TooManyMessages),
        (130429, errors.RateLimitHit),
        (132001, errors.TemplateNotExists),
        (190, errors.ExpiredAccessToken),
        (368, errors.TemporarilyBlocked),
        (131009, errors.InvalidParameter),
    ],
)
def test_a_refusal_is_the_error_that_pywa_has_for_it(
    wa: WhatsApp, desk: Desk, code: int, error: type[errors.WhatsAppError]
) -> None:
    """With its details."""
    desk.misbehave(refuses={AIJA: code})

    with pytest.raises(error) as told:
        wa.send_text(AIJA, "At nine.")
    assert (told.value.code, bool(told.value.details)) == (code, True)


def test_a_missing_text_names_its_parameter(wa: WhatsApp) -> None:
    """In the details."""
    with pytest.raises(errors.WhatsAppError) as told:
        wa.send_text(AIJA, "a" * 5000)
    assert (told.value.code, "text['body']" in str(told.value.details)) == (100, True)


def test_numbers_media_and_bars(wa: WhatsApp, desk: Desk) -> None:
    """What else an integrator asks for."""
    number = wa.get_business_phone_number()
    assert (number.id, number.verified_name, number.quality_rating) == (PHONE, "Baltic Tours", "GREEN")

    media = wa.upload_media(b"\x89PNG", mime_type="image/png", filename="a.png")
    url = wa.get_media_url(media.id)
    assert (url.mime_type, url.file_size, wa.get_media_bytes(url.url)) == ("image/png", 4, b"\x89PNG")
    assert wa.delete_media(media.id)

    assert [one.input for one in wa.block_users([AIJA]).added_users] == [AIJA]
    assert [one.wa_id for one in wa.get_blocked_users()] == [AIJA]
    with pytest.raises(errors.MessageUndeliverable):
        wa.send_text(AIJA, "At nine.")
    assert [one.input for one in wa.unblock_users([AIJA]).removed_users] == [AIJA]
    with pytest.raises(errors.WhatsAppError) as told:
        wa.block_users([BELLA])
    assert told.value.code == 139100

    heard = desk.hear()
    assert wa.mark_message_as_read(heard["id"])
    assert wa.indicate_typing(heard["id"])


HANDLERS = (
    handlers.MessageHandler,
    handlers.MessageStatusHandler,
    handlers.CallbackButtonHandler,
    handlers.CallbackSelectionHandler,
    handlers.FlowCompletionHandler,
    handlers.UserMarketingPreferencesHandler,
    handlers.AccountUpdateHandler,
    handlers.TemplateStatusUpdateHandler,
)


@pytest.fixture
def heard(wa: WhatsApp, desk: Desk) -> Callable[[], list[Any]]:
    """Hands every webhook that is due to pywa, and returns what it made of them."""
    updates: list[Any] = []
    wa.add_handlers(*(handler(lambda _, update: updates.append(update), filters.true) for handler in HANDLERS))

    def hear() -> list[Any]:
        updates.clear()
        for post in posting.due(desk.state, desk.at + timedelta(hours=1)):
            assert wa.webhook_update_validator(post.raw, post.signature) is None
            assert wa.webhook_update_handler(post.raw) == ("ok", 200)
            posting.posted(desk.state, post.events, desk.at)
        return list(updates)

    return hear


MESSAGES: dict[str, tuple[Any, Any]] = {
    "text": ({"body": "STOP"}, types.Message),
    "image": ({"caption": "A boat"}, types.Message),
    "video": ({}, types.Message),
    "audio": ({"voice": True}, types.Message),
    "document": ({"filename": "a.pdf"}, types.Message),
    "sticker": ({"animated": False}, types.Message),
    "location": ({"latitude": 56.95, "longitude": 24.1}, types.Message),
    "contacts": ([{"name": {"formatted_name": "Bella", "first_name": "Bella"}}], types.Message),
    "reaction": ({"message_id": "wamid.a", "emoji": "👍"}, types.Message),
    "order": (
        {
            "catalog_id": "1",
            "text": "",
            "product_items": [{"product_retailer_id": "b", "quantity": 1, "item_price": 9, "currency": "EUR"}],
        },
        types.Message,
    ),
    "unsupported": ({"type": "poll"}, types.Message),
    "button": ({"payload": "stop", "text": "Stop"}, types.CallbackButton),
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_pywa_reads_what_persons_write(heard: Callable[[], list[Any]], desk: Desk, kind: str) -> None:
    """Every kind."""
    value, form = MESSAGES[kind]
    what: dict[str, Any] = {"type": kind, kind: value}
    if kind == "button":
        what["context"] = {"from": "37120000000", "id": "wamid.a"}
    sent = desk.hear(name="Aija", **what)
    (update,) = heard()

    assert isinstance(update, form)
    assert (update.id, update.from_user.wa_id, update.from_user.bsuid) == (sent["id"], AIJA, sent["user_id"])
    assert update.from_user.name == "Aija"


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ({"type": "button_reply", "button_reply": {"id": "9", "title": "Nine"}}, types.CallbackButton),
        (
            {"type": "list_reply", "list_reply": {"id": "9", "title": "Nine", "description": "d"}},
            types.CallbackSelection,
        ),
        (
            {
                "type": "nfm_reply",
                "nfm_reply": {"name": "flow", "body": "Sent", "response_json": '{"flow_token": "t"}'},
            },
            types.FlowCompletion,
        ),
    ],
)
def test_pywa_reads_answers_to_interactive_messages(
    heard: Callable[[], list[Any]], desk: Desk, answer: dict[str, Any], form: type
) -> None:
    """Buttons, lists and flows."""
    desk.hear(type="interactive", interactive=answer, context={"from": "37120000000", "id": "wamid.a"})

    assert [type(update) for update in heard()] == [form]


def test_pywa_reads_statuses(wa: WhatsApp, heard: Callable[[], list[Any]], desk: Desk) -> None:
    """With our data, the price and the error."""
    sent = wa.send_text(AIJA, "At nine.", tracker="5")
    updates = {update.status: update for update in heard()}
    assert set(updates) == set(types.MessageStatusType) - {"failed", "played", "UNKNOWN"}
    assert {(update.id, update.tracker) for update in updates.values()} == {(sent.id, "5")}
    assert updates["sent"].pricing.type == "free_customer_service"

    desk.misbehave(fails={AIJA: 131050})
    wa.send_text(AIJA, "At ten.")
    (update,) = heard()
    assert isinstance(update.error, errors.UserStoppedMarketingMessages)


def test_pywa_reads_preferences_templates_and_accounts(
    wa: WhatsApp, heard: Callable[[], list[Any]], desk: Desk
) -> None:
    """What people choose and what Meta does."""
    desk.control("POST", "preferences", {"phone_number_id": PHONE, "from": AIJA, "value": "stop"})
    (preference,) = heard()
    assert (preference.from_user.wa_id, bool(preference)) == (AIJA, False)

    made = wa.create_template(FULL)
    (approved,) = heard()
    assert (approved.template_id, approved.new_status) == (made.id, t.TemplateStatus.APPROVED)

    for code in (131031, 0, 131048):
        desk.control("PUT", f"numbers/{PHONE}", {"code": code})
    accounts = heard()
    assert sorted(update.event for update in accounts) == ["ACCOUNT_RESTRICTION", "DISABLED_UPDATE", "DISABLED_UPDATE"]
    states = {update.ban_info.state for update in accounts if update.ban_info}
    assert states == {"DISABLE", "REINSTATE"}


def test_pywa_refuses_a_forged_webhook(wa: WhatsApp, desk: Desk) -> None:
    """As we have to."""
    desk.misbehave(forges=1)
    desk.hear()
    forged, right = posting.due(desk.state, desk.at)

    assert wa.webhook_update_validator(forged.raw, forged.signature) == ("Forbidden", 403)
    assert wa.webhook_update_validator(right.raw, right.signature) is None
    assert msgspec.json.decode(right.raw)["object"] == "whatsapp_business_account"
