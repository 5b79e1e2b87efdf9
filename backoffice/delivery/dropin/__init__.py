"""The drop-in front door: the Cloud API's own calls, gated.

An integration changes its base URL and its token, and nothing else.

Owns: `message_default`, what an account declares of a template or of its free text on one number, since the Cloud
API's call says neither purpose nor facts; `provider_message`, the provider's names of messages whose account is told in
the provider's form.

Doors (`views`): `POST /v{N}/{phone number id}/messages` a send on the one road that `/v1/sends` takes (`relay.intake`),
or a message marked as read · `POST …/media`, `GET` and `DELETE /v{N}/{media id}`, `GET /v{N}/{phone number id}`, and
`/v{N}/{business account id}/message_templates` handed on to the provider · anything else is a Graph error, 100.

Answers: 200 with a message id of ours, made from the send's (`wamid`) · `held_for_quality_assessment` where the gate
holds · a Graph error with every reason in its details where it denies (`faults.CODES_OF`).

Webhooks (`passing`): what came in for a number goes to its account in the provider's form, with our ids in place of the
provider's and the account's own word in place of ours; what the gate, or the provider at once, refused later is told as
a `failed` status (`failing`).

What nobody declared stays unknown: such a template or text counts as marketing, and a rule that asks for a fact holds.
"""
