"""What reads a function's source and gets its packages. Needs nothing but Python 3.10; `weld-host adapt` runs it."""
