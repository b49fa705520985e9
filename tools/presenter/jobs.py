"""Write the render jobs of a shipped host: which expressions are rendered, from which part of the picture.

usage: python -m tools.presenter.jobs NAME RENDERS JOBS     (NAME: xiaoqi or muchen)
JOBS gets mouth.json, which renders the whole host and all mouths in one process, turns.json, which renders the head at
a few turns and nods, and one eyes-….json for each state of lids and brows, as those rebuild the lashes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEIGHT = 1040, 1280
TURNS = ((12, 0), (-12, 0), (0, 7), (0, -7))
"""Turn and nod of the rendered heads, degrees."""
BITES = {
    -1.0: {
        "mouth-corner-puller": 0.0,
        "mouth-pursing": 0.34,
        "mouth-upward-retraction": 0.30,
        "mouth-compression": 0.22,
        "mouth-open": 0.0,
    },
    0.0: {"mouth-corner-puller": 0.37, "mouth-upward-retraction": 0.35, "mouth-compression": 0.3, "mouth-open": 0.0},
}
"""The mesh's expression units of the lower lip under the upper teeth, by column (see `avatar.face.bite`)."""

HOSTS: dict[str, dict[str, Any]] = {
    "xiaoqi": {
        "job": {
            "mesh": {"BLINK": 0.91},
            "shape": {
                "mouth/mouth-scale-horiz-decr": -0.05,
                "chin/chin-triangle": 0.0,
                "chin/chin-width-decr": 0.2,
                "nose/nose-scale-vert-decr": 0.5,
            },
            "neutral": {
                "mouth-corner-puller": 0.72,
                "mouth-open": -0.045,
                "eyebrows-?-extern-up": 0.2,
                "eyebrows-?-up": 0.08,
                "eye-?-slit": 0.05,
            },
        },
        "smile": 1.0,
        "mouth": (350, 440, 690, 690),
        "eyes": (333, 256, 707, 475),
        "openings": (-0.25, 0, 0.15, 0.35, 0.6, 1.0),
        "widths": (-1, -0.5, 0, 0.5, 1),
        "turns": (240, 110, 800, 890),
        "lids": (0.25, 0.5, 0.75, 1.0),
        "samples": (40, 18),
    },
    "muchen": {
        "job": {
            "gender": "male",
            "shape": {},
            "neutral": {
                "mouth-corner-puller": 0.62,
                "mouth-open": -0.045,
                "eyebrows-?-extern-up": 0.05,
                "eye-?-slit": 0.1,
            },
            "mesh": {"EYE_K": 1.42, "NECK": 0.02, "BODY_X": 0.745, "JAW": 0.02, "EYE_DX": 0.0004, "BLINK": 0.78},
            "S": {
                "head/head-oval": 0.2,
                "head/head-scale-vert-decr": 0.10,
                "head/head-scale-horiz-decr": 0.15,
                "head/head-invertedtriangular": 0.1,
                "head/head-fat-decr": 0.25,
                "head/head-age-decr": 0.15,
                "chin/chin-width-decr": 0.0,
                "chin/chin-height-decr": 0.05,
                "chin/chin-triangle": 0.15,
                "chin/chin-jaw-drop-decr": 0.1,
                "chin/chin-bones-decr": 0.1,
                "nose/nose-scale-vert-decr": 0.25,
                "nose/nose-scale-horiz-decr": 0.25,
                "nose/nose-point-up": 0.1,
                "mouth/mouth-scale-horiz-decr": -0.05,
                "mouth/mouth-upperlip-height-decr": 0.35,
                "mouth/mouth-lowerlip-height-decr": 0.35,
                "neck/neck-scale-horiz-decr": 0.25,
                "neck/neck-scale-depth-decr": 0.1,
            },
            "SB": {
                "eyes/?-eye-scale-incr": 0.45,
                "eyes/?-eye-corner2-up": 0.30,
                "eyes/?-eye-height2-incr": 0.05,
                "cheek/?-cheek-volume-incr": 0.1,
            },
            "knit": (0.045, 0.085, 0.14, 1),
            "cardigan": False,
        },
        "smile": 0.72,
        "mouth": (350, 470, 690, 752),
        "eyes": (350, 276, 696, 474),
        "openings": (-0.25, 0, 0.15, 0.35, 0.65, 1.0),
        "widths": (-1, 0, 1),
        "turns": (300, 70, 740, 800),
        "lids": (0.25, 0.5, 0.75, 1.0),
        "samples": (32, 16),
    },
}


