"""The live stream: Server-Sent Events with ids and resume."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response

from gateway.api.guard import Reader
from gateway.api.listening import Listening
from gateway.api.services import ServicesHere

router = APIRouter(tags=["stream"])

_DESCRIPTION: Final = """\
`text/event-stream`. The stream begins with a `feed` frame; load the lists after it has come, and
let a higher `version` of an alert replace a lower one: so nothing falls between list and stream.

| event | id | data |
| --- | --- | --- |
| `alerts` | row of the last | array of `LiveAlertOut`; joined up to 200 ms, emergencies not |
| `feed` | row of the last | `LiveFeedOut` every second: the sign of life; at once when it changes |
| `reload` | - | the id is too old to resume from: load the lists anew |

A listener that does not read is disconnected and resumes with `Last-Event-ID`.
"""

_FRAMES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": _DESCRIPTION,
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "string",
                    "x-event-data": {
                        "alerts": {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/LiveAlertOut"},
                        },
                        "feed": {"$ref": "#/components/schemas/LiveFeedOut"},
                        "reload": {"type": "object"},
                    },
                },
                "example": 'event: alerts\nid: 90211\ndata: [{"row":90211,"alert":{…},…}]\n\n',
            }
        },
    }
}


@router.get("/stream", operation_id="get_stream", response_class=Response, responses=_FRAMES)
async def get_stream(
    services: ServicesHere,
    caller: Reader,
    after: Annotated[int | None, Query(ge=0, description="Like `Last-Event-ID`.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=32)] = None,
) -> Response:
    """Alerts as they change."""
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        after = int(last_event_id)
    return Listening(services.hub, services.hub.join(caller), after)
