"""The ASGI application: CleverTap's API on its own paths, the sandbox's pages beside them.

What the sandbox tells and takes as JSON is under `/_sandbox/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from target_clevertap.sandbox.gate import Gate
from target_clevertap.sandbox.inspection import inspection_routes
from target_clevertap.sandbox.pages.guard import Guard
from target_clevertap.sandbox.pages.site import page_routes
from target_clevertap.sandbox.upkeep import Upkeep

if TYPE_CHECKING:
    from target_clevertap.sandbox.account import Account


def create_app(account: Account) -> Starlette:
    """The application that serves one account. What is not the sandbox's own is an API call."""
    guard = [Middleware(Guard)]
    return Starlette(
        routes=[
            *page_routes(account, guard),
            Mount("/_sandbox", routes=inspection_routes(account), middleware=guard),
            Mount("/", app=Upkeep(account, Gate(account))),
        ]
    )