def mouth(opening: float, width: float, smile: float) -> dict[str, float]:
    """Return the mesh's expression units of a mouth pose (see `avatar.face.mouth.MouthPose`)."""
    units = {"mouth-corner-puller": max(0.74 + 0.22 * width if width > 0 else 0.74 * (1 + width), 0.0)}
    rounded = max(0.0, -width)
    if rounded:
        units["mouth-pursing"] = rounded * (0.60 - 0.26 * max(opening, 0.0))
    jaw = float(np.interp(opening, [-0.25, 0, 0.15, 0.35, 0.6, 1], [-0.055, -0.045, 0.02, 0.085, 0.165, 0.285]))
    units["mouth-open"] = jaw - (0.02 * rounded if 0 < opening < 0.5 else 0.0)
    if opening < 0:
        units["mouth-compression"] = -opening / 0.25 * 0.22
        units["mouth-corner-puller"] *= 0.80
    if opening > 0:
        units["mouth-part-later"] = min(1.0, opening / 0.15) * (0.08 + 0.16 * max(0.0, width))
    units["mouth-corner-puller"] *= smile
    return units


def main() -> None:
    name, renders, jobs = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    host = HOSTS[name]
    jobs.mkdir(parents=True, exist_ok=True)
    fine, coarse = host["samples"]
    common = host["job"] | {"width": WIDTH, "nhair": 40_000}
    smile = host["smile"]

    def frame(
        file: str, units: dict[str, float], part: str | None, turn: tuple[float, float] = (0, 0)
    ) -> dict[str, Any]:
        border = None
        if part is not None:
            x0, y0, x1, y1 = host[part]
            border = [x0 / WIDTH, x1 / WIDTH, 1 - y1 / HEIGHT, 1 - y0 / HEIGHT]
        out = str(renders / file)
        samples = fine if part is None else coarse
        return {"out": out, "expr": units, "border": border, "spp": samples, "turn": turn}

    frames = [frame("base.png", mouth(0, 0, smile), None)]
    for opening in host["openings"]:
        frames += [frame(f"mouth_{opening}_{w}.png", mouth(opening, w, smile), "mouth") for w in host["widths"]]
    frames += [frame(f"bite_1.0_{column}.png", units, "mouth") for column, units in BITES.items()]
    (jobs / "mouth.json").write_text(json.dumps(common | {"frames": frames}, indent=1))
    heads = [frame(f"turn_{turn}_{nod}.png", mouth(0, 0, smile), "turns", (turn, nod)) for turn, nod in TURNS]
    (jobs / "turns.json").write_text(json.dumps(common | {"frames": heads}, indent=1))
    raised = {"eyebrows-?-up": 0.5, "eyebrows-?-extern-up": 0.3}
    knit = {"eyebrows-?-inner-up": 0.55, "eyebrows-?-up": 0.12, "eyebrows-?-extern-up": 0.0}
    states = [(lids, 0, {"blink": lids}) for lids in host["lids"]] + [(0, 1, raised), (0, -1, knit)]
    for lids, brows, units in states:
        one = [frame(f"eyes_{lids}_{brows}.png", mouth(0, 0, smile) | units, "eyes")]
        (jobs / f"eyes-{lids}-{brows}.json").write_text(json.dumps(common | {"frames": one}, indent=1))


if __name__ == "__main__":
    main()
