"""The handle of citybase: command line, settings, identity numbers, operational store."""
