"""Measure a Kokoro voice so that it can be streamed: norm statistics and loudness (three CPU minutes a voice).

    python tools/calibrate_voice.py zf_xiaobei --models ~/.cache/zhanggui/models

Writes `avatar/voice/kokoro/tables/{voice}.npz`: `coefficients` (3, 2, S), `prior` (2, S) and `power` (2,) for
`window.Statistics`. Sixteen very short lines are measured besides: there a level is hardest to foresee.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from avatar.models import catalogue
from avatar.models.catalogue import open_models
from avatar.voice.kokoro.model import KokoroModel, StopSwitch, open_model
from avatar.voice.kokoro.window import HOP, Statistics, shares, spoken_range
from avatar.voice.loudness import weighted
from avatar.voice.phoneme import Phonemizer

HERE = Path(__file__).resolve().parent
SHORT = (
    "好的。 没问题。 有库存。 您好！ 谢谢支持。 马上发货。 不客气。 请放心。 对。 包邮。 有货。 三百九十九元。 "
    "欢迎！ 可以的。 稍等一下。 谢谢。"
).split()


def main() -> int:
    """Calibrate the voices named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", nargs="+")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--sentences", type=Path, default=HERE / "calibration_sentences.txt")
    parser.add_argument("--out", type=Path, default=HERE.parent / "avatar" / "voice" / "kokoro" / "tables")
    chosen = parser.parse_args()
    store = open_models(chosen.models)
    model = open_model(store)
    sentences = chosen.sentences.read_text(encoding="utf-8").split("\n")
    with tempfile.TemporaryDirectory() as folder:
        phonemizer = Phonemizer(cache_dir=Path(folder))
        tokens, lines = (
            [model.tokens([p.symbol for p in phonemizer.phonemes(s)]) for s in texts if s]
            for texts in (sentences, SHORT)
        )
    for voice in chosen.voices:
        style = np.fromfile(store.folder(catalogue.MANDARIN) / f"{voice}.bin", np.float32).reshape(-1, 256)
        coefficients, prior, power = measure(model, style, tokens, lines)
        np.savez_compressed(chosen.out / f"{voice}.npz", coefficients=coefficients, prior=prior, power=power)
        print(voice, "written")
    return 0


def measure(
    model: KokoroModel, style: np.ndarray, sentences: list[list[int]], lines: list[list[int]]
) -> tuple[np.ndarray, ...]:
    """Render every sentence whole and fit the statistics, then some of them and the short `lines` for the power."""
    features, means, variances = [], [], []
    for tokens in sentences:
        frames = model.analyse(tokens, style)
        _, own = model.render(frames, 0, len(frames.energy), None, StopSwitch())
        features.append(shares(frames.f0, frames.energy))
        means.append(own[0])
        variances.append(own[1])
    mean, variance = np.array(means), np.array(variances)
    prior = np.stack([mean.mean(0), variance.mean(0)])
    shift = np.stack([(mean - prior[0]) / np.sqrt(prior[1]), 0.5 * np.log(variance / prior[1])], 1)
    fitted = np.linalg.lstsq(np.array(features), shift.reshape(len(shift), -1), rcond=None)[0]
    coefficients, prior = fitted.reshape(3, 2, -1).astype(np.float16), prior.astype(np.float32)
    table = Statistics(coefficients.astype(np.float32), prior, np.zeros(2, np.float32))
    return coefficients, prior, power_of(model, style, table, [*sentences[::5], *lines])


def power_of(model: KokoroModel, style: np.ndarray, table: Statistics, lines: list[list[int]]) -> np.ndarray:
    """Fit log mean square = a + b · energy over the spoken frames, as a gamma regression: loud frames decide."""
    energies, squares = [], []
    for tokens in lines:
        frames = model.analyse(tokens, style)
        first, end = spoken_range(frames.energy)
        audio, before, _ = model.window(frames, first, end, table.predict(frames.f0, frames.energy), StopSwitch())
        sound = weighted(audio[before * HOP : (before + end - first) * HOP].astype(np.float64), 24_000)
        energies.append(frames.energy[first:end])
        squares.append((sound**2).reshape(end - first, HOP).mean(1))
    return fit_power(np.concatenate(energies), np.concatenate(squares))


def fit_power(energy: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Return (2,) by iteratively reweighted least squares with a log link."""
    spoken = energy > -6
    x, y = np.stack([np.ones(spoken.sum()), energy[spoken]], 1), np.maximum(square[spoken], 1e-9)
    fit = np.linalg.lstsq(x, np.log(y), rcond=None)[0]
    for _ in range(15):
        expected = np.exp(x @ fit)
        weight = np.sqrt(expected)
        fit = np.linalg.lstsq(x * weight[:, None], (x @ fit + y / expected - 1) * weight, rcond=None)[0]
    return fit.astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
