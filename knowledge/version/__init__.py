"""Immutable versions of a shop's knowledge: built, compared, published and rolled back."""
