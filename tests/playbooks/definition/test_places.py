"""Values are data wherever a text puts them: what is filled is read again by the place's own parser, and the value is found."""

import json
import re
import shlex
import subprocess
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playbooks.definition.places import filled_for, place_of
from playbooks.definition.variables import UndefinedVariable, UnfitPlace, UnfitValue

NASTY = [
    "", "plain", "two words", "it's", 'say "hi"', "$HOME", "$(id)", "`id`", "a;id", "a|id", "a&id", "a>b", "a\nid", "\\", "\\'", "'\"'\"'",
    "*", "~", "{a,b}", "!!", "#x", "-rf", "$'x'", "é✓", "%41", "../..", "?a=b&c=d#e", "a/b", '","x":"', "\t", "x\\", "'; id; '", '"; id; "',
]  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30) | st.sampled_from(NASTY)
COMMANDS = [
    "echo __x__:value", "echo 'a __x__:value b'", 'echo "a __x__:value b"', "echo --a=__x__:value", "echo a__x__:value'b'",
    "echo '__x__:value'", 'echo "__x__:value"', "echo \"it's\" __x__:value", "echo 'q\"q' \"__x__:value\" z", "echo \\' __x__:value \\\"",
    "echo -- __x__:value", "echo \"$'\" 'x __x__:value'", "echo __x__:value__x__:value",
]  # fmt: skip


def attempt(place, text, value):
    """The filled text; None for a value that may not stand there."""
    try:
        return filled_for(place, text, {"__x__": value})
    except UnfitValue:
        return None


@given(TEXTS, st.sampled_from(COMMANDS))
def test_a_value_is_part_of_one_word_of_a_command(value, command):
    written = attempt("shell", command, value)
    if written is None:
        assert value.startswith("-")
        return
    wanted = [word.replace("VALUE", value) for word in shlex.split(command.replace("__x__:value", "VALUE"))]
    assert shlex.split(written) == wanted


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_real_shell_finds_exactly_the_value(shell):
    shown = [
        "printf '%s\\0' __x__:value",
        "printf '%s\\0' '__x__:value'",
        "printf '%s\\0' \"__x__:value\"",
        "printf '%s\\0' \"$(printf '%s.' __x__:value)\"",
        "printf '%s\\0' \"$(printf '%s.' \"__x__:value\")\"",
        "( printf '%s\\0' __x__:value )",
        "a=__x__:value; printf '%s\\0' \"$a\"",
        "b=${HOME}; c=$((1 + 2)); d=`true`; printf '%s\\0' __x__:value",
    ]
    values = [value for value in NASTY if not value.startswith("-")]
    script = "\n".join(filled_for("shell", text, {"__x__": value}) for value in values for text in shown)
    try:
        ran = subprocess.run([shell, "-c", script], capture_output=True, timeout=30, check=False)
    except FileNotFoundError:
        pytest.skip(f"there is no {shell} here")
    assert (ran.returncode, ran.stderr) == (0, b"")
    wanted = [f"{value}." if "%s." in text else value for value in values for text in shown]
    assert ran.stdout.decode().split("\0")[:-1] == wanted


@given(
    st.lists(st.sampled_from(["'", '"', "\\", " ", "$", "a", "#", "`", "(", ")", "\n", "{", "__x__:value"]), max_size=12),
    st.sampled_from(NASTY),
)
@settings(max_examples=100, deadline=None)
def test_bash_does_the_same_whatever_the_value_is(parts, value):
    command = "printf '%s\\0' " + "".join(parts) + " __x__:value"
    assume("$$" not in command)  # the number of the process is another each time

    def words(one):
        ran = subprocess.run(["bash", "-c", filled_for("shell", command, {"__x__": one})], capture_output=True, timeout=30, check=False)
        return ran.returncode, ran.stdout.decode()

    try:
        plain, nasty = words("PLAIN"), words(value)
    except UnfitValue:
        return
    assert nasty == (plain[0], plain[1].replace("PLAIN", value))


@pytest.mark.parametrize(
    "command",
    ["echo `echo __x__:value`", "echo $((1 + __x__:value))", "echo ${a:-__x__:value}", "echo $__x__:value", "echo \\__x__:value",
     "cat <<EOF\n__x__:value\nEOF", "true # __x__:value", "echo $'__x__:value'", "case a in a) echo __x__:value;; esac",
     'echo "${a:-__x__:value}"', 'echo "`echo __x__:value`"', "(( a = __x__:value ))", "echo $[__x__:value]"],
)  # fmt: skip
def test_a_place_in_a_command_that_no_value_is_safe_in_is_refused(command):
    with pytest.raises(UnfitPlace, match="__x__"):
        filled_for("shell", command, {"__x__": "plain"})


