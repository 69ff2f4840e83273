# SPDX-License-Identifier: Apache-2.0
"""Every verb over the simulator and libvirt's test driver, in every format, parsed back."""

import csv
import io
import json
import re
import subprocess
import unicodedata

import pytest

SIM = "sim:///?vms=20&seed=7"
TEST = "test:///default"


def cells(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def read_yaml(text):
    """The little YAML that lists and flat structs need; enough to compare with JSON."""
    items, item = [], None
    for line in text.splitlines():
        if line.startswith("- "):
            item = {}
            items.append(item)
            line = "  " + line[2:]
        match = re.fullmatch(r"(?:  )?(\w+): (.*)", line)
        assert match, line
        value = match[2]
        if value[0] == '"':
            value = json.loads(value)
        elif re.fullmatch(r"-?\d+|true|false", value):
            value = json.loads(value)
        (item if item is not None else items)[match[1]] = value
    return items


READS = [
    ["endpoint", "info"], ["endpoint", "capabilities"], ["host", "list"], ["vm", "list"], ["vm", "get", "VM"],
    ["snapshot", "list", "VM"], ["datastore", "list"], ["volume", "list"], ["network", "list"],
]


@pytest.mark.parametrize("uri,vm", [(SIM, "vm-0001"), (TEST, "test")])
@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_every_read_answers_in_every_format(polyvirt, uri, vm, words):
    words = [vm if word == "VM" else word for word in words]
    for form in ("table", "wide", "json", "jsonl", "yaml", "csv", "name"):
        result = polyvirt("-c", uri, "-o", form, *words)
        assert result.status == 0, (form, result.err)
        assert result.err == "", form


def test_json_jsonl_csv_and_yaml_say_the_same(polyvirt):
    columns = ["--columns", "id,name,uuid,state,cpus,memory"]
    listing = polyvirt("-c", SIM, "vm", "list", "-o", "json", *columns).json()
    assert len(listing) == 20 and listing[0]["name"] == "vm-0001"
    lines = [json.loads(line) for line in polyvirt("-c", SIM, "vm", "list", "-o", "jsonl", *columns).lines()]
    assert lines == listing
    rows = list(csv.DictReader(io.StringIO(polyvirt("-c", SIM, "vm", "list", "-o", "csv", *columns).out)))
    assert rows == [{key: str(value) for key, value in vm.items()} for vm in listing]
    assert read_yaml(polyvirt("-c", SIM, "vm", "list", "-o", "yaml", *columns).out) == listing
    names = polyvirt("-c", SIM, "vm", "list", "-o", "name").lines()
    assert names == [vm["name"] for vm in listing]


def test_columns_choose_fields_and_their_order(polyvirt):
    result = polyvirt("-c", SIM, "vm", "list", "--columns", "state,name")
    assert result.lines()[0].split() == ["STATE", "NAME"]
    assert list(polyvirt("-c", SIM, "vm", "get", "vm-0001", "-o", "json", "--columns", "uuid,id").json()) == ["uuid", "id"]


def test_no_header_leaves_only_rows(polyvirt):
    assert len(polyvirt("-c", SIM, "vm", "list", "--no-header").lines()) == 20
    assert len(polyvirt("-c", SIM, "vm", "list", "--no-header", "-o", "csv").lines()) == 20


def test_wide_has_more_columns_than_table(polyvirt):
    head = lambda form: polyvirt("-c", SIM, "vm", "list", "-o", form).lines()[0].split()
    assert set(head("table")) < set(head("wide"))


def test_filters_that_leave_nothing_say_so_by_status_4(polyvirt):
    assert polyvirt("-c", SIM, "vm", "list", "--match", "vm-000?", "--no-header").status == 0
    result = polyvirt("-c", SIM, "vm", "list", "--match", "nothing*", "-o", "json")
    assert result.status == 4 and result.json() == [] and "nothing matched" in result.err
    assert polyvirt("-c", "sim:///?vms=0", "vm", "list").status == 0


def test_several_endpoints_share_one_table(polyvirt):
    result = polyvirt("-c", "sim:///?vms=2", "-c", TEST, "vm", "list", "-o", "json")
    assert result.status == 0
    assert [vm["endpoint"] for vm in result.json()] == ["sim:///?vms=2"] * 2 + [TEST]
    table = polyvirt("-c", "sim:///?vms=2", "-c", TEST, "vm", "list").lines()
    assert table[0].split()[0] == "ENDPOINT" and len(table) == 4
    one = polyvirt("-c", "sim:///?vms=2", "-c", "sim:///?vms=3", "endpoint", "info", "-o", "json")
    assert [row["vm_count"] for row in one.json()] == [2, 3]
    stores = polyvirt("-c", "sim:///?vms=2", "-c", "sim:///?vms=3", "datastore", "list", "-o", "csv").lines()
    assert stores[0].split(",")[0] == "endpoint"


def test_one_dead_endpoint_takes_nothing_from_the_others(polyvirt):
    result = polyvirt("-c", "sim:///?vms=2", "-c", "sim:///?delay=20000", "vm", "list", "--timeout", "1s", "-o", "json",
                      timeout=8)
    assert [vm["name"] for vm in result.json()] == ["vm-0001", "vm-0002"]
    assert result.status == 1
    assert "sim:///?delay=20000" in result.err


# ---- trees ----

@pytest.fixture
def forest(tmp_path):
    """libvirt's test driver with a VM that has a tree of snapshots."""
    space = "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'"
    snapshots = "".join(
        f"<test:domainsnapshot><name>{name}</name><state>running</state>"
        + (f"<parent><name>{parent}</name></parent>" if parent else "")
        + f"<creationTime>{1700000000 + number}</creationTime><active>0</active></test:domainsnapshot>"
        for number, (name, parent) in enumerate((("base", ""), ("update", "base"), ("deep", "update"), ("side", "base"))))
    path = tmp_path / "node.xml"
    path.write_text(f"<node><domain type='test' {space}><name>web</name><memory>8388608</memory>"
                    f"<os><type>hvm</type></os>{snapshots}</domain></node>")
    return f"test://{path}"


def test_snapshots_are_drawn_as_a_tree(polyvirt, forest):
    result = polyvirt("-c", forest, "snapshot", "list", "web", "--no-header")
    assert result.status == 0, result.err
    drawn = [re.sub(r"(?<=\w)\s{2,}.*", "", line) for line in result.lines()]
    assert drawn == ["base", "├─ update", "│  └─ deep", "└─ side"] or drawn == ["base", "├─ side", "└─ update", "   └─ deep"]


def test_without_utf8_the_tree_is_ascii(polyvirt, forest):
    out = polyvirt("-c", forest, "snapshot", "list", "web", env={"LC_ALL": "C"}).out
    assert out.isascii() and "|- " in out and "`- " in out


def test_documents_name_parents_instead_of_lines(polyvirt, forest):
    listing = polyvirt("-c", forest, "snapshot", "list", "web", "-o", "json").json()
    assert {(one["name"], one.get("parent")) for one in listing} == {
        ("base", None), ("update", "base"), ("deep", "update"), ("side", "base")}


# ---- what comes from outside ----

HOSTILE = "ev\x1b[31mil\r\n\x07\u202e名字"


def test_a_hostile_name_reaches_no_terminal_and_survives_json(polyvirt):
    result = polyvirt("-c", SIM, "vm", "create", HOSTILE, "--memory", "1GiB")
    assert result.status == 0, result.err
    assert "\x1b" not in result.out and "\r" not in result.out and "\\x1b[31m" in result.out
    result = polyvirt("-c", SIM, "vm", "create", HOSTILE, "--memory", "1GiB", "-o", "json")
    assert result.json()["name"] == HOSTILE
    result = polyvirt("-c", SIM, "vm", "get", HOSTILE)
    assert result.status == 4 and "\x1b" not in result.err and len(result.err.splitlines()) <= 2


def test_wide_characters_keep_columns_aligned(polyvirt):
    plan = polyvirt("-c", SIM, "--dry-run", "vm", "create", "虚拟机一号", "--memory", "1GiB").lines()
    column = cells(plan[0][:plan[0].index("NOTE")])
    row = plan[1]
    assert cells(row[:row.index("memory=")]) == column


# ---- stdout ----

def test_a_full_disk_is_status_1(polyvirt_path, environment):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([polyvirt_path, "-c", SIM, "vm", "list"], env=environment, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "cannot write to stdout: No space left on device" in done.stderr


def test_a_closed_stdout_is_status_1(polyvirt_path, environment):
    done = subprocess.run(["sh", "-c", f'exec "{polyvirt_path}" -c "{SIM}" vm list >&-'], env=environment,
                          stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "stdout" in done.stderr


def test_a_reader_that_leaves_ends_the_program_without_a_word(start):
    process = start("-c", "sim:///?vms=5000", "vm", "list", "-o", "json")
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(30) != 0
    assert process.stderr.read() == ""
    process.stdout = None


def test_nothing_of_the_talk_is_on_stdout(polyvirt):
    result = polyvirt("-c", SIM, "-v", "--trace", "vm", "list", "-o", "json")
    assert len(result.json()) == 20


def test_trace_names_what_was_asked_and_quiet_says_nothing(polyvirt):
    assert polyvirt("-c", SIM, "vm", "list", "--trace").err != ""
    assert polyvirt("-c", SIM, "vm", "list", "--quiet").err == ""


# ---- the verbs that change something ----

def outcome(result):
    return [(row["target"], row["result"], row.get("state")) for row in result.json()]


@pytest.mark.parametrize("verb,vm,state", [
    ("start", "vm-0002", "on"), ("stop", "vm-0001", "off"), ("shutdown", "vm-0001", None), ("reset", "vm-0001", "on"),
    ("reboot", "vm-0001", "on"), ("pause", "vm-0001", "paused"), ("suspend", "vm-0001", "suspended"),
])
def test_power_verbs_answer_with_an_outcome(polyvirt, verb, vm, state):
    listing = {one["name"]: one["state"] for one in polyvirt("-c", "sim:///?vms=2", "vm", "list", "-o", "json").json()}
    assert listing == {"vm-0001": "on", "vm-0002": "off"}
    result = polyvirt("-c", "sim:///?vms=2", "-y", "vm", verb, vm, "-o", "json")
    assert result.status == 0, result.err
    (target, done, now), = outcome(result)
    assert (target, done) == (vm, "ok") and state in (None, now)


def test_verbs_of_the_wrong_state_fail_with_a_sentence(polyvirt):
    for verb in ("unpause", "resume", "start"):
        result = polyvirt("-c", "sim:///?vms=2", "vm", verb, "vm-0001")
        assert result.status == 1, verb
        assert result.err.startswith("polyvirt: vm-0001: ")


def test_several_vms_each_have_a_row_and_the_worst_decides(polyvirt):
    result = polyvirt("-c", "sim:///?vms=2", "vm", "start", "vm-0001", "vm-0002", "-o", "json")
    assert outcome(result) == [("vm-0001", "failed", "on"), ("vm-0002", "ok", "on")]
    assert result.status == 1


def test_create_clone_and_volumes_answer_with_what_was_made(polyvirt):
    made = polyvirt("-c", SIM, "vm", "create", "new", "--cpus", "3", "--memory", "3GiB", "--disk", "size=5GiB", "--nic",
                    "network=VM Network", "-o", "json").json()
    assert (made["name"], made["cpus"], made["memory"]) == ("new", 3, 3 << 30)
    assert made["disks"][0]["capacity"] == 5 << 30
    assert polyvirt("-c", SIM, "vm", "clone", "vm-0001", "copy", "--linked", "-o", "json").json()["name"] == "copy"
    volume = polyvirt("-c", SIM, "volume", "create", "datastore1", "data.qcow2", "--size", "1GiB", "-o", "json")
    assert volume.json()["capacity"] == 1 << 30
    shot = polyvirt("-c", SIM, "snapshot", "create", "vm-0001", "before", "--description", "d", "-o", "json").json()
    assert shot["name"] == "before"


def test_a_spec_file_makes_a_vm_and_options_override_it(polyvirt, tmp_path):
    spec = tmp_path / "spec.yaml"
    spec.write_text("name: filed\nmemory: 1GiB\ncpus: 2\ndisks:\n- size: 1GiB\n")
    made = polyvirt("-c", SIM, "vm", "create", "--file", spec, "--cpus", "4", "-o", "json").json()
    assert (made["name"], made["cpus"], made["memory"]) == ("filed", 4, 1 << 30)
    made = polyvirt("-c", SIM, "vm", "create", "-f", "-", "-o", "json", input='{"name": "piped", "memory": 1073741824}').json()
    assert made["name"] == "piped"


def test_dry_run_resolves_targets_and_changes_nothing(polyvirt, tmp_path):
    plan = polyvirt("-c", SIM, "--dry-run", "vm", "stop", "vm-0001", "vm-0002", "-o", "json")
    assert plan.status == 0, plan.err
    assert [(row["target"], row["id"], row["effect"]) for row in plan.json()] == [
        ("vm-0001", "vm-1", "disruptive"), ("vm-0002", "vm-2", "disruptive")]
    assert polyvirt("-c", SIM, "--dry-run", "vm", "stop", "nosuch").status == 4
    assert polyvirt("-c", SIM, "--dry-run", "snapshot", "revert", "vm-0001", "nosuch").status == 4
    assert polyvirt("-c", SIM, "--dry-run", "vm", "create", "x", "--memory", "much").status == 2
    assert polyvirt("-c", SIM, "--dry-run", "vm", "create", "x", "--nic", "network=nosuch").status == 4
    assert polyvirt("-c", SIM, "--dry-run", "vm", "create", "x", "--nic", "network=br0,type=bridge").status == 0
    assert polyvirt("-c", SIM, "--dry-run", "vm", "create", "x", "--disk", "size=1GiB,datastore=nosuch").status == 4
    assert polyvirt("-c", SIM, "--dry-run", "vm", "create", "vm-0001").status == 1
    assert polyvirt("-c", SIM, "--dry-run", "vm", "clone", "vm-0002", "vm-0001").status == 1
    assert polyvirt("-c", SIM, "--dry-run", "volume", "delete", "datastore1", "nosuch").status == 4
    pool = "test:///default"
    assert polyvirt("-c", pool, "--dry-run", "-y", "vm", "stop", "test").status == 0


def test_readonly_refuses_before_anything_is_sent(polyvirt):
    for words in (["vm", "start", "vm-0002"], ["vm", "create", "x", "--memory", "1GiB"], ["-y", "vm", "stop", "vm-0001"]):
        result = polyvirt("-c", SIM, "--readonly", *words)
        assert result.status == 1 and "read-only" in result.err, words
    assert polyvirt("-c", SIM, "--readonly", "vm", "list").status == 0
