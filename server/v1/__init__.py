"""Routes of inkloom's own, under the version of what they say."""
