"""Commands that make files of the project; the app does not need them."""
