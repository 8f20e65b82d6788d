"""Commands that ask a server instead of working here."""
