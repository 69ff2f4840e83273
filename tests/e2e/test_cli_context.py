# SPDX-License-Identifier: Apache-2.0
"""The config file: which endpoint is meant, and what is wrong with the file."""

import os
import pathlib

import pytest

CONFIG = """\
# mine
current: small   # the usual

contexts:
  small:
    uri: sim:///?vms=2
  large: {uri: "sim:///?vms=5", readonly: true, timeout: 90s}
  secretive:
    uri: sim:///
    password: hunter2
"""


@pytest.fixture
def config(environment):
    path = pathlib.Path(environment["XDG_CONFIG_HOME"], "polyvirt", "config.yaml")
    path.parent.mkdir(parents=True)
    path.write_text(CONFIG)
    path.chmod(0o600)
    return path


def count(result):
    assert result.status == 0, result.err
    return len(result.json())


def test_the_current_context_decides_without_c(polyvirt, config):
    assert count(polyvirt("vm", "list", "-o", "json")) == 2


def test_c_goes_before_the_environment_and_that_before_the_file(polyvirt, config):
    assert count(polyvirt("vm", "list", "-o", "json", env={"POLYVIRT_URI": "sim:///?vms=3"})) == 3
    assert count(polyvirt("vm", "list", "-o", "json", env={"POLYVIRT_URI": "large"})) == 5
    assert count(polyvirt("-c", "large", "vm", "list", "-o", "json", env={"POLYVIRT_URI": "sim:///?vms=3"})) == 5


def test_without_anything_libvirts_own_default_is_asked(polyvirt):
    result = polyvirt("endpoint", "info", "-o", "json", env={"LIBVIRT_DEFAULT_URI": "test:///default"})
    assert result.json()["uri"] == "test:///default"
    own = "qemu:///system" if os.geteuid() == 0 else "qemu:///session"
    assert own in polyvirt("vm", "list", env={"LIBVIRT_DEFAULT_URI": ""}).err


def test_a_readonly_context_refuses_changes(polyvirt, config):
    assert "read-only" in polyvirt("-c", "large", "vm", "start", "vm-0002").err
    assert polyvirt("-c", "small", "vm", "start", "vm-0002").status == 0


def test_use_changes_one_word_and_keeps_the_rest(polyvirt, config):
    result = polyvirt("context", "use", "large")
    assert result.status == 0 and result.out == ""
    assert config.read_text() == CONFIG.replace("current: small ", 'current: "large" ')
    assert config.stat().st_mode & 0o777 == 0o600
    assert count(polyvirt("vm", "list", "-o", "json")) == 5


def test_use_adds_the_line_where_there_is_none_and_follows_links(polyvirt, config, tmp_path):
    real = tmp_path / "elsewhere.yaml"
    real.write_text("# 名字\ncontexts:\n  a: {uri: 'sim:///'}\n")
    config.unlink()
    config.symlink_to(real)
    assert polyvirt("context", "use", "a").status == 0
    assert config.is_symlink()
    assert real.read_text() == "current: \"a\"\n# 名字\ncontexts:\n  a: {uri: 'sim:///'}\n"


def test_use_replaces_after_wide_characters_at_the_right_byte(polyvirt, config):
    config.write_text("# 虚拟化环境\ncurrent: b\ncontexts: {a: {uri: 'sim:///'}, b: {uri: 'sim:///'}}\n")
    assert polyvirt("context", "use", "a").status == 0
    assert 'current: "a"\ncontexts' in config.read_text()


def test_use_of_an_unknown_context_changes_nothing(polyvirt, config):
    result = polyvirt("context", "use", "larg")
    assert result.status == 4 and "did you mean 'large'" in result.err
    assert config.read_text() == CONFIG


def test_list_and_show_hide_the_password(polyvirt, config):
    assert [one["name"] for one in polyvirt("context", "list", "-o", "json").json()] == ["small", "large", "secretive"]
    assert polyvirt("context", "show", "-o", "json").json()["name"] == "small"
    for form in ("json", "yaml", "csv", "wide"):
        for words in (["list"], ["show", "secretive"]):
            assert "hunter2" not in polyvirt("context", *words, "-o", form).out


def test_a_secret_that_others_can_read_is_warned_about(polyvirt, config):
    assert polyvirt("context", "list").err == ""
    config.chmod(0o644)
    assert "chmod 600" in polyvirt("context", "list").err


@pytest.mark.parametrize("text,line,part", [
    ("contexts:\n  a:\n    url: x\n", 3, "contexts.a: there is no field 'url'"),
    ("contexts:\n  a:\n    uri: sim:///\n    insecure: perhaps\n", 4, "insecure"),
    ("contexts:\n  a:\n    readonly: true\n", 2, "contexts.a.uri: missing"),
    ("contexts:\n  a: sim:///\n", 2, "contexts.a"),
    ("contexts: [a, b]\n", 1, "contexts"),
    ("curent: a\n", 1, "curent"),
    ("current: [a]\n", 1, "current"),
    ("contexts:\n  a: {uri: 'sim:///'}\n  a: {uri: 'sim:///'}\n", 3, "named twice"),
    ("contexts:\n  'a:b': {uri: 'sim:///'}\n", 2, "without ':'"),
    ("- a\n", 1, "mapping"),
    ("contexts:\n  a: {uri: \n", 3, ""),
    ("current: {{{{\n", 1, ""),
    ("contexts:\n  a:\n    timeout: soon\n    uri: x\n", 3, "timeout"),
])
def test_a_mistake_names_file_line_and_field(polyvirt, config, text, line, part):
    config.write_text(text)
    result = polyvirt("vm", "list")
    assert result.status == 2 and result.out == ""
    first = result.err.splitlines()[0]
    assert first.startswith(f"polyvirt: {config}:") and part in first
    if part:
        assert f"{config}:{line}:" in first


def test_a_current_context_that_is_not_there_is_named(polyvirt, config):
    config.write_text("current: gone\n")
    result = polyvirt("vm", "list")
    assert result.status == 2 and "'gone'" in result.err


def test_an_empty_file_is_fine(polyvirt, config):
    config.write_text("\n# nothing\n")
    assert polyvirt("-c", "sim:///", "vm", "list").status == 0
    assert polyvirt("context", "list", "-o", "json").json() == []


def test_polyvirt_config_names_another_file(polyvirt, tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text("current: a\ncontexts: {a: {uri: 'sim:///?vms=7'}}\n")
    assert count(polyvirt("vm", "list", "-o", "json", env={"POLYVIRT_CONFIG": str(path)})) == 7