@pytest.mark.parametrize(
    "command",
    ["sh -c 'echo __x__:value'", "eval echo __x__:value", "ssh __x__:value uptime", "/bin/bash -lc \"ls __x__:value\"",
     "echo '__x__:value' | sh", "[[ __x__:value -eq 1 ]]", "awk '/__x__:value/'", "python3 -c 'print(\"__x__:value\")'",
     "let a=__x__:value",
     "sqlite3 db \"select '__x__:value'\"",
     "sudo -i echo __x__:value"],
)  # fmt: skip
def test_a_command_that_is_read_again_takes_plain_words_only(command):
    assert "ws-1.example" in filled_for("shell", command, {"__x__": "ws-1.example"})
    for value in ("$(id)", "a b", "'", "a[$(id)]", "-oProxyCommand=id", ""):
        with pytest.raises(UnfitValue, match="__x__"):
            filled_for("shell", command, {"__x__": value})


def test_a_value_is_no_option_unless_it_is_a_number_or_options_have_ended():
    with pytest.raises(UnfitValue, match="option"):
        filled_for("shell", "rm '__x__:value'", {"__x__": "-rf"})
    with pytest.raises(UnfitValue, match="option"):
        filled_for("shell", "rm __y__:value__x__:value", {"__x__": "-rf", "__y__": ""})
    assert filled_for("shell", "rm -- __x__:value", {"__x__": "-rf"}) == "rm -- '-rf'"
    assert filled_for("shell", "nice -n __x__:value true", {"__x__": -5}) == "nice -n '-5' true"


@pytest.mark.parametrize(
    "command", ["__x__:value -v", "true; '__x__:value'", "A=1 __x__:value", "true\n__x__:value", "if __x__:value; then a; fi"]
)
def test_a_value_that_names_the_program_is_a_plain_name(command):
    assert "/usr/bin/nmap" in filled_for("shell", command, {"__x__": "/usr/bin/nmap"})
    for value in ("%1", "../x", "a b", "", "."):
        with pytest.raises(UnfitValue, match="program"):
            filled_for("shell", command, {"__x__": value})


@pytest.mark.parametrize("place", ["shell", "powershell"])
def test_what_no_command_line_holds_is_refused(place):
    for value in ("a\0b", "\ud800"):
        with pytest.raises(UnfitValue):
            filled_for(place, "echo __x__:value", {"__x__": value})


# A string of PowerShell: single or double, its own quotation mark doubled, in double ones ` before what would be special.
SINGLE = re.compile("['‘’‚‛]((?:[^'‘’‚‛]|['‘’‚‛]{2})*)['‘’‚‛]")
DOUBLE = re.compile('["“”„]((?:[^"“”„`$]|`.)*)["“”„]', re.DOTALL)


@given(TEXTS)
def test_a_value_is_one_string_of_powershell(value):
    for text, string in (("Write-Host __x__:value", SINGLE), ("Write-Host -Object '__x__:value'", SINGLE), ('$a = "__x__:value"', DOUBLE)):
        written = attempt("powershell", text, value)
        if written is None:
            assert value[:1] in tuple("-–—―")
            continue
        inside = string.fullmatch(written[re.search("['\"]", written).start() :])
        assert inside, written
        found = re.sub("(['‘’‚‛])['‘’‚‛]", r"\1", inside[1]) if string is SINGLE else re.sub("`(.)", r"\1", inside[1], flags=re.DOTALL)
        assert found == value


@pytest.mark.parametrize(
    "command",
    ["Get-Item a__x__:value", "echo $__x__:value", "echo `__x__:value", "@'\n__x__:value\n'@", "# __x__:value", "<# __x__:value #>",
     '"$(echo __x__:value)"', "${__x__:value}", "'a'#'b\n__x__:value'", "cmd --% __x__:value"],
)  # fmt: skip
def test_a_place_in_powershell_that_no_value_is_safe_in_is_refused(command):
    with pytest.raises(UnfitPlace, match="__x__"):
        filled_for("powershell", command, {"__x__": "plain"})


