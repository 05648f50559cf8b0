"""The vault: only the right key, whole and private, opens what was sealed."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from guard.ports.errors import InputError, StoreError
from guard.ports.venue import Credentials
from guard.store.vault import Vault

SECRETS = Credentials(api_key="key", secret="s3cret", passphrase="påss", wallet_address="0x1")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Where a key file may be."""
    return tmp_path / "guard.key"


@pytest.fixture
def vault(key_file: Path) -> Vault:
    """A vault with a generated key."""
    vault = Vault(key_file, may_create=True)
    vault.unlock(None)
    return vault


def write_key(file: Path, content: bytes, mode: int = 0o600) -> None:
    """A key file with this content and these rights."""
    file.write_bytes(content)
    file.chmod(mode)


def test_what_is_sealed_opens(vault: Vault) -> None:
    """Every field comes back."""
    assert vault.open("account-1", vault.seal("account-1", SECRETS)) == SECRETS


def test_sealing_hides_and_never_repeats(vault: Vault) -> None:
    """No secret shows, and equal credentials do not look equal."""
    first, second = vault.seal("account-1", SECRETS), vault.seal("account-1", SECRETS)
    assert first.box != second.box
    assert b"s3cret" not in first.box


def test_another_accounts_credentials_do_not_open(vault: Vault) -> None:
    """A sealed value belongs to one account."""
    with pytest.raises(StoreError, match="credentials of account account-2 do not open"):
        vault.open("account-2", vault.seal("account-1", SECRETS))


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_a_changed_bit_does_not_open(vault: Vault, position: int) -> None:
    """Format, nonce, ciphertext and tag are all guarded."""
    sealed = vault.seal("account-1", SECRETS)
    box = bytearray(sealed.box)
    box[position] ^= 1
    with pytest.raises(StoreError, match="row was changed or copied"):
        vault.open("account-1", replace(sealed, box=bytes(box)))


@pytest.mark.parametrize("box", [b"", b"\x01", b"\x01" + bytes(12), b"\x01" + bytes(20)])
def test_a_stump_does_not_open(vault: Vault, box: bytes) -> None:
    """A truncated value is an error, not a crash."""
    sealed = replace(vault.seal("account-1", SECRETS), box=box)
    with pytest.raises(StoreError, match="row was changed or copied"):
        vault.open("account-1", sealed)


def test_another_key_does_not_open(vault: Vault, tmp_path: Path) -> None:
    """A row of another database, sealed with its key, is refused by the key's id."""
    other = Vault(tmp_path / "other.key", may_create=True)
    other.unlock(None)
    with pytest.raises(StoreError, match="do not open"):
        vault.open("account-1", other.seal("account-1", SECRETS))


def test_the_generated_key_is_private_and_stays(key_file: Path) -> None:
    """Made once with 0600, alone in its folder, and never made again."""
    key_id = Vault(key_file, may_create=True).unlock(None)
    content = key_file.read_bytes()
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]
    assert Vault(key_file, may_create=True).unlock(None) == key_id
    assert Vault(key_file, may_create=True).unlock(key_id) == key_id
    assert key_file.read_bytes() == content


