# SPDX-License-Identifier: Apache-2.0
"""Help, manual pages and completion are projections of one table, and keep a contract."""

import re
import shutil
import subprocess

import pytest

from conftest import BUILD, ROOT

WIDTH = 80


def section(text, title):
    """The first words of the lines below a title of a help text."""
    lines = text.split(f"\n{title}:\n", 1)
    if len(lines) < 2:
        return []
    return [line.split()[0] for line in lines[1].split("\n\n", 1)[0].splitlines() if re.match(r"  \S", line)]


def nouns(polyvirt):
    return section(polyvirt("--help").out, "Nouns")


def commands(polyvirt):
    return section(polyvirt("--help").out, "Commands")


def verbs(polyvirt):
    """Everything that can be typed, as lists of words."""
    found = [[name] for name in commands(polyvirt)]
    for noun in nouns(polyvirt):
        found += [[noun, verb] for verb in section(polyvirt(noun, "--help").out, "Verbs")]
    return found


def assert_is_help(result, name):
    assert result.status == 0, name
    assert result.err == "", name
    assert result.out.startswith("Usage: polyvirt"), name
    for line in result.lines():
        assert len(line) <= WIDTH, f"{name}: {line!r}"


def test_the_program_lists_its_nouns_and_commands(polyvirt):
    assert {"endpoint", "session", "host", "vm", "snapshot", "datastore", "volume", "network", "context"} \
        <= set(nouns(polyvirt))
    assert {"completion", "version", "doctor"} <= set(commands(polyvirt))


def test_every_help_is_on_stdout_within_80_columns_and_short_equals_long(polyvirt):
    names = [[]] + [[noun] for noun in nouns(polyvirt)] + verbs(polyvirt)
    assert len(names) > 40
    for name in names:
        long, short = polyvirt(*name, "--help"), polyvirt(*name, "-h")
        assert_is_help(long, name)
        assert short.out == long.out and short.status == 0, name


def test_every_verb_of_the_issue_is_there(polyvirt):
    known = {" ".join(name) for name in verbs(polyvirt)}
    wanted = """endpoint info, endpoint capabilities, session info, host list, vm list, vm get, vm create, vm clone,
        vm delete, vm start, vm stop, vm shutdown, vm reset, vm reboot, vm pause, vm unpause, vm suspend, vm resume,
        vm wait, snapshot create, snapshot list, snapshot revert, snapshot delete, datastore list, datastore get,
        volume list, volume create, volume delete, network list, network get, context list, context use, context show,
        completion, version, doctor"""
    assert {" ".join(name.split()) for name in wanted.split(",")} <= known


def test_a_noun_without_a_verb_says_what_is_missing(polyvirt):
    for noun in nouns(polyvirt):
        result = polyvirt(noun)
        assert result.status == 2 and result.out == ""
        assert f"{noun} needs a verb" in result.err


def test_help_works_beside_other_options(polyvirt):
    assert_is_help(polyvirt("-c", "nowhere:///", "vm", "--help", "list"), "mixed")


def test_the_help_command_says_the_same(polyvirt):
    for words in ([], ["vm"], ["vm", "create"], ["doctor"]):
        assert polyvirt("help", *words).out == polyvirt(*words, "--help").out
    assert "did you mean 'vm list'" in polyvirt("help", "vm", "lisst").err


def test_version_option_and_command_agree(polyvirt):
    short = polyvirt("--version")
    long = polyvirt("version", "-o", "json").json()
    assert short.out == f"polyvirt {long['polyvirt']}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+", long["libvirt"])
    assert long["curl"]


# ---- manual pages ----

def pages():
    return sorted((BUILD / "man").glob("*.1"))


def test_every_noun_has_a_manual_page_that_the_build_made(polyvirt):
    wanted = {"polyvirt.1"} | {f"polyvirt-{noun}.1" for noun in nouns(polyvirt) + commands(polyvirt)}
    assert {page.name for page in pages()} == wanted


def test_manual_pages_name_every_verb_and_option(polyvirt):
    for name in verbs(polyvirt):
        page = (BUILD / "man" / f"polyvirt-{name[0]}.1").read_text().replace("\\-", "-")
        assert f".SS {' '.join(name)}\n" in page
        for option in re.findall(r"^  (?:-\w, )?(--\S+)", polyvirt(*name, "--help").out, re.M):
            assert option in page, f"{name}: {option}"


