"""KQL text to a syntax tree: lexer, parser, printer."""

from bluetick.syntax.parser import parse, parse_scalar

__all__ = ["parse", "parse_scalar"]
