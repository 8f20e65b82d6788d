"""Files of the data folder over HTTP: received, looked at, changed."""
