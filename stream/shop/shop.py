"""A merchant's shop as its live room shows it: products, their pictures, the card, and what viewers like to ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from avatar import ProductCard
from stream.shop.shelf import Product


@dataclass(frozen=True, slots=True)
class Shop:
    """What a room shows of its merchant."""

    merchant: str
    name: str
    products: tuple[Product, ...] = ()
    questions: tuple[str, ...] = ()
    pictures: dict[str, Path] = field(default_factory=dict)
    """Picture file by SKU, for the card that is burned into the frames."""

    def product(self, sku: str) -> Product | None:
        """The product of this SKU, None when it is not on the shelf."""
        return next((product for product in self.products if product.sku == sku), None)

    @property
    def figures(self) -> str:
        """Every price and stock figure of the shelf, in words: who says one of them invents nothing."""
        return "，".join(
            f"{product.name} {product.price}元 原价{product.was}元 直降{product.saving}元 余{product.stock}件"
            for product in self.products
        )

    def card(self, product: Product, *, now: datetime) -> ProductCard:
        """The card of a product as it is drawn into the pictures."""
        ends_in_s = None
        if product.promotion_until:
            ends_in_s = (datetime.fromisoformat(product.promotion_until) - now).total_seconds()
        return ProductCard(
            title=product.name,
            price=product.price,
            original_price=product.was or None,
            picture=self.pictures.get(product.sku),
            note=f"余 {product.stock} 件" if product.stock is not None else None,
            ends_in_s=ends_in_s,
        )
