"""Interactive messages: what each of their types holds."""

from __future__ import annotations

from collections.abc import Callable

from backoffice.channels.sandbox.replies import Json
from backoffice.channels.sandbox.shapes import Anything, Either, Fields, Items, Shape, Text, Whole

_LINK = Text(2000, like=r"https?://\S+")
_MEDIA = Fields(
    may={"id": Text(256, like=r"\d+"), "link": _LINK, "filename": Text(240), "provider": Text()}, one_of=("id", "link")
)
_HEADER = Either(
    "type",
    {
        "text": Fields(needs={"text": Text(60)}, may={"sub_text": Text(60)}),
        **{kind: Fields(needs={kind: _MEDIA}) for kind in ("image", "video", "document")},
    },
)
_TEXT_HEADER = Either("type", {"text": Fields(needs={"text": Text(60)})})
_BODY = Fields(needs={"text": Text(1024)})
_LONG_BODY = Fields(needs={"text": Text(4096)})
_FOOTER = Fields(needs={"text": Text(60)})
_OTHERS = {"footer": _FOOTER, "header": _HEADER}

_REPLY = Fields(needs={"id": Text(256), "title": Text(20)})
_BUTTONS = Items(Either("type", {"reply": Fields(needs={"reply": _REPLY})}), most=3)
_ROW = Fields(needs={"id": Text(200), "title": Text(24)}, may={"description": Text(72, least=0)})
_ROWS = Fields(needs={"rows": Items(_ROW, most=10)}, may={"title": Text(24)})
_PRODUCTS = Fields(
    needs={"product_items": Items(Fields(needs={"product_retailer_id": Text(100)}), most=30)},
    may={"title": Text(24)},
)


def _at_most(inner: str, most: int) -> Callable[[Json], None]:
    """Return a look at sections that have a title each where they are many, and so many lines in all."""

    def look(action: Json) -> None:
        sections = action["sections"]
        if len(sections) > 1 and not all(one.get("title") for one in sections):
            raise ValueError("each of several sections needs a title.")
        if sum(len(one[inner]) for one in sections) > most:
            raise ValueError(f"sections may have {most} {inner} in all.")
        if inner == "rows" and len({row["id"] for one in sections for row in one["rows"]}) < sum(
            len(one["rows"]) for one in sections
        ):
            raise ValueError("rows need different ids.")

    return look


def _different(action: Json) -> None:
    if len({one["reply"]["id"] for one in action["buttons"]}) < len(action["buttons"]):
        raise ValueError("buttons need different ids.")


def _named(name: str, parameters: Shape | None = None, *, needs: bool = True) -> Fields:
    inner = {"parameters": parameters} if parameters else {}
    return Fields(
        needs={"name": Text(of=(name,)), **(inner if needs else {})},
        may={} if needs else inner,
    )


_FLOW = Fields(
    needs={"flow_message_version": Text(of=("3",)), "flow_cta": Text(30)},
    may={
        "flow_id": Text(64, like=r"\d+"),
        "flow_name": Text(200),
        "flow_token": Text(2000),
        "mode": Text(of=("draft", "published")),
        "flow_action": Text(of=("navigate", "data_exchange")),
        "flow_action_payload": Fields(needs={"screen": Text(200)}, may={"data": Anything()}),
    },
    one_of=("flow_id", "flow_name"),
)
_CALL = Fields(may={"display_text": Text(20), "ttl_minutes": Whole(1, 43200), "payload": Text(512)})
_LINKED = Fields(needs={"display_text": Text(20), "url": _LINK})
_CARD = Fields(
    needs={"card_index": Whole(0, 9), "type": Text(of=("cta_url", "button")), "header": _HEADER, "action": Anything()},
    may={"body": Fields(needs={"text": Text(160)})},
)


def _saying(action: Fields, body: Fields = _BODY, **others: Shape) -> Fields:
    return Fields(needs={"body": body, "action": action}, may={**_OTHERS, **others})


INTERACTIVE = Either(
    "type",
    {
        "button": _saying(Fields(needs={"buttons": _BUTTONS}, then=_different)),
        "list": _saying(
            Fields(needs={"button": Text(20), "sections": Items(_ROWS, most=10)}, then=_at_most("rows", 10)),
            _LONG_BODY,
            header=_TEXT_HEADER,
        ),
        "cta_url": _saying(_named("cta_url", _LINKED)),
        "flow": _saying(_named("flow", _FLOW)),
        "product": Fields(
            needs={"action": Fields(needs={"catalog_id": Text(64), "product_retailer_id": Text(100)})},
            may={"body": _BODY, "footer": _FOOTER},
        ),
        "product_list": Fields(
            needs={
                "header": _TEXT_HEADER,
                "body": _BODY,
                "action": Fields(
                    needs={"catalog_id": Text(64), "sections": Items(_PRODUCTS, most=10)},
                    then=_at_most("product_items", 30),
                ),
            },
            may={"footer": _FOOTER},
        ),
        "catalog_message": Fields(
            needs={
                "body": _BODY,
                "action": _named(
                    "catalog_message", Fields(may={"thumbnail_product_retailer_id": Text(100)}), needs=False
                ),
            },
            may={"footer": _FOOTER},
        ),
        "location_request_message": Fields(needs={"body": _BODY, "action": _named("send_location")}),
        "address_message": _saying(_named("address_message", Anything())),
        "voice_call": _saying(_named("voice_call", _CALL, needs=False)),
        "call_permission_request": Fields(needs={"action": _named("call_permission_request")}, may={"body": _BODY}),
        "request_contact_info": Fields(needs={"body": _BODY, "action": _named("request_contact_info")}),
        "carousel": Fields(needs={"body": _BODY, "action": Fields(needs={"cards": Items(_CARD, most=10, least=2)})}),
    },
)
"""The `interactive` object by its type."""
