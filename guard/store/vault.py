"""The vault: credentials are sealed with a master key that never enters the database.

AES-256-GCM with the account's id as associated data: a sealed value that is changed, or copied to another account's
row, does not open. The database knows the key only by its id, an HMAC under the key, which tells a right key from a
wrong one before anything is touched, and which of several keys sealed a row.

Owns the key file. Knows nothing of tables.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guard.ports.errors import InputError, StoreError
from guard.ports.venue import Credentials
from guard.store.location import Location

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = b"\x01"
_KEY_FILE_BYTES_MAX: Final = 1024
_OTHERS: Final = 0o077
_HEX_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Sealed:
    """Credentials as they are stored: which key sealed them, and format byte + nonce + ciphertext with tag."""

    key_id: str
    box: bytes


class Vault:
    """Seals and opens credentials with the key in `key_file`.

    Nothing is read or made before `unlock`.

    Args:
        key_file: 32 random bytes as base64 or hexadecimal text, readable by its owner only.
        may_create: Whether a missing file may be made, for a database that has nothing sealed yet.
    """

    def __init__(self, key_file: Path, *, may_create: bool) -> None:
        self._key_file = key_file
        self._may_create = may_create
        self._key: bytes | None = None

    @classmethod
    def of(cls, url: str, key_file: Path | None = None) -> Vault:
        """The vault of a database: the named key file, which must exist, or a generated one beside the database."""
        if key_file is not None:
            return cls(key_file, may_create=False)
        return cls(Location.parse(url).file.with_suffix(".key"), may_create=True)

    def unlock(self, expected: str | None) -> str:
        """Read the key; make the file where that is allowed and no database depends on another key.

        Args:
            expected: The key id that the database remembers; None for one that never sealed anything.

        Returns:
            The key's id.

        Raises:
            InputError: the key is missing, readable by others, malformed, or another one. Nothing was changed.
        """
        if not self._key_file.exists():
            if expected is not None or not self._may_create:
                raise self._missing(expected)
            _create_key_file(self._key_file)
        key = self._read()
        key_id = _key_id(key)
        if expected is not None and not hmac.compare_digest(key_id, expected):
            raise InputError(
                f"the master key in {self._key_file} does not open this database (key {key_id[:8]}, "
                f"its credentials are sealed with key {expected[:8]}); nothing was changed",
                fix="put the right key file back, or name it in GUARD_MASTER_KEY_FILE",
            )
        self._key = key
        return key_id

    def seal(self, account_id: str, credentials: Credentials) -> Sealed:
        """Seal credentials for one account."""
        # Deliberately the system's randomness, also under a seeded simulation: a repeated nonce gives the key away.
        nonce = os.urandom(_NONCE_BYTES)
        text = json.dumps(asdict(credentials)).encode()
        key = self._unlocked()
        return Sealed(_key_id(key), _FORMAT + nonce + AESGCM(key).encrypt(nonce, text, _label(account_id)))

    def open(self, account_id: str, sealed: Sealed) -> Credentials:
        """Open what `seal` made for the same account.

        Raises:
            StoreError: it was sealed with another key, for another account, or was changed since.
        """
        key = self._unlocked()
        text: bytes | None = None
        if sealed.box[:1] == _FORMAT and hmac.compare_digest(sealed.key_id, _key_id(key)):
            nonce, box = sealed.box[1 : 1 + _NONCE_BYTES], sealed.box[1 + _NONCE_BYTES :]
            with contextlib.suppress(InvalidTag, ValueError):
                text = AESGCM(key).decrypt(nonce, box, _label(account_id))
        if text is None:
            raise StoreError(
                f"the stored credentials of account {account_id} do not open with the key in {self._key_file}: "
                f"their row was changed or copied (sealed with key {sealed.key_id[:8]})",
                fix="remove the account and add it again",
            )
        return Credentials(**json.loads(text))

    def _unlocked(self) -> bytes:
        if self._key is None:
            raise RuntimeError("the vault is used before it was unlocked")
        return self._key

    def _missing(self, expected: str | None) -> InputError:
        if expected is not None:
            return InputError(
                f"the master key file {self._key_file} does not exist, and the credentials in this database "
                f"are sealed with key {expected[:8]}; nothing was changed",
                fix="put the key file back, or name it in GUARD_MASTER_KEY_FILE",
            )
        return InputError(
            f"the master key file {self._key_file} does not exist",
            fix=f"make one with `(umask 077; openssl rand -base64 32 > {self._key_file})`",
        )

    def _read(self) -> bytes:
        try:
            with self._key_file.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(_KEY_FILE_BYTES_MAX + 1)
        except OSError as error:
            raise InputError(
                f"the master key file {self._key_file} cannot be read ({error.strerror})",
                fix="check its owner and rights",
            ) from error
        if mode & _OTHERS:
            raise InputError(
                f"the master key file {self._key_file} can be read or written by others (mode {mode & 0o777:04o})",
                fix=f"`chmod 600 {self._key_file}`",
            )
        key = _parse_key(content)
        if key is None:
            raise InputError(
                f"the master key file {self._key_file} holds no key, must be 32 bytes as base64 or hexadecimal text",
                fix="put the right key file back, or name it in GUARD_MASTER_KEY_FILE",
            )
        return key


def _key_id(key: bytes) -> str:
    return hmac.new(key, b"guard master key id", hashlib.sha256).hexdigest()


def _label(account_id: str) -> bytes:
    return b"guard credentials of " + account_id.encode()


def _parse_key(content: bytes) -> bytes | None:
    try:
        text = content.decode("ascii").strip()
        if _HEX_KEY.fullmatch(text):
            return bytes.fromhex(text)
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (UnicodeDecodeError, binascii.Error):
        return None
    return key if len(key) == _KEY_BYTES else None


def _create_key_file(key_file: Path) -> None:
    """Make the file whole or not at all, and never over another one.

    1. A temporary file (mode 0600) takes the key and is on the disk.
    2. A hard link gives it its name; that fails where a file already has it: then another process was first.
    3. The folder is on the disk too: credentials sealed with a key that a power cut took away are lost.
    """
    try:
        folder = key_file.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{key_file.name}.", dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, key_file)
            except FileExistsError:
                return
        finally:
            Path(temporary).unlink()
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InputError(
            f"the master key file {key_file} cannot be made ({error.strerror})",
            fix="check the owner and rights of its folder, or name a key file in GUARD_MASTER_KEY_FILE",
        ) from error
