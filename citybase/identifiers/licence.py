"""E-licence identifiers, GB/T 36904-2018: take apart, verify, mint the next version.

The twin of licence_identifier.sql. The form is
``1.2.156.3005.2.{type}.{issuer}.{serial}.{version}.{check}``. Add here what the identifier itself
says. Keep out: the licence, its holder and its state.
"""

from dataclasses import dataclass

import polars as pl

from citybase.errors import IdentifierError
from citybase.identifiers import checksum
from citybase.identifiers.text import normalise
from citybase.identifiers.vocabulary import ERROR_REASONS, OK, REASONS

ROOT = "1.2.156.3005.2"
TYPE_LENGTH, ISSUER_LENGTHS, LAST_VERSION = 21, (18, 6), 999
_PARTS = ("type_code", "issuer_code", "serial", "version", "check")


@dataclass(frozen=True)
class LicenceIdentifier:
    """The parts of one identifier, as text.

    Attributes:
        type_code: 18 characters of the authority that defines the licence type, then 3 digits.
        issuer_code: normally a unified social credit code; six digits of a division in older data.
        serial: digits and capitals, of any length.
        version: 001-999.
        check: one character over the four above.
    """

    type_code: str
    issuer_code: str
    serial: str
    version: str
    check: str

    def __str__(self) -> str:
        """The identifier as written."""
        return ".".join(
            (ROOT, self.type_code, self.issuer_code, self.serial, self.version, self.check)
        )


def check_character(body: pl.Expr) -> pl.Expr:
    """The check character of type + issuer + serial + version, without root and dots."""
    return checksum.licence_check(body)


def grade(number: pl.Series) -> pl.DataFrame:
    """Grade e-licence identifiers and take them apart.

    Args:
        number: normalised text, null for no number.

    Returns:
        One row per number, in order: number, type_code, issuer_code, serial, version, check (null
        when the structure is wrong), grade: structure, charset, length, version, checksum (errors),
        issuer_is_division (a warning), ok; null for null.
    """
    n = pl.col("number")
    root = ROOT.replace(".", "[.]")
    structured = n.str.contains(f"^{root}([.][^.]+){{5}}$")
    written = n.str.contains(f"^{root}([.][0-9A-Z]+){{5}}$")
    pieces = pl.when(structured).then(n.str.strip_prefix(ROOT + ".")).str.split_exact(".", 4)
    body = pl.concat_str("type_code", "issuer_code", "serial", "version")
    issuer_length = pl.col("issuer_code").str.len_bytes()
    lengths_right = (
        (pl.col("type_code").str.len_bytes() == TYPE_LENGTH)
        & issuer_length.is_in(ISSUER_LENGTHS)
        & (pl.col("check").str.len_bytes() == 1)
    )
    return (
        pl.LazyFrame({"number": number})
        .with_columns(structured=structured, written=written, pieces=pieces)
        .with_columns(
            pl.col("pieces").struct.field(f"field_{i}").alias(part) for i, part in enumerate(_PARTS)
        )
        .with_columns(
            grade=pl.when(n.is_null())
            .then(None)
            .when(~pl.col("structured"))
            .then(pl.lit("structure"))
            .when(~pl.col("written"))
            .then(pl.lit("charset"))
            .when(~lengths_right)
            .then(pl.lit("length"))
            .when(~pl.col("version").str.contains("^[0-9]{3}$") | (pl.col("version") == "000"))
            .then(pl.lit("version"))
            .when(check_character(pl.when("written").then(body)) != pl.col("check"))
            .then(pl.lit("checksum"))
            .when(issuer_length == 6)
            .then(pl.lit("issuer_is_division"))
            .otherwise(pl.lit(OK))
        )
        .select("number", *_PARTS, "grade")
        .collect()
    )


def parse(identifier: str) -> LicenceIdentifier:
    """The parts of one valid identifier.

    Raises:
        IdentifierError: the identifier breaks GB/T 36904; the message says how.
    """
    number = pl.DataFrame({"number": [identifier]}, schema={"number": pl.String})
    row = grade(number.select(normalise(pl.col("number"))).to_series()).row(0, named=True)
    if row["grade"] is None or row["grade"] in ERROR_REASONS:
        why = REASONS[row["grade"] or "structure"]
        raise IdentifierError(
            f"{identifier} is no valid e-licence identifier: {why.code} ({why.chinese}).",
            remedy=f"Write {ROOT}.type.issuer.serial.version.check as GB/T 36904-2018 says.",
        )
    return LicenceIdentifier(**{part: row[part] for part in _PARTS})


def mint(*, type_code: str, issuer_code: str, serial: str, version: int = 1) -> LicenceIdentifier:
    """A new identifier with its check character.

    Raises:
        IdentifierError: the version is outside 1-999, or a part does not fit the standard.
    """
    if not 1 <= version <= LAST_VERSION:
        raise IdentifierError(
            f"An e-licence has versions 001-{LAST_VERSION}; {version} is not one of them.",
            remedy="Issue the licence anew under another serial number.",
        )
    body = f"{type_code}{issuer_code}{serial}{version:03d}"
    if not (body.isascii() and body.isalnum() and body == body.upper()):
        raise IdentifierError(
            "Type, issuer and serial of an e-licence identifier are digits and capital letters.",
            remedy="Correct the part that holds another character.",
        )
    check = pl.DataFrame({"body": [body]}).select(check_character(pl.col("body"))).item()
    return parse(f"{ROOT}.{type_code}.{issuer_code}.{serial}.{version:03d}.{check}")


def next_version(identifier: str) -> LicenceIdentifier:
    """The identifier of the licence's next version: version + 1, check character anew.

    Raises:
        IdentifierError: the identifier is not valid, or its version is 999 already.
    """
    held = parse(identifier)
    return mint(
        type_code=held.type_code,
        issuer_code=held.issuer_code,
        serial=held.serial,
        version=int(held.version) + 1,
    )
