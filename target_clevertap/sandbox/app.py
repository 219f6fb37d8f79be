"""The ASGI application: CleverTap's API on its own paths, the sandbox's under `/_sandbox/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Mount

from target_clevertap.sandbox.gate import Gate
from target_clevertap.sandbox.inspection import inspection_routes

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account


def create_app(account: Account) -> Starlette:
    """The application that serves one account. What is not the sandbox's own is an API call."""
    return Starlette(
        routes=[
            Mount("/_sandbox", routes=inspection_routes(account)),
            Mount("/", app=Gate(account)),
        ]
    )
