"""What the tests of what lies elsewhere share."""

from tests.remote.bucket import bucket
from tests.remote.site import site

__all__ = ["bucket", "site"]
