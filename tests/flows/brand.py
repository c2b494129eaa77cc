"""The brand of most configurations in these tests: whatever a test says of its sources follows."""

BRAND = """
[project]
name = "Acme"
data_dir = "data"
[[entities]]
id = "acme"
name = "Acme"
kind = "brand"
own = true
query = "{query}"
"""


def acme(query: str = "acme") -> str:
    """A configuration that has the brand and no source yet."""
    return BRAND.format(query=query)
