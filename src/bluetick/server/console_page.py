"""The console: a page of a few files, which vite makes of `console/` and puts beside this module.

It holds no data, so it needs no token; what it shows it asks of the routes, as every other client does.
"""

import mimetypes
import re
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bluetick.server.errors import Asked, not_there
from bluetick.server.requests import answered

FOLDER: Final = Path(__file__).with_name("console")

# The editor writes style elements while it runs; nothing else of the page does. Scripts and workers are files.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE: Final = {"content-security-policy": _POLICY, "cross-origin-opener-policy": "same-origin"}
# A file's name holds the digest of what is in it, so that it never changes.
_ASSET: Final = {"content-security-policy": _POLICY, "cache-control": "public, max-age=31536000, immutable"}
_ASSET_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}", re.ASCII)

# What the system's own list of types may not know, or knows by another word.
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".map": "application/json",
}
_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>bluetick</title></head>
<body>
<h1>bluetick</h1>
<p>The server runs, and every route of it works. The console has not been built in this copy of bluetick: it comes with
released packages; in a clone <code>make console</code> builds it, with Node 18 or later.</p>
<p><a href="/openapi.json">What can be asked here</a></p>
</body>
</html>
"""


def console_routes() -> list[Route]:
    return [
        Route("/", answered(_page), methods=["GET"]),
        Route("/assets/{name}", answered(_asset), methods=["GET"]),
    ]


async def _page(request: Request, asked: Asked) -> Response:
    """Looked for with each request: it may be built while the server runs."""
    index = FOLDER / "index.html"
    if not index.is_file():
        return Response(_NOT_BUILT, media_type="text/html")
    return FileResponse(index, headers=_PAGE, media_type="text/html")


async def _asset(request: Request, asked: Asked) -> Response:
    name = request.path_params["name"]
    file = FOLDER / "assets" / name
    if _ASSET_NAME.fullmatch(name) is None or not file.is_file():
        raise not_there("the page has no such file")
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(file, headers=_ASSET, media_type=kind)
