"""JavaScript in fewer bytes."""

from __future__ import annotations

import pytest

from flask_realtime.page.minify import minify

CASES = [
    ("/** What. */\nconst one = 1; // why\n", "const E=1;"),
    ("function add(first, second) {\n  return first + second;\n}", "function E(e,t){return e+t}"),
    (
        "const f = ({ name, value: other = 1, ...rest }) => ({ name, other, rest });",
        "const E=({name:e,value:t=1,...a})=>({name:e,other:t,rest:a});",
    ),
    (
        "class Box {\n  #inside = 1;\n  get inside() {\n    return this.#inside;\n  }\n}",
        "class E{#e=1;get inside(){return this.#e}}",
    ),
    (
        "class Box { #in; #out; f() { return this.#out + this.#out; } } class Lid { #top = 1; }",
        "class E{#e;#t;f(){return this.#t+this.#t}}class T{#e=1}",
    ),
    (
        "const text = `a ${[1].map((one) => `${one}}`)} /* b */`;",
        "const E=`a ${[1].map(e=>`${e}}`)} /* b */`;",
    ),
    (
        "const pattern = /[/'\"]\\/(?:a|b)/g, half = 4 / 2 / 1;",
        "const E=/[/'\"]\\/(?:a|b)/g,half=4/2/1;",
    ),
    ("const said = 'it\\'s // no comment';", "const E='it\\'s // no comment';"),
    (
        "for (const { id } of document.all) if (id in window) window.open(id);",
        "for(const{id:e}of document.all)if(e in window)window.open(e);",
    ),
    (
        "try {\n  go();\n} catch ({ message }) {\n  tell(message);\n}",
        "try{go()}catch({message:e}){tell(e)}",
    ),
    (
        "const f = (one) => async (other) => (await one, typeof other);",
        "const E=e=>async t=>(await e,typeof t);",
    ),
    ("go(function () {}, [1, 2,], { a: (one,) => one, });", "go(function(){},[1,2],{a:(e)=>e});"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_text_loses_what_says_nothing(text, expected):
    """Comments, blanks and long names go; keys, texts and the browser's own names stay."""
    assert minify(text) == expected


def test_name_that_is_used_within_a_function_is_not_taken_for_another():
    """A short name never stands for two things in one place."""
    text = "const first = 1; function f(long) { return long + e + first + E; }"

    assert minify(text) == "const T=1;function A(t){return t+e+T+E}"


def test_text_that_is_no_javascript_is_an_error():
    """What is not understood is not guessed at."""
    with pytest.raises(ValueError, match="No JavaScript that is known here: '@decorated"):
        minify("const a = 1; @decorated class B {}")
