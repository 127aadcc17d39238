"""With Flask-Security, a log-out and a new password end what the log-in had granted."""

import threading

import pytest

from tests.eventually import DEADLINE, eventually

from .people import Person, heard_until

PASSWORD = "a password of the tests"


class User(Person):
    """Somebody who uses Flask-Security's own forms."""

    def enter(self, name):
        fields = {"email": f"{name}@example.com", "password": PASSWORD}
        assert self.navigate("/login", "POST", data=fields).status_code == 200
        return self

    def change_password(self):
        fields = {
            "password": PASSWORD,
            "new_password": PASSWORD[::-1],
            "new_password_confirm": PASSWORD[::-1],
        }
        assert self.navigate("/change", "POST", data=fields).status_code == 200


@pytest.fixture
def server(serve, tmp_path):
    database = f"sqlite:///{tmp_path}/users.db"
    return serve("secured:app", environ={"DATABASE": database})


@pytest.fixture
def ada(server):
    return User(server.url).enter("ada")


@pytest.fixture
def ben(server):
    return User(server.url).enter("ben")


def test_user_hears_what_is_pushed_to_the_user(ada, ben):
    """The app pushes to the id that Flask-Security gives Flask-Login; no other user hears it."""
    with ada.open(ada.show("/inbox")) as socket, ben.open(ben.show("/inbox")) as other:
        ben.post("/tell/ada", json="psst")
        ben.post("/tell/ben", json="last")

        assert socket.payloads(1) == ["psst"]
        assert heard_until(other, "last") == []


def test_log_in_ends_the_strangers_sockets(server):
    """A thief who planted the session before the log-in cannot connect with it after the log-in."""
    ada = User(server.url)
    page = ada.show("/")
    thief = ada.copy()
    with ada.open(page) as socket:
        ada.enter("ada")

        assert socket.close_code() == 4001
    with thief.open(page, resume=True) as socket:
        assert socket.close_code() == 4001


def test_log_out_ends_what_the_log_in_granted(ada):
    """All sockets of the browser close, and a thief with a copy of its cookie is refused."""
    page, away = ada.show("/inbox"), ada.show("/inbox")
    thief = ada.copy()
    with ada.open(page) as socket, ada.open(ada.show("/")) as other:
        ada.navigate("/logout", "POST")

        assert {socket.close_code(), other.close_code()} == {4001}
    with thief.open(away, resume=True) as socket:
        assert socket.close_code() == 4001


def test_new_password_ends_the_sockets_of_all_devices(ada, ben, server):
    """The device that changes the password stays logged in, and its new page hears its user."""
    elsewhere = User(server.url).enter("ada")
    away = elsewhere.show("/inbox")
    with (
        ada.open(ada.show("/inbox")) as socket,
        elsewhere.open(elsewhere.show("/inbox")) as there,
        ben.open(ben.show("/inbox")) as other,
    ):
        ada.change_password()

        assert socket.close_code() in (1000, 4001)
        assert there.close_code() in (1000, 4001)
        ben.post("/tell/ben", json="still here")
        assert other.payloads(1) == ["still here"]
    with elsewhere.open(away, resume=True) as socket:
        assert socket.close_code() == 4001
    with ada.open(ada.show("/inbox")) as socket:
        ben.post("/tell/ada", json="welcome back")
        assert socket.payloads(1) == ["welcome back"]


def test_new_password_ends_pages_from_before_its_commit(serve, tmp_path, hold):
    """The password is changed, and is not in the database while the mail about it is under way.
    Somebody who knows the former one, and has logged in with it, loads pages just then: they are
    worth nothing once the new one is in the database, be their sockets open or not."""
    environ = {"DATABASE": f"sqlite:///{tmp_path}/users.db", "HOLD": str(hold)}
    server = serve("secured:app", environ=environ)
    ada, thief = User(server.url).enter("ada"), User(server.url).enter("ada")
    changing = threading.Thread(target=ada.change_password)
    changing.start()
    eventually((hold / "arrived").exists)
    page, away = thief.show("/inbox"), thief.show("/inbox")

    with thief.open(page) as socket:
        (hold / "go").touch()
        changing.join(DEADLINE)

        assert socket.close_code() in (1000, 4001)
    with thief.open(away, resume=True) as socket:
        assert socket.close_code() == 4001
    with ada.open(ada.show("/inbox")) as socket:
        ada.post("/tell/ada", json="welcome back")
        assert socket.payloads(1) == ["welcome back"]
