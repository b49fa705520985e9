"""All checks of a version. Pure over a `Content` and today's date."""

from __future__ import annotations

from datetime import date

from knowledge.content import Content
from knowledge.lint.answers import duplicate_questions, unknown_products
from knowledge.lint.finding import Finding, Severity
from knowledge.lint.material import forbidden_claims, forgotten_examples, internal_columns, left_out
from knowledge.lint.prices import conflicting_sources, conflicting_texts, missing_prices, promotions


def lint(content: Content, *, today: date) -> list[Finding]:
    """All findings of a version, the gravest first."""
    findings: list[Finding] = []
    for rule in (
        conflicting_sources,
        conflicting_texts,
        forbidden_claims,
        duplicate_questions,
        unknown_products,
        internal_columns,
        missing_prices,
        forgotten_examples,
        left_out,
    ):
        findings.extend(rule(content))
    findings.extend(promotions(content, today=today))
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))