def test_of_two_makers_the_first_wins(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process that saw no file too takes the first one's key instead of writing over it."""
    first = Vault(key_file, may_create=True).unlock(None)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert Vault(key_file, may_create=True).unlock(None) == first
    assert list(key_file.parent.iterdir()) == [key_file]


@pytest.mark.parametrize(
    "content",
    [
        base64.b64encode(bytes(range(200, 232))),
        base64.urlsafe_b64encode(bytes(range(200, 232))) + b"\n",
        bytes(range(200, 232)).hex().encode() + b"\r\n",
        bytes(range(200, 232)).hex().upper().encode(),
    ],
)
def test_a_key_is_base64_or_hexadecimal_text(key_file: Path, content: bytes) -> None:
    """However the same 32 bytes are written, they are the same key."""
    write_key(key_file, content)
    reference = key_file.with_name("reference.key")
    write_key(reference, base64.b64encode(bytes(range(200, 232))))
    expected = Vault(reference, may_create=False).unlock(None)
    assert Vault(key_file, may_create=False).unlock(expected) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"wrong",
        bytes(range(200, 232)),
        base64.b64encode(bytes(31)),
        b"x" * 64,
        b"A" * 5000,
        "schlüssel".encode(),
    ],
    ids=["empty", "blank", "word", "raw", "short", "text", "long", "not ascii"],
)
def test_a_file_without_a_key_is_refused(key_file: Path, content: bytes) -> None:
    """What holds no key is said to hold none, and its content is not shown."""
    write_key(key_file, content)
    with pytest.raises(
        InputError, match=r"guard\.key holds no key, must be 32 bytes as base64 or hexadecimal"
    ) as caught:
        Vault(key_file, may_create=True).unlock(None)
    assert "wrong" not in str(caught.value)
    assert key_file.read_bytes() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o644])
def test_a_key_that_others_may_read_is_refused(key_file: Path, mode: int) -> None:
    """With the command that puts it right."""
    write_key(key_file, base64.b64encode(bytes(32)), mode)
    with pytest.raises(InputError, match=rf"by others \(mode {mode:04o}\); `chmod 600 {key_file}`"):
        Vault(key_file, may_create=True).unlock(None)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_key_is_taken(key_file: Path, mode: int) -> None:
    """Its owner may keep it read-only."""
    write_key(key_file, base64.b64encode(bytes(32)), mode)
    assert Vault(key_file, may_create=False).unlock(None)


def test_a_folder_is_no_key(key_file: Path) -> None:
    """What cannot be read is one line."""
    key_file.mkdir()
    with pytest.raises(InputError, match=r"cannot be read \(.*\); check its owner and rights"):
        Vault(key_file, may_create=True).unlock(None)


def test_the_wrong_key_is_named_and_nothing_is_changed(key_file: Path, tmp_path: Path) -> None:
    """Which file, which key, what to do; the file stays."""
    expected = Vault(key_file, may_create=True).unlock(None)
    wrong = tmp_path / "wrong.key"
    write_key(wrong, base64.b64encode(bytes(32)))
    pattern = rf"the master key in {wrong} does not open this database .*{expected[:8]}.*nothing was changed; put the"
    with pytest.raises(InputError, match=pattern):
        Vault(wrong, may_create=True).unlock(expected)
    assert wrong.read_bytes() == base64.b64encode(bytes(32))


def test_a_lost_key_is_not_replaced(key_file: Path) -> None:
    """A new key beside sealed credentials would hide that the old one is missing."""
    with pytest.raises(InputError, match=r"does not exist, and the credentials in this database are sealed"):
        Vault(key_file, may_create=True).unlock("0" * 64)
    assert not key_file.exists()


def test_a_named_key_file_must_exist(key_file: Path) -> None:
    """A key that the user named is made by the user; the command is shown."""
    with pytest.raises(InputError, match=r"guard\.key does not exist; make one with .*openssl rand -base64 32"):
        Vault(key_file, may_create=False).unlock(None)
    assert not key_file.exists()


def test_a_key_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "var").write_text("a file")
    with pytest.raises(InputError, match=r"cannot be made \(.*\); check the owner and rights"):
        Vault(tmp_path / "var" / "guard.key", may_create=True).unlock(None)


def test_the_generated_key_is_beside_its_database(tmp_path: Path) -> None:
    """Unless a file is named."""
    url = f"sqlite:///{tmp_path}/guard.db"
    Vault.of(url).unlock(None)
    assert (tmp_path / "guard.key").is_file()
    with pytest.raises(InputError, match=r"named\.key does not exist"):
        Vault.of(url, tmp_path / "named.key").unlock(None)


def test_a_locked_vault_is_a_defect(key_file: Path) -> None:
    """Sealing with no key must not look like sealing."""
    with pytest.raises(RuntimeError, match="before it was unlocked"):
        Vault(key_file, may_create=True).seal("account-1", SECRETS)
