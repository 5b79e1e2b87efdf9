'''HTTP: how the rooms' verbs are asked for over the wire, with no room known here.

Owns: the frame around every request (`frame`), who asks (`callers`), how a body is read (`bodies`) and a file taken
(`uploads`), how an error is said (`faults`, `problems`), how a POST happens once (`once`), the API's description and
its page (`openapi`, `pages`), all put together by `web.make_web`, and `serving`, which runs it.

A room's `views.py` has one verb a view, and lists its views in `ROUTES`:

    class NumberToLink(Body, frozen=True, kw_only=True):
        """A number that messages are to be sent from."""

        channel: Literal["whatsapp", "sms"]
        address: Annotated[str, Meta(min_length=1, max_length=20)]
        EXAMPLE: ClassVar[dict[str, Any]] = {"channel": "sms", "address": "+37120000000"}


    @post("/v1/numbers")
    async def link_number(data: JSONBody[NumberToLink], once: NamedDependency[Once]) -> Response[Linked]:
        """Link a number to the account."""
        return await once(data, lambda work: service.link_number(work, once.account_id, data.channel, data.address))


    ROUTES = [link_number]

Every route wants a caller unless it says `opt=PUBLIC`. What is no JSON is described by `opt` too: `answers`, the
media types of the answer; `empty`, the status of one without a body; `upload` and `example`, the media type of a raw
body. Each POST that changes something takes `once`. What is wrong is raised as an error of the kernel and becomes
problem details. Whole numbers in a `Body` have limits, as the columns they go to have; answers to a POST hold ids, no
person's value and no secret, as they are kept for seven days.
'''

from backoffice.plumbing.http.bodies import LARGEST_UPLOAD, Body
from backoffice.plumbing.http.callers import PUBLIC, Caller, FindCaller
from backoffice.plumbing.http.frame import Web
from backoffice.plumbing.http.once import Once
from backoffice.plumbing.http.uploads import Upload, uploaded
from backoffice.plumbing.http.web import Part, make_web

__all__ = [
    "LARGEST_UPLOAD",
    "PUBLIC",
    "Body",
    "Caller",
    "FindCaller",
    "Once",
    "Part",
    "Upload",
    "Web",
    "make_web",
    "uploaded",
]
