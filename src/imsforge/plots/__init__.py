"""Every figure. Functions take arrays and tables, and return matplotlib figures."""