def test_manual_pages_hold_only_what_man_understands():
    macros = {".TH", ".SH", ".SS", ".TP", ".B", ".BR", ".PP", ".nf", ".fi"}
    assert pages()
    for page in pages():
        text = page.read_text()
        text.encode("ascii")
        assert text.startswith(".TH ") and ".SH NAME\n" in text
        for line in text.splitlines():
            if line.startswith((".", "'")):
                assert line.split()[0] in macros, f"{page.name}: {line}"
        assert re.sub(r"\\(-|e|&|\[u[0-9A-F]{4}\])", "", text).count("\\") == 0, page.name


def test_manual_pages_please_groff():
    if not shutil.which("groff"):
        pytest.skip("groff is not installed; the macros are checked by another test")
    for page in pages():
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", str(page)], capture_output=True, text=True,
                              timeout=30, check=False)
        assert done.returncode == 0 and done.stderr == "", page.name


def test_the_example_config_is_accepted(polyvirt):
    result = polyvirt("context", "list", "-o", "json", env={"POLYVIRT_CONFIG": str(ROOT / "examples" / "config.yaml")})
    assert result.status == 0, result.err
    assert len(result.json()) >= 3


# ---- completion ----

def complete(polyvirt, *words, env=None):
    result = polyvirt("__complete", "--", *words, env=env)
    assert result.status == 0, result.err
    return [line.split("\t")[0] for line in result.lines()]


def test_completion_knows_nouns_verbs_options_and_values(polyvirt):
    assert complete(polyvirt, "snap") == ["snapshot"]
    assert complete(polyvirt, "vm", "sta") == ["start"]
    assert "vm" in complete(polyvirt, "-o", "json", "")
    assert complete(polyvirt, "vm", "list", "-o", "js") == ["json", "jsonl"]
    assert complete(polyvirt, "vm", "list", "--output=y") == ["--output=yaml"]
    assert "--memory" in complete(polyvirt, "vm", "create", "x", "--m")
    assert complete(polyvirt, "vm", "wait", "a", "--state", "susp") == ["suspended"]
    assert complete(polyvirt, "vm", "create", "--file", "") == [":files"]
    assert "name,state" in complete(polyvirt, "vm", "list", "--columns", "name,sta")
    assert complete(polyvirt, "completion", "") == ["bash", "zsh", "fish"]


def test_completion_asks_the_endpoint_for_names(polyvirt):
    sim = "sim:///?vms=12&seed=7"
    assert complete(polyvirt, "-c", sim, "vm", "start", "vm-001") == ["vm-0010", "vm-0011", "vm-0012"]
    assert complete(polyvirt, "vm", "stop", "vm-0001", "vm-0002", "vm-0003", env={"POLYVIRT_URI": sim}) == ["vm-0003"]
    assert "datastore1" in complete(polyvirt, "-c", sim, "datastore", "get", "")
    assert "test-network" in complete(polyvirt, "-c", sim, "network", "get", "test")


def test_completion_gives_up_on_a_silent_endpoint(polyvirt):
    assert complete(polyvirt, "-c", "sim:///?delay=20000", "vm", "start", "") == []
    assert complete(polyvirt, "-c", "nonsense:///", "vm", "start", "") == []
    assert complete(polyvirt, "-c", "no-such-context", "vm", "start", "") == []


def test_completion_of_half_typed_nonsense_is_empty(polyvirt):
    for words in (["bogus", "x", ""], ["vm", "bogus", ""], ["--bogus"], ["vm", "list", "--bogus=x"], ["--", "--x"], []):
        assert complete(polyvirt, *words) == []


def bash_completes(environment, polyvirt_path, line):
    """What bash would offer for the line."""
    script = f"""
        source <("{polyvirt_path}" completion bash)
        COMP_LINE={line!r} COMP_POINT={len(line)}
        PATH="$(dirname "{polyvirt_path}"):$PATH"
        _polyvirt
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr == "", done.stderr
    return done.stdout.split()


def test_the_bash_script_completes_words_with_colons(environment, polyvirt_path):
    assert bash_completes(environment, polyvirt_path, "polyvirt vm resu") == ["resume"]
    assert bash_completes(environment, polyvirt_path, "polyvirt -c qemu:///sys") == ["///system"]
    assert bash_completes(environment, polyvirt_path, "polyvirt -c 'sim:///?vms=3' vm start vm-0003") == []
    assert bash_completes(environment, polyvirt_path, "polyvirt -c sim:///?vms=3 vm start vm-0003") == ["vm-0003"]


def test_every_shell_has_a_script(polyvirt):
    for shell in ("bash", "zsh", "fish"):
        result = polyvirt("completion", shell)
        assert result.status == 0 and "__complete" in result.out
    assert polyvirt("completion", "tcsh").status == 2
