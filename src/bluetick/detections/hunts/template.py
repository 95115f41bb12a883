"""The text of a hunt that somebody begins."""

_TEMPLATE = """\
---
kind: hunt
tags: []
techniques: []
---
# {title}

## Hypothesis

What an attacker would do here, and which trace of it these tables would hold.

## What is looked for

```kql id=first
print Question = "Write a query here, then: bluetick hunt run {name}.md --lake LAKE"
```

## What was found
"""


def new_hunt(name: str) -> str:
    title = name.replace("_", " ").replace("-", " ").strip()
    return _TEMPLATE.format(title=title[:1].upper() + title[1:], name=name)
