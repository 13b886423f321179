"""Identifiers that carry their own proof: each check returns None, or the finding that says what is wrong.

Check digits come from python-stdnum where it knows them; the RFC's is off there by default and on here. The pedimento
and the US in-bond number are not in it and are checked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

from otay.core.findings import Finding, error
from otay.core.i18n import N_

_COMPARE = N_("Compare it with the document it was copied from.")
_SHAPE_REMEDY = N_("It should look like %(example)s.")


def compact(value: str) -> str:
    """Capital letters and digits only: without spaces, hyphens, dots and slashes."""
    return re.sub(r"[\s\-./]", "", value).upper()


def _stdnum(module: str, value: str, **options: bool) -> str | None:
    """What is wrong by python-stdnum: None, ``shape`` or ``check_digit``."""
    from stdnum.exceptions import InvalidChecksum, ValidationError

    try:
        import_module(f"stdnum.{module}").validate(value, **options)
    except InvalidChecksum:
        return "check_digit"
    except ValidationError:
        return "shape"
    return None


def _judge(problem: str | None, rule: str, value: str, place: str, example: str) -> Finding | None:
    if problem is None:
        return None
    if problem == "check_digit":
        return error(place, f"{rule}.check_digit", N_("The check digit does not fit the number."), value, _COMPARE)
    return error(place, f"{rule}.shape", _SHAPES[rule], value, _SHAPE_REMEDY, example=example)


_SHAPES = {
    "iso6346": N_("This is not a container number: owner code, U, J or Z, six digits and a check digit."),
    "imo": N_("This is not an IMO ship number: seven digits."),
    "mx.rfc": N_("This is not an RFC: three or four letters, a date and three characters."),
    "mx.curp": N_("This is not a CURP: eighteen characters."),
    "us.ein": N_("This is not an EIN: nine digits with a prefix that the IRS assigns."),
    "lei": N_("This is not a legal entity identifier: twenty characters."),
}


def looks_like_container(value: str) -> bool:
    """True for four letters, of which the last says freight container, and seven digits."""
    return re.fullmatch(r"[A-Z]{3}[UJZ]\d{7}", compact(value)) is not None


def check_container(value: str, place: str = "") -> Finding | None:
    """A carrier's container number ends in its check digit (ISO 6346)."""
    return _judge(_stdnum("iso6346", compact(value)), "iso6346", value, place, "CSQU3054383")


def check_imo(value: str, place: str = "") -> Finding | None:
    """A ship's IMO number ends in its check digit."""
    return _judge(_stdnum("imo", value.upper().removeprefix("IMO").strip()), "imo", value, place, "9319466")


def check_rfc(value: str, place: str = "") -> Finding | None:
    """A Mexican taxpayer's RFC ends in its check digit.

    The generic codes for the public (XAXX010101000) and for foreigners (XEXX010101000) have none and are allowed.
    """
    if compact(value) in {"XAXX010101000", "XEXX010101000"}:
        return None
    problem = _stdnum("mx.rfc", compact(value), validate_check_digits=True)
    return _judge(problem, "mx.rfc", value, place, "GODE561231GR8")


def check_curp(value: str, place: str = "") -> Finding | None:
    """A Mexican person's CURP ends in its check digit. Its sex is H, M or, since 2023, X."""
    code = compact(value)
    problem = _nonbinary_curp(code) if code[10:11] == "X" else _stdnum("mx.curp", code)
    return _judge(problem, "mx.curp", value, place, "BOXW310820HNERXN09")


def _nonbinary_curp(code: str) -> str | None:
    """python-stdnum knows H and M only: all but the sex is judged in the form of a man's, the digit over the code."""
    from stdnum.mx.curp import calc_check_digit

    form = f"{code[:10]}H{code[11:17]}"
    if not (len(code) == 18 and form.isascii() and form.isalnum()):
        return "shape"
    return _stdnum("mx.curp", form + calc_check_digit(form)) or (
        None if code[17] == calc_check_digit(code[:17]) else "check_digit"
    )


def check_ein(value: str, place: str = "") -> Finding | None:
    """A US employer's number has nine digits and a prefix that the IRS assigns; CBP adds a two-character suffix."""
    base = re.sub(r"(?<=\d{7})-?[0-9A-Z]{2}$", "", compact(value)) if len(compact(value)) == 11 else compact(value)
    return _judge(_stdnum("us.ein", base), "us.ein", value, place, "04-2103594")


def check_lei(value: str, place: str = "") -> Finding | None:
    """A legal entity identifier ends in its check digits (ISO 17442)."""
    return _judge(_stdnum("lei", compact(value)), "lei", value, place, "213800KUD8LAJWSQ9D15")


def check_patente(value: str, place: str = "") -> Finding | None:
    """A Mexican customs broker's patente has four digits."""
    if re.fullmatch(r"\d{4}", value.strip()):
        return None
    return error(place, "mx.patente.shape", N_("This is not a customs broker's patente: four digits."), value)


def pedimento(value: str) -> str | None:
    """The 15 digits of a pedimento number, however it is spaced; None for anything else."""
    digits = re.sub(r"[\s\-]", "", value)
    return digits if re.fullmatch(r"\d{15}", digits) else None


def check_pedimento(value: str, place: str = "") -> Finding | None:
    """A pedimento number has 15 digits: year, customs, patente, last digit of the year, serial from 000001."""
    digits = pedimento(value)
    if digits is None:
        message = N_("This is not a pedimento number: 15 digits.")
        return error(place, "mx.pedimento.shape", message, value, _SHAPE_REMEDY, example="26 40 3123 6000001")
    if digits[9:] == "000000":
        return error(place, "mx.pedimento.serial", N_("The serial of a pedimento starts at 000001."), value, _COMPARE)
    if digits[8] != digits[1]:
        message = N_("The ninth digit is the last digit of the year: %(expected)s was expected.")
        return error(place, "mx.pedimento.year", message, value, _COMPARE, expected=digits[1])
    return None


def check_in_bond(value: str, place: str = "") -> Finding | None:
    """A nine-digit US in-bond number ends in its serial modulo 7.

    Source: CBP, computation of the check digit of Form 7512.
    """
    digits = compact(value)
    if not re.fullmatch(r"\d{9}", digits):
        message = N_("This is not an in-bond number: nine digits.")
        return error(place, "us.in_bond.shape", message, value, _SHAPE_REMEDY, example="257700052")
    expected = int(digits[:8]) % 7
    if int(digits[8]) != expected:
        message = N_("The check digit does not fit the number: %(expected)s was expected.")
        return error(place, "us.in_bond.check_digit", message, value, _COMPARE, expected=expected)
    return None


SCHEMES: dict[str, Callable[[str, str], Finding | None]] = {
    "mx.rfc": check_rfc,
    "mx.curp": check_curp,
    "mx.patente": check_patente,
    "us.ein": check_ein,
    "lei": check_lei,
}
"""Party identifier schemes that can be checked. Others (MID, EORI, filer codes) are taken as they are."""


def check_party(scheme: str, value: str, place: str = "") -> Finding | None:
    """A party's identifier fits its scheme; an unknown scheme is not judged."""
    check = SCHEMES.get(scheme.lower())
    return check(value, place) if check else None
