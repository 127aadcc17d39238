"""The settings of an app."""
