"""Templates on the wire: what a send fills in, and what a new template is made of."""

from __future__ import annotations

from backoffice.channels.sandbox.shapes import Anything, Decimal, Either, Fields, Flag, Items, Shape, Text, Whole

_LINK = Text(2000, like=r"https?://\S+")
_MEDIA = Fields(
    may={"id": Text(256, like=r"\d+"), "link": _LINK, "filename": Text(240), "provider": Text()}, one_of=("id", "link")
)
_NAMED: dict[str, Shape] = {"parameter_name": Text(64, like=r"[a-z_][a-z0-9_]*")}
_PLACE = Fields(
    needs={"latitude": Decimal(-90, 90), "longitude": Decimal(-180, 180)},
    may={"name": Text(1000), "address": Text(1000)},
)
_DATE_PARTS = dict.fromkeys(
    ("day_of_week", "day_of_month", "year", "month", "hour", "minute", "calendar", "timestamp", "component"),
    Anything(),
)
_SECTIONS = Items(
    Fields(
        needs={"product_items": Items(Fields(needs={"product_retailer_id": Text(100)}), most=30)},
        may={"title": Text(24)},
    ),
    most=10,
)
_ACTION = Fields(
    may={
        "thumbnail_product_retailer_id": Text(100),
        "sections": _SECTIONS,
        "flow_token": Text(2000),
        "flow_action_data": Anything(),
    }
)

_PARAMETER = Either(
    "type",
    {
        "text": Fields(needs={"text": Text(32768)}, may=_NAMED),
        "currency": Fields(
            needs={
                "currency": Fields(
                    needs={
                        "fallback_value": Text(1000),
                        "code": Text(3, like="[A-Z]{3}"),
                        "amount_1000": Whole(-(10**15)),
                    }
                )
            },
            may=_NAMED,
        ),
        "date_time": Fields(
            needs={"date_time": Fields(needs={"fallback_value": Text(1000)}, may=_DATE_PARTS)}, may=_NAMED
        ),
        **{kind: Fields(needs={kind: _MEDIA}) for kind in ("image", "video", "document", "gif")},
        "location": Fields(needs={"location": _PLACE}),
        "product": Fields(
            needs={"product": Fields(needs={"product_retailer_id": Text(100)}, may={"catalog_id": Text(64)})}
        ),
        "payload": Fields(needs={"payload": Text(256)}),
        "coupon_code": Fields(needs={"coupon_code": Text(20, like="[A-Za-z0-9]+")}),
        "limited_time_offer": Fields(needs={"limited_time_offer": Fields(needs={"expiration_time_ms": Whole()})}),
        "action": Fields(needs={"action": _ACTION}),
        "tap_target_configuration": Fields(
            needs={
                "tap_target_configuration": Items(Fields(needs={"url": _LINK, "title": Text(1000)}), most=1),
            }
        ),
    },
)
_PARAMETERS = Items(_PARAMETER, most=100, least=0)
_SUB_TYPES = ("quick_reply", "url", "copy_code", "catalog", "mpm", "spm", "flow", "voice_call", "phone_number")
_BUTTON = Fields(
    needs={"sub_type": Text(of=_SUB_TYPES), "index": Whole(0, 9)},
    may={"parameters": _PARAMETERS},
)
_SAYING = Fields(may={"parameters": _PARAMETERS})
_PARTS = {"header": _SAYING, "body": _SAYING, "footer": _SAYING, "button": _BUTTON}
_CARDS = Items(Fields(needs={"card_index": Whole(0, 9), "components": Items(Either("type", _PARTS), most=12)}), most=10)

TEMPLATE = Fields(
    needs={
        "name": Text(512),
        "language": Fields(needs={"code": Text(10)}, may={"policy": Text(of=("deterministic",))}),
    },
    may={
        "namespace": Text(),
        "components": Items(
            Either(
                "type",
                {
                    **_PARTS,
                    "carousel": Fields(needs={"cards": _CARDS}),
                    "limited_time_offer": _SAYING,
                    "tap_target_configuration": _SAYING,
                },
            ),
            most=20,
            least=0,
        ),
    },
)
"""The `template` object of a message."""

_NEW_HEADER = Fields(
    needs={"format": Text(of=("text", "image", "video", "document", "location", "gif", "product"))},
    may={"text": Text(60), "example": Anything()},
)
_NEW_BUTTON = Fields(
    needs={"type": Text(64)},
    may={
        "text": Text(25),
        "url": _LINK,
        "phone_number": Text(20),
        **dict.fromkeys(
            (
                *("example", "otp_type", "autofill_text", "package_name", "signature_hash", "supported_apps", "icon"),
                *("flow_id", "flow_name", "flow_json", "flow_action", "navigate_screen", "ttl_minutes"),
                *("app_deep_link", "zero_tap_terms_accepted"),
            ),
            Anything(),
        ),
    },
)
_NEW_PARTS: dict[str, Fields] = {
    "header": _NEW_HEADER,
    "body": Fields(may={"text": Text(1024), "example": Anything(), "add_security_recommendation": Flag()}),
    "footer": Fields(may={"text": Text(60), "code_expiration_minutes": Whole(1, 90)}),
    "buttons": Fields(needs={"buttons": Items(_NEW_BUTTON, most=10)}),
}

NEW_TEMPLATE = Fields(
    needs={
        "name": Text(512, like="[a-z0-9_]+"),
        "language": Text(10, like="[A-Za-z]{2,3}(_[A-Za-z]{2,4})?"),
        "category": Text(of=("marketing", "utility", "authentication")),
        "components": Items(
            Either(
                "type",
                {
                    **_NEW_PARTS,
                    "carousel": Fields(
                        needs={
                            "cards": Items(
                                Fields(needs={"components": Items(Either("type", _NEW_PARTS), most=4)}), most=10
                            )
                        }
                    ),
                    "limited_time_offer": Fields(
                        needs={
                            "limited_time_offer": Fields(needs={"text": Text(16)}, may={"has_expiration": Flag()}),
                        }
                    ),
                    "call_permission_request": Fields(),
                },
            ),
            most=10,
        ),
    },
    may={
        "parameter_format": Text(of=("positional", "named")),
        "allow_category_change": Flag(),
        "message_send_ttl_seconds": Whole(-1),
        **dict.fromkeys(
            ("cta_url_link_tracking_opted_out", "sub_category", "display_format", "is_primary_device_delivery_only"),
            Anything(),
        ),
        **dict.fromkeys(("degrees_of_freedom_spec", "creative_sourcing_spec", "library_template_name"), Anything()),
    },
)
"""The body of `POST /{waba_id}/message_templates`."""
