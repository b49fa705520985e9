"""The default way to a platform: signed webhooks."""

from __future__ import annotations

from collections.abc import Callable

from dialogue.channel import Channel, WebhookChannel
from dialogue.lead.post import Postman
from dialogue.platform.register import JoinedChannel


def webhooks(postman: Postman) -> Callable[[JoinedChannel], Channel]:
    """Makes the channel of a joined platform; what it sends is carried by `postman`."""

    def connect(joined: JoinedChannel) -> Channel:
        return WebhookChannel(
            joined.name, merchant=joined.merchant, address=joined.address, secret=joined.secret, postman=postman
        )

    return connect
