"""What a dataset has come to, in the formats of other programs; one module a format."""
