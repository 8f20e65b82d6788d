"""Cut what the wire fixes out of a list of all core nodes: declarations without prose.

python tests/data/cut_core_nodes.py ALL.json > tests/data/core-nodes.json

Nodes of whole categories that inkloom leaves out keep their name and category only.
"""

import json
import sys
from pathlib import Path

LEFT_OUT = (
    "3d", "audio", "camera", "context", "latent/3d", "latent/audio", "latent/video", "image/video",
    "conditioning/video_models", "conditioning/3d_models", "advanced/model_merging/model_specific",
    "latent/stable_cascade", "sampling/video_models",
)  # fmt: skip

nodes = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["nodes"]
lines = []
for name, entry in sorted(nodes.items()):
    category = entry["category"]
    if any(category == out or category.startswith(out + "/") for out in LEFT_OUT):
        if name not in ("ModelMergeSD1", "ModelMergeSD2", "ModelMergeSDXL"):
            entry = {"category": category}
    lines.append(f"{json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}")
about = (
    "Declarations of the core nodes of ComfyUI 0.3.64, without prose: names, order, types, ranges and "
    "defaults of inputs and outputs. Made by cut_core_nodes.py."
)
print('{"_about": ' + json.dumps(about) + ',\n"nodes": {\n' + ",\n".join(lines) + "\n}}")
