"""How many tokens a prompt has: what the text encoders would read, told without loading torch."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from inkloom import diffusion
from inkloom.diffusion.prompts.prompt import parse_comfyui
from inkloom.diffusion.prompts.token_rows import pieces, token_rows
from inkloom.diffusion.prompts.tokenizer import clip_tokenizer, folder_tokenizer
from inkloom.nodes import NODES, open_folders
from inkloom.server.app import make_app

pytestmark = pytest.mark.asyncio(loop_scope="module")

INKLET = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inklet.safetensors"}}


def embedding(*shape: int) -> bytes:
    header = json.dumps({"emb_params": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}}).encode()
    return len(header).to_bytes(8, "little") + header


FILES = {
    "three.safetensors": embedding(3, 768),
    "one.safetensors": embedding(768),
    "many.safetensors": embedding(10**9, 768),
    "pickled.pt": b"PK\x03\x04",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("root")
    (root / "models" / "embeddings").mkdir(parents=True)
    for name, content in FILES.items():
        (root / "models" / "embeddings" / name).write_bytes(content)
    app = make_app(NODES, open_folders(root), [("/bin/cat",)])  # a worker that never gets ready
    async with TestClient(TestServer(app)) as found:
        yield found


async def asked(client: TestClient, status: int = 200, **question: Any) -> Any:
    async with client.post("/v1/tokens", json=question) as answer:
        told = await answer.json()
        assert answer.status == status, told
        return told


@pytest.mark.parametrize(
    ("text", "tokens", "chunks"),
    [
        ("", 0, 1),
        ("a small yellow star", 4, 1),
        ("a (small:1.3) ((yellow)) star", 4, 1),
        (r"a \(small\) star", 5, 1),
        ("[red]", 3, 1),
        ("a, embedding:three star", 6, 1),
        ("(embedding:one:1.2)", 1, 1),
        (" ".join(["a"] * 75), 75, 1),
        (" ".join(["a"] * 76), 76, 2),
        (" ".join(["a"] * 74) + " (two words)", 76, 2),
    ],
)
async def test_the_notation_is_not_counted(client: TestClient, text: str, tokens: int, chunks: int) -> None:
    told = await asked(client, text=text)
    counted = {"tokens": tokens, "chunks": chunks, "chunk_size": 75, "vocabulary": "clip", "reason": ""}
    assert told == counted


async def test_the_other_notation(client: TestClient) -> None:
    told = await asked(client, text="[red] BREAK blue", syntax="a1111")
    assert (told["tokens"], told["chunks"]) == (2, 2)


@pytest.mark.parametrize("text", ["a small yellow star on a violet background", "(extraordinarily:1.2) blue"])
@pytest.mark.parametrize("loader", [None, INKLET])
async def test_as_the_text_encoders_read_it(client: TestClient, text: str, loader: object) -> None:
    """An oracle: the rows that `Clip` is given, without BOS, EOS and padding."""
    folder = Path(diffusion.__file__).parent / "inklet" / "tokenizer"
    tokenizer = clip_tokenizer() if loader is None else folder_tokenizer(folder)
    segments = parse_comfyui(text)
    rows = token_rows(pieces(segments, tokenizer, lambda _: []), bos=tokenizer.bos, eos=tokenizer.eos, pad=-1)
    ends = {tokenizer.bos, tokenizer.eos, -1}
    told = await asked(client, text=text, loader=loader)
    assert told["tokens"] == sum(token.id not in ends for tokens in rows for token in tokens)
    assert told["vocabulary"] == ("clip" if loader is None else "model")


async def test_vocabularies_differ(client: TestClient) -> None:
    counts = [(await asked(client, text="extraordinarily", loader=one))["tokens"] for one in (None, INKLET)]
    assert counts[0] < counts[1], "the embedded model knows few words, and spells the others"


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"text": "embedding:thre"}, "unknown embedding 'thre'; known, nearest first: three, "),
        ({"text": "embedding:pickled"}, "does not say how many vectors it holds"),
        ({"text": "embedding:many"}, "holds 1000000000 vectors; 1000 are counted"),
        ({"text": "a" * 20_001}, "the prompt has 20001 characters; 20000 are the most"),
        ({"text": "(" * 9000 + ")" * 9000}, "9000 deep in each other; 64 are counted"),
        ({"text": "", "loader": {"class_type": "CheckpointLoader"}}, "'config_name'|'ckpt_name'"),
        ({"text": "", "loader": {"class_type": "KSample"}}, "there is no node 'KSample'; there: KSampler"),
        (
            {"text": "", "loader": INKLET | {"inputs": {"ckpt_name": "none.safetensors"}}},
            "no file 'none.safetensors' in ",
        ),
        ({"text": "", "loader": INKLET | {"inputs": {"ckpt_name": "../x"}}}, "../x"),
        ({"text": "", "loader": INKLET | {"inputs": {"ckpt_name": 5}}}, "must be the name of a file"),
    ],
)
async def test_what_is_not_counted_is_told(client: TestClient, question: dict[str, Any], told: str) -> None:
    found = await asked(client, **question)
    assert (found["tokens"], found["chunks"], found["vocabulary"]) == (None, None, None)
    assert any(part in found["reason"] for part in told.split("|")), found


@pytest.mark.parametrize("question", [{}, {"text": 5}, {"text": "", "syntax": "x"}, {"text": "", "extra": 1}])
async def test_what_is_no_question(client: TestClient, question: dict[str, Any]) -> None:
    assert (await asked(client, 400, **question))["code"] == "invalid_body"


async def test_counting_loads_no_torch() -> None:
    program = (
        "import sys; from pathlib import Path; from inkloom import diffusion\n"
        "from inkloom.nodes import open_folders; from inkloom.nodes.conditioning import EmbeddingFolder\n"
        "path = Path(diffusion.__file__).parent / 'inklet' / 'inklet.safetensors'\n"
        "files = EmbeddingFolder(open_folders(Path(sys.argv[1])))\n"
        "for paths in ((), (path,)): diffusion.prompt_size('(a:2) star', embeddings=files, paths=paths)\n"
        "print(*{'torch', 'numpy'} & sys.modules.keys())\n"
    )
    command = [sys.executable, "-c", program, "/nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
