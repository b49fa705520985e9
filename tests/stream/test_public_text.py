"""What a room shows and says of a comment."""

import pytest

from stream.room.public_text import public


@pytest.mark.parametrize(
    ("text", "shown", "spoken"),
    [
        ("这款多少钱", "这款多少钱", "这款多少钱"),
        ("企业采购，电话13857166021", "企业采购，电话138****6021", "企业采购"),
        ("我的手机号是 13857166021，想要两个", "我的手机号是 138****6021，想要两个", "想要两个"),
        ("13857166021", "138****6021", "我想了解一下"),
        ("138 5716 6021微信同号，要两个", "138****6021微信同号，要两个", "微信同号，要两个"),
    ],
)
def test_a_contact_is_masked_on_the_page_and_never_read_aloud(text: str, shown: str, spoken: str) -> None:
    masked, said, found = public(text)
    assert (masked, said) == (shown, spoken)
    assert found == (text != shown)
