"""The HTTP clients that functions use; each sends its requests through the host."""
