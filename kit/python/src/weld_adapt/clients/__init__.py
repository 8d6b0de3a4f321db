"""The ways in which functions send requests, each through the host."""
