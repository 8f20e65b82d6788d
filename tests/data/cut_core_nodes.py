"""Cut the declarations of the nodes that inkloom has out of a list of all core nodes.

python tests/data/cut_core_nodes.py ALL.json > tests/data/core-nodes.json
"""

import json
import sys
from pathlib import Path

from inkloom.nodes import NODES

nodes = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["nodes"]
about = (
    "Declarations of core nodes of ComfyUI 0.3.64 that inkloom has too, without prose: names, order, types, "
    "ranges and defaults of inputs and outputs. Made by cut_core_nodes.py."
)
cut = {name: nodes[name] for name in sorted(NODES) if name in nodes}
print(json.dumps({"_about": about, "nodes": cut}, indent=1))
