"""What a careful colleague would ask about before a version is published."""

from knowledge.lint.answers import EVERYDAY_QUESTIONS, unanswered
from knowledge.lint.checks import lint
from knowledge.lint.finding import Finding, Severity

__all__ = ["EVERYDAY_QUESTIONS", "Finding", "Severity", "lint", "unanswered"]
