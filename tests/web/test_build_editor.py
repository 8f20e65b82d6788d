"""What decides whether the editor is built: sources, stamps, Node."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

WEB = Path(__file__).resolve().parent.parent.parent / "web"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_editor", WEB / "build_editor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    (folder / "src").mkdir(parents=True)
    (folder / "package.json").write_text("{}")
    (folder / "src" / "main.ts").write_text("one\ntwo\n")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "_web"
    folder.mkdir()
    (folder / "index.html").write_text("")
    return folder


@pytest.mark.parametrize(
    ("name", "text", "counts"),
    [
        ("src/main.ts", "one\ntwo, three\n", True),
        ("src/new.ts", "", True),
        ("index.html", "", True),
        ("src/main.ts", "one\r\ntwo\r\n", False),
        ("src/main.test.ts", "anything", False),
        ("e2e/flow.ts", "anything", False),
        ("node_modules/one/index.js", "anything", False),
        ("build_editor.py", "anything", False),
    ],
)
def test_what_the_digest_is_of(build: ModuleType, web: Path, name: str, text: str, counts: bool) -> None:
    before = build.digest(web)
    (web / name).parent.mkdir(exist_ok=True, parents=True)
    (web / name).write_bytes(text.encode())
    assert (build.digest(web) != before) == counts


def test_a_file_that_moves_counts(build: ModuleType, web: Path) -> None:
    before = build.digest(web)
    (web / "src" / "main.ts").rename(web / "main.ts")
    assert build.digest(web) != before


def test_a_stamp_of_the_same_sources_is_believed(build: ModuleType, web: Path, out: Path) -> None:
    assert not build.is_built(web, out)
    (out / build.STAMP).write_text(f'{{"source": "{build.digest(web)}"}}')
    assert build.is_built(web, out)
    (web / "src" / "main.ts").write_text("else")
    assert not build.is_built(web, out)


@pytest.mark.parametrize("stamp", ["", "[]", '{"source": 7}', "null"])
def test_a_broken_stamp_is_none(build: ModuleType, web: Path, out: Path, stamp: str) -> None:
    (out / build.STAMP).write_text(stamp)
    assert not build.is_built(web, out)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (None, "not found"),
        ("v18.20.1", "needed"),
        ("v20.18.3", "needed"),
        ("v20.19.0", None),
        ("v21.7.0", "needed"),
        ("v22.11.0", "needed"),
        ("v22.12.0", None),
        ("v24.1.0", None),
        ("nonsense", "answered"),
    ],
)
def test_which_node_will_do(build: ModuleType, answer: str | None, problem: str | None) -> None:
    told = build.node_problem(answer)
    assert told is None if problem is None else problem in told


def test_an_archive_with_the_built_editor_needs_nothing(build: ModuleType, tmp_path: Path, out: Path) -> None:
    assert build.build_editor({"INKLOOM_WEB": "require"}, tmp_path / "none", out) is None


def test_what_is_required_must_be_there(build: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(build.EditorError, match=r"package\.json"):
        build.build_editor({"INKLOOM_WEB": "require"}, tmp_path / "none", tmp_path / "out")
    assert "package.json" in build.build_editor({}, tmp_path / "none", tmp_path / "out")
    assert build.build_editor({"INKLOOM_WEB": "skip"}, tmp_path / "none", tmp_path / "out") is None
    with pytest.raises(build.EditorError, match="auto, skip, require"):
        build.build_editor({"INKLOOM_WEB": "perhaps"}, tmp_path, tmp_path)
