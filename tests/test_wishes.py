"""Wishes from the browser: each is granted once, in order, and no more than are allowed."""

from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st

    from cnnlab.ui.wishes import new_wishes

    st.session_state.setdefault("done", {})
    found = new_wishes("list", st.session_state.done, most=3, understood=lambda w: "row" in w)
    st.session_state["found"] = [wish["row"] for wish in found]


def granted(at: AppTest, token: str, *wishes: dict) -> list[int]:
    at.session_state["list"] = {"wishes": {"token": token, "list": list(wishes)}}
    at.run()
    assert not at.exception
    return at.session_state["found"]


def wish(number: object, row: int) -> dict:
    return {"number": number, "row": row}


def test_a_wish_that_is_sent_again_is_granted_once():
    at = AppTest.from_function(script).run()
    assert at.session_state["found"] == []
    assert granted(at, "a", wish(1, 5), wish(2, 6)) == [5, 6]
    assert granted(at, "a", wish(1, 5), wish(2, 6), wish(3, 7)) == [7]
    assert at.session_state["done"] == {"a": 3}


def test_another_visit_begins_to_count_anew():
    at = AppTest.from_function(script).run()
    granted(at, "a", wish(9, 5))
    assert granted(at, "b", wish(1, 6)) == [6]
    assert at.session_state["done"] == {"b": 1}


def test_what_cannot_be_read_is_passed_over_and_not_noted():
    at = AppTest.from_function(script).run()
    assert granted(at, "a", wish(1, 5), {"number": 2}, wish("3", 7)) == [5]
    assert at.session_state["done"] == {"a": 1}


def test_only_so_many_are_looked_at():
    at = AppTest.from_function(script).run()
    assert granted(at, "a", *(wish(number, number) for number in range(1, 9))) == [1, 2, 3]
