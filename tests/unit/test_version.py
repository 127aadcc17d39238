"""The version of the package."""

import flask_realtime
from flask_realtime import version


def test_version_is_that_of_the_package():
    """__version__ is the version of the installed distribution."""
    assert flask_realtime.__version__ == version.__version__
    assert version.__version__.count(".") == 2
