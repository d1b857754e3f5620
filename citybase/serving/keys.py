"""The key of the steward's encrypted files: made once, kept apart from the data.

Add here what concerns keeping a key. Keep out: opening or writing the files it locks.
"""

import base64
import os
import secrets
import stat
from pathlib import Path

from citybase.errors import WarehouseError
from citybase.settings import Settings

_KEY_BYTES = 32
_FORBIDDEN_BITS = stat.S_IRWXG | stat.S_IRWXO


def steward_key_path(settings: Settings) -> Path:
    """Where the key lies: back it up apart from ``serving/``."""
    return settings.keys / "steward.key"


def ensure_steward_key(settings: Settings, *, encrypted_exists: bool) -> str:
    """The key, made on first use.

    ``encrypted_exists`` says that files locked with the key are there already: then a missing key
    has been lost, and a new one would hide that.

    Raises:
        WarehouseError: the key is lost, open to others, or damaged.
    """
    path = steward_key_path(settings)
    if not path.exists() and not encrypted_exists:
        _create(path)
    return read_steward_key(settings)


def read_steward_key(settings: Settings) -> str:
    """The key, 32 random bytes in base64 as DuckDB takes it.

    Raises:
        WarehouseError: the key is missing, open to others, or damaged.
    """
    path = steward_key_path(settings)
    try:
        mode = path.stat().st_mode
        key = path.read_text(encoding="ascii").strip()
        size = len(base64.b64decode(key, validate=True))
    except FileNotFoundError as error:
        raise WarehouseError(
            f"The key {path} of the steward's files is missing.",
            remedy=f"Put it back from its backup. If it is lost for good, move"
            f" {settings.serving / 'steward'} away and publish again: a new key is made.",
        ) from error
    except (OSError, ValueError) as error:
        raise WarehouseError(
            f"The key {path} cannot be read ({type(error).__name__}).",
            remedy="Put it back from its backup, owned by the account that runs citybase.",
        ) from error
    if mode & _FORBIDDEN_BITS:
        raise WarehouseError(
            f"The key {path} is open to other accounts (mode {stat.S_IMODE(mode):04o}).",
            remedy=f"Run `chmod 600 {path}`.",
        )
    if size != _KEY_BYTES:
        raise WarehouseError(
            f"The key {path} holds {size} bytes instead of {_KEY_BYTES}.",
            remedy="Put it back from its backup.",
        )
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    # Written aside and linked into place, so that a kill leaves either no key or a whole one.
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
