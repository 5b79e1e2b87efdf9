"""The sandbox: a local WhatsApp Cloud API with the real one's limits, refusals and faults, and nobody at the other end.

It is a process of its own, bound to this machine, and part of the product: whoever integrates with us, or with Meta,
tries everything here without a provider. It is not the real API: where Meta documents nothing, what it does is a guess,
and "Guesses" below says which.

    python -m backoffice.channels.sandbox '{"path": "sandbox.sqlite", "port": 8123, "token": "t", "secret": "s",
        "verify_token": "v", "webhooks": "http://127.0.0.1:8000/v1/providers", "numbers": [{"phone_number_id": "1065",
        "waba_id": "1022", "portfolio": "5069", "display_phone_number": "+37120000000"}], "templates": [
        {"waba_id": "1022", "name": "boat", "components": [{"type": "BODY", "text": "At {{1}}"}]}]}'

It prints its port, and keeps all it knows in one file: `kill -9` loses nothing that it answered. Any program for the
Cloud API works against it once its base URL and token are changed.

Send, as to Meta (v20.0 and newer; every kind, `marketing_messages`, mark as read):

    curl localhost:8123/v25.0/1065/messages -H "Authorization: Bearer t" -d '{"messaging_product": "whatsapp",
        "to": "37126000001", "type": "template", "biz_opaque_callback_data": "my-7", "template": {"name": "boat",
        "language": {"code": "en"}, "components": [{"type": "body", "parameters": [{"type": "text", "text": "9"}]}]}}'

A person answers, which opens the service window for 24 hours; stops marketing; isn't on WhatsApp any more:

    curl -X POST localhost:8123/sandbox/inbound -d '{"phone_number_id": "1065", "from": "37126000001", "name": "Aija",
        "type": "text", "text": {"body": "STOP"}}'
    curl -X POST localhost:8123/sandbox/preferences -d '{"phone_number_id": "1065", "from": "37126000001",
        "value": "stop"}'
    curl -X PUT localhost:8123/sandbox/persons -d '{"from": "37126000001", "code": 131026}'

Meta bans the number, flags it, changes its tier; pauses a template:

    curl -X PUT localhost:8123/sandbox/numbers/1065 -d '{"code": 131031}'
    curl -X PUT localhost:8123/sandbox/numbers/1065 -d '{"code": 0, "quality": "RED", "tier": 2000}'
    curl -X PUT localhost:8123/sandbox/templates -d '{"waba_id": "1022", "name": "boat", "language": "en",
        "status": "PAUSED"}'

The wire gets bad (`setup.Faults` has them all), and any code comes for whom one likes, at once or later:

    curl -X PUT localhost:8123/sandbox/faults -d '{"drops": 0.1, "breaks": 0.1, "late": 5, "repeats": 0.2, "omits": 0.3,
        "batches": 0.5, "forges": 0.1, "refuses": {"+37126000002": 131056}, "fails": {"+37126000003": 131049}}'

Time passes: the clock stands, or runs on from there; without `at` it is the machine's again. Then: does my webhook
prove itself, what was accepted (each body as it came, by which bearer), and what waits to be told?

    curl -X PUT localhost:8123/sandbox/clock -d '{"at": "2026-01-31T10:00:00Z", "stands": true}'
    curl -X POST localhost:8123/sandbox/verify
    curl localhost:8123/sandbox/accepted?since=0
    curl localhost:8123/sandbox/posts

Doors of the Graph API: `POST /{number}/messages`, `marketing_messages`, `media`; `POST`, `DELETE` and `GET
/{number}/block_users`; `GET /{number}?fields=`; `POST`, `GET` and `DELETE /{waba}/message_templates`; `GET
/{waba}/phone_numbers`; `GET` and `DELETE /{media}`; `GET /{template}`. Webhooks, signed over their bytes, go to
`/whatsapp/webhook` under the base URL: messages and statuses, `user_preferences`, `phone_number_quality_update`,
`account_update`, `message_template_status_update`, `business_capability_update`. They come in no order; one that isn't
answered with 2xx comes again after 0.2 s, then each time twice as late up to `longest_wait`, for seven days of the
sandbox's clock. Where that stands, what waits does too. Nothing else is told: calls, groups, orders' payments.

Limits: so many messages a second from a number (130429; by the machine's clock, whatever the sandbox's says); one in
six seconds to a person, of which up to 45 may be borrowed at once (131056); so many persons in any 24 hours outside a
window, for all numbers of a portfolio; words only inside a window (200, then `failed` with 131047).

The plain protocol (`channels.wire`), for channels that have no real provider yet, is served at the same port: `POST
/messages`, `GET /messages/{reference}`, `GET /accepted`, `PUT /faults`; its callbacks go to `/fake/webhook`.

Files: `setup` how it starts and misbehaves · `server`, `running` the process · `graph`, `control`, `plain` the doors ·
`sending`, `templates`, `registry`, `numbers`, `files` what each does · `kinds`, `interactive`, `components` tables of
what a body may hold, in the language of `shapes` · `replies` the codes · `hooks`, `news`, `posting` what is told ·
`state`, `memory`, `limits`, `chance` what is known. None of it shares a shape with our adapter: each checks the other.

Guesses: a portfolio over its limit fails with 131048 (Meta names no code); a person whom the business barred is refused
with 131026; an unknown business-scoped id with 131009; a body filled in too long with 132005, measured without the
header; which codes come at once and which later (`replies.LATER`); the message behind a code's `details`; a version
older than v20.0 is an unknown path. Templates are approved at once.
"""
