"""What a hunt's file says, and that not a byte of it is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluetick.detections.hunts.reading import is_hunt, read_hunt

TEXT = """\
---
kind: hunt
tags: [beacon, "two words"]
tactics: command and control
techniques:
  - t1071.004
schemas: defender
mood: good
---
# **Who** speaks with few?

Some words before.

## Hypothesis

An implant speaks with few,
and *often*.

### More of it

Since it must.

## Steps

```kql id=Few
T | count
```

Between.

~~~ KUSTO
T
| where x > 1
~~~

```python
print("no cell")
```

```
no cell either
```

## Found
"""


def test_a_hunt_is_read() -> None:
    hunt = read_hunt(TEXT, "mine")
    assert (hunt.name, hunt.title) == ("mine", "Who** speaks with few?")
    assert hunt.hypothesis == "An implant speaks with few,\nand *often*.\n\n\nSince it must."
    assert hunt.tags == ("beacon", "two words")
    assert (hunt.tactics, hunt.techniques, hunt.schemas) == (("CommandAndControl",), ("T1071.004",), "defender")
    assert hunt.problems == ()
    assert [(cell.id, cell.text) for cell in hunt.queries] == [("Few", "T | count\n"), ("cell-2", "T\n| where x > 1\n")]
    assert [cell.kind for cell in hunt.cells] == ["markdown", "kql", "markdown", "kql", "markdown"]
    assert hunt.query("FEW") == hunt.queries[0]
    assert hunt.query("text-1") is None
    assert hunt.text == TEXT


def test_a_cell_tells_its_line() -> None:
    lines = TEXT.split("\n")
    for cell in read_hunt(TEXT, "mine").cells:
        assert lines[cell.line - 1] == cell.text.split("\n")[0]


@pytest.mark.parametrize(
    ("text", "hypothesis"),
    [
        ("# T\n\nHypothesis: it *is* so,\nor not.\n\nMore.\n", "it *is* so,\nor not."),
        ("# T\n\nFirst words.\n\n**Hypothesis:** second.\n", "second."),
        ("# T\n\nOne paragraph\nof words.\n\nAnother.\n", "One paragraph\nof words."),
        ("# T\n\n```kql\nT\n```\n", ""),
        ("# T\n## Hypothesis\n```kql\nT\n```\nafter\n", "after"),
        ("", ""),
    ],
)
def test_where_a_hypothesis_may_stand(text: str, hypothesis: str) -> None:
    assert read_hunt(text, "x").hypothesis == hypothesis


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```kql id=a\nT\n```\n```kql id=A\nT\n```\n", "line 4: there are two cells 'A'"),
        ("```kql id=cell-2\nT\n```\n```kql\nT\n```\n", "line 4: there are two cells 'cell-2'"),
        ("```kql id=../x\nT\n```\n", "line 1: '../x' is no id"),
        ("\n```kql id=\nT\n```\n", "line 2: '' is no id"),
        ("```kql\nT\n", "line 1: the fence of the cell 'cell-1' is not closed"),
        ("---\ntechniques: [Txx]\n---\n", "'techniques' has 'Txx'"),
        ("---\ntactics: [hacking]\n---\n", "'tactics' has 'hacking'"),
        ("---\nschemas: azure\n---\n", "'schemas' has 'azure'"),
        ("---\ntags: {a: b}\n---\n", "'tags' has '?'"),
        ("---\ntags: [\n---\n", "the front matter cannot be read"),
        ("---\na: &x 1\nb: *x\n---\n", "the front matter cannot be read"),
    ],
)
def test_what_is_wrong_is_told_and_the_text_is_read(text: str, problem: str) -> None:
    hunt = read_hunt(text, "x")
    assert len(hunt.problems) == 1
    assert problem in hunt.problems[0]
    assert hunt.text == text


def test_carriage_returns_and_a_byte_order_mark_stay() -> None:
    text = (
        "\ufeff---\r\nkind: hunt\r\ntechniques: [T1041]\r\n---\r\n# T\r\n\r\n```kql id=a\r\nT\r\n| count\r\n```\r\nend"
    )
    hunt = read_hunt(text, "x")
    assert (hunt.title, hunt.techniques) == ("T", ("T1041",))
    assert [cell.text for cell in hunt.cells] == ["# T\r\n\r\n", "T\r\n| count\r\n", "end"]
    assert is_hunt(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\nkind: hunt\n---\n", True),
        ("---\ntitle: x\nkind: hunt\n---\n# T\n", True),
        ("# T\n\nkind: hunt\n", False),
        ("---\nkind: rule\n---\n", False),
        ("---\nkind: hunt\n", False),
    ],
)
def test_a_hunt_says_so_itself(text: str, expected: bool) -> None:
    assert is_hunt(text) is expected


PIECES = st.sampled_from(
    [
        "```kql",
        "```",
        "~~~kql id=a",
        "~~~",
        "\n",
        "---\n",
        "# T",
        "Hypothesis:",
        "id=b",
        "x | count",
        "\r\n",
        " ",
        "é\0",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_cells_are_slices_of_the_text_in_order(text: str) -> None:
    at = 0
    for cell in read_hunt(text, "x").cells:
        found = text.find(cell.text, at)
        assert found >= at
        assert text.count("\n", 0, found) + 1 <= cell.line
        at = found + len(cell.text)
