"""The version."""

import flask_realtime
from flask_realtime import version


def test_version_is_that_of_the_package():
    """Whoever asks the package is told what the build was told."""
    assert flask_realtime.__version__ == version.__version__
    assert version.__version__.count(".") == 2
