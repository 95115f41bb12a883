"""KQL text to a syntax tree: lexer, parser, printer."""

from bluetick.syntax.parser import parse

__all__ = ["parse"]
