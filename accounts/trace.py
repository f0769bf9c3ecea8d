"""Which request is being served: the id that logs and events carry, so that one can be found from the other."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
