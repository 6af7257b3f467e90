"""Make the numbers of tests/test_amp.py: `python tests/references/make_nam_renders.py`.

Each model of `nam_models.MODELS` is rendered by @opendaw/nam-wasm 1.2.0 (see `nam_judge`); the file
has the last frames of the result. So they are somebody else's, to the precision of 32 bits.
"""

import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from nam_judge import judged  # noqa: E402
from nam_models import MODELS, SOUND, model  # noqa: E402

KEPT = 24


def main():
    renders = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.nam")
        for name, (architecture, config) in MODELS.items():
            path.write_text(json.dumps(model(architecture, config)))
            renders[name] = [float(f"{y:.9g}") for y in judged(path, SOUND)[-KEPT:]]
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(y)}" for name, y in renders.items())
    (HERE / "nam_renders.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
