"""The command line, the configuration and the loop that put the stages together."""
