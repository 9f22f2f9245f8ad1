"""Every form in which a body arrives, taken apart and read; duplicates hash alike."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake import IntakeError, canonical_hash, normalise, split
from core.model import Direction, PositionRequest

LONG, SHORT = Direction.LONG, Direction.SHORT
BODY = {"ticker": "SPY", "action": "buy", "price": 447.94, "comment": "one: two", "plots": [1, {"a": None}]}
PLAIN = json.dumps(BODY)

FORMS = {
    "bytes": PLAIN.encode(),
    "text": PLAIN,
    "parsed": BODY,
    "wrapped": json.dumps({"text": PLAIN}),
    "wrapped twice": json.dumps({"text": json.dumps({"text": PLAIN})}),
    "wrapped beside a channel": json.dumps({"text": PLAIN, "channel": "alerts"}),
    "numbers in strings": json.dumps({**BODY, "price": "447.94"}),
    "thousands": json.dumps({**BODY, "price": "0,447.94"}).replace("0,447", "447"),
    "byte order mark and CRLF": "\ufeff" + json.dumps(BODY, indent=1).replace("\n", "\r\n") + "\r\n",
    "JSON encoded twice": json.dumps(PLAIN),
    "a trailing comma": PLAIN[:-1] + ", }",
    "curly quotes": PLAIN.replace('"', "”"),
    "Pine's na": PLAIN[:-1] + ', "rr1": na, "atr": [na, 1]}',
    "Python's words": PLAIN[:-1] + ', "a": None, "b": True}',
    "a line after": PLAIN + "\n-- sent by TradingView",
    "a word before": "Alert: " + PLAIN,
    "leading line": "SPY crossed 447.94 {up}\n" + PLAIN,
    "NaN elsewhere": PLAIN[:-1] + ', "atr": NaN, "rsi": -Infinity}',
    "a raw line end in a text": PLAIN.replace("one: two", "one:\ntwo"),
    "the same key twice, the same value": PLAIN[:-1] + ', "action": "buy"}',
    "not UTF-8 in a comment": PLAIN.encode().replace(b"one", b"\xff\xfe"),
}


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_one_body_in_many_forms_reads_the_same(form: str) -> None:
    update = normalise(FORMS[form])
    assert update.signal is not None
    assert (update.symbol, update.signal.direction, update.price) == ("SPY", Direction.LONG, 447.94)


def test_what_was_repaired_is_told() -> None:
    assert any("NaN" in note for note in normalise(FORMS["NaN elsewhere"]).notes)
    assert any("before the JSON" in note for note in normalise(FORMS["leading line"]).notes)
    assert normalise(FORMS["byte order mark and CRLF"]).notes == normalise(BODY).notes
    for form in ("a trailing comma", "curly quotes", "Pine's na", "a line after", "a word before"):
        assert any(note.startswith("repaired") for note in normalise(FORMS[form]).notes), form


BROKEN = [
    ('{"ticker": "SPY" "action": "buy"}', ("line 1, column 18", '"action"', "comma")),
    ('{"ticker": "SPY",\n "price" 660}', ("line 2, column 10", "660", "colon")),
    ('{"ticker": "SPY", "price": 447,94}', ("column 32", "94", "decimal point")),
    ("{'ticker': 'SPY'}", ("line 1, column 2", "double quotes")),
    ('{"ticker": "SPY", "action": "buy"', ("the body ends there", "closing bracket")),
    ('{"ticker": "SPY", // the symbol\n "action": "buy"}', ("column 19", "no comments")),
    ('{"ticker": "SPY"} {"ticker": "QQQ"}', ("column 19", "end of the body")),
    ("SPY crossing 450", ("line 1, column 1", "SPY crossing", "{")),
    ("%7B%22ticker%22%3A%22SPY%22%7D=", ("form",)),
    ("ticker=SPY&action=buy", ("form",)),
    ("<alert/>", ("line 1, column 1", "XML")),
]


@pytest.mark.parametrize(("body", "words"), BROKEN)
def test_a_broken_body_is_told_like_a_compiler(body: str, words: tuple[str, ...]) -> None:
    with pytest.raises(IntakeError) as refusal:
        normalise(body)
    assert (refusal.value.code, refusal.value.http_status) == ("NOT_JSON", 400)
    assert all(word in refusal.value.reason for word in words), refusal.value.reason


def test_a_broken_body_never_repeats_its_secret() -> None:
    for broken in ('{"passphrase": "hunter2hunter2" "ticker": "SPY"}', '{"a": 1 "token": "hunter2hunter2"}',
                   '{"passphrase": "hunter2hunter2", "ticker": "SPY", "action": "buy",}'):  # fmt: skip
        with pytest.raises(IntakeError) as refusal:
            normalise(broken)
        assert "hunter2" not in refusal.value.reason


def test_a_word_in_a_text_is_not_repaired() -> None:
    update = normalise('{"ticker": "SPY", "action": "buy", "strategy": "na, ] None", }')
    assert update.strategy == "na, ] None"


SENTENCES = [
    ("EMA Cross (9, 21, close): order buy @ 1 filled on SPY. New strategy position is 1", Direction.LONG),
    ("Supertrend: order sell @ 0.001 filled on BATS:SPY. New strategy position is -0.001", Direction.SHORT),
    ("A: order buy @ 2 filled on SPY at 660.5. New strategy position is 2", Direction.LONG),
    ("A: order buy @ 2 filled on SPY. New strategy position is 1,000.5.", Direction.LONG),
]


@pytest.mark.parametrize(("sentence", "direction"), SENTENCES)
def test_tradingviews_default_sentence(sentence: str, direction: Direction) -> None:
    for body in (sentence, json.dumps({"text": sentence})):
        update = normalise(body)
        assert update.signal is not None
        assert (update.symbol, update.signal.direction, update.signal.ai_score) == ("SPY", direction, None)


@pytest.mark.parametrize(
    ("sentence", "intent", "request_"),
    [
        ("order sell @ 1 filled on SPY. New strategy position is 0", "EXIT", PositionRequest(direction=LONG)),
        ("order buy @ 3 filled on SPY. New strategy position is 0", "EXIT", PositionRequest(direction=SHORT)),
        ("order sell @ 1 filled on SPY. New strategy position is 1", "REDUCE",
         PositionRequest(direction=LONG, fraction=0.5)),
        ("order buy @ 1 filled on SPY. New strategy position is -3", "REDUCE",
         PositionRequest(direction=SHORT, fraction=0.25)),
        ("order sell @ 3 filled on SPY. New strategy position is -1", "ENTRY", PositionRequest(direction=LONG)),
        ("order sell @ 1 filled on SPY. New strategy position is -1", "ENTRY", None),
        ("order buy @ 1 filled on SPY. New strategy position is 3", "ENTRY", None),
    ],
)  # fmt: skip
def test_a_strategys_sentence_tells_what_becomes_of_its_position(
    sentence: str, intent: str, request_: PositionRequest | None
) -> None:
    for body in (
        f"X: {sentence}",
        f"X (9, 21): {sentence}. Comment: by the bar",
        json.dumps({"text": f"X: {sentence}."}),
        json.dumps({"message": f"X: {sentence}", "price": 660.0}),
        json.dumps({"content": f"X: {sentence}"}),
    ):
        update = normalise(body)
        assert (update.intent, update.request) == (intent, request_)


@pytest.mark.parametrize(
    ("code", "status", "body"),
    [
        ("NOT_JSON", 400, b""),
        ("NOT_JSON", 400, "SPY Crossing Up 450.00"),
        ("NOT_JSON", 400, "Phase: MARKUP"),
        ("NOT_JSON", 400, '{"ticker":"SPY" "action":"buy"}'),
        ("NOT_JSON", 400, "{'ticker':'SPY','action':'buy'}"),
        ("NOT_JSON", 400, '{"ticker":"SPY","price":447,94}'),
        ("NOT_OBJECT", 422, "null"),
        ("NOT_OBJECT", 422, "447.94"),
        ("NOT_OBJECT", 422, json.dumps("SPY")),
        ("ARRAY", 422, f"[{PLAIN}]"),
        ("ARRAY", 422, [BODY]),
        ("TEXT_NOT_JSON", 422, {"text": "ETHUSD|BUY|A"}),
        ("TEXT_NOT_JSON", 422, {"text": '{"meta":{"engine":"SATY_PO"},...}'}),
        ("TOO_DEEP", 422, json.dumps({"text": json.dumps({"text": json.dumps({"text": PLAIN})})})),
        ("TOO_DEEP", 422, '{"a":' * 33 + "1" + "}" * 33),
        ("TOO_DEEP", 422, "[" * 2000 + "]" * 2000),
        ("TOO_DEEP", 422, "[" * 60000 + "]" * 60000),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_an_object_is_refused(code: str, status: int, body: object) -> None:
    with pytest.raises(IntakeError) as refusal:
        normalise(body)
    assert (refusal.value.code, refusal.value.http_status) == (code, status)


def test_depth_32_is_taken() -> None:
    nested = '{"ticker":"SPY","action":"buy","a":' + '{"a":' * 31 + "1" + "}" * 31 + "}"
    assert normalise(nested).symbol == "SPY"


def test_an_array_is_split_into_bodies_of_their_own() -> None:
    items = split(b' [ {"ticker":"SPY", "score":NaN} , {"text":"x"},3 ]\n')
    assert items == ('{"ticker":"SPY", "score":NaN}', '{"text":"x"}', "3")
    assert split("Two alerts\n[1,2]") == ("1", "2")


@pytest.mark.parametrize(
    "body",
    ["", "{}", "[", "[]", "[1,]", "[1 2]", "plain text", '{"a":[1,2]}', "[1],[2]", "[" + "1," * 300 + "1]"],
)
def test_what_cannot_be_split_is_one_item(body: str) -> None:
    assert split(body) == (body,)
    assert split(body.encode()) == (body,)


@given(
    st.lists(
        st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x), max_leaves=5), min_size=1
    )
)
def test_the_items_of_an_array_are_its_values(values: list[object]) -> None:
    items = split(json.dumps(values))
    assert [json.loads(item) for item in items] == values if len(values) <= 256 else len(items) == 1


def test_hash_ignores_order_whitespace_and_wrapping_and_nothing_else() -> None:
    body = {"ticker": "SPY", "nested": {"b": 1, "a": [1, 2]}}
    same = [
        json.dumps(body),
        json.dumps(body, indent=3),
        json.dumps(dict(reversed(body.items()))),
        json.dumps(body).encode(),
        json.dumps({"text": json.dumps(body, indent=1)}),
    ]
    assert len({canonical_hash(text) for text in same}) == 1
    others = [{**body, "ticker": "QQQ"}, {**body, "nested": {"b": 1, "a": [2, 1]}}, {**body, "more": None}]
    assert len({canonical_hash(json.dumps(other)) for other in [body, *others]}) == 4
    assert canonical_hash("plain  text\n") == canonical_hash("plain text") != canonical_hash("other text")


@given(st.binary() | st.text())
def test_hash_and_split_never_raise(body: bytes | str) -> None:
    assert len(canonical_hash(body)) == 32
    assert split(body)


@pytest.mark.parametrize("depth", [100, 300, 2000, 60000])
def test_hash_of_deep_nesting_never_raises(depth: int) -> None:
    assert canonical_hash("[" * depth + "]" * depth)
