"""How the client comes into a page, beside whatever else the page loads."""


def test_client_reads_its_own_tag_whatever_others_the_page_has(ada):
    """Attributes of another script are not taken for those of ours, though they come first."""
    ada.visit("/beside-others")

    assert ada.run("realtime.call('/id').then(({ body }) => body === realtime.connectionId)")


def test_page_with_a_block_has_its_script_before_the_first_refresh(ada):
    """What somebody changes is not seen later for want of it; other pages do not load it."""
    ada.visit("/plain")
    assert any("/realtime.js" in name for name in loaded(ada))
    assert not any("/realtime-" in name for name in loaded(ada))

    ada.visit("/with-a-block")
    ada.wait_for("""() => performance.getEntriesByType("resource")
        .some(({ name }) => name.includes("/realtime-html.js"))""")


def loaded(person):
    """The addresses of what the page has loaded."""
    return person.run("performance.getEntriesByType('resource').map(({ name }) => name)")


def test_client_leaves_the_import_map_below_it_alone(ada):
    """The app's modules find what the page's import map names."""
    ada.visit("/beside-others")

    ada.wait_for("() => window.imported === 'its own'")


def test_client_leaves_no_name_to_its_page(ada):
    """All that a page's scripts see of it is realtime."""
    ada.visit("/plain")

    assert ada.run("() => typeof realtime") == "object"
    # Names that a classic script would have shared with all of them.
    assert ada.run("() => [typeof Client, typeof Forms, typeof connectionId]") == ["undefined"] * 3


def test_call_of_a_route_that_is_not_open_to_calls_is_made_by_http(come, start):
    """The page has its answer all the same, from HTTP, which follows redirects and says so."""
    with start(REALTIME_ALLOW_CALLS="false") as server:
        ada = come(server.url)
        ada.visit("/plain")

        reply = ada.run("realtime.call('/id')")
        moved = ada.run("realtime.call('/login/ada', { method: 'post', input: { a: 1 } })")

        assert reply["status"] == 200
        assert reply["body"] == ada.run("realtime.connectionId")
        assert (reply["url"], reply["redirected"]) == (f"{server.url}/id", False)
        assert (moved["url"], moved["redirected"]) == (f"{server.url}/whoami", True)
        assert reply["headers"]["Content-Type"].startswith("text/html")


def test_module_that_awaits_something_first_misses_nothing(ada, publisher, channel):
    """What comes before it listens is kept until the page's modules have run."""
    ada.visit(f"/awaits/{channel}")

    publisher.push("early", channel)

    ada.wait_for("() => heard.includes('early')")
