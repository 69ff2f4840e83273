# SPDX-License-Identifier: Apache-2.0
"""What `meson install` leaves behind is complete and of use: program, manual, completions, library."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, ROOT

HEADERS = sorted((ROOT / "include" / "polyvirt").glob("*.h"))
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command, **keywords):
    done = subprocess.run([str(word) for word in command], check=False, text=True, timeout=120, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **keywords)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


class Installed:
    """A tree installed under a folder of its own."""

    def __init__(self, root):
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root)
        self.root = root
        self.options = {option["name"]: option["value"]
                        for option in json.loads(run("meson", "introspect", "--buildoptions", BUILD))}
        self.prefix = root / self.options["prefix"].lstrip("/")
        self.libdir = self.prefix / self.options["libdir"]
        file = self.libdir / "pkgconfig" / "polyvirt.pc"
        file.write_text(file.read_text().replace(f"prefix={self.options['prefix']}\n", f"prefix={self.prefix}\n"))

    def pkg_config(self, *arguments):
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.libdir / "pkgconfig"))
        return run("pkg-config", *arguments, "polyvirt", env=environment).split()

    def sanitizers(self):
        chosen = self.options["b_sanitize"]
        return [] if chosen == "none" else [f"-fsanitize={chosen}"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("install"))


@pytest.mark.parametrize("path", [
    "bin/polyvirt",
    "share/man/man1/polyvirt.1",
    "share/man/man1/polyvirt-vm.1",
    "share/bash-completion/completions/polyvirt",
    "share/zsh/site-functions/_polyvirt",
    "share/fish/vendor_completions.d/polyvirt.fish",
    "include/polyvirt/polyvirt.h",
])
def test_install_leaves(installed, path):
    assert (installed.prefix / path).stat().st_size > 0


def test_the_installed_program_runs(installed):
    assert "vm-0001" in run(installed.prefix / "bin" / "polyvirt", "-c", "sim:///", "vm", "list")


def test_versions_agree(installed):
    header = re.search(r'PV_VERSION "(.*)"', (ROOT / "include/polyvirt/polyvirt.h").read_text()).group(1)
    assert installed.pkg_config("--modversion") == [header]
    assert header in run(installed.prefix / "bin" / "polyvirt", "--version")


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header.name)
@pytest.mark.parametrize("compiler", [("cc", "c", "-std=gnu99"), ("g++", "c++", "-std=c++11")], ids=["C", "C++"])
def test_a_header_compiles_alone(installed, compiler, header):
    program, language, standard = compiler
    if not shutil.which(program):
        pytest.skip(f"there is no {program}")
    # GLib's own headers are not the matter here: they count as the system's
    flags = [flag.replace("-I", "-isystem") if str(installed.root) not in flag else flag
             for flag in installed.pkg_config("--cflags")]
    run(program, "-x", language, standard, *STRICT, *flags, "-fsyntax-only", "-",
        input=f"#include <polyvirt/{header.name}>\nint main(void);\n")


def declared():
    """Functions and tables that the public headers declare."""
    text = "".join(header.read_text() for header in HEADERS)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"^\s*#.*(\\\n.*)*", "", text, flags=re.MULTILINE)  # macros make inline functions only
    functions = re.findall(r"^\w[\w \*]*?\b(pv_\w+)\(", text, flags=re.MULTILINE)
    tables = re.findall(r"^extern const struct \w+ (pv_\w+)(?:\[\])?;", text, flags=re.MULTILINE)
    return set(functions) | set(tables)


def test_the_library_shows_what_the_headers_declare_and_no_more(installed):
    library = installed.libdir / "libpolyvirt.so"
    lines = run("nm", "-D", "--defined-only", library).splitlines()
    shown = {line.split()[-1].split("@")[0] for line in lines if line.split()[1] != "A"}
    assert shown == declared()


def test_the_example_lists_the_vms_of_a_simulator(installed, tmp_path):
    program = tmp_path / "list-vms"
    run("cc", *STRICT, ROOT / "examples" / "list-vms.c", "-o", program, *installed.sanitizers(),
        *installed.pkg_config("--cflags", "--libs"))
    environment = dict(os.environ, LD_LIBRARY_PATH=str(installed.libdir))
    lines = run(program, "sim:///?vms=3&seed=7", env=environment).splitlines()
    assert [line.split() for line in lines[:2]] == [["vm-0001", "on"], ["vm-0002", "off"]]
    assert len(lines) == 3
