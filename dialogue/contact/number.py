"""Whether digits are a telephone number, by the numbering plan in `phonenumbers` (Google's libphonenumber)."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

_CHINA = 86


def is_mobile(digits: str) -> bool:
    """True for the 11 digits of a Chinese mobile number in a segment that has been handed out."""
    if len(digits) != 11 or digits[0] != "1" or digits[1] < "3":
        return False
    number = PhoneNumber(country_code=_CHINA, national_number=int(digits))
    return phonenumbers.number_type(number) in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def is_landline(digits: str) -> bool:
    """True for a Chinese area code (with its 0) and subscriber number, 10 to 12 digits."""
    if not 10 <= len(digits) <= 12 or digits[0] != "0" or digits[1] == "0":
        return False
    number = PhoneNumber(country_code=_CHINA, national_number=int(digits[1:]))
    return phonenumbers.number_type(number) in (PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def foreign(text: str) -> str | None:
    """E.164 of an international number written with `+`, when it is valid and not Chinese; otherwise None."""
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException:
        return None
    if number.country_code == _CHINA or not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