def test_powershell_that_is_read_again_takes_plain_words_only():
    for command in ("iex 'echo __x__:value'", "powershell -Command \"echo '__x__:value'\"", "[ScriptBlock]::Create('__x__:value')"):
        with pytest.raises(UnfitValue):
            filled_for("powershell", command, {"__x__": "a; id"})


@given(TEXTS)
def test_a_value_is_one_segment_and_one_parameter_of_an_address(value):
    for text in ("https://__host__:value:8443/a/__x__:value/b?q=__x__:value&r=1", "/a/x.__x__:value/b?q=__x__:value&r=1"):
        try:
            written = filled_for("url", text, {"__x__": value, "__host__": "edr.example"})
        except UnfitValue:
            assert value in ("", ".", "..")
            continue
        read = urlsplit(written)
        assert [unquote(one) for one in read.path.split("/")] == ["", "a", f"x.{value}" if text[0] == "/" else value, "b"]
        assert parse_qsl(read.query, keep_blank_values=True) == [("q", value), ("r", "1")]
        assert not read.fragment and read.netloc in ("", "edr.example:8443")


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("__x__:value/hosts", "https://edr.example/api/", "https://edr.example/api/hosts"),
        ("__x__:value", "http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("https://__x__:value/a", "2001:db8::1", "https://[2001:db8::1]/a"),
        ("https://__x__:value/a", "192.0.2.7", "https://192.0.2.7/a"),
        ("/a?x=__x__:value#y", "&b=1", "/a?x=%26b%3D1#y"),
        ("https://__x__:value/a", "evil.example/x", None),
        ("https://__x__:value/a", "user@evil.example", None),
        ("https://u:__x__:value@edr.example/a", "p", None),
        ("__x__:value/hosts", "javascript:alert(1)", None),
        ("__x__:value/hosts", "https://edr.example/?q=", None),
        ("__x__:value/hosts", "https://edr.example/a/../b", None),
        ("__x__:value.example/hosts", "https://edr", None),
        ("/a/.__x__:value/b", ".", None),
    ],
)
def test_the_front_of_an_address_takes_a_host_or_a_whole_address_and_nothing_more(text, value, written):
    assert attempt("url", text, value) == written


@given(TEXTS)
def test_a_value_stays_on_its_line_in_a_header_and_in_words_for_people(value):
    written = attempt("header", "a __x__:value", value)
    assert written is None or (written == f"a {value}" and len(written.splitlines()) == 1)
    told = filled_for("text", "Call __x__:value", {"__x__": value})
    assert len(told.splitlines()) == 1 and told.isprintable()


def test_people_see_what_turns_or_hides_text():
    assert filled_for("text", "Block __x__:value now", {"__x__": "a\u202eb\nc\u00a0d\x1b"}) == "Block a\\u{202e}b↵c d\\u{1b} now"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXTS, part, max_size=3),
    max_leaves=6,
)


@given(TEXTS, JSON)
def test_a_value_is_one_value_of_a_json_document(value, whole):
    text = '{"in": "a __x__:value b", "whole": "__w__:value", "bare": __w__:value, "list": ["__x__:value", 1]}'
    values = {"__x__": value, "__w__": whole}
    if whole is None:
        with pytest.raises(UndefinedVariable):
            filled_for("json", text, values)
        return
    wanted = {"in": f"a {value} b", "whole": whole, "bare": whole, "list": [value, 1]}
    assert json.loads(filled_for("json", text, values)) == wanted


@pytest.mark.parametrize(
    "text", ["{", '{"a": NaN}', '{"a": __x__:value __x__:value}', "[" * 100_000 + "]" * 100_000, '"' + '\\"' * 100_000]
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError):
        filled_for("json", text, {"__x__": "1"})


def test_a_key_of_json_is_filled_and_cannot_replace_another():
    assert filled_for("json", '{"__x__:value": 1}', {"__x__": "a"}) == '{"a": 1}'
    with pytest.raises(UnfitValue, match="same"):
        filled_for("json", '{"__x__:value": 1, "a": 2}', {"__x__": "a"})


def test_languages_that_nobody_quotes_for_take_plain_words():
    assert place_of("caldera-cmd") == "word" and place_of("ssh") == "shell"
    assert filled_for("word", "scan __x__:value", {"__x__": "10.0.0.0/8"}) == "scan 10.0.0.0/8"
    for value in NASTY:
        if value not in ("plain", "a/b", "../.."):
            assert attempt("word", "scan __x__:value", value) is None
