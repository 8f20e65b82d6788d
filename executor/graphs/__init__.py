"""A workflow as it is read: an immutable graph of JSON values and links, and orders in it."""
