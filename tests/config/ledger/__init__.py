"""An app for the tests of faults: what follows "test.happened" is one notice by mail."""
