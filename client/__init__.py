"""inkloom's client: what a server of jobs takes and gives, as typed values."""
