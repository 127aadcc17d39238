"""JavaScript in fewer bytes."""

from __future__ import annotations

import pytest

from flask_realtime.page.minify import minify

CASES = [
    ("/** What. */\nconst one = 1; // why\n", "const A=1;"),
    ("function add(first, second) {\n  return first + second;\n}", "function A(a,b){return a+b}"),
    (
        "const f = ({ name, value: other = 1, ...rest }) => ({ name, other, rest });",
        "const A=({name:a,value:b=1,...c})=>({name:a,other:b,rest:c});",
    ),
    (
        "class Box {\n  #inside = 1;\n  get inside() {\n    return this.#inside;\n  }\n}",
        "class A{#a=1;get inside(){return this.#a}}",
    ),
    (
        "class Box { #in; #out; f() { return this.#out + this.#out; } } class Lid { #top = 1; }",
        "class A{#b;#a;f(){return this.#a+this.#a}}class B{#a=1}",
    ),
    (
        "const text = `a ${[1].map((one) => `${one}}`)} /* b */`;",
        "const A=`a ${[1].map((a)=>`${a}}`)} /* b */`;",
    ),
    (
        "const pattern = /[/'\"]\\/(?:a|b)/g, half = 4 / 2 / 1;",
        "const A=/[/'\"]\\/(?:a|b)/g,half=4/2/1;",
    ),
    ("const said = 'it\\'s // no comment';", "const A='it\\'s // no comment';"),
    (
        "for (const { id } of document.all) if (id in window) window.open(id);",
        "for(const{id:a}of document.all)if(a in window)window.open(a);",
    ),
    (
        "try {\n  go();\n} catch ({ message }) {\n  tell(message);\n}",
        "try{go()}catch({message:a}){tell(a)}",
    ),
    (
        "const f = (one) => async (other) => (await one, typeof other);",
        "const A=(a)=>async(b)=>(await a,typeof b);",
    ),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_text_loses_what_says_nothing(text, expected):
    """Comments, blanks and long names go; keys, texts and the browser's own names stay."""
    assert minify(text) == expected


def test_name_that_is_used_within_a_function_is_not_taken_for_another():
    """A short name never stands for two things in one place."""
    text = "const first = 1; function f(long) { return long + a + first + A; }"

    assert minify(text) == "const B=1;function C(b){return b+a+B+A}"


def test_text_that_is_no_javascript_is_an_error():
    """What is not understood is not guessed at."""
    with pytest.raises(ValueError, match="No JavaScript that is known here: '@decorated"):
        minify("const a = 1; @decorated class B {}")
