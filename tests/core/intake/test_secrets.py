"""Secrets in a body: which fields hold one, and that nothing else of the body changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.secrets import SECRET_KEYS, extract_secrets, remove_known_secrets

# what it is | body | the secrets found | the body afterwards
CASES = [
    ("plain JSON", '{"passphrase": "hunter2", "ticker": "SPY"}', ("hunter2",), '{"passphrase": "", "ticker": "SPY"}'),
    ("any case", '{"PassPhrase":"hunter2"}', ("hunter2",), '{"PassPhrase":""}'),
    ("other names", '{"api-key":"a1","auth_token":"b2"}', ("a1", "b2"), '{"api-key":"","auth_token":""}'),
    ("a number", '{"key": 12345, "price": 450}', ("12345",), '{"key": "", "price": 450}'),
    ("nested", '{"auth": {"token": "t"}, "x": 1}', ("t",), '{"auth": {"token": ""}, "x": 1}'),
    ("a table under the name", '{"key": {"a": 1}}', (), '{"key": {"a": 1}}'),
    ("null", '{"secret": null}', (), '{"secret": null}'),
    ("JSON in a string", '{"text": "{\\"passphrase\\": \\"hunter2\\"}"}', ("hunter2",),
     '{"text": "{\\"passphrase\\": \\"\\"}"}'),
    ("missing comma", '{"passphrase": "hunter2" "ticker": "SPY"}', ("hunter2",),
     '{"passphrase": "" "ticker": "SPY"}'),
    ("curly quotes", "{”passphrase”: ”hunter2”, ”ticker”: ”SPY”}", ("hunter2",),
     "{”passphrase”: ””, ”ticker”: ”SPY”}"),
    ("a form", "ticker=SPY&passphrase=hunter2&price=1", ("hunter2",), "ticker=SPY&passphrase=&price=1"),
    ("no secret", '{"ticker": "SPY", "comment": "key level broken"}', (),
     '{"ticker": "SPY", "comment": "key level broken"}'),
    ("a value that names a key", '{"comment": "the secret: none"}', (), '{"comment": "the secret: none"}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "secrets", "after"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_secrets_are_found_and_cut(body: str, secrets: tuple[str, ...], after: str) -> None:
    assert extract_secrets(body) == (after, secrets)


@pytest.mark.parametrize("name", SECRET_KEYS)
def test_every_name_is_found_in_json(name: str) -> None:
    body, secrets = extract_secrets(json.dumps({"ticker": "SPY", name: "s3cret-value", "price": 1.5}))
    assert secrets == ("s3cret-value",) and json.loads(body) == {"ticker": "SPY", name: "", "price": 1.5}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["ticker", "price", "note", "levels"]), VALUES, max_size=4))
def test_a_body_without_such_a_field_is_never_changed(body: dict[str, Any]) -> None:
    text = json.dumps(body)
    if not any(
        name.replace("_", "") in text.lower().replace("_", "").replace("-", "") for name in SECRET_KEYS
    ):
        assert extract_secrets(text) == (text, ())


@given(st.text(alphabet="abcXYZ019-._~!@#$%^&*()", min_size=6, max_size=40))
def test_no_secret_remains_in_json_or_in_json_in_a_string(secret: str) -> None:
    inner = json.dumps({"passphrase": secret, "ticker": "SPY"})
    for text in (inner, json.dumps({"text": inner}), json.dumps([json.loads(inner)])):
        body, found = extract_secrets(text)
        assert secret in found
        assert secret not in body
        json.loads(body)


def test_a_configured_secret_is_cut_wherever_it_is() -> None:
    assert remove_known_secrets("x hunter2hunter2 y", ("hunter2hunter2",)) == "x  y"
    assert remove_known_secrets("SPY 1 and 11", ("1",)) == "SPY 1 and 11"
