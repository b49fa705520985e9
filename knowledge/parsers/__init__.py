"""Files → running text and tables; one module a format, chosen by the file's ending."""

from knowledge.parsers.choice import FORMATS, parse

__all__ = ["FORMATS", "parse"]
