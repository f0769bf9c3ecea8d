"""What every browser test relies on: patience that fits a shared machine."""

from playwright.sync_api import expect

# An expectation is looked at again until it holds; how long is no part of what is tested.
expect.set_options(timeout=30_000)
