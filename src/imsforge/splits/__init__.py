"""Which pixels train, which test, which are held back, and which are healthy."""
