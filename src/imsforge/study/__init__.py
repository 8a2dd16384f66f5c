"""One study as a whole: what it consists of, its code, its record and its report."""
