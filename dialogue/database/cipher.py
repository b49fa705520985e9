"""Sealing what customers leave: AES-256-GCM at rest and keyed hashes to find a contact again.

The key ring is a JSON file outside the database, readable by its owner only (mode 0600). Each key is 32 random bytes;
from it HKDF-SHA-256 (RFC 5869) derives one key for sealing (AES-256-GCM, NIST SP 800-38D, 96-bit random nonce) and one
for the lookup hash (HMAC-SHA-256). A sealed value is `key id (8 ASCII) · nonce (12) · ciphertext and tag`, so it names
the key that opens it and rotation can go row by row.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dialogue.errors import DialogueError

_ID_BYTES = 8
_NONCE_BYTES = 12


class KeyRingError(DialogueError):
    """The key file is missing, damaged, readable by others, or lacks the key of a row."""


class _Key:
    """One key of the ring, derived once."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.aead = AESGCM(_derive(secret, b"zhanggui contact seal v1"))
        self.lookup = _derive(secret, b"zhanggui contact lookup v1")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(secret)


class KeyRing:
    """The keys of one installation, kept in step with its file.

    Call `refresh()` after taking the database's write lock: another process may have rotated the key meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._active = ""
        self._keys: dict[str, _Key] = {}
        self._retired: dict[str, _Key] = {}
        self._stamp: tuple[int, int, int] | None = None

    @classmethod
    def open(cls, path: Path) -> KeyRing:
        """Opens the ring at `path`, creating it with one fresh key (mode 0600) if it is not there.

        Raises `KeyRingError` when it is unreadable, or readable by others than its owner.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as exc:
            raise KeyRingError(
                f"密钥文件夹 {path.parent} 建不了 / key folder cannot be made ({exc.strerror}); mend its rights"
            ) from exc
        ring = cls(path)
        secret = secrets.token_bytes(32)
        ring._create(_new_id(), secret)
        ring.refresh()
        return ring

    @property
    def active(self) -> str:
        """Id of the key that seals new rows, 8 ASCII characters."""
        return self._active

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all keys that can open rows."""
        return tuple(self._keys)

    def refresh(self) -> None:
        """Reads the file again if it changed on disk. Costs one `stat` when it did not."""
        try:
            info = self.path.stat()
        except OSError as exc:
            raise KeyRingError(
                f"密钥文件 {self.path} 读不了，从备份恢复 / "
                f"key file cannot be read ({exc.strerror}); restore it from your backup"
            ) from exc
        stamp = (info.st_ino, info.st_mtime_ns, info.st_size)
        if stamp == self._stamp:
            return
        if stat.S_IMODE(info.st_mode) & 0o077:
            raise KeyRingError(
                f"密钥文件 {self.path} 别的用户也能读 / key file can be read by other users; run: chmod 600 {self.path}"
            )
        try:
            content = json.loads(self.path.read_text("ascii"))
            keys = {name: _Key(base64.b64decode(text, validate=True)) for name, text in content["keys"].items()}
            active = content["active"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error) as exc:
            raise KeyRingError(
                f"密钥文件 {self.path} 坏了，从备份恢复 / key file is damaged; restore it from your backup"
            ) from exc
        if active not in keys or any(len(key.secret) != 32 or len(name) != _ID_BYTES for name, key in keys.items()):
            raise KeyRingError(
                f"密钥文件 {self.path} 坏了，从备份恢复 / key file is damaged; restore it from your backup"
            )
        # A reader may still hold rows of before a rotation's end: this process opens them until it ends.
        self._retired |= self._keys
        self._keys, self._active, self._stamp = keys, active, stamp

    def add_key(self) -> str:
        """Adds a fresh key and makes it the active one; the others still open their rows. Returns its id."""
        name = _new_id()
        keys = {key_id: key.secret for key_id, key in self._keys.items()}
        self._write(name, {**keys, name: secrets.token_bytes(32)})
        self.refresh()
        return name

    def drop_others(self) -> None:
        """Forgets every key but the active one. Only when no row needs them any more."""
        self._write(self._active, {self._active: self._keys[self._active].secret})
        self.refresh()

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Encrypts and authenticates `plain`; `context` (table and column) must be the same when opening."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        name = self._active.encode("ascii")
        return name + nonce + self._keys[self._active].aead.encrypt(nonce, plain, name + context.encode())

    def open_sealed(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypts what `seal` made. Raises `KeyRingError` for a foreign key, a changed byte or another context."""
        name, nonce, rest = sealed[:_ID_BYTES], sealed[_ID_BYTES:][:_NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        key = self._keys.get(name.decode("ascii", "replace"))
        if key is None:
            self.refresh()
            key = self._keys.get(name.decode("ascii", "replace"))
        key = key or self._retired.get(name.decode("ascii", "replace"))
        if key is None:
            raise KeyRingError(
                f"密钥文件 {self.path} 里没有这行数据的钥匙，从备份恢复 / "
                "key file lacks the key of a stored row; restore it from your backup"
            )
        try:
            return key.aead.decrypt(nonce, rest, name + context.encode())
        except (InvalidTag, ValueError) as exc:
            raise KeyRingError(
                f"存着的 {context} 打不开，被改过或坏了 / "
                f"a stored {context} does not open with its key: the row was changed or damaged"
            ) from exc

    def lookup(self, value: str) -> str:
        """Keyed hash of `value` under the active key, 64 hexadecimal digits."""
        return _hash(self._keys[self._active], value)

    def lookups(self, value: str) -> tuple[str, ...]:
        """Hashes of `value` under every key of the ring: in the middle of a rotation rows hold either."""
        return tuple(_hash(key, value) for key in self._keys.values())

    def _create(self, name: str, secret: bytes) -> None:
        """Writes a first ring; an existing file wins, also against another process doing the same."""
        temporary = self._draft(name, {name: secret})
        try:
            os.link(temporary, self.path)
        except FileExistsError:
            return
        except OSError as exc:
            raise KeyRingError(
                f"key file {self.path} cannot be written ({exc.strerror}); mend the folder's rights"
            ) from exc
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(self.path.parent)

    def _write(self, active: str, keys: dict[str, bytes]) -> None:
        self._draft(active, keys).replace(self.path)
        _sync_folder(self.path.parent)

    def _draft(self, active: str, keys: dict[str, bytes]) -> Path:
        content = {"active": active, "keys": {name: base64.b64encode(secret).decode() for name, secret in keys.items()}}
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.new")
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise KeyRingError(
                f"key file {draft} cannot be written ({exc.strerror}); mend the folder's rights"
            ) from exc
        return draft


def _new_id() -> str:
    return secrets.token_hex(_ID_BYTES // 2)


def _hash(key: _Key, value: str) -> str:
    return hmac.new(key.lookup, value.encode(), hashlib.sha256).hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
