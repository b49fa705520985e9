"""Measure a Kokoro voice so that it can be streamed: norm statistics and loudness (three CPU minutes a voice).

    python tools/calibrate_voice.py zf_xiaobei --models ~/.cache/zhanggui/models

Writes `avatar/kokoro/tables/{voice}.npz`: `coefficients` (3, 2, S) and `prior` (2, S) for `window.Statistics`, and
`loudness` (3,): LUFS as a linear function of (1, mean energy, deviation of energy) over the sentence's spoken frames.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from avatar import catalogue
from avatar.catalogue import open_models
from avatar.kokoro.model import KokoroModel, StopSwitch, open_model
from avatar.kokoro.window import HOP, energy_features, shares, spoken_range
from avatar.loudness import loudness
from avatar.phoneme import Phonemizer

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Calibrate the voices named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", nargs="+")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--sentences", type=Path, default=HERE / "calibration_sentences.txt")
    parser.add_argument("--out", type=Path, default=HERE.parent / "avatar" / "kokoro" / "tables")
    chosen = parser.parse_args()
    store = open_models(chosen.models)
    model = open_model(store)
    sentences = chosen.sentences.read_text(encoding="utf-8").split("\n")
    with tempfile.TemporaryDirectory() as folder:
        phonemizer = Phonemizer(cache_dir=Path(folder))
        tokens = [model.tokens([p.symbol for p in phonemizer.phonemes(s)]) for s in sentences if s]
    for voice in chosen.voices:
        style = np.fromfile(store.folder(catalogue.MANDARIN) / f"{voice}.bin", np.float32).reshape(-1, 256)
        coefficients, prior, level = measure(model, style, tokens)
        np.savez_compressed(chosen.out / f"{voice}.npz", coefficients=coefficients, prior=prior, loudness=level)
        print(voice, "written")
    return 0


def measure(model: KokoroModel, style: np.ndarray, sentences: list[list[int]]) -> tuple[np.ndarray, ...]:
    """Render every sentence whole and fit the tables."""
    features, means, variances, energies, levels = [], [], [], [], []
    for tokens in sentences:
        frames = model.analyse(tokens, style)
        audio, own = model.render(frames, 0, len(frames.energy), None, StopSwitch())
        first, end = spoken_range(frames.energy)
        features.append(shares(frames.f0, frames.energy))
        means.append(own[0])
        variances.append(own[1])
        energies.append(energy_features(frames.energy))
        levels.append(loudness(audio[first * HOP : end * HOP], 24_000))
    mean, variance = np.array(means), np.array(variances)
    prior = np.stack([mean.mean(0), variance.mean(0)])
    shift = np.stack([(mean - prior[0]) / np.sqrt(prior[1]), 0.5 * np.log(variance / prior[1])], 1)
    fitted = np.linalg.lstsq(np.array(features), shift.reshape(len(shift), -1), rcond=None)[0]
    level = np.array(levels)
    level_fit = np.linalg.lstsq(np.array(energies), level, rcond=None)[0]
    off = level - np.array(energies) @ level_fit
    print(f"loudness {level.mean():.1f} LUFS, deviation {level.std():.2f} dB, after prediction {off.std():.2f} dB")
    return fitted.reshape(3, 2, -1).astype(np.float16), prior.astype(np.float32), level_fit.astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
